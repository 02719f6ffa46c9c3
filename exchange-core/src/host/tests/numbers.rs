//! Numbers near the end of their range: what has no number left is refused, and none begins again.

use super::{Bench, LOBBY, WINDOW, config, den, hello, join, refusals, text, texts};
use crate::{
    host::{Host, HostConfig, RoomName},
    ids::{Cmid, MemberId, RoomId},
    limits::{Limits, Rate},
    message::{Encoding, JoinFrom, ToClient, ToHost},
    reason::{CloseReason, Refusal},
    seam::{Input, LinkId, Outbox},
    seed::Seed,
    time::Time,
};

/// The largest number of a message.
const LAST: u64 = (1 << 53) - 1;

#[test]
fn a_client_that_has_used_its_last_number_is_told_of_the_same_message_for_ever() {
    let mut bench = Bench::new();
    let (link, other) = (bench.member(1), bench.member(2));
    let (settled, sent) = (Cmid(LAST - 1), Cmid(LAST - 1));
    bench.say(link, &ToHost::Join { room: den().as_str().into(), from: JoinFrom::Head, settled, sent });
    bench.join(other, &den(), JoinFrom::Head);
    let room = RoomId(2);
    bench.heard(link);
    bench.say(link, &text(room, LAST, "the last"));
    assert_eq!(texts(&bench.heard(link)).len(), 1);
    bench.say_all(link, &[text(room, LAST, "again"), text(room, LAST + 1, "?"), text(room, u64::MAX, "?")]);
    let heard = bench.heard(link);
    assert!(matches!(heard[0], ToClient::Ack { cmid: Cmid(LAST), seq: Some(_), .. }), "{heard:?}");
    assert_eq!(refusals(&heard), [Refusal::SendGap, Refusal::SendGap]);
    assert_eq!(texts(&bench.heard(other)).len(), 1);
}

#[test]
fn an_attempt_of_the_largest_number_comes_in_and_none_after_it() {
    let mut bench = Bench::new();
    let (link, welcome) = bench.greet(1, &hello(1, u32::MAX, None));
    let token = Some(welcome.unwrap().token);
    bench.say(link, &ToHost::Ping { nonce: u64::MAX });
    bench.down(link);
    for (link, attempt) in [(2, 0), (3, 1), (4, u32::MAX)] {
        assert_eq!(bench.greet(link, &hello(1, attempt, token)).1, Err(CloseReason::Replaced), "{attempt}");
    }
}

#[test]
fn a_host_that_has_no_number_left_for_a_member_or_a_room_takes_no_more_of_them() {
    let mut bench = Bench::new();
    bench.host.next_member = MemberId(u32::MAX - 1);
    bench.host.next_room = RoomId(u32::MAX - 1);
    let link = bench.member(1);
    assert_eq!(bench.join(link, &den(), JoinFrom::Head).room, RoomId(u32::MAX - 1));
    assert_eq!(bench.greet(2, &hello(2, 1, None)).1, Err(CloseReason::Full));
    bench.say(link, &join(&"attic".parse().unwrap(), JoinFrom::Head));
    assert_eq!(refusals(&bench.heard(link)), [Refusal::TooManyRooms]);
    bench.say_all(link, &[text(LOBBY, 1, "hi"), text(RoomId(u32::MAX - 1), 1, "hi")]);
    assert_eq!(texts(&bench.heard(link)).len(), 2, "everything else goes on");
}

#[test]
fn links_and_times_of_the_largest_numbers_are_as_all_others() {
    let limits = Limits { messages: Rate { per_second: u32::MAX, burst: 1 }, ..Limits::default() };
    let config = HostConfig { limits, ..config() };
    let end = Time::from_nanos(u64::MAX - 60_000_000_000);
    let (mut host, mut out) = (Host::new(config, &Seed::from_number(1), end), Outbox::new());
    let link = LinkId(u64::MAX);
    host.handle(end, Input::LinkUp { link, credit: u32::MAX, from: None }, &mut out);
    host.handle(end, Input::Opened { link, encoding: Encoding::Postcard, proven: None }, &mut out);
    host.handle(end, Input::WallClock { at: crate::Timestamp::from_millis(u64::MAX) }, &mut out);
    let mut bench = Bench::new();
    let shadow = bench.open(1, Encoding::Postcard, WINDOW);
    for message in [hello(1, 1, None), join(&RoomName::lobby(), JoinFrom::Last(u32::MAX)), text(LOBBY, 1, "hi")] {
        let body = bench.frame(shadow, &message);
        host.handle(end, Input::Frame { link, body: &body }, &mut out);
        host.handle(end, Input::Credit { link, bytes: u32::MAX }, &mut out);
    }
    assert_eq!(host.people().count(), 2);
    assert_eq!(host.link_count(), 1);
}

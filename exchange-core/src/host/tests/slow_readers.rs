//! A slow reader costs a cursor: nothing is queued for it beyond its credit, and nobody waits for it.

use alloc::{collections::BTreeSet, string::String, vec::Vec};

use super::{Bench, LOBBY, WINDOW, config, den, entries, hello, join, text, texts};
use crate::{
    host::{HostConfig, RoomName},
    ids::{MemberId, Seq},
    limits::{CONTROL_ALLOWANCE, Limits},
    message::{Encoding, JoinFrom, MAX_FRAME, Status, ToClient, ToHost},
    reason::CloseReason,
    seam::LinkId,
    testing::filling_nonce,
};

/// What a link may have unread at most: its window, a frame, and the answers.
const MOST: usize = WINDOW as usize + MAX_FRAME + 64 * 1024;

/// A member in the lobby whose transport takes so many bytes, and who stops to read.
fn slow(bench: &mut Bench, number: u8, window: u32) -> LinkId {
    let link = bench.open(number.into(), Encoding::Postcard, window);
    bench.say(link, &hello(number, 1, None));
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.seen(link).reads = false;
    link
}

fn numbered(numbers: core::ops::RangeInclusive<u64>) -> Vec<(Seq, String)> {
    numbers.map(|number| (Seq(number + 3), alloc::format!("message {number}"))).collect()
}

/// The first client says so many messages, each in a round of its own.
fn chatter(bench: &mut Bench, link: LinkId, numbers: core::ops::RangeInclusive<u64>) {
    for number in numbers {
        bench.say(link, &text(LOBBY, number, &alloc::format!("message {number}")));
    }
}

#[test]
fn nothing_beyond_its_window_and_one_frame_is_sent_to_a_reader_that_does_not_read() {
    let mut bench = Bench::new();
    let talker = bench.member(1);
    let slow = slow(&mut bench, 2, 2000);
    bench.heard(talker);
    chatter(&mut bench, talker, 1..=1000);
    assert!((2000..2000 + 50).contains(&bench.seen(slow).unread), "not {}", bench.seen(slow).unread);
    assert_eq!(texts(&bench.heard(talker)), numbered(1..=1000), "the others go on");
    bench.read(slow);
    assert_eq!(texts(&bench.heard(slow)), numbered(1..=1000), "and it gets everything in order once it reads");
}

#[test]
fn a_reader_that_reads_again_too_late_is_told_of_one_gap_and_gets_the_rest() {
    let limits = Limits { history_entries: 100, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let talker = bench.member(1);
    let slow = slow(&mut bench, 2, 500);
    chatter(&mut bench, talker, 1..=1000);
    bench.read(slow);
    let heard = bench.heard(slow);
    let gaps: Vec<u64> =
        heard.iter().filter_map(|said| if let ToClient::Gap { to, .. } = said { Some(to.0) } else { None }).collect();
    assert_eq!(gaps, [903]);
    let texts = texts(&heard);
    let before = texts.iter().position(|(seq, _)| *seq > Seq(903)).unwrap();
    assert_eq!(texts[..before], numbered(1..=before as u64));
    assert_eq!(texts[before..], numbered(901..=1000));
}

#[test]
fn a_reader_is_told_who_is_there_before_a_gap_in_which_members_may_have_come_and_gone() {
    let limits = Limits { history_entries: 10, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let talker = bench.member(1);
    let slow = slow(&mut bench, 2, 10);
    bench.member(3);
    bench.read(slow);
    bench.seen(slow).reads = false;
    bench.say(talker, &text(LOBBY, 1, "message 1"));
    bench.heard(slow);
    bench.member(4);
    chatter(&mut bench, talker, 2..=20);
    bench.read(slow);
    let said = bench.heard(slow);
    let gap = said.iter().position(|said| matches!(said, ToClient::Gap { .. })).unwrap();
    let ToClient::Joined(joined) = &said[gap - 1] else { panic!("no members but {:?}", said[gap - 1]) };
    assert_eq!((joined.members.len(), joined.known), (5, true));
}

#[test]
fn a_lagging_talker_is_acknowledged_beside_its_backlog() {
    let mut bench = Bench::new();
    let talker = bench.member(1);
    let slow = slow(&mut bench, 2, 300);
    chatter(&mut bench, talker, 1..=100);
    bench.heard(slow);
    bench.say(slow, &text(LOBBY, 1, "from behind"));
    let (room, cmid, seq) = (LOBBY, crate::Cmid(1), Some(Seq(104)));
    assert_eq!(bench.heard(slow), [ToClient::Ack { room, cmid, seq }]);
    bench.read(slow);
    assert_eq!(texts(&bench.heard(slow)).last(), Some(&(Seq(104), "from behind".into())));
}

#[test]
fn a_reader_that_asks_and_never_reads_is_closed_before_its_answers_are_many() {
    let mut bench = Bench::new();
    let (talker, slow) = (bench.member(1), slow(&mut bench, 2, WINDOW));
    chatter(&mut bench, talker, 1..=3000);
    for nonce in 0.. {
        bench.say(slow, &ToHost::Ping { nonce: u64::MAX - nonce });
        assert!((bench.seen(slow).unread as usize) < MOST);
        if bench.closed(slow).is_some() {
            break;
        }
    }
    assert_eq!(bench.closed(slow), Some(CloseReason::Overrun));
    assert_eq!(bench.heard(slow).last(), Some(&ToClient::Bye { reason: CloseReason::Overrun }));
    assert_eq!(bench.closed(talker), None);
}

#[test]
fn a_reader_may_leave_answers_unread_up_to_the_allowance_and_not_a_byte_more() {
    let mut bench = Bench::new();
    let slow = slow(&mut bench, 1, 10);
    let most = 10 + CONTROL_ALLOWANCE;
    while bench.seen(slow).unread < most {
        let left = most - bench.seen(slow).unread;
        bench.say(slow, &ToHost::Ping { nonce: filling_nonce(left) });
    }
    assert_eq!((bench.seen(slow).unread, bench.closed(slow)), (most, None));
    bench.say(slow, &ToHost::Ping { nonce: 0 });
    assert_eq!(bench.closed(slow), Some(CloseReason::Overrun));
}

#[test]
fn a_lagging_reader_is_told_the_latest_state_of_each_member_once() {
    let mut bench = Bench::new();
    let slow = slow(&mut bench, 1, 10);
    bench.say(slow, &ToHost::Ping { nonce: 1 });
    let mut tokens: Vec<Option<crate::Token>> = alloc::vec![None; 5];
    let mut link = 10;
    for round in 1..=10 {
        for (number, token) in (2..).zip(&mut tokens) {
            let (came, welcome) = bench.greet(link, &hello(number, round, *token));
            *token = Some(welcome.unwrap().token);
            link += 1;
            bench.say(came, &ToHost::Ping { nonce: 1 });
            bench.say(came, &ToHost::Bye { reason: CloseReason::Left });
        }
    }
    bench.heard(slow);
    bench.read(slow);
    let mut records: Vec<(MemberId, Status)> = Vec::new();
    for said in bench.heard(slow) {
        let ToClient::Roster { members, .. } = said else { panic!("no roster but {said:?}") };
        records.extend(members.iter().map(|record| (record.member, record.status)));
    }
    assert_eq!(records, (2..=6).map(|member| (MemberId(member), Status::Offline)).collect::<Vec<_>>());
}

#[test]
fn a_chatty_room_does_not_keep_a_slow_reader_from_the_others() {
    let mut bench = Bench::new();
    let talker = bench.member(1);
    let den_id = bench.join(talker, &den(), JoinFrom::Head).room;
    let slow = slow(&mut bench, 2, 400);
    bench.say(slow, &join(&den(), JoinFrom::Head));
    bench.read(slow);
    bench.seen(slow).reads = false;
    chatter(&mut bench, talker, 1..=2000);
    bench.say(talker, &text(den_id, 1, "here as well"));
    bench.heard(slow);
    // Two windows' worth: the lobby had its turn, the den has the next.
    for _ in 0..2 {
        let bytes = core::mem::take(&mut bench.seen(slow).unread);
        bench.input(crate::Input::Credit { link: slow, bytes });
    }
    assert!(texts(&bench.heard(slow)).iter().any(|(_, text)| text == "here as well"));
}

#[test]
fn rooms_with_a_backlog_have_their_turns_one_after_the_other() {
    let mut bench = Bench::new();
    let talker = bench.member(1);
    let slow = slow(&mut bench, 2, 400);
    let mut rooms = Vec::from([LOBBY]);
    for name in [den(), "attic".parse().unwrap()] {
        rooms.push(bench.join(talker, &name, JoinFrom::Head).room);
        bench.say(slow, &join(&name, JoinFrom::Head));
    }
    bench.read(slow);
    bench.seen(slow).reads = false;
    for number in 1..=200 {
        for room in &rooms {
            bench.say(talker, &text(*room, number, "much to say"));
        }
    }
    let mut turns = Vec::new();
    for _ in 0..7 {
        let bytes = core::mem::take(&mut bench.seen(slow).unread);
        bench.heard(slow);
        bench.input(crate::Input::Credit { link: slow, bytes });
        turns.push(entries(&bench.heard(slow)).map(|entry| entry.room).collect::<BTreeSet<_>>());
    }
    // What the first window had left decides who is next.
    let mut heard: Vec<_> = turns.into_iter().skip(1).flatten().collect();
    heard.sort_unstable();
    assert_eq!(heard, rooms.iter().flat_map(|room| [*room; 2]).collect::<Vec<_>>());
}

#[test]
fn a_link_that_lacks_a_member_or_an_entry_is_lagging_until_it_has_it() {
    let mut bench = Bench::new();
    let talker = bench.member(1);
    bench.open(9, Encoding::Postcard, WINDOW);
    assert_eq!(bench.host.lagging(), 0, "a stranger lacks nothing");
    let lacks_entries = slow(&mut bench, 2, 300);
    bench.read(lacks_entries);
    assert_eq!(bench.host.lagging(), 0);
    bench.seen(lacks_entries).reads = false;
    chatter(&mut bench, talker, 1..=100);
    assert_eq!(bench.host.lagging(), 1);
    bench.read(lacks_entries);
    assert_eq!(bench.host.lagging(), 0);

    let lacks_members = bench.open(3, Encoding::Postcard, 10);
    bench.seen(lacks_members).reads = false;
    bench.say(lacks_members, &hello(3, 1, None));
    assert_eq!(bench.host.lagging(), 1);
    bench.read(lacks_members);
    assert_eq!(bench.host.lagging(), 0);
}

#[test]
fn what_happened_in_one_round_goes_to_all_readers_as_the_same_memory() {
    let mut bench = Bench::new();
    let links = [bench.member(1), bench.member(2), bench.member(3)];
    let frames: Vec<Vec<u8>> = links.iter().map(|link| bench.frame(*link, &text(LOBBY, 1, "all at once"))).collect();
    let mut round = bench.host.round(bench.now, &mut bench.out);
    links.iter().zip(&frames).for_each(|(link, body)| round.handle(crate::Input::Frame { link: *link, body }));
    drop(round);
    let sent: Vec<bytes::Bytes> = bench
        .out
        .drain()
        .filter_map(|effect| if let crate::Effect::Send { frames, .. } = effect { Some(frames) } else { None })
        .collect();
    assert_eq!(sent.len(), 3, "one slice for each link, of three entries");
    assert!(sent.iter().all(|frames| frames.as_ptr() == sent[0].as_ptr() && frames.len() == sent[0].len()));
}

//! Joining, leaving, and what is whose in which room.

use alloc::{string::String, vec::Vec};

use super::{Bench, LOBBY, config, den, entries, hello, join, text, texts};
use crate::{
    event::{Event, Message, Peer},
    host::{HostConfig, RoomName},
    ids::{Cmid, MemberId, RoomId, Seq},
    limits::Limits,
    message::{Body, Edit, JoinFrom, LeaveReason, ToClient, ToHost},
    name::NameError,
    reason::{CloseReason, Refusal, Violation},
};

fn limited(limits: Limits) -> Bench {
    Bench::with(HostConfig { limits, ..config() })
}

fn room(number: usize) -> RoomName {
    RoomName::new(&alloc::format!("room {number}")).unwrap()
}

#[test]
fn a_client_that_joins_another_room_before_the_lobby_is_closed() {
    let mut bench = Bench::new();
    let (link, _) = bench.greet(1, &hello(1, 1, None));
    bench.say(link, &join(&den(), JoinFrom::Head));
    assert_eq!(bench.closed(link), Some(Violation::Unexpected.into()));
    assert_eq!(bench.host.rooms().count(), 1);
}

#[test]
fn whoever_joins_is_told_who_is_there_before_anything_else_and_sees_itself_come() {
    let mut bench = Bench::new();
    bench.member(1);
    let (link, welcome) = bench.greet(2, &hello(2, 1, None));
    let you = welcome.unwrap().you;
    bench.say(link, &join(&RoomName::lobby(), JoinFrom::Head));
    let heard = bench.heard(link);
    let [ToClient::Roster { members, .. }, ToClient::Joined(joined), ToClient::Entry(entry)] = &heard[..] else {
        panic!("not a roster, the room and an entry but {heard:?}")
    };
    assert_eq!(members.iter().map(|record| record.member).collect::<Vec<_>>(), [MemberId(0), MemberId(1), you]);
    assert_eq!(joined.members, [MemberId(0), MemberId(1), you]);
    assert_eq!((joined.name.as_str(), joined.room, joined.known), ("lobby", LOBBY, true));
    assert_eq!((joined.after, joined.head), (entry.seq.back(1), entry.seq));
    assert_eq!(entry.author, you);
    assert!(matches!(&entry.body, Body::Join { nick, .. } if &**nick == "client 2"));
}

#[test]
fn a_room_is_found_however_its_name_is_written_and_shown_as_it_was_opened() {
    let mut bench = Bench::new();
    let (one, other) = (bench.member(1), bench.member(2));
    let opened = bench.join(one, &"Café".parse().unwrap(), JoinFrom::Head);
    let found = bench.join(other, &"CAFE\u{301}".parse().unwrap(), JoinFrom::Head);
    assert_eq!((found.room, found.epoch, found.name.as_str()), (opened.room, opened.epoch, "Café"));
    bench.round(|round| round.join(&"café".parse().unwrap(), JoinFrom::Head)).unwrap();
    let told =
        bench.told.iter().rev().find_map(|e| if let Event::RoomJoined { room, .. } = e { Some(room) } else { None });
    assert_eq!(told.unwrap().as_str(), "Café");
    assert_eq!(bench.host.rooms().count(), 2);
}

#[test]
fn only_members_of_a_room_hear_what_is_said_in_it() {
    let mut bench = Bench::new();
    let (inside, outside) = (bench.member(1), bench.member(2));
    let den_id = bench.join(inside, &den(), JoinFrom::Head).room;
    bench.heard(outside);
    bench.say_all(inside, &[text(den_id, 1, "secret"), text(LOBBY, 1, "public")]);
    assert_eq!(texts(&bench.heard(outside)), [(Seq(4), "public".into())]);
    assert_eq!(texts(&bench.heard(inside)).len(), 2);
    assert_eq!(bench.host.members(&den()).map(|peer| peer.nick).collect::<Vec<_>>(), ["client 1".parse().unwrap()]);
}

#[test]
fn whoever_is_no_member_may_not_write() {
    let mut bench = Bench::new();
    let (inside, outside) = (bench.member(1), bench.member(2));
    let den_id = bench.join(inside, &den(), JoinFrom::Head).room;
    bench.heard(outside);
    bench.say_all(outside, &[text(den_id, 1, "let me in"), text(RoomId(99), 1, "anybody")]);
    let rejected = |room| ToClient::Reject { room, cmid: Cmid(1), refusal: Refusal::NotMember };
    assert_eq!(bench.heard(outside), [rejected(den_id), rejected(RoomId(99))]);
    assert_eq!(bench.heard(inside), []);
}

#[test]
fn whoever_leaves_is_told_and_hears_no_more_and_the_others_see_it_go() {
    let mut bench = Bench::new();
    let (stays, leaves) = (bench.member(1), bench.member(2));
    let den_id = bench.join(stays, &den(), JoinFrom::Head).room;
    bench.join(leaves, &den(), JoinFrom::Head);
    bench.heard(stays);
    bench.say(leaves, &ToHost::Leave { room: den_id });
    assert_eq!(bench.heard(leaves), [ToClient::Parted { room: den_id }]);
    let heard = bench.heard(stays);
    let left = entries(&heard).next().unwrap();
    assert_eq!((left.author, &left.body), (MemberId(2), &Body::Leave { reason: LeaveReason::Left }));
    bench.say(stays, &text(den_id, 1, "gone?"));
    assert_eq!(bench.heard(leaves), []);
    bench.say(leaves, &ToHost::Leave { room: den_id });
    assert_eq!(bench.heard(leaves), [ToClient::Parted { room: den_id }], "leaving twice is no fault");
    assert_eq!(bench.heard(stays).len(), 1, "and nothing happens");
}

#[test]
fn what_is_said_just_before_leaving_is_acknowledged_before_the_leave_is() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let den_id = bench.join(link, &den(), JoinFrom::Head).room;
    bench.say_all(link, &[text(den_id, 1, "last words"), ToHost::Leave { room: den_id }]);
    let heard = bench.heard(link);
    let [ToClient::Ack { room, cmid: Cmid(1), seq: Some(Seq(2)), .. }, ToClient::Parted { .. }] = heard[..] else {
        panic!("not an acknowledgement and then the leave but {heard:?}")
    };
    assert_eq!(room, den_id);
}

#[test]
fn leaving_and_joining_again_is_two_entries_and_numbers_count_on() {
    let mut bench = Bench::new();
    let (stays, moves) = (bench.member(1), bench.member(2));
    let den_id = bench.join(stays, &den(), JoinFrom::Head).room;
    bench.join(moves, &den(), JoinFrom::Head);
    bench.say(moves, &text(den_id, 1, "one"));
    bench.heard(stays);
    bench.say(moves, &ToHost::Leave { room: den_id });
    bench.join(moves, &den(), JoinFrom::Head);
    let heard = bench.heard(stays);
    let kinds: Vec<u16> = entries(&heard).map(|entry| entry.body.kind()).collect();
    assert_eq!(kinds, [2, 1]);
    bench.say_all(moves, &[text(den_id, 1, "one"), text(den_id, 2, "two")]);
    assert_eq!(texts(&bench.heard(stays)), [(Seq(6), "two".into())]);
}

#[test]
fn nobody_leaves_the_lobby() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.say(link, &ToHost::Leave { room: LOBBY });
    assert_eq!(bench.heard(link), [ToClient::LeaveRefused { room: LOBBY, refusal: Refusal::Lobby }]);
    assert_eq!(bench.round(|round| round.leave(&RoomName::lobby())), Err(Refusal::Lobby));
    assert_eq!(bench.host.members(&RoomName::lobby()).count(), 2);
}

#[test]
fn a_room_name_that_is_none_closes_the_link_with_its_fault() {
    let mut bench = Bench::new();
    for (number, name, error) in [
        (1, "", NameError::Empty),
        (2, "a\nb", NameError::Unshowable),
        (3, &*"x".repeat(65), NameError::TooLong { limit: 64 }),
    ] {
        let link = bench.member(number);
        let (room, from) = (name.into(), JoinFrom::Head);
        bench.say(link, &ToHost::Join { room, from, settled: Cmid::ZERO, sent: Cmid::ZERO });
        assert_eq!(bench.closed(link), Some(CloseReason::Name(error)));
    }
}

#[test]
fn a_session_has_only_so_many_rooms() {
    let mut bench = limited(Limits { rooms: 3, ..Limits::default() });
    let link = bench.member(1);
    (0..2).for_each(|number| assert_eq!(bench.join(link, &room(number), JoinFrom::Head).name, room(number)));
    bench.heard(link);
    bench.say(link, &join(&room(2), JoinFrom::Head));
    let (room, refusal) = (room(2), Refusal::TooManyRooms);
    assert_eq!(bench.heard(link), [ToClient::JoinRefused { room: room.clone(), refusal }]);
    assert_eq!(bench.round(|round| round.join(&room, JoinFrom::Head)), Err(refusal));
    assert_eq!(bench.host.rooms().count(), 3);
}

#[test]
fn a_member_is_in_only_so_many_rooms_and_another_once_it_left_one() {
    let mut bench = limited(Limits { rooms_per_member: 2, ..Limits::default() });
    let link = bench.member(1);
    let first = bench.join(link, &room(1), JoinFrom::Head).room;
    bench.heard(link);
    bench.say(link, &join(&room(2), JoinFrom::Head));
    assert_eq!(bench.heard(link), [ToClient::JoinRefused { room: room(2), refusal: Refusal::TooManyRooms }]);
    bench.say(link, &ToHost::Leave { room: first });
    bench.join(link, &room(2), JoinFrom::Head);
}

#[test]
fn a_full_lobby_is_a_full_session_until_somebody_leaves() {
    let mut bench = limited(Limits { members_per_room: 3, ..Limits::default() });
    let (_first, second) = (bench.member(1), bench.member(2));
    let (third, _) = bench.greet(3, &hello(3, 1, None));
    bench.heard(third);
    bench.say(third, &join(&RoomName::lobby(), JoinFrom::Head));
    assert_eq!(bench.heard(third), [ToClient::Bye { reason: CloseReason::Full }]);
    bench.say(second, &ToHost::Bye { reason: CloseReason::Left });
    bench.member(4);
    assert_eq!(bench.host.members(&RoomName::lobby()).count(), 3);
}

#[test]
fn a_log_that_has_no_number_left_takes_nothing_more_and_everything_else_goes_on() {
    let mut bench = Bench::new();
    let (inside, outside) = (bench.member(1), bench.member(2));
    let den_id = bench.join(inside, &den(), JoinFrom::Head).room;
    let log = &mut bench.host.rooms.get_mut(&den_id).unwrap().log;
    log.begin_after(Seq((1 << 53) - 3));
    let from = JoinFrom::After { epoch: log.epoch(), seq: log.head() };
    bench.join(inside, &den(), from);
    bench.say_all(inside, &[text(den_id, 1, "the last but one"), text(den_id, 2, "the last"), text(den_id, 3, "?")]);
    let heard = bench.heard(inside);
    assert_eq!(texts(&heard).last(), Some(&(Seq((1 << 53) - 1), "the last".into())));
    let rejected = ToClient::Reject { room: den_id, cmid: Cmid(3), refusal: Refusal::LogExhausted };
    assert!(heard.contains(&rejected));
    bench.heard(outside);
    bench.say(outside, &join(&den(), JoinFrom::Head));
    assert_eq!(bench.heard(outside), [ToClient::JoinRefused { room: den(), refusal: Refusal::LogExhausted }]);
    assert_eq!(bench.round(|round| round.join(&den(), JoinFrom::Head)), Err(Refusal::LogExhausted));
    bench.say(inside, &ToHost::Leave { room: den_id });
    assert_eq!(bench.heard(inside), [ToClient::Parted { room: den_id }]);
    bench.say(inside, &text(LOBBY, 1, "elsewhere"));
    assert_eq!(texts(&bench.heard(outside)).len(), 1);
}

#[test]
fn the_host_itself_is_a_member_like_everybody() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.heard(link);
    assert_eq!(bench.post(&den(), "too early"), Err(Refusal::NotMember));
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    let me = bench.host.me().unwrap();
    let joined = Event::RoomJoined { room: den(), members: [me.clone()].into(), resumed: false };
    assert_eq!(bench.told.last(), Some(&joined));
    assert!(
        !bench
            .told
            .iter()
            .any(|event| matches!(event, Event::PeerJoined { peer: Peer { id, .. }, .. } if *id == me.id))
    );
    let den_id = bench.join(link, &den(), JoinFrom::Start).room;
    let id = bench.post(&den(), "welcome").unwrap();
    let said: Vec<_> = crate::testing::messages(&bench.told, &den()).map(|message| message.id().clone()).collect();
    assert_eq!(said, [id]);
    assert_eq!(texts(&bench.heard(link)), [(Seq(3), "welcome".into())]);

    bench.say(link, &text(den_id, 1, "thanks"));
    assert_eq!(crate::testing::texts(&bench.told, &den()), ["welcome", "thanks"]);
    bench.round(|round| round.leave(&den())).unwrap();
    assert_eq!(bench.told.last(), Some(&Event::RoomLeft { room: den() }));
    bench.say(link, &text(den_id, 2, "still there?"));
    assert_eq!(crate::testing::texts(&bench.told, &den()).len(), 2, "it hears no more");
    assert_eq!(bench.round(|round| round.leave(&den())), Err(Refusal::NotMember));
}

/// What the host is told again of the den when it joins from there, after Ana has said four things in it.
fn told_again(bench: &mut Bench, from: JoinFrom) -> Vec<String> {
    bench.told.clear();
    bench.round(|round| round.join(&den(), from)).unwrap();
    assert!(matches!(bench.told.first(), Some(Event::RoomJoined { .. })), "{:?}", bench.told);
    assert!(crate::testing::messages(&bench.told, &den()).all(Message::is_replayed));
    crate::testing::texts(&bench.told, &den())
}

#[test]
fn the_host_itself_is_told_what_was_said_in_a_room_before_it_came() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let joined = bench.join(link, &den(), JoinFrom::Head);
    for (cmid, said) in (1..).zip(["one", "two", "three", "four"]) {
        bench.say(link, &text(joined.room, cmid, said));
    }
    let edit = Edit { of: Seq(5), mentions: [].into_iter().collect(), text: "4".into() };
    let edit = ToHost::Send { room: joined.room, cmid: Cmid(5), body: Body::Edit(edit), commitment: None };
    bench.say(link, &edit);

    assert_eq!(told_again(&mut bench, JoinFrom::Last(3)), ["three", "four"], "of three entries, one is an edit");
    assert!(matches!(bench.told.last(), Some(Event::Edited { change, .. }) if change.replayed && change.of == Seq(5)));
    assert_eq!(bench.host.unread(&den()).messages, 0, "it was there before");
    assert_eq!(told_again(&mut bench, JoinFrom::Start), [""; 0], "it is in there already");
    let mut again = |from| {
        bench.round(|round| round.leave(&den())).unwrap();
        told_again(&mut bench, from)
    };
    assert_eq!(again(JoinFrom::Start), ["one", "two", "three", "four"]);
    assert_eq!(again(JoinFrom::Head), [""; 0]);
    assert_eq!(again(JoinFrom::After { epoch: joined.epoch, seq: Seq(4) }), ["four"]);
}

#[test]
fn of_what_was_said_before_the_host_itself_is_told_no_more_than_a_page() {
    let mut bench = limited(Limits { page_entries: 2, ..Limits::lan() });
    let link = bench.member(1);
    let room = bench.join(link, &den(), JoinFrom::Head).room;
    for (cmid, said) in (1..).zip(["one", "two", "three"]) {
        bench.say(link, &text(room, cmid, said));
    }
    assert_eq!(told_again(&mut bench, JoinFrom::Start), ["two", "three"]);
}

//! Rooms that not everybody sees, and how far back those read who come later.

use alloc::{string::String, vec, vec::Vec};

use super::{Bench, LOBBY, act, acts, config, den, entries, hello, join, peer, refusals, text, texts};
use crate::{
    event::{Event, Peer},
    host::{HostConfig, RoomName},
    ids::{Cmid, RoomId, Seq},
    limits::{Limits, Rate},
    message::{Act, Body, GapReason, HistoryPolicy, JoinFrom, Rule, ToClient, ToHost},
    name::{NameError, Remark},
    reason::{CloseReason, Refusal},
    seam::LinkId,
};

fn open(room: &RoomName) -> ToHost {
    ToHost::Open { room: room.as_str().into(), settled: Cmid::ZERO, sent: Cmid::ZERO }
}

fn opened(bench: &mut Bench, link: LinkId) -> RoomId {
    bench.heard(link);
    bench.say(link, &open(&den()));
    let heard = bench.heard(link);
    heard.iter().find_map(|said| if let ToClient::Joined(joined) = said { Some(joined.room) } else { None }).unwrap()
}

fn listed(bench: &mut Bench, link: LinkId) -> Vec<(String, u32, bool)> {
    bench.heard(link);
    bench.say(link, &ToHost::List { after: None });
    match &bench.heard(link)[..] {
        [ToClient::Rooms { rooms, more: false }] => {
            rooms.iter().map(|room| (room.name.as_str().into(), room.members, room.private)).collect()
        }
        other => panic!("not the rooms but {other:?}"),
    }
}

fn rule(room: RoomId, cmid: u64, rule: Rule) -> ToHost {
    act(room, cmid, Act::Rule(rule))
}

#[test]
fn a_private_room_is_listed_for_those_alone_who_may_join_it() {
    let mut bench = Bench::new();
    let (inside, guest, outside) = (bench.member(1), bench.member(2), bench.member(3));
    let den_id = opened(&mut bench, inside);
    bench.say(inside, &act(den_id, 1, Act::Invite(peer(2))));
    let all = vec![("den".into(), 1, true), ("lobby".into(), 4, false)];
    assert_eq!(listed(&mut bench, inside), all);
    assert_eq!(listed(&mut bench, guest), all);
    assert_eq!(listed(&mut bench, outside), all[1..]);
}

#[test]
fn rooms_are_listed_page_by_page_with_what_they_are_about() {
    let limits = Limits { rooms_per_founder: 100, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let link = bench.member(1);
    for number in 10..80 {
        let joined = bench.join(link, &RoomName::new(&alloc::format!("Room {number}")).unwrap(), JoinFrom::Head);
        let topic = Some(Remark::new(&"\"".repeat(256)).unwrap());
        bench.say(link, &act(joined.room, 1, Act::Topic(topic)));
    }
    let (mut after, mut all, mut pages) = (None, Vec::new(), 0);
    loop {
        bench.heard(link);
        bench.say(link, &ToHost::List { after });
        let [ToClient::Rooms { rooms, more }] = &bench.heard(link)[..] else { panic!("no rooms") };
        (after, pages) = (rooms.last().map(|room| room.name.as_str().into()), pages + 1);
        all.extend(rooms.iter().map(|room| (String::from(room.name.canonical()), room.topic.is_some())));
        if !more {
            break;
        }
    }
    let expected = core::iter::once(("lobby".into(), false));
    assert!(all.iter().cloned().eq(expected.chain((10..80).map(|number| (alloc::format!("room {number}"), true)))));
    assert_eq!(pages, 3);
}

#[test]
fn to_ask_for_rooms_after_what_is_no_name_closes_the_link() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.say(link, &ToHost::List { after: Some("\u{1b}".into()) });
    assert_eq!(bench.closed(link), Some(CloseReason::Name(NameError::Unshowable)));
}

#[test]
fn whoever_is_not_invited_is_refused_and_those_inside_see_it_knock_once() {
    let mut bench = Bench::new();
    let (inside, outside) = (bench.member(1), bench.member(2));
    let den_id = opened(&mut bench, inside);
    bench.say(inside, &text(den_id, 1, "secret"));
    bench.heard(inside);
    bench.heard(outside);
    (0..3).for_each(|_| bench.say(outside, &join(&den(), JoinFrom::Start)));
    assert_eq!(bench.heard(outside).len(), 3);
    let knocks = bench.heard(inside);
    assert_eq!(acts(&knocks), [Act::Knock]);
    let author = entries(&knocks).next().unwrap().author;
    assert_eq!(author.0, 2);
    bench.say(inside, &act(den_id, 2, Act::Invite(peer(2))));
    let by = Peer { nick: "client 1".parse().unwrap(), ..peer(1) };
    assert_eq!(bench.heard(outside), [ToClient::Invited { room: den(), by }]);
    let heard = {
        bench.say(outside, &join(&den(), JoinFrom::Start));
        bench.heard(outside)
    };
    assert_eq!(texts(&heard).len(), 1);
}

#[test]
fn an_invitation_outlasts_links_until_it_is_taken_and_then_opens_the_door_again() {
    let mut bench = Bench::new();
    let (inside, guest) = (bench.member(1), bench.member(2));
    let den_id = opened(&mut bench, inside);
    bench.down(guest);
    bench.say(inside, &act(den_id, 1, Act::Invite(peer(2))));
    let ToHost::Hello(mut anew) = hello(2, 1, None) else { unreachable!() };
    anew.producer = crate::ids::ProducerId::from_bytes([77; 8]);
    let (link, _) = bench.greet(9, &ToHost::Hello(anew));
    assert!(bench.heard(link).iter().any(|said| matches!(said, ToClient::Invited { .. })));
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.join(link, &den(), JoinFrom::Head);
    bench.say(link, &ToHost::Leave { room: den_id });
    bench.join(link, &den(), JoinFrom::Head);
}

#[test]
fn only_so_many_invitations_wait_for_one_peer() {
    let limits = Limits { invitations: 1, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let (inside, _guest) = (bench.member(1), bench.member(2));
    let rooms = ["one", "two"].map(|name| bench.join(inside, &name.parse().unwrap(), JoinFrom::Head).room);
    bench.heard(inside);
    for room in rooms {
        bench.say(inside, &act(room, 1, Act::Invite(peer(2))));
    }
    bench.say(inside, &act(rooms[0], 2, Act::Invite(peer(2))));
    assert_eq!(refusals(&bench.heard(inside)), [Refusal::TooMany { limit: 1 }], "the one that waits may be said again");
}

#[test]
fn a_room_is_opened_private_only_if_there_is_none_and_opening_it_again_is_taking_it_up() {
    let mut bench = Bench::new();
    let (one, other) = (bench.member(1), bench.member(2));
    let den_id = opened(&mut bench, one);
    assert_eq!(opened(&mut bench, one), den_id);
    bench.heard(other);
    bench.say(other, &open(&den()));
    assert_eq!(refusals(&bench.heard(other)), [Refusal::Taken]);
    assert_eq!(acts(&bench.heard(one)), [], "that is no knock");
}

#[test]
fn a_room_of_two_is_for_these_two() {
    let mut bench = Bench::new();
    let links = [1, 2, 3].map(|number| bench.member(number));
    let room = RoomName::direct(peer(1).id, peer(2).id);
    bench.heard(links[1]);
    let joined = bench.join(links[0], &room, JoinFrom::Start);
    assert!(joined.rules.private);
    assert!(matches!(&bench.heard(links[1])[..], [ToClient::Invited { room: told, .. }] if *told == room));
    bench.heard(links[2]);
    bench.say(links[2], &join(&room, JoinFrom::Start));
    assert_eq!(refusals(&bench.heard(links[2])), [Refusal::NotAllowed]);
    assert_eq!(
        bench.round(|round| round.join(&room, JoinFrom::Head)),
        Err(Refusal::NotAllowed),
        "also not the host's owner"
    );
    assert_eq!(listed(&mut bench, links[2]).len(), 1);
    bench.say(links[0], &text(joined.room, 1, "psst"));
    let heard = {
        bench.say(links[1], &join(&room, JoinFrom::Start));
        bench.heard(links[1])
    };
    assert_eq!(texts(&heard), [(Seq(2), "psst".into())]);
    bench.heard(links[0]);
    for (cmid, what) in [(2, Act::Close), (3, Act::Invite(peer(3))), (4, Act::Rule(Rule::Private(false)))] {
        bench.say(links[0], &act(joined.room, cmid, what));
    }
    assert_eq!(refusals(&bench.heard(links[0])), [Refusal::NotAllowed; 3]);
    bench.say(links[0], &join(&RoomName::direct(peer(1).id, peer(99).id), JoinFrom::Head));
    assert_eq!(refusals(&bench.heard(links[0])), [Refusal::NoSuchPeer]);
}

#[test]
fn the_owner_is_told_of_invitations_too() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    let owner = bench.host.me().unwrap();
    bench.join(link, &RoomName::direct(peer(1).id, owner.id), JoinFrom::Head);
    assert!(bench.told.iter().any(|event| matches!(event, Event::Invited { by, .. } if by.id == peer(1).id)));
    bench.round(|round| round.join(&RoomName::direct(owner.id, peer(1).id), JoinFrom::Head)).unwrap();
}

/// Someone who joins from the start after five messages, in a room of that policy.
fn newcomer(policy: HistoryPolicy) -> (Bench, RoomId, LinkId, Vec<ToClient>) {
    let mut bench = Bench::new();
    let (old, new) = (bench.member(1), bench.member(2));
    let den_id = bench.join(old, &den(), JoinFrom::Head).room;
    bench.say(old, &rule(den_id, 1, Rule::History(policy)));
    (2..=6).for_each(|cmid| bench.say(old, &text(den_id, cmid, &alloc::format!("old {cmid}"))));
    bench.heard(new);
    bench.say(new, &join(&den(), JoinFrom::Start));
    let heard = bench.heard(new);
    (bench, den_id, new, heard)
}

#[test]
fn newcomers_read_as_far_back_as_the_room_lets_them() {
    let all: Vec<String> = (2..=6).map(|cmid| alloc::format!("old {cmid}")).collect();
    for (policy, from) in [(HistoryPolicy::All, 0), (HistoryPolicy::Last(2), 3), (HistoryPolicy::SinceJoin, 5)] {
        let (.., heard) = newcomer(policy);
        let read: Vec<String> = texts(&heard).into_iter().map(|(_, text)| text).collect();
        assert_eq!(read, all[from..], "{policy:?}");
        assert!(entries(&heard).any(|entry| matches!(entry.body, Body::Join { .. }) && entry.author.0 == 2));
    }
}

#[test]
fn the_policy_holds_also_for_one_that_claims_to_have_been_further_back() {
    let (mut bench, _, new, heard) = newcomer(HistoryPolicy::SinceJoin);
    let epoch =
        heard.iter().find_map(|said| if let ToClient::Joined(joined) = said { Some(joined.epoch) } else { None });
    bench.say(new, &join(&den(), JoinFrom::After { epoch: epoch.unwrap(), seq: Seq(1) }));
    let heard = bench.heard(new);
    let gaps: Vec<&ToClient> = heard.iter().filter(|said| matches!(said, ToClient::Gap { .. })).collect();
    assert!(matches!(gaps[..], [ToClient::Gap { to: Seq(7), reason: GapReason::Policy, .. }]), "{gaps:?}");
    assert_eq!(texts(&heard), []);
}

#[test]
fn a_policy_keeps_nothing_from_those_who_were_there_before() {
    let mut bench = Bench::new();
    let (old, member) = (bench.member(1), bench.member(2));
    let joined = bench.join(old, &den(), JoinFrom::Head);
    bench.join(member, &den(), JoinFrom::Head);
    bench.say(old, &text(joined.room, 1, "before"));
    bench.say(old, &rule(joined.room, 2, Rule::History(HistoryPolicy::SinceJoin)));
    bench.heard(member);
    bench.say(member, &join(&den(), JoinFrom::After { epoch: joined.epoch, seq: Seq::ZERO }));
    assert_eq!(texts(&bench.heard(member)).len(), 1);
}

#[test]
fn a_room_that_nobody_is_in_gives_way_where_there_are_as_many_as_may_be() {
    let limits = Limits { rooms: 3, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let (one, other) = (bench.member(1), bench.member(2));
    let old = bench.join(one, &"old".parse().unwrap(), JoinFrom::Head);
    bench.join(one, &"kept".parse().unwrap(), JoinFrom::Head);
    bench.say(other, &join(&den(), JoinFrom::Head));
    assert_eq!(refusals(&bench.heard(other)), [Refusal::TooManyRooms]);
    bench.say(one, &ToHost::Leave { room: old.room });
    bench.join(other, &den(), JoinFrom::Head);
    let names: Vec<&str> = bench.host.rooms().map(RoomName::as_str).collect();
    assert_eq!(names, ["den", "kept", "lobby"]);
    bench.heard(one);
    bench.say(one, &join(&"old".parse().unwrap(), JoinFrom::After { epoch: old.epoch, seq: Seq(1) }));
    assert_eq!(refusals(&bench.heard(one)), [Refusal::RoomClosed], "it is not taken for another log");
}

#[test]
fn one_peer_opens_only_so_many_rooms_however_often_it_leaves_them() {
    let limits = Limits { rooms_per_founder: 2, requests: Rate::UNLIMITED, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let (one, other) = (bench.member(1), bench.member(2));
    for name in ["one", "two"] {
        let room = bench.join(one, &name.parse().unwrap(), JoinFrom::Head).room;
        bench.say(one, &ToHost::Leave { room });
    }
    bench.heard(one);
    bench.say(one, &join(&den(), JoinFrom::Head));
    assert_eq!(refusals(&bench.heard(one)), [Refusal::TooManyRooms]);
    bench.join(other, &den(), JoinFrom::Head);
    assert_eq!(bench.join(one, &den(), JoinFrom::Head).room, RoomId(LOBBY.0 + 3));
}

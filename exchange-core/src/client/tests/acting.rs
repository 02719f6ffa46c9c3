//! What is done in rooms and to this client, and what a host is not to be asked for a while.

use alloc::{format, string::String, vec::Vec};

use super::{ANA, Bench, LOBBY, ME, ana, den, disconnects, entry, joined, secs, sent};
use crate::{
    client::ClientConfig,
    event::{Ended, Event, Peer},
    host::HostConfig,
    ids::{Cmid, MemberId, Rev, RoomId, Seq},
    limits::{Limits, Rate},
    message::{
        Act, Body, Encoding, Entry, GapReason, HistoryPolicy, JoinFrom, Joined, MemberRecord, Role, RoomSummary, Rule,
        Rules, Status, ToClient, ToHost,
    },
    name::{Remark, RoomName},
    reason::{CloseReason, Outcome, Refusal, Violation},
    testing::{Cut, World, texts},
    time::Timestamp,
};

const DEN: RoomId = RoomId(2);

fn remark(text: &str) -> Remark {
    Remark::new(text).unwrap()
}

fn act_in(room: RoomId, seq: u64, author: MemberId, cmid: u64, act: Act) -> ToClient {
    let (seq, cmid, at) = (Seq(seq), Cmid(cmid), Timestamp::from_millis(1));
    ToClient::Entry(Entry { room, seq, author, cmid, at, body: Body::Act(act), commitment: None, blanked: None })
}

/// A client that is in the lobby and, together with ana, in the den.
fn in_den() -> Bench {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    let topic = Some(remark("optics"));
    bench.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), topic, ..joined(&den(), DEN.0, 0) }));
    bench.said();
    bench.told();
    bench
}

fn peer_of(bench: &Bench, member: MemberId) -> Peer {
    let me = bench.client.me();
    if member == ME { me } else { Peer { id: ana(Status::Online).peer, nick: ana(Status::Online).nick } }
}

#[test]
fn what_a_room_is_about_and_its_rules_are_told_with_it_and_changed_by_entries() {
    let mut bench = in_den();
    assert_eq!(bench.client.topic(&den()), Some(&remark("optics")));
    bench.hear(&act_in(DEN, 1, ANA, 1, Act::Topic(Some(remark("lenses")))));
    bench.hear(&act_in(DEN, 2, ANA, 2, Act::Rule(Rule::History(HistoryPolicy::SinceJoin))));
    assert_eq!(bench.client.topic(&den()), Some(&remark("lenses")));
    let rules = Rules { history: HistoryPolicy::SinceJoin, ..Rules::default() };
    assert_eq!(bench.client.rules(&den()), Some(rules));
    let by = peer_of(&bench, ANA);
    let told = bench.told();
    let topic = Event::Acted { room: den(), by, act: Act::Topic(Some(remark("lenses"))), seq: Seq(1), replayed: false };
    assert_eq!(told[0], topic);
    assert_eq!(told.len(), 2);
}

#[test]
fn who_opened_a_room_is_told_with_it_and_who_moderates_all_by_the_roster() {
    let mut bench = Bench::in_lobby();
    let ana = MemberRecord { role: Role::Moderator, ..ana(Status::Online) };
    let (me, founder) = (bench.client.me().id, Some(ana.peer));
    bench.hear(&ToClient::Roster { rev: Rev(9), members: [ana.clone()].into() });
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.hear(&ToClient::Joined(Joined { founder, ..joined(&den(), DEN.0, 0) }));
    assert_eq!((bench.client.founder(&den()), bench.client.founder(&RoomName::lobby())), (founder, None));
    let mut roles: Vec<_> = bench.client.people().map(|person| (person.peer.id, person.role)).collect();
    roles.sort_by_key(|(_, role)| *role);
    assert_eq!(roles, [(me, Role::Member), (ana.peer, Role::Moderator)]);
}

#[test]
fn a_change_from_before_the_room_was_told_of_is_history_and_changes_nothing() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Start)).unwrap();
    let stands =
        Joined { after: Seq(0), topic: Some(remark("now")), members: [ME, ANA].into(), ..joined(&den(), DEN.0, 2) };
    bench.hear(&ToClient::Joined(stands));
    bench.hear(&act_in(DEN, 1, ANA, 1, Act::Topic(Some(remark("then")))));
    let kicked = Act::Kick { who: peer_of(&bench, ANA), reason: None };
    bench.hear(&act_in(DEN, 2, ME, 0, kicked));
    assert_eq!(bench.client.topic(&den()), Some(&remark("now")));
    assert_eq!(bench.client.members(&den()).count(), 2, "ana has come back since");
}

#[test]
fn whoever_is_kicked_is_no_member_from_that_entry_on() {
    let mut bench = in_den();
    let kick = Act::Kick { who: peer_of(&bench, ANA), reason: Some(remark("spam")) };
    bench.hear(&act_in(DEN, 1, ME, 1, kick));
    assert_eq!(bench.client.members(&den()).collect::<Vec<_>>(), [bench.client.me()]);
}

#[test]
fn an_own_act_has_a_receipt_like_a_message() {
    let mut bench = in_den();
    let topic = Act::Topic(Some(remark("lenses")));
    bench.round(|round| round.post(&den(), Body::Act(topic.clone()))).unwrap();
    bench.hear(&act_in(DEN, 1, ME, 1, topic));
    assert!(matches!(bench.outcomes()[..], [(Cmid(1), Outcome::Logged { seq: Some(Seq(1)), .. })]));
    assert_eq!(bench.client.pending(), 0);
}

#[test]
fn a_client_that_is_removed_is_told_and_its_messages_have_outcomes() {
    let mut bench = in_den();
    bench.post(&den(), "on its way").unwrap();
    bench.reads = false;
    bench.window = 0;
    bench.hear(&ToClient::Removed { room: DEN, refusal: Refusal::Kicked, reason: Some(remark("spam")) });
    let told = bench.told();
    assert!(matches!(told[0], Event::Receipt { outcome: Outcome::Unknown, .. }), "{told:?}");
    assert_eq!(told[1], Event::Removed { room: den(), why: Refusal::Kicked, reason: Some(remark("spam")) });
    assert_eq!(bench.client.rooms().count(), 1);
    assert_eq!(bench.post(&den(), "more"), Err(Refusal::NotMember));
}

#[test]
fn answers_that_cross_with_being_removed_mean_nothing_until_the_room_is_joined_again() {
    let mut bench = in_den();
    bench.post(&den(), "on its way").unwrap();
    bench.hear(&ToClient::Removed { room: DEN, refusal: Refusal::Kicked, reason: None });
    bench.hear(&ToClient::Reject { room: DEN, cmid: Cmid(1), refusal: Refusal::NotMember });
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 5)));
    assert_eq!(bench.post(&den(), "again").unwrap().cmid, Cmid(2), "no number is used twice");
    assert_eq!(disconnects(&bench.told()), []);
}

#[test]
fn a_host_that_removes_from_the_lobby_or_from_no_room_breaks_the_protocol() {
    for room in [LOBBY, RoomId(77)] {
        let mut bench = Bench::in_lobby();
        bench.hear(&ToClient::Removed { room, refusal: Refusal::Kicked, reason: None });
        let broken = Ended::Here(CloseReason::Violation(Violation::Unexpected));
        assert_eq!(disconnects(&bench.told()), [broken]);
    }
}

#[test]
fn being_removed_from_a_room_that_is_being_left_is_no_news() {
    let mut bench = in_den();
    bench.round(|round| round.leave(&den())).unwrap();
    bench.hear(&ToClient::Removed { room: DEN, refusal: Refusal::Kicked, reason: None });
    assert_eq!(bench.told(), []);
    bench.hear(&ToClient::Parted { room: DEN });
    assert_eq!(bench.told(), [Event::RoomLeft { room: den() }]);
}

#[test]
fn a_client_removed_while_it_was_away_is_told_when_it_takes_up_the_room() {
    let mut bench = in_den();
    bench.reconnect();
    bench.enter();
    bench.post(&den(), "never sent").unwrap();
    bench.told();
    bench.hear(&ToClient::JoinRefused { room: den(), refusal: Refusal::Kicked });
    let told = bench.told();
    assert!(matches!(told[0], Event::Receipt { outcome: Outcome::Refused(Refusal::NotMember), .. }));
    assert_eq!(told[1], Event::Removed { room: den(), why: Refusal::Kicked, reason: None });
}

#[test]
fn a_client_that_is_banned_from_the_session_stays_away() {
    let mut bench = Bench::in_lobby();
    let reason = CloseReason::Banned { retry_after_ms: Some(1000) };
    bench.hear(&ToClient::Bye { reason });
    assert_eq!(bench.told().last(), Some(&Event::Closed { cause: Ended::Told(reason) }));
    assert!(bench.client.is_closed());
}

#[test]
fn messages_refused_for_their_number_are_sent_again_by_themselves_in_order_when_they_may_be() {
    let mut bench = Bench::in_lobby();
    bench.said();
    (1..=4).for_each(|_| drop(bench.post(&RoomName::lobby(), "much")));
    assert_eq!(sent(&bench.said()), [1, 2, 3, 4]);
    bench.hear(&entry(1, ME, 1, "much"));
    let reject = |cmid, refusal| ToClient::Reject { room: LOBBY, cmid: Cmid(cmid), refusal };
    bench.hear(&reject(2, Refusal::RateLimited { retry_after_ms: 500 }));
    bench.hear(&reject(3, Refusal::SendGap));
    bench.post(&RoomName::lobby(), "more").unwrap();
    assert_eq!(sent(&bench.said()), [] as [u64; 0], "nothing before its time");
    bench.hear(&reject(4, Refusal::SendGap));
    bench.pass(crate::client::Duration::from_millis(499));
    assert_eq!(sent(&bench.said()), [] as [u64; 0]);
    bench.pass(crate::client::Duration::from_millis(1));
    assert_eq!(sent(&bench.said()), [2, 3, 4, 5]);
    assert_eq!(bench.outcomes().len(), 1, "none of them was refused");
}

#[test]
fn a_gap_without_a_cause_is_a_refusal() {
    let mut bench = Bench::in_lobby();
    bench.post(&RoomName::lobby(), "lost").unwrap();
    bench.hear(&ToClient::Reject { room: LOBBY, cmid: Cmid(1), refusal: Refusal::SendGap });
    assert_eq!(bench.outcomes(), [(Cmid(1), Outcome::Refused(Refusal::SendGap))]);
}

#[test]
fn a_host_cannot_have_a_client_wait_for_ever() {
    let mut bench = Bench::in_lobby();
    bench.post(&RoomName::lobby(), "wait").unwrap();
    let refusal = Refusal::RateLimited { retry_after_ms: u64::MAX };
    bench.hear(&ToClient::Reject { room: LOBBY, cmid: Cmid(1), refusal });
    bench.said();
    for _ in 0..60 {
        bench.pass(secs(1));
        bench.hear(&ToClient::Ping { nonce: 0 });
    }
    assert_eq!(sent(&bench.said()), [1]);
}

#[test]
fn a_room_refused_for_now_is_asked_for_again_when_it_may_be() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.said();
    let refusal = Refusal::RateLimited { retry_after_ms: 1000 };
    bench.hear(&ToClient::JoinRefused { room: den(), refusal });
    bench.pass(secs(1));
    assert!(bench.said().iter().any(|said| matches!(said, ToHost::Join { room, .. } if **room == *"den")));
    assert!(!bench.told().iter().any(|event| matches!(event, Event::RoomRefused { .. })));
}

#[test]
fn rooms_are_told_once_all_pages_are_there_also_over_a_reconnect() {
    let summary = |name: &str| RoomSummary { name: name.parse().unwrap(), topic: None, members: 1, private: false };
    let asked = |said: &[ToHost]| -> Vec<Option<String>> {
        let after = |said: &ToHost| if let ToHost::List { after } = said { Some(after.clone()) } else { None };
        said.iter().filter_map(after).map(|after| after.map(|after| after.as_str().into())).collect()
    };
    let mut bench = Bench::in_lobby();
    bench.said();
    bench.round(|round| round.list_rooms().unwrap());
    bench.hear(&ToClient::Rooms { rooms: [summary("a")].into(), more: true });
    assert_eq!(asked(&bench.said()), [None, Some("a".into())]);
    bench.reconnect();
    bench.enter();
    assert_eq!(asked(&bench.said()), [None], "from the beginning");
    bench.hear(&ToClient::ListRefused { refusal: Refusal::RateLimited { retry_after_ms: 1000 } });
    bench.pass(secs(1));
    assert_eq!(asked(&bench.said()), [None]);
    bench.hear(&ToClient::Rooms { rooms: [summary("a"), summary("b")].into(), more: true });
    bench.told();
    bench.hear(&ToClient::Rooms { rooms: [summary("c")].into(), more: false });
    assert_eq!(bench.told(), [Event::Rooms { rooms: ["a", "b", "c"].map(summary).into() }]);
    bench.hear(&ToClient::Rooms { rooms: Vec::new(), more: false });
    assert_eq!(disconnects(&bench.told()).len(), 1, "nobody asked");
}

#[test]
fn a_host_that_tells_of_rooms_without_end_is_not_believed() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.list_rooms().unwrap());
    let room = RoomSummary { name: den(), topic: None, members: 1, private: false };
    let page = ToClient::Rooms { rooms: core::iter::repeat_n(room, 1000).collect(), more: true };
    (0..17).for_each(|_| bench.hear(&page));
    let ended = disconnects(&bench.told());
    assert_eq!(ended, [Ended::Here(CloseReason::Violation(Violation::TooMuch))]);
}

#[test]
fn a_private_room_is_opened_and_later_joined() {
    let mut bench = Bench::in_lobby();
    bench.said();
    bench.round(|round| round.open(&den())).unwrap();
    assert_eq!(bench.round(|round| round.open(&den())), Err(Refusal::Taken));
    assert!(matches!(&bench.said()[..], [ToHost::Open { .. }]));
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 0)));
    bench.reconnect();
    bench.enter();
    assert!(bench.said().iter().any(|said| matches!(said, ToHost::Join { room, .. } if **room == *"den")));
}

/// A host that lets everybody say three things at once and two a second, and two clients.
fn slow_world() -> World {
    let limits = Limits { messages: Rate { per_second: 2, burst: 3 }, ..Limits::default() };
    let host = HostConfig { limits, ..HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap()) };
    let mut world = World::new(host, 1);
    for nick in ["ana", "ben"] {
        world.add(ClientConfig::new(nick.parse().unwrap()), Encoding::Postcard);
    }
    world.run(secs(1));
    world
}

#[test]
fn a_flood_arrives_at_the_hosts_pace_whole_and_in_order_also_over_a_cut() {
    let mut world = slow_world();
    for number in 0..30 {
        world.post(0, &RoomName::lobby(), &format!("{number}")).unwrap();
    }
    world.run(secs(5));
    let arrived = texts(&world.clients[1].told, &RoomName::lobby()).len();
    assert!((12..=14).contains(&arrived), "{arrived}");
    world.cut(0, Cut::Lost);
    world.run(secs(15));
    let all: Vec<String> = (0..30).map(|number| format!("{number}")).collect();
    assert_eq!(texts(&world.clients[1].told, &RoomName::lobby()), all);
    assert_eq!(world.clients[0].client.pending(), 0);
    let refused = |event: &Event| matches!(event, Event::Receipt { outcome: Outcome::Refused(_), .. });
    assert!(!world.clients[0].told.iter().any(refused));
}

#[test]
fn what_a_policy_keeps_back_is_told_as_such() {
    let mut world = slow_world();
    world.client(0, |round| round.join(&den(), JoinFrom::Head)).unwrap();
    world.run(secs(1));
    let rule = Body::Act(Act::Rule(Rule::History(HistoryPolicy::SinceJoin)));
    world.client(0, |round| round.post(&den(), rule)).unwrap();
    world.client(1, |round| round.join(&den(), JoinFrom::Start)).unwrap();
    world.run(secs(1));
    let policy = |event: &Event| matches!(event, Event::Gap { reason: GapReason::Policy, .. });
    assert!(!world.clients[1].told.iter().any(policy), "it begins where it may read");
    world.clients[1].reachable = false;
    world.cut(1, Cut::Lost);
    world.run(secs(125));
    world.post(0, &den(), "while nobody listened").unwrap();
    world.run(secs(2));
    world.clients[1].reachable = true;
    world.run(secs(20));
    assert!(world.clients[1].told.iter().any(policy), "its membership had ended");
    assert_eq!(texts(&world.clients[1].told, &den()), [] as [String; 0]);
}

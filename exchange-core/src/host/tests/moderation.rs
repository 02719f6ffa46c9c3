//! Topics, rules, and what is done to people: who may, and what follows.

use alloc::{vec, vec::Vec};
use core::time::Duration;

use super::{Bench, LOBBY, act, acts, config, den, entries, hello, join, peer, refusals, secs, text, texts};
use crate::{
    event::Event,
    host::{HostConfig, RoomName},
    ids::{Cmid, PeerId, RoomId, Seq},
    limits::Limits,
    message::{Act, Body, JoinFrom, LeaveReason, Role, Rule, Rules, ToClient, ToHost},
    name::Remark,
    reason::{CloseReason, Refusal},
    seam::LinkId,
};

const FOR_GOOD: Refusal = Refusal::Muted { retry_after_ms: None };

fn remark(text: &str) -> Remark {
    Remark::new(text).unwrap()
}

fn kick(number: u8) -> Act {
    Act::Kick { who: peer(number), reason: None }
}

fn ban(number: u8, seconds: Option<u32>) -> Act {
    Act::Ban { who: peer(number), seconds, reason: None }
}

fn mute(number: u8, seconds: Option<u32>) -> Act {
    Act::Mute { who: peer(number), seconds }
}

/// Three clients, the first of which has opened a room that the second is in as well.
fn founded() -> (Bench, RoomId, [LinkId; 3]) {
    let mut bench = Bench::new();
    let links = [1, 2, 3].map(|number| bench.member(number));
    let room = bench.join(links[0], &den(), JoinFrom::Head).room;
    bench.join(links[1], &den(), JoinFrom::Head);
    for link in links {
        bench.heard(link);
    }
    (bench, room, links)
}

/// Has the host's owner do something in the lobby.
fn decree(bench: &mut Bench, act: Act) -> Result<(), Refusal> {
    bench.round(|round| round.post(&RoomName::lobby(), Body::Act(act)).map(drop))
}

fn appoint(bench: &mut Bench, number: u8) {
    decree(bench, Act::Role { who: peer(number), role: Role::Moderator }).unwrap();
}

#[test]
fn a_topic_is_an_entry_that_everyone_sees_and_whoever_comes_later_is_told() {
    let (mut bench, room, [ana, bo, cy]) = founded();
    bench.say(bo, &act(room, 1, Act::Topic(Some(remark("optics")))));
    assert_eq!(acts(&bench.heard(ana)), [Act::Topic(Some(remark("optics")))]);
    assert_eq!(acts(&bench.heard(bo)).len(), 1, "its own entry is its receipt");
    let joined = bench.join(cy, &den(), JoinFrom::Head);
    assert_eq!((joined.topic, joined.rules), (Some(remark("optics")), Rules::default()));
    assert_eq!(bench.host.topic(&den()), Some(&remark("optics")));
    bench.say(bo, &act(room, 2, Act::Topic(None)));
    assert_eq!(bench.host.topic(&den()), None);
}

#[test]
fn only_whoever_moderates_a_room_changes_its_rules_and_a_fixed_topic() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.say(bo, &act(room, 1, Act::Rule(Rule::FixedTopic(true))));
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::NotAllowed]);
    assert_eq!(bench.heard(ana), [], "the others see nothing of it");
    bench.say(ana, &act(room, 1, Act::Rule(Rule::FixedTopic(true))));
    bench.say(bo, &act(room, 2, Act::Topic(Some(remark("mine")))));
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::NotAllowed]);
    bench.say(ana, &act(room, 2, Act::Topic(Some(remark("mine")))));
    assert_eq!(bench.host.rules(&den()).map(|rules| rules.fixed_topic), Some(true));
    assert_eq!(bench.host.topic(&den()), Some(&remark("mine")));
}

#[test]
fn a_refused_act_has_the_same_answer_when_it_is_sent_again() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.say(bo, &act(room, 1, kick(1)));
    appoint(&mut bench, 2);
    bench.heard(bo);
    bench.say(bo, &act(room, 1, kick(1)));
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::NotAllowed]);
    bench.say(bo, &act(room, 2, kick(1)));
    assert!(bench.heard(ana).iter().any(|said| matches!(said, ToClient::Removed { .. })));
}

#[test]
fn whoever_is_kicked_hears_nothing_after_it_and_the_others_see_why() {
    let (mut bench, room, [ana, bo, _]) = founded();
    let spam = Act::Kick { who: peer(2), reason: Some(remark("spam")) };
    bench.say_all(ana, &[text(room, 1, "before"), act(room, 2, spam), text(room, 3, "after")]);
    let heard = bench.heard(bo);
    let removed = ToClient::Removed { room, refusal: Refusal::Kicked, reason: Some(remark("spam")) };
    assert_eq!(heard, [removed]);
    let [Act::Kick { who, .. }] = &acts(&bench.heard(ana))[..] else { panic!("no kick") };
    assert_eq!((who.id, &*who.nick), (peer(2).id, "client 2"), "called as the host knows them");
    assert_eq!(bench.host.members(&den()).count(), 1);
    bench.say(bo, &text(room, 1, "but"));
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::NotMember]);
    assert_eq!(texts(&bench.heard(ana)), []);
    bench.join(bo, &den(), JoinFrom::Head);
}

#[test]
fn whoever_was_removed_says_nothing_any_more_on_its_old_link_nor_when_it_is_back() {
    for removal in [kick(2), ban(2, None)] {
        let (mut bench, room, [ana, bo, _]) = founded();
        let epoch = bench.join(bo, &den(), JoinFrom::Head).epoch;
        let is_banned = removal != kick(2);
        bench.say(ana, &act(room, 1, removal));
        bench.heard(ana);
        let here = JoinFrom::After { epoch, seq: Seq(2) };
        let attempts = [text(room, 1, "but"), act(room, 2, kick(1)), join(&den(), here), text(room, 1, "but")];
        bench.heard(bo);
        bench.say_all(bo, &attempts);
        let answer = if is_banned { Refusal::Banned { retry_after_ms: None } } else { Refusal::Kicked };
        let heard = bench.heard(bo);
        assert_eq!(refusals(&heard)[..2], [Refusal::NotMember; 2]);
        assert!(matches!(refusals(&heard)[2], Refusal::Kicked | Refusal::Banned { .. }));
        assert_eq!(refusals(&heard)[3], Refusal::NotMember);
        assert_eq!((entries(&heard).count(), bench.heard(ana).len()), (0, 0), "nothing is logged, and nothing told");
        bench.say(bo, &join(&den(), JoinFrom::Head));
        let heard = bench.heard(bo);
        assert_eq!(refusals(&heard).first().copied(), Some(answer).filter(|_| is_banned));
    }
}

#[test]
fn one_that_reads_slowly_gets_nothing_after_its_kick_when_it_reads_on() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.seen(bo).reads = false;
    (1..=2000).for_each(|cmid| bench.say(ana, &text(room, cmid, "a long line that fills windows")));
    bench.say_all(ana, &[act(room, 2001, kick(2)), text(room, 2002, "after")]);
    bench.read(bo);
    let heard = bench.heard(bo);
    let last = entries(&heard).map(|entry| entry.seq).max().unwrap();
    assert!(last < Seq(2003), "{last:?}");
    assert!(matches!(heard.last(), Some(ToClient::Removed { .. })), "nothing follows that it was removed");
}

#[test]
fn one_kicked_before_it_was_told_that_it_is_in_is_told_that_it_is_not() {
    let (mut bench, room, [ana, _, cy]) = founded();
    bench.seen(cy).reads = false;
    (1..=3000)
        .for_each(|cmid| bench.say(ana, &text(LOBBY, cmid, "a line that fills the window of one who does not read")));
    bench.say(cy, &join(&den(), JoinFrom::Head));
    bench.say(ana, &act(room, 1, kick(3)));
    bench.read(cy);
    let heard = bench.heard(cy);
    assert_eq!(refusals(&heard), [Refusal::Kicked]);
    assert!(!heard.iter().any(|said| matches!(said, ToClient::Joined(joined) if joined.room == room)));
}

#[test]
fn one_kicked_while_it_was_away_is_told_when_it_comes_back_and_may_then_join_anew() {
    let mut bench = Bench::new();
    let (ana, (bo, welcome)) = (bench.member(1), bench.greet(2, &hello(2, 1, None)));
    bench.join(bo, &RoomName::lobby(), JoinFrom::Head);
    let den_id = bench.join(ana, &den(), JoinFrom::Head).room;
    let joined = bench.join(bo, &den(), JoinFrom::Head);
    bench.down(bo);
    bench.say_all(ana, &[act(den_id, 1, kick(2)), text(den_id, 2, "after")]);
    let (back, _) = bench.greet(9, &hello(2, 2, Some(welcome.unwrap().token)));
    bench.heard(back);
    let resume = join(&den(), JoinFrom::After { epoch: joined.epoch, seq: joined.head });
    bench.say_all(back, &[resume.clone(), resume]);
    let heard = bench.heard(back);
    assert_eq!(refusals(&heard), [Refusal::Kicked; 2], "as often as it asks");
    assert_eq!(texts(&heard), []);
    bench.join(back, &den(), JoinFrom::Head);
}

#[test]
fn whoever_is_banned_may_not_come_back_before_its_time_under_whatever_name_and_producer() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.say(ana, &act(room, 1, ban(2, Some(60))));
    let banned = Refusal::Banned { retry_after_ms: Some(60_000) };
    assert_eq!(bench.heard(bo), [ToClient::Removed { room, refusal: banned, reason: None }]);
    bench.down(bo);
    let ToHost::Hello(mut anew) = hello(2, 1, None) else { unreachable!() };
    anew.producer = crate::ids::ProducerId::from_bytes([77; 8]);
    let (back, _) = bench.greet(9, &ToHost::Hello(anew));
    bench.join(back, &RoomName::lobby(), JoinFrom::Head);
    bench.pass_alive(secs(20), &[back, ana]);
    bench.heard(back);
    bench.say(back, &join(&den(), JoinFrom::Head));
    assert_eq!(refusals(&bench.heard(back)), [Refusal::Banned { retry_after_ms: Some(40_000) }]);
    bench.pass_alive(secs(40), &[back, ana]);
    bench.join(back, &den(), JoinFrom::Head);
}

#[test]
fn whoever_is_unbanned_may_come_back_and_nobody_else_can_be() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.say(ana, &act(room, 1, ban(2, None)));
    bench.heard(ana);
    bench.say(ana, &act(room, 2, Act::Unban(peer(3))));
    assert_eq!(refusals(&bench.heard(ana)), [Refusal::NoSuchPeer]);
    bench.say(ana, &act(room, 3, Act::Unban(peer(2))));
    bench.join(bo, &den(), JoinFrom::Head);
}

#[test]
fn whoever_is_muted_may_read_and_is_told_when_it_may_speak() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.say(ana, &act(room, 1, mute(2, Some(10))));
    bench.heard(bo);
    bench.say_all(bo, &[text(room, 1, "but"), act(room, 2, Act::Topic(None))]);
    let muted = Refusal::Muted { retry_after_ms: Some(10_000) };
    assert_eq!(refusals(&bench.heard(bo)), [muted, muted]);
    bench.say(ana, &text(room, 2, "read this"));
    assert_eq!(texts(&bench.heard(bo)).len(), 1);
    bench.pass(secs(10));
    bench.say(bo, &text(room, 3, "thanks"));
    assert_eq!(refusals(&bench.heard(bo)), []);
    bench.say_all(ana, &[act(room, 3, mute(2, None)), act(room, 4, Act::Unmute(peer(2)))]);
    bench.say(bo, &text(room, 4, "again"));
    assert_eq!(refusals(&bench.heard(bo)), []);
}

#[test]
fn a_mute_in_the_lobby_holds_in_every_room_and_for_founders_too() {
    let (mut bench, room, [ana, bo, _]) = founded();
    decree(&mut bench, mute(1, None)).unwrap();
    bench.heard(ana);
    bench.say_all(ana, &[text(room, 1, "mine"), text(LOBBY, 1, "all")]);
    assert_eq!(refusals(&bench.heard(ana)), [FOR_GOOD; 2]);
    bench.say(bo, &text(room, 1, "quiet here"));
    assert_eq!(refusals(&bench.heard(bo)), []);
}

#[test]
fn in_a_locked_room_only_those_speak_who_moderate_it() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.say(ana, &act(room, 1, Act::Rule(Rule::Locked(true))));
    bench.heard(bo);
    bench.say(bo, &text(room, 1, "but"));
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::Locked]);
    bench.say(ana, &text(room, 2, "hear, hear"));
    assert_eq!(texts(&bench.heard(bo)).len(), 1);
}

#[test]
fn in_a_slow_room_one_message_waits_for_the_other() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.say(ana, &act(room, 1, Act::Rule(Rule::Slow(5))));
    bench.heard(bo);
    bench.say_all(bo, &[text(room, 1, "one"), text(room, 2, "two")]);
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::SlowMode { retry_after_ms: 5000 }]);
    assert_eq!(Refusal::SlowMode { retry_after_ms: 5000 }.retry_after(), Some(Duration::from_secs(5)));
    bench.pass(secs(5));
    bench.say(bo, &text(room, 3, "three"));
    bench.say_all(ana, &[text(room, 2, "mine"), text(room, 3, "is not slow")]);
    assert_eq!(texts(&bench.heard(bo)).len(), 3);
}

#[test]
fn nothing_can_be_done_to_those_who_may_do_as_much() {
    let (mut bench, room, [ana, bo, cy]) = founded();
    let owner = bench.host.me().unwrap();
    appoint(&mut bench, 2);
    appoint(&mut bench, 3);
    for link in [ana, bo, cy] {
        bench.heard(link);
    }
    let at = |who| Act::Kick { who, reason: None };
    bench.say_all(bo, &[act(LOBBY, 1, kick(3)), act(LOBBY, 2, at(owner)), act(LOBBY, 3, kick(2))]);
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::NotAllowed; 3]);
    bench.say_all(ana, &[act(room, 1, kick(2)), act(room, 2, kick(1))]);
    assert_eq!(refusals(&bench.heard(ana)), [Refusal::NotAllowed; 2]);
    assert_eq!(decree(&mut bench, kick(0)), Err(Refusal::NoSuchPeer));
    bench.say(bo, &act(room, 1, kick(1)));
    assert_eq!(acts(&bench.heard(bo)).len(), 1, "a moderator is above whoever opened a room");
}

#[test]
fn roles_are_the_owners_to_give_in_the_lobby_and_to_take_away() {
    let (mut bench, room, [ana, bo, _]) = founded();
    let role = |number, role| Act::Role { who: peer(number), role };
    appoint(&mut bench, 2);
    assert_eq!(bench.host.role(peer(2).id), Role::Moderator);
    bench.heard(bo);
    bench.say_all(bo, &[act(LOBBY, 1, role(3, Role::Moderator)), act(room, 1, role(3, Role::Moderator))]);
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::NotAllowed; 2]);
    assert_eq!(decree(&mut bench, role(2, Role::Owner)), Err(Refusal::NotAllowed));
    assert_eq!(decree(&mut bench, role(99, Role::Moderator)), Err(Refusal::NoSuchPeer));
    decree(&mut bench, role(2, Role::Member)).unwrap();
    bench.say(bo, &act(LOBBY, 2, kick(1)));
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::NotAllowed]);
    assert_eq!(acts(&bench.heard(ana)).len(), 2, "everyone sees who moderates");
    assert_eq!(bench.host.role(bench.host.me().unwrap().id), Role::Owner);
}

#[test]
fn the_roster_says_who_moderates_also_to_those_who_come_later_and_of_those_who_come_again() {
    let (mut bench, _, [ana, bo, cy]) = founded();
    let told = |said: Vec<ToClient>| -> Vec<(PeerId, Role)> {
        let members = said.into_iter().filter_map(|said| match said {
            ToClient::Roster { members, .. } => Some(members),
            _ => None,
        });
        members.flatten().map(|record| (record.peer, record.role)).collect()
    };
    appoint(&mut bench, 2);
    for link in [ana, bo, cy] {
        assert_eq!(told(bench.heard(link)), [(peer(2).id, Role::Moderator)]);
    }
    bench.say(bo, &ToHost::Bye { reason: CloseReason::Left });
    let ToHost::Hello(mut again) = hello(2, 1, None) else { unreachable!() };
    again.producer = crate::ids::ProducerId::from_bytes([77; 8]);
    let (late, _) = bench.greet(9, &ToHost::Hello(again));
    let owner = bench.host.me().unwrap().id;
    let mut everybody = told(bench.heard(late));
    everybody.retain(|(_, role)| *role != Role::Member);
    everybody.sort();
    let mut moderators = [(owner, Role::Owner), (peer(2).id, Role::Moderator), (peer(2).id, Role::Moderator)];
    moderators.sort();
    assert_eq!(everybody, moderators, "a role is a peer's, whichever client it comes with");
    decree(&mut bench, Act::Role { who: peer(2), role: Role::Member }).unwrap();
    assert_eq!(told(bench.heard(late)), [(peer(2).id, Role::Member); 2]);
    assert_eq!(bench.host.people().filter(|person| person.role != Role::Member).count(), 1);
}

#[test]
fn whoever_joins_a_room_is_told_who_opened_it() {
    let (mut bench, _, [_, _, cy]) = founded();
    assert_eq!(bench.join(cy, &den(), JoinFrom::Head).founder, Some(peer(1).id));
    assert_eq!(bench.join(cy, &RoomName::lobby(), JoinFrom::Head).founder, None);
    let two = RoomName::direct(peer(3).id, peer(1).id);
    assert_eq!(bench.join(cy, &two, JoinFrom::Head).founder, None);
    assert_eq!(bench.host.founder(&den()), Some(peer(1).id));
}

#[test]
fn a_kick_from_the_lobby_is_one_from_the_session() {
    let (mut bench, room, [ana, bo, cy]) = founded();
    decree(&mut bench, kick(2)).unwrap();
    assert_eq!(bench.closed(bo), Some(CloseReason::Kicked));
    let reasons = |said: &[ToClient], room| -> Vec<LeaveReason> {
        let there: Vec<_> = entries(said).filter(|entry| entry.room == room).collect();
        there.iter().filter_map(|e| if let Body::Leave { reason } = e.body { Some(reason) } else { None }).collect()
    };
    let heard = bench.heard(ana);
    assert_eq!(reasons(&heard, room), [LeaveReason::Removed]);
    assert_eq!(reasons(&heard, LOBBY), [], "there the kick says it");
    assert_eq!(acts(&bench.heard(cy)).len(), 1);
    assert_eq!(bench.host.members(&RoomName::lobby()).count(), 3);
    let (_, back) = bench.greet(9, &hello(2, 2, None));
    assert!(back.is_err(), "the client that was kicked is not let in again");
    let ToHost::Hello(mut anew) = hello(2, 1, None) else { unreachable!() };
    anew.producer = crate::ids::ProducerId::from_bytes([77; 8]);
    assert!(bench.greet(10, &ToHost::Hello(anew)).1.is_ok(), "a new one is");
}

#[test]
fn a_client_kicked_from_the_session_while_it_was_away_is_told_so() {
    let mut bench = Bench::new();
    let (bo, welcome) = bench.greet(2, &hello(2, 1, None));
    bench.join(bo, &RoomName::lobby(), JoinFrom::Head);
    bench.down(bo);
    decree(&mut bench, kick(2)).unwrap();
    let token = Some(welcome.unwrap().token);
    assert_eq!(bench.greet(9, &hello(2, 2, token)).1, Err(CloseReason::Kicked));
    assert_eq!(bench.greet(10, &hello(2, 3, token)).1, Err(CloseReason::Kicked), "as often as it asks");
    assert_eq!(bench.host.people().count(), 1);
}

#[test]
fn a_ban_in_the_lobby_keeps_a_peer_out_of_the_session_for_its_time() {
    let (mut bench, _, [ana, bo, cy]) = founded();
    decree(&mut bench, ban(2, Some(30))).unwrap();
    assert_eq!(bench.closed(bo), Some(CloseReason::Banned { retry_after_ms: Some(30_000) }));
    let ToHost::Hello(mut anew) = hello(2, 1, None) else { unreachable!() };
    anew.producer = crate::ids::ProducerId::from_bytes([77; 8]);
    let anew = ToHost::Hello(anew);
    bench.pass_alive(secs(10), &[ana, cy]);
    assert_eq!(bench.greet(9, &anew).1, Err(CloseReason::Banned { retry_after_ms: Some(20_000) }));
    bench.pass_alive(secs(20), &[ana, cy]);
    assert!(bench.greet(10, &anew).1.is_ok());
}

#[test]
fn only_so_many_are_banned_and_muted_at_once() {
    let limits = Limits { sanctions: 2, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    for number in 1..=3 {
        bench.member(number);
    }
    let [one, two, three] = [1, 2, 3].map(|number| decree(&mut bench, mute(number, Some(u32::from(number)))));
    assert_eq!((one, two, three), (Ok(()), Ok(()), Err(Refusal::TooMany { limit: 2 })));
    bench.pass(secs(1));
    assert_eq!(decree(&mut bench, mute(3, None)), Ok(()), "one is over");
    assert_eq!(
        [1, 2, 3].map(|number| decree(&mut bench, ban(number, None))),
        [Ok(()), Ok(()), Err(Refusal::TooMany { limit: 2 })]
    );
}

#[test]
fn a_closed_room_is_closed_for_all_and_one_of_its_name_begins_anew() {
    let (mut bench, room, [ana, bo, _]) = founded();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    let before = bench.host.history(&den()).unwrap().epoch();
    for link in [ana, bo] {
        bench.heard(link);
    }
    bench.say_all(bo, &[act(room, 1, Act::Close), text(room, 2, "still here")]);
    assert_eq!(refusals(&bench.heard(bo)), [Refusal::NotAllowed]);
    bench.say_all(ana, &[act(room, 1, Act::Close), text(room, 2, "gone")]);
    let removed = ToClient::Removed { room, refusal: Refusal::RoomClosed, reason: None };
    assert_eq!(bench.heard(bo).last(), Some(&removed));
    let heard = bench.heard(ana);
    assert!(matches!(&heard[1..3], [ToClient::Ack { cmid: Cmid(1), .. }, told] if *told == removed), "{heard:?}");
    assert_eq!(refusals(&heard), [Refusal::NotMember]);
    assert!(bench.told.iter().any(|event| matches!(event, Event::Removed { why: Refusal::RoomClosed, .. })));
    assert_eq!(bench.host.rooms().count(), 1);
    let anew = bench.join(bo, &den(), JoinFrom::Start);
    assert_ne!((anew.room, anew.epoch), (room, before));
    assert_eq!(decree(&mut bench, Act::Close), Err(Refusal::NotAllowed), "the lobby stays");
}

#[test]
fn one_that_was_away_when_its_room_was_closed_is_told_and_not_put_into_another() {
    let mut bench = Bench::new();
    let (ana, (bo, welcome)) = (bench.member(1), bench.greet(2, &hello(2, 1, None)));
    bench.join(bo, &RoomName::lobby(), JoinFrom::Head);
    let den_id = bench.join(ana, &den(), JoinFrom::Head).room;
    let joined = bench.join(bo, &den(), JoinFrom::Head);
    bench.down(bo);
    bench.say(ana, &act(den_id, 1, Act::Close));
    bench.join(ana, &den(), JoinFrom::Head);
    let (back, _) = bench.greet(9, &hello(2, 2, Some(welcome.unwrap().token)));
    bench.heard(back);
    bench.say(back, &join(&den(), JoinFrom::After { epoch: joined.epoch, seq: joined.head }));
    assert_eq!(refusals(&bench.heard(back)), [Refusal::RoomClosed]);
}

#[test]
fn what_a_closed_room_held_keeps_nobody_from_being_forgotten() {
    let limits = Limits { remembered: 0, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    let (ana, bo) = (bench.member(1), bench.member(2));
    let den_id = bench.join(ana, &den(), JoinFrom::Head).room;
    bench.join(bo, &den(), JoinFrom::Head);
    bench.say(bo, &text(den_id, 1, "remember me"));
    bench.say(bo, &ToHost::Bye { reason: CloseReason::Left });
    let known =
        |bench: &Bench| bench.host.roster.find(PeerId::from_bytes([2; 16]), crate::ids::ProducerId::from_bytes([2; 8]));
    assert!(known(&bench).is_some());
    bench.say(ana, &act(den_id, 1, Act::Close));
    let lobby = bench.host.history(&RoomName::lobby()).unwrap().head().0;
    assert!(known(&bench).is_some(), "the lobby still holds {lobby} entries");
    assert_eq!(bench.host.members.values().map(|member| member.entries).sum::<usize>() as u64, lobby);
}

#[test]
fn an_act_that_only_the_host_makes_is_of_no_kind_that_may_be_sent() {
    let (mut bench, room, [ana, ..]) = founded();
    bench.say(ana, &act(room, 1, Act::Knock));
    assert_eq!(refusals(&bench.heard(ana)), [Refusal::Kind]);
    assert_eq!(vec![bench.heard(ana).len()], [0]);
}

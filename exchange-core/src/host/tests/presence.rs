//! How members are shown, what they are called, and how often others are told.

use alloc::{string::String, vec::Vec};
use core::time::Duration;

use super::{Bench, config, den, entries, hello, peer, secs};
use crate::{
    event::Event,
    host::{HostConfig, RoomName},
    ids::Token,
    limits::Timing,
    message::{Availability, Body, Hello, JoinFrom, MemberRecord, Presence, Status, ToClient, ToHost},
    name::{NameError, Nick},
    reason::{CloseReason, Refusal},
    seam::{Input, LinkId},
};

fn presence(availability: Availability, note: &str) -> Presence {
    Presence { availability, note: (!note.is_empty()).then(|| note.parse().unwrap()) }
}

fn away(note: &str) -> ToHost {
    ToHost::Presence(presence(Availability::Away, note))
}

fn rename(nick: &str) -> ToHost {
    ToHost::Rename { nick: nick.into() }
}

/// The hello of a client of that number that goes by another nick, and is somehow.
fn hello_as(number: u8, attempt: u32, token: Option<Token>, nick: &str, presence: Presence) -> ToHost {
    let ToHost::Hello(hello) = hello(number, attempt, token) else { panic!("no hello") };
    ToHost::Hello(Hello { nick: nick.into(), presence, ..hello })
}

fn records(said: &[ToClient]) -> Vec<MemberRecord> {
    let roster = |said: &ToClient| match said {
        ToClient::Roster { members, .. } => members.clone(),
        _ => Vec::new(),
    };
    said.iter().flat_map(roster).collect()
}

/// How a link was told that somebody is, in order.
fn statuses(said: &[ToClient]) -> Vec<(Status, String)> {
    let note = |record: &MemberRecord| record.note.as_ref().map(|note| note.as_str().into()).unwrap_or_default();
    records(said).iter().map(|record| (record.status, note(record))).collect()
}

fn renames(said: &[ToClient]) -> Vec<(String, String)> {
    let rename = |entry: &super::Entry| match &entry.body {
        Body::Rename { before, nick } => Some((before.as_str().into(), nick.as_str().into())),
        _ => None,
    };
    entries(said).filter_map(rename).collect()
}

/// Two members of the lobby of which nothing is new any more.
fn pair(bench: &mut Bench) -> (LinkId, LinkId) {
    let (one, other) = (bench.member(1), bench.member(2));
    bench.pass(Timing::default().pace);
    bench.heard(one);
    bench.heard(other);
    bench.told.clear();
    (one, other)
}

#[test]
fn what_a_member_says_of_how_it_is_is_told_to_all_and_to_the_host_itself() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    bench.say(one, &away("lunch"));
    assert_eq!(statuses(&bench.heard(other)), [(Status::Away, "lunch".into())]);
    assert_eq!(statuses(&bench.heard(one)), [(Status::Away, "lunch".into())]);
    let peer = bench.host.members(&RoomName::lobby()).find(|peer| &*peer.nick == "client 1").unwrap();
    let note = Some("lunch".parse().unwrap());
    assert_eq!(bench.told, [Event::Presence { peer: peer.clone(), status: Status::Away, note: note.clone() }]);
    let person = bench.host.people().find(|person| person.peer == peer).unwrap();
    assert_eq!((person.status, person.note), (Status::Away, note));
}

#[test]
fn whoever_changes_a_hundred_times_a_second_is_told_of_twice_a_second_and_as_they_are_last() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    for number in 0..500 {
        bench.say(one, &away(&alloc::format!("{number}")));
        bench.pass(Duration::from_millis(10));
    }
    bench.pass(secs(1));
    let told = statuses(&bench.heard(other));
    assert!((10..=11).contains(&told.len()), "five seconds, twice a second: {}", told.len());
    assert_eq!(told.last(), Some(&(Status::Away, "499".into())));
}

#[test]
fn nothing_is_told_of_whoever_changes_back_in_time() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    bench.say(one, &away("lunch"));
    bench.say(one, &away("dinner"));
    bench.say(one, &away("lunch"));
    bench.pass(secs(2));
    assert_eq!(statuses(&bench.heard(other)), [(Status::Away, "lunch".into())]);
}

#[test]
fn a_rename_storm_is_told_twice_a_second_and_the_log_holds_no_more() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    for number in 0..500 {
        bench.say(one, &rename(&alloc::format!("n{number}")));
        bench.pass(Duration::from_millis(10));
    }
    bench.pass(secs(1));
    let renames = renames(&bench.heard(other));
    assert!((10..=11).contains(&renames.len()), "{}", renames.len());
    assert_eq!(renames.last().map(|(_, nick)| nick.as_str()), Some("n499"));
    assert!(renames.windows(2).all(|pair| pair[0].1 == pair[1].0), "each begins where the last one ended");
}

#[test]
fn a_change_that_waits_is_forgotten_when_its_member_is_gone() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    bench.say(one, &away("lunch"));
    bench.say(one, &ToHost::Presence(Presence::default()));
    bench.say(one, &ToHost::Bye { reason: CloseReason::Left });
    bench.pass(secs(2));
    assert_eq!(statuses(&bench.heard(other)), [(Status::Away, "lunch".into()), (Status::Offline, String::new())]);
}

#[test]
fn whoever_is_back_is_as_they_say_and_without_flicker_if_they_were_gone_for_a_moment_only() {
    for (gone, expected) in [
        (Duration::from_millis(1400), &[][..]),
        (secs(3), &[(Status::Unreachable, String::new()), (Status::Away, "lunch".into())][..]),
    ] {
        let mut bench = Bench::new();
        let (link, welcome) = bench.greet(1, &hello(1, 1, None));
        let other = bench.member(2);
        bench.pass(secs(1));
        bench.say(link, &away("lunch"));
        bench.heard(other);
        bench.down(link);
        bench.pass_alive(secs(gone.as_secs()), &[other]);
        bench.pass(Duration::from_millis(gone.subsec_millis().into()));
        let lunch = presence(Availability::Away, "lunch");
        bench.greet(3, &hello_as(1, 2, Some(welcome.unwrap().token), "client 1", lunch)).1.unwrap();
        bench.pass_alive(secs(7), &[other]);
        assert_eq!(statuses(&bench.heard(other)), expected, "{gone:?}");
    }
}

#[test]
fn a_new_nick_is_told_in_every_room_and_by_the_roster_first() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    bench.join(one, &den(), JoinFrom::Head);
    bench.join(other, &den(), JoinFrom::Head);
    bench.told.clear();
    bench.say(one, &rename(" ana "));
    let heard = bench.heard(other);
    assert_eq!(records(&heard[..1]).iter().map(|record| record.nick.as_str()).collect::<Vec<_>>(), ["ana"]);
    assert_eq!(renames(&heard), [("client 1".into(), "ana".into()), ("client 1".into(), "ana".into())]);
    // The host itself is in the lobby only.
    let renamed = |event: &Event| match event {
        Event::Renamed { room, peer, before, replayed: false, .. } => {
            Some((room.clone(), peer.clone(), before.clone()))
        }
        _ => None,
    };
    let told: Vec<_> = bench.told.iter().filter_map(renamed).collect();
    let [(room, peer, before)] = &told[..] else { panic!("{told:?}") };
    assert!(room.is_lobby());
    assert_eq!((&**before, &*peer.nick), ("client 1", "ana"));
}

#[test]
fn a_nick_that_looks_like_another_is_refused_and_nobody_else_hears_of_it() {
    let mut bench = Bench::new();
    let (one, other) = pair(&mut bench);
    let refused = |nick: &str, kept: &str, error| ToClient::RenameRefused {
        nick: nick.parse().unwrap(),
        kept: kept.parse().unwrap(),
        refusal: Refusal::Name(error),
    };
    for (nick, error) in [
        ("Client 2", NameError::Confusable),
        ("сliеnt 2", NameError::MixedScripts),
        ("Server", NameError::Reserved),
        ("host", NameError::Reserved),
    ] {
        bench.say(one, &rename(nick));
        assert_eq!(bench.heard(one), [refused(nick, "client 1", error)]);
    }
    bench.say(one, &rename("client 2"));
    assert_eq!(renames(&bench.heard(other)), [("client 1".into(), "client 2".into())], "the same nick may be shared");
    bench.pass(secs(1));
    bench.say(one, &rename("\u{1b}[2J"));
    assert_eq!(bench.closed(one), Some(CloseReason::Name(NameError::Unshowable)));
    assert_eq!(bench.heard(other), []);
}

#[test]
fn whoever_comes_by_a_nick_that_looks_like_another_is_not_let_in() {
    let mut bench = Bench::new();
    bench.member(1);
    let before = bench.host.members.len();
    let answer = bench.greet(7, &hello_as(7, 1, None, "Client 1", Presence::default())).1;
    assert_eq!(answer, Err(CloseReason::Name(NameError::Confusable)));
    assert_eq!(bench.host.members.len(), before, "nothing of it stays");
    bench.greet(8, &hello_as(8, 1, None, "client 1", Presence::default())).1.unwrap();
}

#[test]
fn whoever_comes_back_by_a_nick_it_cannot_have_keeps_the_one_it_had() {
    let mut bench = Bench::new();
    bench.member(2);
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    bench.down(link);
    bench.pass(secs(1));
    let again = hello_as(1, 2, Some(welcome.unwrap().token), "CLIENT 2", Presence::default());
    let (link, welcome) = bench.greet(3, &again);
    welcome.unwrap();
    let refused = |said: &ToClient| matches!(said, ToClient::RenameRefused { kept, .. } if &**kept == "client 1");
    assert!(bench.heard(link).iter().any(refused));
    assert!(bench.host.people().any(|person| &*person.peer.nick == "client 1"));
}

#[test]
fn a_nick_is_kept_for_whoever_may_be_back_and_free_when_they_have_left() {
    let mut bench = Bench::new();
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    welcome.unwrap();
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.down(link);
    bench.pass(secs(60));
    let come = |bench: &mut Bench, number: u8| {
        bench.greet(number.into(), &hello_as(number, 1, None, "Client 1", Presence::default())).1.map(|_| ())
    };
    assert_eq!(come(&mut bench, 5), Err(CloseReason::Name(NameError::Confusable)));
    bench.pass(secs(60));
    assert_eq!(come(&mut bench, 6), Ok(()));
}

#[test]
fn a_client_that_crashed_keeps_no_nick_from_the_next_one_of_its_peer() {
    let mut bench = Bench::new();
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    let token = welcome.unwrap().token;
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.pass(secs(1));
    bench.say(link, &rename("Client 1"));
    bench.down(link);
    let ToHost::Hello(mut anew) = hello(1, 1, None) else { unreachable!() };
    anew.producer = crate::ids::ProducerId::from_bytes([77; 8]);
    let (link, welcome) = bench.greet(2, &ToHost::Hello(anew));
    welcome.unwrap();
    let called = |bench: &Bench| -> Vec<Nick> {
        bench.host.people().filter(|person| person.peer.id == peer(1).id).map(|person| person.peer.nick).collect()
    };
    assert_eq!(called(&bench).iter().map(|nick| &**nick).collect::<Vec<_>>(), ["Client 1", "client 1"]);
    let stranger = bench.greet(3, &hello_as(3, 1, None, "client 1", Presence::default())).1;
    assert_eq!(stranger, Err(CloseReason::Name(NameError::Confusable)), "to others both are taken");
    // Should it not have crashed after all, it is let in again, by the nick it had.
    let (_, back) = bench.greet(4, &hello_as(1, 2, Some(token), "Client 1", Presence::default()));
    back.unwrap();
    bench.pass_alive(secs(130), &[link, LinkId(4)]);
    assert_eq!(called(&bench).len(), 2);
}

#[test]
fn the_host_itself_is_told_of_like_everybody() {
    let mut bench = Bench::new();
    let (one, _) = pair(&mut bench);
    bench.round(|round| round.set_presence(presence(Availability::Busy, "teaching"))).unwrap();
    assert_eq!(statuses(&bench.heard(one)), [(Status::Busy, "teaching".into())]);
    let ana: Nick = "ana".parse().unwrap();
    bench.round(|round| round.rename(&ana)).unwrap();
    assert_eq!(renames(&bench.heard(one)), [("host".into(), "ana".into())]);
    assert_eq!(bench.host.me().unwrap().nick, ana);
    let refused = bench.round(|round| round.rename(&"Client 2".parse().unwrap()));
    assert_eq!(refused, Err(Refusal::Name(NameError::Confusable)));
    assert_eq!(bench.heard(one), []);
}

#[test]
fn the_host_itself_is_away_when_nobody_is_at_the_keyboard_and_back_when_somebody_is() {
    let idle = Some(secs(600));
    let mut bench = Bench::with(HostConfig { idle, ..config() });
    let (one, other) = pair(&mut bench);
    bench.pass_alive(secs(599), &[one, other]);
    bench.input(Input::Activity);
    bench.pass_alive(secs(599), &[one, other]);
    assert_eq!(statuses(&bench.heard(one)), []);
    bench.pass_alive(secs(1), &[one, other]);
    assert_eq!(statuses(&bench.heard(one)), [(Status::Away, String::new())]);
    bench.pass_alive(secs(1), &[one, other]);
    bench.post(&RoomName::lobby(), "back").unwrap();
    assert_eq!(statuses(&bench.heard(one)), [(Status::Online, String::new())], "to say something is a sign of life");
    bench.round(|round| round.set_presence(presence(Availability::Away, ""))).unwrap();
    bench.pass_alive(secs(1200), &[one, other]);
    bench.input(Input::Activity);
    bench.pass_alive(secs(1), &[one, other]);
    assert_eq!(statuses(&bench.heard(one)), [(Status::Away, String::new())], "what was chosen stays");
}

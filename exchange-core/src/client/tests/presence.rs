//! How a client is and what it is called, as it wishes and as the host allows.

use super::{ANA, Bench, ana, config, host_entry, secs};
use crate::{
    client::ClientConfig,
    event::{Event, Person},
    ids::Rev,
    message::{Availability, Body, MemberRecord, Presence, Role, Status, ToClient, ToHost},
    name::{NameError, Nick},
    reason::{CloseReason, Refusal},
    seam::{Input, LinkLoss},
};

fn nick(nick: &str) -> Nick {
    nick.parse().unwrap()
}

fn away(note: &str) -> Presence {
    Presence { availability: Availability::Away, note: Some(note.parse().unwrap()) }
}

fn refused(nick: &str, kept: &str) -> ToClient {
    let refusal = Refusal::Name(NameError::Confusable);
    ToClient::RenameRefused { nick: nick.parse().unwrap(), kept: kept.parse().unwrap(), refusal }
}

/// How often the client has said anything of how it is or what it is called.
fn changes(said: &[ToHost]) -> usize {
    said.iter().filter(|said| matches!(said, ToHost::Presence(_) | ToHost::Rename { .. })).count()
}

#[test]
fn what_changes_in_one_round_is_said_once_as_it_is_at_its_end() {
    let mut bench = Bench::in_lobby();
    bench.said();
    bench.round(|round| {
        for note in ["lunch", "dinner", "asleep"] {
            round.set_presence(away(note)).unwrap();
            round.rename(nick(note)).unwrap();
        }
    });
    assert_eq!(bench.said(), [ToHost::Presence(away("asleep")), ToHost::Rename { nick: "asleep".into() }]);
    bench.round(|round| {
        round.set_presence(Presence::default()).unwrap();
        round.set_presence(away("asleep")).unwrap();
    });
    assert_eq!(bench.said(), [], "it is what it was");
}

#[test]
fn what_changes_without_a_link_is_said_with_the_next_hello_and_not_again() {
    let mut bench = Bench::in_lobby();
    bench.down(LinkLoss::Broken);
    bench.round(|round| round.set_presence(away("train"))).unwrap();
    bench.round(|round| round.rename(nick("bob"))).unwrap();
    bench.redial();
    let hello = bench.arrive();
    assert_eq!((&*hello.nick, hello.presence), ("bob", away("train")));
    bench.said();
    bench.enter();
    assert_eq!(changes(&bench.said()), 0);
    let again = bench.reconnect();
    assert_eq!((&*again.nick, again.presence), ("bob", away("train")), "it is so over every reconnect");
}

#[test]
fn what_changes_between_hello_and_welcome_is_said_after_it() {
    let mut bench = Bench::new();
    bench.arrive();
    bench.said();
    bench.round(|round| round.set_presence(away("lunch"))).unwrap();
    assert_eq!(bench.said(), [], "nobody is let in yet");
    bench.enter();
    assert!(bench.said().contains(&ToHost::Presence(away("lunch"))));
}

#[test]
fn a_link_that_takes_nothing_is_told_of_the_last_change_when_it_does() {
    let mut bench = Bench::in_lobby();
    bench.said();
    bench.reads = false;
    for number in 0..20_000 {
        bench.round(|round| round.set_presence(away(&alloc::format!("{number}")))).unwrap();
    }
    assert!(bench.client.is_connected(), "it has not said more than the link takes");
    bench.reads = true;
    bench.read();
    assert_eq!(bench.said().last(), Some(&ToHost::Presence(away("19999"))));
}

#[test]
fn a_refused_nick_is_told_and_not_asked_for_again() {
    let mut bench = Bench::in_lobby();
    let before = bench.client.me();
    bench.round(|round| round.rename(nick("Ana"))).unwrap();
    assert_eq!(bench.client.me(), before, "it is not called that before the host says so");
    bench.told();
    bench.hear(&refused("Ana", "client"));
    let refusal = Refusal::Name(NameError::Confusable);
    assert_eq!(bench.told(), [Event::RenameRefused { nick: nick("Ana"), refusal }]);
    bench.said();
    bench.input(Input::Tick);
    assert_eq!(bench.said(), []);
    assert_eq!(&*bench.reconnect().nick, "client");
}

#[test]
fn the_refusal_of_an_earlier_wish_leaves_the_last_one() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.rename(nick("Ana"))).unwrap();
    bench.round(|round| round.rename(nick("bob"))).unwrap();
    bench.hear(&refused("Ana", "client"));
    assert_eq!(&*bench.reconnect().nick, "bob");
}

#[test]
fn a_nick_that_a_new_life_of_the_host_refuses_is_given_up_for_the_last_one_it_had() {
    let mut bench = Bench::in_lobby();
    bench.down(LinkLoss::Broken);
    bench.round(|round| round.rename(nick("Ana"))).unwrap();
    bench.redial();
    assert_eq!(&*bench.arrive().nick, "Ana");
    bench.told();
    let reason = CloseReason::Name(NameError::Confusable);
    bench.hear(&ToClient::Bye { reason });
    let refusal = Refusal::Name(NameError::Confusable);
    assert_eq!(bench.told()[0], Event::RenameRefused { nick: nick("Ana"), refusal });
    bench.redial();
    assert_eq!(&*bench.arrive().nick, "me");
    bench.hear(&ToClient::Bye { reason });
    assert!(bench.client.is_closed(), "it has no other");
}

#[test]
fn a_new_nick_of_its_own_or_somebody_elses_is_told_by_the_entry_that_says_so() {
    let mut bench = Bench::in_lobby();
    let mine = MemberRecord { nick: nick("bob"), ..bench.me() };
    let hers = MemberRecord { nick: nick("anna"), ..ana(Status::Online) };
    bench.told();
    bench.hear(&ToClient::Roster { rev: Rev(4), members: [mine.clone(), hers.clone()].into() });
    assert_eq!(bench.told(), [], "the roster says how they are called, and their rooms that it is new");
    assert_eq!(&*bench.client.me().nick, "bob");
    for (seq, author, (before, new)) in [(1, super::ME, ("client", "bob")), (2, ANA, ("ana", "anna"))] {
        let body = Body::Rename { before: nick(before), nick: nick(new) };
        bench.hear(&host_entry(seq, author, body));
        let told = bench.told();
        let [Event::Renamed { peer, before: was, replayed: false, .. }] = &told[..] else { panic!("{told:?}") };
        assert_eq!((&*peer.nick, &**was), (new, before));
    }
}

#[test]
fn how_others_are_is_told_when_it_changes_and_kept_to_be_looked_at() {
    let mut bench = Bench::in_lobby();
    bench.told();
    let note = away("lunch").note;
    for rev in [3, 4] {
        let record = MemberRecord { note: note.clone(), ..ana(Status::Away) };
        bench.hear(&ToClient::Roster { rev: Rev(rev), members: [record].into() });
    }
    let peer = ana(Status::Away).peer();
    assert_eq!(
        bench.told(),
        [Event::Presence { peer: peer.clone(), status: Status::Away, note: note.clone() }],
        "once"
    );
    let person = Person { peer: peer.clone(), role: Role::Member, status: Status::Away, note };
    assert!(bench.client.people().any(|other| other == person));
    bench.hear(&ToClient::Roster { rev: Rev(5), members: [ana(Status::Unreachable)].into() });
    let unreachable = Person { peer, role: Role::Member, status: Status::Unreachable, note: None };
    assert!(bench.client.people().any(|other| other == unreachable), "she may be back any moment");
    bench.hear(&ToClient::Roster { rev: Rev(6), members: [ana(Status::Offline)].into() });
    assert_eq!(bench.client.people().count(), 1);
}

#[test]
fn nobody_at_the_keyboard_is_away_also_over_a_reconnect_and_back_with_the_first_sign() {
    let mut bench = Bench::with(ClientConfig { idle: Some(secs(2)), ..config() }, 1);
    bench.arrive();
    bench.enter();
    bench.said();
    bench.pass(secs(1));
    bench.input(Input::Activity);
    bench.pass(secs(1));
    assert_eq!(changes(&bench.said()), 0);
    bench.pass(secs(1));
    let idle = Presence { availability: Availability::Away, note: None };
    assert_eq!(changes(&bench.said()), 1);
    assert_eq!(bench.reconnect().presence, idle);
    bench.enter();
    bench.said();
    bench.input(Input::Activity);
    assert!(bench.said().contains(&ToHost::Presence(Presence::default())));
    bench.pass(secs(2));
    bench.said();
    bench.round(|round| round.post(&crate::RoomName::lobby(), Body::text("here"))).unwrap();
    assert_eq!(changes(&bench.said()), 1, "to say something is a sign of life");
}

#[test]
fn a_client_that_is_closed_watches_nobody() {
    let mut bench = Bench::with(ClientConfig { idle: Some(secs(600)), ..config() }, 1);
    bench.arrive();
    bench.enter();
    bench.round(|round| {
        round.close();
    });
    assert_eq!(bench.out.wake(), None);
    assert_eq!(bench.round(|round| round.rename(nick("bob"))), Err(Refusal::Closed));
    assert_eq!(bench.round(|round| round.set_presence(away("gone"))), Err(Refusal::Closed));
}

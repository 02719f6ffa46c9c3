//! Sessions that are for those who know a secret.

use super::{Bench, LOBBY, config, hello, join, proven_hello, somebody};
use crate::{
    Durability, Limits, Rate,
    event::Event,
    host::{Admission, HostConfig},
    ids::Token,
    message::{Act, Body, Encoding, Hello, JoinFrom, ToClient, ToHost},
    name::RoomName,
    reason::{CloseReason, Refusal},
    seam::{Input, LinkId, LinkLoss, Proven},
};

/// Comes by the secret, or with no more than who it is.
const BY_SECRET: bool = true;
const BY_NAME: bool = false;

fn locked() -> HostConfig {
    HostConfig { admission: Admission::BySecret, ..config() }
}

/// What the nth run of somebody's client says first.
fn run(who: u8, run: u8, token: Option<Token>) -> ToHost {
    proven_hello(&somebody(who), run, run.into(), token)
}

impl Bench {
    /// That run of somebody's client comes into the lobby; why not, if it does not.
    fn enters(&mut self, link: u64, (who, by_secret): (u8, bool), greeting: &ToHost) -> Option<CloseReason> {
        let proven = Proven { identity: somebody(who).public(), by_secret };
        let link = self.open_proven(proven, link);
        self.say_all(link, &[greeting.clone(), join(&RoomName::lobby(), JoinFrom::Head)]);
        self.sync();
        self.closed(link)
    }

    fn leaves(&mut self, link: u64) {
        self.say(LinkId(link), &ToHost::Bye { reason: CloseReason::Left });
    }

    fn welcome_token(&mut self, link: u64) -> Option<Token> {
        self.heard(LinkId(link)).into_iter().find_map(|told| match told {
            ToClient::Welcome(welcome) => Some(welcome.token),
            _ => None,
        })
    }
}

#[test]
fn nobody_comes_in_but_by_the_secret() {
    let mut bench = Bench::with(locked());
    assert_eq!(bench.host.admission(), Admission::BySecret);
    assert_eq!(bench.enters(1, (1, BY_NAME), &run(1, 1, None)), Some(CloseReason::Locked));
    let clear = bench.open(2, Encoding::Postcard, super::WINDOW);
    bench.say(clear, &hello(2, 1, None));
    assert_eq!(bench.closed(clear), Some(CloseReason::Locked));
    assert_eq!(bench.host.people().count(), 1, "nobody but the host");
    assert_eq!(bench.enters(3, (1, BY_SECRET), &run(1, 1, None)), None);

    let mut open = Bench::new();
    assert_eq!(open.enters(1, (1, BY_NAME), &run(1, 1, None)), None);
}

#[test]
fn whoever_has_come_by_the_secret_comes_back_without_it_in_whichever_run() {
    let mut bench = Bench::with(locked());
    assert_eq!(bench.enters(1, (1, BY_SECRET), &run(1, 1, None)), None);
    let token = bench.welcome_token(1);
    bench.input(Input::LinkDown { link: LinkId(1), loss: LinkLoss::Broken });
    let ToHost::Hello(again) = run(1, 1, token) else { panic!("no hello") };
    assert_eq!(bench.enters(2, (1, BY_NAME), &ToHost::Hello(Hello { attempt: 9, ..again })), None);
    bench.leaves(2);
    assert_eq!(bench.enters(3, (1, BY_NAME), &run(1, 2, None)), None);
    assert_eq!(bench.enters(4, (2, BY_NAME), &run(2, 1, None)), Some(CloseReason::Locked), "somebody else does not");
    // Who only says that it is that peer has proven nothing.
    bench.leaves(3);
    let clear = bench.open(5, Encoding::Postcard, super::WINDOW);
    bench.say(clear, &run(1, 3, None));
    assert_eq!(bench.closed(clear), Some(CloseReason::Locked));
}

#[test]
fn whoever_was_removed_needs_the_secret_again() {
    let mut bench = Bench::with(locked());
    assert_eq!(bench.enters(1, (1, BY_SECRET), &run(1, 1, None)), None);
    let who = bench.host.people().find(|person| person.peer.id == somebody(1).peer()).unwrap().peer;
    let kick = Body::Act(Act::Kick { who, reason: None });
    bench.round(|round| round.post(&RoomName::lobby(), kick)).unwrap();
    assert_eq!(bench.closed(LinkId(1)), Some(CloseReason::Kicked));
    assert_eq!(bench.enters(2, (1, BY_NAME), &run(1, 2, None)), Some(CloseReason::Locked));
    assert_eq!(bench.enters(3, (1, BY_SECRET), &run(1, 3, None)), None);
}

#[test]
fn who_was_let_in_is_kept_beyond_the_life_of_a_host() {
    let keeping = || HostConfig { store: Some(Durability::Fsynced), ..locked() };
    let mut bench = Bench::with(keeping());
    assert_eq!(bench.enters(1, (1, BY_SECRET), &run(1, 1, None)), None);
    bench.leaves(1);
    bench.sync();
    bench.restore(keeping()).unwrap();
    assert_eq!(bench.enters(1, (1, BY_NAME), &run(1, 2, None)), None);
    assert_eq!(bench.enters(2, (2, BY_NAME), &run(2, 1, None)), Some(CloseReason::Locked));
}

#[test]
fn no_more_are_remembered_than_may_be() {
    let limits = Limits { remembered: 3, ..Limits::lan() };
    let mut bench = Bench::with(HostConfig { limits, store: Some(Durability::Fsynced), ..locked() });
    for who in 1..=9 {
        assert_eq!(bench.enters(who.into(), (who, BY_SECRET), &run(who, who, None)), None);
        assert!(bench.host.lock.let_in.len() <= 3 && bench.host.lock.let_in.contains(&somebody(who).peer()), "{who}");
        bench.leaves(who.into());
    }
    bench.sync();
    let kept = bench.disk.rows.keys().filter(|key| matches!(key, crate::store::Key::LetIn(_))).count();
    assert_eq!((kept, bench.host.rooms[&LOBBY].size()), (3, 1));
}

fn by_approval() -> HostConfig {
    HostConfig { admission: Admission::ByApproval, ..config() }
}

impl Bench {
    fn knocks(&mut self) -> usize {
        self.told.drain(..).filter(|event| matches!(event, Event::Knocked { .. })).count()
    }
}

#[test]
fn whoever_knocks_comes_in_when_somebody_has_approved_of_them_and_ever_after() {
    let mut bench = Bench::with(HostConfig { store: Some(Durability::Fsynced), ..by_approval() });
    assert_eq!(bench.enters(1, (1, BY_NAME), &run(1, 1, None)), Some(CloseReason::Knocking));
    assert_eq!(bench.enters(2, (1, BY_NAME), &run(1, 1, None)), Some(CloseReason::Knocking));
    assert_eq!(bench.knocks(), 1, "it is asked about each once");
    assert!(bench.host.knocking().map(|peer| peer.id).eq([somebody(1).peer()]));
    bench.round(|round| round.admit(somebody(1).peer())).unwrap();
    assert_eq!(bench.host.knocking().count(), 0);
    assert_eq!(bench.round(|round| round.admit(somebody(1).peer())), Err(Refusal::NoSuchPeer));
    assert_eq!(bench.enters(3, (1, BY_NAME), &run(1, 1, None)), None);
    bench.leaves(3);
    bench.sync();
    bench.restore(by_approval()).unwrap();
    assert_eq!(bench.enters(4, (1, BY_NAME), &run(1, 2, None)), None);
}

#[test]
fn whoever_is_turned_away_is_told_so_and_nobody_is_asked_about_them_again() {
    let mut bench = Bench::with(by_approval());
    assert_eq!(bench.enters(1, (1, BY_NAME), &run(1, 1, None)), Some(CloseReason::Knocking));
    bench.round(|round| round.turn_away(somebody(1).peer())).unwrap();
    bench.knocks();
    assert_eq!(bench.enters(2, (1, BY_NAME), &run(1, 2, None)), Some(CloseReason::TurnedAway));
    assert!(CloseReason::TurnedAway.is_final() && !CloseReason::Knocking.is_final());
    assert_eq!((bench.knocks(), bench.host.knocking().count()), (0, 0));
    let clear = bench.open(3, Encoding::Postcard, super::WINDOW);
    bench.say(clear, &run(3, 1, None));
    assert_eq!(bench.closed(clear), Some(CloseReason::Locked), "who has not proven who they are cannot be approved of");
}

#[test]
fn nobody_is_asked_without_end() {
    let limits = Limits { invitations: 3, newcomers: Rate { per_second: 1, burst: 5 }, ..Limits::lan() };
    let mut bench = Bench::with(HostConfig { limits, ..by_approval() });
    let from = Some(core::net::IpAddr::from([10, 0, 0, 9]));
    let mut knock = |who: u8| {
        let proven = Some(Proven { identity: somebody(who).public(), by_secret: false });
        let link = bench.open_with((from, proven), who.into(), Encoding::Postcard, super::WINDOW);
        bench.say(link, &run(who, 1, None));
        (bench.closed(link), bench.knocks(), bench.host.knocking().count())
    };
    let heard: alloc::vec::Vec<_> = (1..=7).map(&mut knock).collect();
    let waits = |waiting| (Some(CloseReason::Knocking), 1, waiting);
    assert_eq!(heard[..5], [waits(1), waits(2), waits(3), waits(3), waits(3)]);
    assert_eq!(heard[5..], [(Some(CloseReason::Full), 0, 3); 2], "an address has had its turn");
}

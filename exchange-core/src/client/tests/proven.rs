//! Links on which a handshake has proven who hosts.

use super::{Bench, Encoding, config, disconnects};
use crate::{
    client::ClientConfig,
    event::{Ended, Event},
    ids::{MemberId, PeerId, ProducerId, Rev},
    message::{MemberRecord, Role, Status, ToClient},
    reason::{CloseReason, Violation},
    seam::{Input, LinkLoss, Proven},
};

const HOST: PeerId = PeerId::from_bytes([7; 16]);
const STRANGER: PeerId = PeerId::from_bytes([8; 16]);

const FOUND: LinkLoss = LinkLoss::Stranger { expected: HOST, found: STRANGER };

impl Bench {
    /// The link that was dialled last comes up, with that host at its other end.
    fn arrive_at(&mut self, host: PeerId) {
        self.arrive_by(Proven { peer: host, by_secret: false });
    }

    fn arrive_by(&mut self, proven: Proven) {
        let (link, credit) = (self.link(), self.window);
        self.input(Input::LinkUp { link, credit, from: None });
        self.input(Input::Opened { link, encoding: Encoding::Postcard, proven: Some(proven) });
    }

    fn owner(&mut self, peer: PeerId) {
        let (producer, nick) = (ProducerId::from_bytes([7; 8]), "host".parse().unwrap());
        let (member, role, status) = (MemberId::OWNER, Role::Owner, Status::Online);
        let owner = MemberRecord { member, peer, producer, nick, role, status, note: None };
        self.hear(&ToClient::Roster { rev: Rev(3), members: [owner].into() });
    }
}

#[test]
fn the_host_that_was_met_first_is_the_one_that_is_expected_ever_after() {
    let mut bench = Bench::new();
    assert_eq!(bench.client.host(), None);
    bench.arrive_at(HOST);
    assert_eq!(bench.client.host(), Some(HOST));
    bench.down(LinkLoss::Broken);
    assert_eq!(bench.client.host(), Some(HOST));

    let bench = Bench::with(ClientConfig { host: Some(HOST), ..config() }, 1);
    assert_eq!(bench.client.host(), Some(HOST));
}

#[test]
fn whoever_comes_for_the_first_time_ends_at_a_stranger_and_whoever_was_in_a_session_looks_on() {
    let mut bench = Bench::new();
    bench.down(FOUND);
    assert_eq!(bench.told(), [Event::Closed { cause: Ended::Lost(FOUND) }]);
    assert!(bench.client.is_closed());

    let mut bench = Bench::new();
    bench.arrive_at(HOST);
    bench.enter();
    bench.down(LinkLoss::Broken);
    bench.redial();
    bench.told();
    bench.down(FOUND);
    assert_eq!(disconnects(&bench.told()), [Ended::Lost(FOUND)]);
    bench.redial();
    // Nor is what anybody says before a handshake the end of it.
    for said in [LinkLoss::NotEncrypted, LinkLoss::OnlyEncrypted, LinkLoss::NothingInCommon, LinkLoss::NotLocked] {
        bench.down(said);
        assert_eq!(disconnects(&bench.told()), [Ended::Lost(said)]);
        bench.redial();
    }
    bench.arrive_at(HOST);
    bench.enter();
    assert!(bench.client.is_connected());
    bench.down(LinkLoss::Broken);
    bench.redial();
    bench.down(LinkLoss::WrongSecret);
    assert!(bench.client.is_closed(), "it tells nobody more of its secret");
}

#[test]
fn a_host_that_tells_of_another_owner_than_it_has_proven_to_be_is_not_believed() {
    let mut bench = Bench::new();
    bench.arrive_at(HOST);
    bench.enter();
    bench.owner(HOST);
    assert!(bench.client.is_connected());
    bench.owner(STRANGER);
    assert_eq!(bench.closed.last().map(|(_, reason)| *reason), Some(CloseReason::Violation(Violation::Impostor)));

    let mut in_the_clear = Bench::in_lobby();
    in_the_clear.owner(HOST);
    in_the_clear.owner(STRANGER);
    assert!(in_the_clear.client.is_connected(), "there, nobody has proven anything");
}

const BY_SECRET: Proven = Proven { peer: HOST, by_secret: true };

fn knowing() -> Bench {
    Bench::with(ClientConfig { has_secret: true, ..config() }, 1)
}

#[test]
fn a_client_shows_the_secret_until_it_is_in_and_again_if_it_is_locked_out() {
    let mut bench = knowing();
    assert!(bench.client.shows_secret() && !bench.client.host_has_secret());
    bench.arrive_by(BY_SECRET);
    assert!(bench.client.shows_secret(), "it is not in yet");
    bench.enter();
    assert!(!bench.client.shows_secret() && bench.client.host_has_secret());

    bench.reconnect();
    bench.hear(&ToClient::Bye { reason: CloseReason::Locked });
    assert_eq!(disconnects(&bench.told()).last(), Some(&Ended::Told(CloseReason::Locked)));
    assert!(bench.client.shows_secret(), "the host has forgotten it");
    bench.redial();
    bench.arrive_by(BY_SECRET);
    bench.enter();
    assert!(bench.client.is_connected() && !bench.client.shows_secret());
}

#[test]
fn a_client_that_knows_no_secret_or_has_shown_it_in_vain_stays_away() {
    let locked = Event::Closed { cause: Ended::Told(CloseReason::Locked) };
    let mut bench = Bench::new();
    bench.arrive_at(HOST);
    assert!(!bench.client.shows_secret());
    bench.hear(&ToClient::Bye { reason: CloseReason::Locked });
    assert_eq!(bench.told().last(), Some(&locked));

    let mut bench = knowing();
    bench.arrive_by(BY_SECRET);
    bench.hear(&ToClient::Bye { reason: CloseReason::Locked });
    assert_eq!(bench.told().last(), Some(&locked));

    let mut bench = knowing();
    bench.down(LinkLoss::WrongSecret);
    assert_eq!(bench.told().last(), Some(&Event::Closed { cause: Ended::Lost(LinkLoss::WrongSecret) }));
}

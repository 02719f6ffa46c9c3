//! Links on which a handshake has proven who hosts.

use super::{ANA, Bench, Encoding, LOBBY, ME, config, disconnects, joined, welcome};
use crate::{
    client::ClientConfig,
    digest::Digest,
    event::{Ended, Event},
    identity::Identity,
    ids::{MemberId, PeerId, ProducerId, Rev, Seq},
    message::{Chained, Joined, MemberRecord, Role, Status, ToClient},
    name::RoomName,
    reason::{CloseReason, Violation},
    seam::{Input, LinkLoss, Proven},
};

fn host() -> Identity {
    Identity::from_seed([7; 32])
}

fn stranger() -> Identity {
    Identity::from_seed([8; 32])
}

fn found() -> LinkLoss {
    LinkLoss::Stranger { expected: host().peer(), found: stranger().peer() }
}

impl Bench {
    /// The link that was dialled last comes up, with that host at its other end.
    fn arrive_at(&mut self, host: &Identity) {
        self.arrive_by(Proven { identity: host.public(), by_secret: false });
    }

    fn arrive_by(&mut self, proven: Proven) {
        let (link, credit) = (self.link(), self.window);
        self.input(Input::LinkUp { link, credit, from: None });
        self.input(Input::Opened { link, encoding: Encoding::Postcard, proven: Some(proven) });
    }

    /// That host lets the client in and says what can be proven of the lobby's log.
    fn enter_proven(&mut self) {
        self.hear(&ToClient::Welcome(welcome()));
        self.roster();
        let chained = Some(Chained { chain: Some(Digest::from_bytes([1; 32])), since: Seq(0) }.into());
        let lobby = joined(&RoomName::lobby(), LOBBY.0, 0);
        self.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), chained, ..lobby }));
    }

    fn owner(&mut self, peer: PeerId) {
        let (producer, nick) = (ProducerId::from_bytes([7; 8]), "host".parse().unwrap());
        let (member, role, status) = (MemberId::OWNER, Role::Owner, Status::Online);
        let owner = MemberRecord { member, peer, producer, nick, role, status, note: None, identity: None };
        self.hear(&ToClient::Roster { rev: Rev(3), members: [owner].into() });
    }
}

#[test]
fn the_host_that_was_met_first_is_the_one_that_is_expected_ever_after() {
    let mut bench = Bench::new();
    assert_eq!(bench.client.host(), None);
    bench.arrive_at(&host());
    assert_eq!(bench.client.host(), Some(host().peer()));
    bench.down(LinkLoss::Broken);
    assert_eq!(bench.client.host(), Some(host().peer()));

    let bench = Bench::with(ClientConfig { host: Some(host().peer()), ..config() }, 1);
    assert_eq!(bench.client.host(), Some(host().peer()));
}

#[test]
fn whoever_comes_for_the_first_time_ends_at_a_stranger_and_whoever_was_in_a_session_looks_on() {
    let mut bench = Bench::new();
    bench.down(found());
    assert_eq!(bench.told(), [Event::Closed { cause: Ended::Lost(found()) }]);
    assert!(bench.client.is_closed());

    let mut bench = Bench::new();
    bench.arrive_at(&host());
    bench.enter_proven();
    bench.down(LinkLoss::Broken);
    bench.redial();
    bench.told();
    bench.down(found());
    assert_eq!(disconnects(&bench.told()), [Ended::Lost(found())]);
    bench.redial();
    // Nor is what anybody says before a handshake the end of it.
    for said in [LinkLoss::NotEncrypted, LinkLoss::OnlyEncrypted, LinkLoss::NothingInCommon, LinkLoss::NotLocked] {
        bench.down(said);
        assert_eq!(disconnects(&bench.told()), [Ended::Lost(said)]);
        bench.redial();
    }
    bench.arrive_at(&host());
    bench.enter_proven();
    assert!(bench.client.is_connected());
    bench.down(LinkLoss::Broken);
    bench.redial();
    bench.down(LinkLoss::WrongSecret);
    assert!(bench.client.is_closed(), "it tells nobody more of its secret");
}

#[test]
fn a_host_that_tells_of_another_owner_than_it_has_proven_to_be_is_not_believed() {
    let mut bench = Bench::new();
    bench.arrive_at(&host());
    bench.enter_proven();
    bench.owner(host().peer());
    assert!(bench.client.is_connected());
    bench.owner(stranger().peer());
    assert_eq!(bench.closed.last().map(|(_, reason)| *reason), Some(CloseReason::Violation(Violation::Impostor)));

    let mut in_the_clear = Bench::in_lobby();
    in_the_clear.owner(host().peer());
    in_the_clear.owner(stranger().peer());
    assert!(in_the_clear.client.is_connected(), "there, nobody has proven anything");
}

fn by_secret() -> Proven {
    Proven { identity: host().public(), by_secret: true }
}

fn knowing() -> Bench {
    Bench::with(ClientConfig { has_secret: true, ..config() }, 1)
}

#[test]
fn a_client_shows_the_secret_until_it_is_in_and_again_if_it_is_locked_out() {
    let mut bench = knowing();
    assert!(bench.client.shows_secret() && !bench.client.host_has_secret());
    bench.arrive_by(by_secret());
    assert!(bench.client.shows_secret(), "it is not in yet");
    bench.enter_proven();
    assert!(!bench.client.shows_secret() && bench.client.host_has_secret());

    bench.reconnect();
    bench.hear(&ToClient::Bye { reason: CloseReason::Locked });
    assert_eq!(disconnects(&bench.told()).last(), Some(&Ended::Told(CloseReason::Locked)));
    assert!(bench.client.shows_secret(), "the host has forgotten it");
    bench.redial();
    bench.arrive_by(by_secret());
    bench.enter_proven();
    assert!(bench.client.is_connected() && !bench.client.shows_secret());
}

#[test]
fn a_client_that_knows_no_secret_or_has_shown_it_in_vain_stays_away() {
    let locked = Event::Closed { cause: Ended::Told(CloseReason::Locked) };
    let mut bench = Bench::new();
    bench.arrive_at(&host());
    assert!(!bench.client.shows_secret());
    bench.hear(&ToClient::Bye { reason: CloseReason::Locked });
    assert_eq!(bench.told().last(), Some(&locked));

    let mut bench = knowing();
    bench.arrive_by(by_secret());
    bench.hear(&ToClient::Bye { reason: CloseReason::Locked });
    assert_eq!(bench.told().last(), Some(&locked));

    let mut bench = knowing();
    bench.down(LinkLoss::WrongSecret);
    assert_eq!(bench.told().last(), Some(&Event::Closed { cause: Ended::Lost(LinkLoss::WrongSecret) }));
}

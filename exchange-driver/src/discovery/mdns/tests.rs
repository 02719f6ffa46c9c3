use std::{net::UdpSocket, pin::pin, time::Duration};

use exchange_core::{
    Nick, SessionName,
    discovery::{SERVICE_TYPE, instance_name},
};
use futures_util::StreamExt as _;
use mdns_sd::{ServiceEvent, ServiceInfo};

use super::{keeper::Unpark, *};

/// Only a failure takes this long.
const DEADLINE: Duration = Duration::from_secs(60);

/// A network of its own for each test.
struct Lan(MdnsConfig);

impl Lan {
    fn new() -> Self {
        let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self(MdnsConfig::loopback_on_port(port))
    }

    fn join(&self) -> Mdns {
        Mdns::new(&self.0).unwrap()
    }
}

fn record(id: u8) -> PeerRecord {
    let (name, host) = (SessionName::new("Ops").unwrap(), Nick::new("ana").unwrap());
    let mut record = PeerRecord::new(SessionId::from_bytes([id; 16]), name, host, 27_027);
    record.metadata.insert("topic", "mDNS, näturally").unwrap();
    record
}

/// The record as those find it who browse the loopback interface.
fn found(record: &PeerRecord) -> PeerRecord {
    let mut found = record.clone();
    found.addresses = vec!["127.0.0.1:27027".parse().unwrap()];
    found
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Arc::new(Unpark(thread::current())).into();
    let deadline = now() + DEADLINE;
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        let left = deadline.saturating_duration_since(now());
        assert!(!left.is_zero(), "nothing happened for {DEADLINE:?}");
        thread::park_timeout(left);
    }
}

fn next(browse: &mut Browse) -> Option<SessionEvent> {
    wait(browse.next())
}

#[test]
fn a_session_is_found_changes_and_disappears_when_it_is_withdrawn() {
    let lan = Lan::new();
    let (ana, ben) = (lan.join(), lan.join());
    let mut browse = ben.browse().unwrap();
    let mut record = record(1);
    let announcement = ana.announce(&record).unwrap();
    assert_eq!(next(&mut browse), Some(SessionEvent::Appeared(found(&record))));
    record.people = 2;
    announcement.update(&record).unwrap();
    assert_eq!(next(&mut browse), Some(SessionEvent::Changed(found(&record))));
    wait(announcement.withdraw());
    assert_eq!(next(&mut browse), Some(SessionEvent::Disappeared(record.session)));
}

#[test]
fn a_session_that_was_announced_before_is_found_by_every_browse() {
    let lan = Lan::new();
    let (ana, ben) = (lan.join(), lan.join());
    let announcement = ana.announce(&record(1)).unwrap();
    for browser in [&ben, &ben, &ana] {
        let mut browse = browser.browse().unwrap();
        assert_eq!(next(&mut browse), Some(SessionEvent::Appeared(found(&record(1)))));
    }
    drop(announcement);
}

#[test]
fn a_host_that_shuts_down_says_goodbye_for_all_its_sessions() {
    let lan = Lan::new();
    let (ana, ben) = (lan.join(), lan.join());
    let mut browse = ben.browse().unwrap();
    let _announcements = [1, 2].map(|id| ana.announce(&record(id)).unwrap());
    let mut there = SessionTable::new();
    while there.len() < 2 {
        match next(&mut browse).unwrap() {
            SessionEvent::Appeared(record) => there.resolved(record),
            event => panic!("{event:?}"),
        };
    }
    wait(ana.shutdown());
    while !there.is_empty() {
        match next(&mut browse).unwrap() {
            SessionEvent::Disappeared(session) => there.removed(session),
            event => panic!("{event:?}"),
        };
    }
}

#[test]
fn dropping_the_last_handle_says_goodbye_too() {
    let lan = Lan::new();
    let (ana, ben) = (lan.join(), lan.join());
    let mut browse = ben.browse().unwrap();
    let announcement = ana.announce(&record(1)).unwrap();
    drop(ana);
    assert_eq!(next(&mut browse), Some(SessionEvent::Appeared(found(&record(1)))));
    drop(announcement);
    assert_eq!(next(&mut browse), Some(SessionEvent::Disappeared(record(1).session)));
}

#[test]
fn a_suspect_that_is_still_there_stays() {
    let lan = Lan::new();
    let (ana, ben) = (lan.join(), lan.join());
    let mut browse = ben.browse().unwrap();
    let announcement = ana.announce(&record(1)).unwrap();
    assert_eq!(next(&mut browse), Some(SessionEvent::Appeared(found(&record(1)))));
    browse.suspect(record(1).session);
    // By the time that a newcomer is found and a goodbye is heard, a suspect would be gone.
    let newcomer = ana.announce(&record(2)).unwrap();
    assert_eq!(next(&mut browse), Some(SessionEvent::Appeared(found(&record(2)))));
    drop(newcomer);
    assert_eq!(next(&mut browse), Some(SessionEvent::Disappeared(record(2).session)));
    drop(announcement);
    assert_eq!(next(&mut browse), Some(SessionEvent::Disappeared(record(1).session)));
}

#[test]
fn a_shut_down_discovery_ends_its_browses_and_refuses_everything() {
    let mdns = Lan::new().join();
    let mut browse = mdns.browse().unwrap();
    let announcement = mdns.announce(&record(1)).unwrap();
    wait(mdns.shutdown());
    wait(mdns.shutdown());
    while next(&mut browse).is_some() {}
    assert!(matches!(mdns.browse(), Err(DiscoveryError::Closed)));
    assert!(matches!(mdns.announce(&record(2)), Err(DiscoveryError::Closed)));
    assert!(matches!(announcement.update(&record(1)), Err(DiscoveryError::Closed)));
    wait(announcement.withdraw());
}

#[test]
fn a_session_is_announced_once_and_only_as_itself() {
    let mdns = Lan::new().join();
    let announcement = mdns.announce(&record(1)).unwrap();
    assert!(matches!(mdns.announce(&record(1)), Err(DiscoveryError::AlreadyAnnounced)));
    assert!(matches!(announcement.update(&record(2)), Err(DiscoveryError::OtherSession)));
    drop(announcement);
    assert!(mdns.announce(&record(1)).is_ok());
}

#[test]
fn services_that_are_no_sessions_and_packets_that_are_no_packets_are_passed_over() {
    let lan = Lan::new();
    let ben = lan.join();
    let mut browse = ben.browse().unwrap();

    let intruder = lan.0.start().unwrap();
    let of_another = record(9).to_txt();
    let unshowable =
        [("v", "1"), ("id", &instance_name(record(8).session)), ("n", "\u{1b}[2J"), ("h", "a"), ("p", "1")];
    let register = |instance: &str, txt: &[(String, String)]| {
        let service = ServiceInfo::new(SERVICE_TYPE, instance, "intruder.local.", "127.0.0.1", 7, txt);
        let mut service = service.unwrap();
        service.set_requires_probe(false);
        intruder.register(service).unwrap();
    };
    register("a printer", &[]);
    register(&instance_name(record(7).session), &of_another);
    register(&instance_name(record(8).session), &unshowable.map(|(key, value)| (key.into(), value.into())));

    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for seed in 0..=u8::MAX {
        // The header of a response that promises an answer, and something else behind it.
        let mut packet = vec![0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0];
        packet.extend((0..seed).map(|i| i.wrapping_mul(seed) ^ 0xc0));
        socket.send_to(&packet, ("127.0.0.1", lan.0.port)).unwrap();
    }

    let announcement = lan.join().announce(&record(1)).unwrap();
    assert_eq!(next(&mut browse), Some(SessionEvent::Appeared(found(&record(1)))));
    drop(announcement);
    assert_eq!(next(&mut browse), Some(SessionEvent::Disappeared(record(1).session)));
    intruder.shutdown().unwrap().recv().unwrap();
}

#[test]
fn more_at_once_than_the_daemon_keeps_for_anybody_costs_nothing_but_time() {
    /// Each is two events, and a thousand are kept.
    const SERVICES: usize = 700;

    let lan = Lan::new();
    let (ana, ben) = (lan.join(), lan.join());
    let mut browse = ben.browse().unwrap();
    let _first = ana.announce(&record(1)).unwrap();
    assert_eq!(next(&mut browse), Some(SessionEvent::Appeared(found(&record(1)))));

    let (intruder, witness) = (lan.0.start().unwrap(), lan.0.start().unwrap());
    let seen = witness.browse(SERVICE_TYPE).unwrap();
    // As long as this is held, whatever ben hears waits.
    let held = ben.handle.shared.state();
    for number in 0..SERVICES {
        let instance = format!("printer {number}");
        let service = ServiceInfo::new(SERVICE_TYPE, &instance, "intruder.local.", "127.0.0.1", 7, None);
        let mut service = service.unwrap();
        service.set_requires_probe(false);
        while let Err(mdns_sd::Error::Again) = intruder.register(service.clone()) {
            thread::yield_now();
        }
        // The witness reads along: it is kept no more for than ben is.
        while !matches!(
            seen.recv_timeout(DEADLINE).unwrap(),
            ServiceEvent::ServiceResolved(resolved) if resolved.fullname == service.get_fullname()
        ) {}
    }
    drop(held);

    let _second = ana.announce(&record(2)).unwrap();
    let mut there = SessionTable::new();
    there.resolved(found(&record(1)));
    while there.get(record(2).session).is_none() || there.get(record(1).session).is_none() {
        there.apply(next(&mut browse).unwrap());
    }
    for daemon in [intruder, witness] {
        daemon.shutdown().unwrap().recv().unwrap();
    }
}

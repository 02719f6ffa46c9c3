//! Whether multicast gets through: asks everybody on the network, and hears who answers.
//!
//! What is sent to a multicast group comes back to the machine that sent it, through the same firewall that what others
//! send has to pass. If not even that is heard, nothing will be.

mod sockets;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::pending,
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use exchange_tokio::core::discovery::SERVICE_TYPE;
use tokio::time::{sleep, timeout};

use self::sockets::Packet;
pub(super) use self::sockets::Sockets;
use crate::local::{Interface, LeftOut};

/// What every machine answers that speaks multicast DNS and has anything to offer.
const ANYTHING: &str = "_services._dns-sd._udp.local.";

/// Whoever has answered within the last second keeps silent.
const ASK_AGAIN: Duration = Duration::from_millis(1100);

/// What was heard on an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// What this machine sends itself.
    pub(super) own: bool,
    /// What others send, by their addresses: those of IPv4, if there are any, so that most machines count once.
    pub(super) others: BTreeSet<IpAddr>,
    /// Whether one of them announces a session.
    pub(super) sessions: bool,
}

/// Listens on each of these interfaces for as long as that, and asks on those that the user has not left out. What is heard
/// is told by the interface's name.
///
/// # Errors
///
/// If there is no listening at the port of multicast DNS, in either family.
pub(super) async fn probe(interfaces: &[Interface], patience: Duration) -> io::Result<BTreeMap<String, Heard>> {
    let sockets = Sockets::open(interfaces)?;
    let mut heard = vec![Heard::default(); interfaces.len()];
    let listening = async {
        while let Ok(packet) = sockets.receive().await {
            note(interfaces, &mut heard, &packet);
        }
        pending::<()>().await;
    };
    let is_asked = |interface: &&Interface| interface.left_out != Some(LeftOut::NotChosen);
    let asked: Vec<_> = interfaces.iter().filter(is_asked).cloned().collect();
    let asking = async {
        let question = question([SERVICE_TYPE, ANYTHING]);
        sockets.ask(&asked, &question).await;
        sleep(ASK_AGAIN).await;
        sockets.ask(&asked, &question).await;
        pending::<()>().await;
    };
    // Neither ever ends.
    let _ = timeout(patience, async { tokio::join!(listening, asking) }).await;
    for heard in &mut heard {
        if heard.others.iter().any(IpAddr::is_ipv4) {
            heard.others.retain(IpAddr::is_ipv4);
        }
    }
    Ok(interfaces.iter().map(|interface| interface.name.clone()).zip(heard).collect())
}

fn note(interfaces: &[Interface], heard: &mut [Heard], packet: &Packet) {
    let from = packet.from;
    for (interface, heard) in interfaces.iter().zip(heard) {
        if !is_from(from, interface) {
            continue;
        }
        if interface.ips().any(|own| own == from.ip()) {
            heard.own = true;
        } else {
            heard.others.insert(from.ip());
            heard.sessions |= announces_session(&packet.bytes);
        }
    }
}

/// Whether whoever has this address is on the network that this interface leads to.
pub(super) fn is_from(from: SocketAddr, interface: &Interface) -> bool {
    let is_elsewhere = matches!(from, SocketAddr::V6(from)
        if from.ip().is_unicast_link_local() && from.scope_id() != interface.index);
    !is_elsewhere && interface.leads_to(from.ip())
}

/// Whether it is an answer, and one that names what sessions are announced as: once at least, a name is in full.
fn announces_session(packet: &[u8]) -> bool {
    const FLAGS: usize = 2;
    const IS_ANSWER: u8 = 0x80;
    let service = labels(SERVICE_TYPE);
    packet.get(FLAGS).is_some_and(|flags| flags & IS_ANSWER != 0)
        // Its end may be said by where it stands already.
        && service.len().checked_sub(LOCAL.len()).is_some_and(|length| {
            packet.windows(length).any(|window| service.starts_with(window))
        })
}

/// What every name of multicast DNS ends with.
const LOCAL: &[u8] = b"\x05local\0";

/// Whether a packet asks for this name.
pub(super) fn asks_for(packet: &[u8], name: &str) -> bool {
    let name = labels(name);
    packet.windows(name.len()).any(|window| window == name)
}

/// A packet that asks for these names.
pub(super) fn question<const N: usize>(names: [&str; N]) -> Vec<u8> {
    const PTR_IN: [u8; 4] = [0, 12, 0, 1];
    let count = u8::try_from(N).unwrap_or_default();
    let mut packet = vec![0, 0, 0, 0, 0, count, 0, 0, 0, 0, 0, 0];
    for name in names {
        packet.extend(labels(name));
        packet.extend(PTR_IN);
    }
    packet
}

/// A name, as packets have it.
fn labels(name: &str) -> Vec<u8> {
    let mut labels = Vec::with_capacity(name.len() + 2);
    for label in name.split_terminator('.') {
        labels.push(u8::try_from(label.len()).unwrap_or_default());
        labels.extend(label.as_bytes());
    }
    labels.push(0);
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_two_names_made_of_labels() {
        let question = question([SERVICE_TYPE, ANYTHING]);
        assert!(question.starts_with(b"\0\0\0\0\0\x02\0\0\0\0\0\0\x09_exchange\x04_tcp\x05local\0\0\x0c\0\x01"));
        assert!(question.ends_with(b"\x09_services\x07_dns-sd\x04_udp\x05local\0\0\x0c\0\x01"));
    }

    #[test]
    fn a_session_is_announced_by_an_answer_that_names_the_service_and_by_nothing_else() {
        let asked = question([SERVICE_TYPE]);
        assert!(!announces_session(&asked));
        let mut answered = asked.clone();
        answered[2] = 0x84;
        assert!(announces_session(&answered));
        let mut other = question([ANYTHING]);
        other[2] = 0x84;
        assert!(!announces_session(&other));
        for length in 0..asked.len().min(20) {
            assert!(!announces_session(&answered[..length]));
        }
    }
}

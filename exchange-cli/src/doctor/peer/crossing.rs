//! What of multicast DNS gets from one of two machines to the other.
//!
//! Both ask everybody for a name that nobody has: the token of whoever asks. To a firewall and to whatever else is on the
//! way, that is a question like any other. The other side recognises it, and whoever hears its own knows that it hears.

use std::{future::pending, io, time::Duration};

use if_addrs::IfAddr;
use tokio::time::{sleep, timeout};

use super::said::{Crossing, Hearing, Token};
use crate::{
    doctor::multicast::{self, Sockets},
    local::Interface,
};

/// How long to listen.
const PATIENCE: Duration = Duration::from_millis(2500);

/// A packet may be lost, and Wi-Fi sends to everybody only now and then.
const ASK_AGAIN: Duration = Duration::from_millis(700);

/// One who listens already, so that nothing is missed that is sent from now on.
pub(super) struct Listening {
    interfaces: Vec<Interface>,
    sockets: Sockets,
}

impl Listening {
    /// Listens on these interfaces.
    pub(super) fn open(interfaces: Vec<Interface>) -> io::Result<Self> {
        Ok(Self { sockets: Sockets::open(&interfaces)?, interfaces })
    }

    /// Asks for one's own token, and listens for the other's.
    pub(super) async fn cross(self, own: &Token, other: &Token) -> Crossing {
        let Self { interfaces, sockets } = self;
        let has = |is_meant: fn(&IfAddr) -> bool| {
            let addresses = interfaces.iter().flat_map(|interface| &interface.addresses);
            addresses.into_iter().any(is_meant).then(Hearing::default)
        };
        let mut crossing = Crossing {
            ipv4: has(|address| address.ip().is_ipv4()),
            // What is sent to everybody by IPv6 comes from such an address.
            ipv6: has(|address| matches!(address, IfAddr::V6(address) if address.ip.is_unicast_link_local())),
        };
        let [own, other] = [own, other].map(|token| format!("{token}.local."));
        let listening = async {
            while let Ok(packet) = sockets.receive().await {
                let family = if packet.from.is_ipv4() { &mut crossing.ipv4 } else { &mut crossing.ipv6 };
                if let Some(hearing) = family
                    && interfaces.iter().any(|interface| multicast::is_from(packet.from, interface))
                {
                    hearing.own |= multicast::asks_for(&packet.bytes, &own);
                    hearing.other |= multicast::asks_for(&packet.bytes, &other);
                }
            }
            pending::<()>().await;
        };
        let asking = async {
            let question = multicast::question([&own]);
            loop {
                sockets.ask(&interfaces, &question).await;
                sleep(ASK_AGAIN).await;
            }
        };
        // Neither ever ends.
        let _ = timeout(PATIENCE, async { tokio::join!(listening, asking) }).await;
        crossing
    }
}

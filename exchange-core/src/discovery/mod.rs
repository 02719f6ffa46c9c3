//! Who is out there: what a host announces of its session, and which sessions are there now.
//!
//! A host announces a [`PeerRecord`], in DNS-SD under [`SERVICE_TYPE`]. What the record says of itself travels as TXT
//! properties ([`PeerRecord::to_txt`], [`PeerRecord::from_txt`]); its port and addresses travel as SRV, A and AAAA
//! records. The instance is named by the session's id ([`instance_name`]), which is unique, so that nobody has to
//! probe for it and nobody is ever renamed; what people call the session is only a label.
//!
//! A browser hears of the same session several times: per address family, per interface, again after a network has
//! healed, removed twice. [`SessionTable`] folds all that into one set, and says a thing only when it changes.
//!
//! All of it is a hint. Anybody on the network can announce anything, under any id, for any address: who a host is
//! shows only once it has been connected to.

use alloc::{format, string::String};

use crate::ids::SessionId;

mod record;
mod sessions;
mod txt;

pub use self::{
    record::{Metadata, MetadataError, PeerRecord},
    sessions::{SessionEvent, SessionTable},
    txt::{TXT_LIMIT, TXT_MAX_BYTES, TxtError},
};

/// The DNS-SD service type of a session, with its domain.
pub const SERVICE_TYPE: &str = "_exchange._tcp.local.";

/// The TCP port that a host listens on unless it is told another.
pub const DEFAULT_PORT: u16 = 27_027;

/// The name that a session's service instance has: its id in hex.
pub fn instance_name(session: SessionId) -> String {
    format!("{session}")
}

/// The session whose service instance has this name, given alone or with the service type and domain behind it.
pub fn instance_session(name: &str) -> Option<SessionId> {
    let label = name.split_once('.').map_or(name, |(label, _)| label);
    SessionId::parse(label)
}

/// The host name that a session's address records stand under.
///
/// It is not the machine's own name: to announce that with another set of addresses would be a conflict, and the
/// machine or we would be renamed.
pub fn host_name(session: SessionId) -> String {
    let id = format!("{session}");
    format!("exchange-{id:.8}.local.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionId = SessionId::from_bytes([0xa5; 16]);

    #[test]
    fn an_instance_is_found_by_its_name_alone_or_with_its_service_type() {
        let name = instance_name(SESSION);
        assert_eq!(instance_session(&name), Some(SESSION));
        assert_eq!(instance_session(&format!("{name}.{SERVICE_TYPE}")), Some(SESSION));
        assert_eq!(instance_session(&format!("{name} (2).{SERVICE_TYPE}")), None);
        assert_eq!(instance_session(""), None);
    }

    #[test]
    fn every_name_fits_a_dns_label() {
        assert_eq!(host_name(SESSION), "exchange-a5a5a5a5.local.");
        assert!(instance_name(SESSION).len() <= 63);
        // DNS-SD allows a service name fifteen characters besides its underscore.
        assert!(SERVICE_TYPE.split('.').next().is_some_and(|service| service.len() <= 16));
    }
}

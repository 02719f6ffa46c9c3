//! Sessions as JSON: the one hosted here, and those that are found.

use std::{collections::BTreeMap, net::SocketAddr};

use exchange_tokio::core::{Nick, PeerId, SessionId, SessionName, discovery::PeerRecord};
use serde::Serialize;

/// A session that is hosted here, as it is said once it can be joined.
#[derive(Serialize)]
#[serde(tag = "event", rename = "hosting")]
pub(crate) struct Hosting<'a> {
    pub(crate) session: &'a SessionName,
    pub(crate) session_id: SessionId,
    pub(crate) nick: &'a Nick,
    pub(crate) peer: PeerId,
    /// Where others reach it.
    pub(crate) addresses: &'a [SocketAddr],
    /// Whether others find it without an address.
    pub(crate) announced: bool,
    /// Whether they have to know something to come in, and which code if it is a code.
    pub(crate) locked: bool,
    pub(crate) code: Option<String>,
}

/// A session that was found, or is gone.
#[derive(Serialize)]
pub(crate) struct Listed<'a> {
    event: &'static str,
    session_id: SessionId,
    #[serde(flatten)]
    about: Option<About<'a>>,
}

#[derive(Serialize)]
struct About<'a> {
    session: &'a SessionName,
    host: &'a Nick,
    people: u32,
    addresses: &'a [SocketAddr],
    versions: [u16; 2],
    /// Who its host will prove to be.
    peer: Option<PeerId>,
    locked: bool,
    metadata: BTreeMap<&'a str, &'a str>,
}

/// What is said of a session that was found; without a record, it is gone.
pub(crate) fn listed<'a>(event: &'static str, session_id: SessionId, record: Option<&'a PeerRecord>) -> Listed<'a> {
    let about = record.map(|record| About {
        session: &record.name,
        host: &record.host,
        people: record.people,
        addresses: &record.addresses,
        versions: [record.versions.oldest(), record.versions.newest()],
        peer: record.peer,
        locked: record.is_locked,
        metadata: record.metadata.iter().collect(),
    });
    Listed { event, session_id, about }
}

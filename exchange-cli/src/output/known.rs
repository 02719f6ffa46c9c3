//! Who one is and whom one knows, as JSON.

use exchange_tokio::{
    core::{Nick, Peer, PeerId, SafetyNumber, SessionName, Timestamp},
    device::KnownHost,
};
use serde::Serialize;

use crate::{home::Trust, line::Line};

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Json<'a> {
    Identity { peer: PeerId, file: &'a str },
    KnownHost { session: &'a SessionName, peer: PeerId, since: Timestamp, verified: bool, safety_number: String },
    SafetyNumber { nick: &'a Nick, peer: PeerId, trust: &'static str, safety_number: String },
}

/// Oneself, and where that is kept.
pub(crate) fn identity(peer: PeerId, file: &str) -> Line {
    Line::json(&Json::Identity { peer, file })
}

/// The host of a session, and the safety number with them.
pub(crate) fn known_host(session: &SessionName, known: KnownHost, number: SafetyNumber) -> Line {
    let KnownHost { peer, since, is_verified } = known;
    Line::json(&Json::KnownHost { session, peer, since, verified: is_verified, safety_number: number.to_string() })
}

/// The safety number with somebody in a session.
pub(crate) fn safety_number(peer: &Peer, trust: Trust, number: SafetyNumber) -> Line {
    Line::json(&Json::SafetyNumber {
        nick: &peer.nick,
        peer: peer.id,
        trust: trust.name(),
        safety_number: number.to_string(),
    })
}

//! One message of every kind, for tests that have to try them all.

use alloc::{vec, vec::Vec};

use super::{
    Body, Entry, GapReason, Hello, JoinFrom, Joined, PageFrom, Presence, Rules, Signal, ToClient, ToHost, Welcome,
};
use crate::{
    event::Peer,
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, Rev, RoomId, Seq, SessionId, Token},
    name::RoomName,
    reason::{CloseReason, Durability, Refusal},
    time::Timestamp,
};

/// What a message is called, and what all of them are called: a variant that is not listed does not compile.
macro_rules! kinds {
    ($kind:ident, $kinds:ident, $message:ident: $($variant:ident)*) => {
        pub(crate) fn $kind(message: &$message) -> &'static str {
            match message { $($message::$variant { .. } => stringify!($variant),)* }
        }

        pub(crate) const $kinds: &[&str] = &[$(stringify!($variant)),*];
    };
}

kinds! { to_host_kind, TO_HOST_KINDS, ToHost:
    Hello Join Leave Send Ping Pong Bye Presence Rename Open List Seen Typing Fetch
}
kinds! { to_client_kind, TO_CLIENT_KINDS, ToClient:
    Entry Welcome Roster Joined JoinRefused Parted LeaveRefused Gap Ack Reject Ping Pong Bye RenameRefused Rooms
    ListRefused Invited Removed Signals NoSignals Page FetchRefused
}

/// One of each that a client may send, in this room.
pub(crate) fn to_host(room: RoomId, name: &RoomName) -> Vec<ToHost> {
    let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
    let (peer, producer) = (PeerId::from_bytes([77; 16]), ProducerId::from_bytes([77; 8]));
    let presence = Presence::default();
    let hello = Hello { peer, producer, token: None, attempt: 1, nick: "sample".into(), presence: presence.clone() };
    vec![
        ToHost::Hello(hello),
        ToHost::Join { room: name.as_str().into(), from: JoinFrom::Head, settled, sent },
        ToHost::Leave { room },
        ToHost::Send { room, cmid: Cmid(1), body: Body::text("sample"), commitment: None },
        ToHost::Ping { nonce: 1 },
        ToHost::Pong { nonce: 1 },
        ToHost::Bye { reason: CloseReason::Left },
        ToHost::Presence(presence),
        ToHost::Rename { nick: "another".into() },
        ToHost::Open { room: "a private room".into(), settled, sent },
        ToHost::List { after: None },
        ToHost::Seen { room, after: Seq(0), delivered: Seq(0), read: None },
        ToHost::Typing { room, typing: true },
        ToHost::Fetch { room, from: PageFrom::After(Seq(0)), count: 1 },
    ]
}

/// One of each that a host may send, about this room and this member.
pub(crate) fn to_client(room: RoomId, name: &RoomName, member: MemberId) -> Vec<ToClient> {
    let (name, refusal, epoch) = (name.clone(), Refusal::NotMember, Epoch::from_bytes([78; 16]));
    let nick: crate::Nick = "sample".parse().unwrap();
    let by = Peer { id: PeerId::from_bytes([77; 16]), nick: nick.clone() };
    let entry = Entry {
        room,
        seq: Seq(1),
        author: member,
        cmid: Cmid(1),
        at: Timestamp::from_millis(1),
        body: Body::text("sample"),
        commitment: None,
        blanked: None,
    };
    let welcome = Welcome {
        session: SessionId::from_bytes([79; 16]),
        name: "Lab 3".parse().unwrap(),
        life: epoch,
        you: member,
        token: Token::from_bytes([80; 16]),
        roster: Rev(1),
        heartbeat_ms: 5000,
        max_text: 8192,
        durability: Durability::Memory,
    };
    let joined = Joined {
        name: name.clone(),
        room,
        epoch,
        after: Seq(0),
        head: Seq(0),
        known: true,
        members: vec![member],
        founder: None,
        topic: None,
        rules: Rules::default(),
        chained: None,
    };
    let signal = Signal { member, after: Seq(0), delivered: Seq(0), read: None, typing_ms: 1000 };
    vec![
        ToClient::Entry(entry),
        ToClient::Welcome(welcome),
        ToClient::Roster { rev: Rev(9), members: Vec::new() },
        ToClient::Joined(joined),
        ToClient::JoinRefused { room: name.clone(), refusal },
        ToClient::Parted { room },
        ToClient::LeaveRefused { room, refusal },
        ToClient::Gap { room, to: Seq(5), reason: GapReason::Retention, chain: None },
        ToClient::Ack { room, cmid: Cmid(1), seq: None },
        ToClient::Reject { room, cmid: Cmid(1), refusal },
        ToClient::Ping { nonce: 1 },
        ToClient::Pong { nonce: 1 },
        ToClient::Bye { reason: CloseReason::HostClosed },
        ToClient::RenameRefused { nick: nick.clone(), kept: nick, refusal },
        ToClient::Rooms { rooms: Vec::new(), more: false },
        ToClient::ListRefused { refusal },
        ToClient::Invited { room: name, by },
        ToClient::Removed { room, refusal: Refusal::Kicked, reason: None },
        ToClient::Signals { room, signals: vec![signal] },
        ToClient::NoSignals { room },
        ToClient::Page { room, after: Seq(0), entries: 0, more: false, start: Seq(0), head: Seq(0), chain: None },
        ToClient::FetchRefused { room, refusal },
    ]
}

#[test]
fn there_is_one_of_every_kind() {
    let (room, name, member) = (RoomId(1), RoomName::lobby(), MemberId(1));
    assert_eq!(to_host(room, &name).iter().map(to_host_kind).collect::<Vec<_>>(), TO_HOST_KINDS);
    assert_eq!(to_client(room, &name, member).iter().map(to_client_kind).collect::<Vec<_>>(), TO_CLIENT_KINDS);
}

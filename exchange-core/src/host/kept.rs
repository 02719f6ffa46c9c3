//! What is kept of a host beyond its life, beside its rooms: the session, and who is or was in it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{Host, tokens::Tokens};
use crate::{
    identity::PublicIdentity,
    ids::{Epoch, MemberId, PeerId, ProducerId, RoomId, SessionId},
    journal::{read, read_with_form},
    name::Nick,
    store::{Damage, Key},
};

/// The form that rows are written in. Whoever changes one of them counts on, and goes on to read the earlier ones.
const FORM: u16 = 6;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SessionRow {
    pub(super) id: SessionId,
    /// Numbers of rooms and members are kept, so it is the same life for all who were there.
    pub(super) life: Epoch,
    pub(super) moderators: Vec<PeerId>,
    pub(super) next_member: MemberId,
    pub(super) next_room: RoomId,
    pub(super) closed_logs: Vec<Epoch>,
}

/// In forms up to this one tokens were kept as they are.
pub(super) const PLAIN_TOKENS: u16 = 3;

impl SessionRow {
    /// The row, and in which form all are.
    pub(super) fn read(row: &[u8]) -> Result<(u16, Self), Damage> {
        read_with_form(Key::Session, row, FORM)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MemberRow {
    pub(super) peer: PeerId,
    pub(super) producer: ProducerId,
    pub(super) nick: Nick,
    pub(super) attempt: u32,
    pub(super) tokens: Tokens,
    pub(super) is_removed: bool,
    pub(super) identity: Option<PublicIdentity>,
}

impl MemberRow {
    /// Reads it, also in the forms up to the fifth, in which nobody's keys were kept.
    pub(super) fn read(key: Key, row: &[u8]) -> Result<Self, Damage> {
        read(key, row).or_else(|_| read(key, &[row, &[0]].concat()))
    }
}

impl Host {
    /// The row of the session, which begins with the form that all rows have.
    pub(super) fn session_row(&self) -> (u16, SessionRow) {
        let row = SessionRow {
            id: self.session.id,
            life: self.life,
            moderators: self.moderators.iter().copied().collect(),
            next_member: self.next_member,
            next_room: self.next_room,
            closed_logs: self.closed_logs.iter().copied().collect(),
        };
        (FORM, row)
    }

    /// `None` if nobody is that member any more.
    pub(super) fn member_row(&self, member: MemberId) -> Option<MemberRow> {
        let (state, record) = (self.members.get(&member)?, self.roster.record(member)?);
        Some(MemberRow {
            peer: record.peer,
            producer: record.producer,
            nick: record.nick.clone(),
            attempt: state.attempt,
            tokens: state.tokens,
            is_removed: state.is_removed,
            identity: record.identity,
        })
    }
}

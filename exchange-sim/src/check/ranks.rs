//! Who moderates, and what they may do.

use std::collections::BTreeSet;

use exchange_core::{Act, PeerId, Role, RoomName, Rule, Rules};

/// How much somebody may do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Member,
    Founder,
    Moderator,
    Owner,
}

/// Whom the host's owner has made a moderator.
#[derive(Clone, Debug, Default)]
pub(super) struct Roles {
    pub(super) owner: Option<PeerId>,
    moderators: BTreeSet<PeerId>,
    /// Who became one in this step, or is one no more: in another room, either may count.
    changed: BTreeSet<PeerId>,
    /// Whether there may be others, whom nobody was seen to appoint.
    is_uncertain: bool,
}

impl Roles {
    /// The next step begins.
    pub(super) fn settle(&mut self) {
        self.changed.clear();
    }

    /// Something was done in the lobby, and nobody knows what.
    pub(super) fn miss(&mut self) {
        self.is_uncertain = true;
    }

    pub(super) fn take(&mut self, act: &Act) {
        if let Act::Role { who, role } = act {
            let is_news = match role {
                Role::Moderator => self.moderators.insert(who.id),
                _ => self.moderators.remove(&who.id),
            };
            if is_news {
                self.changed.insert(who.id);
            }
        }
    }

    /// What somebody may do in a room at least, and at most.
    pub(super) fn of(&self, peer: PeerId, founder: Option<PeerId>) -> (Rank, Rank) {
        let here = if founder == Some(peer) { Rank::Founder } else { Rank::Member };
        if self.owner == Some(peer) {
            (Rank::Owner, Rank::Owner)
        } else if self.is_uncertain || self.changed.contains(&peer) {
            (here, Rank::Moderator)
        } else if self.moderators.contains(&peer) {
            (Rank::Moderator, Rank::Moderator)
        } else {
            (here, here)
        }
    }
}

/// Whether somebody of a rank may do that, to somebody of another if to anybody.
pub(super) fn may(by: Rank, on: Rank, act: &Act, room: &RoomName, rules: Rules) -> bool {
    let (is_lobby, is_direct) = (room.is_lobby(), room.direct_between().is_some());
    let moderates = by > Rank::Member && !is_direct;
    match act {
        Act::Topic(_) => moderates || !rules.fixed_topic,
        Act::Invite(_) => !is_lobby && !is_direct,
        Act::Rule(Rule::Private(true)) | Act::Close => moderates && !is_lobby,
        Act::Rule(_) | Act::Unban(_) | Act::Unmute(_) => moderates,
        Act::Kick { .. } | Act::Ban { .. } | Act::Mute { .. } => moderates && on < by,
        Act::Role { role, .. } => is_lobby && by == Rank::Owner && on < by && *role != Role::Owner,
        _ => false,
    }
}

//! What people do to keep order, as commands.

use exchange_core::{Act as Done, Body, Client, ClientConfig, Peer, Role, RoomName};

use super::{Run, setup::nick};
use crate::{chat::ChatNode, check::HOST, scenario::Measure};

impl Run<'_> {
    /// What a step does to keep order in a room.
    pub(super) fn measure(&self, how: Measure) -> Option<Body> {
        let who = |whom| self.person(whom);
        Some(Body::Act(match how {
            Measure::Rule(rule) => Done::Rule(rule),
            Measure::Invite(whom) => Done::Invite(who(whom)?),
            Measure::Ban(whom, seconds) => Done::Ban { who: who(whom)?, seconds, reason: None },
            Measure::Unban(whom) => Done::Unban(who(whom)?),
            Measure::Mute(whom, seconds) => Done::Mute { who: who(whom)?, seconds },
            Measure::Unmute(whom) => Done::Unmute(who(whom)?),
            Measure::Appoint(whom, moderates) => {
                Done::Role { who: who(whom)?, role: if moderates { Role::Moderator } else { Role::Member } }
            }
            Measure::Close => Done::Close,
        }))
    }

    /// Somebody as they are known from their start; should they start anew without their memory, they are somebody else.
    pub(super) fn person(&self, who: usize) -> Option<Peer> {
        if who == HOST.0 {
            return self.world.node(HOST).and_then(ChatNode::as_host)?.me();
        }
        let device = self.scenario.clients.get(who - 1)?.twin_of.unwrap_or(who);
        Some(Client::new(ClientConfig::new(nick(who).parse().ok()?), &self.seed(device, 0)).me())
    }

    /// The room of two.
    pub(super) fn room_of(&self, one: usize, other: usize) -> Option<RoomName> {
        Some(RoomName::direct(self.person(one)?.id, self.person(other)?.id))
    }
}

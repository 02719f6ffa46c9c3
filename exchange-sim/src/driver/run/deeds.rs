//! What people do beside talking: to messages, to rooms, to each other, to themselves.

use std::sync::Arc;

use exchange_core::{Availability, Peer, RoomName, Seq};
use exchange_driver::{RequestError, Room};
use serde::{Deserialize, Serialize};

use super::{life::SharedLife, person::room_name, stage::Stage};
use crate::{
    driver::{Client, Host},
    random::Random,
};

/// Something that somebody does, whether they may or not. The second room is the host's owner's, who alone may keep order
/// in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Gives a message in that room another text: one's own last, or somebody else's.
    Edit {
        /// In which room.
        room: u8,
        /// Whether it is one's own.
        own: bool,
    },
    /// Deletes one.
    Delete {
        /// In which room.
        room: u8,
        /// Whether it is one's own.
        own: bool,
    },
    /// Reacts to the last message in a room, or takes that back.
    React {
        /// In which room.
        room: u8,
        /// Whether it is there from then on.
        add: bool,
    },
    /// Says what a room is about.
    Topic {
        /// Which room.
        room: u8,
    },
    /// Removes somebody from the second room.
    Kick {
        /// Whom.
        whom: usize,
    },
    /// Keeps somebody out of it.
    Ban {
        /// Whom.
        whom: usize,
    },
    /// Lets somebody back into it.
    Unban {
        /// Whom.
        whom: usize,
    },
    /// Is away from then on, or back.
    Be {
        /// Whether it is away.
        away: bool,
    },
    /// Is called otherwise from then on.
    Rename,
    /// Asks which rooms there are.
    List,
}

/// Something that `who` may come to do.
pub(super) fn deed(r: &mut Random, clients: usize) -> Deed {
    let (room, own, whom) = (u8::from(r.chance(400)), r.chance(800), 1 + r.index(clients));
    match r.up_to(14) {
        0..=2 => Deed::Edit { room, own },
        3..=4 => Deed::Delete { room, own },
        5..=7 => Deed::React { room, add: r.chance(700) },
        8 => Deed::Topic { room },
        9 => Deed::Kick { whom },
        10 => Deed::Ban { whom },
        11 => Deed::Unban { whom },
        12 => Deed::Be { away: r.chance(600) },
        13 => Deed::Rename,
        _ => Deed::List,
    }
}

/// Where somebody sits.
#[derive(Clone)]
pub(super) enum Seat {
    Host(Host),
    Client(Client),
}

impl Seat {
    fn room(&self, name: RoomName) -> Room {
        match self {
            Self::Host(host) => host.room(name),
            Self::Client(client) => client.room(name),
        }
    }

    async fn set_status(&self, availability: Availability) -> Result<(), RequestError> {
        match self {
            Self::Host(host) => host.set_status(availability, "").await,
            Self::Client(client) => client.set_status(availability, "").await,
        }
    }

    async fn rename(&self, nick: &str) -> Result<(), RequestError> {
        match self {
            Self::Host(host) => host.rename(nick).await,
            Self::Client(client) => client.rename(nick).await,
        }
    }

    async fn list_rooms(&self) -> Result<(), RequestError> {
        match self {
            Self::Host(host) => host.list_rooms().await,
            Self::Client(client) => client.list_rooms().await,
        }
    }
}

/// Does it, at once. Nobody waits for what becomes of it: everybody is told.
pub(super) async fn carry_out(stage: &Arc<Stage>, seat: &Seat, life: &SharedLife, n: u32, deed: Deed) {
    let den = seat.room(room_name(1));
    let done = match deed {
        Deed::Edit { room, own } => {
            let Some(seq) = meant(life, room, Some(own)) else { return };
            seat.room(room_name(room)).edit(seq, format!("{}+{n} edited", life.lock().name)).await
        }
        Deed::Delete { room, own } => {
            let Some(seq) = meant(life, room, Some(own)) else { return };
            seat.room(room_name(room)).delete(seq).await
        }
        Deed::React { room, add } => {
            let Some(seq) = meant(life, room, None) else { return };
            let room = seat.room(room_name(room));
            if add { room.react(seq, "+1").await } else { room.unreact(seq, "+1").await }
        }
        Deed::Topic { room } => seat.room(room_name(room)).set_topic(&format!("topic {n}")).await,
        Deed::Kick { whom } => match person(stage, whom) {
            Some(peer) => den.kick(peer, "").await,
            None => return,
        },
        Deed::Ban { whom } => match person(stage, whom) {
            Some(peer) => den.ban(peer, None, "").await,
            None => return,
        },
        Deed::Unban { whom } => match person(stage, whom) {
            Some(peer) => den.unban(peer).await,
            None => return,
        },
        // What becomes of these is seen by how people are in the end.
        Deed::Be { away } => {
            let availability = if away { Availability::Away } else { Availability::Online };
            let _ = seat.set_status(availability).await;
            return;
        }
        Deed::Rename => {
            let nick = format!("{} as {n}", life.lock().name);
            let _ = seat.rename(&nick).await;
            return;
        }
        Deed::List => {
            let _ = seat.list_rooms().await;
            return;
        }
    };
    // Whoever has crashed, or is not in the room, cannot: that is an answer too.
    drop(done);
}

/// The last message that somebody was told of: their own, somebody else's, or any.
fn meant(life: &SharedLife, room: u8, own: Option<bool>) -> Option<Seq> {
    let (life, room) = (life.lock(), room_name(room));
    let is_it =
        |message: &&exchange_core::Message| *message.room() == room && own.is_none_or(|own| message.is_mine() == own);
    life.messages().rev().find(is_it).map(exchange_core::Message::seq)
}

/// Whoever has that number now, or had it last.
fn person(stage: &Stage, number: usize) -> Option<Peer> {
    let lives = stage.lives.lock();
    lives.iter().rev().find(|(other, _)| *other == number).and_then(|(_, life)| life.lock().me.clone())
}

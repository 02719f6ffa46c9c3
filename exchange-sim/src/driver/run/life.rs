//! What one participant was told from its start to its end, and what it has posted.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use exchange_core::{Event, Message, MessageId, Peer, RoomName, Seq};
use exchange_driver::{Delivered, DeliveryError};

/// One participant: the host's owner, or a client from joining until it is gone.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is another thing that can have happened to somebody")]
pub(super) struct Life {
    /// What it is called in reports: its number, and which of those of this number it is.
    pub(super) name: String,
    pub(super) me: Option<Peer>,
    pub(super) events: Vec<Event>,
    /// What its callbacks were called for.
    pub(super) called: Vec<(RoomName, Seq)>,
    pub(super) posts: Vec<Post>,
    /// Its machine has crashed: it could not be told any more.
    pub(super) is_crashed: bool,
    /// There was no message of its own without an outcome when it shut down.
    pub(super) is_settled: bool,
    /// It has left while its link was whole: the host has to know that it left.
    pub(super) has_left: bool,
    /// It was there when the host ended the session: it has to know why.
    pub(super) outlived: bool,
    /// Its events have come to an end.
    pub(super) is_over: bool,
}

#[derive(Debug)]
pub(super) struct Post {
    pub(super) text: String,
    /// None if posting it was given up half-way.
    pub(super) id: Option<MessageId>,
    pub(super) result: Option<Result<Delivered, DeliveryError>>,
}

/// A life that others add to.
#[derive(Clone, Debug)]
pub(super) struct SharedLife(Arc<Mutex<Life>>);

impl SharedLife {
    pub(super) fn new(name: String) -> Self {
        Self(Arc::new(Mutex::new(Life {
            name,
            me: None,
            events: Vec::new(),
            called: Vec::new(),
            posts: Vec::new(),
            is_crashed: false,
            is_settled: false,
            has_left: false,
            outlived: false,
            is_over: false,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Life> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Life {
    pub(super) fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.events.iter().filter_map(|event| match event {
            Event::Message(message) => Some(message),
            _ => None,
        })
    }

    /// The place of the last message it was given of a room.
    pub(super) fn last(&self, room: &RoomName) -> Option<Seq> {
        self.messages().rev().find(|message| message.room() == room).map(Message::seq)
    }

    /// The rooms it is in by what it was told; `None` if it missed some of that.
    pub(super) fn rooms(&self) -> Option<BTreeSet<RoomName>> {
        let mut rooms = BTreeSet::new();
        for event in &self.events {
            match event {
                Event::RoomJoined { room, .. } => drop(rooms.insert(room.clone())),
                Event::RoomLeft { room } | Event::Removed { room, .. } => drop(rooms.remove(room)),
                Event::Lagged { .. } => return None,
                _ => {}
            }
        }
        Some(rooms)
    }

    /// How many of its posts have no outcome yet.
    pub(super) fn unsettled(&self) -> usize {
        self.posts.iter().filter(|post| post.id.is_some() && post.result.is_none()).count()
    }
}

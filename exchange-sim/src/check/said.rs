//! What is said, as the model keeps it: from an entry of a log, or from what somebody was told of one.

use exchange_core::{
    Body, Change, Cmid, Event, MessageId, Peer, ProducerId, RoomName, Seq, Timestamp,
    message::{Delete, Edit, React},
};

/// One entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Logged {
    pub(crate) peer: Peer,
    pub(crate) producer: ProducerId,
    pub(crate) cmid: Cmid,
    pub(crate) at: Timestamp,
    pub(crate) body: Body,
}

/// An entry that somebody was told of, and where it is.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) room: RoomName,
    pub(crate) seq: Seq,
    pub(crate) logged: Logged,
}

impl Logged {
    /// Whether it was said by a member, and is numbered.
    pub(crate) fn is_said(&self) -> bool {
        !matches!(self.body, Body::Join { .. } | Body::Leave { .. } | Body::Rename { .. })
    }

    /// Whether it is the same, but for what was taken out when it was deleted.
    pub(crate) fn is_what_is_left_of(&self, other: &Self) -> bool {
        let is_left = match (&self.body, &other.body) {
            (Body::Edit(left), Body::Edit(edit)) => left.of == edit.of && is_blank(&self.body),
            (_, body) => is_blank(&self.body) && body.is_message(),
        };
        is_left && (self.producer, self.cmid, self.at) == (other.producer, other.cmid, other.at)
    }
}

/// Whether everything that was said was taken out.
pub(crate) fn is_blank(body: &Body) -> bool {
    match body {
        Body::Text(text) => text.is_empty(),
        Body::Edit(edit) => edit.text.is_empty() && edit.mentions.is_empty(),
        _ => false,
    }
}

impl Told {
    /// What an event tells of an entry that a member made.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let change =
            |change: &Change, body| Some(Self::new(&change.id, change.seq, (change.peer.clone(), change.at), body));
        match event {
            Event::Message(message) => {
                let by = (message.sender().clone(), message.timestamp());
                Some(Self::new(message.id(), message.seq(), by, message.body().clone()))
            }
            Event::Edited { change: of, text, mentions } => {
                change(of, Body::Edit(Edit { of: of.of, mentions: mentions.clone(), text: text.clone() }))
            }
            Event::Deleted { change: of } => change(of, Body::Delete(Delete { of: of.of })),
            Event::Reacted { change: of, reaction, added } => {
                change(of, Body::React(React { to: of.of, reaction: reaction.clone(), add: *added }))
            }
            _ => None,
        }
    }

    fn new(id: &MessageId, seq: Seq, (peer, at): (Peer, Timestamp), body: Body) -> Self {
        let logged = Logged { peer, producer: id.producer, cmid: id.cmid, at, body };
        Self { room: id.room.clone(), seq, logged }
    }
}

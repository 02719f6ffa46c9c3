//! Messages, and what becomes of them.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use core::fmt;

use bytes::Bytes;

use super::{Event, Peer};
use crate::{
    ids::{Cmid, PeerId, ProducerId, Seq},
    message::{Body, Data, Entry, Post},
    name::{ContentType, Reaction, RoomName},
    text::Text,
    time::Timestamp,
};

/// One message, everywhere and always: the same in every log, epoch and encoding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// In which room it was said.
    pub room: RoomName,
    /// Which run of its author's client said it.
    pub producer: ProducerId,
    /// That client's number for it.
    pub cmid: Cmid,
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.producer, self.cmid)
    }
}

/// A message in a room, as it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(Arc<Fields>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) id: MessageId,
    pub(crate) seq: Seq,
    pub(crate) sender: Peer,
    pub(crate) at: Timestamp,
    pub(crate) body: Body,
    pub(crate) mine: bool,
    pub(crate) replayed: bool,
    pub(crate) proven: bool,
}

/// Whose an entry is, as far as is known.
#[derive(Clone, Debug)]
pub(crate) struct Author {
    pub(crate) peer: Peer,
    pub(crate) producer: ProducerId,
    pub(crate) mine: bool,
    /// Whether that is more than what the host says.
    pub(crate) proven: bool,
}

impl Event {
    /// What an entry tells that somebody has made.
    pub(crate) fn of_entry(room: RoomName, entry: Entry, author: Author, replayed: bool) -> Self {
        let Entry { seq, at, cmid, body, .. } = entry;
        let Author { peer, producer, mine, proven } = author;
        match body {
            Body::Join { .. } => Self::PeerJoined { room, peer, seq, replayed },
            Body::Leave { reason } => Self::PeerLeft { room, peer, reason, seq, replayed },
            Body::Rename { before, nick } => Self::Renamed { room, peer: Peer { nick, ..peer }, before, seq, replayed },
            Body::Act(act) => Self::Acted { room, by: peer, act, seq, replayed },
            body => {
                let id = MessageId { room, producer, cmid };
                Self::said(Fields { id, seq, sender: peer, at, body, mine, replayed, proven })
            }
        }
    }

    /// What somebody's entry tells: that something was said, or that what was said is another now.
    pub(crate) fn said(fields: Fields) -> Self {
        let change = |of: Seq| Change {
            id: fields.id.clone(),
            of,
            seq: fields.seq,
            peer: fields.sender.clone(),
            at: fields.at,
            mine: fields.mine,
            replayed: fields.replayed,
        };
        match &fields.body {
            Body::Edit(edit) => {
                Self::Edited { change: change(edit.of), text: edit.text.clone(), mentions: edit.mentions.clone() }
            }
            Body::Delete(delete) => Self::Deleted { change: change(delete.of) },
            Body::React(react) => {
                Self::Reacted { change: change(react.to), reaction: react.reaction.clone(), added: react.add }
            }
            _ => Self::Message(Message(Arc::new(fields))),
        }
    }
}

impl Message {
    /// Which message, everywhere and always.
    pub fn id(&self) -> &MessageId {
        &self.0.id
    }

    /// In which room it was said.
    pub fn room(&self) -> &RoomName {
        &self.0.id.room
    }

    /// Its place in the room's log.
    pub fn seq(&self) -> Seq {
        self.0.seq
    }

    /// Who said it.
    pub fn sender(&self) -> &Peer {
        &self.0.sender
    }

    /// Whether it is certain that its sender said it, and nothing else: they have signed it, or it came to this end from
    /// nobody but them. Otherwise it is what the host says, which in the clear anybody in between may have said.
    ///
    /// Of a message that comes from before where this client began, it may be that it cannot tell.
    pub fn is_proven(&self) -> bool {
        self.0.proven
    }

    /// What the host's wall clock showed. For display; [`seq`](Self::seq) tells the order.
    pub fn timestamp(&self) -> Timestamp {
        self.0.at
    }

    /// Its kind and payload.
    pub fn body(&self) -> &Body {
        &self.0.body
    }

    /// Its text; empty for other kinds.
    ///
    /// It may hold anything: show it through [`display_safe`](crate::text::display_safe).
    pub fn text(&self) -> &str {
        match &self.0.body {
            Body::Text(text) | Body::Post(Post { text, .. }) => text,
            _ => "",
        }
    }

    /// The message of the same room that it answers.
    pub fn reply_to(&self) -> Option<Seq> {
        match &self.0.body {
            Body::Post(post) => post.reply_to,
            _ => None,
        }
    }

    /// Whom it means, by who they are.
    pub fn mentions(&self) -> &[PeerId] {
        match &self.0.body {
            Body::Post(post) => &post.mentions,
            _ => &[],
        }
    }

    /// What an application has to say with it, and what that is.
    pub fn data(&self) -> Option<(&ContentType, &Bytes)> {
        match &self.0.body {
            Body::Data(Data { content_type, payload }) => Some((content_type, payload)),
            _ => None,
        }
    }

    /// Whether it had been deleted before it could be told, and only its place is left.
    pub fn is_deleted(&self) -> bool {
        matches!(&self.0.body, Body::Text(text) if text.is_empty())
    }

    /// Whether it is one's own.
    pub fn is_mine(&self) -> bool {
        self.0.mine
    }

    /// Whether it was said before the room was joined.
    pub fn is_replayed(&self) -> bool {
        self.0.replayed
    }
}

/// What is told with every change of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The change itself, which is a message of its author's, too.
    pub id: MessageId,
    /// The message that it is a change of: its place in the room's log.
    pub of: Seq,
    /// The entry that says so.
    pub seq: Seq,
    /// Who made it.
    pub peer: Peer,
    /// What the host's wall clock showed.
    pub at: Timestamp,
    /// Whether it is one's own.
    pub mine: bool,
    /// Whether it was made before the room was joined.
    pub replayed: bool,
}

impl Change {
    /// In which room.
    pub fn room(&self) -> &RoomName {
        &self.id.room
    }
}

/// What one has not read of a room: what others have said since one came, and was not deleted again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many messages; of more than 10,000 the oldest count as read.
    pub messages: usize,
    /// How many of them mean oneself.
    pub mentions: usize,
}

impl Unread {
    /// So many messages are counted.
    pub const MOST: usize = 10_000;
}

/// A message as it stands, after all changes that were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageView {
    message: Message,
    /// Most are never changed.
    changes: Option<Box<Changes>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Changes {
    edited: Option<(Text, Seq)>,
    reactions: BTreeMap<Reaction, BTreeSet<PeerId>>,
}

impl MessageView {
    /// Reactions that are kept of a message, different ones.
    const REACTIONS: usize = 64;

    pub(crate) fn new(message: Message) -> Self {
        Self { message, changes: None }
    }

    /// The message as it was told first.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// What it says now; empty if it was deleted, or is of a kind without text.
    pub fn text(&self) -> &str {
        match self.edit_made() {
            Some((text, _)) => text,
            None => self.message.text(),
        }
    }

    /// The entry that changed its text last.
    pub fn edited(&self) -> Option<Seq> {
        self.edit_made().map(|(_, seq)| *seq)
    }

    /// Whether it is no more.
    pub fn is_deleted(&self) -> bool {
        self.message.is_deleted()
    }

    /// How people reacted, and who: each counts once.
    pub fn reactions(&self) -> impl Iterator<Item = (&Reaction, &BTreeSet<PeerId>)> {
        self.changes.iter().flat_map(|changes| &changes.reactions)
    }

    /// The bytes that it holds for the sake of what it says.
    pub(crate) fn bytes(&self) -> usize {
        self.message.body().payload_len() + self.edit_made().map_or(0, |(text, _)| text.len())
    }

    pub(crate) fn edit(&mut self, text: Text, seq: Seq) {
        if !self.is_deleted() {
            self.changes.get_or_insert_default().edited = Some((text, seq));
        }
    }

    /// Keeps the place, and nothing of what was said there.
    pub(crate) fn delete(&mut self) {
        let fields = Fields { body: Body::text(""), ..(*self.message.0).clone() };
        *self = Self::new(Message(Arc::new(fields)));
    }

    /// Nobody reacts to what is deleted: in a log, what was taken out comes before the reactions that it once had.
    pub(crate) fn react(&mut self, reaction: &Reaction, peer: PeerId, add: bool) {
        if self.is_deleted() {
            return;
        }
        let reactions = &mut self.changes.get_or_insert_default().reactions;
        if !add {
            if let Some(people) = reactions.get_mut(reaction) {
                people.remove(&peer);
                if people.is_empty() {
                    reactions.remove(reaction);
                }
            }
        } else if reactions.len() < Self::REACTIONS || reactions.contains_key(reaction) {
            reactions.entry(reaction.clone()).or_default().insert(peer);
        }
        // What was never changed is equal to what is as it was again.
        self.changes.take_if(|changes| **changes == Changes::default());
    }

    fn edit_made(&self) -> Option<&(Text, Seq)> {
        self.changes.as_ref()?.edited.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a newcomer is given of a message that was deleted, before the reactions that it once had.
    #[test]
    fn nobody_has_reacted_to_what_is_deleted() {
        let peer = PeerId::from_bytes([1; 16]);
        let id = MessageId { room: RoomName::lobby(), producer: ProducerId::from_bytes([1; 8]), cmid: Cmid(1) };
        let sender = Peer { id: peer, nick: "ana".parse().unwrap() };
        let at = Timestamp::default();
        let message = |body| {
            Message(Arc::new(Fields {
                id: id.clone(),
                seq: Seq(1),
                sender: sender.clone(),
                at,
                body,
                mine: false,
                replayed: true,
                proven: true,
            }))
        };
        let reactions = |body| {
            let mut view = MessageView::new(message(body));
            view.react(&Reaction::new("👍").unwrap(), peer, true);
            view.reactions().count()
        };
        assert_eq!([Body::text("hi"), Body::text("")].map(reactions), [1, 0]);
    }
}

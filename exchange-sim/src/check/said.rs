//! What is said, as the model keeps it: from an entry of a log, or from what somebody was told of one.

use std::borrow::Cow;

use exchange_core::{
    Act, Body, Change, Cmid, Event, Peer, ProducerId, RoomName, Seq, Timestamp,
    message::{Delete, Edit, Entry, React},
};

use super::order::is_done;

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
pub(crate) struct Told<'a> {
    pub(crate) room: &'a RoomName,
    pub(crate) seq: Seq,
    peer: &'a Peer,
    pub(crate) producer: ProducerId,
    pub(crate) cmid: Cmid,
    at: Timestamp,
    pub(crate) body: Cow<'a, Body>,
}

impl Logged {
    /// Whether it was said by a member, and is numbered.
    pub(crate) fn is_said(&self) -> bool {
        !matches!(self.body, Body::Join { .. } | Body::Leave { .. } | Body::Rename { .. } | Body::Act(Act::Knock))
    }

    /// Whether it is that entry, or if it `is_deleted`, what is left of it may be.
    pub(crate) fn is(&self, entry: &Entry, is_deleted: bool) -> bool {
        (self.cmid, self.at) == (entry.cmid, entry.at)
            && (self.body == entry.body || (is_deleted && is_what_is_left(&entry.body, &self.body)))
    }

    /// Whether it is the same, but for what was taken out when it was deleted.
    pub(crate) fn is_what_is_left_of(&self, other: &Self) -> bool {
        is_what_is_left(&self.body, &other.body)
            && (self.producer, self.cmid, self.at) == (other.producer, other.cmid, other.at)
    }
}

fn is_what_is_left(left: &Body, body: &Body) -> bool {
    match (left, body) {
        (Body::Edit(left), Body::Edit(edit)) => left.of == edit.of && left.text.is_empty() && left.mentions.is_empty(),
        _ => is_blank(left) && body.is_message(),
    }
}

/// Whether what is logged is what was posted. Where a log was lost meanwhile, an answer answers nothing.
pub(crate) fn is_posted(posted: &Body, logged: &Body) -> bool {
    match (posted, logged) {
        (Body::Post(posted), Body::Post(logged)) if logged.reply_to.is_none() => {
            (&posted.text, &posted.mentions) == (&logged.text, &logged.mentions)
        }
        // Whom it is done to is called as the host knows them.
        (Body::Act(posted), Body::Act(logged)) => is_done(posted, logged),
        _ => posted == logged,
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

impl<'a> Told<'a> {
    /// What an event tells of an entry that a member made.
    pub(crate) fn of(event: &'a Event) -> Option<Self> {
        let change = |change: &'a Change, body| Self {
            room: &change.id.room,
            seq: change.seq,
            peer: &change.peer,
            producer: change.id.producer,
            cmid: change.id.cmid,
            at: change.at,
            body: Cow::Owned(body),
        };
        match event {
            Event::Message(message) => Some(Self {
                room: message.room(),
                seq: message.seq(),
                peer: message.sender(),
                producer: message.id().producer,
                cmid: message.id().cmid,
                at: message.timestamp(),
                body: Cow::Borrowed(message.body()),
            }),
            Event::Edited { change: of, text, mentions } => {
                Some(change(of, Body::Edit(Edit { of: of.of, mentions: mentions.clone(), text: text.clone() })))
            }
            Event::Deleted { change: of } => Some(change(of, Body::Delete(Delete { of: of.of }))),
            Event::Reacted { change: of, reaction, added } => {
                Some(change(of, Body::React(React { to: of.of, reaction: reaction.clone(), add: *added })))
            }
            _ => None,
        }
    }

    /// Whether that is logged, or if it `is_deleted`, what is left of it was told. What its author is called may have
    /// changed.
    pub(crate) fn is_of(&self, logged: &Logged, is_deleted: bool) -> bool {
        let by = |peer: &Peer, producer, cmid, at| (peer.id, producer, cmid, at);
        let is_same = by(self.peer, self.producer, self.cmid, self.at)
            == by(&logged.peer, logged.producer, logged.cmid, logged.at);
        is_same && (*self.body == logged.body || (is_deleted && is_what_is_left(&self.body, &logged.body)))
    }

    /// Whether that is logged, but at another time.
    pub(crate) fn is_of_another_time(&self, logged: &Logged) -> bool {
        Told { at: logged.at, body: Cow::Borrowed(&*self.body), ..*self }.is_of(logged, false) && self.at != logged.at
    }

    pub(crate) fn into_logged(self) -> Logged {
        let Self { peer, producer, cmid, at, body, .. } = self;
        Logged { peer: peer.clone(), producer, cmid, at, body: body.into_owned() }
    }
}

//! What has to hold of what was done to messages and in rooms.

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{Act, Event, Message, MessageId, Peer, PeerId, RoomName, Seq};

use super::Life;

/// What the host's owner was told to have been done, which is all that was.
#[derive(Default)]
pub(super) struct Deeds<'a> {
    done: BTreeMap<(&'a RoomName, Seq), Deed<'a>>,
    by_id: BTreeMap<&'a MessageId, Seq>,
    deleted: BTreeSet<(&'a RoomName, Seq)>,
}

/// One of them, as everybody has to be told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed<'a> {
    Edited { of: Seq, by: PeerId, text: &'a str },
    Deleted { of: Seq, by: PeerId },
    Reacted { of: Seq, by: PeerId, added: bool },
    Acted { by: PeerId, act: &'a Act },
}

/// Which entry says that something was done, and what.
fn told(event: &Event) -> Option<((&RoomName, Seq), Deed<'_>)> {
    Some(match event {
        Event::Edited { change, text, .. } => {
            let edited = Deed::Edited { of: change.of, by: change.peer.id, text: text.as_str() };
            ((change.room(), change.seq), edited)
        }
        Event::Deleted { change } => ((change.room(), change.seq), Deed::Deleted { of: change.of, by: change.peer.id }),
        Event::Reacted { change, added, .. } => {
            ((change.room(), change.seq), Deed::Reacted { of: change.of, by: change.peer.id, added: *added })
        }
        Event::Acted { room, by, act, seq, .. } => ((room, *seq), Deed::Acted { by: by.id, act }),
        _ => return None,
    })
}

/// In which room an entry is that is neither a message nor somebody's coming or going.
pub(super) fn place(event: &Event) -> Option<(&RoomName, Seq)> {
    match event {
        Event::Renamed { room, seq, .. } => Some((room, *seq)),
        event => told(event).map(|(place, _)| place),
    }
}

impl<'a> Deeds<'a> {
    /// Nobody has changed what is somebody else's, nor kept order where it is not theirs to keep.
    pub(super) fn of(host: &'a Life, messages: &BTreeMap<(&'a RoomName, Seq), &'a Message>) -> Result<Self, String> {
        let owner = host.me.as_ref().map(|me| me.id);
        let mut deeds = Self::default();
        for event in &host.events {
            let Some((place @ (room, seq), deed)) = told(event) else { continue };
            let author = |of: Seq| messages.get(&(room, of)).map(|message| message.sender().id);
            let may = match deed {
                Deed::Edited { of, by, .. } => author(of) == Some(by),
                Deed::Deleted { of, by } => author(of) == Some(by) || author(of).is_some() && owner == Some(by),
                Deed::Reacted { of, .. } => author(of).is_some(),
                Deed::Acted { act: Act::Topic(_), .. } => true,
                Deed::Acted { by, .. } => owner == Some(by),
            };
            if !may {
                return Err(format!("entry {seq} in {room:?} is none that may be: {deed:?}"));
            }
            if let Deed::Deleted { of, .. } = deed {
                deeds.deleted.insert((room, of));
            }
            if let Event::Edited { change, .. } | Event::Deleted { change } | Event::Reacted { change, .. } = event {
                deeds.by_id.insert(&change.id, seq);
            }
            deeds.done.insert(place, deed);
        }
        Ok(deeds)
    }

    /// What somebody was told is what was done. Of what was edited and then deleted, the text is gone.
    pub(super) fn fits(&self, event: &Event) -> bool {
        let Some((place, told)) = told(event) else { return true };
        match (self.done.get(&place), told) {
            (Some(Deed::Edited { of, by, .. }), Deed::Edited { of: told_of, by: told_by, text: "" }) => {
                (*of, *by) == (told_of, told_by) && self.is_deleted(place.0, *of)
            }
            (done, told) => done == Some(&told),
        }
    }

    pub(super) fn is_deleted(&self, room: &RoomName, seq: Seq) -> bool {
        self.deleted.contains(&(room, seq))
    }

    /// Where in the log something is that somebody did under that number.
    pub(super) fn logged(&self, id: &MessageId, seq: Option<Seq>, me: Option<&Peer>) -> Option<Seq> {
        let is_mine = |seq: &Seq| self.done.get(&(&id.room, *seq)).is_some_and(|deed| is_by(deed, me));
        self.by_id.get(id).copied().or_else(|| seq.filter(is_mine))
    }

    /// Whether that person has done anything in that room. Where a deed is said to be logged at a place that nobody is told
    /// any more, that is all that can be known of it.
    pub(super) fn has_acted(&self, room: &RoomName, me: Option<&Peer>) -> bool {
        self.done.iter().any(|((of, _), deed)| *of == room && is_by(deed, me))
    }
}

fn is_by(deed: &Deed<'_>, me: Option<&Peer>) -> bool {
    matches!(deed, Deed::Acted { by, .. } if me.is_some_and(|me| me.id == *by))
}

//! How messages stand after all changes, said a second time: from the list of entries alone.

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{Body, MessageView, PeerId, Reaction, Seq};

use super::{
    Check, Invariant,
    model::{Log, Wrong},
    said::{Logged, is_blank},
};

/// What the model keeps of the changes in one log.
#[derive(Debug, Default)]
pub(super) struct Changed {
    /// The messages that are deleted, and by which entry.
    deleted: BTreeMap<Seq, Seq>,
    reactions: BTreeMap<(Seq, Reaction), BTreeSet<PeerId>>,
    /// The changes of each message, in their order.
    of: BTreeMap<Seq, Vec<Seq>>,
}

impl Changed {
    pub(super) fn is_deleted(&self, seq: Seq) -> bool {
        self.deleted.contains_key(&seq)
    }

    /// Whether something was deleted by an entry after a place.
    pub(super) fn has_deleted_after(&self, seq: Seq) -> bool {
        self.deleted.values().any(|by| *by > seq)
    }

    /// The entry by which a message is deleted.
    pub(super) fn deleted_by(&self, seq: Seq) -> Option<Seq> {
        self.deleted.get(&seq).copied()
    }

    /// Whether an entry may change what it wants to; if so, it does. `target` is what it is a change of, if that is known.
    pub(super) fn take(
        &mut self,
        seq: Seq,
        change: &Logged,
        target: Option<&Logged>,
        moderates: bool,
    ) -> Result<(), Wrong> {
        let Some(of) = change.body.changes() else { return Ok(()) };
        let wrong = |what: &str| Err((Invariant::S22, format!("entry {seq}, {change:?}, changes {what}: {target:?}")));
        if of >= seq {
            return wrong("what is not there yet");
        }
        if self.is_deleted(of) {
            return wrong("what is deleted");
        }
        if let Some(target) = target {
            let is_author = target.producer == change.producer;
            match &change.body {
                _ if !target.body.is_message() => return wrong("what is no message"),
                Body::Edit(_) if !is_author => return wrong("what is somebody else's"),
                Body::Delete(_) if !is_author && !moderates => return wrong("what is somebody else's"),
                Body::Edit(_) if !matches!(target.body, Body::Text(_) | Body::Post(_)) => return wrong("no text"),
                _ => {}
            }
        }
        match &change.body {
            Body::Delete(_) => {
                self.deleted.insert(of, seq);
            }
            Body::React(react) => {
                let people = self.reactions.entry((of, react.reaction.clone())).or_default();
                let is_news = if react.add { people.insert(change.peer.id) } else { people.remove(&change.peer.id) };
                if !is_news {
                    return wrong("nothing");
                }
            }
            _ => {}
        }
        self.of.entry(of).or_default().push(seq);
        Ok(())
    }
}

impl Log {
    /// Whether a message is seen as it stands by somebody who was given all entries up to `to` but those that `missed`
    /// names.
    pub(super) fn stands(&self, view: &MessageView, to: Seq, missed: impl Fn(Seq) -> bool) -> Check {
        let seq = view.message().seq();
        let Some(logged) = self.entry(seq) else { return Ok(()) };
        let given = || {
            let changes =
                self.changed.of.get(&seq).into_iter().flatten().filter(|place| **place <= to && !missed(**place));
            changes.filter_map(|place| self.entry(*place).map(|change| (*place, change)))
        };
        let mut text = match &logged.body {
            Body::Text(text) => text.as_str(),
            Body::Post(post) => post.text.as_str(),
            _ => "",
        };
        let (mut is_deleted, mut reactions) = (is_blank(&logged.body), BTreeMap::<&Reaction, BTreeSet<PeerId>>::new());
        for (_, change) in given() {
            match &change.body {
                Body::Edit(edit) => text = &edit.text,
                Body::Delete(_) => is_deleted = true,
                Body::React(react) => {
                    let people = reactions.entry(&react.reaction).or_default();
                    let _ = if react.add { people.insert(change.peer.id) } else { people.remove(&change.peer.id) };
                }
                _ => {}
            }
        }
        // What is deleted later may be seen as it was, or not at all.
        let will_go = self.changed.is_deleted(seq);
        let is_as_it_was = view.text() == text || (will_go && view.text().is_empty());
        let seen: BTreeMap<&Reaction, BTreeSet<PeerId>> =
            view.reactions().map(|(reaction, people)| (reaction, people.clone())).collect();
        reactions.retain(|_, people| !people.is_empty());
        let is_gone = view.is_deleted() && view.text().is_empty() && seen.is_empty();
        if if is_deleted { is_gone } else { is_as_it_was && (seen == reactions || (will_go && is_gone)) } {
            return Ok(());
        }
        let after: Vec<_> = given().map(|(place, change)| (place, &change.body)).collect();
        Err((
            Invariant::S22,
            format!("at {to} of {:?} it sees {view:?} where {logged:?} is, after {after:?}", self.room),
        ))
    }
}

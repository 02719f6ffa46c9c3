//! Changes of messages: who may make which, and what was made.
//!
//! A change is an entry like any other. It is decided here, before it is logged, whether it may be; and noted here, once
//! it is, for as long as the log keeps its message. So a log holds no change that changes nothing.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use super::Room;
use crate::{
    ids::{MemberId, PeerId, Seq},
    message::{Body, React},
    name::Reaction,
    reason::Refusal,
};

/// What was changed of the messages of one log.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeMap<Seq, Changed>);

/// What was changed of one message.
#[derive(Debug, Default)]
struct Changed {
    is_deleted: bool,
    edits: Vec<Seq>,
    /// Who has reacted how: a person counts once, with however many clients.
    reactions: BTreeMap<Reaction, BTreeSet<PeerId>>,
}

/// What a message is, as far as it matters to whoever would change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// A message whose text can be edited.
    Written,
    /// A message of another kind.
    Other,
    /// No message.
    Nothing,
}

impl Content {
    pub(super) fn of(body: &Body) -> Self {
        if body.is_written() {
            Self::Written
        } else if body.is_message() {
            Self::Other
        } else {
            Self::Nothing
        }
    }
}

impl Room {
    /// Whose the message at a place is, if it is kept.
    pub(crate) fn author(&self, seq: Seq) -> Option<MemberId> {
        let (author, content) = self.log.content(seq)?;
        (content != Content::Nothing).then_some(author)
    }

    /// Whether a member may make this entry: anybody any message, and changes of messages that there are.
    pub(crate) fn admit(
        &self,
        (member, peer): (MemberId, PeerId),
        moderates: bool,
        body: &Body,
        most_reactions: usize,
    ) -> Result<(), Refusal> {
        let Some(target) = body.changes() else { return Ok(()) };
        // What is not for it to read, there is not for it.
        if target <= self.floor(member) {
            return Err(Refusal::NoMessage);
        }
        let (author, content) = self.log.content(target).ok_or(Refusal::NoMessage)?;
        let changed = self.changes.0.get(&target);
        if content == Content::Nothing || changed.is_some_and(|changed| changed.is_deleted) {
            return Err(Refusal::NoMessage);
        }
        match body {
            Body::Edit(_) | Body::Delete(_) if !may_change(member, author, moderates, body) => Err(Refusal::NotYours),
            Body::Edit(_) if content != Content::Written => Err(Refusal::NoMessage),
            Body::React(React { reaction, add, .. }) => {
                let reactions = changed.map(|changed| &changed.reactions);
                let people = reactions.and_then(|reactions| reactions.get(reaction));
                let has_reacted = people.is_some_and(|people| people.contains(&peer));
                if has_reacted == *add && !cfg!(exchange_bug = "reactions-count-twice") {
                    return Err(Refusal::NothingToChange);
                }
                if people.is_none() && reactions.is_some_and(|reactions| reactions.len() >= most_reactions) {
                    return Err(Refusal::TooMany { limit: u32::try_from(most_reactions).unwrap_or(u32::MAX) });
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// A change was logged. What was deleted is taken out of the log: whoever reads it from now on does not get it.
    pub(crate) fn change(&mut self, seq: Seq, peer: PeerId, body: &Body) {
        let Some(target) = body.changes() else { return };
        let changed = self.changes.0.entry(target).or_default();
        match body {
            Body::Edit(_) => changed.edits.push(seq),
            Body::Delete(_) => {
                let Changed { edits, .. } =
                    core::mem::replace(changed, Changed { is_deleted: true, ..Changed::default() });
                let edits = edits.into_iter().filter(|_| !cfg!(exchange_bug = "deleted-edit-stays"));
                let target = Some(target).filter(|_| !cfg!(exchange_bug = "deleted-text-stays"));
                for place in edits.chain(target) {
                    self.log.blank(place);
                    if let Some(unkept) = &mut self.unkept {
                        unkept.blanked.insert(place);
                    }
                }
            }
            Body::React(React { reaction, add: true, .. }) => {
                changed.reactions.entry(reaction.clone()).or_default().insert(peer);
            }
            Body::React(React { reaction, .. }) => {
                if let Some(people) = changed.reactions.get_mut(reaction) {
                    people.remove(&peer);
                    if people.is_empty() {
                        changed.reactions.remove(reaction);
                    }
                }
            }
            _ => {}
        }
        // The message may have had to go for the change itself, and its edits may still be there.
        self.forget_changes();
    }

    /// What is not kept any more has no changes either.
    pub(super) fn forget_changes(&mut self) {
        self.changes.0 = self.changes.0.split_off(&self.log.tail().next());
    }
}

/// Whether a member may change what an author has said: whoever moderates the room may take it away, but say nothing in
/// another's name.
fn may_change(member: MemberId, author: MemberId, moderates: bool, change: &Body) -> bool {
    let takes_away = moderates && matches!(change, Body::Delete(_));
    member == author || takes_away || cfg!(exchange_bug = "anybody-may-change")
}

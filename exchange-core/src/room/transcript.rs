//! What was said in a room, as it stands: the newest messages after all changes.

use alloc::collections::VecDeque;

use crate::{
    event::{Event, MessageView},
    ids::Seq,
};

/// The newest messages of one log that somebody was told of.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// In the order of the log.
    held: VecDeque<MessageView>,
    bytes: usize,
    most: usize,
    most_bytes: usize,
}

impl Transcript {
    /// One of at most so many messages and about so many bytes; the newest message always.
    pub(crate) fn new(most: usize, most_bytes: usize) -> Self {
        Self { held: VecDeque::new(), bytes: 0, most, most_bytes }
    }

    /// The messages, oldest first.
    pub(crate) fn messages(&self) -> impl DoubleEndedIterator<Item = &MessageView> {
        self.held.iter()
    }

    pub(crate) fn into_messages(self) -> impl DoubleEndedIterator<Item = MessageView> {
        self.held.into_iter()
    }

    pub(crate) fn message(&self, seq: Seq) -> Option<&MessageView> {
        self.held.get(self.place(seq)?)
    }

    /// The log is another: what was said in the one before has no place in it.
    pub(crate) fn clear(&mut self) {
        self.held.clear();
        self.bytes = 0;
    }

    /// Takes in what the application is told.
    pub(crate) fn take(&mut self, event: &Event) {
        match event {
            Event::Message(message) if self.most > 0 => {
                let view = MessageView::new(message.clone());
                self.bytes += view.bytes();
                self.held.push_back(view);
                while self.held.len() > self.most || (self.bytes > self.most_bytes && self.held.len() > 1) {
                    let Some(gone) = self.held.pop_front() else { break };
                    self.bytes -= gone.bytes();
                }
            }
            Event::Edited { change, .. } if change.replayed && cfg!(exchange_bug = "replayed-edits-ignored") => {}
            Event::Edited { change, text, .. } => {
                self.change(change.of, |view| view.edit(text.clone(), change.seq));
            }
            Event::Deleted { change } => self.change(change.of, MessageView::delete),
            Event::Reacted { change, reaction, added } => {
                let added = *added || cfg!(exchange_bug = "reactions-stay");
                self.change(change.of, |view| view.react(reaction, change.peer.id, added));
            }
            _ => {}
        }
    }

    fn place(&self, seq: Seq) -> Option<usize> {
        self.held.binary_search_by_key(&seq, |view| view.message().seq()).ok()
    }

    fn change(&mut self, of: Seq, change: impl FnOnce(&mut MessageView)) {
        if let Some(view) = self.place(of).and_then(|place| self.held.get_mut(place)) {
            self.bytes -= view.bytes();
            change(view);
            self.bytes += view.bytes();
        }
    }
}

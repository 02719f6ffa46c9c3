//! Pages of the roster, kept for whoever asks next: all who come need all of it, and few of its pages have changed since
//! the last one came.

use alloc::collections::BTreeMap;

use bytes::Bytes;

use crate::{ids::Rev, message::Encoding};

/// Enough for more members than a session has. Beyond it, links that lag by different amounts have left pages behind that
/// nobody is going to ask for.
const KEPT: usize = 512;

/// By the encoding and the revision that they come after.
#[derive(Debug, Default)]
pub(super) struct Pages(BTreeMap<(Encoding, Rev), Page>);

/// The changes up to a revision, as one frame.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub(super) frame: Bytes,
    pub(super) to: Rev,
    /// Whether later changes are another page's.
    pub(super) is_full: bool,
}

impl Pages {
    pub(super) fn get(&self, after: Rev, encoding: Encoding) -> Option<&Page> {
        self.0.get(&(encoding, after))
    }

    pub(super) fn keep(&mut self, after: Rev, encoding: Encoding, page: Page) {
        if self.0.len() == KEPT {
            self.0.clear();
        }
        self.0.insert((encoding, after), page);
    }

    /// What changed at that revision has changed anew, or is forgotten.
    pub(super) fn outdate(&mut self, rev: Rev) {
        self.0.retain(|(_, after), page| rev <= *after || page.to < rev);
    }

    /// There is a change after all others.
    pub(super) fn grow(&mut self) {
        self.0.retain(|_, page| page.is_full);
    }
}

//! Where a client is in a room, and what it was given of it.

use std::collections::{BTreeMap, VecDeque};

use exchange_core::{Body, Cmid, Epoch, PeerId, ProducerId, RoomName, Seq};

use super::{
    Check, Invariant, Scene,
    model::{Log, Model},
    said::Logged,
};
use crate::marks::Mark;

/// Where a client is in one room.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) epoch: Epoch,
    pub(super) seq: Seq,
    pub(super) given: Given,
    /// What it was told it will not be given: from a place, up to a place.
    pub(super) gaps: Vec<(Seq, Seq)>,
    pub(super) unread: VecDeque<Seq>,
    /// Whether it was told anything of it since it was last looked at what it says of it.
    pub(super) has_news: bool,
    /// Where it began, up to where it was read, and whether it is read up to where it is.
    pub(super) begun: Seq,
    pub(super) read: Seq,
    pub(super) reads: bool,
}

impl Place {
    pub(super) fn new(epoch: Epoch, seq: Seq, given: Given) -> Self {
        let (gaps, unread) = (Vec::new(), VecDeque::new());
        Self { epoch, seq, given, gaps, unread, has_news: true, begun: seq, read: Seq::ZERO, reads: false }
    }

    /// Whether what it was given is in the log of it.
    pub(super) fn is_in(&self, model: &Model, room: &RoomName) -> Check {
        let head = model.logs.get(&self.epoch).map(Log::head);
        if head.is_some_and(|head| self.seq <= head) {
            return Ok(());
        }
        Err((Invariant::S35, format!("was given what is up to {} of {room:?}, and there is {head:?}", self.seq)))
    }
}

/// The messages that somebody was given, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Given(BTreeMap<ProducerId, Vec<Cmid>>);

impl Given {
    /// Whether it was not given before.
    pub(super) fn insert(&mut self, producer: ProducerId, cmid: Cmid) -> bool {
        let given = self.0.entry(producer).or_default();
        if given.last().is_none_or(|last| *last < cmid) {
            given.push(cmid);
            return true;
        }
        let place = given.partition_point(|before| *before < cmid);
        let is_new = given.get(place) != Some(&cmid);
        if is_new {
            given.insert(place, cmid);
        }
        is_new
    }

    pub(super) fn contains(&self, producer: ProducerId, cmid: Cmid) -> bool {
        self.0.get(&producer).is_some_and(|given| given.binary_search(&cmid).is_ok())
    }

    /// Whether a message is so far before the last of its author's that it is taken for one that was given.
    pub(super) fn is_long_past(&self, producer: ProducerId, cmid: Cmid) -> bool {
        /// Nobody has more without an outcome, to be sent again.
        const MOST: u64 = 128;
        let last = self.0.get(&producer).and_then(|given| given.last());
        last.is_some_and(|last| last.0.saturating_sub(cmid.0) > MOST)
    }
}

/// Whether everything from a place up to another is such as a client is given no event of: its own coming and going,
/// and messages that it was given before, in another log. Of each author's it takes those for such, too, that are long
/// past in its eyes and were in a log before.
pub(super) fn quietly(scene: &mut Scene<'_>, place: &Place, to: Seq, me: PeerId) -> bool {
    let logs = &scene.model.logs;
    let Some(log) = logs.get(&place.epoch) else { return false };
    if to < place.seq || to > log.head() {
        return false;
    }
    let was_offered = |logged: &Logged| {
        let (producer, cmid) = (logged.producer, logged.cmid);
        let mut others = logs.iter().filter(|(epoch, other)| **epoch != place.epoch && other.room == log.room);
        place.given.is_long_past(producer, cmid) && others.any(|(_, other)| other.place(producer, cmid).is_some())
    };
    let was_given = |logged: &Logged| place.given.contains(logged.producer, logged.cmid);
    let is_quiet = |logged: &Logged| match logged.body {
        Body::Join { .. } | Body::Leave { .. } => logged.peer.id == me,
        Body::Rename { .. } => false,
        _ => was_given(logged) || was_offered(logged),
    };
    let between = || (place.seq.0 + 1..=to.0).filter_map(|seq| log.entry(Seq(seq)));
    let quiet = between().all(is_quiet);
    scene.marks.sometimes(quiet && between().any(Logged::is_said), Mark::CopyNotDelivered);
    quiet
}

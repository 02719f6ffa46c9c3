//! What is left of the model when a host dies that had kept a part of what it knew.

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{Epoch, PeerId, RoomName, Seq, Timestamp};

use super::{Log, Model};
use crate::check::{ranks::Roles, standing::Changed};

/// How far everything had come at some moment.
#[derive(Clone, Debug)]
pub(in crate::check) struct Kept {
    logs: BTreeMap<Epoch, Point>,
    open: BTreeMap<RoomName, Epoch>,
    roles: Roles,
    returned: BTreeSet<PeerId>,
}

#[derive(Clone, Copy, Debug)]
struct Point {
    head: Seq,
    tail: Seq,
    is_certain: bool,
    is_closed: bool,
}

impl Kept {
    /// Where a log ended; nothing, if it was not there.
    pub(in crate::check) fn head(&self, epoch: Epoch) -> Option<Seq> {
        self.logs.get(&epoch).map(|point| point.head)
    }
}

impl Model {
    pub(in crate::check) fn kept(&self) -> Kept {
        let point = |log: &Log| Point {
            head: log.head(),
            tail: log.tail,
            is_certain: log.is_certain,
            is_closed: log.is_closed,
        };
        Kept {
            logs: self.logs.iter().map(|(epoch, log)| (*epoch, point(log))).collect(),
            open: self.open.clone(),
            roles: self.roles.clone(),
            returned: self.returned.clone(),
        }
    }

    /// Everything is again as it was at that moment.
    pub(in crate::check) fn roll_back(&mut self, kept: &Kept) {
        self.logs.retain(|epoch, log| kept.logs.get(epoch).map(|point| log.roll_back(*point)).is_some());
        (self.open, self.roles, self.returned) = (kept.open.clone(), kept.roles.clone(), kept.returned.clone());
        self.begin(self.now);
    }
}

impl Log {
    fn roll_back(&mut self, Point { head, tail, is_certain, is_closed }: Point) {
        (self.tail, self.is_certain, self.is_closed) = (tail, is_certain, is_closed);
        self.deeds.roll_back(head);
        if head == self.head() {
            return;
        }
        self.entries.truncate(usize::try_from(head.0).unwrap_or(usize::MAX));
        self.places.retain(|_, seq| *seq <= head);
        self.last.clear();
        for (producer, cmid) in self.places.keys() {
            self.last.insert(*producer, *cmid);
        }
        self.last_at = self.entries.iter().rev().flatten().next().map_or_else(Timestamp::default, |last| last.at);
        let deeds = &self.deeds;
        self.people.retain(|member, _| deeds.came_at(*member, head).is_some());
        self.members = self.people.keys().copied().filter(|member| deeds.is_member(*member, head)).collect();
        self.changed = Changed::default();
        for seq in (1..=head.0).map(Seq) {
            let Some(logged) = self.entry(seq).cloned() else { continue };
            let target = logged.body.changes().and_then(|of| self.entry(of)).cloned();
            // It was judged when it came.
            let _ = self.changed.take(seq, &logged, target.as_ref(), true);
        }
    }
}

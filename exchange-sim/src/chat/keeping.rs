//! What a station does whose machine keeps what happens, and holds back what nobody may see before it is kept.
//!
//! What such a machine brings about is seen twice: at once, for whoever judges what it makes of what it was told, and as
//! [`Seen::Done`] when it is done, for whoever judges what others are shown.

use exchange_core::{Effect, Input};

use super::{
    disk::{Disk, Word},
    machine::Machine,
    seen::Seen,
    station::{State, Station, find},
};
use crate::node::Io;

/// A disk, and what was seen of the effects of a machine that keeps on it.
#[derive(Debug)]
pub(super) struct Keeper {
    disk: Disk,
    /// How many effects were done, and how many were seen to be brought about.
    done: usize,
    seen: usize,
}

impl<M: Machine> Station<M> {
    /// What it keeps is kept there.
    pub(super) fn keep_on(&mut self, disk: Disk) {
        self.keeper = Some(Keeper { disk, done: 0, seen: 0 });
    }

    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.keeper.as_ref().map(|keeper| &keeper.disk)
    }

    pub(crate) fn disk_mut(&mut self) -> Option<&mut Disk> {
        self.keeper.as_mut().map(|keeper| &mut keeper.disk)
    }

    /// What is left when the rest is gone.
    pub(crate) fn into_disk(self) -> Option<Disk> {
        self.keeper.map(|keeper| keeper.disk)
    }

    /// Its alarm rings. Whoever is dead does not hear it.
    pub(super) fn alarm(&mut self, io: &mut Io<'_>) {
        while let Some(word) = self.disk_mut().and_then(|disk| disk.due(io.now())) {
            match word {
                Word::Stored(batch) => {
                    self.see(|| Seen::Stored { batch });
                    self.act(io, |round| M::input(round, Input::Stored { batch }));
                }
                Word::Failed => {
                    self.see(|| Seen::StoreFailed);
                    // Of what is held back, only ends of links are left: those were seen.
                    let ends = self.machine.held().filter(|effect| matches!(effect, Effect::Close { .. })).count();
                    if let Some(keeper) = &mut self.keeper {
                        keeper.seen = keeper.done + ends;
                    }
                    io.listen(false);
                    self.act(io, |round| M::input(round, Input::StoreFailed));
                }
            }
        }
        if self.disk().is_none_or(|disk| disk.has_killed().is_none()) {
            self.act(io, |round| M::input(round, Input::Tick));
        }
    }

    /// Does what a machine that keeps wants done; what it has brought about besides is seen before that.
    pub(super) fn perform_held(&mut self, io: &mut Io<'_>) {
        let effects: Vec<Effect> = self.out.drain().collect();
        self.foresee(&effects);
        for effect in effects {
            if let Effect::Store { batch, changes } = effect {
                self.see(|| Seen::Stores { batch, rows: changes.len() });
                if let Some(disk) = self.disk_mut() {
                    disk.give(io.now(), batch, changes);
                }
                continue;
            }
            let seen = self.sight_of(&effect);
            self.seen.extend(seen.map(|seen| Seen::Done(Box::new(seen))));
            self.perform_one(effect, io);
        }
    }

    /// Sees what is new of what a machine has brought about: what is to be done, and what it holds back.
    fn foresee(&mut self, effects: &[Effect]) {
        let Some(Keeper { done, seen, .. }) = &mut self.keeper else { return };
        let to_do = effects.iter().filter(|effect| !matches!(effect, Effect::Store { .. }));
        let known = *seen - *done;
        *done += to_do.clone().count();
        *seen = *done + self.machine.held().count();
        let new: Vec<&Effect> = to_do.chain(self.machine.held()).skip(known).collect();
        let mut sights = Vec::new();
        let mut gone = Vec::new();
        for effect in new {
            sights.extend(self.sight_of(effect));
            if let Effect::Close { link, .. } = effect {
                gone.push(*link);
            }
        }
        self.seen.extend(sights);
        for link in gone {
            if let Some(link) = find(&mut self.links, link) {
                link.state = State::Forgotten;
            }
        }
    }
}

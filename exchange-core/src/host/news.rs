//! Who comes and goes. To tell everybody costs time for each who is there, so in a large session several are told of
//! together: a thousand who come at once are not told of each other a million times, one by one.

use alloc::{collections::BTreeSet, vec::Vec};
use core::time::Duration;

use super::{Alarm, Host};
use crate::{ids::RoomId, message::Body, room::Room, seam::LinkId, time::Time};

/// To hold back for less is not worth an alarm.
const WORTH_IT: Duration = Duration::from_millis(1);

#[derive(Debug, Default)]
pub(super) struct News {
    /// Rooms that there was nothing but news of in this round.
    fresh: BTreeSet<RoomId>,
    /// Those whose members are still to be told.
    held: BTreeSet<RoomId>,
    told_next: Time,
}

impl News {
    /// Whether others can wait for that.
    pub(super) fn is(body: &Body) -> bool {
        matches!(body, Body::Join { .. } | Body::Leave { .. } | Body::Rename { .. })
    }

    pub(super) fn of(&mut self, room: RoomId) {
        self.fresh.insert(room);
    }

    pub(super) fn is_held(&self, room: RoomId) -> bool {
        self.held.contains(&room)
    }

    /// Everybody is told of all that is new there now, or nobody ever.
    pub(super) fn forget(&mut self, room: RoomId) {
        self.fresh.remove(&room);
        self.held.remove(&room);
    }
}

impl Host {
    /// Adds the links that are told now who has come and gone, or are told later.
    pub(super) fn tell_news(&mut self, now: Time, touched: &mut Vec<LinkId>) {
        while let Some(room) = self.news.fresh.pop_first() {
            self.seal(room);
            self.news.held.insert(room);
        }
        if self.news.held.is_empty() && !self.roster_grown {
            return;
        }
        if now < self.news.told_next {
            return self.timers.set(Alarm::News, self.news.told_next);
        }
        self.timers.cancel(Alarm::News);
        self.news.told_next = now + self.held_back();
        while let Some(room) = self.news.held.pop_first() {
            touched.extend(self.rooms.get(&room).into_iter().flat_map(Room::subscribers));
        }
        if core::mem::take(&mut self.roster_grown) {
            touched.clear();
            touched.extend(self.links.keys());
        }
    }

    /// How long it waits with news once it has told some.
    fn held_back(&self) -> Duration {
        let links = u32::try_from(self.links.len()).unwrap_or(u32::MAX);
        Some(self.timing.news.saturating_mul(links)).filter(|held| *held >= WORTH_IT).unwrap_or_default()
    }
}

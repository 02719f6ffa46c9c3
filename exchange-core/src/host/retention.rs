//! Entries that are too old to be kept: they go from the log, and with that from pages and from what is kept of it, also
//! where nothing new comes.
//!
//! Of a room that has entries one alarm is set, for when the oldest of those that it had then is too old. It may ring for
//! nothing, because that one had to go earlier; it never rings more than once a second, and what has become too old
//! meanwhile goes at once.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Alarm, Host};
use crate::{
    ids::RoomId,
    time::{Time, Timestamp},
};

/// How long an entry may be kept beyond its time, so that many go at once.
const SLACK: Duration = Duration::from_secs(1);

impl Host {
    /// Until when an entry is kept that is stamped so.
    pub(super) fn kept_until(&self, now: Time, at: Timestamp) -> Time {
        let age = Duration::from_millis(self.wall.read(now).as_millis().saturating_sub(at.as_millis()));
        now + self.limits.history_age.unwrap_or(Duration::MAX).saturating_sub(age)
    }

    /// A room's first entry has come: it is too old some time.
    pub(super) fn watch_age(&mut self, room: RoomId) {
        let oldest = self.rooms.get(&room).and_then(|room| room.log.oldest_until());
        if let (Some(until), Some(_)) = (oldest, self.limits.history_age) {
            self.timers.set(Alarm::Retention(room), until + SLACK);
        }
    }

    /// Forgets what is too old in a room.
    pub(super) fn forget_old(&mut self, now: Time, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let members = &mut self.members;
        let has_expired = room.expire(now, |gone| {
            if let Some(member) = members.get_mut(&gone) {
                member.entries -= 1;
            }
        });
        if has_expired {
            self.changes_room(id);
        }
        self.watch_age(id);
    }

    /// What has become too old while nobody hosted is not there any more.
    pub(super) fn forget_old_everywhere(&mut self, now: Time) {
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        for room in rooms {
            self.forget_old(now, room);
        }
    }
}

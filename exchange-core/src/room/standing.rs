//! How people stand to a room: who opened it, who may come in, who may not, who may not speak.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use serde::{Deserialize, Serialize};

use crate::{
    ids::PeerId,
    reason::Refusal,
    time::{Time, Timestamp},
};

#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Who opened the room, and moderates it.
    pub(crate) founder: Option<PeerId>,
    guests: BTreeMap<PeerId, Guest>,
    knocking: BTreeSet<PeerId>,
    pub(crate) bans: Sanctions,
    pub(crate) mutes: Sanctions,
}

/// Whoever may come into a private room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Guest {
    /// Has not been in it yet, and is reminded of the invitation.
    Invited,
    /// Was in it, and may come back.
    Admitted,
}

impl Standing {
    pub(crate) fn invite(&mut self, peer: PeerId) {
        self.knocking.remove(&peer);
        self.guests.entry(peer).or_insert(Guest::Invited);
    }

    pub(crate) fn is_invited(&self, peer: PeerId) -> bool {
        self.guests.get(&peer) == Some(&Guest::Invited)
    }

    pub(crate) fn is_guest(&self, peer: PeerId) -> bool {
        self.guests.contains_key(&peer)
    }

    /// Somebody has come in.
    pub(crate) fn admit(&mut self, peer: PeerId) {
        self.knocking.remove(&peer);
        self.guests.insert(peer, Guest::Admitted);
    }

    /// Somebody may not come in any more without being asked again.
    pub(crate) fn expel(&mut self, peer: PeerId) {
        if cfg!(exchange_bug = "invitation-survives") {
            return;
        }
        self.guests.remove(&peer);
    }

    /// Somebody is at the door; whether that is news.
    pub(crate) fn knock(&mut self, peer: PeerId) -> bool {
        self.knocking.insert(peer) || cfg!(exchange_bug = "knocks-again")
    }

    pub(super) fn guests(&self) -> impl Iterator<Item = (PeerId, Guest)> + '_ {
        self.guests.iter().map(|(peer, guest)| (*peer, *guest))
    }

    pub(super) fn knocking(&self) -> impl Iterator<Item = PeerId> + '_ {
        self.knocking.iter().copied()
    }

    pub(super) fn restore(&mut self, guests: Vec<(PeerId, Guest)>, knocking: Vec<PeerId>) {
        self.guests = guests.into_iter().collect();
        self.knocking = knocking.into_iter().collect();
    }

    /// Nobody knows who that was any more. What was done to them stays done.
    pub(crate) fn forget(&mut self, peer: PeerId) {
        self.guests.remove(&peer);
        self.knocking.remove(&peer);
    }
}

/// What was done to some, for a time or for good.
#[derive(Debug, Default)]
pub(crate) struct Sanctions(BTreeMap<PeerId, Option<End>>);

/// When something ends, by the clock that counts, and on the wall, which is what a host knows after its own end.
pub(crate) type End = (Time, Timestamp);

/// How long something lasts from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lasts(Option<u64>);

impl Lasts {
    /// In milliseconds, if it ends at all.
    pub(crate) fn millis(self) -> Option<u64> {
        self.0
    }
}

impl Sanctions {
    /// Whether it is so for that peer now, and for how long.
    pub(crate) fn holds(&self, now: Time, peer: PeerId) -> Option<Lasts> {
        let until = self.0.get(&peer)?;
        match until {
            None => Some(Lasts(None)),
            Some((until, _)) if *until > now => {
                Some(Lasts(Some(until.since(now).as_nanos().div_ceil(1_000_000).try_into().unwrap_or(u64::MAX))))
            }
            Some(_) => None,
        }
    }

    /// Whether there is room for one more, those that are over not counted.
    pub(crate) fn check(&mut self, now: Time, peer: PeerId, limit: usize) -> Result<(), Refusal> {
        if self.0.len() >= limit {
            self.0.retain(|_, end| end.is_none_or(|(until, _)| until > now));
        }
        if self.0.len() < limit || self.0.contains_key(&peer) {
            Ok(())
        } else {
            Err(Refusal::TooMany { limit: u32::try_from(limit).unwrap_or(u32::MAX) })
        }
    }

    pub(crate) fn put(&mut self, peer: PeerId, end: Option<End>) {
        self.0.insert(peer, end);
    }

    /// When it ends for whom, on the wall.
    pub(super) fn ends(&self) -> impl Iterator<Item = (PeerId, Option<Timestamp>)> + '_ {
        self.0.iter().map(|(peer, end)| (*peer, end.map(|(_, at)| at)))
    }

    pub(crate) fn lift(&mut self, peer: PeerId) {
        self.0.remove(&peer);
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use super::*;

    const ANA: PeerId = PeerId::from_bytes([1; 16]);
    const BO: PeerId = PeerId::from_bytes([2; 16]);
    const CY: PeerId = PeerId::from_bytes([3; 16]);

    #[test]
    fn what_is_done_for_a_time_ends_and_then_takes_no_place() {
        let mut bans = Sanctions::default();
        let until = Time::ZERO + Duration::from_secs(2);
        bans.put(ANA, Some((until, Timestamp::default())));
        bans.put(BO, None);
        assert_eq!(bans.holds(Time::ZERO, ANA), Some(Lasts(Some(2000))));
        assert_eq!(bans.holds(Time::ZERO, BO), Some(Lasts(None)));
        assert_eq!(bans.check(Time::ZERO, CY, 2), Err(Refusal::TooMany { limit: 2 }));
        assert_eq!(bans.check(Time::ZERO, ANA, 2), Ok(()), "it is in there already");
        assert_eq!(bans.holds(until, ANA), None);
        assert_eq!(bans.check(until, CY, 2), Ok(()));
        bans.lift(BO);
        assert_eq!(bans.holds(until, BO), None);
    }

    #[test]
    fn somebody_knocks_once_until_the_door_was_opened() {
        let mut door = Standing::default();
        assert!(door.knock(ANA));
        assert!(!door.knock(ANA));
        door.invite(ANA);
        assert!(door.is_invited(ANA));
        door.admit(ANA);
        assert!(door.is_guest(ANA) && !door.is_invited(ANA));
        door.invite(ANA);
        assert!(!door.is_invited(ANA), "whoever was in is not reminded");
        door.expel(ANA);
        assert!(door.knock(ANA));
    }
}

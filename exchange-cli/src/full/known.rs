//! What was seen of people since one is here: what they called themselves, and since when they are as they are.

use std::{collections::BTreeMap, time::Duration};

use exchange_tokio::core::{Nick, Peer, PeerId, Status, Timestamp};

/// As many are remembered; whoever comes after them is not.
const PEOPLE: usize = 4096;

/// As many nicks of one person, the last.
const NICKS: usize = 8;

/// People, by who they are.
#[derive(Debug, Default)]
pub(crate) struct Known(BTreeMap<PeerId, Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// In the order in which they were taken last.
    nicks: Vec<Nick>,
    status: Option<Status>,
    /// None where they were so already.
    since: Option<Timestamp>,
}

impl Known {
    /// Somebody calls themselves so.
    pub(crate) fn called(&mut self, peer: &Peer) {
        let Some(seen) = self.seen(peer.id) else { return };
        if seen.nicks.last() != Some(&peer.nick) {
            seen.nicks.retain(|nick| *nick != peer.nick);
            seen.nicks.push(peer.nick.clone());
            let too_many = seen.nicks.len().saturating_sub(NICKS);
            seen.nicks.drain(..too_many);
        }
    }

    /// Somebody is so now.
    pub(crate) fn is(&mut self, id: PeerId, status: Status, now: Timestamp) {
        let Some(seen) = self.seen(id) else { return };
        if seen.status != Some(status) {
            seen.since = seen.status.is_some().then_some(now);
            seen.status = Some(status);
        }
    }

    /// How long somebody has been as they are, if they were seen to become so.
    pub(crate) fn lasts(&self, id: PeerId, now: Timestamp) -> Option<Duration> {
        let since = self.0.get(&id)?.since?;
        Some(Duration::from_millis(now.as_millis().saturating_sub(since.as_millis())))
    }

    /// What somebody was called besides, the last first.
    pub(crate) fn before(&self, peer: &Peer) -> Vec<Nick> {
        let nicks = self.0.get(&peer.id).map_or(&[][..], |seen| &seen.nicks);
        nicks.iter().rev().filter(|nick| **nick != peer.nick).cloned().collect()
    }

    /// Others who are or were called the same.
    pub(crate) fn namesakes(&self, peer: &Peer) -> Vec<Peer> {
        let others = self.0.iter().filter(|(id, seen)| **id != peer.id && seen.nicks.contains(&peer.nick));
        others.map(|(id, _)| Peer { id: *id, nick: peer.nick.clone() }).collect()
    }

    fn seen(&mut self, id: PeerId) -> Option<&mut Seen> {
        if self.0.len() >= PEOPLE && !self.0.contains_key(&id) {
            return None;
        }
        Some(self.0.entry(id).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(id: u8, nick: &str) -> Peer {
        Peer { id: PeerId::from_bytes([id; 16]), nick: nick.parse().unwrap() }
    }

    #[test]
    fn what_somebody_was_called_is_known_and_who_else_was() {
        let mut known = Known::default();
        for nick in ["bo", "bob", "robert", "bo"] {
            known.called(&peer(1, nick));
        }
        known.called(&peer(2, "bob"));
        let before = known.before(&peer(1, "bo"));
        assert_eq!(before.iter().map(|nick| &**nick).collect::<Vec<_>>(), ["robert", "bob"]);
        assert_eq!(known.namesakes(&peer(2, "bob")), [peer(1, "bob")]);
        assert!(known.namesakes(&peer(1, "bo")).is_empty() && known.before(&peer(3, "cy")).is_empty());
    }

    #[test]
    fn how_long_somebody_is_away_is_known_only_of_whoever_was_seen_to_go() {
        let mut known = Known::default();
        let (id, at) = (PeerId::from_bytes([1; 16]), Timestamp::from_millis);
        known.is(id, Status::Away, at(1000));
        assert_eq!(known.lasts(id, at(9000)), None);
        known.is(id, Status::Online, at(10_000));
        known.is(id, Status::Away, at(20_000));
        known.is(id, Status::Away, at(25_000));
        assert_eq!(known.lasts(id, at(80_000)), Some(Duration::from_secs(60)));
        assert_eq!(known.lasts(id, at(5)), Some(Duration::ZERO), "clocks are put back");
    }

    #[test]
    fn no_more_is_remembered_than_has_a_place() {
        let mut known = Known::default();
        for number in 0..2 * PEOPLE {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&(number as u64).to_be_bytes());
            known.called(&Peer { id: PeerId::from_bytes(bytes), nick: "bo".parse().unwrap() });
        }
        for number in 0..100 {
            known.called(&peer(0, &format!("nick {number}")));
        }
        assert_eq!((known.0.len(), known.0[&PeerId::from_bytes([0; 16])].nicks.len()), (PEOPLE, NICKS));
    }
}

//! Who is who, where several people are called the same.

use std::collections::{BTreeMap, BTreeSet};

use exchange_tokio::core::{Nick, Peer, PeerId, Status};

/// The people in the lobby, which is everybody, and whose nick is whose.
///
/// Whoever had a nick first has it as it is; others who call themselves the same are shown with a piece of their id.
#[derive(Debug, Default)]
pub(super) struct Labels {
    people: BTreeMap<PeerId, Status>,
    nicks: BTreeMap<Nick, PeerId>,
}

impl Labels {
    pub(super) fn reset(&mut self, people: &[Peer]) {
        *self = Self::default();
        for peer in people {
            self.came(peer);
        }
    }

    /// Somebody has come; whether they were not there already.
    pub(super) fn came(&mut self, peer: &Peer) -> bool {
        self.nicks.entry(peer.nick.clone()).or_insert(peer.id);
        self.people.insert(peer.id, Status::Online).is_none()
    }

    /// Somebody has left; how they were before, if they were there.
    pub(super) fn went(&mut self, peer: &Peer) -> Option<Status> {
        if self.nicks.get(&peer.nick) == Some(&peer.id) {
            self.nicks.remove(&peer.nick);
        }
        self.people.remove(&peer.id)
    }

    /// How somebody is now; whether that is news of somebody who is there.
    pub(super) fn is(&mut self, peer: &Peer, status: Status) -> bool {
        self.people.get_mut(&peer.id).is_some_and(|before| std::mem::replace(before, status) != status)
    }

    pub(super) fn is_offline(&self, peer: &Peer) -> bool {
        self.people.get(&peer.id) == Some(&Status::Offline)
    }

    pub(super) fn label(&self, peer: &Peer) -> String {
        match self.nicks.get(&peer.nick) {
            Some(owner) if *owner != peer.id => tagged(peer),
            _ => peer.nick.to_string(),
        }
    }
}

/// These people as they can be told apart.
pub(crate) fn told_apart(people: &[Peer]) -> Vec<String> {
    let (mut once, mut twice) = (BTreeSet::new(), BTreeSet::new());
    for peer in people {
        if !once.insert(&peer.nick) {
            twice.insert(&peer.nick);
        }
    }
    let label = |peer: &Peer| if twice.contains(&peer.nick) { tagged(peer) } else { peer.nick.to_string() };
    people.iter().map(label).collect()
}

fn tagged(peer: &Peer) -> String {
    let id = peer.id.to_string();
    format!("{}~{}", peer.nick, id.get(..4).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(nick: &str, id: u8) -> Peer {
        Peer { id: PeerId::from_bytes([id; 16]), nick: nick.parse().unwrap() }
    }

    #[test]
    fn whoever_takes_a_nick_that_somebody_has_is_told_apart() {
        let mut labels = Labels::default();
        labels.reset(&[peer("ana", 1), peer("bo", 2)]);
        labels.came(&peer("ana", 3));
        assert_eq!([1, 3].map(|id| labels.label(&peer("ana", id))), ["ana", "ana~0303"]);
        assert_eq!(labels.went(&peer("ana", 1)), Some(Status::Online));
        assert_eq!(labels.label(&peer("ana", 3)), "ana");
        assert_eq!(told_apart(&[peer("ana", 1), peer("bo", 2), peer("ana", 3)]), ["ana~0101", "bo", "ana~0303"]);
    }

    #[test]
    fn only_people_who_are_there_can_be_offline() {
        let mut labels = Labels::default();
        labels.reset(&[peer("ana", 1)]);
        assert!(!labels.is(&peer("bo", 2), Status::Online));
        assert!(!labels.is(&peer("ana", 1), Status::Online));
        assert!(labels.is(&peer("ana", 1), Status::Offline));
        assert!(labels.is_offline(&peer("ana", 1)));
    }
}

//! Who is who, where several people are called the same.

use std::collections::{BTreeMap, BTreeSet};

use exchange_tokio::core::{Nick, Note, Peer, PeerId, Person, Status};

/// The people in the lobby, which is everybody, and whose nick is whose.
///
/// Whoever had a nick first has it as it is; others who call themselves the same are shown with a piece of their id.
#[derive(Debug, Default)]
pub(super) struct Labels {
    people: BTreeMap<PeerId, (Status, Option<Note>)>,
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
        let is_news = !self.people.contains_key(&peer.id);
        self.people.entry(peer.id).or_insert((Status::Online, None)).0 = Status::Online;
        is_news
    }

    /// Somebody is called otherwise than before; whether that is news.
    pub(super) fn renamed(&mut self, peer: &Peer, before: &Nick) -> bool {
        if self.nicks.get(before) == Some(&peer.id) {
            self.nicks.remove(before);
        }
        self.nicks.entry(peer.nick.clone()).or_insert(peer.id);
        self.people.contains_key(&peer.id) && peer.nick != *before
    }

    /// Somebody has left; how they were before, if they were there.
    pub(super) fn went(&mut self, peer: &Peer) -> Option<Status> {
        if self.nicks.get(&peer.nick) == Some(&peer.id) {
            self.nicks.remove(&peer.nick);
        }
        self.people.remove(&peer.id).map(|(status, _)| status)
    }

    /// How somebody is now; how they were before, if that is news of somebody who is there.
    pub(super) fn is(&mut self, peer: &Peer, status: Status, note: Option<&Note>) -> Option<Status> {
        let before = self.people.get_mut(&peer.id)?;
        let (status, note) = std::mem::replace(before, (status, note.cloned()));
        (*before != (status, note)).then_some(status)
    }

    pub(super) fn is_offline(&self, peer: &Peer) -> bool {
        self.people.get(&peer.id).is_some_and(|(status, _)| *status == Status::Offline)
    }

    pub(super) fn label(&self, peer: &Peer) -> String {
        match self.nicks.get(&peer.nick) {
            Some(owner) if *owner != peer.id => tagged(peer),
            _ => peer.nick.to_string(),
        }
    }
}

/// Who these people are.
pub(crate) fn peers(people: Vec<Person>) -> Vec<Peer> {
    people.into_iter().map(|person| person.peer).collect()
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
    format!("{}~{}", peer.nick, peer.tag())
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
    fn whoever_takes_another_nick_leaves_the_old_one_to_others() {
        let mut labels = Labels::default();
        labels.reset(&[peer("ana", 1), peer("bo", 2), peer("bo", 3)]);
        assert_eq!(labels.label(&peer("bo", 3)), "bo~0303");
        assert!(labels.renamed(&peer("cy", 2), &"bo".parse().unwrap()));
        assert_eq!([("cy", 2), ("bo", 3)].map(|(nick, id)| labels.label(&peer(nick, id))), ["cy", "bo"]);
        assert!(!labels.renamed(&peer("cy", 2), &"cy".parse().unwrap()));
    }

    #[test]
    fn only_people_who_are_there_can_be_offline() {
        let mut labels = Labels::default();
        labels.reset(&[peer("ana", 1)]);
        assert_eq!(labels.is(&peer("bo", 2), Status::Online, None), None);
        assert_eq!(labels.is(&peer("ana", 1), Status::Online, None), None);
        assert_eq!(labels.is(&peer("ana", 1), Status::Offline, None), Some(Status::Online));
        assert!(labels.is_offline(&peer("ana", 1)));
    }
}

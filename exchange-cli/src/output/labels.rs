//! Who is who, where several people are called the same.

use std::collections::{BTreeMap, BTreeSet};

use exchange_tokio::core::{Nick, Note, Peer, PeerId, Person, RoomName, Status};

use crate::line::Line;

/// The people in the lobby, which is everybody, and whose nick is whose.
///
/// Whoever had a nick first has it as it is; others who call themselves the same are shown with a piece of their id.
#[derive(Debug)]
pub(super) struct Labels {
    me: PeerId,
    people: BTreeMap<PeerId, (Status, Option<Note>)>,
    nicks: BTreeMap<Nick, PeerId>,
    /// What everybody was called last, also of those who have left.
    last: BTreeMap<PeerId, Nick>,
}

impl Labels {
    pub(super) fn new(me: PeerId) -> Self {
        Self { me, people: BTreeMap::new(), nicks: BTreeMap::new(), last: BTreeMap::new() }
    }

    pub(super) fn reset(&mut self, people: &[Peer]) {
        self.people.clear();
        self.nicks.clear();
        self.last.clear();
        for peer in people {
            self.came(peer);
        }
    }

    /// Somebody has come; whether they were not there already.
    pub(super) fn came(&mut self, peer: &Peer) -> bool {
        self.nicks.entry(peer.nick.clone()).or_insert(peer.id);
        self.last.insert(peer.id, peer.nick.clone());
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
        self.last.insert(peer.id, peer.nick.clone());
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

    /// What a room is called: a room of two by whom one shares it with.
    pub(super) fn room(&self, room: &RoomName) -> RoomLabel {
        RoomLabel::new(room, self.me, |other| {
            self.last.get(&other).map(|nick| self.label(&Peer { id: other, nick: nick.clone() }))
        })
    }

    pub(super) fn label(&self, peer: &Peer) -> String {
        match self.nicks.get(&peer.nick) {
            Some(owner) if *owner != peer.id => tagged(peer),
            _ => peer.nick.to_string(),
        }
    }
}

/// What a room is called where people read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RoomLabel {
    Named(RoomName),
    /// With somebody alone.
    With(String),
}

impl RoomLabel {
    /// The label of a room for somebody, who knows what others are called.
    pub(crate) fn new(room: &RoomName, me: PeerId, label: impl FnOnce(PeerId) -> Option<String>) -> Self {
        let other = room.direct_between().and_then(|two| two.into_iter().find(|id| *id != me));
        match other {
            Some(other) => Self::With(label(other).unwrap_or_else(|| "somebody".into())),
            None => Self::Named(room.clone()),
        }
    }

    pub(crate) fn show(&self, line: Line) -> Line {
        match self {
            Self::Named(room) => line.ours("#").name(room),
            Self::With(label) => line.ours("@").name(label),
        }
    }
}

/// Who these people are.
pub(crate) fn peers(people: Vec<Person>) -> Vec<Peer> {
    people.into_iter().map(|person| person.peer).collect()
}

/// These people as they can be told apart.
pub(crate) fn told_apart(people: &[Peer]) -> Vec<String> {
    let mut called: BTreeMap<&Nick, BTreeSet<PeerId>> = BTreeMap::new();
    for peer in people {
        called.entry(&peer.nick).or_default().insert(peer.id);
    }
    let is_alone = |peer: &Peer| called.get(&peer.nick).is_none_or(|ids| ids.len() < 2);
    let label = |peer: &Peer| if is_alone(peer) { peer.nick.to_string() } else { tagged(peer) };
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
        let mut labels = Labels::new(PeerId::from_bytes([9; 16]));
        labels.reset(&[peer("ana", 1), peer("bo", 2)]);
        labels.came(&peer("ana", 3));
        assert_eq!([1, 3].map(|id| labels.label(&peer("ana", id))), ["ana", "ana~0303"]);
        assert_eq!(labels.went(&peer("ana", 1)), Some(Status::Online));
        assert_eq!(labels.label(&peer("ana", 3)), "ana");
        assert_eq!(told_apart(&[peer("ana", 1), peer("bo", 2), peer("ana", 3)]), ["ana~0101", "bo", "ana~0303"]);
        assert_eq!(told_apart(&[peer("ana", 1), peer("ana", 1)]), ["ana", "ana"], "who is named twice is one");
    }

    #[test]
    fn whoever_takes_another_nick_leaves_the_old_one_to_others() {
        let mut labels = Labels::new(PeerId::from_bytes([9; 16]));
        labels.reset(&[peer("ana", 1), peer("bo", 2), peer("bo", 3)]);
        assert_eq!(labels.label(&peer("bo", 3)), "bo~0303");
        assert!(labels.renamed(&peer("cy", 2), &"bo".parse().unwrap()));
        assert_eq!([("cy", 2), ("bo", 3)].map(|(nick, id)| labels.label(&peer(nick, id))), ["cy", "bo"]);
        assert!(!labels.renamed(&peer("cy", 2), &"cy".parse().unwrap()));
    }

    #[test]
    fn only_people_who_are_there_can_be_offline() {
        let mut labels = Labels::new(PeerId::from_bytes([9; 16]));
        labels.reset(&[peer("ana", 1)]);
        assert_eq!(labels.is(&peer("bo", 2), Status::Online, None), None);
        assert_eq!(labels.is(&peer("ana", 1), Status::Online, None), None);
        assert_eq!(labels.is(&peer("ana", 1), Status::Offline, None), Some(Status::Online));
        assert!(labels.is_offline(&peer("ana", 1)));
    }
}

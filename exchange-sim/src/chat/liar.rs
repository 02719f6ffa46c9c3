//! A host that does not tell all of its members the truth. Its machine is an honest one; what is changed is what that
//! says to some, right before it goes out.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{Bytes, BytesMut};
use exchange_core::{
    Body, Cmid, Encoding, Epoch, LinkId, MemberId, RoomId, Seq, Timestamp,
    message::{Entry, Joined, ToClient},
    wire::frames,
};

use crate::{net::NodeId, random::Random};

/// Of how many messages in a thousand it tells something else.
const LIES: u16 = 120;

/// Tells some clients other things.
#[derive(Debug)]
pub(crate) struct Liar {
    victims: BTreeSet<NodeId>,
    random: Random,
    links: BTreeMap<LinkId, Told>,
}

/// What goes over one link to somebody who is lied to.
#[derive(Debug)]
struct Told {
    to: NodeId,
    encoding: Option<Encoding>,
    me: MemberId,
    members: BTreeSet<MemberId>,
    rooms: BTreeMap<RoomId, (Epoch, Seq)>,
    /// Entries of a page that are still to come.
    paged: u32,
}

/// Of which entry something else was told, and to whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lie {
    pub(crate) to: NodeId,
    pub(crate) epoch: Epoch,
    pub(crate) seq: Seq,
}

impl Liar {
    pub(crate) fn new(victims: BTreeSet<NodeId>, random: Random) -> Self {
        Self { victims, random, links: BTreeMap::new() }
    }

    pub(super) fn accepted(&mut self, link: LinkId, from: NodeId) {
        if self.victims.contains(&from) {
            let (members, rooms) = (BTreeSet::new(), BTreeMap::new());
            let told = Told { to: from, encoding: None, me: MemberId(0), members, rooms, paged: 0 };
            self.links.insert(link, told);
        }
    }

    pub(super) fn opened(&mut self, link: LinkId, encoding: Encoding) {
        if let Some(told) = self.links.get_mut(&link) {
            told.encoding = Some(encoding);
        }
    }

    /// What it says instead of that, and where it lies.
    pub(super) fn tell(&mut self, link: LinkId, truth: Bytes) -> (Bytes, Vec<Lie>) {
        let Some(told) = self.links.get_mut(&link) else { return (truth, Vec::new()) };
        let Some(encoding) = told.encoding else { return (truth, Vec::new()) };
        let (mut said, mut lies) = (BytesMut::new(), Vec::new());
        for body in frames(&truth) {
            let Ok(message) = encoding.decode::<ToClient>(body) else { continue };
            let message = match message {
                ToClient::Entry(entry) if told.is_news(&entry) && self.random.chance(LIES) => {
                    told.lie(entry, &mut self.random, &mut lies)
                }
                message => message,
            };
            told.tells(&message);
            encoding.encode(&message, &mut said);
        }
        if lies.is_empty() { (truth, lies) } else { (said.freeze(), lies) }
    }
}

impl Told {
    /// What it lies about is what members say as it happens: it is in no page, nor was it said before the client came.
    fn is_news(&self, entry: &Entry) -> bool {
        let is_live = self.rooms.get(&entry.room).is_some_and(|(_, head)| entry.seq > *head);
        let is_text = matches!(&entry.body, Body::Text(text) if !text.is_empty());
        self.paged == 0 && is_live && is_text && entry.cmid != Cmid::ZERO && entry.author != self.me
    }

    fn lie(&self, entry: Entry, random: &mut Random, lies: &mut Vec<Lie>) -> ToClient {
        let Some((epoch, _)) = self.rooms.get(&entry.room) else { return ToClient::Entry(entry) };
        lies.push(Lie { to: self.to, epoch: *epoch, seq: entry.seq });
        let others = self.members.iter().filter(|other| **other != entry.author && **other != self.me);
        let others: Vec<MemberId> = others.copied().collect();
        let is_owner = entry.author == MemberId(0);
        ToClient::Entry(match random.up_to(2) {
            0 if !is_owner => Entry { body: Body::text("that was never said"), ..entry },
            1 if !is_owner && !others.is_empty() => Entry { author: others[random.index(others.len())], ..entry },
            // Nobody signs when something was said, but how the log was.
            _ => Entry { at: Timestamp::from_millis(entry.at.as_millis() + 1), ..entry },
        })
    }

    fn tells(&mut self, message: &ToClient) {
        match message {
            ToClient::Welcome(welcome) => self.me = welcome.you,
            ToClient::Roster { members, .. } => {
                self.members.extend(members.iter().map(|record| record.member).filter(|member| *member != MemberId(0)));
            }
            ToClient::Joined(Joined { room, epoch, head, .. }) => {
                self.rooms.insert(*room, (*epoch, *head));
            }
            ToClient::Page { entries, .. } => self.paged = *entries,
            ToClient::Entry(_) => self.paged = self.paged.saturating_sub(1),
            _ => {}
        }
    }
}

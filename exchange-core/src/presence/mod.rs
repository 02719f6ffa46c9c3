//! Who is there: a log that compacts. Only the newest record of each member is kept, so a link that lags gets the
//! latest state once, and a link that is new gets every member once.

mod own;
mod pages;

use alloc::{
    boxed::Box,
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

use bytes::{Bytes, BytesMut};

pub(crate) use self::own::Own;
use self::pages::{Page, Pages};
use crate::{
    event::{Author, Peer, Person},
    identity::PublicIdentity,
    ids::{MemberId, PeerId, ProducerId, Rev},
    message::{Encoding, MemberRecord, Role, Status, ToClient},
    name::{Nick, Note},
};

/// Members told of in one frame.
const PAGE: usize = 128;

/// Every member a host knows, in the order of their last change.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    records: BTreeMap<MemberId, Box<(Rev, MemberRecord)>>,
    changes: BTreeMap<Rev, MemberId>,
    by_client: BTreeMap<(PeerId, ProducerId), MemberId>,
    /// Of whom each number is, be it of several.
    producers: BTreeSet<(ProducerId, PeerId)>,
    rev: Rev,
    pages: Pages,
}

impl Roster {
    pub(crate) fn rev(&self) -> Rev {
        self.rev
    }

    pub(crate) fn find(&self, peer: PeerId, producer: ProducerId) -> Option<MemberId> {
        self.by_client.get(&(peer, producer)).copied()
    }

    /// Whether somebody's client has that number.
    pub(crate) fn has_producer(&self, producer: ProducerId) -> bool {
        let all = (producer, PeerId::from_bytes([0; 16]))..=(producer, PeerId::from_bytes([0xff; 16]));
        self.producers.range(all).next().is_some()
    }

    pub(crate) fn record(&self, member: MemberId) -> Option<&MemberRecord> {
        self.records.get(&member).map(|known| &known.1)
    }

    /// The revision of a member's last change.
    pub(crate) fn changed(&self, member: MemberId) -> Option<Rev> {
        self.records.get(&member).map(|known| known.0)
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = &MemberRecord> {
        self.records.values().map(|known| &known.1)
    }

    /// The other clients of that peer.
    pub(crate) fn clients_of(&self, peer: PeerId) -> impl Iterator<Item = MemberId> + '_ {
        let all = (peer, ProducerId::from_bytes([0; 8]))..=(peer, ProducerId::from_bytes([0xff; 8]));
        self.by_client.range(all).map(|(_, member)| *member)
    }

    pub(crate) fn peer(&self, member: MemberId) -> Option<Peer> {
        self.record(member).map(MemberRecord::peer)
    }

    /// Records a member's latest state; tells whether that is news.
    pub(crate) fn put(&mut self, record: MemberRecord) -> bool {
        let member = record.member;
        if let Some((rev, known)) = self.records.get(&member).map(|known| &**known) {
            if *known == record {
                return false;
            }
            self.changes.remove(rev);
            self.pages.outdate(*rev);
        }
        self.rev = self.rev.next();
        self.pages.grow();
        self.changes.insert(self.rev, member);
        self.by_client.insert((record.peer, record.producer), member);
        self.producers.insert((record.producer, record.peer));
        self.records.insert(member, Box::new((self.rev, record)));
        true
    }

    /// Records how a member is; tells whether that is news.
    pub(crate) fn set_status(&mut self, member: MemberId, status: Status, note: Option<Note>) -> bool {
        self.record(member).cloned().is_some_and(|record| self.put(MemberRecord { status, note, ..record }))
    }

    /// Records what a member is called; tells whether that is news.
    pub(crate) fn set_nick(&mut self, member: MemberId, nick: Nick) -> bool {
        self.record(member).cloned().is_some_and(|record| self.put(MemberRecord { nick, ..record }))
    }

    /// Records by which keys a member is known, of whom that was not known yet; tells whether that is news.
    pub(crate) fn set_identity(&mut self, member: MemberId, identity: PublicIdentity) -> bool {
        let record = self.record(member).filter(|record| record.identity.is_none()).cloned();
        record.is_some_and(|record| self.put(MemberRecord { identity: Some(identity), ..record }))
    }

    /// Records what a peer may do, of all its clients; tells whether that is news.
    pub(crate) fn set_role(&mut self, peer: PeerId, role: Role) -> bool {
        let before = self.rev;
        let clients: Vec<MemberId> = self.clients_of(peer).collect();
        for client in clients {
            if let Some(record) = self.record(client).cloned() {
                self.put(MemberRecord { role, ..record });
            }
        }
        self.rev != before
    }

    pub(crate) fn forget(&mut self, member: MemberId) {
        if let Some((rev, record)) = self.records.remove(&member).map(|known| *known) {
            self.changes.remove(&rev);
            self.by_client.remove(&(record.peer, record.producer));
            self.producers.remove(&(record.producer, record.peer));
            self.pages.outdate(rev);
        }
    }

    /// The changes after `after`, as one frame, and the revision it leads to. `None` when there are none.
    pub(crate) fn page(&mut self, after: Rev, encoding: Encoding) -> Option<(Bytes, Rev)> {
        if let Some(page) = self.pages.get(after, encoding) {
            return Some((page.frame.clone(), page.to));
        }
        let changes: Vec<(Rev, MemberId)> =
            self.changes.range(after.next()..).take(PAGE).map(|(rev, member)| (*rev, *member)).collect();
        let (last, _) = *changes.last()?;
        // Revisions of whom was forgotten since are no page's: the last page reaches them too.
        let to = if self.changes.range(last.next()..).next().is_some() { last } else { self.rev };
        let members = changes.iter().filter_map(|(_, member)| self.record(*member).cloned()).collect();
        let mut frame = BytesMut::new();
        encoding.encode(&ToClient::Roster { rev: to, members }, &mut frame);
        let frame = Bytes::copy_from_slice(&frame);
        let is_full = changes.len() == PAGE;
        self.pages.keep(after, encoding, Page { frame: frame.clone(), to, is_full });
        Some((frame, to))
    }
}

impl MemberRecord {
    pub(crate) fn peer(&self) -> Peer {
        Peer { id: self.peer, nick: self.nick.clone() }
    }

    /// Whoever it is, to a host, which has proof of everybody whose keys it knows.
    pub(crate) fn author(&self, mine: bool) -> Author {
        Author { peer: self.peer(), producer: self.producer, mine, proven: self.identity.is_some() }
    }

    pub(crate) fn person(&self) -> Person {
        Person { peer: self.peer(), role: self.role, status: self.status, note: self.note.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn record(member: u32, status: Status) -> MemberRecord {
        MemberRecord {
            member: MemberId(member),
            peer: PeerId::from_bytes([1; 16]),
            producer: ProducerId::from_bytes([u8::try_from(member).unwrap(); 8]),
            nick: Nick::new("ana").unwrap(),
            role: Role::Member,
            status,
            note: None,
            identity: None,
        }
    }

    fn members_after(roster: &mut Roster, mut after: Rev) -> Vec<(MemberId, Status)> {
        let mut seen = Vec::new();
        while let Some((frame, to)) = roster.page(after, Encoding::Postcard) {
            for body in crate::wire::frames(&frame) {
                let Ok(ToClient::Roster { members, .. }) = Encoding::Postcard.decode(body) else { panic!("no roster") };
                seen.extend(members.iter().map(|record| (record.member, record.status)));
            }
            after = to;
        }
        assert!(after <= roster.rev());
        seen
    }

    #[test]
    fn a_lagging_reader_gets_the_latest_state_once() {
        let mut roster = Roster::default();
        roster.put(record(1, Status::Online));
        let seen = roster.rev();
        for _ in 0..10 {
            roster.set_status(MemberId(1), Status::Offline, None);
            roster.set_status(MemberId(1), Status::Online, None);
        }
        assert_eq!(members_after(&mut roster, seen), [(MemberId(1), Status::Online)]);
    }

    #[test]
    fn a_new_reader_gets_everybody_once_over_as_many_pages_as_it_takes() {
        let mut roster = Roster::default();
        for member in 1..=250 {
            roster.put(record(member, Status::Online));
        }
        let seen = members_after(&mut roster, Rev(0));
        assert_eq!(seen.len(), 250);
        assert_eq!(seen[249], (MemberId(250), Status::Online));
    }

    proptest! {
        #![proptest_config(crate::testing::cases(24))]

        #[test]
        fn whoever_asks_is_told_the_same_as_if_no_page_were_kept(
            steps in vec((0_u32..250, 0_u8..8, 0_u64..600), 1..400),
        ) {
            let (mut keeping, mut forgetful) = (Roster::default(), Roster::default());
            for (member, what, back) in steps {
                for roster in [&mut keeping, &mut forgetful] {
                    match what {
                        0 => roster.forget(MemberId(member)),
                        1 => drop(roster.put(record(member, Status::Away))),
                        _ => drop(roster.put(record(member, Status::Online))),
                    }
                }
                forgetful.pages = Pages::default();
                let after = Rev(keeping.rev().0.saturating_sub(back));
                prop_assert_eq!(members_after(&mut keeping, after), members_after(&mut forgetful, after));
            }
        }
    }

    #[test]
    fn no_news_is_no_change() {
        let mut roster = Roster::default();
        assert!(roster.put(record(1, Status::Online)));
        assert!(!roster.put(record(1, Status::Online)));
        assert!(!roster.set_status(MemberId(1), Status::Online, None));
        assert_eq!(roster.rev(), Rev(1));
    }

    #[test]
    fn a_reader_reaches_the_revision_also_when_whoever_changed_last_is_forgotten() {
        let mut roster = Roster::default();
        roster.put(record(1, Status::Online));
        roster.put(record(2, Status::Online));
        roster.forget(MemberId(2));
        let (_, to) = roster.page(Rev(0), Encoding::Postcard).unwrap();
        assert_eq!(to, roster.rev());
    }

    #[test]
    fn a_forgotten_member_is_told_of_no_more() {
        let mut roster = Roster::default();
        roster.put(record(1, Status::Online));
        roster.put(record(2, Status::Online));
        roster.forget(MemberId(1));
        assert_eq!(roster.find(PeerId::from_bytes([1; 16]), ProducerId::from_bytes([1; 8])), None);
        assert_eq!(members_after(&mut roster, Rev(0)), [(MemberId(2), Status::Online)]);
    }
}

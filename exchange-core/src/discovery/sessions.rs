use alloc::{
    collections::{BTreeMap, btree_map::Entry},
    vec::Vec,
};

use crate::{discovery::record::PeerRecord, ids::SessionId};

/// What changed among the sessions that are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// A session is there that was not.
    Appeared(PeerRecord),
    /// A session that is there is announced differently: its addresses, its people, its name.
    Changed(PeerRecord),
    /// A session is not announced any more, or could not be found any more.
    Disappeared(SessionId),
}

/// The sessions that are there now, each once.
///
/// It is told whatever a discovery hears, repeated, doubled or late, and answers with what that changed, if anything:
/// applied to an empty map one after the other, the answers give the map.
///
/// It holds at most [`MAX_SESSIONS`](Self::MAX_SESSIONS) sessions with at most
/// [`MAX_ADDRESSES`](Self::MAX_ADDRESSES) addresses each, so that nobody can fill the memory by announcing. The first
/// to come stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionTable {
    sessions: BTreeMap<SessionId, PeerRecord>,
}

impl SessionTable {
    /// The most sessions in it; more are not heard.
    pub const MAX_SESSIONS: usize = 256;

    /// The most addresses of a session; what sorts behind them is dropped.
    pub const MAX_ADDRESSES: usize = 16;

    /// A table without a session.
    pub const fn new() -> Self {
        Self { sessions: BTreeMap::new() }
    }

    /// A session is announced with this record, as it may have been before.
    ///
    /// The order of its addresses means nothing; the table keeps them sorted.
    pub fn resolved(&mut self, mut record: PeerRecord) -> Option<SessionEvent> {
        record.addresses.sort_unstable();
        record.addresses.dedup();
        record.addresses.truncate(Self::MAX_ADDRESSES);
        let is_full = self.sessions.len() >= Self::MAX_SESSIONS;
        match self.sessions.entry(record.session) {
            Entry::Occupied(known) if *known.get() == record => None,
            Entry::Occupied(mut known) => {
                known.insert(record.clone());
                Some(SessionEvent::Changed(record))
            }
            Entry::Vacant(_) if is_full => None,
            Entry::Vacant(free) => {
                free.insert(record.clone());
                Some(SessionEvent::Appeared(record))
            }
        }
    }

    /// A session is gone, as it may have been before.
    pub fn removed(&mut self, session: SessionId) -> Option<SessionEvent> {
        self.sessions.remove(&session).map(|_| SessionEvent::Disappeared(session))
    }

    /// Applies an event of another table.
    pub fn apply(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Appeared(record) | SessionEvent::Changed(record) => self.resolved(record),
            SessionEvent::Disappeared(session) => self.removed(session),
        };
    }

    /// Takes one step towards being equal to `other`, and says which; none if it is.
    ///
    /// This is how a reader of its own pace keeps up: what happened in between and undid itself it never hears of, and
    /// nothing has to be queued for it.
    pub fn follow(&mut self, other: &Self) -> Option<SessionEvent> {
        // The gone go first, which makes room for the new.
        if let Some(&gone) = self.sessions.keys().find(|session| !other.sessions.contains_key(session)) {
            return self.removed(gone);
        }
        let news = other.sessions.values().find(|record| self.get(record.session) != Some(*record))?;
        self.resolved(news.clone())
    }

    /// The record of a session.
    pub fn get(&self, session: SessionId) -> Option<&PeerRecord> {
        self.sessions.get(&session)
    }

    /// All sessions of this name, without regard to case: names are not unique.
    pub fn find(&self, name: &str) -> impl Iterator<Item = &PeerRecord> {
        let name = name.to_lowercase();
        self.sessions.values().filter(move |record| record.name.to_lowercase() == name)
    }

    /// All sessions, sorted by name without regard to case, those of one name by id.
    pub fn iter(&self) -> impl Iterator<Item = &PeerRecord> {
        let mut records: Vec<_> = self.sessions.values().collect();
        records.sort_by_cached_key(|record| record.name.to_lowercase());
        records.into_iter()
    }

    /// How many sessions there are.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }
}

impl FromIterator<PeerRecord> for SessionTable {
    fn from_iter<T: IntoIterator<Item = PeerRecord>>(records: T) -> Self {
        let mut table = Self::new();
        for record in records {
            table.resolved(record);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use core::net::{Ipv4Addr, SocketAddr};

    use proptest::prelude::*;

    use super::*;
    use crate::{
        discovery::record::strategies,
        name::{Nick, SessionName},
    };

    fn record(id: u16, text: &str) -> PeerRecord {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&id.to_be_bytes());
        PeerRecord::new(SessionId::from_bytes(bytes), name(text), Nick::new("ana").unwrap(), 7)
    }

    fn name(text: &str) -> SessionName {
        SessionName::new(text).unwrap()
    }

    fn address(last: u8) -> SocketAddr {
        (Ipv4Addr::new(10, 0, 0, last), 7).into()
    }

    #[test]
    fn a_session_appears_once_however_often_it_is_resolved() {
        let mut table = SessionTable::new();
        let mut ops = record(1, "Ops");
        ops.addresses = [address(1), address(2)].into();
        assert_eq!(table.resolved(ops.clone()), Some(SessionEvent::Appeared(ops.clone())));
        ops.addresses = [address(2), address(1), address(2)].into();
        assert_eq!(table.resolved(ops), None);
    }

    #[test]
    fn a_session_that_says_something_new_has_changed() {
        let mut table = SessionTable::new();
        let mut ops = record(1, "Ops");
        table.resolved(ops.clone());
        ops.people = 2;
        assert_eq!(table.resolved(ops.clone()), Some(SessionEvent::Changed(ops)));
    }

    #[test]
    fn a_session_disappears_once_and_can_come_back() {
        let mut table = SessionTable::new();
        let ops = record(1, "Ops");
        assert_eq!(table.removed(ops.session), None);
        table.resolved(ops.clone());
        assert_eq!(table.removed(ops.session), Some(SessionEvent::Disappeared(ops.session)));
        assert_eq!(table.removed(ops.session), None);
        assert_eq!(table.resolved(ops.clone()), Some(SessionEvent::Appeared(ops)));
    }

    #[test]
    fn sessions_are_found_by_name_in_any_case_and_listed_in_order() {
        let mut table = SessionTable::new();
        for (id, name) in [(3, "straße"), (2, "Ops"), (1, "ops"), (4, "Álbum"), (5, "all")] {
            table.resolved(record(id, name));
        }
        let names = |records: Vec<&PeerRecord>| records.iter().map(|record| record.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(table.find("OPS").collect()), ["ops", "Ops"].map(name));
        assert_eq!(names(table.find("STRAßE").collect()), ["straße"].map(name));
        assert_eq!(table.find("op").count(), 0);
        assert_eq!(names(table.iter().collect()), ["all", "ops", "Ops", "straße", "Álbum"].map(name));
    }

    #[test]
    fn a_full_table_keeps_whom_it_knows_and_takes_others_when_there_is_room() {
        let mut table = SessionTable::new();
        for id in 0..256 {
            assert!(table.resolved(record(id, "flood")).is_some());
        }
        assert_eq!((table.len(), table.resolved(record(999, "late"))), (SessionTable::MAX_SESSIONS, None));
        assert!(matches!(table.resolved(record(0, "renamed")), Some(SessionEvent::Changed(_))));
        table.removed(record(1, "flood").session);
        assert!(matches!(table.resolved(record(999, "late")), Some(SessionEvent::Appeared(_))));
    }

    #[test]
    fn a_session_keeps_a_bounded_number_of_addresses() {
        let mut table = SessionTable::new();
        let mut ops = record(1, "Ops");
        ops.addresses = (0..=255).rev().map(address).collect();
        table.resolved(ops.clone());
        let kept: Vec<_> = (0..16).map(address).collect();
        assert_eq!(table.get(ops.session).unwrap().addresses, kept);
    }

    #[derive(Clone, Debug)]
    enum Heard {
        Resolved(PeerRecord),
        Removed(SessionId),
    }

    /// What a discovery may hear of a few sessions, each with a few faces, in any order and number.
    fn heard() -> impl Strategy<Value = Vec<Heard>> {
        let faces = prop::collection::vec((strategies::record(), 0..4_u8), 1..12).prop_map(|faces| {
            let as_one_of_few = |(mut record, id): (PeerRecord, u8)| {
                record.session = SessionId::from_bytes([id; 16]);
                record
            };
            faces.into_iter().map(as_one_of_few).collect::<Vec<_>>()
        });
        faces.prop_flat_map(|faces| {
            let heard = (prop::sample::select(faces), prop::bool::weighted(0.7)).prop_map(|(record, is_there)| {
                if is_there { Heard::Resolved(record) } else { Heard::Removed(record.session) }
            });
            prop::collection::vec(heard, 0..40)
        })
    }

    fn tell(table: &mut SessionTable, heard: Heard) -> Option<SessionEvent> {
        match heard {
            Heard::Resolved(record) => table.resolved(record),
            Heard::Removed(session) => table.removed(session),
        }
    }

    /// Applies an event as somebody who keeps a plain map would, and fails on one that says what was known.
    fn apply(map: &mut BTreeMap<SessionId, PeerRecord>, event: SessionEvent) {
        match event {
            SessionEvent::Appeared(record) => assert_eq!(map.insert(record.session, record), None),
            SessionEvent::Changed(record) => {
                let known = map.insert(record.session, record.clone());
                assert!(known.is_some_and(|known| known != record));
            }
            SessionEvent::Disappeared(session) => assert!(map.remove(&session).is_some()),
        }
    }

    proptest! {
        #[test]
        fn the_events_applied_in_order_give_the_table(heard in heard()) {
            let mut table = SessionTable::new();
            let mut map = BTreeMap::new();
            for heard in heard {
                if let Some(event) = tell(&mut table, heard) {
                    apply(&mut map, event);
                }
                prop_assert_eq!(&table.sessions, &map);
            }
        }

        #[test]
        fn a_follower_at_any_pace_ends_up_with_the_same_table(heard in heard(), pace in 1..5_usize) {
            let (mut table, mut follower) = (SessionTable::new(), SessionTable::new());
            let mut map = BTreeMap::new();
            for (n, heard) in heard.into_iter().enumerate() {
                tell(&mut table, heard);
                if n % pace == 0 && let Some(event) = follower.follow(&table) {
                    apply(&mut map, event);
                }
            }
            while let Some(event) = follower.follow(&table) {
                apply(&mut map, event);
            }
            prop_assert_eq!(&follower, &table);
            prop_assert_eq!(&table.sessions, &map);
        }
    }
}

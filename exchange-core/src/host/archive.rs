//! What was said in a session, read from its rows, whatever is left of them.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    vec::Vec,
};

use bytes::Bytes;

use super::{
    LOBBY, OWNER,
    kept::{MemberRow, SessionRow},
};
use crate::{
    event::{Author, Event, MessageView, Peer},
    ids::{MemberId, PeerId, ProducerId, RoomId, Seq},
    message::{Body, Entry, Rules},
    name::{Nick, Remark, RoomName},
    room::{RoomRow, Transcript},
    store::{Damage, Key, read_entry},
};

/// What was said in a session, as the rows of its host tell.
///
/// Where [`Host::restore`](crate::Host::restore) needs all rows, this makes the best of those that there are. Of whom
/// or what nothing is left but a number, that is the name.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Archive {
    /// Whose session it was.
    pub owner: Option<PeerId>,
    /// Who was in it, each by all nicks that their clients had last.
    pub people: Vec<Peer>,
    /// Its rooms, by name.
    pub rooms: Vec<ArchivedRoom>,
    /// What was wrong with the rows.
    pub damage: Vec<Damage>,
}

/// A room of an [`Archive`].
#[derive(Debug)]
#[non_exhaustive]
pub struct ArchivedRoom {
    /// What it is called.
    pub name: RoomName,
    /// What it was about in the end.
    pub topic: Option<Remark>,
    /// What rules it had in the end.
    pub rules: Rules,
    /// Who opened it.
    pub founder: Option<PeerId>,
    /// All messages that were kept, as they stand, oldest first; of those that were deleted, the places.
    pub messages: Vec<MessageView>,
    /// From where to where entries are missing between others.
    pub gaps: Vec<(Seq, Seq)>,
}

impl Archive {
    /// Reads what a host has kept, in whatever order.
    pub fn read(rows: impl IntoIterator<Item = (Key, Bytes)>) -> Self {
        let rows: BTreeMap<Key, Bytes> = rows.into_iter().collect();
        let mut damage: Vec<Damage> = check_session(&rows).err().into_iter().collect();
        let mut people = BTreeMap::new();
        let mut rooms = BTreeMap::new();
        let mut logs: BTreeMap<RoomId, BTreeMap<Seq, Entry>> = BTreeMap::new();
        for (key, row) in rows {
            let is_read = match key {
                Key::Member(member) => {
                    let row = MemberRow::read(key, &row).map(|MemberRow { peer: id, producer, nick, .. }| {
                        people.insert(member, (Peer { id, nick }, producer));
                    });
                    row.is_ok()
                }
                Key::Room(id) => RoomRow::read(key, &row).map(|row| rooms.insert(id, row)).is_ok(),
                Key::Entry(id, seq) => {
                    let entry = read_entry(&row).filter(|entry| (entry.room, entry.seq) == (id, seq));
                    entry.map(|entry| logs.entry(id).or_default().insert(seq, entry)).is_some()
                }
                _ => true,
            };
            if !is_read {
                damage.push(Damage::Row(key));
            }
        }
        for member in meet(&mut people, &logs) {
            damage.push(Damage::Missing(Key::Member(member)));
        }
        let owner = people.get(&OWNER).map(|(peer, _)| peer.id);
        let ids: BTreeSet<RoomId> = rooms.keys().chain(logs.keys()).copied().collect();
        let mut taken: BTreeMap<RoomName, RoomId> = BTreeMap::new();
        for (id, row) in &rooms {
            taken.entry(row.name().clone()).or_insert(*id);
        }
        let mut read: Vec<ArchivedRoom> = Vec::new();
        for id in ids {
            let (entries, row) = (logs.remove(&id).unwrap_or_default(), rooms.remove(&id));
            if row.is_none() {
                damage.push(Damage::Missing(Key::Room(id)));
            }
            let own = row.as_ref().map(RoomRow::name).filter(|name| taken.get(*name) == Some(&id));
            let name = own.cloned().unwrap_or_else(|| {
                let name = made_up(id, &taken);
                taken.insert(name.clone(), id);
                name
            });
            let (topic, rules, founder) = row.map(RoomRow::into_parts).unwrap_or_default();
            let gaps = gaps(&entries);
            let messages = messages(&name, entries, &people);
            read.push(ArchivedRoom { name, topic, rules, founder, messages, gaps });
        }
        read.sort_by(|one, other| one.name.cmp(&other.name));
        let people: BTreeSet<(PeerId, Nick)> = people.into_values().map(|(peer, _)| (peer.id, peer.nick)).collect();
        let people = people.into_iter().map(|(id, nick)| Peer { id, nick }).collect();
        Self { owner, people, rooms: read, damage }
    }
}

fn check_session(rows: &BTreeMap<Key, Bytes>) -> Result<(), Damage> {
    if rows.contains_key(&Key::Client) {
        return Err(Damage::OfClient);
    }
    SessionRow::read(rows.get(&Key::Session).ok_or(Damage::Missing(Key::Session))?).map(drop)
}

/// Sees to it that every author is somebody: as who they came or, if that is lost, by their number. Gives those of whom
/// there was no row.
fn meet(
    people: &mut BTreeMap<MemberId, (Peer, ProducerId)>,
    logs: &BTreeMap<RoomId, BTreeMap<Seq, Entry>>,
) -> Vec<MemberId> {
    let mut met: BTreeMap<MemberId, (Peer, ProducerId)> = BTreeMap::new();
    for Entry { author, body, .. } in logs.values().flat_map(BTreeMap::values) {
        if people.contains_key(author) {
            continue;
        }
        let unknown = || {
            let mut id = [0; 16];
            id[12..].copy_from_slice(&author.0.to_be_bytes());
            let nick = Nick::new(&format!("member {author}")).expect("it is short");
            (Peer { id: PeerId::from_bytes(id), nick }, ProducerId::from_bytes([0; 8]))
        };
        let who = met.entry(*author).or_insert_with(unknown);
        match body {
            Body::Join { peer: id, producer, nick } => *who = (Peer { id: *id, nick: nick.clone() }, *producer),
            Body::Rename { nick, .. } => who.0.nick = nick.clone(),
            _ => {}
        }
    }
    let missing = met.keys().copied().collect();
    people.append(&mut met);
    missing
}

/// A name that no other room has.
fn made_up(id: RoomId, taken: &BTreeMap<RoomName, RoomId>) -> RoomName {
    if id == LOBBY && !taken.contains_key(&RoomName::lobby()) {
        return RoomName::lobby();
    }
    let names = (1_u64..).map(|number| match number {
        1 => RoomName::new(&format!("room {id}")).expect("it is short"),
        number => RoomName::new(&format!("room {id} ({number})")).expect("it is short"),
    });
    names.into_iter().find(|name| !taken.contains_key(name)).unwrap_or_else(RoomName::lobby)
}

fn gaps(entries: &BTreeMap<Seq, Entry>) -> Vec<(Seq, Seq)> {
    let pairs = entries.keys().zip(entries.keys().skip(1));
    pairs.filter(|(one, next)| one.next() < **next).map(|(one, next)| (one.next(), next.back(1))).collect()
}

fn messages(
    room: &RoomName,
    entries: BTreeMap<Seq, Entry>,
    people: &BTreeMap<MemberId, (Peer, ProducerId)>,
) -> Vec<MessageView> {
    let mut transcript = Transcript::new(usize::MAX, usize::MAX);
    for entry in entries.into_values() {
        if let Some((peer, producer)) = people.get(&entry.author).cloned() {
            let author = Author { peer, producer, mine: entry.author == OWNER, proven: false };
            transcript.take(&Event::of_entry(room.clone(), entry, author, false));
        }
    }
    transcript.into_messages().collect()
}

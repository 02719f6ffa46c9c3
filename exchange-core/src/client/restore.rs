//! A client made again of what was kept of an earlier one.

use alloc::{collections::BTreeMap, vec::Vec};

use bytes::Bytes;

use super::{
    Client, ClientConfig,
    journal::{ClientJournal, ClientRow, FORM, KeptRoom, RoomRow, Stage},
    room::Room,
};
use crate::{
    identity::Identity,
    ids::Cmid,
    journal::{read, read_identity, read_with_form},
    message::Body,
    seed::Seed,
    store::{Damage, Key},
};

impl Client {
    /// The client of which these rows were kept: the same participant in the same rooms, with everything that waited for
    /// its outcome, under the numbers it had. [`Round::connect`](super::Round::connect) makes it dial.
    ///
    /// It is told again what is new in its rooms since it was there, and as many entries before that as
    /// [`lobby_from`](ClientConfig::lobby_from), or what the room was joined with, wants.
    ///
    /// It is who it was, whoever it is by `config`. If it was nobody in particular, the host takes it for somebody else
    /// where it is from now on: of what was sent before, nothing can be told.
    ///
    /// # Errors
    ///
    /// [`Damage`] if these are not all rows of one client, each as it was kept last.
    pub fn restore(
        config: ClientConfig,
        seed: &Seed,
        rows: impl IntoIterator<Item = (Key, Bytes)>,
    ) -> Result<Self, Damage> {
        let mut rows: BTreeMap<Key, Bytes> = rows.into_iter().collect();
        if rows.contains_key(&Key::Session) {
            return Err(Damage::OfHost);
        }
        let kept = rows.get(&Key::Client).ok_or(Damage::Missing(Key::Client))?;
        let (_, kept): (u16, ClientRow) = read_with_form(Key::Client, kept, FORM)?;
        let identity = rows.get(&Key::Identity).map(|row| read_identity(row)).transpose()?;
        let config = ClientConfig { identity: identity.or(config.identity), ..config };
        let mut client = Self::new(config, seed);
        client.peer = client.identity().map_or(kept.peer, Identity::peer);
        // To be known by the same number is for the same peer.
        if client.peer == kept.peer {
            client.producer = kept.producer;
        }
        (client.attempt, client.session) = (kept.attempt, kept.session);
        let mut waiting: BTreeMap<u32, Vec<(Cmid, Body)>> = BTreeMap::new();
        for (key, row) in &rows {
            match *key {
                Key::Client | Key::Identity | Key::Place(_) => {}
                Key::Waiting(place, cmid) => waiting.entry(place).or_default().push((cmid, read(*key, row)?)),
                _ => return Err(Damage::Row(*key)),
            }
        }
        let mut kept = BTreeMap::new();
        for (key, row) in &rows {
            let &Key::Place(number) = key else { continue };
            let row: RoomRow = read(*key, row)?;
            let (name, waiting) = (row.name.clone(), waiting.remove(&number).unwrap_or_default());
            let room = client.restore_room(row, waiting).ok_or(Damage::Row(*key))?;
            if kept.insert(name, KeptRoom { number, ..room }).is_some() {
                return Err(Damage::Row(*key));
            }
        }
        if let Some((number, waiting)) = waiting.pop_first() {
            let cmid = waiting.first().map_or(Cmid::ZERO, |(cmid, _)| *cmid);
            return Err(Damage::Row(Key::Waiting(number, cmid)));
        }
        if client.journal.is_some() {
            rows.retain(|key, _| !matches!(key, Key::Waiting(..)));
            client.journal = Some(ClientJournal::new(rows, kept));
        }
        Ok(client)
    }

    /// `None` if this is no room, or not all that waits in it.
    fn restore_room(&mut self, row: RoomRow, waiting: Vec<(Cmid, Body)>) -> Option<KeptRoom> {
        let RoomRow { name, numbered, stage } = row;
        let Stage::In(standing) = stage else {
            if matches!(stage, Stage::Parting) {
                self.parting.insert(name.clone(), false);
            }
            self.numbered.insert(name.clone(), numbered);
            let is_lobby = name.is_lobby();
            return (waiting.is_empty() && !is_lobby)
                .then_some(KeptRoom { waiting: (numbered, numbered), ..KeptRoom::default() });
        };
        let after = Cmid(numbered.0.checked_sub(waiting.len() as u64)?);
        let mut numbers = waiting.iter().zip(after.next().0..);
        if standing.sent > numbered || !numbers.all(|((cmid, _), number)| cmid.0 == number) {
            return None;
        }
        let log = standing.place.map(|(epoch, _)| epoch);
        self.pending += waiting.len();
        self.pending_bytes += waiting.iter().map(|(_, body)| body.payload_len()).sum::<usize>();
        let room = Room::restore(&standing, numbered, waiting, self.config.nothing_held());
        // The lobby is there already.
        self.rooms.remove(&name);
        self.rooms.insert(name, room);
        Some(KeptRoom { log, waiting: (after, numbered), ..KeptRoom::default() })
    }
}

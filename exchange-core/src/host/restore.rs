//! A host made again of what was kept of an earlier one.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use bytes::Bytes;

use super::{
    Alarm, Host, HostConfig, LOBBY, OWNER,
    journal::HostJournal,
    kept::{MemberRow, PLAIN_TOKENS, SessionRow},
    members::Member,
};
use crate::{
    identity::Identity,
    ids::{MemberId, RoomId, Seq},
    journal::{read, read_identity},
    message::{MemberRecord, Status},
    room::{MembershipRow, Room, RoomRow, Unkept},
    seed::Seed,
    store::{Damage, Key, read_entry},
    time::{Time, Timestamp, WallClock},
};

impl Host {
    /// The host of which these rows were kept: the same session with the same rooms, logs and people. Everybody else has
    /// lost their link, and may come back as after any other loss.
    ///
    /// Names, limits and times are those of `config`. Who hosts it is who did, unless that was nobody in particular. `wall`
    /// is what the wall clock shows: bans and the like go on to end when they were to.
    ///
    /// # Errors
    ///
    /// [`Damage`] if these are not all rows of one host, each as it was kept last.
    pub fn restore(
        config: HostConfig,
        seed: &Seed,
        now: Time,
        wall: Timestamp,
        rows: impl IntoIterator<Item = (Key, Bytes)>,
    ) -> Result<Self, Damage> {
        let rows: BTreeMap<Key, Bytes> = rows.into_iter().collect();
        if rows.contains_key(&Key::Client) {
            return Err(Damage::OfClient);
        }
        let session = rows.get(&Key::Session).ok_or(Damage::Missing(Key::Session))?;
        let (form, session) = SessionRow::read(session)?;
        let owner_key = Key::Member(OWNER);
        let owner = MemberRow::read(owner_key, rows.get(&owner_key).ok_or(Damage::Missing(owner_key))?)?;
        let identity = rows.get(&Key::Identity).map(|row| read_identity(row)).transpose()?;
        let config = HostConfig { identity: identity.or(config.identity), ..config };
        let peer = config.identity.as_ref().map_or(owner.peer, Identity::peer);
        let mut host = Self::bare(config, session.id, (peer, owner.producer), seed.fork("host"), now);
        host.wall = WallClock::showing(now, wall);
        host.life = session.life;
        host.moderators = session.moderators.into_iter().collect();
        (host.next_member, host.next_room) = (session.next_member, session.next_room);
        host.closed_logs = session.closed_logs.into();
        for (key, row) in &rows {
            host.restore_row(*key, row, now)?;
        }
        let had_plain_tokens = form <= PLAIN_TOKENS;
        if had_plain_tokens {
            host.members.values_mut().for_each(|member| member.tokens = member.tokens.of_plain());
        }
        if !host.rooms.contains_key(&LOBBY) {
            return Err(Damage::Missing(Key::Room(LOBBY)));
        }
        host.rooms.values_mut().for_each(|room| room.log.is_whole());
        host.restore_absences(now);
        if let Some(durability) = host.journal.as_ref().map(|journal| journal.durability) {
            host.journal = Some(HostJournal::restored(durability, rows));
            host.rooms.values_mut().for_each(|room| room.unkept = Some(Unkept::default()));
            host.changes_member(OWNER);
            // With the first row that is written, all are of the newest form.
            let others: Vec<MemberId> = host.members.keys().copied().filter(|_| had_plain_tokens).collect();
            for member in others {
                host.changes_member(member);
            }
        }
        host.forget_old_everywhere(now);
        Ok(host)
    }

    fn restore_row(&mut self, key: Key, row: &Bytes, now: Time) -> Result<(), Damage> {
        let damage = Damage::Row(key);
        match key {
            Key::Session | Key::Identity => Ok(()),
            Key::LetIn(peer) => {
                self.lock.let_in.insert(peer);
                Ok(())
            }
            Key::Member(member) => self.restore_member(member, MemberRow::read(key, row)?, damage),
            Key::Room(id) => {
                let row = RoomRow::read(key, row)?;
                let wall = self.wall;
                let room = Room::restore(id, row, &self.limits, |at| wall.when(now, at), self.identity.is_some());
                let is_other = self.room_ids.insert(room.name.clone(), id).is_some();
                if is_other || id >= self.next_room || room.name.is_lobby() != (id == LOBBY) {
                    return Err(damage);
                }
                self.rooms.insert(id, room);
                Ok(())
            }
            Key::Membership(id, member) => {
                let row: MembershipRow = read(key, row)?;
                let room = self.rooms.get_mut(&id).ok_or(damage)?;
                let state = self.members.get_mut(&member).ok_or(damage)?;
                if row.present {
                    state.rooms.insert(id);
                }
                room.restore_membership(member, row);
                Ok(())
            }
            Key::Entry(id, seq) => self.restore_entry(id, seq, row, now).ok_or(damage),
            // A client's.
            Key::Client | Key::Place(_) | Key::Waiting(..) => Err(damage),
        }
    }

    fn restore_member(&mut self, member: MemberId, row: MemberRow, damage: Damage) -> Result<(), Damage> {
        let MemberRow { peer, producer, nick, attempt, tokens, is_removed, identity } = row;
        if member >= self.next_member {
            return Err(damage);
        }
        let state = self.members.entry(member).or_insert_with(|| Box::new(Member::new()));
        (state.attempt, state.is_removed) = (attempt, is_removed);
        if !cfg!(exchange_bug = "tokens-not-kept") {
            state.tokens = tokens;
        }
        if member != OWNER {
            let (role, status, note) = (self.role(peer), Status::Offline, None);
            self.roster.put(MemberRecord { member, peer, producer, nick, role, status, note, identity });
        }
        Ok(())
    }

    fn restore_entry(&mut self, id: RoomId, seq: Seq, row: &[u8], now: Time) -> Option<()> {
        let entry = read_entry(row).filter(|entry| (entry.room, entry.seq) == (id, seq))?;
        let until = self.kept_until(now, entry.at);
        let room = self.rooms.get_mut(&id)?;
        let record = self.roster.record(entry.author)?;
        let author = (record.peer, record.producer);
        self.members.get_mut(&entry.author)?.entries += 1;
        let members = &mut self.members;
        room.restore_entry(entry, author, until, |gone| {
            if let Some(member) = members.get_mut(&gone) {
                member.entries -= 1;
            }
        })
    }

    /// Whoever is in a room was there, and may come back; nobody else is waited for.
    fn restore_absences(&mut self, now: Time) {
        for (&member, state) in self.members.iter().filter(|(member, _)| **member != OWNER) {
            if state.rooms.is_empty() {
                self.gone.push_back(member);
                continue;
            }
            self.away.push_back(member);
            self.timers.set(Alarm::Grace(member), now + self.timing.grace);
            self.timers.set(Alarm::Expiry(member), now + self.timing.expiry);
            self.roster.set_status(member, Status::Unreachable, None);
            if let Some(record) = self.roster.record(member) {
                // Nobody has taken it meanwhile; should it not be allowed any more, it is free.
                let _ = self.nicks.take(member, record.peer, &record.nick);
            }
        }
    }
}

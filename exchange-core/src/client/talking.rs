//! The end of a client's round: rooms that are wanted are asked for, and what waits is sent as far as it may be.

use super::{Alarm, Client, ClientConfig, State, room::Room};
use crate::{
    ids::Cmid,
    message::{JoinFrom, ToHost},
    name::RoomName,
    reason::CloseReason,
    seam::Outbox,
    time::Time,
};
use alloc::{boxed::Box, vec::Vec};

/// Rooms asked for at once: their answers have to fit into what the host will say beyond a link's credit.
const ASKED_AT_ONCE: usize = 8;

/// Messages on the wire without an outcome at once, over all rooms, in windows of one room.
const SESSION_WINDOWS: usize = 4;

impl Client {
    pub(super) fn talk(&mut self, now: Time, out: &mut Outbox) {
        self.watch_idleness();
        let live = matches!(&self.state, State::Linked(link) if link.is_live());
        if live && !self.is_paused {
            self.ask_for_rooms();
            self.say_changes();
            self.ask_for_list();
            self.ask_for_pages();
            if self.pending > 0 {
                self.send_waiting();
            }
        }
        let State::Linked(link) = &mut self.state else { return };
        link.flush(out);
        if link.is_overrun() {
            self.give_up(now, CloseReason::Overrun, out);
        }
    }

    fn ask_for_rooms(&mut self) {
        let State::Linked(link) = &mut self.state else { return };
        if self.parting.is_empty() && !self.rooms.values().any(Room::is_wanted) {
            return;
        }
        let asked = self.rooms.values().filter(|room| room.is_asked()).count();
        let parting = &mut self.parting;
        let wanted = self.rooms.iter_mut().filter(|(name, room)| room.is_wanted() && !parting.contains_key(*name));
        let mut wanted: Vec<(&RoomName, &mut Room)> = wanted.collect();
        // Everyone is in the lobby first.
        wanted.sort_by_key(|(name, _)| !name.is_lobby());
        for (name, room) in wanted.into_iter().take(ASKED_AT_ONCE.saturating_sub(asked)) {
            let opens = room.opens();
            let (from, settled, sent) = room.ask();
            let room = name.as_str().into();
            link.say(&if opens {
                ToHost::Open { room, settled, sent }
            } else {
                ToHost::Join { room, from, settled, sent }
            });
        }
        for (name, asked) in parting.iter_mut().filter(|(_, asked)| !**asked) {
            *asked = true;
            let numbers = self.rooms.get(name).map(|room| (room.settled(), room.sent()));
            let (settled, sent) = numbers.unwrap_or_else(|| {
                let last = self.numbered.get(name).copied().unwrap_or(Cmid::ZERO);
                (last, last)
            });
            link.say(&ToHost::Join { room: name.as_str().into(), from: JoinFrom::Head, settled, sent });
        }
    }

    /// As long as it is in a session, or on its way back to one, somebody may have gone from the keyboard.
    fn watch_idleness(&mut self) {
        match self.own.idle_at().filter(|_| matches!(self.state, State::Waiting | State::Linked(_))) {
            Some(at) => self.alarms.set(Alarm::Idle, at),
            None => self.alarms.cancel(Alarm::Idle),
        }
    }

    /// Tells the host what is otherwise than it was told last, as it is by now.
    fn say_changes(&mut self) {
        let State::Linked(link) = &mut self.state else { return };
        if !link.has_credit() {
            return;
        }
        let Some((nick, presence)) = &mut link.told else { return };
        let shown = self.own.shown();
        let presence = (*presence != shown).then(|| {
            presence.clone_from(&shown);
            ToHost::Presence(shown)
        });
        let nick = (*nick != self.nick).then(|| {
            nick.clone_from(&self.nick);
            ToHost::Rename { nick: nick.as_str().into() }
        });
        presence.iter().chain(&nick).for_each(|change| link.say(change));
    }

    fn ask_for_list(&mut self) {
        let Some(listing) = self.listing.as_mut().filter(|listing| !listing.is_asked) else { return };
        let State::Linked(link) = &mut self.state else { return };
        listing.is_asked = true;
        let after = listing.rooms.last().map(|room| room.name.as_str().into());
        link.say(&ToHost::List { after });
    }

    fn send_waiting(&mut self) {
        let State::Linked(link) = &mut self.state else { return };
        let ClientConfig { window, identity, .. } = &self.config;
        let mut in_flight: usize = self.rooms.values().map(Room::in_flight).sum();
        for (name, room) in &mut self.rooms {
            let Some(number) = room.joined_number() else { continue };
            let sent = room.sent();
            while link.has_credit() && in_flight < window * SESSION_WINDOWS {
                let author = identity.as_ref().map(|identity| (identity, self.producer));
                let commitment = author.and_then(|author| room.commit(author, name, *window)).map(Box::new);
                let Some((cmid, body)) = room.next_to_send(*window) else { break };
                link.say(&ToHost::Send { room: number, cmid, body: body.clone(), commitment });
                in_flight += 1;
            }
            if room.sent() != sent
                && let Some(kept) = &mut self.journal
            {
                kept.changes(name);
            }
        }
    }
}

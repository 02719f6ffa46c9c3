//! How far the members of a room are, and who is typing: what the host tells of the others, and what it is told of this
//! client.
//!
//! What it is told is one message for all that came in a quarter of a second, and only if somebody else said something
//! in it: nobody cares whether one has one's own messages.

use alloc::{collections::BTreeMap, vec::Vec};
use core::{mem, time::Duration};

use super::{Alarm, Client, Round, State};
use crate::{
    event::{Event, Peer, SeenBy},
    ids::{MemberId, RoomId, Seq},
    message::{MemberRecord, Signal, ToHost},
    name::RoomName,
    reason::Violation,
    room::Seen,
    seam::Outbox,
    time::Time,
};

/// So often the host is told that somebody goes on typing.
const REPEAT: Duration = Duration::from_secs(3);

/// The signals of one room.
#[derive(Debug, Default)]
pub(super) struct Signals {
    others: BTreeMap<MemberId, Theirs>,
    /// Whether the host has said that there are none.
    off: bool,
    /// After this place every entry was given.
    pub(super) after: Seq,
    /// The last that somebody else said, and how far that was read.
    said: Seq,
    pub(super) read: Seq,
    /// What the host was told on this link: how far this client is, and how far was read.
    told: Option<(Seq, Seq)>,
    /// Whether there is something to tell it.
    waits: bool,
    /// When it was told last that somebody is typing here, and until when somebody else may be.
    typed: Option<Time>,
    typing_until: Time,
}

#[derive(Clone, Copy, Debug, Default)]
struct Theirs {
    seen: Seen,
    typing: Option<Time>,
}

impl Signals {
    /// Begins with a log after that place.
    pub(super) fn begin(&mut self, after: Seq) {
        *self = Self { after, ..Self::default() };
    }

    /// Somebody else has said something.
    pub(super) fn heard(&mut self, seq: Seq) {
        self.said = seq;
    }

    /// Entries up to there are missing.
    pub(super) fn skip(&mut self, to: Seq) {
        if !cfg!(exchange_bug = "gap-counts-as-given") {
            // Who goes on with what an earlier client has kept may be told of a gap that is further back.
            self.after = self.after.max(to);
        }
    }

    /// The link is gone: on the next one everything is to be said again.
    fn unlinked(&mut self) {
        (self.told, self.waits, self.typed) = (None, false, None);
    }

    fn is_news(&self, receipts: bool) -> bool {
        let (delivered, read) = self.told.unwrap_or_default();
        // What it said that it has it has no more to show, where a gap is behind that.
        let is_past = self.told.is_some() && self.after > delivered;
        self.said > delivered || is_past || receipts && self.read.min(self.said) > read
    }

    /// Whether the host has to be told something, and was not going to be.
    fn begins_to_wait(&mut self, receipts: bool) -> bool {
        !self.off && !self.waits && {
            self.waits = self.is_news(receipts);
            self.waits
        }
    }

    /// What the host is to be told by now.
    fn tell(&mut self, place: Seq, receipts: bool) -> Option<Seen> {
        self.waits = false;
        // Of what was given and read in an earlier life, not all may have come again.
        if !self.is_news(receipts) || self.off || place < self.after {
            return None;
        }
        let read = self.read.min(place);
        self.told = Some((place, read));
        let tells_read = receipts || cfg!(exchange_bug = "read-without-consent");
        Some(Seen { after: self.after, delivered: place, read: tells_read.then_some(read) })
    }

    /// This client says whether somebody is typing; whether the host has to be told.
    fn types(&mut self, now: Time, typing: bool) -> bool {
        let before = self.typed;
        self.typed = Some(now).filter(|_| typing);
        if typing && let Some(typed) = before.filter(|typed| now < *typed + REPEAT) {
            self.typed = Some(typed);
            return false;
        }
        !self.off && (typing || before.is_some())
    }

    /// Something was posted, so that nobody is typing any more.
    pub(super) fn posted(&mut self) {
        self.typed = None;
    }

    fn seen(&self, member: MemberId) -> Seen {
        self.others.get(&member).map(|theirs| theirs.seen).unwrap_or_default().of(member)
    }

    /// Whether somebody was typing until now.
    fn stops_typing(&mut self, now: Time, member: MemberId) -> bool {
        now < self.typing_until && self.others.get_mut(&member).is_some_and(|theirs| theirs.typing.take().is_some())
    }

    /// Ends the typing of those whose time is over; gives whose.
    fn end_typing(&mut self, is_over: impl Fn(Time) -> bool) -> Vec<MemberId> {
        let typing = self.others.iter_mut();
        let ended =
            typing.filter_map(|(member, theirs)| theirs.typing.take_if(|until| is_over(*until)).map(|_| *member));
        ended.collect()
    }
}

impl Client {
    /// From the first entry that comes until the host is told that it has come, together with those that come meanwhile.
    pub const SEEN_AFTER: Duration = Duration::from_millis(250);

    /// Who has the message at a place in a room's log, as far as the host has told; `None` if it is not
    /// [held](Self::message), or the room has too many members for them to say so.
    pub fn seen_by(&self, room: &RoomName, seq: Seq) -> Option<SeenBy> {
        let room = self.rooms.get(room).filter(|room| !room.signals.off)?;
        let author = room.transcript.message(seq)?.message().sender().id;
        let me = self.session.as_ref().map(|joint| joint.me);
        let (_, delivered) = room.place()?;
        let read = self.own.tells_read().then_some(room.signals.read.min(delivered));
        let own = Seen { after: room.signals.after, delivered, read };
        let members = room.members().filter_map(|member| {
            let seen = if Some(*member) == me { own } else { room.signals.seen(*member) };
            Some((self.roster.get(member)?.peer(), seen))
        });
        Some(SeenBy::count(seq, author, members))
    }

    /// Who else is typing in a room.
    pub fn typing(&self, room: &RoomName) -> impl Iterator<Item = Peer> + '_ {
        let others = self.rooms.get(room).into_iter().flat_map(|room| &room.signals.others);
        let typing = others.filter(|(_, theirs)| theirs.typing.is_some());
        typing.filter_map(|(member, _)| self.roster.get(member)).map(MemberRecord::peer)
    }

    /// What members of a room signal by now.
    pub(super) fn signals(
        &mut self,
        now: Time,
        number: RoomId,
        signals: Vec<Signal>,
        out: &mut Outbox,
    ) -> Result<(), Violation> {
        let Some(name) = self.room_of(number)? else { return Ok(()) };
        let room = self.rooms.get_mut(&name).ok_or(Violation::Unexpected)?;
        let (_, place) = room.place().ok_or(Violation::Unexpected)?;
        room.signals.off = false;
        let me = self.session.as_ref().map(|joint| joint.me);
        for Signal { member, after, delivered, read, typing_ms } in signals {
            let seen = Seen { after, delivered, read };
            if !seen.is_sound() || delivered > place {
                return Err(Violation::Unexpected);
            }
            let record = self.roster.get(&member).filter(|_| room.has_member(member));
            let record = record.ok_or(Violation::UnknownMember)?;
            if Some(member) == me {
                continue;
            }
            let typing = (typing_ms > 0).then(|| now + Duration::from_millis(typing_ms.into()));
            let known = room.signals.others.entry(member).or_default();
            let before = mem::replace(known, Theirs { seen, typing });
            if before.seen != known.seen {
                let (room, peer) = (name.clone(), record.peer());
                out.event(Event::Seen { room, peer, delivered, read });
            }
            if before.typing.is_some() != typing.is_some() {
                let (room, peer, typing) = (name.clone(), record.peer(), typing.is_some());
                out.event(Event::Typing { room, peer, typing });
            }
            if let Some(until) = typing {
                room.signals.typing_until = room.signals.typing_until.max(until);
                if !cfg!(exchange_bug = "typing-never-ends") {
                    self.alarms.hasten(Alarm::Typing, until);
                }
            }
        }
        self.watch_seen(now, &name);
        Ok(())
    }

    /// A room has too many members for any signals.
    pub(super) fn no_signals(&mut self, number: RoomId, out: &mut Outbox) -> Result<(), Violation> {
        let Some(name) = self.room_of(number)? else { return Ok(()) };
        self.void_signals(&name, out);
        self.rooms.get_mut(&name).ok_or(Violation::Unexpected)?.signals.off = true;
        Ok(())
    }

    /// The host says anew how things stand in a room: what it has told before is void.
    pub(super) fn void_signals(&mut self, name: &RoomName, out: &mut Outbox) {
        let Some(room) = self.rooms.get_mut(name) else { return };
        let ended = room.signals.end_typing(|_| true);
        (room.signals.off, room.signals.told) = (false, None);
        room.signals.others.clear();
        self.tell_of_end(name, ended, out);
    }

    /// The link is gone, and with it whoever would say that somebody has stopped typing.
    pub(super) fn unlink_signals(&mut self, out: &mut Outbox) {
        let names: Vec<RoomName> = self.rooms.keys().cloned().collect();
        for name in names {
            let Some(room) = self.rooms.get_mut(&name) else { continue };
            let ended = room.signals.end_typing(|_| true);
            room.signals.unlinked();
            self.tell_of_end(&name, ended, out);
        }
    }

    /// Somebody has said something, and so does not type any more.
    pub(super) fn stops_typing(&mut self, now: Time, name: &RoomName, member: MemberId, out: &mut Outbox) {
        if self.rooms.get_mut(name).is_some_and(|room| room.signals.stops_typing(now, member)) {
            self.tell_of_end(name, [member], out);
        }
    }

    /// Somebody is not a member any more.
    pub(super) fn forget_signals(&mut self, name: &RoomName, member: MemberId, out: &mut Outbox) {
        let theirs = self.rooms.get_mut(name).and_then(|room| room.signals.others.remove(&member));
        if theirs.is_some_and(|theirs| theirs.typing.is_some()) {
            self.tell_of_end(name, [member], out);
        }
    }

    /// The alarm of typing: it looks whose time is over.
    pub(super) fn look_who_types(&mut self, now: Time, out: &mut Outbox) {
        let names: Vec<RoomName> = self.rooms.keys().cloned().collect();
        for name in names {
            let Some(room) = self.rooms.get_mut(&name) else { continue };
            let ended = room.signals.end_typing(|until| until <= now);
            for until in room.signals.others.values().filter_map(|theirs| theirs.typing) {
                self.alarms.hasten(Alarm::Typing, until);
            }
            self.tell_of_end(&name, ended, out);
        }
    }

    fn tell_of_end(&self, name: &RoomName, ended: impl IntoIterator<Item = MemberId>, out: &mut Outbox) {
        for peer in ended.into_iter().filter_map(|member| self.roster.get(&member)).map(MemberRecord::peer) {
            out.event(Event::Typing { room: name.clone(), peer, typing: false });
        }
    }

    /// Sees to it that the host is told how far this client is in a room, if that is news to anybody.
    pub(super) fn watch_seen(&mut self, now: Time, name: &RoomName) {
        let receipts = self.own.tells_read();
        // What comes about without a link is told once the room is joined on the next.
        let room = self.rooms.get_mut(name).filter(|room| room.joined_number().is_some());
        if room.is_some_and(|room| room.signals.begins_to_wait(receipts)) {
            self.alarms.hasten(Alarm::Seen, now + Self::SEEN_AFTER);
        }
    }

    /// Tells the host how far this client is in its rooms.
    pub(super) fn tell_seen(&mut self, now: Time) {
        let receipts = self.own.tells_read();
        let State::Linked(link) = &mut self.state else { return };
        for room in self.rooms.values_mut().filter(|room| room.signals.waits) {
            let Some((number, (_, place))) = room.joined_number().zip(room.place()) else { continue };
            if !link.has_credit() {
                return self.alarms.hasten(Alarm::Seen, now + Self::SEEN_AFTER);
            }
            if let Some(Seen { after, delivered, read }) = room.signals.tell(place, receipts) {
                link.say(&ToHost::Seen { room: number, after, delivered, read });
            }
        }
    }
}

impl Round<'_> {
    /// Says that everything in a room was read up to there. Of what was not told yet nothing can have been. Others are
    /// told if the client was made [so](super::ClientConfig::read_receipts).
    pub fn read(&mut self, room: &RoomName, up_to: Seq) {
        let Some(state) = self.client.rooms.get_mut(room) else { return };
        state.reading.read(up_to);
        let place = state.place().map_or(Seq::ZERO, |(_, place)| place);
        let read = state.signals.read.max(up_to.min(place));
        if state.signals.read != read {
            state.signals.read = read;
            self.client.changes_room(room);
        }
        self.client.watch_seen(self.now, room);
    }

    /// Somebody is typing in a room, or not any more. To be called at every key: the host is told at most every three
    /// seconds, and others no longer show it a while after the last call, or once something was posted.
    pub fn typing(&mut self, room: &RoomName, typing: bool) {
        let _ = self.client.own.active(self.now);
        let State::Linked(link) = &mut self.client.state else { return };
        if let Some(room) = self.client.rooms.get_mut(room)
            && let Some(number) = room.joined_number().filter(|_| link.has_credit())
            && room.signals.types(self.now, typing)
        {
            link.say(&ToHost::Typing { room: number, typing });
        }
    }
}

//! How far everybody says they are and who types: what was said, against what was given; and what is told, against what
//! was said.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use exchange_core::{
    Client, Epoch, Event, Host, MemberId, PeerId, RoomId, RoomName, Seq, Time, Timing, message::Signal,
};

use super::{
    Check, Invariant, Scene,
    place::{Place, quietly},
};
use crate::{marks::Mark, net::Socket};

/// How far two readings of one clock may lie apart: a slow machine takes its time before it looks at it.
const BLUR: Duration = Duration::from_millis(100);

/// How far somebody is in a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Far {
    pub(super) after: Seq,
    pub(super) delivered: Seq,
    pub(super) read: Option<Seq>,
}

impl Far {
    fn max(self, other: Self) -> Self {
        Self {
            after: self.after.max(other.after),
            delivered: self.delivered.max(other.delivered),
            read: self.read.max(other.read),
        }
    }

    fn is_within(self, other: Self) -> bool {
        self.max(other) == other
    }

    /// Whether somebody who is there, and was given what is up to `given`, has all that, and has read it and wants others
    /// to know.
    fn is_true_of(self, place: &Place, given: Seq, tells_read: bool) -> bool {
        let is_missed = |(from, to): &(Seq, Seq)| *to > self.after && *from <= self.delivered;
        let is_given = self.after >= place.begun && self.delivered <= given;
        let is_read = self.read.is_none_or(|read| tells_read && read <= place.read);
        is_given && is_read && !place.gaps.iter().any(is_missed)
    }
}

/// The furthest that everybody has ever said they are, by log.
#[derive(Debug, Default)]
pub(super) struct Said(BTreeMap<(Epoch, MemberId), Far>);

impl Said {
    pub(super) fn says(&mut self, epoch: Epoch, member: MemberId, far: Far) {
        let said = self.0.entry((epoch, member)).or_default();
        *said = said.max(far);
    }

    /// Whether it is no more than what that member has said, if it is believed.
    pub(super) fn allows(&self, epoch: Epoch, signal: &Signal, has_mangler: bool) -> Check {
        let Signal { member, after, delivered, read, .. } = *signal;
        let told = Far { after, delivered, read };
        let said = self.0.get(&(epoch, member)).copied().unwrap_or_default();
        // The host says of itself only how far it has read.
        let said = if member == MemberId(0) { Far { read: said.read, ..told } } else { said };
        if told.is_within(said) || has_mangler {
            return Ok(());
        }
        Err((Invariant::S29, format!("member {member} is told to be at {told:?}, but was never beyond {said:?}")))
    }
}

/// What one client was told.
#[derive(Debug)]
pub(super) struct Told {
    /// Whether others may know how far it has read, and how far it said in this step that it is.
    tells_read: bool,
    says: Vec<(RoomName, Far)>,
    /// What was told in this step.
    news: Vec<(RoomName, Epoch, Signal)>,
    /// Where somebody came or went in this step, before or after what was told.
    changed: BTreeSet<RoomName>,
    far: BTreeMap<(RoomName, MemberId), (Epoch, Far)>,
    /// Until when people type at the longest.
    typing: BTreeMap<(RoomName, PeerId), Time>,
}

impl Told {
    pub(super) fn new(tells_read: bool) -> Self {
        Self {
            tells_read,
            says: Vec::new(),
            news: Vec::new(),
            changed: BTreeSet::new(),
            far: BTreeMap::new(),
            typing: BTreeMap::new(),
        }
    }

    pub(super) fn say(&mut self, room: &RoomName, far: Far) {
        self.says.push((room.clone(), far));
    }

    /// Looks whether it has what it said that it has, and has read what it said.
    pub(super) fn check_own(
        &mut self,
        rooms: &BTreeMap<RoomName, Place>,
        (peer, life): (PeerId, Option<(Epoch, MemberId)>),
        scene: &mut Scene<'_>,
    ) -> Check {
        for (room, far) in std::mem::take(&mut self.says) {
            let (Some(place), Some((_, me))) = (rooms.get(&room), life) else { continue };
            // Of its own coming it is told nothing.
            let is_further = far.delivered > place.seq && quietly(scene, place, far.delivered, peer);
            let given = if is_further { far.delivered } else { place.seq };
            if !far.is_true_of(place, given, self.tells_read) {
                let what = format!("it says that it is at {far:?} of {room:?}, where it is at {}", place.seq);
                return Err((Invariant::S29, what));
            }
            scene.marks.sometimes(far.read.is_some_and(|read| read > Seq::ZERO), Mark::ReadTold);
            scene.far.says(place.epoch, me, far);
        }
        Ok(())
    }

    pub(super) fn hear(&mut self, room: &RoomName, epoch: Epoch, signals: Vec<Signal>) {
        self.news.extend(signals.into_iter().map(|signal| (room.clone(), epoch, signal)));
    }

    /// What comes on a link that is ended in this step is passed over.
    pub(super) fn unlinked(&mut self) {
        self.news.clear();
    }

    /// Members come and go: those who come back begin anew.
    pub(super) fn forget(&mut self, room: &RoomName) {
        self.far.retain(|(of, _), _| of != room);
        self.changed.insert(room.clone());
    }

    /// Somebody has said something.
    pub(super) fn stops(&mut self, room: &RoomName, peer: PeerId) {
        if let Some(until) = self.typing.get_mut(&(room.clone(), peer)) {
            *until = Time::ZERO;
        }
    }

    /// Looks at what was told in this step, and at who is seen to type after it.
    pub(super) fn look(
        &mut self,
        client: &Client,
        scene: &Scene<'_>,
        now: Time,
        peer_of: impl Fn(MemberId) -> Option<PeerId>,
    ) -> Check {
        for (room, epoch, signal) in std::mem::take(&mut self.news) {
            scene.far.allows(epoch, &signal, scene.has_mangler)?;
            let Signal { member, after, delivered, read, typing_ms } = signal;
            let far = Far { after, delivered, read };
            if !self.changed.contains(&room)
                && let Some((log, before)) = self.far.insert((room.clone(), member), (epoch, far))
                && log == epoch
                && !before.is_within(far)
            {
                return Err((
                    Invariant::S29,
                    format!("member {member} of {room:?} goes back from {before:?} to {far:?}"),
                ));
            }
            if typing_ms > 0
                && let Some(peer) = peer_of(member)
            {
                let until = now + Duration::from_millis(typing_ms.into());
                self.typing.entry((room, peer)).and_modify(|known| *known = until.max(*known)).or_insert(until);
            }
        }
        self.changed.clear();
        if self.typing.is_empty() {
            return Ok(());
        }
        let mut late = None;
        self.typing.retain(|(room, peer), until| {
            let is_shown = client.typing(room).any(|shown| shown.id == *peer);
            if is_shown && now > *until + BLUR {
                late = Some(format!("{peer} is seen to type in {room:?} at {now:?}, but did so until {until:?}"));
            }
            is_shown || now <= *until
        });
        late.map_or(Ok(()), |what| Err((Invariant::S30, what)))
    }
}

/// What a host was told of who types, and when it told its links what.
#[derive(Debug, Default)]
pub(super) struct Pace {
    typing: BTreeMap<(RoomId, MemberId), Time>,
    /// When each link was last told of a room, and before that.
    told: BTreeMap<(Socket, RoomId), [Option<Time>; 2]>,
    /// What is told next is no change of its own.
    anew: BTreeSet<(Socket, RoomId)>,
}

impl Pace {
    pub(super) fn types(&mut self, room: RoomId, member: MemberId, now: Time) {
        self.typing.insert((room, member), now + Timing::default().typing);
    }

    /// All that there is follows, whenever the last was told.
    pub(super) fn anew(&mut self, socket: Socket, room: RoomId) {
        self.anew.insert((socket, room));
    }

    pub(super) fn unlinked(&mut self, socket: Socket) {
        self.told.retain(|(of, _), _| *of != socket);
        self.anew.retain(|(of, _)| *of != socket);
    }

    /// The host tells a link of those who signal something else than before.
    pub(super) fn tell(&mut self, socket: Socket, room: RoomId, signals: &[Signal], now: Time) -> Check {
        if !self.anew.remove(&(socket, room)) {
            let told = self.told.entry((socket, room)).or_default();
            // A link may have been late for the change before the last, but not for the one after that.
            if let Some(before) = told[1].filter(|before| now.since(*before) + BLUR < Timing::default().pace) {
                let what = format!("room {room} is told of for the third time in {:?}", now.since(before));
                return Err((Invariant::S30, what));
            }
            *told = [Some(now), told[0]];
        }
        for Signal { member, typing_ms, .. } in signals.iter().filter(|signal| signal.typing_ms > 0) {
            let until = now + Duration::from_millis((*typing_ms).into());
            let said = self.typing.get(&(room, *member)).copied().unwrap_or_default();
            if *member != MemberId(0) && until > said + BLUR {
                return Err((
                    Invariant::S30,
                    format!("member {member} is to type until {until:?}, but does until {said:?}"),
                ));
            }
        }
        Ok(())
    }
}

/// Whether a room's signals are told only to its members, and of them only.
pub(super) fn are_among_members(host: &Host, room: &RoomName, to: PeerId, of: impl Iterator<Item = PeerId>) -> Check {
    let members: Vec<PeerId> = host.members(room).map(|peer| peer.id).collect();
    match of.chain([to]).find(|peer| !members.contains(peer)) {
        Some(peer) => Err((Invariant::S29, format!("signals of {room:?} are told to or of {peer}, who is not in it"))),
        None => Ok(()),
    }
}

/// Who said something in a room, or came or went: what they signalled before is over.
pub(super) fn ends(event: &Event) -> Option<(&RoomName, Option<PeerId>)> {
    match event {
        Event::Message(message) => Some((message.room(), Some(message.sender().id))),
        Event::Edited { change, .. } | Event::Deleted { change } | Event::Reacted { change, .. } => {
            Some((change.room(), Some(change.peer.id)))
        }
        Event::PeerJoined { room, .. }
        | Event::PeerLeft { room, .. }
        | Event::Acted { room, .. }
        | Event::RoomJoined { room, .. }
        | Event::Gap { room, .. }
        | Event::RoomLeft { room }
        | Event::Removed { room, .. } => Some((room, None)),
        _ => None,
    }
}

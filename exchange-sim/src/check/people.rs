//! How people are, as they say and as others are shown: what each wished last, and what became of it.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    time::Duration,
};

use exchange_core::{
    Availability, Event, Host, MemberId, Nick, Peer, PeerId, Person, Presence, Status, Time, Timing,
    message::MemberRecord,
};

use super::{Check, Invariant};
use crate::{chat::station::Seen, net::NodeId};

/// How far two readings of one clock may lie apart: a slow machine takes its time before it looks at it.
const BLUR: Duration = Duration::from_millis(100);

/// What a change may take until everybody has heard of it, in calm weather.
const LATE: Duration = Duration::from_secs(3);

/// Whom a record of the roster tells of.
pub(super) fn person(record: &MemberRecord) -> Person {
    let MemberRecord { peer: id, nick, role, status, note, .. } = record.clone();
    Person { peer: Peer { id, nick }, role, status, note }
}

/// What everybody wished last, by where they sit.
#[derive(Debug, Default)]
pub(crate) struct Wishes(BTreeMap<NodeId, Wish>);

#[derive(Debug)]
struct Wish {
    presence: Presence,
    /// None after a refusal: they are called what the host knows, which they may not have been told of yet.
    nick: Option<Nick>,
    /// The last sign of life, by its machine's clock.
    active: Time,
    idle: Option<Duration>,
}

impl Wishes {
    pub(super) fn forget(&mut self, node: NodeId) {
        self.0.remove(&node);
    }

    /// Notes what somebody wished, who goes by the name of `me` when they begin.
    pub(super) fn observe(
        &mut self,
        node: NodeId,
        me: impl FnOnce() -> Option<Peer>,
        idle: Option<Duration>,
        now: Time,
        seen: &[Seen],
    ) {
        let wish = match self.0.entry(node) {
            Entry::Occupied(wish) => wish.into_mut(),
            Entry::Vacant(new) => {
                let Some(me) = me() else { return };
                new.insert(Wish { presence: Presence::default(), nick: Some(me.nick), active: now, idle })
            }
        };
        for seen in seen {
            match seen {
                Seen::Be(presence) => (wish.presence, wish.active) = (presence.clone(), now),
                Seen::Rename(nick) => (wish.nick, wish.active) = (Some(nick.clone()), now),
                Seen::Posted { .. } | Seen::TurnedDown(_) | Seen::Active => wish.active = now,
                Seen::Told(Event::RenameRefused { nick, .. }) => {
                    wish.nick.take_if(|wished| wished == nick);
                }
                _ => {}
            }
        }
    }

    /// What is wrong with how somebody is shown, when there was time enough for it to be right.
    pub(super) fn missing(&self, node: NodeId, shown: &Person, now: Time) -> Option<String> {
        let wish = self.0.get(&node)?;
        let is = |at: Time| {
            let is_idle = wish.idle.is_some_and(|idle| at.since(wish.active) >= idle);
            let is_away = is_idle && wish.presence.availability == Availability::Online;
            let availability = if is_away { Availability::Away } else { wish.presence.availability };
            (Status::from(availability), &wish.presence.note) == (shown.status, &shown.note)
        };
        // Who has just become idle is not shown as such yet.
        let earlier = Time::from_nanos(now.as_nanos().saturating_sub(u64::try_from(LATE.as_nanos()).unwrap_or(0)));
        if !is(now) && !is(earlier) {
            return Some(format!("is shown as {shown:?}, but wants to be {:?}", wish.presence));
        }
        let wished = wish.nick.as_ref().filter(|wished| **wished != shown.peer.nick)?;
        Some(format!("is called {:?}, but wants to be {wished:?}", shown.peer.nick))
    }
}

/// What a host was told of how its members are, and since when.
#[derive(Debug, Default)]
pub(super) struct Said {
    members: BTreeMap<MemberId, (PeerId, Option<(Presence, Time)>)>,
    /// When others were last told of somebody's wish, since they were last gone.
    told: BTreeMap<PeerId, Time>,
}

impl Said {
    pub(super) fn says(&mut self, member: MemberId, peer: PeerId, presence: Presence, now: Time) {
        self.members.insert(member, (peer, Some((presence, now))));
    }

    /// A host that was made again knows whom, but not what they had said.
    pub(super) fn remembers(&mut self, member: MemberId, peer: PeerId) {
        self.members.insert(member, (peer, None));
    }

    /// Whoever flips to and fro is told of at most twice a second.
    pub(super) fn told(&mut self, peer: &Peer, status: Status, now: Time) -> Check {
        let is_gone = matches!(status, Status::Offline | Status::Unreachable);
        let before = if is_gone { self.told.remove(&peer.id) } else { self.told.insert(peer.id, now) };
        // Of two clients of one peer, each has its own turn.
        let is_alone = self.of(peer.id).count() == 1;
        match before.filter(|before| is_alone && !is_gone && now.since(*before) + BLUR < Timing::default().pace) {
            Some(before) => {
                let what = format!("{} is shown otherwise again after {:?}", peer.nick, now.since(before));
                Err((Invariant::S25, what))
            }
            None => Ok(()),
        }
    }

    fn of(&self, peer: PeerId) -> impl Iterator<Item = &(PeerId, Option<(Presence, Time)>)> {
        self.members.values().filter(move |(of, ..)| *of == peer)
    }

    /// Whether everybody is shown as they said last, or as they are found.
    pub(super) fn look(&self, host: &Host, away: &BTreeMap<PeerId, Option<Time>>, grace: Duration, now: Time) -> Check {
        let mut looks: BTreeMap<String, Peer> = BTreeMap::new();
        for person in host.people() {
            let Person { peer, status, note, .. } = &person;
            // Nobody is in the way of a client of their own that crashed.
            if let Some(other) = looks.insert(peer.nick.to_lowercase(), peer.clone())
                && other.nick != peer.nick
                && other.id != peer.id
            {
                return Err((Invariant::S26, format!("{other:?} and {peer:?} are there at once")));
            }
            let mut members = self.of(peer.id);
            let (Some((_, Some((said, since)))), None) = (members.next(), members.next()) else { continue };
            let what = match away.get(&peer.id) {
                None if now.since(*since) < Timing::default().pace + BLUR => continue,
                None if (*status, note) != (said.availability.into(), &said.note) => format!("has said {said:?}"),
                Some(Some(gone)) if now.since(*gone) > grace + BLUR => format!("is gone since {gone:?}"),
                Some(Some(gone))
                    if now.since(*gone) > Timing::default().unreachable + BLUR && *status != Status::Unreachable =>
                {
                    format!("cannot be reached since {gone:?}")
                }
                _ => continue,
            };
            return Err((Invariant::S25, format!("it shows {person:?} at {now:?}, who {what}")));
        }
        Ok(())
    }
}

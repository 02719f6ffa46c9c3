//! What a client makes of a host that lies to it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use exchange_core::{
    Client, Epoch, Event, MemberId, RoomName, Seq,
    message::{Entry, ToClient},
};

use super::{Check, Invariant, Scene, View};
use crate::{
    check::said::{Logged, Told},
    marks::Mark,
};

/// Where a client has been told another log than others.
#[derive(Debug, Default)]
pub(super) struct Forks {
    /// From where on, in each room, as long as that can show.
    since: BTreeMap<RoomName, (Epoch, Seq)>,
    /// The logs of which it has found out.
    found: BTreeSet<Epoch>,
    /// Where it hears in this step what gives it away.
    given_away: BTreeMap<RoomName, Seq>,
}

impl View {
    /// It is told what is not logged: a lie, of which it cannot know yet, or a mistake.
    pub(super) fn lied_to(&mut self, told: &Told<'_>, logged: &Logged, epoch: Epoch, scene: &Scene<'_>) -> Check {
        if !scene.lies.contain(scene.node, epoch, told.seq) {
            return Err((Invariant::S2, format!("it was given {told:?} where {logged:?} is logged")));
        }
        if !told.is_of_another_time(logged) {
            return Err((Invariant::S38, format!("it was given {told:?}, which nobody has said: {logged:?} was")));
        }
        self.forks.since.entry(told.room.clone()).or_insert((epoch, told.seq));
        Ok(())
    }

    /// It is told that the host lies.
    pub(super) fn finds_out(&mut self, event: &Event, scene: &mut Scene<'_>) -> Check {
        let accused = format!("it is told {event:?} of a host that tells the truth");
        match event {
            Event::Forged { room, seq, .. } => {
                let place = self.given(room, *seq, scene)?;
                place.gaps.push((*seq, *seq));
                // What its author had signed of this one may have come with one of which something else was told.
                let epoch = place.epoch;
                if scene.has_mangler || scene.lies.are_told_up_to(scene.node, epoch, *seq) {
                    scene.marks.sometimes(!scene.has_mangler, Mark::LieFound);
                    return Ok(());
                }
            }
            Event::Forked { room, .. } => {
                let epoch = self.rooms.get(room).map(|place| place.epoch);
                let epoch = epoch.or_else(|| self.joined.get(room).map(|joined| joined.epoch));
                // Whoever was lied to gives it away as well.
                if scene.has_mangler || epoch.is_some_and(|epoch| scene.lies.are_told_of(epoch)) {
                    scene.marks.sometimes(!scene.has_mangler, Mark::ForkFound);
                    self.forks.found.extend(epoch);
                    self.forks.since.remove(room);
                    return Ok(());
                }
            }
            _ => return Ok(()),
        }
        Err((Invariant::S38, accused))
    }

    /// It hears what somebody says who has been told the truth.
    pub(super) fn hears_the_truth(&mut self, body: &Bytes, scene: &Scene<'_>) {
        if self.forks.since.is_empty() {
            return;
        }
        let Ok(ToClient::Entry(Entry { room, seq, author, commitment: Some(commitment), .. })) =
            self.encoding.decode::<ToClient>(body)
        else {
            return;
        };
        let me = self.life.map(|(_, me)| me);
        if let Some(name) = self.on_link.get(&room)
            && let Some((epoch, since)) = self.forks.since.get(name)
            && author != MemberId(0)
            && Some(author) != me
            && commitment.seen >= *since
            && !scene.lies.contain(scene.node, *epoch, seq)
            && !self.forks.found.contains(epoch)
            && self.rooms.get(name).is_some_and(|place| place.epoch == *epoch && place.seq < seq)
        {
            self.forks.given_away.insert(name.clone(), seq);
        }
    }

    /// A room is begun anew, or goes on behind a gap: of what was told of it before, nothing shows any more.
    pub(super) fn begins_anew(&mut self, room: &RoomName) {
        self.forks.since.remove(room);
        self.forks.given_away.remove(room);
    }

    /// Whether it has found out what it could.
    pub(super) fn has_found_out(&mut self, client: &Client) -> Check {
        while let Some((room, seq)) = self.forks.given_away.pop_first() {
            // What still comes for a room that it has left since, it does not read.
            let is_read = |epoch| client.place(&room).is_some_and(|(of, at)| of == epoch && at >= seq);
            let since = self.forks.since.get(&room).map(|(epoch, _)| *epoch);
            if since.is_some_and(|epoch| is_read(epoch) && !self.forks.found.contains(&epoch)) {
                let what = format!("it hears from {seq} of {room:?} that it was told another log, and says nothing");
                return Err((Invariant::S38, what));
            }
        }
        Ok(())
    }
}

//! A host that keeps what happens: nobody is shown what is not kept yet, and what is kept outlasts it.
//!
//! The other checks judge what a host brings about, when it does. What of that was not kept when it dies has never been:
//! they go back to how everything was at the last batch that was.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use exchange_core::{Encoding, Epoch, Event, Host, Outcome, RoomName, Seq, message::ToClient, wire::frames};

use super::{
    Check, HOST, Invariant, Oracle,
    host::{self, Hosts},
    model::{self, Log, Model},
    said::Told,
    wire::is_entry,
};
use crate::{
    chat::{
        Disk, Remains,
        station::{Seen, Station},
    },
    marks::{Mark, Marks},
    net::Socket,
};

/// What is known of what a host keeps, and how everything was at each batch that may be the last to be kept.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    points: VecDeque<Point>,
    encodings: BTreeMap<Socket, Encoding>,
    last_sent: Option<Bytes>,
    /// The places of what its owner is going to be told, as far as the log is known,
    to_tell: VecDeque<Option<(Epoch, Seq)>>,
    /// and how far it was told of each log.
    told: BTreeMap<Epoch, Seq>,
}

#[derive(Debug)]
struct Point {
    batch: u64,
    hosts: host::Kept,
    model: model::Kept,
}

impl Keeping {
    pub(super) fn observe(
        &mut self,
        station: &Station<Host>,
        seen: &[Seen],
        (hosts, model): (&Hosts, &Model),
        marks: &mut Marks,
    ) -> Check {
        let Some(disk) = station.disk() else { return Ok(()) };
        let mut last = None;
        for seen in seen {
            match seen {
                Seen::Opened { socket, choice } => drop(self.encodings.insert(*socket, choice.encoding)),
                Seen::Stores { batch, .. } => last = Some(*batch),
                Seen::StoreFailed => {
                    marks.hit(Mark::StoreFailed);
                    marks.sometimes(disk.is_full(), Mark::DiskFull);
                    // What is held back it is not going to be told any more.
                    self.to_tell.clear();
                }
                Seen::Told(event) => self.to_tell.extend(place(event).map(|(room, seq)| {
                    let epoch = *model.open.get(room)?;
                    // What was said when the room was closed is nowhere.
                    model.logs.get(&epoch).filter(|log| seq <= log.head()).map(|_| (epoch, seq))
                })),
                Seen::Done(done) => match &**done {
                    Seen::Sent { socket, frames, .. } => self.shows(*socket, frames, disk)?,
                    Seen::Told(event) if place(event).is_some() => {
                        if let Some((epoch, seq)) = self.to_tell.pop_front().flatten() {
                            self.told.insert(epoch, seq);
                        }
                    }
                    _ => {}
                },
                _ => {}
            }
        }
        if let Some(batch) = last {
            self.points.push_back(Point { batch, hosts: hosts.kept(), model: model.kept() });
        }
        while self.points.get(1).is_some_and(|point| point.batch <= disk.kept()) {
            self.points.pop_front();
        }
        Ok(())
    }

    /// What a client is shown, or told is logged, is kept.
    fn shows(&mut self, socket: Socket, sent: &Bytes, disk: &Disk) -> Check {
        let place = |bytes: &Bytes| (bytes.as_ptr(), bytes.len());
        if self.last_sent.as_ref().map(place) == Some(place(sent)) {
            return Ok(());
        }
        self.last_sent = Some(sent.clone());
        let encoding = self.encodings.get(&socket).copied().unwrap_or(Encoding::Postcard);
        for body in frames(sent) {
            let shown = match encoding.decode(body) {
                Ok(ToClient::Entry(entry)) if is_entry(encoding, body) => Some((entry.room, entry.seq)),
                Ok(ToClient::Ack { room, seq: Some(seq), .. }) => Some((room, seq)),
                _ => None,
            };
            let is_kept = |(room, seq)| seq <= disk.head(room) || disk.is_closed(room);
            if let Some((room, seq)) = shown.filter(|shown| !is_kept(*shown)) {
                let what =
                    format!("entry {seq} of room {room} is shown, and kept is what is up to {}", disk.head(room));
                return Err((Invariant::S35, what));
            }
        }
        Ok(())
    }

    /// How everything was when that batch was given out, the last that is kept.
    fn back_to(&mut self, batch: u64) -> Option<Point> {
        let kept = self.points.partition_point(|point| point.batch <= batch);
        kept.checked_sub(1).and_then(|place| self.points.remove(place))
    }
}

/// Where that is of which an event tells.
fn place(event: &Event) -> Option<(&RoomName, Seq)> {
    match event {
        Event::Receipt { id, outcome: Outcome::Logged { seq: Some(seq), .. } } => Some((&id.room, *seq)),
        event => Told::of(event).map(|told| (told.room, told.seq)),
    }
}

impl Oracle {
    /// The host has died, and so much is left of what it had wanted to be kept.
    pub(crate) fn lost(&mut self, remains: Remains) -> Check {
        self.marks.sometimes(remains.lost > 0, Mark::CrashLostWrite);
        self.marks.sometimes(remains.untold, Mark::CrashKeptUntold);
        let Some(mut keeping) = self.keeping.take() else { return Ok(()) };
        let point = keeping.back_to(remains.batch);
        let told = std::mem::take(&mut keeping.told);
        self.keeping = Some(Keeping::default());
        let Some(Point { hosts, model, .. }) = point else {
            self.forgot(HOST);
            return Ok(());
        };
        self.hosts.roll_back(hosts, &model, &self.model);
        self.model.roll_back(&model);
        self.wishes.forget(HOST);
        self.points_begin();
        let is_kept = |epoch| self.model.logs.get(epoch).map(Log::head);
        if let Some((epoch, seq)) = told.iter().find(|(epoch, seq)| is_kept(*epoch) < Some(**seq)) {
            let what = format!("entry {seq} of log {epoch} was told to its owner, and is lost");
            return Err((Invariant::S35, what));
        }
        self.views.iter_mut().try_for_each(|(client, view)| {
            view.outlives(&self.model).map_err(|(invariant, what)| (invariant, format!("client {client} {what}")))
        })
    }

    fn points_begin(&mut self) {
        let point = Point { batch: 0, hosts: self.hosts.kept(), model: self.model.kept() };
        if let Some(keeping) = &mut self.keeping {
            keeping.points.push_back(point);
        }
    }

    /// The host was made again of what it had kept.
    pub(crate) fn restored(&mut self, host: &Host, wall_ms: i64) -> Check {
        self.model.logs.values_mut().for_each(|log| log.deeds.restored(wall_ms));
        self.hosts.is_restored(host, &self.model)
    }
}

//! One direction of a connection: what is on its way, and what has arrived and was not read yet.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use exchange_core::Time;
use serde::{Deserialize, Serialize};

use super::{Lost, weather::Weather};
use crate::random::Random;

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own that may be so or not")]
pub(super) struct Pipe {
    random: Random,
    /// What the distance of its two machines adds to every segment.
    distance: Duration,
    flight: VecDeque<Segment>,
    unread: VecDeque<Bytes>,
    /// Bytes on their way or unread: they fill the window.
    held: usize,
    /// When the last byte has left the sender, and when the last segment arrives.
    clear_at: Time,
    last_at: Time,
    /// An arrival is on the agenda.
    pub(super) is_scheduled: bool,
    /// Segments do not arrive: until the path is open again, or for good.
    pub(super) is_stalled: bool,
    pub(super) is_hole: bool,
    /// The writer waits for room.
    pub(super) wants_room: bool,
    /// What the reader learns after everything unread.
    pub(super) end: Option<Lost>,
    /// Nothing is read before that.
    pub(super) rests_until: Time,
    /// What somebody in between does to the next bytes.
    pub(super) meddling: Option<Meddling>,
    /// And what there is of another connection to put in their place, if they are to be.
    pub(super) spliced: Bytes,
}

/// What somebody in between can do to bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meddling {
    /// Changes a bit.
    Flip,
    /// Leaves them out.
    Drop,
    /// Has them arrive twice.
    Repeat,
    /// Adds some of its own.
    Insert,
    /// Has what is on its way on another connection arrive in their place, as soon as there is something.
    Splice,
}

#[derive(Debug)]
pub(super) struct Segment {
    pub(super) at: Time,
    pub(super) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A connection is asked for, granted, or refused.
    Open,
    Opened,
    Refused,
    Data(Bytes),
    /// Nothing more comes; or the connection is broken.
    End,
    Reset,
}

impl Pipe {
    pub(super) fn new(random: Random, distance: Duration) -> Self {
        Self {
            random,
            distance,
            flight: VecDeque::new(),
            unread: VecDeque::new(),
            held: 0,
            clear_at: Time::ZERO,
            last_at: Time::ZERO,
            is_scheduled: false,
            is_stalled: false,
            is_hole: false,
            wants_room: false,
            end: None,
            rests_until: Time::ZERO,
            meddling: None,
            spliced: Bytes::new(),
        }
    }

    /// Puts a segment on its way; when the first one arrives, if that has to be scheduled.
    pub(super) fn push(&mut self, now: Time, weather: &Weather, what: What) -> Option<Time> {
        if let What::Data(bytes) = &what
            && weather.bandwidth > 0
        {
            let nanos = bytes.len() as u64 * 1_000_000_000 / u64::from(weather.bandwidth);
            self.clear_at = self.clear_at.max(now) + Duration::from_nanos(nanos);
        }
        let departure = self.clear_at.max(now);
        let at = (departure + self.distance + weather.latency.draw(&mut self.random)).max(self.last_at);
        self.last_at = at;
        self.flight.push_back(Segment { at, what });
        self.schedule()
    }

    /// When the next segment arrives, if that is not on the agenda yet.
    pub(super) fn schedule(&mut self) -> Option<Time> {
        if self.is_scheduled || self.is_stalled || self.is_hole {
            return None;
        }
        let at = self.flight.front()?.at;
        self.is_scheduled = true;
        Some(at)
    }

    /// Takes from `data` what there is room for, cut as the weather has it; how many bytes, and when they arrive.
    pub(super) fn write(&mut self, now: Time, weather: &Weather, data: &mut Bytes) -> (usize, Option<Time>) {
        let room = (weather.window as usize).saturating_sub(self.held).min(data.len());
        if room == 0 {
            self.wants_room = !data.is_empty();
            return (0, None);
        }
        let taken = if self.random.chance(weather.cut_writes) { self.some_of(room) } else { room };
        let mut rest = front(data, taken);
        self.held += taken;
        let mut first = None;
        while !rest.is_empty() {
            let length = if self.random.chance(weather.cut_writes) { self.some_of(rest.len()) } else { rest.len() };
            let data = front(&mut rest, length);
            let Some(how) = self.meddling.take() else {
                let at = self.push(now, weather, What::Data(data));
                first = first.or(at);
                continue;
            };
            for data in self.meddle(how, data) {
                let at = self.push(now, weather, What::Data(data));
                first = first.or(at);
            }
        }
        (taken, first)
    }

    /// What becomes of bytes on their way.
    fn meddle(&mut self, how: Meddling, data: Bytes) -> Vec<Bytes> {
        let before = data.len();
        let meddled = match how {
            Meddling::Flip => {
                let mut changed = data.to_vec();
                changed[self.random.index(before)] ^= 1 << self.random.index(8);
                vec![changed.into()]
            }
            Meddling::Drop => Vec::new(),
            Meddling::Repeat => vec![data.clone(), data],
            Meddling::Splice if self.spliced.is_empty() => {
                self.meddling = Some(how);
                vec![data]
            }
            Meddling::Splice => vec![std::mem::take(&mut self.spliced)],
            Meddling::Insert => {
                let mut own = vec![0; before];
                self.random.fill(&mut own);
                vec![own.into(), data]
            }
        };
        self.held = self.held + meddled.iter().map(Bytes::len).sum::<usize>() - before;
        meddled
    }

    /// Whether it has use for what is on its way elsewhere.
    pub(super) fn splices(&self) -> bool {
        self.meddling == Some(Meddling::Splice) && self.spliced.is_empty()
    }

    /// The last bytes that are on their way.
    pub(super) fn last_under_way(&self) -> Option<Bytes> {
        self.flight.iter().rev().find_map(|segment| match &segment.what {
            What::Data(data) => Some(data.clone()),
            _ => None,
        })
    }

    /// The next segment, if it has arrived by now.
    pub(super) fn arrive(&mut self, now: Time) -> Option<What> {
        let front = self.flight.front()?;
        (front.at <= now).then(|| self.flight.pop_front())?.map(|segment| segment.what)
    }

    /// Takes in the bytes that have arrived by now, up to anything else; whether there is something to read of them.
    pub(super) fn takes_data(&mut self, now: Time) -> bool {
        let before = self.unread.len();
        while let Some(Segment { at, what: What::Data(data) }) = self.flight.front_mut()
            && *at <= now
        {
            self.unread.push_back(std::mem::take(data));
            self.flight.pop_front();
        }
        self.unread.len() > before && self.end.is_none()
    }

    /// Bytes that arrived where nobody is any more.
    pub(super) fn swallowed(&mut self, length: usize) {
        self.held -= length;
    }

    pub(super) fn has_unread(&self) -> bool {
        !self.unread.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.flight.is_empty()
    }

    /// The next bytes, cut as the weather has it and never more than `max`.
    pub(super) fn read(&mut self, weather: &Weather, max: usize) -> Option<Bytes> {
        let first = self.unread.front_mut()?;
        let mut length = first.len().min(max.max(1));
        if self.random.chance(weather.cut_reads) {
            length = some_of(&mut self.random, length);
        }
        let bytes = front(first, length);
        if first.is_empty() {
            self.unread.pop_front();
        }
        self.held -= length;
        Some(bytes)
    }

    /// Everything on its way goes on, later than it would have.
    pub(super) fn retransmit(&mut self, now: Time, weather: &Weather) -> Option<Time> {
        self.is_stalled = false;
        let extra = self.random.duration(Duration::from_micros(weather.retransmission_us.into()));
        if let Some(front) = self.flight.front_mut() {
            front.at = front.at.max(now + extra);
            self.last_at = self.last_at.max(front.at);
        }
        self.schedule()
    }

    /// The connection is broken: nothing of it arrives, and what was not read is lost.
    pub(super) fn break_off(&mut self, lost: Lost) {
        self.unread.clear();
        self.held = 0;
        self.flight.clear();
        self.end = Some(lost);
        self.wants_room = false;
    }

    fn some_of(&mut self, length: usize) -> usize {
        some_of(&mut self.random, length)
    }
}

/// Takes so many bytes off the front; all of them without sharing anything.
fn front(bytes: &mut Bytes, length: usize) -> Bytes {
    if length == bytes.len() { std::mem::take(bytes) } else { bytes.split_to(length) }
}

/// At least one of `length`; a handful as often as anything else, so that cuts fall into headers too.
fn some_of(random: &mut Random, length: usize) -> usize {
    let most = if random.chance(500) { length.min(8) } else { length };
    1 + random.index(most)
}

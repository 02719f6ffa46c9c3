//! Everybody in a room who talks and listens, in one thread.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use bytes::{Buf as _, BytesMut};
use hdrhistogram::Histogram;
use rustix::{
    buffer::spare_capacity,
    event::{
        Timespec,
        epoll::{self, EventData, EventFlags},
    },
    fd::OwnedFd,
};

use super::{
    dialect::{self, Dialect},
    ledger::Ledger,
    system::System,
};

/// Nothing has arrived for so long: it never will.
const STALLED: Duration = Duration::from_secs(10);

/// So many connect before those who did have joined: more would have to wait longer than some wait for anybody.
const AT_ONCE: u16 = 1000;

/// Who is in a room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// The number of the first of them in the room.
    pub(super) first: u16,
    /// Who hears everything.
    pub(super) receivers: u16,
    /// How many of them say something.
    pub(super) talkers: u16,
    /// How many words of each of those somebody has still to hear, at most.
    pub(super) outstanding: usize,
    /// Bytes of a text.
    pub(super) length: usize,
}

pub(super) struct Generator {
    load: Load,
    peers: Vec<Peer>,
    ledger: Ledger,
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
    /// Bytes that have come.
    heard: u64,
}

struct Peer {
    stream: TcpStream,
    dialect: Box<dyn Dialect>,
    /// What the socket did not take.
    unsent: BytesMut,
}

impl Generator {
    /// Everybody joins that room, many at once.
    pub(super) fn connect(system: System, address: SocketAddr, room: u16, load: Load) -> io::Result<Self> {
        let is_ordered = system.is_ordered() || load.talkers == 1;
        let ledger = Ledger::new(load.receivers, load.talkers, is_ordered);
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let (events, buffer) = (Vec::with_capacity(1024), vec![0; 256 * 1024]);
        let mut all = Self { load, peers: Vec::new(), ledger, epoll, events, buffer, heard: 0 };
        for number in 0..load.receivers {
            all.connect_one(system, address, (room, number))?;
            if (number + 1) % AT_ONCE == 0 || number + 1 == load.receivers {
                all.join()?;
            }
        }
        Ok(all)
    }

    fn connect_one(&mut self, system: System, address: SocketAddr, (room, number): (u16, u16)) -> io::Result<()> {
        let Load { first, receivers, length, .. } = self.load;
        let (mut dialect, mut unsent) =
            (dialect::of(system, length, room * receivers + first + number), BytesMut::new());
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        epoll::add(&self.epoll, &stream, EventData::new_u64(number.into()), EventFlags::IN)?;
        dialect.greet(room, first + number, &mut unsent)?;
        self.peers.push(Peer { stream, dialect, unsent });
        Ok(())
    }

    /// Until all who have connected are in the room.
    fn join(&mut self) -> io::Result<()> {
        self.flush()?;
        while !self.peers.iter().all(|peer| peer.dialect.is_joined()) {
            if self.listen(STALLED, |_| {})? == 0 {
                return Err(io::Error::other("not everybody can join"));
            }
            self.flush()?;
        }
        Ok(())
    }

    /// Has so many words said in all, and everybody hear every one of them; tells how long that took.
    pub(super) fn run(&mut self, words: usize) -> io::Result<Duration> {
        let begun = Instant::now();
        let goal = self.ledger.complete() + words;
        let mut left = words;
        while self.ledger.complete() < goal {
            for talker in 0..self.load.talkers {
                let count = self.load.outstanding.saturating_sub(self.ledger.outstanding(talker)).min(left);
                self.talk(talker, count);
                left -= count;
            }
            self.flush()?;
            if self.listen(STALLED, |_| {})? == 0 {
                let complete = self.ledger.complete();
                return Err(io::Error::other(format!("stalled: everybody has {complete} of {goal}")));
            }
        }
        Ok(begun.elapsed())
    }

    /// Has something said once in every interval, so often, whether everybody has heard what was said before or not; tells
    /// how long it took until each of them heard it from when it was to be said, in microseconds.
    pub(super) fn pace(&mut self, interval: Duration, times: u32) -> io::Result<Histogram<u64>> {
        let mut latencies = Histogram::new(3).map_err(io::Error::other)?;
        let (begun, goal) = (Instant::now(), self.ledger.complete() + times as usize);
        let (mut said, mut first) = (0, None);
        while self.ledger.complete() < goal {
            let next = begun + interval * said;
            if said < times && next <= Instant::now() {
                let words = self.talk(0, 1);
                first = first.or(words);
                said += 1;
                self.flush()?;
                continue;
            }
            let patience = if said < times { next.saturating_duration_since(Instant::now()) } else { STALLED };
            let heard = self.listen(patience, |number| {
                let due = begun + interval * (number - first.unwrap_or_default());
                latencies.saturating_record(u64::try_from(due.elapsed().as_micros()).unwrap_or(u64::MAX));
            })?;
            if heard == 0 && said == times {
                return Err(io::Error::other("stalled"));
            }
        }
        Ok(latencies)
    }

    /// Takes all that has come and is nothing that somebody says.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        while self.listen(Duration::ZERO, |_| {})? > 0 {
            self.flush()?;
        }
        Ok(())
    }

    /// Takes what comes until then, and is nothing that somebody says.
    pub(super) fn rest(&mut self, until: Instant) -> io::Result<()> {
        while let Some(left) = until.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            self.listen(left, |_| {})?;
            self.flush()?;
        }
        self.settle()
    }

    /// Everybody shows that they are there.
    pub(super) fn beat(&mut self) -> io::Result<()> {
        self.peers.iter_mut().for_each(|peer| peer.dialect.beat(&mut peer.unsent));
        self.flush()
    }

    /// Bytes that have come to all of them so far.
    pub(super) fn heard(&self) -> u64 {
        self.heard
    }

    /// Has a talker say so many words at once; tells the number of the first.
    fn talk(&mut self, talker: u16, count: usize) -> Option<u32> {
        let words: Vec<_> = (0..count).map(|_| self.ledger.say(talker)).collect();
        let peer = &mut self.peers[usize::from(talker)];
        if !words.is_empty() {
            peer.dialect.say(&words, &mut peer.unsent);
        }
        words.first().map(|words| words.number)
    }

    fn flush(&mut self) -> io::Result<()> {
        for peer in self.peers.iter_mut().filter(|peer| !peer.unsent.is_empty()) {
            match peer.stream.write(&peer.unsent) {
                Ok(written) => peer.unsent.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes what has arrived, or else the first that does, and tells the numbers of the words that were heard; tells how
    /// many had something.
    fn listen(&mut self, patience: Duration, mut words: impl FnMut(u32)) -> io::Result<usize> {
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&patience))?;
        for event in &self.events {
            let receiver = u16::try_from(event.data.u64()).map_err(io::Error::other)?;
            let Peer { stream, dialect, unsent } = &mut self.peers[usize::from(receiver)];
            let length = match stream.read(&mut self.buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            self.heard += length as u64;
            let mut input = &self.buffer[..length];
            while let Some(heard) = dialect.hear(&mut input, unsent)? {
                if let Some(said) = self.ledger.hear_again(receiver, heard)? {
                    words(said.number);
                    continue;
                }
                let heard = heard.to_vec();
                if let Some(said) = dialect.read(&heard, unsent)? {
                    self.ledger.hear(receiver, &heard, said)?;
                    words(said.number);
                }
            }
        }
        let count = self.events.len();
        self.events.clear();
        Ok(count)
    }
}

//! Everybody who talks and listens, in one thread. All of them speak the protocol, but none is a whole client: what a
//! receiver is sent is compared with what the others were sent, and only whoever is first looks closely.

use std::{
    io::{self, Read as _},
    net::SocketAddr,
    time::{Duration, Instant},
};

use exchange_tokio::{
    Runtime as _, Tokio,
    core::{
        Body, Encoding, Identity, RoomId, Seed, Seq, Timestamp,
        message::{Entry, ToClient, ToHost},
        wire::{Keyring, Received},
    },
};
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    fd::OwnedFd,
};
use tokio::runtime::Builder;

use super::{
    order::Order,
    peer::{Peer, STALLED, decode},
    server::System,
};

/// Bytes of a message's text.
const TEXT: usize = 64;

#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    pub(super) receivers: usize,
    /// So many of them talk.
    pub(super) talkers: usize,
    /// Messages of one talker that not everybody has yet, at most.
    pub(super) outstanding: usize,
}

pub(super) struct Generator {
    room: Room,
    load: Load,
    peers: Vec<Peer>,
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
    buffer: Vec<u8>,
}

/// What is said, and what everybody has to hear.
#[derive(Debug)]
struct Room {
    system: System,
    id: RoomId,
    /// The last entry before those that count.
    origin: Seq,
    body: Body,
    sent: u64,
    order: Order,
}

impl Generator {
    pub(super) fn connect(system: System, address: SocketAddr, load: Load) -> io::Result<Self> {
        let has_aes = Tokio::new(Builder::new_current_thread().build()?.handle().clone()).has_aes();
        let body = Body::text(&"x".repeat(TEXT));
        let mut room = Room { system, id: RoomId(1), origin: Seq::ZERO, body, sent: 0, order: Order::default() };
        let mut buffer = vec![0; 256 * 1024];
        let mut peers = Vec::new();
        for number in (0..=u8::MAX).take(load.receivers) {
            let identity = Identity::from_seed([number; 32]);
            let id = identity.peer();
            let keyring = Keyring::new(identity, &Seed::new([number; 32]));
            let mut keyring = match system {
                System::Exchange | System::Floor => None,
                System::Sealed => Some(keyring.with_aes(has_aes)),
                System::SealedByChaCha => Some(keyring),
            };
            let mut peer = Peer::connect(address, keyring.as_mut(), number)?;
            if system == System::Floor {
                peer.skip_joining(number)?;
            } else {
                (room.id, room.origin) = peer.join(id, number, &mut buffer)?;
            }
            peers.push(peer);
        }
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        for (index, peer) in (0..).zip(&mut peers) {
            peer.hear_up_to(room.origin, &mut buffer)?;
            peer.stream.set_nonblocking(true)?;
            epoll::add(&epoll, &peer.stream, epoll::EventData::new_u64(index), epoll::EventFlags::IN)?;
        }
        Ok(Self { room, load, events: Vec::with_capacity(peers.len()), peers, epoll, buffer })
    }

    /// Has so many messages said in all, and everybody receive every one of them; tells how long that took.
    pub(super) fn run(&mut self, messages: usize) -> io::Result<Duration> {
        let begun = Instant::now();
        let goal = self.room.order.complete() + messages;
        let mut left = messages;
        while self.room.order.complete() < goal {
            for talker in 0..self.load.talkers {
                let peer = &mut self.peers[talker];
                let count = self.load.outstanding.saturating_sub(peer.outstanding).min(left);
                for left in (1..=count).rev() {
                    self.room.talk(peer, left);
                }
                left -= count;
            }
            for peer in &mut self.peers {
                peer.flush()?;
            }
            if self.listen(STALLED)? == 0 {
                let has: Vec<usize> = self.peers.iter().map(|peer| peer.received).collect();
                return Err(io::Error::other(format!("stalled: of {goal} entries they have {has:?}")));
            }
            let complete = self.peers.iter().map(|peer| peer.received).min().unwrap_or(goal);
            self.room.order.completed(complete, |talker| self.peers[talker].outstanding -= 1)?;
        }
        Ok(begun.elapsed())
    }

    /// Everything has been received, so nothing more may come.
    pub(super) fn expect_silence(&mut self) -> io::Result<()> {
        let before = self.room.order.len();
        self.listen(Duration::from_millis(20))?;
        if self.room.order.len() == before { Ok(()) } else { Err(io::Error::other("more entries than messages")) }
    }

    /// Takes what has arrived, or else the first that does; tells how many had something.
    fn listen(&mut self, patience: Duration) -> io::Result<usize> {
        let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
        epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&patience))?;
        for event in &self.events {
            let index = usize::try_from(event.data.u64()).map_err(io::Error::other)?;
            self.room.hear(index, &mut self.peers, &mut self.buffer)?;
        }
        let count = self.events.len();
        self.events.clear();
        Ok(count)
    }
}

impl Room {
    /// Has somebody say something, who has so much to say at once.
    fn talk(&mut self, talker: &mut Peer, at_once: usize) {
        (talker.cmid, talker.outstanding) = (talker.cmid.next(), talker.outstanding + 1);
        let (room, cmid, body) = (self.id, talker.cmid, self.body.clone());
        self.sent += 1;
        match self.system {
            System::Exchange | System::Sealed | System::SealedByChaCha => {
                let commitment = talker.commit(cmid, &body, at_once);
                talker.say(&ToHost::Send { room, cmid, body, commitment });
            }
            System::Floor => {
                // Just as long as a host would make it.
                let (seq, at) = (Seq(self.origin.0 + self.sent), Timestamp::from_millis(1 << 40));
                let entry = Entry { room, seq, author: talker.member, cmid, at, body, commitment: None, blanked: None };
                Encoding::Postcard.encode(&ToClient::Entry(entry), &mut talker.unsent);
            }
        }
    }

    fn hear(&mut self, index: usize, peers: &mut [Peer], buffer: &mut [u8]) -> io::Result<()> {
        let mut input = match peers[index].stream.read(buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => &buffer[..length],
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        loop {
            let Peer { wire, received, .. } = &mut peers[index];
            let Some(Received::Frame(body)) = wire.receive(&mut input).map_err(io::Error::other)? else {
                return Ok(());
            };
            match self.order.at(*received) {
                Some(expected) if expected == body => *received += 1,
                _ => match decode(body)? {
                    ToClient::Entry(entry) if *received == self.order.len() => {
                        let body = body.to_vec();
                        *received += 1;
                        let talker = self.check(&entry, peers)?;
                        self.order.push(&body, talker);
                    }
                    // Whoever is silent for long is asked whether it is still there.
                    ToClient::Ping { nonce } => peers[index].say(&ToHost::Pong { nonce }),
                    // Only links that lag are told in so many words.
                    ToClient::Ack { .. } => {}
                    other => {
                        let at = *received;
                        return Err(io::Error::other(format!("receiver {index}, at entry {at}: {other:?}")));
                    }
                },
            }
        }
    }

    /// Whether it is the next entry of the log and the next message of whoever it is from; tells who that is.
    fn check(&self, entry: &Entry, peers: &mut [Peer]) -> io::Result<usize> {
        let seq = Seq(self.origin.0 + self.order.len() as u64 + 1);
        let talker = peers.iter_mut().enumerate().find(|(_, peer)| peer.member == entry.author);
        match talker {
            Some((talker, peer))
                if entry.cmid == peer.seen.next()
                    && entry.body == self.body
                    // Nobody but a host numbers what several say.
                    && (entry.seq == seq || self.system == System::Floor) =>
            {
                peer.seen = entry.cmid;
                Ok(talker)
            }
            _ => Err(io::Error::other(format!("not the next entry: {entry:?}"))),
        }
    }
}

//! One connection of the generator's, and how it becomes a member.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use bytes::{Buf as _, BytesMut};
use exchange_tokio::core::{
    Body, Cmid, Encoding, Epoch, Identity, JoinFrom, MemberId, PeerId, Presence, ProducerId, RoomId, RoomName, Seq,
    message::{Commitment, Hello, Joined, Place, ToClient, ToHost},
    wire::{Keyring, Offer, Received, Wire},
};

/// Nothing has arrived for so long: it never will.
pub(super) const STALLED: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Peer {
    pub(super) stream: TcpStream,
    pub(super) wire: Wire,
    pub(super) member: MemberId,
    producer: ProducerId,
    /// Who signs what it says, where that is done; the log it is for, and its last message that is signed.
    identity: Option<Identity>,
    epoch: Epoch,
    committed: Cmid,
    /// The last entry before those that count.
    heard: Seq,
    joined: Option<(RoomId, Seq)>,
    /// How many entries it has received that count.
    pub(super) received: usize,
    /// What it has to say, and what of that is ready for the socket.
    pub(super) unsent: BytesMut,
    ready: BytesMut,
    /// As a talker: its last message, how many of its messages not everybody has, and its last that anybody has.
    pub(super) cmid: Cmid,
    pub(super) outstanding: usize,
    pub(super) seen: Cmid,
}

impl Peer {
    pub(super) fn connect(address: SocketAddr, keyring: Option<&mut Keyring>, number: u8) -> io::Result<Self> {
        let identity = keyring.as_ref().map(|keyring| keyring.identity().clone());
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(STALLED))?;
        Ok(Self {
            stream,
            wire: Wire::client(Offer::default()).secured(keyring.map(Keyring::keys)),
            member: MemberId::default(),
            producer: ProducerId::from_bytes([number; 8]),
            identity,
            epoch: Epoch::from_bytes([0; 16]),
            committed: Cmid::ZERO,
            heard: Seq::ZERO,
            joined: None,
            received: 0,
            unsent: BytesMut::new(),
            ready: BytesMut::new(),
            cmid: Cmid::ZERO,
            outstanding: 0,
            seen: Cmid::ZERO,
        })
    }

    /// Becomes a member of the lobby; tells which room that is, and its last entry at that moment.
    pub(super) fn join(&mut self, peer: PeerId, number: u8, buffer: &mut [u8]) -> io::Result<(RoomId, Seq)> {
        self.stream.write_all(&self.wire.opening())?;
        self.say(&ToHost::Hello(Hello {
            peer,
            producer: self.producer,
            token: None,
            attempt: 0,
            nick: number.to_string().as_str().into(),
            presence: Presence::default(),
        }));
        let (room, from) = ("lobby".into(), JoinFrom::Head);
        self.say(&ToHost::Join { room, from, settled: Cmid::ZERO, sent: Cmid::ZERO });
        loop {
            if let Some(joined) = self.joined {
                return Ok(joined);
            }
            self.hear(buffer)?;
        }
    }

    /// Waits until it has everything up to that entry: what comes after it counts.
    pub(super) fn hear_up_to(&mut self, head: Seq, buffer: &mut [u8]) -> io::Result<()> {
        while self.heard < head {
            self.hear(buffer)?;
        }
        Ok(())
    }

    fn hear(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let mut input = match self.stream.read(buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            length => &buffer[..length],
        };
        while let Some(received) = self.wire.receive(&mut input).map_err(io::Error::other)? {
            match received {
                Received::Answer(answer) => self.stream.write_all(&answer)?,
                Received::Opened { answer, .. } => {
                    self.stream.write_all(&answer)?;
                    let mut sealed = BytesMut::new();
                    self.wire.seal(&self.unsent.split(), &mut sealed);
                    self.stream.write_all(&sealed)?;
                }
                Received::Frame(body) => match decode(body)? {
                    ToClient::Welcome(welcome) => self.member = welcome.you,
                    ToClient::Joined(Joined { room, epoch, after, head, .. }) => {
                        (self.heard, self.joined, self.epoch) = (after, Some((room, head)), epoch);
                    }
                    ToClient::Entry(entry) if entry.seq == self.heard.next() => self.heard = entry.seq,
                    ToClient::Roster { .. } | ToClient::Signals { .. } | ToClient::NoSignals { .. } => {}
                    other => return Err(io::Error::other(format!("unexpected: {other:?}"))),
                },
            }
        }
        Ok(())
    }

    /// The floor knows of no preamble and no members: it is as if this were one.
    pub(super) fn skip_joining(&mut self, number: u8) -> io::Result<()> {
        self.member = MemberId(u32::from(number) + 1);
        let opening = self.wire.opening();
        let mut host = Wire::host(Offer::default());
        if let Ok(Some(Received::Opened { answer, .. })) = host.receive(&mut &opening[..]) {
            self.wire.receive(&mut &answer[..]).map_err(io::Error::other)?;
        }
        Ok(())
    }

    /// What it signs before it says that message and those that follow it at once, which are the same. As every client
    /// does, it signs once for all of them.
    pub(super) fn commit(&mut self, cmid: Cmid, body: &Body, at_once: usize) -> Option<Commitment> {
        let identity = self.identity.as_ref().filter(|_| cmid > self.committed)?;
        let digests = vec![body.digest().short(); at_once.min(Commitment::MAX)];
        self.committed = Cmid(cmid.0 + digests.len() as u64 - 1);
        let place = Place { room: &RoomName::lobby(), epoch: self.epoch, producer: self.producer };
        Some(Commitment::sign_unseen(identity, place, (cmid, digests)))
    }

    pub(super) fn say(&mut self, message: &ToHost) {
        Encoding::Postcard.encode(message, &mut self.unsent);
    }

    /// Sends what the socket takes.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.wire.seal(&self.unsent.split(), &mut self.ready);
        }
        while !self.ready.is_empty() {
            match self.stream.write(&self.ready) {
                Ok(written) => self.ready.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

pub(super) fn decode(body: &[u8]) -> io::Result<ToClient> {
    Encoding::Postcard.decode(body).map_err(io::Error::other)
}

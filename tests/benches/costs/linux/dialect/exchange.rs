//! Our own protocol, in postcard. None of these is a whole client, but they say and sign what one would.

use std::{io, iter, mem};

use bytes::BytesMut;
use exchange_tokio::core::{
    Body, Cmid, Encoding, Epoch, Identity, JoinFrom, MemberId, Presence, ProducerId, Rev, RoomId, RoomName, Seed, Seq,
    Timestamp,
    message::{Commitment, Entry, FRAME_HEADER, Hello, Place, ToClient, ToHost},
    wire::{Keyring, Offer, Received, Wire},
};

use super::Dialect;
use crate::linux::words::Words;

pub(super) struct Exchange {
    length: usize,
    producer: ProducerId,
    identity: Identity,
    wire: Wire,
    /// Whether it signs what it says, as who has proven who they are does.
    signs: bool,
    /// What it says once it can be read by the host alone.
    first: Vec<ToHost>,
    /// Where it talks, and the number of that once it is there.
    name: RoomName,
    room: Option<RoomId>,
    epoch: Epoch,
    cmid: Cmid,
    /// How a frame begins that tells who is there, and one with something logged in it.
    roster: u8,
    entry: u8,
}

impl Exchange {
    /// In the clear, or sealed by a machine that has instructions for AES or has none.
    pub(super) fn new(length: usize, number: u16, has_aes: Option<bool>) -> Self {
        let mut seed = [0; 32];
        seed[..2].copy_from_slice(&number.to_be_bytes());
        let (identity, seed) = (Identity::from_seed(seed), Seed::new(seed));
        let keys = has_aes.map(|has_aes| Keyring::new(identity.clone(), &seed).with_aes(has_aes).keys());
        Self {
            length,
            producer: ProducerId::from_bytes((u64::from(number) + 1).to_be_bytes()),
            identity,
            signs: keys.is_some(),
            wire: Wire::client(Offer::default()).secured(keys),
            first: Vec::new(),
            room: None,
            name: RoomName::lobby(),
            epoch: Epoch::from_bytes([0; 16]),
            cmid: Cmid::ZERO,
            roster: kind(&ToClient::Roster { rev: Rev(0), members: Vec::new() }),
            entry: kind(&ToClient::Entry(entry(Body::text("")))),
        }
    }

    fn sealed(&mut self, said: &[ToHost], out: &mut BytesMut) {
        let mut frames = BytesMut::new();
        for said in said {
            Encoding::Postcard.encode(said, &mut frames);
        }
        self.wire.seal(&frames, out);
    }

    /// What it signs before it says that many messages at once.
    fn commit(&self, first: Cmid, bodies: &[Body]) -> Option<Commitment> {
        let place = Place { room: &self.name, epoch: self.epoch, producer: self.producer };
        let digests = bodies.iter().map(|body| body.digest().short()).collect();
        self.signs.then(|| Commitment::sign_unseen(&self.identity, place, (first, digests)))
    }
}

impl Dialect for Exchange {
    fn greet(&mut self, room: u16, number: u16, out: &mut BytesMut) -> io::Result<()> {
        // Room 0 is the lobby, where everybody is.
        let mut rooms = vec![RoomName::lobby()];
        if room > 0 {
            rooms.push(RoomName::new(&format!("room{room}")).map_err(io::Error::other)?);
        }
        let hello = ToHost::Hello(Hello {
            peer: self.identity.peer(),
            producer: self.producer,
            token: None,
            attempt: 0,
            nick: format!("guest{room}-{number}").as_str().into(),
            presence: Presence::default(),
        });
        let (from, settled, sent) = (JoinFrom::Head, Cmid::ZERO, Cmid::ZERO);
        let joins = rooms.iter().map(|room| ToHost::Join { room: room.as_str().into(), from, settled, sent });
        self.first = iter::once(hello).chain(joins).collect();
        self.name = rooms.pop().unwrap_or_else(RoomName::lobby);
        out.extend_from_slice(&self.wire.opening());
        Ok(())
    }

    fn is_joined(&self) -> bool {
        self.room.is_some()
    }

    fn say(&mut self, words: &[Words], out: &mut BytesMut) {
        let Some(room) = self.room else { return };
        for words in words.chunks(Commitment::MAX) {
            let bodies: Vec<Body> = words.iter().map(|words| Body::text(&words.text(self.length))).collect();
            let mut commitment = self.commit(self.cmid.next(), &bodies).map(Box::new);
            let mut said = Vec::new();
            for body in bodies {
                self.cmid = self.cmid.next();
                said.push(ToHost::Send { room, cmid: self.cmid, body, commitment: commitment.take() });
            }
            self.sealed(&said, out);
        }
    }

    fn hear<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8], out: &mut BytesMut) -> io::Result<Option<&'a [u8]>> {
        while self.room.is_none() {
            match self.wire.receive(input).map_err(io::Error::other)? {
                None => return Ok(None),
                Some(Received::Answer(answer)) => out.extend_from_slice(&answer),
                Some(Received::Opened { answer, .. }) => {
                    out.extend_from_slice(&answer);
                    let first = mem::take(&mut self.first);
                    self.sealed(&first, out);
                }
                Some(Received::Frame(body)) => match decode(body)? {
                    ToClient::Joined(joined) if joined.name == self.name => {
                        (self.room, self.epoch) = (Some(joined.room), joined.epoch);
                    }
                    other => refused(&other)?,
                },
            }
        }
        frame(&mut self.wire, input)
    }

    fn beat(&mut self, out: &mut BytesMut) {
        self.sealed(&[ToHost::Ping { nonce: 0 }], out);
    }

    fn read(&mut self, heard: &[u8], out: &mut BytesMut) -> io::Result<Option<Words>> {
        // Who comes and goes is told in so much that it takes time to read it.
        let kind = heard.first();
        if kind == Some(&self.roster) || (kind == Some(&self.entry) && heard.len() < self.length) {
            return Ok(None);
        }
        match decode(heard)? {
            ToClient::Entry(entry) => said_in(&entry, self.length),
            // Whoever is silent for long is asked whether it is still there.
            ToClient::Ping { nonce } => {
                self.sealed(&[ToHost::Pong { nonce }], out);
                Ok(None)
            }
            other => refused(&other).map(|()| None),
        }
    }
}

/// How frames of that kind begin.
fn kind(message: &ToClient) -> u8 {
    let mut frame = BytesMut::new();
    Encoding::Postcard.encode(message, &mut frame);
    frame[FRAME_HEADER]
}

/// An entry such as a host makes it.
pub(super) fn entry(body: Body) -> Entry {
    let (room, seq, author, cmid) = (RoomId(1), Seq(1 << 16), MemberId(1), Cmid::ZERO);
    let at = Timestamp::from_millis(1 << 40);
    Entry { room, seq, author, cmid, at, body, commitment: None, blanked: None }
}

/// It is nothing that keeps anybody from talking.
fn refused(told: &ToClient) -> io::Result<()> {
    match told {
        ToClient::Bye { .. } | ToClient::Reject { .. } | ToClient::JoinRefused { .. } | ToClient::Gap { .. } => {
            Err(io::Error::other(format!("{told:?}")))
        }
        _ => Ok(()),
    }
}

pub(super) fn frame<'a, 'b: 'a>(wire: &'a mut Wire, input: &mut &'b [u8]) -> io::Result<Option<&'a [u8]>> {
    match wire.receive(input).map_err(io::Error::other)? {
        None => Ok(None),
        Some(Received::Frame(body)) => Ok(Some(body)),
        Some(other) => Err(io::Error::other(format!("a handshake is over: {other:?}"))),
    }
}

pub(super) fn decode(body: &[u8]) -> io::Result<ToClient> {
    Encoding::Postcard.decode(body).map_err(io::Error::other)
}

/// What is said in an entry, unless it says who comes and goes.
pub(super) fn said_in(entry: &Entry, length: usize) -> io::Result<Option<Words>> {
    match &entry.body {
        Body::Text(text) => Words::read(text.as_str().as_bytes(), length).map(Some),
        _ => Ok(None),
    }
}

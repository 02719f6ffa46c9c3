//! The floor: what arrives goes to every socket, with one write for each in a round, and nothing else is done. Sealed, it
//! goes in one record for each, by the same cipher as a host's.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
};

use bytes::{Buf as _, BytesMut};
use exchange_tokio::core::{
    Identity, Seed,
    message::MAX_FRAME,
    wire::{Keyring, Offer, Received, Wire, put_frame},
};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, EventData, EventFlags},
    fd::OwnedFd,
};

use super::has_aes;

/// What there is of the listener, and of no peer.
const LISTENER: u64 = u64::MAX;

/// What is told to whoever hears from then on what is said.
const WELCOME: &[u8] = b"welcome";

struct Peer {
    stream: TcpStream,
    wire: Option<Box<Wire>>,
    /// In the clear, the beginning of an entry whose end has not come yet.
    partial: Vec<u8>,
    /// What the socket did not take.
    unsent: BytesMut,
    is_waiting: bool,
}

struct Floor {
    epoll: OwnedFd,
    listener: TcpListener,
    keyring: Option<Keyring>,
    peers: Vec<Peer>,
    buffer: Vec<u8>,
}

pub(super) fn serve(is_sealed: bool) -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    println!("{}", listener.local_addr()?);
    let keys = || Keyring::new(Identity::from_seed([255; 32]), &Seed::from_number(0)).with_aes(has_aes());
    let (keyring, buffer) = (is_sealed.then(keys), vec![0; 64 * 1024]);
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    let mut floor = Floor { epoll, listener, keyring, peers: Vec::new(), buffer };
    let (mut events, mut entries) = (Vec::with_capacity(1024), BytesMut::new());
    loop {
        epoll::wait(&floor.epoll, spare_capacity(&mut events), None)?;
        for event in events.drain(..) {
            match event.data.u64() {
                LISTENER => floor.accept()?,
                peer => floor.hear(usize::try_from(peer).map_err(io::Error::other)?, &mut entries)?,
            }
        }
        floor.pass_on(&entries)?;
        entries.clear();
    }
}

impl Floor {
    fn accept(&mut self) -> io::Result<()> {
        loop {
            let stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            let number = EventData::new_u64(self.peers.len() as u64);
            epoll::add(&self.epoll, &stream, number, EventFlags::IN)?;
            let keys = self.keyring.as_mut().map(Keyring::keys);
            let wire = || Wire::host(Offer::default()).first_frame_at_most(MAX_FRAME);
            let wire = keys.map(|keys| Box::new(wire().secured(Some(keys))));
            let (partial, unsent) = (Vec::new(), BytesMut::new());
            self.peers.push(Peer { stream, wire, partial, unsent, is_waiting: false });
        }
    }

    /// Adds to `entries` what somebody says.
    fn hear(&mut self, peer: usize, entries: &mut BytesMut) -> io::Result<()> {
        let peer = &mut self.peers[peer];
        let length = match peer.stream.read(&mut self.buffer) {
            Ok(0) => return epoll::delete(&self.epoll, &peer.stream).map_err(Into::into),
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut input = &self.buffer[..length];
        let Some(wire) = &mut peer.wire else {
            take_whole(&mut peer.partial, input, entries);
            return Ok(());
        };
        while let Some(received) = wire.receive(&mut input).map_err(io::Error::other)? {
            match received {
                Received::Frame(body) => put_frame(body, entries),
                Received::Answer(answer) => peer.unsent.extend_from_slice(&answer),
                Received::Opened { answer, .. } => {
                    peer.unsent.extend_from_slice(&answer);
                    let mut welcome = BytesMut::new();
                    put_frame(WELCOME, &mut welcome);
                    wire.seal(&welcome, &mut peer.unsent);
                }
            }
        }
        Ok(())
    }

    fn pass_on(&mut self, entries: &[u8]) -> io::Result<()> {
        for (number, peer) in self.peers.iter_mut().enumerate() {
            let written = match &mut peer.wire {
                Some(wire) => {
                    wire.seal(entries, &mut peer.unsent);
                    0
                }
                None if peer.unsent.is_empty() && !entries.is_empty() => write(&mut peer.stream, entries)?,
                None => 0,
            };
            if peer.wire.is_none() {
                peer.unsent.extend_from_slice(&entries[written..]);
            }
            if !peer.unsent.is_empty() {
                let written = write(&mut peer.stream, &peer.unsent)?;
                peer.unsent.advance(written);
            }
            if peer.unsent.is_empty() == peer.is_waiting {
                peer.is_waiting = !peer.is_waiting;
                let wanted = if peer.is_waiting { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
                epoll::modify(&self.epoll, &peer.stream, EventData::new_u64(number as u64), wanted)?;
            }
        }
        Ok(())
    }
}

/// What the socket takes of it.
fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
    match stream.write(bytes) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        written => written,
    }
}

/// Moves whole frames from the front of what has come; the rest waits.
fn take_whole(partial: &mut Vec<u8>, input: &[u8], entries: &mut BytesMut) {
    partial.extend_from_slice(input);
    let mut whole = 0;
    while let Some((length, rest)) = partial[whole..].split_first_chunk::<4>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if rest.len() < length {
            break;
        }
        whole += 4 + length;
    }
    entries.extend_from_slice(&partial[..whole]);
    partial.drain(..whole);
}

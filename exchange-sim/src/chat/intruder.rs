//! Those who mean no good: what they send, and how they change what they send.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use exchange_core::{
    Body, Cmid, Encoding, PeerId, Presence, ProducerId, RoomId, Time,
    message::{Hello, MAX_FIRST_FRAME, ToHost},
    wire::{Offer, Versions, Wire},
};

use crate::{
    net::{NodeId, Notice, Read, Socket},
    node::Io,
    random::Random,
    scenario::Intrusion,
};

/// Somebody who connects to a host and says what nobody should.
#[derive(Debug)]
pub(crate) struct Raw {
    how: Intrusion,
    host: NodeId,
    random: Random,
    sockets: Vec<Socket>,
    /// What a client was heard to say, if it is that which is repeated.
    hello: Option<Hello>,
    next_at: Time,
    turns: u32,
}

/// How often somebody babbles who reads nothing.
const TURNS: u32 = 100;

/// The longest pause of somebody who says next to nothing.
const DRIP: Duration = Duration::from_secs(4);

impl Raw {
    pub(crate) fn new(how: Intrusion, host: NodeId, random: Random, begins: Time) -> Self {
        Self { how, host, random, sockets: Vec::new(), hello: None, next_at: begins, turns: 0 }
    }

    /// Whose hello it wants to hear, by the client's number.
    pub(crate) fn listens_to(&self) -> Option<usize> {
        match self.how {
            Intrusion::Replay(client, _) => Some(client),
            _ => None,
        }
    }

    pub(crate) fn overhears(&mut self, hello: Hello) {
        self.hello = Some(hello);
    }

    pub(crate) fn alarm(&mut self, io: &mut Io<'_>) {
        if io.now() >= self.next_at {
            let every = match self.how {
                Intrusion::Garbage(every) | Intrusion::Replay(_, every) => {
                    self.connect(1, io);
                    Duration::from_millis(every.max(1).into())
                }
                Intrusion::Slow(at_once) => {
                    self.drip(io);
                    self.connect((at_once as usize).saturating_sub(self.sockets.len()), io);
                    DRIP
                }
                Intrusion::Deaf(frames) => {
                    self.connect(1 - self.sockets.len().min(1), io);
                    self.babble(frames, io);
                    self.turns += 1;
                    if self.turns < TURNS { Duration::from_millis(50) } else { Duration::MAX }
                }
                Intrusion::Mangle(_) | Intrusion::Outsider { .. } => DRIP,
            };
            self.next_at = io.now() + every;
        }
        io.set_alarm(Some(self.next_at));
    }

    fn connect(&mut self, count: usize, io: &mut Io<'_>) {
        for _ in 0..count {
            self.sockets.push(io.connect(self.host));
        }
    }

    /// One byte on every connection: not enough for anything, but something.
    fn drip(&mut self, io: &mut Io<'_>) {
        let byte = Bytes::copy_from_slice(&Wire::client(Offer::default()).opening()[..1]);
        self.sockets.retain(|socket| io.write(*socket, &mut byte.clone()).is_ok());
    }

    /// Asks for answers, and says what will be turned down.
    fn babble(&mut self, frames: u32, io: &mut Io<'_>) {
        let Some(socket) = self.sockets.first().copied() else { return };
        let mut said = BytesMut::new();
        for nonce in 0..u64::from(frames) {
            Encoding::Postcard.encode(&ToHost::Ping { nonce }, &mut said);
        }
        let (room, body) = (RoomId(99), Body::text("nobody is in there"));
        Encoding::Postcard.encode(&ToHost::Send { room, cmid: Cmid(1), body, commitment: None }, &mut said);
        let mut said = said.freeze();
        let length = said.len();
        if io.write(socket, &mut said).is_ok_and(|taken| (1..length).contains(&taken)) {
            // The rest of a frame that was begun would have to follow: it rather begins anew.
            self.sockets.clear();
            io.release(socket);
        }
    }

    pub(crate) fn notice(&mut self, notice: Notice, io: &mut Io<'_>) {
        let socket = notice.socket();
        match notice {
            Notice::Connected { .. } => self.speak(socket, io),
            Notice::Readable { .. } if matches!(self.how, Intrusion::Deaf(_)) => {}
            Notice::Readable { .. } => loop {
                match io.read(socket) {
                    Read::Data(_) => {}
                    Read::Dry => break,
                    Read::Over(_) => {
                        self.sockets.retain(|open| *open != socket);
                        io.release(socket);
                        break;
                    }
                }
            },
            Notice::Refused { .. } | Notice::Accepted { .. } => {
                self.sockets.retain(|open| *open != socket);
                io.release(socket);
            }
            Notice::Writable { .. } => {}
        }
        io.set_alarm(Some(self.next_at));
    }

    fn speak(&mut self, socket: Socket, io: &mut Io<'_>) {
        let mut said = BytesMut::new();
        match self.how {
            Intrusion::Garbage(_) => {
                if self.random.chance(700) {
                    said.put_slice(&Wire::client(Offer::default()).opening());
                }
                let mut length = self.random.index(2000);
                match self.random.up_to(5) {
                    0 => said.put_u32(u32::MAX),
                    1 => said.put_u32(0),
                    2 => said.put_u32(64 * 1024 + 1),
                    3 => said.put_u32(900),
                    4 => {
                        // As long as it says, and longer than anybody's first frame may be.
                        length += MAX_FIRST_FRAME + 1;
                        said.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
                    }
                    _ => {}
                }
                let mut noise = vec![0; length];
                self.random.fill(&mut noise);
                said.put_slice(&noise);
            }
            Intrusion::Replay(..) => {
                // It knows what was said, and that a later attempt replaces an earlier one.
                let Some(mut hello) = self.hello.clone() else { return io.release(socket) };
                hello.attempt = hello.attempt.saturating_add(u32::try_from(self.random.up_to(50)).unwrap_or(0));
                said.put_slice(&Wire::client(Offer::new(Versions::SUPPORTED, &[Encoding::Postcard])).opening());
                Encoding::Postcard.encode(&ToHost::Hello(hello), &mut said);
            }
            Intrusion::Deaf(_) => {
                let (mut peer, mut producer) = ([0; 16], [0; 8]);
                self.random.fill(&mut peer);
                self.random.fill(&mut producer);
                let hello = Hello {
                    peer: PeerId::from_bytes(peer),
                    producer: ProducerId::from_bytes(producer),
                    token: None,
                    attempt: 1,
                    nick: "deaf".into(),
                    presence: Presence::default(),
                };
                said.put_slice(&Wire::client(Offer::new(Versions::SUPPORTED, &[Encoding::Postcard])).opening());
                Encoding::Postcard.encode(&ToHost::Hello(hello), &mut said);
            }
            Intrusion::Slow(_) | Intrusion::Mangle(_) | Intrusion::Outsider { .. } => {}
        }
        let mut said = said.freeze();
        // What does not fit at once is not said: nobody means it.
        let _ = io.write(socket, &mut said);
    }
}

/// Changes frames on their way out.
#[derive(Debug)]
pub(crate) struct Mangler {
    random: Random,
    permille: u16,
}

impl Mangler {
    pub(crate) fn new(random: Random, permille: u16) -> Self {
        Self { random, permille }
    }

    pub(crate) fn mangle(&mut self, frames: Bytes) -> Bytes {
        if frames.is_empty() || !self.random.chance(self.permille) {
            return frames;
        }
        let mut bytes = BytesMut::from(&frames[..]);
        let place = self.random.index(bytes.len());
        match self.random.up_to(4) {
            0 => bytes[place] ^= 1 << self.random.up_to(7),
            1 => bytes.truncate(place),
            2 => bytes.extend_from_slice(&frames[place..]),
            3 => bytes.extend_from_slice(&frames),
            _ => bytes[place] = u8::try_from(self.random.up_to(255)).unwrap_or(0),
        }
        bytes.freeze()
    }
}

//! How clients of each system speak with it.

mod exchange;
mod floor;
mod mqtt;
mod nats;
mod redis;
mod tls;

use std::io;

use bytes::BytesMut;

use super::{serve, system::System, words::Words};

/// One client of a system, which hears all that is said in a room.
pub(super) trait Dialect {
    /// Appends what it says first, to become one who hears what is said in that room.
    fn greet(&mut self, room: u16, number: u16, out: &mut BytesMut) -> io::Result<()>;

    /// Whether it hears now what is said in the room.
    fn is_joined(&self) -> bool;

    /// Appends what has all these words, which are said at once, passed on to everybody in the room.
    fn say(&mut self, words: &[Words], out: &mut BytesMut);

    /// The next that has come whole off the front of `input`, all of which is taken in the end. What comes before it is
    /// joined is answered, and that is all.
    fn hear<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8], out: &mut BytesMut) -> io::Result<Option<&'a [u8]>>;

    /// Appends what shows that it is still there, if clients have to show that.
    fn beat(&mut self, _: &mut BytesMut) {}

    /// What is said in that, if it is something that somebody says; appends the answer if it wants one.
    fn read(&mut self, heard: &[u8], out: &mut BytesMut) -> io::Result<Option<Words>>;
}

/// A client of that system, whose texts are of this length.
pub(super) fn of(system: System, length: usize, number: u16) -> Box<dyn Dialect> {
    match system {
        System::Floor | System::TokioFloor => Box::new(floor::Floor::new(length, None)),
        System::SealedFloor => Box::new(floor::Floor::new(length, Some(number))),
        System::Redis => Box::new(redis::Redis::new(length)),
        System::Nats => Box::new(nats::Nats::new(length)),
        System::Mosquitto => Box::new(mqtt::Mqtt::new(length)),
        System::RedisTls | System::NatsTls | System::MosquittoTls => {
            Box::new(tls::Tls::new(of(system.in_the_clear(), length, number), system == System::NatsTls))
        }
        System::Sealed => Box::new(exchange::Exchange::new(length, number, Some(serve::has_aes()))),
        System::SealedByChaCha => Box::new(exchange::Exchange::new(length, number, Some(false))),
        System::Exchange | System::TokioMulti | System::AsyncStd => {
            Box::new(exchange::Exchange::new(length, number, None))
        }
    }
}

/// What has come of something that is not whole yet.
#[derive(Debug, Default)]
struct Partial {
    bytes: Vec<u8>,
    is_lent: bool,
}

impl Partial {
    /// The next whole piece off the front of `input`. `whole` tells how long the first one is, as soon as that can be told.
    fn next<'a, 'b: 'a>(
        &'a mut self,
        input: &mut &'b [u8],
        whole: impl Fn(&[u8]) -> io::Result<Option<usize>>,
    ) -> io::Result<Option<&'a [u8]>> {
        if self.is_lent {
            self.bytes.clear();
            self.is_lent = false;
        }
        if self.bytes.is_empty() {
            if let Some((piece, rest)) = whole(input)?.and_then(|length| input.split_at_checked(length)) {
                *input = rest;
                return Ok(Some(piece));
            }
            self.bytes.extend_from_slice(input);
            *input = &[];
            return Ok(None);
        }
        let before = self.bytes.len();
        self.bytes.extend_from_slice(input);
        match whole(&self.bytes)?.filter(|length| *length <= self.bytes.len()) {
            None => {
                *input = &[];
                Ok(None)
            }
            Some(length) => {
                *input = &input[length - before..];
                self.bytes.truncate(length);
                self.is_lent = true;
                Ok(Some(&self.bytes))
            }
        }
    }
}

/// The first line, with its end; `None` if it has not come yet.
fn line(bytes: &[u8]) -> Option<&[u8]> {
    bytes.windows(2).position(|two| two == b"\r\n").map(|end| &bytes[..end + 2])
}

/// The number in a line.
fn number(text: &[u8]) -> io::Result<usize> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or_else(|| io::Error::other(format!("no number: {}", String::from_utf8_lossy(text))))
}

/// What comes before somebody is joined.
#[derive(Debug, Default)]
struct Greeting {
    come: Vec<u8>,
    end: Vec<u8>,
    is_over: bool,
}

impl Greeting {
    /// It has this at its end, and nothing that matters comes right after it.
    fn until(end: impl Into<Vec<u8>>) -> Self {
        Self { end: end.into(), ..Self::default() }
    }

    fn take(&mut self, input: &mut &[u8]) {
        if !self.is_over {
            self.come.extend_from_slice(input);
            *input = &[];
            self.is_over = self.come.windows(self.end.len()).any(|part| part == self.end);
        }
    }
}

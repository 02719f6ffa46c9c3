//! NATS, by its own protocol of lines.

use std::io;

use bytes::{BufMut as _, BytesMut};

use super::{Dialect, Greeting, Partial, line, number};
use crate::linux::words::Words;

#[derive(Debug)]
pub(super) struct Nats {
    length: usize,
    room: u16,
    greeting: Greeting,
    partial: Partial,
}

impl Nats {
    pub(super) fn new(length: usize) -> Self {
        Self { length, room: 0, greeting: Greeting::until("PONG\r\n"), partial: Partial::default() }
    }
}

impl Dialect for Nats {
    fn greet(&mut self, room: u16, _: u16, out: &mut BytesMut) -> io::Result<()> {
        self.room = room;
        out.put_slice(b"CONNECT {\"verbose\":false,\"pedantic\":false}\r\n");
        out.put_slice(format!("SUB room{room} 1\r\nPING\r\n").as_bytes());
        Ok(())
    }

    fn is_joined(&self) -> bool {
        self.greeting.is_over
    }

    fn say(&mut self, words: &[Words], out: &mut BytesMut) {
        for words in words {
            let (room, text) = (self.room, words.text(self.length));
            out.put_slice(format!("PUB room{room} {}\r\n{text}\r\n", text.len()).as_bytes());
        }
    }

    fn hear<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8], _: &mut BytesMut) -> io::Result<Option<&'a [u8]>> {
        self.greeting.take(input);
        self.partial.next(input, |bytes| {
            let Some(line) = line(bytes) else { return Ok(None) };
            if !line.starts_with(b"MSG ") {
                return Ok(Some(line.len()));
            }
            let length = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
            Ok(Some(line.len() + number(length)? + 2))
        })
    }

    fn read(&mut self, heard: &[u8], out: &mut BytesMut) -> io::Result<Option<Words>> {
        if heard.starts_with(b"MSG ") {
            let begin = (heard.len() - 2).saturating_sub(self.length);
            return Words::read(&heard[begin..heard.len() - 2], self.length).map(Some);
        }
        match heard {
            b"PING\r\n" => out.put_slice(b"PONG\r\n"),
            other if other.starts_with(b"INFO ") => {}
            other => return Err(io::Error::other(String::from_utf8_lossy(other).into_owned())),
        }
        Ok(None)
    }
}

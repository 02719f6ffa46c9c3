//! Redis, by its protocol RESP3: with it, who has subscribed can publish too.

use std::io;

use bytes::{BufMut as _, BytesMut};

use super::{Dialect, Greeting, Partial, line, number};
use crate::linux::words::Words;

/// What comes before the text in a delivery: its kind, and the room's name.
const MESSAGE: &[u8] = b">3\r\n$7\r\nmessage\r\n";

#[derive(Debug)]
pub(super) struct Redis {
    length: usize,
    room: String,
    greeting: Greeting,
    partial: Partial,
}

impl Redis {
    pub(super) fn new(length: usize) -> Self {
        Self { length, room: String::new(), greeting: Greeting::default(), partial: Partial::default() }
    }
}

impl Dialect for Redis {
    fn greet(&mut self, room: u16, _: u16, out: &mut BytesMut) -> io::Result<()> {
        self.room = format!("room{room:04}");
        self.greeting = Greeting::until(format!("subscribe\r\n$8\r\n{}\r\n:1\r\n", self.room));
        out.put_slice(format!("HELLO 3\r\nSUBSCRIBE {}\r\n", self.room).as_bytes());
        Ok(())
    }

    fn is_joined(&self) -> bool {
        self.greeting.is_over
    }

    fn say(&mut self, words: &[Words], out: &mut BytesMut) {
        for words in words {
            let (room, text) = (&self.room, words.text(self.length));
            let command = format!("*3\r\n$7\r\nPUBLISH\r\n$8\r\n{room}\r\n${}\r\n{text}\r\n", text.len());
            out.put_slice(command.as_bytes());
        }
    }

    fn hear<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8], _: &mut BytesMut) -> io::Result<Option<&'a [u8]>> {
        self.greeting.take(input);
        self.partial.next(input, |bytes| {
            if bytes.first() == Some(&b':') {
                // To how many it went, for whoever said it.
                return Ok(line(bytes).map(<[u8]>::len));
            }
            let Some(rest) = bytes.get(MESSAGE.len()..) else { return Ok(None) };
            if !bytes.starts_with(MESSAGE) {
                return Err(io::Error::other(format!("not a message: {}", String::from_utf8_lossy(bytes))));
            }
            let room = b"$8\r\nroom0000\r\n".len();
            let Some(length) = rest.get(room..).and_then(line) else { return Ok(None) };
            Ok(Some(MESSAGE.len() + room + length.len() + number(&length[1..])? + 2))
        })
    }

    fn read(&mut self, heard: &[u8], _: &mut BytesMut) -> io::Result<Option<Words>> {
        if heard.first() == Some(&b':') {
            return Ok(None);
        }
        let begin = (heard.len() - 2).saturating_sub(self.length);
        Words::read(&heard[begin..heard.len() - 2], self.length).map(Some)
    }
}

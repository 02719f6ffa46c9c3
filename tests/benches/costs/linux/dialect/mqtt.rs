//! MQTT 3.1.1, at most once.

use std::io;

use bytes::{BufMut as _, BytesMut};

use super::{Dialect, Greeting, Partial};
use crate::linux::words::Words;

const CONNECT: u8 = 0x10;
const PUBLISH: u8 = 0x30;
const SUBSCRIBE: u8 = 0x82;

#[derive(Debug)]
pub(super) struct Mqtt {
    length: usize,
    room: String,
    greeting: Greeting,
    partial: Partial,
}

impl Mqtt {
    pub(super) fn new(length: usize) -> Self {
        // Welcome, and subscribed.
        let greeting = Greeting::until([0x20, 2, 0, 0, 0x90, 3, 0, 1, 0]);
        Self { length, room: String::new(), greeting, partial: Partial::default() }
    }
}

impl Dialect for Mqtt {
    fn greet(&mut self, room: u16, number: u16, out: &mut BytesMut) -> io::Result<()> {
        self.room = format!("room{room:04}");
        // A clean session of protocol level 4, without a limit on how long it may be silent.
        packet(CONNECT, &[&text("MQTT"), &[4, 2, 0, 0], &text(&format!("{room:04x}{number:04x}"))], out);
        packet(SUBSCRIBE, &[&[0, 1], &text(&self.room), &[0]], out);
        Ok(())
    }

    fn is_joined(&self) -> bool {
        self.greeting.is_over
    }

    fn say(&mut self, words: &[Words], out: &mut BytesMut) {
        for words in words {
            packet(PUBLISH, &[&text(&self.room), words.text(self.length).as_bytes()], out);
        }
    }

    fn hear<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8], _: &mut BytesMut) -> io::Result<Option<&'a [u8]>> {
        self.greeting.take(input);
        self.partial.next(input, |bytes| {
            let (mut length, mut header) = (0, 1);
            for byte in bytes.iter().skip(1).take(4) {
                length |= usize::from(byte & 0x7f) << (7 * (header - 1));
                header += 1;
                if byte & 0x80 == 0 {
                    return Ok(Some(header + length));
                }
            }
            Ok(None)
        })
    }

    fn read(&mut self, heard: &[u8], _: &mut BytesMut) -> io::Result<Option<Words>> {
        if heard.first() != Some(&PUBLISH) {
            return Err(io::Error::other(format!("not a message: {heard:?}")));
        }
        Words::read(&heard[heard.len().saturating_sub(self.length)..], self.length).map(Some)
    }
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

fn packet(kind: u8, parts: &[&[u8]], out: &mut BytesMut) {
    let mut length: usize = parts.iter().map(|part| part.len()).sum();
    out.put_u8(kind);
    loop {
        let [digit, ..] = (length & 0x7f).to_le_bytes();
        length >>= 7;
        if length == 0 {
            out.put_u8(digit);
            break;
        }
        out.put_u8(digit | 0x80);
    }
    for part in parts {
        out.put_slice(part);
    }
}

//! The floors: who comes is a member, and what arrives is passed on as it is. It is as long as a host would make it.

use std::io;

use bytes::BytesMut;
use exchange_tokio::core::{
    Body, Encoding, Identity, Seed,
    message::{Entry, ToClient},
    wire::{Keyring, Offer, Received, Wire},
};

use super::{Dialect, exchange};
use crate::linux::{serve, words::Words};

pub(super) struct Floor {
    length: usize,
    wire: Wire,
    is_sealed: bool,
    is_welcome: bool,
    entry: Entry,
}

impl Floor {
    /// Sealed, by the keys of so many, or in the clear.
    pub(super) fn new(length: usize, sealed: Option<u16>) -> Self {
        let keys = sealed.map(|number| {
            let mut seed = [0; 32];
            seed[..2].copy_from_slice(&number.to_be_bytes());
            Keyring::new(Identity::from_seed(seed), &Seed::new(seed)).with_aes(serve::has_aes()).keys()
        });
        let (is_sealed, wire) = (keys.is_some(), Wire::client(Offer::default()).secured(keys));
        let entry = exchange::entry(Body::text(""));
        Self { length, wire, is_sealed, is_welcome: !is_sealed, entry }
    }

    /// In the clear nothing is said before the first message.
    fn begin_in_the_clear(&mut self) -> io::Result<()> {
        let (opening, mut host) = (self.wire.opening(), Wire::host(Offer::default()));
        if let Ok(Some(Received::Opened { answer, .. })) = host.receive(&mut &opening[..]) {
            self.wire.receive(&mut &answer[..]).map_err(io::Error::other)?;
        }
        Ok(())
    }
}

impl Dialect for Floor {
    fn greet(&mut self, _: u16, _: u16, out: &mut BytesMut) -> io::Result<()> {
        if self.is_sealed {
            out.extend_from_slice(&self.wire.opening());
            Ok(())
        } else {
            self.begin_in_the_clear()
        }
    }

    fn is_joined(&self) -> bool {
        self.is_welcome
    }

    fn say(&mut self, words: &[Words], out: &mut BytesMut) {
        let mut frames = BytesMut::new();
        for words in words {
            self.entry.cmid = self.entry.cmid.next();
            self.entry.body = Body::text(&words.text(self.length));
            Encoding::Postcard.encode(&ToClient::Entry(self.entry.clone()), &mut frames);
        }
        self.wire.seal(&frames, out);
    }

    fn hear<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8], out: &mut BytesMut) -> io::Result<Option<&'a [u8]>> {
        while !self.is_welcome {
            match self.wire.receive(input).map_err(io::Error::other)? {
                Some(Received::Answer(answer) | Received::Opened { answer, .. }) => out.extend_from_slice(&answer),
                Some(Received::Frame(_)) => self.is_welcome = true,
                None => return Ok(None),
            }
        }
        exchange::frame(&mut self.wire, input)
    }

    fn read(&mut self, heard: &[u8], _: &mut BytesMut) -> io::Result<Option<Words>> {
        match exchange::decode(heard)? {
            ToClient::Entry(entry) => exchange::said_in(&entry, self.length),
            other => Err(io::Error::other(format!("not a message: {other:?}"))),
        }
    }
}

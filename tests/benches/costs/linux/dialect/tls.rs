//! Others over TLS, by a client that believes whatever it is shown: it is what sealing costs the server that is measured.

use std::{
    io::{self, Read as _, Write as _},
    sync::Arc,
};

use bytes::{BufMut as _, BytesMut};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::{Dialect, line};
use crate::linux::words::Words;

pub(super) struct Tls {
    inner: Box<dyn Dialect>,
    connection: ClientConnection,
    /// Whether the server says a line before, in the clear.
    awaits_line: bool,
    /// What has come in records, and up to where the dialect has taken it.
    opened: Vec<u8>,
    taken: usize,
    /// What the dialect has found whole in it.
    whole: Vec<u8>,
}

impl Tls {
    pub(super) fn new(inner: Box<dyn Dialect>, awaits_line: bool) -> Self {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("its own versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Credulous(provider)))
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let mut connection = ClientConnection::new(Arc::new(config), name).expect("a configuration of its own");
        // What is said at once is bounded by the work, and may be a lot.
        connection.set_buffer_limit(None);
        Self { inner, connection, awaits_line, opened: Vec::new(), taken: 0, whole: Vec::new() }
    }

    /// Seals what the dialect has to say.
    fn seal(&mut self, said: &[u8], out: &mut BytesMut) -> io::Result<()> {
        if !said.is_empty() {
            self.connection.writer().write_all(said)?;
        }
        self.pass_on(out)
    }

    /// Records that are to be sent, unless nothing may be yet.
    fn pass_on(&mut self, out: &mut BytesMut) -> io::Result<()> {
        let mut writer = out.writer();
        while !self.awaits_line && self.connection.wants_write() {
            self.connection.write_tls(&mut writer)?;
        }
        Ok(())
    }

    /// Opens what has come, until something is there to be read.
    fn open(&mut self, input: &mut &[u8], out: &mut BytesMut) -> io::Result<()> {
        if self.awaits_line && !input.is_empty() {
            let first = line(input).ok_or_else(|| io::Error::other("half a line"))?;
            *input = &input[first.len()..];
            self.awaits_line = false;
            self.pass_on(out)?;
        }
        self.taken = 0;
        self.opened.clear();
        while !input.is_empty() && self.opened.is_empty() {
            self.connection.read_tls(input)?;
            let state = self.connection.process_new_packets().map_err(io::Error::other)?;
            self.opened.resize(state.plaintext_bytes_to_read(), 0);
            self.connection.reader().read_exact(&mut self.opened)?;
            self.pass_on(out)?;
        }
        Ok(())
    }
}

impl Dialect for Tls {
    fn greet(&mut self, room: u16, number: u16, out: &mut BytesMut) -> io::Result<()> {
        let mut said = BytesMut::new();
        self.inner.greet(room, number, &mut said)?;
        self.seal(&said, out)
    }

    fn is_joined(&self) -> bool {
        self.inner.is_joined()
    }

    fn say(&mut self, words: &[Words], out: &mut BytesMut) {
        let mut said = BytesMut::new();
        self.inner.say(words, &mut said);
        self.seal(&said, out).expect("memory takes everything");
    }

    fn hear<'a, 'b: 'a>(&'a mut self, input: &mut &'b [u8], out: &mut BytesMut) -> io::Result<Option<&'a [u8]>> {
        loop {
            if self.taken == self.opened.len() {
                self.open(input, out)?;
                if self.opened.is_empty() {
                    return Ok(None);
                }
            }
            let Self { inner, opened, taken, whole, .. } = self;
            let (mut rest, mut answers) = (&opened[*taken..], BytesMut::new());
            let is_whole = match inner.hear(&mut rest, &mut answers)? {
                Some(heard) => {
                    heard.clone_into(whole);
                    true
                }
                None => false,
            };
            *taken = opened.len() - rest.len();
            self.seal(&answers, out)?;
            if is_whole {
                return Ok(Some(&self.whole));
            }
        }
    }

    fn read(&mut self, heard: &[u8], out: &mut BytesMut) -> io::Result<Option<Words>> {
        let mut answers = BytesMut::new();
        let words = self.inner.read(heard, &mut answers)?;
        self.seal(&answers, out)?;
        Ok(words)
    }
}

/// Believes everything.
#[derive(Debug)]
struct Credulous(Arc<CryptoProvider>);

impl ServerCertVerifier for Credulous {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

//! Links that only their two ends can read: handshakes with keys that are known here, and the records that follow. Each
//! is heard by one of the ends, as it was said or as somebody in between has changed it.

use bytes::BytesMut;
use chacha20::ChaCha8Rng;
use exchange_tokio::core::{
    Encoding, Identity, JoinSecret, PeerId, Seed,
    message::{FRAME_HEADER, MAX_FIRST_FRAME, ToHost},
    wire::{Keyring, Keys, Offer, Received, Versions, Wire},
};
use rand_core::{Rng as _, SeedableRng as _};
use serde_json::json;

use super::{Vector, encoded, encoding_name, hex, unhex};

const OFFER: usize = 20;
const CHOICE: usize = 8;
/// The length of the first message of a handshake, and of each of those that come before it with a secret.
const FIRST: usize = 32;
const PAKE: usize = 33;
const TAG: usize = 16;
const RECORD_LENGTH: usize = 2 + TAG;
/// Records that are sealed with one key.
const PER_KEY: usize = 1 << 16;

pub(super) fn vectors() -> Vec<Vector> {
    let encodings = [Encoding::Json, Encoding::Postcard];
    let whole = encodings.into_iter().flat_map(|encoding| {
        let talk = Talk::held(Own::client(encoding), Own::host());
        [Side::Client, Side::Host].map(|reader| talk.vector(reader, encoding_name(encoding)))
    });
    let talk = Talk::held(Own::client(Encoding::Json), Own::host());
    let ends = [Side::Client, Side::Host].into_iter().flat_map(|reader| broken_records(&talk, reader));
    let ends = broken_handshakes(&talk).into_iter().chain(ends).chain([first_frame_too_long()]);
    let rekeyed = [("rekeyed", Own::host()), ("aes.rekeyed", Own { has_aes: true, ..Own::host() })];
    let rekeyed = rekeyed.into_iter().flat_map(|(name, host)| self::rekeyed(name, host));
    whole
        .chain(by_secret())
        .chain(by_aes())
        .chain(strangers())
        .chain(ends)
        .chain(protections())
        .chain(rekeyed)
        .collect()
}

/// The keys of an end for its link; `random` is what the ephemeral one comes from, here.
pub fn keys(seed: [u8; 32], random: [u8; 32], has_aes: bool, expects: Option<PeerId>, secret: Option<&str>) -> Keys {
    let mut keyring = Keyring::new(Identity::from_seed(seed), &Seed::new(random)).with_aes(has_aes);
    if let Some(secret) = secret {
        keyring.lock(secret.parse::<JoinSecret>().unwrap());
    }
    keyring.keys().expecting(expects)
}

/// The private key that a handshake draws for itself then. The library shows it to nobody.
fn ephemeral(random: [u8; 32]) -> [u8; 32] {
    drawn(drawn(random, "handshakes"), "ephemeral")
}

/// What its scalar is made of, where there is a secret.
fn scalar(random: [u8; 32]) -> [u8; 64] {
    drawn(drawn(random, "handshakes"), "scalar")
}

/// What the library draws first of that name from a seed.
fn drawn<const N: usize>(seed: [u8; 32], name: &str) -> [u8; N] {
    let fnv1a = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let mut rng = ChaCha8Rng::from_seed(seed);
    rng.set_stream(name.bytes().fold(0xcbf2_9ce4_8422_2325, fnv1a));
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Host,
}

/// What an end of a link has of its own.
#[derive(Clone, Copy)]
struct Own {
    side: Side,
    seed: [u8; 32],
    random: [u8; 32],
    encodings: &'static [Encoding],
    has_aes: bool,
    expects: Option<PeerId>,
    secret: Option<&'static str>,
}

impl Own {
    fn client(encoding: Encoding) -> Self {
        let encodings = match encoding {
            Encoding::Json => &[Encoding::Json][..],
            Encoding::Postcard => &[Encoding::Postcard],
        };
        let (seed, random) = ([1; 32], [3; 32]);
        Self { side: Side::Client, seed, random, encodings, has_aes: false, expects: None, secret: None }
    }

    fn host() -> Self {
        let encodings = &[Encoding::Postcard, Encoding::Json];
        let (seed, random) = ([2; 32], [4; 32]);
        Self { side: Side::Host, seed, random, encodings, has_aes: false, expects: None, secret: None }
    }

    fn peer(&self) -> PeerId {
        Identity::from_seed(self.seed).peer()
    }

    fn wire(&self) -> Wire {
        let offer = Offer::new(Versions::SUPPORTED, self.encodings);
        let wire = if self.side == Side::Client { Wire::client(offer) } else { Wire::host(offer) };
        wire.secured(Some(keys(self.seed, self.random, self.has_aes, self.expects, self.secret)))
    }

    /// What this end hears, and what it says until it is through or has had enough.
    fn hears(&self, name: &str, bytes: &[u8]) -> (Vector, Wire, Vec<u8>) {
        let mut wire = self.wire();
        let mut said = if self.side == Side::Client { wire.opening().to_vec() } else { Vec::new() };
        let mut input = bytes;
        loop {
            match wire.receive(&mut input) {
                Ok(Some(Received::Answer(answer) | Received::Opened { answer, .. })) => said.extend_from_slice(&answer),
                Ok(Some(Received::Frame(_))) => {}
                Ok(None) => break,
                Err(fault) => {
                    said.extend_from_slice(&fault.answer);
                    break;
                }
            }
        }
        let reader = if self.side == Side::Client { "client" } else { "host" };
        let encodings: Vec<&str> = self.encodings.iter().copied().map(encoding_name).collect();
        let mut own = json!({
            "seed": hex(&self.seed),
            "ephemeral": hex(&ephemeral(self.random)),
            "random": hex(&self.random),
            "encodings": encodings,
        });
        if self.has_aes {
            own["has_aes"] = json!(true);
        }
        if let Some(expects) = self.expects {
            own["expects"] = json!(expects);
        }
        if let Some(secret) = self.secret {
            own["secret"] = json!(secret);
            own["scalar"] = json!(hex(&scalar(self.random)));
        }
        let vector = Vector::new(format!("{reader}.{name}")).with("reader", reader).with("own", &own);
        (vector.bytes("bytes", bytes), wire, said)
    }
}

/// A link whose ends are through with their handshake and have said something in records.
struct Talk {
    client: Own,
    host: Own,
    encoding: Encoding,
    to_host: Said,
    to_client: Said,
}

/// What one end has said: first its part of the preamble and of the handshake, then records, each with what it holds.
#[derive(Default)]
struct Said {
    first: Vec<u8>,
    records: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Said {
    fn bytes(&self) -> Vec<u8> {
        let records = self.records.iter().flat_map(|(record, _)| record.iter().copied());
        self.first.iter().copied().chain(records).collect()
    }
}

impl Talk {
    fn held(client: Own, host: Own) -> Self {
        let mut ends = [client.wire(), host.wire()];
        let mut first = [ends[0].opening().to_vec(), Vec::new()];
        let (mut from, mut passed) = (0, [0, 0]);
        while passed[from] < first[from].len() {
            let bytes = first[from].split_off(passed[from]);
            let mut input = &bytes[..];
            while let Some(received) = ends[1 - from].receive(&mut input).unwrap() {
                let (Received::Answer(answer) | Received::Opened { answer, .. }) = received else { continue };
                first[1 - from].extend_from_slice(&answer);
            }
            first[from].extend_from_slice(&bytes);
            passed[from] = first[from].len();
            from = 1 - from;
        }
        let encoding = *client.encodings.first().unwrap();
        let [to_host, to_client] = first;
        let mut said = [to_host, to_client].map(|first| Said { first, records: Vec::new() });
        for ((wire, said), nonce) in ends.iter_mut().zip(&mut said).zip([1, 101]) {
            let held = contents(encoding, nonce);
            said.records = held.into_iter().map(|held| (sealed(wire, &held), held)).collect();
        }
        let [to_host, to_client] = said;
        Self { client, host, encoding, to_host, to_client }
    }

    fn own(&self, reader: Side) -> Own {
        if reader == Side::Client { self.client } else { self.host }
    }

    fn heard(&self, reader: Side) -> &Said {
        if reader == Side::Client { &self.to_client } else { &self.to_host }
    }

    fn said(&self, reader: Side) -> &Said {
        if reader == Side::Client { &self.to_host } else { &self.to_client }
    }

    /// The whole of it.
    fn vector(&self, reader: Side, name: &str) -> Vector {
        let heard = self.heard(reader);
        let (vector, _, _) = self.own(reader).hears(name, &heard.bytes());
        let said = self.said(reader);
        let holds: Vec<String> = said.records.iter().map(|(_, held)| hex(held)).collect();
        let held: Vec<u8> = heard.records.iter().flat_map(|(_, held)| held.iter().copied()).collect();
        let vector = self.opened(vector.bytes("says", &said.bytes()), reader);
        vector.with("frames", &frames(&held)).with("holds", &holds)
    }

    /// A handshake is through.
    fn opened(&self, vector: Vector, reader: Side) -> Vector {
        let other = self.own(if reader == Side::Client { Side::Host } else { Side::Client });
        vector.with("encoding", encoding_name(self.encoding)).with("peer", &other.peer())
    }

    /// The handshake and some records, as that end hears them from somebody in between.
    fn misheard(&self, reader: Side, name: &str, records: &[&[u8]], whole: usize) -> Vector {
        let heard = self.heard(reader);
        let (vector, _, said) = self.own(reader).hears(name, &[&heard.first, &records.concat()[..]].concat());
        let held: Vec<u8> = heard.records.iter().take(whole).flat_map(|(_, held)| held.iter().copied()).collect();
        self.opened(vector.bytes("says", &said), reader).with("frames", &frames(&held)).with("error", "forged")
    }
}

/// What some records hold: a frame, three frames, and two of which the first is divided among three records.
fn contents(encoding: Encoding, nonce: u64) -> Vec<Vec<u8>> {
    let frame = |more| {
        let body = encoded(encoding, &ToHost::Ping { nonce: nonce + more });
        [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
    };
    let several: Vec<u8> = (1..4).flat_map(frame).collect();
    let last = [frame(4), frame(5)].concat();
    [&frame(0)[..], &several, &last[..3], &last[3..5], &last[5..]].map(<[u8]>::to_vec).into()
}

fn frames(mut bytes: &[u8]) -> Vec<String> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<FRAME_HEADER>() {
        let Some((body, rest)) = rest.split_at_checked(u32::from_be_bytes(*length).try_into().unwrap()) else { break };
        frames.push(hex(body));
        bytes = rest;
    }
    frames
}

fn sealed(wire: &mut Wire, held: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    wire.seal(held, &mut out);
    out.to_vec()
}

/// With the lowest bit of one byte changed.
fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 1;
    bytes
}

fn broken_handshakes(talk: &Talk) -> Vec<Vector> {
    let ends = |own: Own, name: &str, bytes: &[u8]| {
        let (vector, _, said) = own.hears(name, bytes);
        vector.bytes("says", &said).with("error", "forged")
    };
    let changed = |reader, name, at| ends(talk.own(reader), name, &flipped(&talk.heard(reader).first, at));
    let second = OFFER + CHOICE;
    let third = OFFER + FIRST;
    let host_later = Own { random: [5; 32], ..talk.host };
    vec![
        changed(Side::Client, "features_of_the_offer_changed", OFFER - 1),
        changed(Side::Client, "message_2.ephemeral_changed", second),
        changed(Side::Client, "message_2.static_changed", second + 32),
        changed(Side::Client, "message_2.payload_changed", second + 32 + 32 + TAG),
        changed(Side::Client, "message_2.last_bit_changed", talk.to_client.first.len() - 1),
        changed(Side::Host, "features_of_the_offer_changed", OFFER - 1),
        changed(Side::Host, "message_1_changed", OFFER),
        changed(Side::Host, "message_3.static_changed", third),
        changed(Side::Host, "message_3.payload_changed", third + 32 + TAG),
        changed(Side::Host, "message_3.last_bit_changed", talk.to_host.first.len() - 1),
        ends(host_later, "handshake_said_again", &talk.to_host.bytes()),
    ]
}

fn broken_records(talk: &Talk, reader: Side) -> Vec<Vector> {
    let record = |index: usize| &talk.heard(reader).records[index].0[..];
    let changed = |name, at| talk.misheard(reader, name, &[record(0), &flipped(record(1), at)], 1);
    vec![
        changed("record.length_changed", 1),
        changed("record.tag_of_length_changed", RECORD_LENGTH - 1),
        changed("record.changed", RECORD_LENGTH),
        changed("record.tag_changed", record(1).len() - 1),
        talk.misheard(reader, "record.twice", &[record(0), record(0)], 1),
        talk.misheard(reader, "record.left_out", &[record(0), record(2)], 1),
        talk.misheard(reader, "record.too_early", &[record(1), record(0)], 0),
        talk.misheard(reader, "record.of_its_own", &[&talk.said(reader).records[0].0], 0),
    ]
}

fn first_frame_too_long() -> Vector {
    let talk = Talk::held(Own::client(Encoding::Json), Own::host());
    let (_, mut wire, said) = talk.client.hears("", &talk.to_client.first);
    let longer = u32::try_from(MAX_FIRST_FRAME + 1).unwrap().to_be_bytes();
    let (vector, _, answer) = talk.host.hears("first_frame_too_long", &[said, sealed(&mut wire, &longer)].concat());
    let none: [&str; 0] = [];
    talk.opened(vector.bytes("says", &answer), Side::Host).with("frames", &none).with("error", "oversize")
}

/// Newcomers by a code and by a passphrase, and such as know another or none.
fn by_secret() -> Vec<Vector> {
    let (code, phrase, wrong) = ("7-orbit-kitten", "correct horse battery staple", "8-orbit-kitten");
    let knows = |own: Own, secret| Own { secret: Some(secret), ..own };
    let (client, host) = (Own::client(Encoding::Json), Own::host());
    let both = |secret| Talk::held(knows(client, secret), knows(host, secret));
    let whole =
        [("code", both(code)), ("passphrase", both(phrase)), ("without", Talk::held(client, knows(host, code)))];
    let whole = whole.iter().flat_map(|(name, talk)| {
        [Side::Client, Side::Host].map(|reader| talk.vector(reader, &format!("secret.{name}")))
    });
    let talk = both(code);
    let ends = |own: Own, name: &str, bytes: &[u8], error: &str| {
        let (vector, _, said) = own.hears(&format!("secret.{name}"), bytes);
        vector.bytes("says", &said).with("error", error)
    };
    let (to_host, to_client) = (&talk.to_host.first, &talk.to_client.first);
    let at = OFFER + CHOICE;
    let no_guess = [&to_client[..at], &[0; PAKE]].concat();
    let refused = [&to_client[..at + PAKE], &[0; 128]].concat();
    let reflected = [&to_host[..OFFER], &to_client[at..at + PAKE]].concat();
    let open = Talk::held(client, host);
    let later = Talk::held(talk.client, Own { random: [5; 32], ..talk.host });
    let another_b = [&later.to_client.first[..at + PAKE], &to_client[at + PAKE..]].concat();
    let ends = [
        ends(knows(host, wrong), "wrong", to_host, "wrong_secret"),
        ends(knows(client, wrong), "wrong", to_client, "wrong_secret"),
        ends(talk.client, "another_message_b", &another_b, "wrong_secret"),
        ends(talk.client, "refused", &refused, "wrong_secret"),
        ends(talk.client, "no_guess", &no_guess, "no_guess"),
        ends(talk.client, "no_point", &flipped(&no_guess, at), "forged"),
        ends(talk.host, "reflected", &reflected, "forged"),
        ends(talk.host, "message_1_changed", &flipped(to_host, OFFER + PAKE), "wrong_secret"),
        ends(talk.client, "none_is_asked_for", &nothing(&open), "nothing_in_common"),
        ends(host, "none_is_asked_for", to_host, "nothing_in_common"),
    ];
    whole.chain(ends).collect()
}

/// Ends on machines that have instructions for AES.
fn by_aes() -> Vec<Vector> {
    let (client, host) = (Own::client(Encoding::Json), Own::host());
    let with_aes = |own: Own| Own { has_aes: true, ..own };
    let secret = Some("7-orbit-kitten");
    let both = Talk::held(with_aes(client), with_aes(host));
    let by_secret = Talk::held(Own { secret, ..with_aes(client) }, Own { secret, ..with_aes(host) });
    let (only_client, only_host) = (Talk::held(with_aes(client), host), Talk::held(client, with_aes(host)));
    let whole = [("both", &both), ("secret", &by_secret), ("only_client", &only_client), ("only_host", &only_host)];
    let whole = whole
        .into_iter()
        .flat_map(|(name, talk)| [Side::Client, Side::Host].map(|reader| talk.vector(reader, &format!("aes.{name}"))));
    let ends = |reader, name: &str, bytes: &[u8]| {
        let (vector, _, said) = both.own(reader).hears(&format!("aes.{name}"), bytes);
        vector.bytes("says", &said).with("error", "forged")
    };
    let message_2 = OFFER + CHOICE;
    let mut neither_offer_nor_choice = flipped(&both.to_client.first, OFFER - 1);
    neither_offer_nor_choice[message_2 - 1] ^= 1;
    let ends = [
        ends(Side::Host, "taken_out_of_the_offer", &flipped(&both.to_host.first, OFFER - 1)),
        ends(Side::Client, "taken_out_of_the_choice", &flipped(&both.to_client.first, message_2 - 1)),
        ends(Side::Client, "taken_out_of_offer_and_choice", &neither_offer_nor_choice),
        ends(
            Side::Client,
            "message_2.last_bit_changed",
            &flipped(&both.to_client.first, both.to_client.first.len() - 1),
        ),
        both.misheard(Side::Host, "aes.record.changed", &[&flipped(&both.to_host.records[0].0, RECORD_LENGTH)], 0),
    ];
    whole.chain(ends).collect()
}

/// The offer of that host, which chooses nothing.
fn nothing(talk: &Talk) -> Vec<u8> {
    [&talk.to_client.first[..OFFER], &[0; CHOICE]].concat()
}

/// Clients that know whom they expect.
fn strangers() -> [Vector; 2] {
    let expecting = |expects| Own { expects: Some(expects), ..Own::client(Encoding::Json) };
    let host = Own::host();
    let talk = Talk::held(expecting(host.peer()), host);
    let stranger = expecting(Identity::from_seed([9; 32]).peer());
    let (vector, _, said) = stranger.hears("stranger", &talk.to_client.first);
    [talk.vector(Side::Client, "expected"), vector.bytes("says", &said).with("error", "stranger")]
}

/// The other side wants it in the clear, or says so.
fn protections() -> [Vector; 3] {
    let ends = |own: Own, name, digits: &str, error| {
        let (vector, _, said) = own.hears(name, &unhex(&format!("45584348414e4745{}", digits.replace(' ', ""))));
        vector.bytes("says", &said).with("error", error)
    };
    let (client, host) = (Own::client(Encoding::Json), Own::host());
    let clear = "000a 0001 0001 03 01 00000000";
    let either = "000a 0001 0001 03 03 00000000";
    [
        ends(client, "host_in_the_clear", &format!("{clear} 0000 00 00 00000000"), "nothing_in_common"),
        ends(client, "clear_was_not_offered", &format!("{either} 0001 02 01 00000000"), "preamble"),
        ends(host, "client_in_the_clear", clear, "nothing_in_common"),
    ]
}

/// Ends that say so much that they need another key.
fn rekeyed(name: &str, host: Own) -> [Vector; 2] {
    let talk = Talk::held(Own { has_aes: host.has_aes, ..Own::client(Encoding::Postcard) }, host);
    [Side::Client, Side::Host].map(|reader| {
        let (vector, mut wire, said) = talk.own(reader).hears(name, &talk.heard(reader).first);
        let held = [0, 0, 0, 1, 7];
        let mut last = Vec::new();
        for number in 0..=PER_KEY {
            let record = sealed(&mut wire, &held);
            if number + 1 >= PER_KEY {
                last.extend(record);
            }
        }
        let none: [&str; 0] = [];
        let vector = talk.opened(vector.bytes("says", &said), reader).with("frames", &none);
        vector.with("holds", &[hex(&held)]).with("times", &(PER_KEY + 1)).bytes("last", &last)
    })
}

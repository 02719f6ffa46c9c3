//! Test vectors: bytes and what they mean, for whoever writes this protocol in another language. `tests/vectors` holds
//! what is made here; its README says how to read it.

mod conversations;
mod endings;
mod frames;
mod identities;
mod lenient;
mod malformed;
mod messages;
mod names;
mod preamble;
mod safety;
mod secrets;
mod secured;
mod signatures;
mod txt;

use std::{
    fmt::{self, Display},
    path::PathBuf,
};

use bytes::BytesMut;
use data_encoding::HEXLOWER;
use exchange_tokio::core::message::{Encoding, FRAME_HEADER};
use serde::Serialize;

pub use self::{identities::public_meaning, secrets::secret_meaning, secured::keys, txt::record_meaning};

/// Where the files are.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

/// Every file by its name, with what belongs into it.
pub fn files() -> Vec<(&'static str, String)> {
    [
        ("preamble.json", preamble::vectors()),
        ("identities.json", identities::vectors()),
        ("safety.json", safety::vectors()),
        ("secrets.json", secrets::vectors()),
        ("secured.json", secured::vectors()),
        ("signatures.json", signatures::vectors()),
        ("frames.json", frames::vectors()),
        ("to_host.json", [messages::to_host(), malformed::to_host(), lenient::to_host()].concat()),
        ("to_client.json", [messages::to_client(), malformed::to_client(), lenient::to_client()].concat()),
        ("names.json", names::vectors()),
        ("txt.json", txt::vectors()),
        ("endings.json", endings::vectors()),
        ("conversations.json", conversations::vectors()),
    ]
    .map(|(file, vectors)| (file, lines(&vectors)))
    .into()
}

fn lines(vectors: &[Vector]) -> String {
    let lines: Vec<String> = vectors.iter().map(Vector::to_string).collect();
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// One vector: an object of JSON whose members are in the order in which they were added.
#[derive(Clone, Debug)]
struct Vector(Vec<(&'static str, String)>);

impl Vector {
    fn new(name: impl Display) -> Self {
        Self(Vec::new()).with("name", &name.to_string())
    }

    fn with<T: Serialize + ?Sized>(mut self, key: &'static str, value: &T) -> Self {
        self.0.push((key, serde_json::to_string(value).unwrap()));
        self
    }

    fn bytes(self, key: &'static str, bytes: &[u8]) -> Self {
        self.with(key, &hex(bytes))
    }
}

impl Display for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<String> = self.0.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        write!(f, "{{{}}}", members.join(","))
    }
}

/// Bytes as they are written in vectors.
pub fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

/// Bytes that were written in a vector.
pub fn unhex(digits: &str) -> Vec<u8> {
    HEXLOWER.decode(digits.as_bytes()).unwrap()
}

/// The name of an encoding in vectors.
pub fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Postcard => "postcard",
        Encoding::Json => "json",
    }
}

/// A message without the length of its frame.
pub fn encoded<T: Serialize>(encoding: Encoding, message: &T) -> Vec<u8> {
    let mut frame = BytesMut::new();
    encoding.encode(message, &mut frame);
    frame[FRAME_HEADER..].to_vec()
}

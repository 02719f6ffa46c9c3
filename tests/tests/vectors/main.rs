//! The files in `tests/vectors` are what the code reads and writes, and there is one for everything that can be said.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

mod coverage;
mod endings;
mod secured;
mod streams;

use std::fs;

use exchange_tests::vectors::{encoded, files, folder, hex, record_meaning, unhex};
use exchange_tokio::core::{
    Encoding, NameError, Nick, RoomName, SessionName,
    discovery::{PeerRecord, TxtError, instance_session},
    message::{ToClient, ToHost},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// One vector.
struct Vector(Value);

impl Vector {
    fn text(&self, key: &str) -> &str {
        self.0[key].as_str().unwrap_or_else(|| panic!("{self}: no {key}"))
    }

    fn bytes(&self, key: &str) -> Vec<u8> {
        unhex(self.text(key))
    }

    fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    fn encoding(&self) -> Encoding {
        match self.text("encoding") {
            "postcard" => Encoding::Postcard,
            "json" => Encoding::Json,
            other => panic!("{self}: encoding {other}"),
        }
    }

    /// Whether a writer writes these very bytes.
    fn is_written(&self) -> bool {
        self.get("written") != Some(&json!(false)) && self.get("meaning").is_some()
    }
}

impl std::fmt::Display for Vector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.0["direction"], self.0["encoding"], self.0["name"])
    }
}

/// The vectors of a file; there are some.
fn vectors(file: &str) -> Vec<Vector> {
    let text = fs::read_to_string(folder().join(file)).unwrap();
    let vectors: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert!(!vectors.is_empty(), "{file} is empty");
    vectors.into_iter().map(Vector).collect()
}

#[test]
fn the_files_are_what_the_command_writes() {
    for (file, text) in files() {
        let committed = fs::read_to_string(folder().join(file)).unwrap();
        assert!(committed == text, "{file} is not what `just vectors` writes");
    }
    let names: Vec<&str> = files().into_iter().map(|(file, _)| file).collect();
    for file in fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name()) {
        let file = file.to_string_lossy();
        assert!(names.contains(&&*file) || file == "README.md", "nothing writes {file}");
    }
}

#[test]
fn every_vector_of_a_file_has_a_name_of_its_own() {
    for (file, _) in files() {
        let mut names: Vec<String> = vectors(file).iter().map(Vector::to_string).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count, "{file}");
    }
}

#[test]
fn every_message_to_a_host_reads_and_writes_as_it_says() {
    vectors("to_host.json").iter().for_each(message::<ToHost>);
}

#[test]
fn every_message_to_a_client_reads_and_writes_as_it_says() {
    vectors("to_client.json").iter().for_each(message::<ToClient>);
}

fn message<T: Serialize + DeserializeOwned>(vector: &Vector) {
    let encoding = vector.encoding();
    let bytes = vector.bytes("bytes");
    match (encoding.decode::<T>(&bytes), vector.get("meaning"), vector.get("error")) {
        (Ok(message), Some(meaning), _) => assert_eq!(&serde_json::to_value(&message).unwrap(), meaning, "{vector}"),
        (Err(violation), _, Some(error)) => assert_eq!(&json!(violation), error, "{vector}"),
        (Ok(message), None, _) => panic!("{vector}: read as {}", serde_json::to_value(&message).unwrap()),
        (Err(violation), _, None) => panic!("{vector}: {violation}"),
    }
    if vector.is_written() {
        let message: T = serde_json::from_value(vector.0["meaning"].clone()).unwrap();
        assert_eq!(hex(&encoded(encoding, &message)), vector.text("bytes"), "{vector}");
    }
}

#[test]
fn every_name_is_taken_or_refused_as_it_says() {
    for vector in vectors("names.json") {
        let text = String::from_utf8(vector.bytes("bytes")).unwrap();
        let parsed = match vector.text("kind") {
            "nick" => Nick::new(&text).map(|name| name.as_str().to_owned()),
            "room" => RoomName::new(&text).map(|name| name.as_str().to_owned()),
            "session" => SessionName::new(&text).map(|name| name.as_str().to_owned()),
            other => panic!("{vector}: {other}"),
        };
        let expected: Result<String, NameError> = match vector.get("error") {
            Some(error) => Err(serde_json::from_value(error.clone()).unwrap()),
            None => Ok(vector.text("meaning").to_owned()),
        };
        assert_eq!(parsed, expected, "{vector}");
        if let Some(canonical) = vector.get("canonical") {
            assert_eq!(RoomName::new(&text).unwrap().canonical(), canonical, "{vector}");
        }
    }
}

#[test]
fn every_announcement_is_read_and_written_as_it_says() {
    for vector in vectors("txt.json") {
        let bytes = vector.bytes("bytes");
        let read = PeerRecord::from_txt(properties(&bytes), 27_027)
            .map_err(|error| match error {
                TxtError::Missing { key } | TxtError::Malformed { key } => key,
                TxtError::TooLarge => "too_large",
                other => panic!("{vector}: {other}"),
            })
            .and_then(|record| {
                let is_named = instance_session(vector.text("instance")) == Some(record.session);
                is_named.then_some(record).ok_or("instance")
            });
        let Ok(record) = read else {
            assert_eq!(read.err().map(|error| json!(error)).as_ref(), vector.get("error"), "{vector}");
            continue;
        };
        assert_eq!(Some(&record_meaning(&record)), vector.get("meaning"), "{vector}");
        if vector.is_written() {
            let announced = record.to_txt();
            let announced: Vec<_> = announced.iter().map(|(key, value)| (key.as_str(), value.as_bytes())).collect();
            assert_eq!(announced, properties(&bytes), "{vector}");
        }
    }
}

/// The properties in a TXT record, as DNS-SD divides them: a string that begins with `=` is none.
fn properties(mut record: &[u8]) -> Vec<(&str, &[u8])> {
    let mut properties = Vec::new();
    while let Some((length, rest)) = record.split_first() {
        let (item, rest) = rest.split_at(usize::from(*length));
        record = rest;
        let end = item.iter().position(|byte| *byte == b'=').unwrap_or(item.len());
        let (key, value) = (std::str::from_utf8(&item[..end]).unwrap(), item.get(end + 1..).unwrap_or_default());
        if !key.is_empty() {
            properties.push((key, value));
        }
    }
    properties
}

//! Nothing can be said that no vector says: every variant of every enum in every message, in both encodings, and every
//! kind of entry.
//!
//! What there is to say is not listed here. A deserializer that reads a vector's meaning is told by the code which
//! variants each enum has, and notes which of them it met.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use exchange_tokio::core::{
    Body, Encoding, LeaveReason,
    message::{FIRST_APPLICATION_KIND, ToClient, ToHost},
};
use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{Error, MapAccessDeserializer, MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Value;

use super::{Vector, vectors};

/// Of each enum by its name: its variants, and those that were met.
type Met = RefCell<BTreeMap<&'static str, (&'static [&'static str], BTreeSet<String>)>>;

/// Reads a value, and notes the variants that it meets.
#[derive(Clone, Copy)]
struct Noting<'a> {
    value: &'a Value,
    met: &'a Met,
}

impl<'de> Deserializer<'de> for Noting<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(bool) => visitor.visit_bool(*bool),
            Value::Number(number) => visitor.visit_u64(number.as_u64().unwrap()),
            Value::String(text) => visitor.visit_str(text),
            Value::Array(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(|value| Self { value, ..self })))
            }
            Value::Object(object) => visitor.visit_map(self.members(object)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let met = match self.value {
            Value::Object(object) => object.keys().next().unwrap(),
            value => value.as_str().unwrap(),
        };
        let mut all = self.met.borrow_mut();
        all.entry(name).or_insert((variants, BTreeSet::new())).1.insert(met.to_owned());
        drop(all);
        match self.value {
            Value::Object(object) => visitor.visit_enum(MapAccessDeserializer::new(self.members(object))),
            _ => visitor.visit_enum(met.into_deserializer()),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'a> Noting<'a> {
    fn members<'de>(
        self,
        object: &'a serde_json::Map<String, Value>,
    ) -> MapDeserializer<'de, impl Iterator<Item = (&'a str, Self)>, Error> {
        MapDeserializer::new(object.iter().map(move |(key, value)| (key.as_str(), Self { value, ..self })))
    }
}

impl IntoDeserializer<'_, Error> for Noting<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The vectors of a file that are written in that encoding.
fn written(file: &str, encoding: Encoding) -> Vec<Vector> {
    vectors(file).into_iter().filter(|vector| vector.is_written() && vector.encoding() == encoding).collect()
}

fn note<T: DeserializeOwned>(file: &str, encoding: Encoding, met: &Met) {
    for vector in written(file, encoding) {
        let value = &vector.0["meaning"];
        assert!(T::deserialize(Noting { value, met }).is_ok(), "{vector}");
        // What is in an entry is bytes to its reader, and read apart.
        let kind = value.pointer("/entry/body/kind").and_then(Value::as_str);
        if let Some(value) = value.pointer("/entry/body/payload/reason").filter(|_| kind == Some("leave")) {
            assert!(LeaveReason::deserialize(Noting { value, met }).is_ok(), "{vector}");
        }
    }
}

#[test]
fn every_variant_of_every_enum_is_written_in_both_encodings() {
    for encoding in [Encoding::Postcard, Encoding::Json] {
        let met = Met::default();
        note::<ToHost>("to_host.json", encoding, &met);
        note::<ToClient>("to_client.json", encoding, &met);
        let met = met.into_inner();
        let enums: Vec<&str> = met.keys().copied().collect();
        assert_eq!(
            enums,
            [
                "Availability",
                "CloseReason",
                "Durability",
                "GapReason",
                "HistoryPolicy",
                "JoinFrom",
                "LeaveReason",
                "NameError",
                "PageFrom",
                "Refusal",
                "Role",
                "Status",
                "ToClient",
                "ToHost",
                "Violation",
            ],
        );
        for (name, (variants, met)) in met {
            let missing: Vec<&&str> = variants.iter().filter(|variant| !met.contains(**variant)).collect();
            assert!(missing.is_empty(), "no vector in {encoding:?} says {name} {missing:?}");
        }
    }
}

#[test]
fn every_kind_of_entry_is_written_in_both_encodings() {
    // A kind that has a meaning is not read as opaque whatever its payload is.
    let known = (0..FIRST_APPLICATION_KIND).filter(|kind| {
        let body = [&postcard_varint(*kind)[..], &[1, 0xff]].concat();
        !matches!(Encoding::Postcard.decode(&body), Ok(Body::Opaque { .. }))
    });
    let known: BTreeSet<u16> = known.collect();
    assert_eq!(known, (0..=18).chain([20]).collect(), "other kinds have no names in JSON");
    for encoding in [Encoding::Postcard, Encoding::Json] {
        for (file, pointer) in [("to_host.json", "/send/body"), ("to_client.json", "/entry/body")] {
            let bodies =
                written(file, encoding).into_iter().filter_map(|vector| vector.0["meaning"].pointer(pointer).cloned());
            let kinds: BTreeSet<u16> =
                bodies.map(|body| serde_json::from_value::<Body>(body).unwrap().kind()).collect();
            assert!(known.is_subset(&kinds), "{file} in {encoding:?} has {kinds:?}");
            assert!(kinds.iter().any(|kind| *kind >= FIRST_APPLICATION_KIND), "{file} in {encoding:?}");
            assert!(kinds.iter().any(|kind| *kind < FIRST_APPLICATION_KIND && !known.contains(kind)), "{file}");
        }
    }
}

fn postcard_varint(number: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = number;
    while rest >= 0x80 {
        bytes.push(rest.to_le_bytes()[0] | 0x80);
        rest >>= 7;
    }
    bytes.push(rest.to_le_bytes()[0]);
    bytes
}

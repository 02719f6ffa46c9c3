//! Hashes, and what is signed with them: the same bytes for everybody who makes them.

use core::fmt;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};

use crate::ids::random_id;

random_id! {
    /// A SHA-256.
    Digest, 32
}
random_id! {
    /// The first half of a [`Digest`].
    ShortDigest, 16
}

/// Two numbers of 32 bytes each: an Ed25519 signature, or two public keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pair(pub(crate) [[u8; 32]; 2]);

/// An Ed25519 signature.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signature(pub(crate) Pair);

impl Digest {
    /// The SHA-256 of these bytes, one after the other.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let hash = parts.iter().fold(Sha256::new(), Sha256::chain_update);
        Self::from_bytes(hash.finalize().into())
    }

    /// Half of it is enough to tell one thing from all others that anybody could find.
    pub fn short(&self) -> ShortDigest {
        let mut half = [0; 16];
        half.copy_from_slice(&self.as_bytes()[..16]);
        ShortDigest::from_bytes(half)
    }
}

impl Signature {
    /// The signature of these bytes.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(Pair::from_bytes(&bytes))
    }

    /// Its bytes.
    pub fn to_bytes(self) -> [u8; 64] {
        self.0.to_bytes()
    }
}

impl Pair {
    fn from_bytes(bytes: &[u8; 64]) -> Self {
        let mut halves = [[0; 32]; 2];
        halves[0].copy_from_slice(&bytes[..32]);
        halves[1].copy_from_slice(&bytes[32..]);
        Self(halves)
    }

    fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.0[0]);
        bytes[32..].copy_from_slice(&self.0[1]);
        bytes
    }
}

impl Serialize for Pair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(&HEXLOWER.encode_display(&self.to_bytes()))
        } else {
            self.0.serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return Deserialize::deserialize(deserializer).map(Self);
        }
        let hex = alloc::borrow::Cow::<'_, str>::deserialize(deserializer)?;
        let bytes = HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(|bytes| Self::from_bytes(&bytes)).ok_or_else(|| de::Error::custom("not 64 bytes in hex"))
    }
}

macro_rules! hex_debug {
    ($($name:ident)*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    )* };
}

hex_debug! { Digest ShortDigest Signature }

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", HEXLOWER.encode_display(&self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_of_all_parts_together() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let digest = Digest::of(&[b"a", b"bc"]);
        assert_eq!(Digest::parse(abc), Some(digest));
        assert_eq!(ShortDigest::parse(&abc[..32]), Some(digest.short()));
    }

    #[test]
    fn a_signature_is_its_bytes_in_postcard_and_hex_in_json() {
        let signature = Signature::from_bytes(core::array::from_fn(|place| u8::try_from(place).unwrap()));
        assert_eq!(postcard::to_allocvec(&signature).unwrap(), signature.to_bytes());
        let json = serde_json::to_string(&signature).unwrap();
        assert_eq!(json.len(), 130);
        assert_eq!(serde_json::from_str::<Signature>(&json).unwrap(), signature);
        assert!(serde_json::from_str::<Signature>(&json.replace("00", "0")).is_err());
    }
}

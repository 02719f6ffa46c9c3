//! Messages to bytes and back.

use alloc::vec::Vec;
use core::{fmt, marker::PhantomData};

use bytes::{BufMut as _, BytesMut};
use postcard::ser_flavors::Flavor;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{SeqAccess, Visitor},
};

use crate::reason::Violation;

/// How many bytes the length before each frame takes.
pub const FRAME_HEADER: usize = 4;

/// The longest frame in bytes, its length not counted.
pub const MAX_FRAME: usize = 64 * 1024;

/// The longest first frame of a client in bytes: until it has said who it is, it is worth little memory.
pub const MAX_FIRST_FRAME: usize = 1024;

/// How messages are put into bytes; settled in the preamble of each link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// Compact: [postcard](https://postcard.jamesmunns.com/wire-format).
    Postcard,
    /// Readable: JSON.
    Json,
}

impl Encoding {
    /// Appends `message` to `out` as one frame, led by its length.
    pub fn encode<T: Serialize>(self, message: &T, out: &mut BytesMut) {
        let start = out.len();
        out.put_u32(0);
        match self {
            Self::Postcard => {
                // Neither encoder can fail on our messages: all of them have known lengths and string keys.
                let _ = postcard::serialize_with_flavor::<T, _, ()>(message, Appended(out));
            }
            Self::Json => {
                if let Ok(json) = serde_json::to_vec(message) {
                    out.extend_from_slice(&json);
                }
            }
        }
        let length = u32::try_from(out.len() - start - FRAME_HEADER).unwrap_or(u32::MAX);
        out[start..start + FRAME_HEADER].copy_from_slice(&length.to_be_bytes());
    }

    /// Reads the message in `body`, a whole frame without its length.
    ///
    /// # Errors
    ///
    /// [`Violation::Malformed`] unless `body` is exactly one message.
    pub fn decode<'a, T: Deserialize<'a>>(self, body: &'a [u8]) -> Result<T, Violation> {
        match self {
            Self::Postcard => match postcard::take_from_bytes(body) {
                Ok((message, [])) => Ok(message),
                _ => Err(Violation::Malformed),
            },
            Self::Json => serde_json::from_slice(body).map_err(|_| Violation::Malformed),
        }
    }
}

struct Appended<'a>(&'a mut BytesMut);

impl Flavor for Appended<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.put_u8(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Reads a list whose claimed length is not believed: memory grows with the elements that are really there.
pub(super) fn bounded<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct Elements<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<T>, A::Error> {
            let mut elements = Vec::new();
            while let Some(element) = list.next_element()? {
                elements.push(element);
            }
            Ok(elements)
        }
    }

    deserializer.deserialize_seq(Elements(PhantomData))
}

//! What is tried: each target takes any bytes, and panics if something is not as it has to be.

pub mod client;
pub mod frame_stream;
pub mod host;
pub mod kept;
pub mod message;
pub mod preamble;
pub mod secured;
pub mod store;
pub mod txt;

/// Tries it with one input.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its corpus too.
pub const ALL: [(&str, Target); 9] = [
    ("client", client::run),
    ("frame_stream", frame_stream::run),
    ("host", host::run),
    ("kept", kept::run),
    ("message", message::run),
    ("preamble", preamble::run),
    ("secured", secured::run),
    ("store", store::run),
    ("txt", txt::run),
];

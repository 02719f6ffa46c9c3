//! What is tried: each target takes any bytes, and panics if something is not as it has to be.

pub mod client;
pub mod frame_stream;
pub mod host;
pub mod message;
pub mod preamble;
pub mod txt;

/// Every target by its name, which is that of its corpus too.
pub const ALL: [(&str, fn(&[u8])); 6] = [
    ("client", client::run),
    ("frame_stream", frame_stream::run),
    ("host", host::run),
    ("message", message::run),
    ("preamble", preamble::run),
    ("txt", txt::run),
];

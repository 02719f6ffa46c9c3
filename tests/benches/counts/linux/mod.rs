//! What is counted.

mod client;
mod frames;
mod host;
mod simulated;
mod wire;

pub(crate) use self::{client::hearing, frames::framing, host::hosting, simulated::simulating, wire::sealing};

//! The whole screen, in a terminal: keys go in, and what a terminal would show comes out.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps the tests is a test too")]

mod choosing;
mod hostile;
mod leaving;
mod people;
mod pictures;
mod searching;
mod talking;
mod terminal;
mod themes;

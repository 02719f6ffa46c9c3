//! The program as people and scripts meet it: real processes that talk over loopback.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "what helps the tests is a test too")]

mod codes;
mod commands;
mod configuring;
mod conversation;
mod doctoring;
mod endings;
mod exit_codes;
mod exporting;
mod ids;
mod importing;
mod keeping;
mod manual;
mod messages;
mod people;
mod pipes;
mod piping;
mod process;
mod rooms;
mod running;
mod salvaging;
mod searching;
mod sending;
mod tailing;
mod trust;
mod watching;

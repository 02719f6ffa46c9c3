//! A number that stands for everything that happened: two runs are the same if theirs are.

use std::{fmt, hash::Hasher as _};

use exchange_core::Time;
use rustc_hash::FxHasher;

use crate::net::{NodeId, Side, Socket};

/// A digest of all that nodes did, and when.
#[derive(Clone, Default)]
pub(crate) struct Digest(FxHasher);

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({:016x})", self.value())
    }
}

impl Digest {
    pub(crate) fn step(&mut self, at: Time, node: NodeId, kind: u8) {
        self.0.write_u64(at.as_nanos());
        self.0.write_u64((node.0 as u64) << 8 | u64::from(kind));
    }

    pub(crate) fn sent(&mut self, at: Time, socket: Socket, bytes: &[u8]) {
        self.0.write_u64(at.as_nanos());
        self.0.write_u64((socket.conn.0 as u64) << 1 | u64::from(socket.side == Side::Acceptor));
        self.0.write(bytes);
    }

    /// The number.
    pub(crate) fn value(&self) -> u64 {
        self.0.finish()
    }
}

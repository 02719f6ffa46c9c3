//! What a network is spoken of with: machines, connections, their ends, and what happens at them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A machine, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub usize);

impl NodeId {
    /// Its address, where addresses are needed.
    pub fn address(self) -> IpAddr {
        let [.., high, low] = (self.0 + 1).to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(10, 0, high, low))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A connection, by number; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub usize);

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Socket {
    /// Of which connection.
    pub conn: ConnId,
    /// Which end.
    pub side: Side,
}

/// Whose end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Of whoever asked for it.
    Dialer,
    /// Of whoever was asked.
    Acceptor,
}

impl Side {
    /// The other end's.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Dialer => Self::Acceptor,
            Self::Acceptor => Self::Dialer,
        }
    }
}

impl Socket {
    /// The other end.
    #[must_use]
    pub fn other(self) -> Self {
        Self { side: self.side.other(), ..self }
    }
}

/// Something to look at, at one end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Somebody has connected.
    Accepted {
        /// The end of whoever was asked.
        socket: Socket,
        /// Who asked.
        from: NodeId,
    },
    /// The connection that was asked for is there.
    Connected {
        /// The end of whoever asked.
        socket: Socket,
    },
    /// Nobody listens there. The socket is of no more use, and to be released.
    Refused {
        /// The end of whoever asked.
        socket: Socket,
    },
    /// There is something to read: bytes, or the end.
    Readable {
        /// Where.
        socket: Socket,
    },
    /// There is room to write again, or writing has become pointless.
    Writable {
        /// Where.
        socket: Socket,
    },
}

impl Notice {
    /// At which end.
    pub fn socket(&self) -> Socket {
        match *self {
            Self::Accepted { socket, .. }
            | Self::Connected { socket }
            | Self::Refused { socket }
            | Self::Readable { socket }
            | Self::Writable { socket } => socket,
        }
    }
}

/// What reading comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// Bytes; there may be more.
    Data(Bytes),
    /// Nothing for now: a [`Notice::Readable`] follows when there is.
    Dry,
    /// Nothing any more.
    Over(Lost),
}

/// How a connection ends for whoever still holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The other side ended its direction.
    Closed,
    /// It broke.
    Broken,
}

/// What becomes of those who want to connect to a machine that cannot be connected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// They are refused at once.
    Closed,
    /// They hear nothing.
    Dead,
}

/// How fast a machine reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Not at all.
    Paused,
    /// So many bytes, then a pause of so many milliseconds.
    Slow(u32, u32),
}

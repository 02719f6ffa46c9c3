//! What members of a room signal beside what they say: how far they are, and that they are typing.

use serde::{Deserialize, Serialize};

use crate::ids::{MemberId, Seq};

/// What a host tells of one member of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Whose it is.
    pub member: MemberId,
    /// It has every entry after this place
    pub after: Seq,
    /// up to this one; the host itself has all there are.
    pub delivered: Seq,
    /// Whoever it speaks for has read those up to this one; `None` if they do not say.
    pub read: Option<Seq>,
    /// For how many milliseconds from now it is typing; zero if it is not.
    pub typing_ms: u16,
}

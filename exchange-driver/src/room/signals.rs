//! Who has what was said in a room, and who is typing.

use exchange_core::{Peer, SeenBy, Seq};

use super::Room;
use crate::error::RequestError;

impl Room {
    /// Who of the room's members has the message at that place, and who says that they have read it. `None` if there is
    /// no message that one holds, or the room has more members than the host lets tell so: 64, as a rule.
    ///
    /// [`Event::Seen`](exchange_core::Event::Seen) tells that it may be more by now.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn seen_by(&self, seq: Seq) -> Result<Option<SeenBy>, RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.seen_by(&name, seq)).await
    }

    /// Who else is typing in the room now. [`Event::Typing`](exchange_core::Event::Typing) tells when that changes.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn typing(&self) -> Result<Vec<Peer>, RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.who_types(&name)).await
    }

    /// Says that one is typing in the room, or not any more. To be called at every key, which costs little: the host is
    /// told every three seconds. It ends by itself when something is sent, and six seconds after the last call or so.
    ///
    /// Without a link, nothing is said, now or later.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have been said.
    pub async fn set_typing(&self, typing: bool) -> Result<(), RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.types(&name, typing)).await
    }
}

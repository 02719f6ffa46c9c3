//! What is done in a room beside talking. Each of these is sent and logged like a message, in its order, and its receipt
//! tells whether the host has let it be so.

use exchange_core::{Act, Body, NameError, Peer, PeerId, Remark, Role, Rule, Rules};

use super::{Receipt, Room};
use crate::error::RequestError;

impl Room {
    /// Opens the room as a private one, which only those may join who are invited; see [`join`](Self::join).
    /// [`Event::RoomRefused`](exchange_core::Event::RoomRefused) tells if there is one of that name.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none, the room was joined already or the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, the room may or may not be opened.
    pub async fn open(&self) -> Result<(), RequestError> {
        let name = self.name()?;
        Ok(self.commander.ask(move |participant| participant.open(&name)).await??)
    }

    /// What the room is about, as far as one knows from being in it.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn topic(&self) -> Result<Option<Remark>, RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.topic(&name)).await
    }

    /// Who opened the room, and moderates it, as far as one knows from being in it. Nobody did the lobby, nor a room of
    /// two. Who moderates all rooms, [`Person::role`](exchange_core::Person::role) says.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn founder(&self) -> Result<Option<PeerId>, RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.founder(&name)).await
    }

    /// The room's rules, as far as one knows from being in it.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn rules(&self) -> Result<Option<Rules>, RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.rules(&name)).await
    }

    /// Says what the room is about, in a line of at most 256 bytes. An empty one takes the topic away.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`RequestError::Name`] if that is more than 256 bytes or cannot be shown.
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn set_topic(&self, topic: &str) -> Result<Receipt, RequestError> {
        self.act(Act::Topic(remark(topic)?)).await
    }

    /// Changes a rule of the room. Only those may who moderate it: whoever opened it, moderators and the host's owner.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn set_rule(&self, rule: Rule) -> Result<Receipt, RequestError> {
        self.act(Act::Rule(rule)).await
    }

    /// Invites somebody, who may then come in also if the room is private.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn invite(&self, who: Peer) -> Result<Receipt, RequestError> {
        self.act(Act::Invite(who)).await
    }

    /// Makes somebody leave, for a reason of at most 256 bytes or none. From the lobby it is from the session.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`RequestError::Name`] if that is more than 256 bytes or cannot be shown.
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn kick(&self, who: Peer, reason: &str) -> Result<Receipt, RequestError> {
        self.act(Act::Kick { who, reason: remark(reason)? }).await
    }

    /// Makes somebody leave and keeps them out, for so many seconds or for good. From the lobby it is from the session.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`RequestError::Name`] if that is more than 256 bytes or cannot be shown.
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn ban(&self, who: Peer, seconds: Option<u32>, reason: &str) -> Result<Receipt, RequestError> {
        self.act(Act::Ban { who, seconds, reason: remark(reason)? }).await
    }

    /// Lets somebody come back who was banned.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn unban(&self, who: Peer) -> Result<Receipt, RequestError> {
        self.act(Act::Unban(who)).await
    }

    /// Lets somebody read but not speak, for so many seconds or for good. In the lobby it holds in all rooms.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn mute(&self, who: Peer, seconds: Option<u32>) -> Result<Receipt, RequestError> {
        self.act(Act::Mute { who, seconds }).await
    }

    /// Lets somebody speak again who was muted.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn unmute(&self, who: Peer) -> Result<Receipt, RequestError> {
        self.act(Act::Unmute(who)).await
    }

    /// Says whether somebody moderates the session. Only the host's owner may, and in the lobby.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn set_role(&self, who: Peer, role: Role) -> Result<Receipt, RequestError> {
        self.act(Act::Role { who, role }).await
    }

    /// Closes the room for all. One that is opened under its name begins anew.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn close(&self) -> Result<Receipt, RequestError> {
        self.act(Act::Close).await
    }

    async fn act(&self, act: Act) -> Result<Receipt, RequestError> {
        self.send_body(Body::Act(act)).await
    }
}

fn remark(text: &str) -> Result<Option<Remark>, NameError> {
    if text.trim().is_empty() { Ok(None) } else { Remark::new(text).map(Some) }
}

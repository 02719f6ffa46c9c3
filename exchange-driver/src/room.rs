//! A room, seen from whoever is in it: a host or a client.

mod acts;
mod history;
mod signals;

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use exchange_core::{
    Body, ContentType, Durability, JoinFrom, Mentions, MessageId, Outcome, Peer, Reaction, RoomName, Seq,
    message::{Data, Delete, Edit, Post, React},
};
use futures_channel::oneshot;

use crate::{
    command::{Command, Commander},
    error::{DeliveryError, RequestError},
};

/// A handle to one room. Cheap to clone; having one does not mean being a member.
#[derive(Clone, Debug)]
pub struct Room {
    name: Result<RoomName, exchange_core::NameError>,
    commander: Commander,
}

impl Room {
    /// A name that is none is remembered, and said with the first request.
    pub(crate) fn new<N: TryInto<RoomName, Error: Into<exchange_core::NameError>>>(
        name: N,
        commander: Commander,
    ) -> Self {
        Self { name: name.try_into().map_err(Into::into), commander }
    }

    fn name(&self) -> Result<RoomName, RequestError> {
        self.name.clone().map_err(RequestError::Name)
    }

    /// Sends a text. It works while disconnected too: the message waits, within bounds, and goes out in its order.
    ///
    /// An `@` and the nick of somebody in the room mean them; see [`Message::mentions`](exchange_core::Message::mentions).
    ///
    /// Returns as soon as the message is taken and, where there is a [store](crate::ClientBuilder::store), kept there;
    /// [`Receipt::delivered`] waits until the host has it.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the room is not joined, the text is empty or too long, or too many messages wait.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, the message may or may not be sent.
    pub async fn send(&self, text: impl AsRef<str>) -> Result<Receipt, RequestError> {
        self.send_body(Body::text(text.as_ref())).await
    }

    /// Sends a message of any kind that applications may send; see [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn send_body(&self, body: Body) -> Result<Receipt, RequestError> {
        let (reply, posted) = oneshot::channel();
        self.commander.give(Command::Post { room: self.name()?, body, reply }).await?;
        let (id, outcome) = posted.await.map_err(|_| RequestError::Closed)??;
        Ok(Receipt { id, outcome })
    }

    /// Sends what an application has to say, to others who know that content type; see [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn send_data(&self, content_type: &str, payload: impl Into<Bytes>) -> Result<Receipt, RequestError> {
        let content_type = ContentType::new(content_type)?;
        self.send_body(Body::Data(Data { content_type, payload: payload.into() })).await
    }

    /// Sends a text that answers the message at that place; see [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn reply(&self, to: Seq, text: impl AsRef<str>) -> Result<Receipt, RequestError> {
        let text = text.as_ref().into();
        self.send_body(Body::Post(Post { reply_to: Some(to), mentions: Mentions::default(), text })).await
    }

    /// Gives the message at that place, which has to be one's own, another text.
    ///
    /// Like a message it waits while disconnected, and goes out in its order. The host decides whether it may be, and the
    /// receipt tells; so it is with all changes.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn edit(&self, of: Seq, text: impl AsRef<str>) -> Result<Receipt, RequestError> {
        let text = text.as_ref().into();
        if cfg!(exchange_bug = "edits-said-anew") {
            return self.send_body(Body::Text(text)).await;
        }
        self.send_body(Body::Edit(Edit { of, mentions: Mentions::default(), text })).await
    }

    /// Deletes the message at that place, which has to be one's own: whoever comes later does not get it.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn delete(&self, of: Seq) -> Result<Receipt, RequestError> {
        self.send_body(Body::Delete(Delete { of })).await
    }

    /// Reacts to the message at that place: with an emoji, as a rule, of at most 32 bytes.
    ///
    /// # Errors
    ///
    /// Those of [`send`](Self::send), and [`RequestError::Name`] if that is no reaction.
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn react(&self, to: Seq, reaction: &str) -> Result<Receipt, RequestError> {
        self.send_body(Body::React(React { to, reaction: Reaction::new(reaction)?, add: true })).await
    }

    /// Takes a reaction back.
    ///
    /// # Errors
    ///
    /// Those of [`react`](Self::react).
    ///
    /// # Cancel safety
    ///
    /// That of [`send`](Self::send).
    pub async fn unreact(&self, to: Seq, reaction: &str) -> Result<Receipt, RequestError> {
        self.send_body(Body::React(React { to, reaction: Reaction::new(reaction)?, add: false })).await
    }

    /// Joins the room, beginning with its last 50 messages; it is opened if there is none of that name.
    ///
    /// Returns when the wish is noted. [`Event::RoomJoined`](exchange_core::Event::RoomJoined) tells when it is so, and
    /// the room is joined again by itself after a reconnect.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, the room may or may not be joined.
    pub async fn join(&self) -> Result<(), RequestError> {
        self.join_from(JoinFrom::Last(50)).await
    }

    /// Joins the room, beginning where you like; see [`join`](Self::join).
    ///
    /// # Errors
    ///
    /// Those of [`join`](Self::join).
    ///
    /// # Cancel safety
    ///
    /// That of [`join`](Self::join).
    pub async fn join_from(&self, from: JoinFrom) -> Result<(), RequestError> {
        let name = self.name()?;
        Ok(self.commander.ask(move |participant| participant.join(&name, from)).await??)
    }

    /// Leaves the room.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if it was not joined, or is the lobby.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, the room may or may not be left.
    pub async fn leave(&self) -> Result<(), RequestError> {
        let name = self.name()?;
        Ok(self.commander.ask(move |participant| participant.leave(&name)).await??)
    }

    /// The members of the room, as far as one knows from being one.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn members(&self) -> Result<Vec<Peer>, RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.members(&name)).await
    }
}

/// A message on its way.
#[derive(Debug)]
pub struct Receipt {
    id: MessageId,
    outcome: oneshot::Receiver<Outcome>,
}

/// Where a message is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Its place in the room's log; `None` when the host has it but has forgotten where.
    pub seq: Option<Seq>,
    /// How safely the host keeps it.
    pub durability: Durability,
}

impl Receipt {
    /// Which message.
    pub fn id(&self) -> &MessageId {
        &self.id
    }

    /// Waits until the host has logged the message, over as many reconnects as it takes.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`] if it did not, or it cannot be known.
    ///
    /// # Cancel safety
    ///
    /// The message is sent whether or not anybody waits for it.
    pub async fn delivered(self) -> Result<Delivered, DeliveryError> {
        self.await
    }
}

impl Future for Receipt {
    type Output = Result<Delivered, DeliveryError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.outcome).poll(cx).map(|outcome| match outcome {
            Ok(Outcome::Logged { seq, durability }) => Ok(Delivered { seq, durability }),
            Ok(Outcome::Refused(refusal)) => Err(refusal.into()),
            Ok(Outcome::Unknown) => Err(DeliveryError::Unknown),
            Ok(Outcome::Kept) => Err(DeliveryError::Kept),
            Err(oneshot::Canceled) => Err(DeliveryError::Closed),
        })
    }
}

//! What was said in a room, as far as it is held or can be fetched.

use exchange_core::{MessageView, Page, PageFrom, Search, Seq, Unread};
use futures_channel::oneshot;

use super::Room;
use crate::{command::Command, error::RequestError};

impl Room {
    /// The messages of the room as they stand, oldest first: at a host all that it keeps, at a client the newest 500 of
    /// those that it was told of.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn messages(&self) -> Result<Vec<MessageView>, RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.messages(&name)).await
    }

    /// Those of [`messages`](Self::messages) that are looked for.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn search(&self, search: &Search) -> Result<Vec<MessageView>, RequestError> {
        let mut messages = self.messages().await?;
        messages.retain(|view| search.finds(view));
        Ok(messages)
    }

    /// Fetches a part of the room's log: at most 200 entries, and no more than 256 KiB of several. A host is told of its
    /// own log, also of a room that it is not in; a client waits for its host, over as many reconnects as it takes, and up
    /// to 16 pages may be waited for at once. What is new in the room goes on beside it.
    ///
    /// Before `Seq(u64::MAX)` are the newest entries there are. The page says whether there are [older](Page::has_older)
    /// and [newer](Page::has_newer) ones, and its messages are shown with what became of them; see [`Page::messages`].
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none, the room is not joined or is left meanwhile, too many pages are waited for,
    /// the host has lost the log that the place was of, or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: the page is lost, and nothing else.
    pub async fn page(&self, from: PageFrom, count: u32) -> Result<Page, RequestError> {
        let (reply, page) = oneshot::channel();
        self.commander.give(Command::Fetch { room: self.name()?, from, count, reply }).await?;
        Ok(page.await.map_err(|_| RequestError::Closed)??)
    }

    /// What one has not read of the room, as far as one was told of it. It outlasts reconnects.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn unread(&self) -> Result<Unread, RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.unread(&name)).await
    }

    /// Says that one has read the room up to there; `Seq(u64::MAX)` is all that one was told. Others learn of it only if
    /// [`read_receipts`](crate::ClientBuilder::read_receipts) was asked for.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the name is none or the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have been said.
    pub async fn mark_read(&self, up_to: Seq) -> Result<(), RequestError> {
        let name = self.name()?;
        self.commander.ask(move |participant| participant.read(&name, up_to)).await
    }
}

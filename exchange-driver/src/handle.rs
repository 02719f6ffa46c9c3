//! What the handles of hosts and clients have in common.

use std::{sync::Arc, time::Duration};

use exchange_core::{Availability, Input, NameError, Nick, Note, Person, Presence, RoomName, Session};
use futures_channel::oneshot;

use crate::{
    command::{Command, Commander},
    engine::Participant,
    error::RequestError,
    events::Events,
    room::Room,
    stats::Stats,
};

/// How a session ended for one of its participants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Farewell {
    /// At a client, how many of its messages have no outcome; at a host, how many clients have not been given all.
    pub undelivered: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Handle {
    pub(crate) commander: Commander,
    /// Shared by all handles: one more who listens is one more for whom every event is counted.
    pub(crate) events: Arc<Events>,
}

impl Handle {
    pub(crate) fn room<N: TryInto<RoomName, Error: Into<NameError>>>(&self, name: N) -> Room {
        Room::new(name, self.commander.clone())
    }

    pub(crate) async fn session(&self) -> Result<Option<Session>, RequestError> {
        self.commander.ask(|participant| participant.session()).await
    }

    pub(crate) async fn people(&self) -> Result<Vec<Person>, RequestError> {
        self.commander.ask(|participant| participant.people()).await
    }

    pub(crate) async fn whois(&self, who: &str) -> Result<Vec<Person>, RequestError> {
        let mut people = self.people().await?;
        people.retain(|person| person.peer.is_called(who));
        Ok(people)
    }

    pub(crate) async fn set_status(&self, availability: Availability, note: &str) -> Result<(), RequestError> {
        let note = if note.trim().is_empty() { None } else { Some(Note::new(note)?) };
        let presence = Presence { availability, note };
        Ok(self.commander.ask(|participant| participant.set_presence(presence)).await??)
    }

    pub(crate) async fn rename<N: TryInto<Nick, Error: Into<NameError>>>(&self, nick: N) -> Result<(), RequestError> {
        let nick = nick.try_into().map_err(Into::into)?;
        Ok(self.commander.ask(|participant| participant.rename(nick)).await??)
    }

    pub(crate) async fn active(&self) -> Result<(), RequestError> {
        self.commander.ask(|participant| participant.handle(Input::Activity)).await
    }

    pub(crate) async fn rooms(&self) -> Result<Vec<RoomName>, RequestError> {
        self.commander.ask(|participant| participant.rooms()).await
    }

    pub(crate) async fn stats(&self) -> Result<Stats, RequestError> {
        let (reply, stats) = oneshot::channel();
        self.commander.give(Command::Count(reply)).await?;
        stats.await.map_err(|_| RequestError::Closed)
    }

    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut dyn Participant) -> T + Send + 'static,
    ) -> Result<T, RequestError> {
        self.commander.ask(question).await
    }

    /// Ends the session for this participant; if it has ended before, nothing is undelivered any more.
    pub(crate) async fn shutdown(&self, patience: Duration) -> Farewell {
        let (reply, farewell) = oneshot::channel();
        let undelivered = match self.commander.give(Command::Shutdown { patience, reply }).await {
            Ok(()) => farewell.await.unwrap_or(0),
            Err(_) => 0,
        };
        Farewell { undelivered }
    }
}

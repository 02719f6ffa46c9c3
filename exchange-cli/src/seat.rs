//! A place in a session, the host's or a client's: what both can do.

use std::time::Duration;

use exchange_tokio::{
    Client, Events, Farewell, Host, RequestError, Room,
    core::{Availability, Peer, Person, RoomName, Session},
};

/// Where one sits in a session.
#[derive(Clone, Debug)]
pub(crate) enum Seat {
    Host(Host),
    Client(Client),
}

impl Seat {
    pub(crate) fn me(&self) -> &Peer {
        match self {
            Self::Host(host) => host.me(),
            Self::Client(client) => client.me(),
        }
    }

    /// Which session it is; `None` if that is not known.
    pub(crate) async fn session(&self) -> Option<Session> {
        match self {
            Self::Host(host) => Some(host.session().clone()),
            Self::Client(client) => client.session().await.ok().flatten(),
        }
    }

    pub(crate) fn room(&self, name: &RoomName) -> Room {
        match self {
            Self::Host(host) => host.room(name.as_str()),
            Self::Client(client) => client.room(name.as_str()),
        }
    }

    pub(crate) async fn rooms(&self) -> Result<Vec<RoomName>, RequestError> {
        match self {
            Self::Host(host) => host.rooms().await,
            Self::Client(client) => client.rooms().await,
        }
    }

    /// The room of oneself and somebody else.
    pub(crate) fn direct(&self, who: &Peer) -> Room {
        match self {
            Self::Host(host) => host.direct(who),
            Self::Client(client) => client.direct(who),
        }
    }

    pub(crate) async fn list_rooms(&self) -> Result<(), RequestError> {
        match self {
            Self::Host(host) => host.list_rooms().await,
            Self::Client(client) => client.list_rooms().await,
        }
    }

    pub(crate) async fn people(&self) -> Result<Vec<Person>, RequestError> {
        match self {
            Self::Host(host) => host.people().await,
            Self::Client(client) => client.people().await,
        }
    }

    pub(crate) async fn whois(&self, who: &str) -> Result<Vec<Person>, RequestError> {
        match self {
            Self::Host(host) => host.whois(who).await,
            Self::Client(client) => client.whois(who).await,
        }
    }

    pub(crate) async fn set_status(&self, availability: Availability, note: &str) -> Result<(), RequestError> {
        match self {
            Self::Host(host) => host.set_status(availability, note).await,
            Self::Client(client) => client.set_status(availability, note).await,
        }
    }

    pub(crate) async fn rename(&self, nick: &str) -> Result<(), RequestError> {
        match self {
            Self::Host(host) => host.rename(nick).await,
            Self::Client(client) => client.rename(nick).await,
        }
    }

    /// Somebody is at the keyboard.
    pub(crate) async fn active(&self) -> Result<(), RequestError> {
        match self {
            Self::Host(host) => host.active().await,
            Self::Client(client) => client.active().await,
        }
    }

    pub(crate) fn events(&self) -> Events {
        match self {
            Self::Host(host) => host.events(),
            Self::Client(client) => client.events(),
        }
    }

    pub(crate) async fn shutdown(&self, patience: Duration) -> Farewell {
        match self {
            Self::Host(host) => host.shutdown(patience).await,
            Self::Client(client) => client.shutdown(patience).await,
        }
    }
}

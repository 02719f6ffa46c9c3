//! Into a session, and into the room of it where there is something to do.

use std::time::Duration;

use exchange_tokio::{
    Client, RequestError,
    core::{Event, Peer, RoomName},
};
use futures_util::stream::FuturesUnordered;
use tokio::time::timeout;

use super::{AFTERMATH, Ending, Errand, PATIENCE};
use crate::{
    app::App,
    args::Way,
    exit::{Exit, Failure},
    home::Trust,
    join::Joining,
    line::Line,
    output::{Attempt, RoomLabel, failed, peers, refused, told_apart},
};

impl Errand {
    /// Joins as `exchange join` does, and goes to the room where it is to be done.
    pub(crate) async fn begin(app: App, way: &Way) -> Result<Self, Failure> {
        let arguments = way.joining();
        let joined = Box::pin(Joining::begin(&app, &arguments).await?.connect()).await?;
        Self::enter(app, joined, way).await
    }

    /// Goes to that room, of a session that was joined.
    pub(crate) async fn enter(app: App, (client, trust): (Client, Trust), way: &Way) -> Result<Self, Failure> {
        let room = way.room.clone().unwrap_or_else(RoomName::lobby);
        let errand = Self {
            events: client.events(),
            app,
            client,
            trust,
            label: RoomLabel::Named(room.clone()),
            room,
            waits: way.wait,
            patience: way.timeout.unwrap_or(PATIENCE),
            on_their_way: FuturesUnordered::new(),
            undelivered: 0,
            printing: None,
        };
        errand.arrive().await
    }

    /// Turns to one person alone, in the room of the two.
    pub(crate) async fn turn_to(mut self, who: &str) -> Result<Self, Failure> {
        let me = self.client.me().id;
        let mut found = peers(self.client.whois(who).await.unwrap_or_default());
        found.retain(|peer| peer.id != me);
        found.sort();
        found.dedup_by_key(|peer| peer.id);
        let failure = match &found[..] {
            [peer] => {
                let Peer { id, nick } = peer;
                (self.room, self.label) = (RoomName::direct(me, *id), RoomLabel::With(nick.to_string()));
                return self.arrive().await;
            }
            [] => Failure::new(Exit::NotFound, format!("Nobody else here is called {who}."), ""),
            several => {
                let labels = told_apart(several).join(", ");
                Failure::new(Exit::NotFound, format!("There are several: {labels}."), "Say which one is meant.")
            }
        };
        Err(self.given_up(failure).await)
    }

    /// Leaves without having done anything.
    pub(crate) async fn given_up(self, failure: Failure) -> Failure {
        let _ = timeout(AFTERMATH, self.client.shutdown(Duration::ZERO)).await;
        failure
    }

    /// Joins the room, and waits until one is in it and knows who else is.
    async fn arrive(mut self) -> Result<Self, Failure> {
        let (interrupts, patience) = (self.app.interrupts.clone(), self.patience);
        let arrived = tokio::select! {
            arrived = timeout(patience, self.join_room()) => arrived.unwrap_or_else(|_| {
                Err(Failure::new(Exit::Undelivered, "The host does not answer.", ""))
            }),
            () = interrupts.told() => Err(Failure::interrupted()),
        };
        match arrived {
            Ok(()) => Ok(self),
            Err(failure) => Err(self.given_up(failure).await),
        }
    }

    async fn join_room(&mut self) -> Result<(), Failure> {
        if !self.room.is_lobby()
            && let Err(error) = self.room().join().await
        {
            return Err(self.shut_out(error));
        }
        loop {
            match self.events.next().await {
                Some(Event::RoomJoined { room, .. }) if room == self.room => return Ok(()),
                Some(Event::RoomRefused { room, refusal }) if room == self.room => {
                    return Err(self.shut_out(refusal.into()));
                }
                event => match self.ending(event).await {
                    None => {}
                    Some(Ending::Over(cause)) if Exit::of_end(cause) != Exit::Done => {
                        return Err(Failure::new(Exit::of_end(cause), format!("It is over: {cause}."), ""));
                    }
                    Some(_) => return Err(Failure::new(Exit::Undelivered, "The host closed the session.", "")),
                },
            }
        }
    }

    /// One cannot be in the room.
    fn shut_out(&self, error: RequestError) -> Failure {
        let line = Line::err(false);
        let line = match error {
            RequestError::Refused(refusal) => refused(line, &Attempt::Join, &self.label, refusal),
            error => failed(line, &Attempt::Join, &self.label).ours(": ").theirs(error).ours("."),
        };
        Failure::new(Exit::Refused, line.as_str(), "")
    }
}

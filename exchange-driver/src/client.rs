//! A client: somebody in a session that somebody else hosts.

use std::{
    fmt,
    future::Future,
    io,
    marker::PhantomData,
    mem,
    sync::{Arc, PoisonError},
    time::Duration,
};

use exchange_core::{
    Availability, Client as Machine, ClientConfig, Event, Identity, Input, JoinFrom, JoinSecret, Message, NameError,
    Nick, Outbox, Peer, PeerId, Person, RoomName, Session, SessionName, wire::Offer,
};

use crate::{
    callbacks::{BoxError, Callbacks},
    command,
    dial::{Connector, Dialer, Target},
    discoveries::Discoveries,
    discovery::Discovery,
    engine::{Dial, Engine},
    error::{NetworkError, RequestError},
    events::{self, Events},
    handle::{Farewell, Handle},
    protection::Protection,
    room::Room,
    runtime::{ByteStream, Runtime},
    stats::Stats,
    store::{Store, StoreError},
};

/// A client of a session. Cheap to clone; when the last clone is dropped, it says goodbye and leaves.
pub struct Client<R> {
    me: Peer,
    carried_over: usize,
    handle: Handle,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> Client<R> {
    /// Begins to set up a client on the runtime that is around.
    pub fn builder() -> ClientBuilder<R>
    where
        R: Default,
    {
        Self::builder_on(R::default())
    }

    /// Begins to set up a client on this runtime.
    pub fn builder_on(runtime: R) -> ClientBuilder<R> {
        ClientBuilder {
            runtime,
            nick: Nick::new("guest"),
            idle: None,
            read_receipts: false,
            lobby_from: JoinFrom::Last(50),
            offer: Offer::default(),
            protection: Protection::default(),
            host: None,
            secret: None,
            discovery: Discoveries::default(),
            patience: Duration::from_secs(5),
            store: None,
            callbacks: Callbacks::new(),
        }
    }

    /// This client, as it was called when it joined; what it is called now is in [`people`](Self::people).
    pub fn me(&self) -> &Peer {
        &self.me
    }

    /// How many messages of an earlier client's it goes on with; see [`ClientBuilder::store`].
    pub fn carried_over(&self) -> usize {
        self.carried_over
    }

    /// A handle to a room, joined or not; `"lobby"` is the one that everyone is in.
    pub fn room<N: TryInto<RoomName, Error: Into<NameError>>>(&self, name: N) -> Room {
        self.handle.room(name)
    }

    /// A handle to the room of oneself and somebody else, which is private and not listed; see
    /// [`RoomName::direct`]. The other is told when one has joined it.
    pub fn direct(&self, who: &Peer) -> Room {
        self.handle.room(RoomName::direct(self.me.id, who.id))
    }

    /// Asks which rooms there are: [`Event::Rooms`] tells.
    ///
    /// # Errors
    ///
    /// [`RequestError`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have been asked.
    pub async fn list_rooms(&self) -> Result<(), RequestError> {
        Ok(self.handle.ask(|participant| participant.list_rooms()).await??)
    }

    /// What happens, from the start on; see [`Events`].
    pub fn events(&self) -> Events {
        Events::clone(&self.handle.events)
    }

    /// The session it is in, or was in last.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn session(&self) -> Result<Option<Session>, RequestError> {
        self.handle.session().await
    }

    /// Who hosts the session, as has been proven. `None` in the clear.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn host(&self) -> Result<Option<PeerId>, RequestError> {
        self.handle.ask(|participant| participant.host()).await
    }

    /// Whether whoever hosts has proven to know the session's code or passphrase as well: then nobody stands between, as
    /// surely as nobody else knows it.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn host_has_secret(&self) -> Result<bool, RequestError> {
        self.handle.ask(|participant| participant.host_has_secret()).await
    }

    /// Everybody who is there, and how they are.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn people(&self) -> Result<Vec<Person>, RequestError> {
        self.handle.people().await
    }

    /// Those of them who may be meant by this: a nick, a nick with a tag (`ana~a1b2`), or an id; see
    /// [`Peer::is_called`].
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn whois(&self, who: &str) -> Result<Vec<Person>, RequestError> {
        self.handle.whois(who).await
    }

    /// How one is from now on, with a word on it of at most 128 bytes, or none. Others are told at most twice a second;
    /// of what changed in between, the last.
    ///
    /// # Errors
    ///
    /// [`RequestError::Name`] if the note cannot be shown, [`RequestError::Refused`] or [`RequestError::Closed`] if the
    /// session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have been said.
    pub async fn set_status(&self, availability: Availability, note: &str) -> Result<(), RequestError> {
        self.handle.set_status(availability, note).await
    }

    /// Says that somebody is at the keyboard: to be called at every sign of it, and cheap. Whoever was shown as away for
    /// want of such a sign is shown as before; what was [chosen](Self::set_status) stays.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have been said.
    pub async fn active(&self) -> Result<(), RequestError> {
        self.handle.active().await
    }

    /// Asks to be called this from now on. [`Event::Renamed`] tells that it is so, [`Event::RenameRefused`] that it cannot
    /// be: somebody else's nick looks like it, or nobody may be called that. While there is no link, the wish waits.
    ///
    /// # Errors
    ///
    /// [`RequestError::Name`] if it is no nick at all, [`RequestError::Refused`] or [`RequestError::Closed`] if the
    /// session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have been asked for.
    pub async fn rename<N: TryInto<Nick, Error: Into<NameError>>>(&self, nick: N) -> Result<(), RequestError> {
        self.handle.rename(nick).await
    }

    /// The rooms it is in or wants to be in.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn rooms(&self) -> Result<Vec<RoomName>, RequestError> {
        self.handle.rooms().await
    }

    /// How long the last ping and its answer took; `None` while there is no link.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn round_trip(&self) -> Result<Option<Duration>, RequestError> {
        self.handle.ask(|participant| participant.round_trip()).await
    }

    /// What has happened so far, in numbers, and how it stands.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn stats(&self) -> Result<Stats, RequestError> {
        self.handle.stats().await
    }

    /// Says that the network may have changed or come back, or the machine has slept: a link that is there has to prove
    /// it within two seconds, one that is not is dialled at once.
    ///
    /// It does so by itself when its machine's [network changes](Runtime::network_changes).
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have been said.
    pub async fn network_changed(&self) -> Result<(), RequestError> {
        self.handle.ask(|participant| participant.handle(Input::NetworkChanged)).await
    }

    /// Leaves: waits at most `patience` until every message has its outcome, says goodbye, and ends the link.
    /// Of several who ask for it, the least patient one decides.
    ///
    /// # Cancel safety
    ///
    /// Once polled it goes on by itself, and only the report is lost; unless 256 requests were waiting before it, when it
    /// may not have begun.
    pub async fn shutdown(&self, patience: Duration) -> Farewell {
        self.handle.shutdown(patience).await
    }
}

impl<R> Clone for Client<R> {
    fn clone(&self) -> Self {
        Self { me: self.me.clone(), handle: self.handle.clone(), ..*self }
    }
}

impl<R> fmt::Debug for Client<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("me", &self.me).finish_non_exhaustive()
    }
}

/// Sets up a [`Client`].
#[must_use]
pub struct ClientBuilder<R> {
    runtime: R,
    nick: Result<Nick, NameError>,
    idle: Option<Duration>,
    read_receipts: bool,
    lobby_from: JoinFrom,
    offer: Offer,
    protection: Protection,
    host: Option<PeerId>,
    secret: Option<JoinSecret>,
    discovery: Discoveries,
    patience: Duration,
    store: Option<Box<dyn Store>>,
    callbacks: Callbacks<Client<R>>,
}

impl<R: Runtime> ClientBuilder<R> {
    /// What it wants to be called: at most 32 bytes. Without it, `guest`.
    pub fn nick(mut self, nick: &str) -> Self {
        self.nick = Nick::new(nick);
        self
    }

    /// Is shown as away after so long without a message or a call of [`Client::active`]. Without it, never.
    pub fn idle(mut self, after: Duration) -> Self {
        self.idle = Some(after);
        self
    }

    /// Whether others are told what has been [read](crate::Room::mark_read). Without it, they are not: only what has
    /// arrived.
    pub fn read_receipts(mut self, wanted: bool) -> Self {
        self.read_receipts = wanted;
        self
    }

    /// Where to begin in the lobby. Without it, with its last 50 entries.
    pub fn lobby_from(mut self, from: JoinFrom) -> Self {
        self.lobby_from = from;
        self
    }

    /// What to speak. Without it, all that this library does.
    pub fn offer(mut self, offer: Offer) -> Self {
        self.offer = offer;
        self
    }

    /// Who it is: it proves that to the host. Without it, somebody new, whom nobody can know again. With a
    /// [store](Self::store) it is who it was.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.protection = Protection::As(identity);
        self
    }

    /// Who has to host the session. Whoever else does is told nothing, not even who asks, and joining fails with
    /// [`NetworkError::Stranger`]. Without it, it is whoever hosts it when the client comes first; from then on it is
    /// nobody else either way. In the clear nobody can prove it, and joining fails with [`NetworkError::NotEncrypted`].
    pub fn host(mut self, host: PeerId) -> Self {
        self.host = Some(host);
        self
    }

    /// Comes in by this code or passphrase, and joins nobody who does not know it too. A host that has let this client in
    /// lets it in again without, also by another code, as long as it is the same [peer](Self::identity).
    pub fn secret(mut self, secret: JoinSecret) -> Self {
        self.secret = Some(secret);
        self
    }

    /// In the clear: whoever is on the network can read everything, and change it, and nobody proves who they are. Only
    /// hosts that want it [so](crate::HostBuilder::insecure) let it in.
    pub fn insecure(mut self) -> Self {
        self.protection = Protection::None;
        self
    }

    /// How to find sessions. Without it, by multicast DNS where that is built in.
    pub fn discovery(mut self, discovery: Arc<dyn Discovery>) -> Self {
        self.discovery = Discoveries::These(discovery);
        self
    }

    /// Only addresses and host names are dialled; nothing is looked for.
    pub fn no_discovery(mut self) -> Self {
        self.discovery = Discoveries::None;
        self
    }

    /// How long to look for a session by name. Without it, 5 seconds.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Where to keep what waits to be sent. Then [`Room::send`] is ready when the message is kept, and what is kept is
    /// sent, once, even if this client ends before: whoever joins with the same store is the same participant, and goes on
    /// with it. A store is of one session. Should nothing be kept there any more, the client ends with
    /// [`StoreFailed`](exchange_core::CloseReason::StoreFailed).
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// Calls back for every message, one's own included; see [`Message::is_mine`].
    ///
    /// Callbacks run one after the other, in order, in a task apart from the network's; one that fails or panics becomes
    /// an [`Event::CallbackFailed`]. They may wait as long as they like, but like any async code must not block.
    pub fn on_message<F>(mut self, callback: impl Fn(Client<R>, Message) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.callbacks.on_message(callback);
        self
    }

    /// Calls back for every event; see [`on_message`](Self::on_message).
    pub fn on_event<F>(mut self, callback: impl Fn(Client<R>, Event) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.callbacks.on_event(callback);
        self
    }

    /// Joins a session: by its name, by an address, or as discovery has found it. Ready when the host has let it in.
    ///
    /// From then on it comes back by itself whenever the link is lost.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] if the first try does not succeed, or what was kept cannot be used.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, nothing stays behind.
    pub async fn join<T>(mut self, target: T) -> Result<Client<R>, NetworkError>
    where
        T: TryInto<Target, Error: Into<NetworkError>>,
    {
        let target = target.try_into().map_err(Into::into)?;
        let discovery = match &target {
            Target::Session(_) | Target::Found(_) => mem::take(&mut self.discovery).open()?,
            Target::Address(_) | Target::HostName { .. } => None,
        };
        let session = target.session().cloned();
        let dialer = Dialer::new(self.runtime.clone(), target, discovery, self.patience);
        self.start(Box::new(dialer), session).await
    }

    /// Joins the session that is at the other end of streams of one's own making: `connect` is called for the first
    /// link and again whenever it was lost.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] if the first try does not succeed.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, nothing stays behind.
    pub async fn join_by<S, F>(self, connect: impl FnMut() -> F + Send + 'static) -> Result<Client<R>, NetworkError>
    where
        S: ByteStream,
        F: Future<Output = io::Result<S>> + Send + 'static,
    {
        self.start(Box::new(Connector(connect)), None).await
    }

    async fn start(
        self,
        dialer: Box<dyn Dial<R::Stream>>,
        wanted: Option<SessionName>,
    ) -> Result<Client<R>, NetworkError> {
        if matches!(self.protection, Protection::None) && (self.host.is_some() || self.secret.is_some()) {
            return Err(NetworkError::NotEncrypted);
        }
        let mut config = ClientConfig::new(self.nick?);
        (config.lobby_from, config.idle) = (self.lobby_from, self.idle);
        (config.read_receipts, config.keeps) = (self.read_receipts, self.store.is_some());
        let (seed, mut store) = (self.runtime.seed()?, self.store);
        (config.identity, config.host) = (self.protection.identity(&seed), self.host);
        config.has_secret = self.secret.is_some();
        let rows = match &mut store {
            Some(store) => store.load().await.map_err(NetworkError::Store)?,
            None => Vec::new(),
        };
        let mut machine = if rows.is_empty() {
            Machine::new(config, &seed)
        } else {
            let restored = Machine::restore(config, &seed, rows);
            restored.map_err(|damage| NetworkError::Store(damage.into()))?
        };
        if let (Some(kept), Some(wanted)) = (machine.session(), wanted)
            && kept.name != wanted
        {
            return Err(NetworkError::Store(StoreError::OtherSession(kept.name.clone())));
        }
        let mut keyring = self.protection.keyring(machine.identity(), &seed, self.runtime.has_aes());
        if let (Some(keyring), Some(secret)) = (&mut keyring, self.secret) {
            keyring.lock(secret);
        }
        let keeps = store.is_some();
        let (me, carried_over) = (machine.me(), machine.pending());
        let mut out = Outbox::new();
        machine.round(self.runtime.now(), &mut out).connect();

        let (commander, commands) = command::channel();
        let (publisher, events) = events::channel();
        let events = Arc::new(events);
        let speaks = (self.offer, keyring);
        let mut engine = Engine::new(self.runtime.clone(), machine, out, speaks, commands, publisher);
        let last_error = engine.dial_with(dialer);
        engine.watch_network();
        if let Some(store) = store {
            engine.keep_in(store);
        }
        self.runtime.spawn_yielding(engine);
        if !self.callbacks.is_empty() {
            let (me, events) = (me.clone(), Arc::clone(&events));
            let (weak, all) = (commander.downgrade(), Events::clone(&events));
            self.runtime.spawn(self.callbacks.run(all, weak, move |commander| Client {
                me: me.clone(),
                carried_over,
                handle: Handle { commander, events: Arc::clone(&events) },
                runtime: PhantomData,
            }));
        }

        let mut first = Events::clone(&events);
        loop {
            let cause = match first.next().await {
                Some(Event::Connected { .. }) => break,
                Some(Event::Disconnected { cause, .. } | Event::Closed { cause }) => Some(cause),
                Some(_) => continue,
                None => None,
            };
            if keeps {
                // Whoever tries again goes on with what this one leaves.
                Handle { commander, events }.shutdown(Duration::ZERO).await;
            }
            // Whatever kept it from connecting knows more than the machine has been told.
            let error = last_error.lock().unwrap_or_else(PoisonError::into_inner).take();
            return Err(error.or_else(|| cause.map(NetworkError::of_end)).unwrap_or(NetworkError::Closed));
        }
        Ok(Client { me, carried_over, handle: Handle { commander, events }, runtime: PhantomData })
    }
}

impl<R: fmt::Debug> fmt::Debug for ClientBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("nick", &self.nick).finish_non_exhaustive()
    }
}

//! A host: whoever a session lives with, and one of its participants.

use std::{
    fmt,
    future::Future,
    io,
    marker::PhantomData,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use exchange_core::{
    Admission, Availability, Event, Host as Machine, HostConfig, Identity, JoinCode, JoinSecret, Limits, Message,
    NameError, Nick, Outbox, Peer, PeerId, Person, RoomName, Session, SessionName, Timing,
    discovery::{DEFAULT_PORT, PeerRecord},
    wire::Offer,
};

use crate::{
    announce::{self, Announced},
    callbacks::{BoxError, Callbacks},
    command::{self, Command, Commander},
    discoveries::Discoveries,
    discovery::Discovery,
    engine::{CurrentCode, Engine},
    error::{NetworkError, RequestError},
    events::{self, Events},
    handle::{Farewell, Handle},
    protection::{Newcomers, Protection},
    room::Room,
    runtime::{ByteStream, Listener, Runtime},
    stats::Stats,
    store::Store,
};

/// A hosted session. Cheap to clone; when the last clone is dropped, everybody is told and the session ends.
pub struct Host<R> {
    about: Arc<About>,
    handle: Handle,
    runtime: PhantomData<fn() -> R>,
}

/// What does not change while a session is hosted.
#[derive(Debug)]
struct About {
    me: Peer,
    session: Session,
    addresses: Vec<SocketAddr>,
    announced: Announced,
    code: CurrentCode,
}

impl<R: Runtime> Host<R> {
    /// Begins to set up a session of this name on the runtime that is around.
    pub fn builder(name: &str) -> HostBuilder<R>
    where
        R: Default,
    {
        Self::builder_on(R::default(), name)
    }

    /// Begins to set up a session of this name on this runtime.
    pub fn builder_on(runtime: R, name: &str) -> HostBuilder<R> {
        HostBuilder {
            runtime,
            name: SessionName::new(name),
            nick: Nick::new("host"),
            idle: None,
            read_receipts: false,
            addresses: None,
            limits: Limits::default(),
            timing: Timing::default(),
            offer: Offer::default(),
            protection: Protection::default(),
            newcomers: Newcomers::default(),
            discovery: Discoveries::default(),
            store: None,
            callbacks: Callbacks::new(),
        }
    }

    /// The host itself, as it was called at the start; what it is called now is in [`people`](Self::people).
    pub fn me(&self) -> &Peer {
        &self.about.me
    }

    /// Which session it is.
    pub fn session(&self) -> &Session {
        &self.about.session
    }

    /// Where it listens; an address of all zeros stands for every address of this machine.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.about.addresses
    }

    /// The code by which newcomers come in at this moment, where they come in [by code](HostBuilder::by_code). After twenty
    /// wrong guesses, by whomever, there is another, a minute after the one before at the earliest:
    /// [`Event::CodeRenewed`] tells of it.
    pub fn code(&self) -> Option<JoinCode> {
        self.about.code.get()
    }

    /// A handle to a room, joined or not; `"lobby"` is the one that everyone is in.
    pub fn room<N: TryInto<RoomName, Error: Into<NameError>>>(&self, name: N) -> Room {
        self.handle.room(name)
    }

    /// A handle to the room of oneself and somebody else, which is private and not listed; see
    /// [`RoomName::direct`]. The other is told when one has joined it.
    pub fn direct(&self, who: &Peer) -> Room {
        self.handle.room(RoomName::direct(self.me().id, who.id))
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

    /// Who knocks, where newcomers come in [by approval](HostBuilder::by_approval); the first to knock first.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: it only asks.
    pub async fn knocking(&self) -> Result<Vec<Peer>, RequestError> {
        self.handle.ask(|participant| participant.knocking()).await
    }

    /// Lets somebody in who knocks. They come by themselves, within some seconds, if they still want to.
    ///
    /// # Errors
    ///
    /// [`RequestError::Refused`] with [`NoSuchPeer`](exchange_core::Refusal::NoSuchPeer) if they do not knock,
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have happened.
    pub async fn admit(&self, who: PeerId) -> Result<(), RequestError> {
        Ok(self.handle.ask(move |participant| participant.answer_knock(who, true)).await??)
    }

    /// Turns somebody away who knocks, for as long as this host lives: they are told so, and come no more by themselves.
    ///
    /// # Errors
    ///
    /// Those of [`admit`](Self::admit).
    ///
    /// # Cancel safety
    ///
    /// That of [`admit`](Self::admit).
    pub async fn turn_away(&self, who: PeerId) -> Result<(), RequestError> {
        Ok(self.handle.ask(move |participant| participant.answer_knock(who, false)).await??)
    }

    /// What happens in the rooms that the host is in, from the start on; see [`Events`].
    pub fn events(&self) -> Events {
        Events::clone(&self.handle.events)
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

    /// Is called this from now on; [`Event::Renamed`] tells of it.
    ///
    /// # Errors
    ///
    /// [`RequestError::Name`] if it is no nick at all, [`RequestError::Refused`] if somebody else's looks like it or the
    /// session is over, [`RequestError::Closed`] if it has been over for longer.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, it may or may not have happened.
    pub async fn rename<N: TryInto<Nick, Error: Into<NameError>>>(&self, nick: N) -> Result<(), RequestError> {
        self.handle.rename(nick).await
    }

    /// The rooms that the host is in.
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

    /// Takes in a client over any stream of bytes.
    ///
    /// # Errors
    ///
    /// [`RequestError::Closed`] if the session is over.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, the stream may have been dropped too.
    pub async fn accept(&self, stream: impl ByteStream) -> Result<(), RequestError> {
        self.handle.commander.give(Command::Accept(Box::new(stream))).await
    }

    /// Ends the session: waits at most `patience` until every client has been given everything, tells them, and takes
    /// the announcement back. Of several who ask for it, the least patient one decides.
    ///
    /// # Cancel safety
    ///
    /// Once polled it goes on by itself, and only the report is lost; unless 256 requests were waiting before it, when it
    /// may not have begun.
    pub async fn shutdown(&self, patience: Duration) -> Farewell {
        let farewell = self.handle.shutdown(patience).await;
        self.about.announced.withdrawn().await;
        farewell
    }
}

impl<R> Clone for Host<R> {
    fn clone(&self) -> Self {
        Self { about: Arc::clone(&self.about), handle: self.handle.clone(), runtime: PhantomData }
    }
}

impl<R> fmt::Debug for Host<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("about", &self.about).finish_non_exhaustive()
    }
}

/// Sets up a [`Host`].
#[must_use]
pub struct HostBuilder<R> {
    runtime: R,
    name: Result<SessionName, NameError>,
    nick: Result<Nick, NameError>,
    idle: Option<Duration>,
    read_receipts: bool,
    addresses: Option<Vec<SocketAddr>>,
    limits: Limits,
    timing: Timing,
    offer: Offer,
    protection: Protection,
    newcomers: Newcomers,
    discovery: Discoveries,
    store: Option<Box<dyn Store>>,
    callbacks: Callbacks<Host<R>>,
}

impl<R: Runtime> HostBuilder<R> {
    /// What the host itself is called: at most 32 bytes. Without it, `host`.
    pub fn nick(mut self, nick: &str) -> Self {
        self.nick = Nick::new(nick);
        self
    }

    /// Is shown as away after so long without a message or a call of [`Host::active`]. Without it, never.
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

    /// Listens at this address, and at those of further calls. Without it, at every address of this machine, at port
    /// 27027 or, if that is taken, at any that is free.
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.addresses.get_or_insert_default().push(address);
        self
    }

    /// Listens nowhere: only streams handed to [`Host::accept`] bring clients in.
    pub fn no_listening(mut self) -> Self {
        self.addresses = Some(Vec::new());
        self
    }

    /// What it bounds. Without it, [`Limits::lan`]; among strangers, [`Limits::strict`] is wiser.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long it waits for what.
    pub fn timing(mut self, timing: Timing) -> Self {
        self.timing = timing;
        self
    }

    /// What to speak. Without it, all that this library does.
    pub fn offer(mut self, offer: Offer) -> Self {
        self.offer = offer;
        self
    }

    /// Who the host is: it proves that to everybody who comes. Without it, somebody new, whom nobody can know again when the
    /// session is hosted another time. With a [store](Self::store) it is who it was.
    pub fn identity(mut self, identity: Identity) -> Self {
        self.protection = Protection::As(identity);
        self
    }

    /// In the clear: whoever is on the network can read everything, and change it, and nobody proves who they are. Only
    /// clients that want it [so](crate::ClientBuilder::insecure) come in.
    pub fn insecure(mut self) -> Self {
        self.protection = Protection::None;
        self
    }

    /// Lets newcomers in who know a code, which is drawn now and [told](Host::code) to the application. Who comes by it knows
    /// that nobody stands between. Whoever has come in once comes back without. Of this, [`by_secret`](Self::by_secret) and
    /// [`by_approval`](Self::by_approval), the last call counts.
    pub fn by_code(mut self) -> Self {
        self.newcomers = Newcomers::ByNewCode;
        self
    }

    /// Lets newcomers in who know this code or passphrase, as by a [code](Self::by_code) that is drawn.
    pub fn by_secret(mut self, secret: JoinSecret) -> Self {
        self.newcomers = Newcomers::By(secret);
        self
    }

    /// Lets nobody in of whom the application does not approve: [`Event::Knocked`] tells who knocks, [`Host::admit`] lets
    /// them in. Whoever has been let in once comes back without being asked about.
    pub fn by_approval(mut self) -> Self {
        self.newcomers = Newcomers::ByApproval;
        self
    }

    /// Where to keep what happens. If something is kept there, that session goes on: with its people, rooms and logs, and
    /// with its id, so that its clients take it for the same. Nobody is shown anything before it is kept; should that not
    /// be possible any more, the session ends with [`StoreFailed`](exchange_core::CloseReason::StoreFailed).
    pub fn store(mut self, store: impl Store) -> Self {
        self.store = Some(Box::new(store));
        self
    }

    /// How to announce the session. Without it, by multicast DNS where that is built in.
    pub fn discovery(mut self, discovery: Arc<dyn Discovery>) -> Self {
        self.discovery = Discoveries::These(discovery);
        self
    }

    /// The session is not announced: others need its address.
    pub fn no_discovery(mut self) -> Self {
        self.discovery = Discoveries::None;
        self
    }

    /// Calls back for every message in the rooms that the host is in, its own included; see [`Message::is_mine`].
    ///
    /// Callbacks run one after the other, in order, in a task apart from the network's; one that fails or panics becomes
    /// an [`Event::CallbackFailed`]. They may wait as long as they like, but like any async code must not block.
    pub fn on_message<F>(mut self, callback: impl Fn(Host<R>, Message) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.callbacks.on_message(callback);
        self
    }

    /// Calls back for every event; see [`on_message`](Self::on_message).
    pub fn on_event<F>(mut self, callback: impl Fn(Host<R>, Event) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.callbacks.on_event(callback);
        self
    }

    /// Starts the session. Ready when clients can join it.
    ///
    /// # Errors
    ///
    /// [`NetworkError`] if a name is none, it cannot listen, the session cannot be announced, what was kept of it cannot
    /// be used, or it is to be in the clear and by a code at once.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is ready, nothing stays behind.
    pub async fn start(self) -> Result<Host<R>, NetworkError> {
        let mut config = HostConfig::new(self.name?, self.nick?);
        (config.limits, config.timing, config.idle) = (self.limits, self.timing, self.idle);
        config.read_receipts = self.read_receipts;
        config.admission = self.newcomers.admission();
        let host_nick = config.nick.clone();
        let (seed, now, mut store) = (self.runtime.seed()?, self.runtime.now(), self.store);
        config.identity = self.protection.identity(&seed);
        config.store = store.as_ref().map(|store| store.durability());
        let rows = match &mut store {
            Some(store) => store.load().await.map_err(NetworkError::Store)?,
            None => Vec::new(),
        };
        let machine = if rows.is_empty() {
            Machine::new(config, &seed, now)
        } else {
            let restored = Machine::restore(config, &seed, now, self.runtime.wall_clock(), rows);
            restored.map_err(|damage| NetworkError::Store(damage.into()))?
        };
        let mut keyring = self.protection.keyring(machine.identity(), &seed, self.runtime.has_aes());
        if keyring.is_none() && machine.admission() != Admission::Open {
            return Err(NetworkError::NotEncrypted);
        }
        if let (Some(keyring), Some(secret)) = (&mut keyring, self.newcomers.secret(&seed)) {
            keyring.lock(secret);
        }
        let (me, session) = (machine.me().ok_or(NetworkError::Closed)?, machine.session().clone());

        let listeners = listen(&self.runtime, self.addresses).await?;
        let addresses = listeners.iter().map(Listener::local_addr).collect::<io::Result<Vec<_>>>()?;
        let reached = self.discovery.worth_announcing(&addresses);
        let discovery = if reached.is_some() { self.discovery.open()? } else { None };
        let announcement = match discovery.zip(reached) {
            Some((discovery, reached)) => {
                let port = reached.iter().chain(&addresses).next().map_or(DEFAULT_PORT, SocketAddr::port);
                let mut record = PeerRecord::new(session.id, session.name.clone(), host_nick, port);
                record.addresses = reached;
                record.peer = keyring.as_ref().map(|keyring| keyring.identity().peer());
                record.is_locked = machine.admission() == Admission::BySecret;
                let announcement = discovery.announce(&record).map_err(NetworkError::Discovery)?;
                Some((discovery, announcement, record))
            }
            None => None,
        };

        let (commander, commands) = command::channel();
        let (publisher, events) = events::channel();
        let events = Arc::new(events);
        let speaks = (self.offer, keyring);
        let mut engine = Engine::new(self.runtime.clone(), machine, Outbox::new(), speaks, commands, publisher);
        for listener in listeners {
            engine.listen(listener);
        }
        let code = engine.renew_secret();
        if let Some(store) = store {
            engine.keep_in(store);
        }
        self.runtime.spawn_yielding(engine);
        let announced = match announcement {
            Some(announcement) => {
                announce::keep(&self.runtime, me.id, announcement, Events::clone(&events), commander.downgrade())
            }
            None => Announced::never(),
        };

        let about = Arc::new(About { me, session, addresses, announced, code });
        let make = {
            let (about, events) = (Arc::clone(&about), Arc::clone(&events));
            move |commander: Commander| Host {
                about: Arc::clone(&about),
                handle: Handle { commander, events: Arc::clone(&events) },
                runtime: PhantomData,
            }
        };
        let host = make(commander.clone());
        if !self.callbacks.is_empty() {
            self.runtime.spawn(self.callbacks.run(Events::clone(&events), commander.downgrade(), make));
        }
        Ok(host)
    }
}

impl<R: fmt::Debug> fmt::Debug for HostBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostBuilder").field("name", &self.name).field("nick", &self.nick).finish_non_exhaustive()
    }
}

/// Listens at all of these addresses; at the usual ones, if none are given, the first that can be had.
async fn listen<R: Runtime>(runtime: &R, given: Option<Vec<SocketAddr>>) -> Result<Vec<R::Listener>, NetworkError> {
    let bind =
        |address| async move { runtime.bind(address).await.map_err(|error| NetworkError::of_bind(address, error)) };
    let Some(given) = given else {
        // The address of IPv6 stands for both families, where there is IPv6.
        let any = |port| [(Ipv6Addr::UNSPECIFIED, port).into(), (Ipv4Addr::UNSPECIFIED, port).into()];
        let mut last = Err(NetworkError::Closed);
        for address in any(DEFAULT_PORT).into_iter().chain(any(0)) {
            last = bind(address).await;
            if last.is_ok() {
                break;
            }
        }
        return Ok(vec![last?]);
    };
    let mut listeners = Vec::new();
    for address in given {
        listeners.push(bind(address).await?);
    }
    Ok(listeners)
}

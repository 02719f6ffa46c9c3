use std::{
    collections::VecDeque,
    convert::Infallible,
    mem,
    ops::ControlFlow,
    pin::Pin,
    sync::{Arc, Weak},
    task::{Context, Poll, Wake, Waker, ready},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use async_channel::Sender;
use exchange_core::{
    SessionId,
    discovery::{SERVICE_TYPE, SessionEvent, SessionTable, instance_session},
};
use futures_core::Stream;
use mdns_sd::{DaemonEvent, Error, ServiceDaemon, ServiceEvent};

use super::{
    now, service,
    state::{Announced, Shared},
};

/// Makes the network agree with the shared state, and the state with the network.
///
/// It asks again for all sessions every half to whole minute, and whenever something may have gone unheard. The daemon
/// by itself would not: it asks ever more rarely, and after a silent break of the network it names as known, in the
/// very question, what it has lost, so that nobody answers.
pub(super) struct Keeper {
    daemon: ServiceDaemon,
    shared: Arc<Shared>,
    monitor: Events<DaemonEvent>,
    /// To browse again is to get another channel of events; the one before ends by itself, and is heard out first.
    events: VecDeque<Events<ServiceEvent>>,
    /// When all sessions were last asked for, and when they will be again.
    browsed: Option<Instant>,
    browse_at: Instant,
    /// Closes when the keeper is done, however it ends.
    _open: Sender<Infallible>,
}

type Events<T> = Pin<Box<dyn Stream<Item = T> + Send>>;

enum Heard {
    Daemon(DaemonEvent),
    Service(ServiceEvent),
    /// Too much came at once, and the daemon has hung up.
    Overflow,
    /// The daemon is no more.
    End,
}

impl Keeper {
    /// How long a suspect has to answer.
    const VERIFY: Duration = Duration::from_secs(2);

    /// How long until all sessions are asked for again, and how much longer by chance, so that not everybody asks at
    /// once.
    const BROWSE: Duration = Duration::from_secs(30);
    const BROWSE_JITTER: Duration = Duration::from_secs(30);

    /// How long to wait at least before asking again, whatever happens.
    const BROWSE_GAP: Duration = Duration::from_secs(1);

    /// How long the daemon may take to say goodbye. All it needs is to send a packet.
    const GOODBYE: Duration = Duration::from_secs(2);

    /// How many events are heard before it is somebody else's turn.
    const ROUND: usize = 256;

    pub(super) fn new(daemon: ServiceDaemon, shared: Arc<Shared>, open: Sender<Infallible>) -> Result<Self, Error> {
        let monitor = Box::pin(daemon.monitor()?.into_stream());
        Ok(Self { daemon, shared, monitor, events: VecDeque::new(), browsed: None, browse_at: now(), _open: open })
    }

    pub(super) fn run(mut self) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut cx = Context::from_waker(&waker);
        loop {
            // First, so that whatever changes after it was looked at wakes it again.
            self.shared.keeper.register(&waker);
            if self.hear(&mut cx).is_break() {
                return;
            }
            match self.act() {
                ControlFlow::Break(()) => return,
                ControlFlow::Continue(Some(wait)) => thread::park_timeout(wait),
                ControlFlow::Continue(None) => thread::park(),
            }
        }
    }

    /// Takes in what the daemon has heard.
    fn hear(&mut self, cx: &mut Context<'_>) -> ControlFlow<()> {
        for _ in 0..Self::ROUND {
            match self.poll_heard(cx) {
                Poll::Pending => return ControlFlow::Continue(()),
                Poll::Ready(Heard::Service(event)) => self.fold(event),
                Poll::Ready(Heard::Daemon(event)) => self.note(event),
                Poll::Ready(Heard::Overflow) => {
                    // Nobody knows who has gone in the meantime; those who have not are heard of again at once.
                    self.shared.state().sessions = SessionTable::new();
                    self.browse_soon();
                }
                Poll::Ready(Heard::End) => {
                    tracing::warn!("the multicast DNS daemon has ended");
                    return ControlFlow::Break(());
                }
            }
        }
        cx.waker().wake_by_ref();
        ControlFlow::Continue(())
    }

    fn poll_heard(&mut self, cx: &mut Context<'_>) -> Poll<Heard> {
        if let Poll::Ready(event) = self.monitor.as_mut().poll_next(cx) {
            return Poll::Ready(event.map_or(Heard::End, Heard::Daemon));
        }
        while let Some(events) = self.events.front_mut() {
            if let Some(event) = ready!(events.as_mut().poll_next(cx)) {
                return Poll::Ready(Heard::Service(event));
            }
            self.events.pop_front();
            if self.events.is_empty() {
                return Poll::Ready(Heard::Overflow);
            }
        }
        Poll::Pending
    }

    fn fold(&mut self, event: ServiceEvent) {
        let mut state = self.shared.state();
        let change = match event {
            ServiceEvent::ServiceResolved(service) => {
                service::found(&service).and_then(|new| state.sessions.resolved(new))
            }
            ServiceEvent::ServiceRemoved(_, instance) => {
                instance_session(&instance).and_then(|gone| state.sessions.removed(gone))
            }
            _ => None,
        };
        drop(state);
        if let Some(SessionEvent::Disappeared(_)) = change {
            self.browse_soon();
        }
        if change.is_some() {
            self.wake_readers();
        }
    }

    fn note(&mut self, event: DaemonEvent) {
        match event {
            DaemonEvent::Error(error) => tracing::warn!(%error, "multicast DNS"),
            DaemonEvent::NameChange(change) => {
                tracing::warn!(from = change.original, to = change.new_name, "somebody else announces our session");
            }
            DaemonEvent::IpAdd(ip) => {
                tracing::debug!(%ip, "a network has come up");
                self.browse_soon();
                let now = now();
                self.shared.state().announced.values_mut().for_each(|announced| announced.repeat_soon(now));
            }
            event => tracing::trace!(?event, "multicast DNS"),
        }
    }

    /// Does what is wanted and due, and says how long nothing else will be, if anything ever will.
    fn act(&mut self) -> ControlFlow<(), Option<Duration>> {
        let mut state = self.shared.state();
        let (withdrawn, suspects) = (mem::take(&mut state.withdrawn), mem::take(&mut state.suspects));
        let (is_stopping, is_read) = (state.is_stopping, !state.readers.is_empty());
        drop(state);

        for (session, _until_said) in withdrawn {
            self.say_goodbye(session);
        }
        if is_stopping {
            return ControlFlow::Break(());
        }
        for session in suspects {
            self.command(|daemon| daemon.verify(service::fullname(session), Self::VERIFY));
            self.browse_soon();
        }
        let announce_at = self.announce();
        let browse_at = self.browse(is_read);
        let next = announce_at.into_iter().chain(browse_at).min();
        ControlFlow::Continue(next.map(|next| next.saturating_duration_since(now())))
    }

    /// Announces what is due, and says when something will be.
    fn announce(&self) -> Option<Instant> {
        let now = now();
        let mut due = Vec::new();
        let mut state = self.shared.state();
        for announced in state.announced.values_mut() {
            if announced.due().is_none_or(|due| due <= now) {
                (announced.sent, announced.is_current) = (Some(now), true);
                due.push(announced.service.clone());
            }
        }
        let next = state.announced.values().filter_map(Announced::due).min();
        drop(state);
        for service in due {
            self.command(|daemon| daemon.register(service.clone()));
        }
        next
    }

    fn say_goodbye(&self, session: SessionId) {
        if let Some(status) = self.command(|daemon| daemon.unregister(&service::fullname(session))) {
            let _ = status.recv_timeout(Self::GOODBYE);
        }
    }

    /// Asks for all sessions if it is time to and somebody wants to know, and says when it will be time again.
    fn browse(&mut self, is_read: bool) -> Option<Instant> {
        let now = now();
        if !is_read {
            if self.browsed.take().is_some() {
                self.command(|daemon| daemon.stop_browse(SERVICE_TYPE));
                self.events.clear();
                self.shared.state().sessions = SessionTable::new();
            }
            return None;
        }
        if self.browsed.is_none() || self.browse_at <= now {
            if let Some(events) = self.command(|daemon| daemon.browse(SERVICE_TYPE)) {
                self.events.push_back(Box::pin(events.into_stream()));
                // The new channel has to be polled before anything in it can wake us.
                thread::current().unpark();
            }
            self.browsed = Some(now);
            self.browse_at = now + Self::BROWSE + random_part(Self::BROWSE_JITTER);
        }
        Some(self.browse_at)
    }

    fn browse_soon(&mut self) {
        let soon = self.browsed.map_or_else(now, |browsed| browsed + Self::BROWSE_GAP);
        self.browse_at = self.browse_at.min(soon);
    }

    /// Has the daemon do something, patiently if it has much to do. None if it refuses.
    fn command<T>(&self, send: impl Fn(&ServiceDaemon) -> Result<T, Error>) -> Option<T> {
        const ATTEMPTS: usize = 50;
        const PAUSE: Duration = Duration::from_millis(10);
        for _ in 0..ATTEMPTS {
            match send(&self.daemon) {
                Ok(answer) => return Some(answer),
                Err(Error::Again) => {
                    thread::park_timeout(PAUSE);
                    // The pause may have swallowed a wake-up that was meant for the next round.
                    thread::current().unpark();
                }
                Err(error) => {
                    tracing::warn!(%error, "the multicast DNS daemon refuses a command");
                    return None;
                }
            }
        }
        tracing::warn!("the multicast DNS daemon takes no commands");
        None
    }

    fn wake_readers(&self) {
        // A waker may run anything, so none is called under the lock.
        let readers = self.shared.state().readers.clone();
        readers.iter().filter_map(Weak::upgrade).for_each(|reader| reader.wake());
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // This says goodbye for every session that is still announced.
        if let Some(status) = self.command(ServiceDaemon::shutdown) {
            let _ = status.recv_timeout(Self::GOODBYE);
        }
        let mut state = self.shared.state();
        (state.is_stopping, state.is_stopped) = (true, true);
        state.withdrawn.clear();
        drop(state);
        self.wake_readers();
    }
}

/// Some part of this duration.
fn random_part(whole: Duration) -> Duration {
    // Without randomness it is still right, only less spread.
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    whole.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// Wakes the thread that polls.
pub(super) struct Unpark(pub(super) Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

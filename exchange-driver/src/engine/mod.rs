//! One task that owns a machine and everything it talks over.
//!
//! ```text
//!   a round:  owed credit, commands, new links, what is ready to be read ──▶ machine ──▶ effects ──▶ written at once
//! ```
//!
//! No link has a task, a queue between tasks or a lock: bytes go from the socket through the wire and the machine into
//! other sockets in one call stack. A round bounds what it takes of each source, and the next one goes on.

mod arrivals;
mod door;
mod keeping;
mod link;
mod lock;
mod machine;
mod ready;
mod telling;

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use exchange_core::{
    Effect, Ended, Event, Input, LinkId, MessageId, Outbox, Outcome, PageId, PeerId, Time,
    wire::{Keyring, Offer},
};
use futures_channel::oneshot;
use futures_core::Stream;
use slab::Slab;

use self::{
    door::Door,
    keeping::Keeper,
    link::{LinkIo, Reading},
    lock::Lock,
    ready::ReadySet,
    telling::Alarm,
};
pub(crate) use self::{
    lock::CurrentCode,
    machine::{Machine, Participant},
};
use crate::{
    command::{Command, Commands, Fetched, Posted},
    error::NetworkError,
    events::ENOUGH,
    runtime::{Runtime, Timer as _, Transport},
    stats::{FrameCounter, Stats},
    store::Store,
};

/// Commands that are taken in one round.
const COMMANDS: usize = 64;

/// Rounds before other tasks have their turn.
const ROUNDS: usize = 8;

/// One buffer serves all links: a link keeps only the frame it has a part of.
const READ_BUFFER: usize = 64 * 1024;

/// How long a link that was closed may take to pass on its last bytes.
const LINGER: Duration = Duration::from_secs(1);

/// Links that may do so at once while the session goes on. Each holds a descriptor, and whoever comes and is closed again
/// and again would take all there are.
const LINGERING: usize = 64;

/// How a client gets its connections.
pub(crate) trait Dial<S>: Send {
    /// Begins to connect.
    fn dial(&mut self) -> Dialing<S>;
}

pub(crate) type Dialing<S> = Pin<Box<dyn Future<Output = Result<Reached<S>, NetworkError>> + Send>>;

/// A connection to where the host should be.
pub(crate) struct Reached<S> {
    pub(crate) stream: Transport<S>,
    /// Who is there, as far as anybody has announced that.
    pub(crate) claimed: Option<PeerId>,
}

/// What dialling came to.
type Dialed<S> = (LinkId, Result<Reached<S>, NetworkError>);

/// Why the last connection could not be had.
pub(crate) type LastError = Arc<Mutex<Option<NetworkError>>>;

pub(crate) struct Engine<R: Runtime, M: Machine> {
    runtime: R,
    machine: M,
    out: Outbox,
    offer: Offer,
    /// What links are secured with, unless they are to be in the clear.
    keyring: Option<Keyring>,
    /// What becomes of the secret that strangers have to know, if they have to know one.
    lock: Option<Lock>,
    links: Slab<LinkIo<R::Stream>>,
    places: BTreeMap<LinkId, usize>,
    ready: Arc<ReadySet>,
    ready_now: Vec<usize>,
    dirty: Vec<usize>,
    /// Links that are ending, the first to end first, and those of them that may have come to their end.
    ending: Vec<usize>,
    unfinished: Vec<usize>,
    buffer: Box<[u8]>,
    /// What the machine has to be told, of the last round's writing for one.
    owed: Vec<Input<'static>>,
    listeners: Vec<R::Listener>,
    accept_again: Option<Time>,
    next_link: u64,
    dialer: Option<Box<dyn Dial<R::Stream>>>,
    dialing: Option<(LinkId, Dialing<R::Stream>)>,
    network_changes: Option<Pin<Box<dyn Stream<Item = ()> + Send>>>,
    last_error: LastError,
    commands: Commands,
    timer: Pin<Box<R::Timer>>,
    timer_at: Option<Time>,
    /// What the timer was set for, until that is due.
    alarm: Option<Alarm>,
    events: async_broadcast::Sender<Event>,
    door: Door,
    /// Whether this round has done anything for strangers.
    is_for_strangers: bool,
    /// Events since the application last had its turn.
    told: usize,
    receipts: HashMap<MessageId, oneshot::Sender<Outcome>>,
    pages: HashMap<PageId, oneshot::Sender<Fetched>>,
    keeper: Option<Keeper>,
    phase: Phase,
    shutdown: Vec<oneshot::Sender<usize>>,
    unsettled: usize,
    stats: Stats,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Running,
    /// What is under way may still arrive, until then.
    Draining(Time),
    /// The machine is closed; links pass on their last bytes, until then.
    Closing(Time),
}

impl Phase {
    /// Nobody waits longer than they said, and what is over is not counted anew.
    fn draining(self, until: Time) -> Self {
        match self {
            Self::Running => Self::Draining(until),
            Self::Draining(before) => Self::Draining(before.min(until)),
            Self::Closing(until) => Self::Closing(until),
        }
    }
}

impl<R: Runtime, M: Machine> Engine<R, M> {
    pub(crate) fn new(
        runtime: R,
        machine: M,
        out: Outbox,
        (offer, keyring): (Offer, Option<Keyring>),
        commands: Commands,
        events: async_broadcast::Sender<Event>,
    ) -> Self {
        Self {
            timer: Box::pin(runtime.timer()),
            runtime,
            machine,
            out,
            offer,
            keyring,
            lock: None,
            links: Slab::new(),
            places: BTreeMap::new(),
            ready: Arc::default(),
            ready_now: Vec::new(),
            dirty: Vec::new(),
            ending: Vec::new(),
            unfinished: Vec::new(),
            buffer: vec![0; READ_BUFFER].into_boxed_slice(),
            owed: Vec::new(),
            listeners: Vec::new(),
            accept_again: None,
            next_link: 1,
            dialer: None,
            dialing: None,
            network_changes: None,
            last_error: LastError::default(),
            commands,
            timer_at: None,
            alarm: None,
            events,
            door: Door::default(),
            is_for_strangers: false,
            told: 0,
            receipts: HashMap::new(),
            pages: HashMap::new(),
            keeper: None,
            phase: Phase::Running,
            shutdown: Vec::new(),
            unsettled: 0,
            stats: Stats::default(),
        }
    }

    pub(crate) fn listen(&mut self, listener: R::Listener) {
        self.listeners.push(listener);
    }

    pub(crate) fn dial_with(&mut self, dialer: Box<dyn Dial<R::Stream>>) -> LastError {
        self.dialer = Some(dialer);
        Arc::clone(&self.last_error)
    }

    /// Has what the machine wants kept kept there.
    pub(crate) fn keep_in(&mut self, store: Box<dyn Store>) {
        self.keeper = Some(Keeper::new(store));
    }

    /// Tells the machine of changes of the network.
    pub(crate) fn watch_network(&mut self) {
        self.network_changes = Some(Box::pin(self.runtime.network_changes()));
    }

    /// One round; whether there may be more to do at once.
    fn round(&mut self, cx: &mut Context<'_>) -> bool {
        let now = self.runtime.now();
        if let Some(alarm) = self.alarm.take_if(|_| self.timer_at.is_none_or(|at| at <= now)) {
            tracing::trace!(reason = %alarm, "woken");
        }
        let mut incoming = Vec::new();
        let mut busy = self.accept(now, cx, &mut incoming);
        self.is_for_strangers = busy;
        let (dialed, has_network_changed) = (self.poll_dialing(cx), self.poll_network(cx));
        busy |= dialed.is_some() | has_network_changed | self.poll_keeper(cx);
        self.ready_now.clear();
        // Whoever talks faster than it can be kept has to wait.
        if !self.keeper.as_ref().is_some_and(Keeper::is_full) {
            self.ready.take(&mut self.ready_now);
            self.door.open(now, &mut self.ready_now);
        }

        let Self { machine, out, owed, links, buffer, runtime, commands, stats, .. } = self;
        let mut round = machine.round(now, out);
        round.handle(Input::WallClock { at: runtime.wall_clock() });
        owed.drain(..).for_each(|input| round.handle(input));
        let (mut over, mut commanded, mut counted) = (Vec::new(), 0_usize, Vec::new());
        let mut replies = Vec::new();
        for &place in &self.ready_now {
            let Some(link) = links.get_mut(place) else { continue };
            link.taken();
            if link.ending.is_some() {
                self.unfinished.push(place);
                continue;
            }
            // Whoever was dialled is no stranger.
            let is_stranger = !link.is_opened() && self.dialer.is_none();
            if is_stranger && !self.door.lets(place, now) {
                continue;
            }
            self.is_for_strangers |= is_stranger;
            if !mem::replace(&mut link.dirty, true) {
                self.dirty.push(place);
            }
            busy = true;
            let mut read = || link.read(buffer, stats, |input| round.handle(input));
            let reading = if is_stranger { self.door.counts(|| runtime.now(), read) } else { read() };
            if link.peer.is_none() {
                link.peer = round.peer_at(link.id);
            }
            match reading {
                Reading::Dry => {}
                Reading::More if cfg!(exchange_bug = "more-to-read-forgotten") => {}
                Reading::More => link.again(),
                ended => over.push((place, ended)),
            }
        }
        for _ in 0..COMMANDS {
            match Pin::new(&mut *commands).poll_next(cx) {
                Poll::Pending => break,
                Poll::Ready(Some(command)) => {
                    (busy, commanded) = (true, commanded + 1);
                    match command {
                        Command::Run(run) => run(&mut round),
                        Command::Post { room, body, reply } => {
                            let posted = round.post(&room, body).map(|id| {
                                let (told, outcome) = oneshot::channel();
                                self.receipts.insert(id.clone(), told);
                                (id, outcome)
                            });
                            replies.push((reply, posted));
                        }
                        Command::Fetch { room, from, count, reply } => match round.fetch(&room, from, count) {
                            Ok(id) => drop(self.pages.insert(id, reply)),
                            Err(refusal) => drop(reply.send(Err(refusal))),
                        },
                        Command::Accept(stream) => incoming.push((Transport::Other(stream), None)),
                        Command::Report(event) => publish(&self.events, event),
                        Command::Count(reply) => counted.push(reply),
                        Command::Shutdown { patience, reply } => {
                            self.shutdown.push(reply);
                            self.phase = self.phase.draining(now + patience);
                        }
                    }
                }
                Poll::Ready(None) => {
                    // Nobody is left who could say anything, or hear it.
                    if matches!(self.phase, Phase::Running) {
                        self.phase = Phase::Draining(now);
                    }
                    break;
                }
            }
        }
        drop(round);
        self.renew(now);
        if busy {
            let (ready, accepted, has_dialed) = (self.ready_now.len(), incoming.len(), dialed.is_some());
            tracing::trace!(ready, commanded, accepted, has_dialed, has_network_changed, "round");
        }
        self.admit(now, incoming);
        if let Some((link, result)) = dialed {
            self.dialed(now, link, result);
        }
        self.advance_phase(now);
        busy |= self.perform(now);
        self.reply(replies);
        self.pass_on(now, over);
        self.count(counted);
        busy || !self.owed.is_empty()
    }

    /// What the machine has said goes out, and those links end that are over.
    fn pass_on(&mut self, now: Time, over: Vec<(usize, Reading)>) {
        // What the machine has closed for a reason of its own has ended for that.
        for (place, reading) in over {
            self.over(now, place, reading);
        }
        self.write(now);
        self.finish_ending(now);
    }

    /// Says what was taken of what was posted, once it is kept if anything is.
    fn reply(&mut self, replies: Vec<(oneshot::Sender<Posted>, Posted)>) {
        for (reply, posted) in replies {
            // Whoever asked may have gone; the message is on its way all the same.
            let say = move || drop(reply.send(posted));
            match &mut self.keeper {
                Some(keeper) => keeper.promise(say),
                None => say(),
            }
        }
    }

    /// A link that the machine has been told is gone.
    fn over(&mut self, now: Time, place: usize, reading: Reading) {
        match reading {
            Reading::Dry | Reading::More => {}
            Reading::Over(loss) => self.end(now, place, Ended::Lost(loss)),
            Reading::Gone(loss) => {
                self.end(now, place, Ended::Lost(loss));
                self.ending.retain(|ending| *ending != place);
                self.forget(place);
            }
        }
    }

    fn end(&mut self, now: Time, place: usize, cause: Ended) {
        if let Some(link) = self.links.get_mut(place)
            && link.ending.is_none()
        {
            self.stats.closes.count(cause);
            telling::link_ended(link.id, link.peer.as_ref(), cause);
            link.end(now + LINGER);
            self.door.leave(place);
            self.ending.push(place);
            self.unfinished.push(place);
        }
    }

    fn forget(&mut self, place: usize) {
        if let Some(link) = self.links.try_remove(place) {
            self.places.remove(&link.id);
        }
    }

    fn advance_phase(&mut self, now: Time) {
        if let Phase::Draining(until) = self.phase {
            let unsettled = self.machine.unsettled();
            if unsettled == 0 || now >= until || cfg!(exchange_bug = "shutdown-does-not-wait") {
                self.unsettled = unsettled;
                self.machine.round(now, &mut self.out).close();
            }
        }
        if self.machine.is_closed() && !matches!(self.phase, Phase::Closing(_)) {
            self.listeners.clear();
            self.dialing = None;
            self.phase = Phase::Closing(now + LINGER);
        }
    }

    /// Does what the machine wants done; whether something was begun by it that has to be polled.
    fn perform(&mut self, now: Time) -> bool {
        let (mut begun, mut counter) = (false, FrameCounter::default());
        while let Some(effect) = self.out.pop() {
            match effect {
                Effect::Send { link, frames } => {
                    if let Some(&place) = self.places.get(&link)
                        && let Some(link) = self.links.get_mut(place)
                    {
                        self.stats.frames_out += counter.count(&frames);
                        link.say(frames);
                        if !mem::replace(&mut link.dirty, true) {
                            self.dirty.push(place);
                        }
                    }
                }
                Effect::Close { link, reason } => {
                    if self.dialing.as_ref().is_some_and(|(dialing, _)| *dialing == link) {
                        self.dialing = None;
                    }
                    if let Some(&place) = self.places.get(&link) {
                        self.end(now, place, Ended::Here(reason));
                    }
                }
                Effect::Dial { link } => {
                    if let Some(dialer) = &mut self.dialer {
                        self.dialing = Some((link, dialer.dial()));
                        begun |= !cfg!(exchange_bug = "dial-not-polled");
                    }
                }
                Effect::Store { batch, changes } => {
                    if let Some(keeper) = &mut self.keeper {
                        keeper.take(batch, changes);
                        begun = true;
                    }
                }
                // Told to whoever asked, who may have gone, and to nobody else.
                Effect::Event(Event::Page { id, page }) => {
                    if let Some(reply) = self.pages.remove(&id) {
                        let _ = reply.send(page);
                    }
                }
                Effect::Event(event) => {
                    if let Event::Receipt { id, outcome } = &event
                        && let Some(told) = self.receipts.remove(id)
                        && !cfg!(exchange_bug = "receipt-forgotten")
                    {
                        // Not everybody waits for a receipt.
                        let _ = told.send(*outcome);
                    }
                    if matches!(event, Event::Removed { .. }) && cfg!(exchange_bug = "removal-kept-back") {
                        continue;
                    }
                    publish(&self.events, event);
                    self.told += 1;
                }
            }
        }
        begun
    }

    fn write(&mut self, now: Time) {
        let mut dirty = mem::take(&mut self.dirty);
        for place in dirty.drain(..) {
            let Some(link) = self.links.get_mut(place) else { continue };
            link.dirty = false;
            if link.ending.is_some() {
                continue;
            }
            match link.write(&mut self.stats) {
                Ok(()) => self.owed.extend(link.credit().filter(|_| !cfg!(exchange_bug = "credit-not-reported"))),
                Err(loss) => {
                    self.owed.push(Input::LinkDown { link: link.id, loss });
                    self.end(now, place, Ended::Lost(loss));
                }
            }
        }
        self.dirty = dirty;
    }

    fn finish_ending(&mut self, now: Time) {
        let Self { ending, unfinished, links, places, buffer, stats, .. } = self;
        let mut forget = |links: &mut Slab<LinkIo<R::Stream>>, place| {
            places.remove(&links.remove(place).id);
        };
        for place in unfinished.drain(..) {
            if links.get_mut(place).is_some_and(|link| link.ending.is_some() && link.finish(buffer, stats)) {
                forget(links, place);
            }
        }
        ending.retain(|&place| {
            let Some(until) = links.get(place).and_then(|link| link.ending.as_ref()).map(|ending| ending.until) else {
                return false;
            };
            if until <= now {
                forget(links, place);
            }
            until > now
        });
        if matches!(self.phase, Phase::Running) {
            let too_many = self.ending.len().saturating_sub(LINGERING);
            let first: Vec<usize> = self.ending.drain(..too_many).collect();
            for place in first {
                self.forget(place);
            }
        }
    }

    fn is_done(&self, now: Time) -> bool {
        let is_kept = self.keeper.as_ref().is_none_or(Keeper::is_idle);
        matches!(self.phase, Phase::Closing(until) if (self.links.is_empty() && is_kept) || now >= until)
    }

    /// Sets the alarm for what comes first; whether it is due already.
    fn rest(&mut self, cx: &mut Context<'_>) -> bool {
        let phase = match self.phase {
            Phase::Running => None,
            Phase::Draining(until) | Phase::Closing(until) => Some((until, Alarm::Phase)),
        };
        let lingering = self.ending.iter().filter_map(|&place| self.links.get(place)?.ending.as_ref());
        let next = lingering
            .map(|ending| (ending.until, Alarm::Linger))
            .chain(self.door.wake().map(|at| (at, Alarm::Door)))
            .chain(self.renews_at().map(|at| (at, Alarm::Secret)))
            .chain(self.out.wake().map(|wake| (wake.at, Alarm::Machine(wake.reason))))
            .chain(phase)
            .chain(self.accept_again.map(|at| (at, Alarm::Accept)))
            .min_by_key(|(at, _)| *at);
        let at = next.map(|(at, _)| at);
        if at != self.timer_at {
            (self.timer_at, self.alarm) = (at, next.map(|(_, alarm)| alarm));
            if let Some(at) = at {
                self.timer.as_mut().set(at);
            }
        }
        if at.is_some() && self.timer.as_mut().poll_ring(cx).is_ready() {
            self.timer_at = None;
            return true;
        }
        false
    }
}

/// Tells everybody who listens; nobody has to.
fn publish(events: &async_broadcast::Sender<Event>, event: Event) {
    tracing::trace!(?event);
    let _ = events.try_broadcast(event);
}

// No field is ever pinned in place: those that have to be are boxed.
impl<R: Runtime, M: Machine> Unpin for Engine<R, M> {}

impl<R: Runtime, M: Machine> Future for Engine<R, M> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let engine = &mut *self;
        engine.ready.register(cx.waker());
        engine.told = 0;
        for _ in 0..ROUNDS {
            let busy = engine.round(cx);
            if engine.is_done(engine.runtime.now()) {
                for reply in engine.shutdown.drain(..) {
                    let _ = reply.send(engine.unsettled);
                }
                return Poll::Ready(());
            }
            if !busy && !engine.rest(cx) {
                return Poll::Pending;
            }
            if engine.told >= ENOUGH || engine.is_for_strangers {
                break;
            }
        }
        engine.runtime.yield_now(cx);
        Poll::Pending
    }
}

impl<R: Runtime, M: Machine> fmt::Debug for Engine<R, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("links", &self.links.len()).field("phase", &self.phase).finish_non_exhaustive()
    }
}

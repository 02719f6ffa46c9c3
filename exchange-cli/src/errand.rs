//! Somebody who is in a room of a session for one purpose: what `send`, `tail`, `pipe` and `run` have in common.

mod arrival;

use std::{mem, time::Duration};

use exchange_tokio::{
    Client, Delivered, DeliveryError, Events, Receipt, RequestError, Room,
    core::{CloseReason, Ended, Event, RoomName},
};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use tokio::{
    sync::mpsc::Receiver,
    task::JoinHandle,
    time::{Instant, sleep_until, timeout},
};

use crate::{
    app::App,
    exit::Exit,
    home::Trust,
    input::Typed,
    line::Line,
    output::{Attempt, Format, Ignored, Printer, RoomLabel, Shown, failed, peers, refused, removed},
};

/// How long the host may take for an answer, unless the user says so.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same for those who want to go.
pub(crate) const HASTE: Duration = Duration::from_secs(2);

/// How long the rest may take: goodbyes, and events to be shown.
const AFTERMATH: Duration = Duration::from_secs(2);

/// Messages on their way at once: more than this the outbox might not take.
const WINDOW: usize = 64;

/// What is to be said comes line by line.
pub(crate) trait Lines {
    /// The next line; `None` if there are no more. Cancel-safe.
    async fn next(&mut self) -> Option<String>;
}

impl Lines for Receiver<Typed> {
    async fn next(&mut self) -> Option<String> {
        match self.recv().await? {
            Typed::Line(line) => Some(line),
            // Only whoever sits before the whole screen turns to another room.
            Typed::Room(_) => None,
        }
    }
}

/// Why it is over.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// What there was to do was done, as far as that goes.
    Done,
    /// The host has closed, and is not waited for.
    HostClosed,
    /// One is not in the room any more.
    Removed,
    Over(Ended),
    Interrupted,
    /// Nobody reads the output.
    Unread,
}

/// Somebody in a room, and what they have said there.
pub(crate) struct Errand {
    pub(crate) app: App,
    pub(crate) client: Client,
    trust: Trust,
    room: RoomName,
    /// What people call it.
    label: RoomLabel,
    events: Events,
    /// Whether a host that has closed is waited for.
    waits: bool,
    pub(crate) patience: Duration,
    on_their_way: FuturesUnordered<Receipt>,
    undelivered: usize,
    printing: Option<JoinHandle<()>>,
}

impl Errand {
    /// The room in which it is done.
    pub(crate) fn room(&self) -> Room {
        self.client.room(self.room.clone())
    }

    /// A printer that shows only this of what happens.
    pub(crate) async fn printer(&self, shown: impl FnOnce(RoomName) -> Shown) -> Printer {
        let mut format = self.app.format();
        if let Format::Text(look) = &mut format {
            look.proves = self.trust != Trust::Insecure;
        }
        let people = peers(self.client.people().await.unwrap_or_default());
        let (me, screen) = (self.client.me().id, self.app.screen.clone());
        Printer::new(format, me, &people, screen, Ignored::default()).only(shown(self.room.clone()))
    }

    /// From now on, what happens is shown by that printer.
    pub(crate) fn print(&mut self, printer: Printer) {
        let printer = if self.waits { printer } else { printer.impatient() };
        self.printing = Some(tokio::spawn(printer.follow(self.client.events())));
    }

    /// Does that until it is done, the user wants to end, or nobody reads the output.
    pub(crate) async fn unless_told(&mut self, doing: impl AsyncFnOnce(&mut Self) -> Ending) -> Ending {
        let (interrupts, screen) = (self.app.interrupts.clone(), self.app.screen.clone());
        tokio::select! {
            ending = doing(self) => ending,
            () = interrupts.told() => Ending::Interrupted,
            () = screen.closed() => Ending::Unread,
        }
    }

    /// Says every line as it is, until there are no more, and all are delivered or no more are.
    pub(crate) async fn relay(&mut self, lines: &mut impl Lines) -> Ending {
        loop {
            let may_read = self.on_their_way.len() < WINDOW;
            tokio::select! {
                event = self.events.next() => if let Some(ending) = self.ending(event).await {
                    return ending;
                },
                Some(outcome) = self.on_their_way.next() => self.settle(outcome).await,
                line = lines.next(), if may_read => match line {
                    Some(line) if line.trim().is_empty() => {}
                    Some(line) => self.say(&line).await,
                    None => return self.deliver().await,
                },
            }
        }
    }

    /// Says something.
    pub(crate) async fn say(&mut self, text: &str) {
        match self.room().send(text).await {
            Ok(receipt) => self.on_their_way.push(receipt),
            Err(RequestError::Refused(refusal)) => self.settle(Err(refusal.into())).await,
            Err(_) => self.settle(Err(DeliveryError::Closed)).await,
        }
    }

    /// Waits until all is delivered, or nothing was for too long.
    pub(crate) async fn deliver(&mut self) -> Ending {
        let mut deadline = Instant::now() + self.patience;
        while !self.on_their_way.is_empty() {
            tokio::select! {
                event = self.events.next() => if let Some(ending) = self.ending(event).await {
                    return ending;
                },
                Some(outcome) = self.on_their_way.next() => {
                    self.settle(outcome).await;
                    deadline = Instant::now() + self.patience;
                }
                () = sleep_until(deadline) => break,
            }
        }
        Ending::Done
    }

    /// Stays until it is over.
    pub(crate) async fn stay(&mut self) -> Ending {
        loop {
            let event = self.events.next().await;
            if let Some(ending) = self.ending(event).await {
                return ending;
            }
        }
    }

    /// Says goodbye, and what was not delivered.
    pub(crate) async fn end(mut self, ending: Ending) -> Exit {
        self.app.interrupts.insist();
        let patience = match ending {
            Ending::Interrupted | Ending::Unread => HASTE,
            Ending::Done | Ending::HostClosed | Ending::Removed | Ending::Over(_) => Duration::ZERO,
        };
        let _ = timeout(patience + AFTERMATH, self.client.shutdown(patience)).await;
        while let Some(Some(outcome)) = self.on_their_way.next().now_or_never() {
            self.undelivered += usize::from(outcome.is_err());
        }
        self.undelivered += mem::take(&mut self.on_their_way).len();
        if let Some(printing) = self.printing.take() {
            let _ = timeout(AFTERMATH, printing).await;
        }
        let screen = &self.app.screen;
        if self.undelivered > 0 {
            let are = if self.undelivered == 1 { " message was" } else { " messages were" };
            let words =
                |line: Line| line.theirs(self.undelivered).ours(are).ours(" not delivered, as far as is known.");
            screen.warn(words).await;
        }
        match ending {
            Ending::Over(cause) if Exit::of_end(cause) != Exit::Done => {
                screen.warn(|line| line.ours("It is over: ").theirs(cause).ours(".")).await;
                Exit::of_end(cause)
            }
            Ending::Removed => Exit::Refused,
            _ if self.undelivered > 0 => Exit::Undelivered,
            _ => Exit::Done,
        }
    }

    /// Why an event ends it, if it does.
    async fn ending(&self, event: Option<Event>) -> Option<Ending> {
        match event {
            Some(Event::Disconnected { cause: Ended::Told(CloseReason::HostClosed), .. }) if !self.waits => {
                Some(Ending::HostClosed)
            }
            Some(Event::Closed { cause }) => Some(Ending::Over(cause)),
            Some(Event::Removed { room, why, reason }) if room == self.room => {
                self.app.screen.warn(|line| removed(line, &self.label, why, reason.as_deref())).await;
                Some(Ending::Removed)
            }
            None => Some(Ending::Over(Ended::Here(CloseReason::Left))),
            Some(_) => None,
        }
    }

    /// Something that was said has its outcome.
    async fn settle(&mut self, outcome: Result<Delivered, DeliveryError>) {
        let Err(error) = outcome else { return };
        self.undelivered += 1;
        let words = |line: Line| match error {
            DeliveryError::Refused(refusal) => refused(line, &Attempt::Say, &self.label, refusal),
            error => failed(line, &Attempt::Say, &self.label).ours(": ").theirs(error).ours("."),
        };
        self.app.screen.warn(words).await;
    }
}

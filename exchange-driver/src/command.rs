//! From handles to the engine.

use std::{pin::Pin, task, time::Duration};

use exchange_core::{Body, Event, MessageId, Outcome, Page, PageFrom, Refusal, RoomName};
use futures_channel::oneshot;
use futures_core::Stream;

use crate::{engine::Participant, error::RequestError, runtime::BoxStream, stats::Stats};

/// Commands that may wait at once; more make whoever gives them wait.
const WAITING: usize = 256;

pub(crate) enum Command {
    Run(Request),
    Post { room: RoomName, body: Body, reply: oneshot::Sender<Posted> },
    Fetch { room: RoomName, from: PageFrom, count: u32, reply: oneshot::Sender<Fetched> },
    Accept(BoxStream),
    Report(Event),
    Count(oneshot::Sender<Stats>),
    Shutdown { patience: Duration, reply: oneshot::Sender<usize> },
}

impl Drop for Commands {
    /// The channel keeps what is in it as long as anybody could send: whoever waits for an answer would wait for ever.
    fn drop(&mut self) {
        self.0.close();
        while self.0.try_recv().is_ok() {}
    }
}

/// Something to be done or asked in a round.
pub(crate) type Request = Box<dyn FnOnce(&mut dyn Participant) + Send>;

/// A message that was taken, and where its outcome will be told.
pub(crate) type Posted = Result<(MessageId, oneshot::Receiver<Outcome>), Refusal>;

/// A page, or why it cannot be had.
pub(crate) type Fetched = Result<Page, Refusal>;

/// The engine's end.
pub(crate) struct Commands(Pin<Box<async_channel::Receiver<Command>>>);

impl Stream for Commands {
    type Item = Command;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> task::Poll<Option<Command>> {
        self.0.as_mut().poll_next(cx)
    }
}

/// A handle's end. The engine ends its session when the last one is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Commander(async_channel::Sender<Command>);

/// A handle's end that keeps nothing alive.
#[derive(Clone, Debug)]
pub(crate) struct WeakCommander(async_channel::WeakSender<Command>);

pub(crate) fn channel() -> (Commander, Commands) {
    let (sender, receiver) = async_channel::bounded(WAITING);
    (Commander(sender), Commands(Box::pin(receiver)))
}

impl Commander {
    pub(crate) fn downgrade(&self) -> WeakCommander {
        WeakCommander(self.0.downgrade())
    }

    pub(crate) async fn give(&self, command: Command) -> Result<(), RequestError> {
        self.0.send(command).await.map_err(|_| RequestError::Closed)
    }

    /// Has something done in the engine's next round.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut dyn Participant) -> T + Send + 'static,
    ) -> Result<T, RequestError> {
        let (reply, answer) = oneshot::channel();
        let run = move |participant: &mut dyn Participant| {
            // Whoever asked may have gone.
            let _ = reply.send(question(participant));
        };
        self.give(Command::Run(Box::new(run))).await?;
        answer.await.map_err(|_| RequestError::Closed)
    }
}

impl WeakCommander {
    pub(crate) fn upgrade(&self) -> Option<Commander> {
        self.0.upgrade().map(Commander)
    }
}

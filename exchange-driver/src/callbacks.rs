//! Callbacks: run in a task of their own, one after the other, in the order of what happened.

use std::{error::Error, future::Future, panic::AssertUnwindSafe, pin::Pin};

use exchange_core::{Event, Message};
use futures_util::FutureExt as _;

use crate::{
    command::{Command, WeakCommander},
    events::Events,
};

/// What a callback may fail with.
pub type BoxError = Box<dyn Error + Send + Sync>;

type Running = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

type Callback<H> = Box<dyn Fn(H, Event) -> Option<Running> + Send + Sync>;

/// The callbacks of a host or a client.
pub(crate) struct Callbacks<H>(Vec<Callback<H>>);

impl<H: Send + 'static> Callbacks<H> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn on_event<F>(&mut self, callback: impl Fn(H, Event) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.0.push(Box::new(move |handle, event| Some(Box::pin(callback(handle, event)))));
    }

    pub(crate) fn on_message<F>(&mut self, callback: impl Fn(H, Message) -> F + Send + Sync + 'static)
    where
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.0.push(Box::new(move |handle, event| match event {
            Event::Message(message) => Some(Box::pin(callback(handle, message))),
            _ => None,
        }));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls them for every event, until there are no more. `handle` gives what they are called with, as long as
    /// somebody else holds on to the session: callbacks alone do not keep it going.
    pub(crate) async fn run(
        self,
        mut events: Events,
        weak: WeakCommander,
        handle: impl Fn(crate::command::Commander) -> H,
    ) {
        while let Some(event) = events.next().await {
            if matches!(event, Event::CallbackFailed { .. }) {
                // Or a callback that always fails would be busy for ever.
                continue;
            }
            for callback in &self.0 {
                let Some(commander) = weak.upgrade() else { return };
                let calling = async {
                    match callback(handle(commander), event.clone()) {
                        Some(running) => running.await,
                        None => Ok(()),
                    }
                };
                let failure = match AssertUnwindSafe(calling).catch_unwind().await {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => error.to_string(),
                    Err(panic) => panic_message(&*panic),
                };
                if let Some(commander) = weak.upgrade() {
                    let report = Event::CallbackFailed { error: failure.into() };
                    // If the session is over, there is nobody left to tell.
                    let _ = commander.give(Command::Report(report)).await;
                }
            }
        }
    }
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let message = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", message.unwrap_or("for an unknown reason"))
}

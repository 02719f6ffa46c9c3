//! What happens, as a stream or one at a time.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use async_broadcast::{Receiver, RecvError, TryRecvError};
use exchange_core::Event;
use futures_core::Stream;

/// Events that wait for whoever is slow; older ones give way.
const KEPT: usize = 4096;

/// So many events in one go are enough: whoever reads them has its turn before older ones give way.
pub(crate) const ENOUGH: usize = KEPT / 4;

/// The events of a session, from its start on, as far back as they are kept: the last 4096.
///
/// Each such stream sees every event. One that is read too slowly never holds up the network or the others: it is told
/// [`Event::Lagged`] with the number it missed, and goes on with the oldest that is kept. It ends after
/// [`Event::Closed`].
#[derive(Clone, Debug)]
pub struct Events(Receiver<Event>);

impl Events {
    /// The next event if there is one, without waiting: for loops that have other things to do.
    pub fn try_event(&mut self) -> Option<Event> {
        match self.0.try_recv() {
            Ok(event) => Some(event),
            Err(TryRecvError::Overflowed(missed)) => Some(Event::Lagged { missed }),
            Err(TryRecvError::Empty | TryRecvError::Closed) => None,
        }
    }

    /// Waits for the next event; `None` when no more will come.
    ///
    /// # Cancel safety
    ///
    /// Cancel-safe: an event that was not returned stays.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        Pin::new(&mut self.0).poll_recv(cx).map(|received| {
            received.map(|received| match received {
                Ok(event) => event,
                Err(RecvError::Overflowed(missed)) => Event::Lagged { missed },
                // Told as the end of the stream, never as an error; no number is missed.
                Err(RecvError::Closed) => Event::Lagged { missed: 0 },
            })
        })
    }
}

pub(crate) fn channel() -> (async_broadcast::Sender<Event>, Events) {
    let (mut sender, receiver) = async_broadcast::broadcast(KEPT);
    sender.set_overflow(true);
    (sender, Events(receiver))
}

//! What comes to the engine from outside by itself: connections, those it has asked for too, what was kept, and
//! another network.

use std::{
    net::IpAddr,
    sync::PoisonError,
    task::{Context, Poll},
    time::Duration,
};

use exchange_core::{
    Input, LinkId, Time,
    wire::{Keyring, Wire},
};

use super::{
    Dialed, Engine, Machine, Participant as _, Phase, Reached,
    link::{LinkIo, WINDOW},
};
use crate::{
    error::NetworkError,
    runtime::{Listener as _, Runtime, Transport},
};

/// Connections that are taken of each listener in one round.
const ACCEPTS: usize = 4;

/// How long nothing is accepted after accepting failed, which is when descriptors have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A connection that somebody else has made, and where it comes from, if that is known.
pub(super) type Incoming<S> = (Transport<S>, Option<IpAddr>);

impl<R: Runtime, M: Machine> Engine<R, M> {
    pub(super) fn accept(&mut self, now: Time, cx: &mut Context<'_>, incoming: &mut Vec<Incoming<R::Stream>>) -> bool {
        if self.accept_again.is_some_and(|at| at > now) || !matches!(self.phase, Phase::Running) {
            return false;
        }
        if cfg!(exchange_bug = "accept-once") && self.next_link > 1 {
            return false;
        }
        self.accept_again = None;
        for listener in &mut self.listeners {
            for _ in 0..ACCEPTS {
                match listener.poll_accept(cx) {
                    Poll::Pending => break,
                    Poll::Ready(Ok((stream, from))) => {
                        tracing::debug!(%from, "accepted");
                        incoming.push((Transport::Native(stream), Some(from.ip())));
                    }
                    Poll::Ready(Err(error)) => {
                        tracing::warn!(%error, "cannot accept connections for now");
                        self.accept_again = Some(now + ACCEPT_PAUSE);
                        break;
                    }
                }
            }
        }
        !incoming.is_empty()
    }

    pub(super) fn admit(&mut self, now: Time, incoming: Vec<Incoming<R::Stream>>) {
        for (stream, from) in incoming {
            let id = LinkId(self.next_link);
            self.next_link += 1;
            let keys = self.keyring.as_mut().map(Keyring::keys);
            self.insert(id, stream, Wire::host(self.offer.clone()).secured(keys));
            self.machine.round(now, &mut self.out).handle(Input::LinkUp { link: id, credit: WINDOW, from });
        }
    }

    pub(super) fn poll_dialing(&mut self, cx: &mut Context<'_>) -> Option<Dialed<R::Stream>> {
        let (link, dialing) = self.dialing.as_mut()?;
        let Poll::Ready(result) = dialing.as_mut().poll(cx) else { return None };
        let link = *link;
        self.dialing = None;
        Some((link, result))
    }

    pub(super) fn poll_keeper(&mut self, cx: &mut Context<'_>) -> bool {
        let kept = self.keeper.as_mut().and_then(|keeper| keeper.poll(cx));
        self.owed.extend(kept);
        kept.is_some()
    }

    pub(super) fn poll_network(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(changes) = &mut self.network_changes else { return false };
        match changes.as_mut().poll_next(cx) {
            Poll::Ready(Some(())) => {
                self.owed.push(Input::NetworkChanged);
                true
            }
            Poll::Ready(None) => {
                self.network_changes = None;
                false
            }
            Poll::Pending => false,
        }
    }

    pub(super) fn dialed(&mut self, now: Time, link: LinkId, result: Result<Reached<R::Stream>, NetworkError>) {
        let input = match result {
            Ok(Reached { stream, claimed }) => {
                // Who was met there counts for more than what anybody announces.
                let expected = self.machine.expects().or(claimed);
                let keys = self.keyring.as_mut().map(|keyring| keyring.keys().expecting(expected));
                let shows_secret = self.machine.shows_secret();
                let keys = keys.map(|keys| if shows_secret { keys } else { keys.without_secret() });
                let wire = Wire::client(self.offer.clone()).secured(keys);
                let opening = wire.opening();
                let place = self.insert(link, stream, wire);
                if let Some(link) = self.links.get_mut(place) {
                    link.say_for_wire(opening);
                }
                Input::LinkUp { link, credit: WINDOW, from: None }
            }
            Err(error) => {
                tracing::debug!(%error, "cannot connect");
                let loss = error.as_loss();
                *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                Input::LinkDown { link, loss }
            }
        };
        self.machine.round(now, &mut self.out).handle(input);
    }

    fn insert(&mut self, id: LinkId, stream: Transport<R::Stream>, wire: Wire) -> usize {
        let place = self.links.vacant_key();
        self.stats.links_ever += 1;
        let link = LinkIo::new(id, stream, wire, self.ready.waker(place));
        link.wake();
        self.links.insert(link);
        self.places.insert(id, place);
        place
    }
}

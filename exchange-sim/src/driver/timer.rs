//! Alarms, by a machine's clock or by the world's.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use exchange_core::Time;
use exchange_driver::Timer;

use super::kernel::Shared;
use crate::net::NodeId;

/// An alarm.
#[derive(Debug)]
pub struct SimTimer {
    shared: Shared,
    place: usize,
}

impl SimTimer {
    pub(super) fn new(shared: Shared, node: Option<NodeId>) -> Self {
        let place = shared.lock().add_alarm(node);
        Self { shared, place }
    }
}

impl Timer for SimTimer {
    fn set(self: Pin<&mut Self>, at: Time) {
        self.shared.lock().set_alarm(self.place, at);
    }

    fn poll_ring(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (rings, _before) = self.shared.lock().poll_alarm(self.place, cx.waker());
        if rings { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for SimTimer {
    fn drop(&mut self) {
        let alarm = self.shared.lock().drop_alarm(self.place);
        drop(alarm);
    }
}

/// Waits until some time has passed.
#[derive(Debug)]
pub struct Sleep(SimTimer);

impl Sleep {
    pub(super) fn new(mut timer: SimTimer, until: Time) -> Self {
        Pin::new(&mut timer).set(until);
        Self(timer)
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll_ring(cx)
    }
}

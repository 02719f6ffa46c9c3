//! Alarms. They are few milliseconds away, because the clock of a runtime cannot be hurried.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Wake, Waker},
    time::Duration,
};

use exchange_driver::{Runtime, Timer, core::Time};

use crate::bed::{Bed, now_or_never};

const SOON: Duration = Duration::from_millis(20);
const HOUR: Duration = Duration::from_secs(3600);

fn ring<T: Timer>(timer: &mut Pin<Box<T>>) -> impl Future<Output = ()> + Unpin {
    poll_fn(|cx| timer.as_mut().poll_ring(cx))
}

pub(crate) async fn an_alarm_rings_when_its_time_has_come_and_not_before<R: Runtime>(bed: Bed<R>) {
    let mut timer = Box::pin(bed.runtime.timer());
    let at = bed.runtime.now() + SOON;
    timer.as_mut().set(at);
    ring(&mut timer).await;
    assert!(bed.runtime.now() >= at);
}

pub(crate) async fn an_alarm_that_is_set_to_an_earlier_time_rings_then<R: Runtime>(bed: Bed<R>) {
    let mut timer = Box::pin(bed.runtime.timer());
    timer.as_mut().set(bed.runtime.now() + HOUR);
    assert_eq!(now_or_never(&mut ring(&mut timer)).await, None);
    let at = bed.runtime.now() + SOON;
    timer.as_mut().set(at);
    ring(&mut timer).await;
    assert!(at <= bed.runtime.now() && bed.runtime.now() < at + HOUR);
}

pub(crate) async fn an_alarm_that_is_set_to_a_later_time_does_not_ring_before<R: Runtime>(bed: Bed<R>) {
    let mut timer = Box::pin(bed.runtime.timer());
    timer.as_mut().set(bed.runtime.now() + SOON);
    assert_eq!(now_or_never(&mut ring(&mut timer)).await, None);
    let at = bed.runtime.now() + 3 * SOON;
    timer.as_mut().set(at);
    ring(&mut timer).await;
    assert!(bed.runtime.now() >= at);
}

pub(crate) async fn an_alarm_that_has_rung_can_be_set_again<R: Runtime>(bed: Bed<R>) {
    let mut timer = Box::pin(bed.runtime.timer());
    for _ in 0..3 {
        let at = bed.runtime.now() + SOON;
        timer.as_mut().set(at);
        assert_eq!(now_or_never(&mut ring(&mut timer)).await, None);
        ring(&mut timer).await;
        assert!(bed.runtime.now() >= at);
    }
}

pub(crate) async fn an_alarm_whose_time_is_past_rings_at_once<R: Runtime>(bed: Bed<R>) {
    let mut timer = Box::pin(bed.runtime.timer());
    for at in [Time::ZERO, bed.runtime.now()] {
        timer.as_mut().set(at);
        ring(&mut timer).await;
    }
}

pub(crate) async fn an_alarm_that_was_not_set_does_not_ring<R: Runtime>(bed: Bed<R>) {
    let (mut unset, mut other) = (Box::pin(bed.runtime.timer()), Box::pin(bed.runtime.timer()));
    other.as_mut().set(bed.runtime.now() + SOON);
    assert_eq!(now_or_never(&mut ring(&mut unset)).await, None);
    ring(&mut other).await;
    assert_eq!(now_or_never(&mut ring(&mut unset)).await, None);
    let at = bed.runtime.now() + SOON;
    unset.as_mut().set(at);
    ring(&mut unset).await;
    assert!(bed.runtime.now() >= at);
}

pub(crate) async fn an_alarm_at_the_end_of_time_does_not_ring<R: Runtime>(bed: Bed<R>) {
    let (mut last, mut other) = (Box::pin(bed.runtime.timer()), Box::pin(bed.runtime.timer()));
    last.as_mut().set(Time::ZERO + Duration::MAX);
    other.as_mut().set(bed.runtime.now() + SOON);
    assert_eq!(now_or_never(&mut ring(&mut last)).await, None);
    ring(&mut other).await;
    assert_eq!(now_or_never(&mut ring(&mut last)).await, None);
    last.as_mut().set(bed.runtime.now() + SOON);
    ring(&mut last).await;
}

pub(crate) async fn an_alarm_wakes_whoever_has_asked_last<R: Runtime>(bed: Bed<R>) {
    let mut timer = Box::pin(bed.runtime.timer());
    timer.as_mut().set(bed.runtime.now() + SOON);
    let earlier = Arc::new(Count::default());
    assert!(timer.as_mut().poll_ring(&mut Context::from_waker(&Waker::from(Arc::clone(&earlier)))).is_pending());
    // It is polled by this task from here on, and only when it was woken.
    ring(&mut timer).await;
    assert_eq!(earlier.0.load(Ordering::Relaxed), 0);
}

#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

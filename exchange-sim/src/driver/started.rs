//! What came of something that runs by itself.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

/// Something that runs by itself. Dropping this does not end it.
///
/// As a future it is ready when that has ended: with what came of it, or with nothing if its machine crashed.
#[derive(Debug)]
pub struct Started<T>(Arc<Mutex<Outcome<T>>>);

#[derive(Debug)]
struct Outcome<T> {
    value: Option<T>,
    is_over: bool,
    waker: Option<Waker>,
}

/// Says that it is over, whether it was done or dropped.
struct Ending<T>(Arc<Mutex<Outcome<T>>>);

pub(super) fn pair<F>(future: F) -> (impl Future<Output = ()> + Send + use<F>, Started<F::Output>)
where
    F: Future<Output: Send> + Send + 'static,
{
    let outcome = Arc::new(Mutex::new(Outcome { value: None, is_over: false, waker: None }));
    let ending = Ending(Arc::clone(&outcome));
    let run = async move {
        let value = future.await;
        ending.0.lock().unwrap_or_else(PoisonError::into_inner).value = Some(value);
    };
    (run, Started(outcome))
}

impl<T> Drop for Ending<T> {
    fn drop(&mut self) {
        let mut outcome = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        outcome.is_over = true;
        let waker = outcome.waker.take();
        drop(outcome);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl<T> Future for Started<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut outcome = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if outcome.is_over {
            return Poll::Ready(outcome.value.take());
        }
        outcome.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

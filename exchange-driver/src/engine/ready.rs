//! The links that have something to do. Each has a waker of its own, so that a round looks at those and no others.

use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

use atomic_waker::AtomicWaker;

#[derive(Debug, Default)]
pub(super) struct ReadySet {
    ready: Mutex<Vec<usize>>,
    task: AtomicWaker,
}

impl ReadySet {
    /// Names the task to wake.
    pub(super) fn register(&self, task: &Waker) {
        self.task.register(task);
    }

    /// Swaps the links that are ready with an empty list.
    pub(super) fn take(&self, into: &mut Vec<usize>) {
        into.clear();
        mem::swap(into, &mut *self.ready.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn waker(self: &Arc<Self>, index: usize) -> Arc<LinkWaker> {
        Arc::new(LinkWaker { index, queued: AtomicBool::new(false), set: Arc::clone(self) })
    }
}

#[derive(Debug)]
pub(super) struct LinkWaker {
    index: usize,
    queued: AtomicBool,
    set: Arc<ReadySet>,
}

impl LinkWaker {
    /// Puts the link on the list for the next round, to which whoever calls sees that it comes.
    pub(super) fn again(&self) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.set.ready.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
        }
    }

    /// From here on, waking puts the link on the list again.
    pub(super) fn taken(&self) {
        self.queued.store(cfg!(exchange_bug = "waker-lost"), Ordering::Release);
    }
}

impl Wake for LinkWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            self.set.ready.lock().unwrap_or_else(PoisonError::into_inner).push(self.index);
            self.set.task.wake();
        }
    }
}

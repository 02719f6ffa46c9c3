//! Clocks, seeds and tasks.

use std::thread;

use exchange_driver::{Runtime, core::Time};
use futures_channel::oneshot;

use crate::bed::Bed;

pub(crate) async fn it_never_goes_back<R: Runtime>(bed: Bed<R>) {
    let clone = bed.runtime.clone();
    let mut last = Time::ZERO;
    for _ in 0..1000 {
        for now in [bed.runtime.now(), clone.now()] {
            assert!(now >= last, "{last:?}, then {now:?}");
            last = now;
        }
    }
}

pub(crate) async fn two_seeds_are_never_the_same<R: Runtime>(bed: Bed<R>) {
    assert!(bed.runtime.seed().unwrap() != bed.runtime.seed().unwrap());
}

pub(crate) async fn a_task_runs_by_itself_to_its_end<R: Runtime>(bed: Bed<R>) {
    let (told, done) = oneshot::channel();
    let runtime = bed.runtime.clone();
    bed.runtime.spawn(async move {
        let (begun, inner) = oneshot::channel();
        runtime.spawn(async move { begun.send(20).unwrap() });
        told.send(inner.await.unwrap() + 1).unwrap();
    });
    assert_eq!(done.await, Ok(21));
}

pub(crate) async fn handles_of_a_runtime_work_in_any_thread<R: Runtime>(bed: Bed<R>) {
    let runtime = bed.runtime.clone();
    let (told, done) = oneshot::channel();
    let spawn = move || {
        let timer = runtime.timer();
        runtime.spawn(async move { told.send(timer).map_err(drop).unwrap() });
        runtime.now()
    };
    let then = thread::spawn(spawn).join().unwrap();
    assert!(done.await.is_ok());
    assert!(bed.runtime.now() >= then);
}

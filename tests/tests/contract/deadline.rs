//! Runs one case, in time, and looks at what it has left behind.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook},
    pin::pin,
    sync::{PoisonError, RwLock, mpsc},
    thread,
};

use exchange_driver::{Runtime, Timer as _};
use exchange_tests::{PATIENCE, faulty::Fault, watched::Alive};
use futures_util::future::{Either, select};

use crate::{
    bed::Bed,
    cases::{Case, Need, Run},
    column::Column,
};

/// Cases that look at the whole process have it to themselves.
static PROCESS: RwLock<()> = RwLock::new(());

thread_local! {
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What panics say is in the outcome of their case; many are wanted.
pub(crate) fn keep_quiet_about_panics() {
    set_hook(Box::new(|panic| SAID.set(Some(panic.to_string()))));
}

/// Runs a case on a runtime with this fault, or none; says what was wrong.
pub(crate) fn outcome<C: Column>(case: &Case<C::Runtime>, fault: Option<Fault>) -> Result<(), String> {
    let is_alone = case.need == Some(Need::Descriptors);
    let _alone = is_alone.then(|| PROCESS.write().unwrap_or_else(PoisonError::into_inner));
    let _together = (!is_alone).then(|| PROCESS.read().unwrap_or_else(PoisonError::into_inner));
    let (run, (ended, ending)) = (case.run, mpsc::channel());
    // A thread of its own: a case that blocks it fails, and the others go on.
    thread::spawn(move || {
        let judged = AssertUnwindSafe(|| C::run(|runtime| judge(run, Bed::new(runtime, fault))));
        let outcome = catch_unwind(judged).unwrap_or_else(|_| Err(SAID.take().unwrap_or_default()));
        // Nobody listens who has given up waiting.
        let _ = ended.send(outcome);
    });
    ending.recv_timeout(2 * PATIENCE).unwrap_or_else(|_| Err("it blocks its thread".into()))
}

async fn judge<R: Runtime>(run: Run<R>, bed: Bed<R>) -> Result<(), String> {
    let runtime = bed.runtime.clone();
    in_time(runtime.inner(), run(bed)).await.ok_or_else(|| format!("it hangs, with {:?}", runtime.alive()))?;
    let gone = in_time(runtime.inner(), runtime.until(|alive| alive == Alive::default())).await;
    gone.ok_or_else(|| format!("it leaves something behind: {:?}", runtime.alive()))?;
    match runtime.panics().as_slice() {
        [] => Ok(()),
        panics => Err(format!("tasks have panicked: {}", panics.join("; "))),
    }
}

/// What comes of it, if anything does in time. The alarm is of a runtime without faults.
async fn in_time<R: Runtime, F: Future>(runtime: &R, future: F) -> Option<F::Output> {
    let mut timer = pin!(runtime.timer());
    timer.as_mut().set(runtime.now() + PATIENCE);
    let late = std::future::poll_fn(|cx| timer.as_mut().poll_ring(cx));
    match select(pin!(future), late).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

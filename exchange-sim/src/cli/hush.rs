//! A panic in a run is a finding and is reported as one. Where thousands of runs are tried, nobody wants to read each of
//! them on standard error besides.

use std::{cell::Cell, panic};

thread_local! {
    static IS_HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// Has panics say nothing while they are hushed; all others say what they always do.
pub(crate) fn prepare() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !IS_HUSHED.get() {
            usual(panic);
        }
    }));
}

/// Does it, and keeps panics of this thread quiet meanwhile.
pub(crate) fn hushed<T>(run: impl FnOnce() -> T) -> T {
    let before = IS_HUSHED.replace(true);
    let done = run();
    IS_HUSHED.set(before);
    done
}

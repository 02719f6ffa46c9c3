//! The systems that are ours, each as a process: this program again, in another role.

mod floor;
mod host;
mod tokio_floor;

use std::{io, io::Read as _, process, thread, time::Duration};

use exchange_tokio::{Runtime as _, Tokio};
use tokio::runtime::Builder;

use super::system::System;

/// The first argument of a process in that role; the system, how many links it is for and the seconds between heartbeats follow.
pub(super) const ROLE: &str = "--serve";

/// Is that system until whoever has started it is gone.
pub(super) fn serve(system: System, links: usize, heartbeat: Duration) -> io::Result<()> {
    end_with_starter();
    match system {
        System::Floor => floor::serve(false),
        System::SealedFloor => floor::serve(true),
        System::TokioFloor => Builder::new_current_thread().enable_all().build()?.block_on(tokio_floor::serve()),
        System::TokioMulti => {
            Builder::new_multi_thread().enable_all().build()?.block_on(host::on_tokio(links, heartbeat, false))
        }
        System::AsyncStd => async_std::task::block_on(host::on_async_std(links, heartbeat)),
        System::Exchange => {
            Builder::new_current_thread().enable_all().build()?.block_on(host::on_tokio(links, heartbeat, false))
        }
        _ => Builder::new_current_thread().enable_all().build()?.block_on(host::on_tokio(links, heartbeat, true)),
    }
}

/// Ends this process when whoever has started it is gone.
pub(super) fn end_with_starter() {
    thread::spawn(|| {
        // Nothing is said here but that the other side has ended.
        while io::stdin().read(&mut [0]).is_ok_and(|length| length > 0) {}
        process::exit(0);
    });
}

/// Whether this machine has instructions for AES, as hosts find out.
pub(super) fn has_aes() -> bool {
    Builder::new_current_thread().build().is_ok_and(|runtime| Tokio::new(runtime.handle().clone()).has_aes())
}

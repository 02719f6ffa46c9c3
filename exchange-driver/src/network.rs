//! Whether this machine's network has changed, from the operating system.

use std::{
    collections::BTreeSet,
    io,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use async_channel::Sender;
use futures_core::Stream;

use crate::discovery::is_virtual_interface;

/// How often to look. Not every operating system tells of changes by itself, and some tell of links but not of addresses.
/// With the two seconds that a link is then given to prove itself, whoever is cut off knows within three.
const INTERVAL: Duration = Duration::from_millis(500);

/// An item whenever the network has changed; changes in quick succession may be one. The thread that looks ends after the
/// last of those who ask; where there can be none, there are no items.
pub(crate) fn changes() -> impl Stream<Item = ()> + Send + 'static {
    let (watcher, changes) = async_channel::bounded(1);
    let mut watch = watch();
    watch.watchers.push(watcher);
    if !watch.is_running {
        let before = addresses().unwrap_or_default();
        let thread = thread::Builder::new().name("exchange-network".into());
        watch.is_running = thread.spawn(|| look(before)).is_ok();
    }
    changes
}

#[derive(Debug)]
struct Watch {
    is_running: bool,
    watchers: Vec<Sender<()>>,
}

fn watch() -> MutexGuard<'static, Watch> {
    static WATCH: Mutex<Watch> = Mutex::new(Watch { is_running: false, watchers: Vec::new() });
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

fn look(mut before: BTreeSet<(String, IpAddr)>) {
    loop {
        // Nobody unparks it, and if somebody did, it would look once too often.
        thread::park_timeout(INTERVAL);
        let now = addresses();
        let mut watch = watch();
        watch.watchers.retain(|watcher| !watcher.is_closed());
        if watch.watchers.is_empty() {
            watch.is_running = false;
            return;
        }
        if let Ok(now) = now
            && now != before
        {
            tracing::debug!(?now, "the network has changed");
            before = now;
            for watcher in &watch.watchers {
                // If it is full, it will be told anyway.
                let _ = watcher.try_send(());
            }
        }
    }
}

/// The addresses at which this machine is on a network now.
fn addresses() -> io::Result<BTreeSet<(String, IpAddr)>> {
    let interfaces = if_addrs::get_if_addrs()?.into_iter().filter(|interface| {
        interface.is_oper_up() && !interface.is_loopback() && !is_virtual_interface(&interface.name)
    });
    Ok(interfaces.map(|interface| (interface.name.clone(), interface.ip())).collect())
}

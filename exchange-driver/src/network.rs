//! Whether this machine's network has changed, from the operating system, or may have while the machine slept.

use std::{
    collections::BTreeSet,
    io, mem,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant, SystemTime},
};

use async_channel::Sender;
use futures_core::Stream;

use crate::discovery::is_virtual_interface;

/// How often to look. Not every operating system tells of changes by itself, and some tell of links but not of addresses.
/// With the two seconds that a link is then given to prove itself, whoever is cut off knows within three.
const INTERVAL: Duration = Duration::from_millis(500);

/// When a look is so late, the machine has slept, or this program was stopped: too long to be merely a busy machine.
const SLEEP: Duration = Duration::from_secs(5);

/// An item whenever the network has changed or may have; changes in quick succession may be one. The thread that looks ends after the
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
    let mut clocks = Clocks::read();
    loop {
        // Nobody unparks it, and if somebody did, it would look once too often.
        thread::park_timeout(INTERVAL);
        let slept = clocks.advance(Clocks::read()) > INTERVAL + SLEEP;
        let now = addresses();
        let mut watch = watch();
        watch.watchers.retain(|watcher| !watcher.is_closed());
        if watch.watchers.is_empty() {
            watch.is_running = false;
            return;
        }
        let changed = now.is_ok_and(|now| mem::replace(&mut before, now) != before);
        if changed || slept {
            tracing::debug!(?before, slept, "the network may have changed");
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

/// Both kinds of clock: while a machine sleeps, one may stand still, and the other may be set.
#[derive(Clone, Copy, Debug)]
struct Clocks {
    monotonic: Instant,
    wall: SystemTime,
}

impl Clocks {
    #[expect(clippy::disallowed_methods, reason = "the network that is looked at is the operating system's, too")]
    fn read() -> Self {
        Self { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    /// How much time has passed by then, as far as either can tell.
    fn advance(&mut self, now: Self) -> Duration {
        let before = mem::replace(self, now);
        let by_wall = now.wall.duration_since(before.wall).unwrap_or_default();
        now.monotonic.saturating_duration_since(before.monotonic).max(by_wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_has_passed_if_either_clock_says_so_and_none_if_one_was_set_back() {
        let [second, hour] = [1, 3600].map(Duration::from_secs);
        let began = Clocks::read();
        let Clocks { monotonic, wall } = began;
        let asleep = Clocks { monotonic: monotonic + second, wall: wall + hour };
        let stopped = Clocks { monotonic: asleep.monotonic + hour, wall: asleep.wall };
        let set_back = Clocks { monotonic: stopped.monotonic + second, wall };
        let mut clocks = began;
        assert_eq!([asleep, stopped, set_back].map(|now| clocks.advance(now)), [hour, hour, second]);
    }
}

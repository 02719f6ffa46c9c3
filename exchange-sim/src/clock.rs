//! What a machine's own clocks show: they drift, start anywhere, and the one on the wall can be set.

use std::time::Duration;

use exchange_core::{Time, Timestamp};

/// The two clocks of one machine.
///
/// The monotonic clock starts at zero, runs a little too fast or too slow, stands still while the machine sleeps if it
/// was told to, and never goes back. The wall clock goes with it, and steps.
#[derive(Clone, Debug)]
pub struct Clock {
    drift_ppm: i32,
    /// The moment of the world from which `local` counts.
    since: Time,
    local: u64,
    stopped: bool,
    wall_offset_ms: i64,
}

/// What the wall clock of a machine whose clock is right shows when the world begins.
const EPOCH_MS: i64 = 1_790_000_000_000;

impl Clock {
    /// A clock that runs so many millionths too fast, on a wall that is off by so much.
    pub fn new(drift_ppm: i32, wall_offset_ms: i64) -> Self {
        Self {
            drift_ppm: drift_ppm.clamp(-100_000, 100_000),
            since: Time::ZERO,
            local: 0,
            stopped: false,
            wall_offset_ms,
        }
    }

    /// What the monotonic clock shows at that moment of the world.
    pub fn local(&self, world: Time) -> Time {
        if self.stopped {
            return Time::from_nanos(self.local);
        }
        let elapsed = world.as_nanos().saturating_sub(self.since.as_nanos());
        if self.drift_ppm == 0 {
            return Time::from_nanos(self.local.saturating_add(elapsed));
        }
        let elapsed = i128::from(elapsed);
        let drifted = elapsed + elapsed * i128::from(self.drift_ppm) / 1_000_000;
        Time::from_nanos(self.local.saturating_add(u64::try_from(drifted).unwrap_or(0)))
    }

    /// The first moment of the world at which the monotonic clock shows that much.
    pub fn world(&self, local: Time) -> Time {
        let ahead = local.as_nanos().saturating_sub(self.local);
        if self.drift_ppm == 0 {
            return self.since + Duration::from_nanos(ahead);
        }
        let ahead = u128::from(ahead);
        let rate = u128::try_from(1_000_000 + i64::from(self.drift_ppm)).unwrap_or(1);
        let elapsed = (ahead * 1_000_000).div_ceil(rate);
        let mut world = self.since + Duration::from_nanos(u64::try_from(elapsed).unwrap_or(u64::MAX));
        // Both ways round down; an alarm must not ring before its time.
        while !self.stopped && self.local(world) < local && world.as_nanos() < u64::MAX {
            world = world + Duration::from_nanos(1);
        }
        world
    }

    /// What the wall clock shows at that moment of the world.
    pub fn wall(&self, world: Time) -> Timestamp {
        let local = i64::try_from(self.local(world).as_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let shown = EPOCH_MS.saturating_add(self.wall_offset_ms).saturating_add(local);
        Timestamp::from_millis(u64::try_from(shown).unwrap_or(0))
    }

    /// How far the wall clock is off; as long as that is the same, it goes with the monotonic clock.
    pub(crate) fn wall_offset_ms(&self) -> i64 {
        self.wall_offset_ms
    }

    /// Sets the wall clock, forwards or back.
    pub fn step_wall(&mut self, by_ms: i64) {
        self.wall_offset_ms = self.wall_offset_ms.saturating_add(by_ms);
    }

    /// The machine sleeps, and its monotonic clock with it.
    pub fn stop(&mut self, world: Time) {
        self.local = self.local(world).as_nanos();
        self.since = world;
        self.stopped = true;
    }

    /// It goes on from where it was; the wall clock is right again at once.
    pub fn go_on(&mut self, world: Time) {
        if std::mem::take(&mut self.stopped) {
            let slept = world.since(self.since).as_millis();
            self.since = world;
            self.step_wall(i64::try_from(slept).unwrap_or(i64::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_clock_that_drifts_is_off_by_so_much_after_an_hour_and_rings_no_alarm_early() {
        for drift in [-500, -1, 0, 1, 499] {
            let clock = Clock::new(drift, 0);
            let local = clock.local(Time::ZERO + HOUR);
            let off = i64::try_from(local.as_nanos()).unwrap() - i64::try_from(HOUR.as_nanos()).unwrap();
            assert_eq!(off, i64::from(drift) * 3_600_000);
            let world = clock.world(local);
            assert!(clock.local(world) >= local);
            assert!(world.as_nanos().abs_diff(HOUR.as_nanos().try_into().unwrap()) <= 2);
        }
    }

    #[test]
    fn a_machine_that_sleeps_wakes_with_an_old_monotonic_clock_and_a_right_one_on_the_wall() {
        let mut clock = Clock::new(0, 0);
        let asleep = Time::ZERO + HOUR;
        clock.stop(asleep);
        assert_eq!(clock.local(asleep + HOUR), asleep);
        clock.go_on(asleep + HOUR);
        assert_eq!(clock.local(asleep + HOUR), asleep);
        assert_eq!(clock.wall(asleep + HOUR), Clock::new(0, 0).wall(asleep + HOUR));
    }

    #[test]
    fn the_wall_clock_can_be_set_back_and_the_monotonic_one_does_not_mind() {
        let mut clock = Clock::new(0, 0);
        let before = (clock.local(Time::ZERO + HOUR), clock.wall(Time::ZERO + HOUR));
        clock.step_wall(-7_200_000);
        assert_eq!(clock.local(Time::ZERO + HOUR), before.0);
        assert_eq!(clock.wall(Time::ZERO + HOUR).as_millis(), before.1.as_millis() - 7_200_000);
    }
}

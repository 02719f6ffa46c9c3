//! How long something takes, as people say it.

use std::time::Duration;

const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];

/// A time in the largest unit that fits into it and the next below that, rounded up: whoever waits so long has waited
/// long enough.
pub(crate) fn spoken(time: Duration) -> String {
    let seconds = time.as_nanos().div_ceil(1_000_000_000);
    let fits = |(unit, _): &(u64, &str)| u128::from(*unit) <= seconds;
    match UNITS.iter().position(fits).map(|largest| &UNITS[largest..]) {
        Some([(unit, name), (below, below_name), ..]) => {
            let (unit, below) = (u128::from(*unit), u128::from(*below));
            let rounded = seconds.div_ceil(below) * below;
            match (rounded / unit, rounded % unit / below) {
                (whole, 0) => format!("{whole} {name}"),
                (whole, rest) => format!("{whole} {name} {rest} {below_name}"),
            }
        }
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_the_units_that_matter_and_never_too_short() {
        let rows = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (90, "1 min 30 s"),
            (3600, "1 h"),
            (3601, "1 h 1 min"),
            (5400, "1 h 30 min"),
            (86_399, "24 h"),
            (86_400 * 7 + 3600, "7 d 1 h"),
        ];
        for (seconds, expected) in rows {
            assert_eq!(spoken(Duration::from_secs(seconds)), expected);
        }
        assert_eq!(spoken(Duration::from_millis(1)), "1 s");
        assert_eq!(spoken(Duration::MAX).split(' ').count(), 4);
    }
}

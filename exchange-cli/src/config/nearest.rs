//! What is perhaps meant by a key that there is not.

use strsim::damerau_levenshtein;

use super::{
    file::PROFILE,
    key::{KEYS, TABLES},
};

/// The key or the table that looks most like that, if one does: also without its table, or where that is another.
pub(super) fn nearest(unknown: &str) -> Option<&'static str> {
    let written = unknown.to_lowercase().replace('-', "_");
    let last = |name: &'static str| name.rsplit('.').next().unwrap_or(name);
    let written_last = written.rsplit('.').next().unwrap_or(&written);
    // What there is, and yet not where it stands, is not what is meant.
    let names = KEYS.iter().map(|key| key.name).chain(TABLES).chain([PROFILE]).filter(|name| *name != unknown);
    let compared = names.map(|name| {
        let whole = damerau_levenshtein(&written, name);
        (damerau_levenshtein(written_last, last(name)), whole, name)
    });
    let (distance, _, name) = compared.min()?;
    // One letter in three may be another.
    (distance * 3 <= last(name).chars().count()).then_some(name)
}

/// The name that looks most like that, if one does.
pub(super) fn nearest_of(unknown: &str, names: &[&'static str]) -> Option<&'static str> {
    let written = unknown.to_lowercase().replace(['-', '_'], " ");
    let distances = names.iter().map(|name| (damerau_levenshtein(&written, name), *name));
    let (distance, name) = distances.min()?;
    (distance * 3 <= name.chars().count()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_a_little_differently_or_elsewhere_is_found() {
        for (unknown, meant) in [
            ("Nick", "nick"),
            ("no-discovery", "no_discovery"),
            ("interfaces", "interface"),
            ("port", "host.port"),
            ("join.port", "host.port"),
            ("join.stor", "join.store"),
            ("host.rooom", "host.room"),
            ("profiles", "profile"),
            ("colors.link", "colours.link"),
            ("color", "colours"),
        ] {
            assert_eq!(nearest(unknown), Some(meant), "{unknown}");
        }
    }

    #[test]
    fn of_values_those_that_are_written_a_little_differently_are_found() {
        let names = ["dark", "light", "bright blue"];
        for (unknown, meant) in [("drak", "dark"), ("Light", "light"), ("bright_blue", "bright blue")] {
            assert_eq!(nearest_of(unknown, &names), Some(meant), "{unknown}");
        }
        assert_eq!((nearest_of("solarized", &names), nearest_of("", &names)), (None, None));
    }

    #[test]
    fn what_is_something_else_is_not_taken_for_anything() {
        for unknown in ["", "tint", "host.secret", "a"] {
            assert_eq!(nearest(unknown), None, "{unknown}");
        }
    }
}

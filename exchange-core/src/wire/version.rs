use core::fmt;

/// A range of protocol versions, both ends included. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Versions {
    oldest: u16,
    newest: u16,
}

impl Versions {
    /// What this library speaks.
    pub const SUPPORTED: Self = Self { oldest: 1, newest: 1 };

    /// The range from `oldest` to `newest`, unless it is empty or starts at zero, which is no version.
    pub const fn new(oldest: u16, newest: u16) -> Option<Self> {
        if oldest == 0 || oldest > newest { None } else { Some(Self { oldest, newest }) }
    }

    /// The oldest version in it.
    pub const fn oldest(self) -> u16 {
        self.oldest
    }

    /// The newest version in it.
    pub const fn newest(self) -> u16 {
        self.newest
    }

    /// The newest version in both ranges.
    pub fn newest_common(self, other: Self) -> Option<u16> {
        let newest = self.newest.min(other.newest);
        (newest >= self.oldest.max(other.oldest)).then_some(newest)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.oldest == self.newest {
            write!(f, "{}", self.newest)
        } else {
            write!(f, "{}-{}", self.oldest, self.newest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_common_version_is_chosen_or_none() {
        let versions = |oldest, newest| Versions::new(oldest, newest).unwrap();
        assert_eq!(versions(1, 4).newest_common(versions(2, 3)), Some(3));
        assert_eq!(versions(1, 1).newest_common(versions(1, 9)), Some(1));
        assert_eq!(versions(1, 2).newest_common(versions(3, 4)), None);
    }

    #[test]
    fn an_empty_range_cannot_be_written() {
        assert_eq!(Versions::new(2, 1), None);
        assert_eq!(Versions::new(0, 1), None);
    }
}

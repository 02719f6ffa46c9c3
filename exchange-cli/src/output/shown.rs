//! Which events are shown, where it is not all of them.

use exchange_tokio::core::Event;

/// Which events are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    All,
    /// What became of one's own messages.
    Receipts,
}

impl Shown {
    pub(super) fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// Whether an event is shown.
    pub(super) fn takes(&self, event: &Event) -> bool {
        match self {
            Self::All => true,
            Self::Receipts => matches!(event, Event::Receipt { .. }),
        }
    }
}

#[cfg(test)]
mod tests {
    use exchange_tokio::core::RoomName;

    use super::*;

    #[test]
    fn who_comes_and_goes_is_shown_only_where_all_is() {
        let left = Event::RoomLeft { room: RoomName::lobby() };
        assert!(Shown::All.takes(&left) && !Shown::Receipts.takes(&left));
    }
}

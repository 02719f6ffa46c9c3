//! Which events are shown, where it is not all of them.

use exchange_tokio::core::{Event, RoomName, Seq};

/// Which events are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    All,
    /// What is said in a room after that place, what becomes of it, and where something of it is missing.
    After(RoomName, Seq),
    /// What became of one's own messages.
    Receipts,
}

impl Shown {
    pub(super) fn is_all(&self) -> bool {
        *self == Self::All
    }

    /// Whether the next event is shown.
    pub(super) fn takes(&mut self, event: &Event) -> bool {
        let (wanted, after) = match self {
            Self::All => return true,
            Self::Receipts => return matches!(event, Event::Receipt { .. }),
            Self::After(room, after) => (room, after),
        };
        let (room, seq) = match event {
            Event::Message(message) => (message.room(), message.seq()),
            Event::Edited { change, .. } | Event::Deleted { change } | Event::Reacted { change, .. } => {
                (change.room(), change.seq)
            }
            Event::Gap { room, to, .. } => (room, *to),
            Event::Forged { room, seq, .. } => (room, *seq),
            Event::Forked { room, .. } | Event::Removed { room, .. } => return room == wanted,
            // The places of the room's new log begin anew.
            Event::HistoryLost { room } if room == wanted => {
                *after = Seq::ZERO;
                return true;
            }
            Event::Lagged { .. } => return true,
            _ => return false,
        };
        room == wanted && seq > *after
    }
}

#[cfg(test)]
mod tests {
    use exchange_tokio::core::{GapReason, Peer, PeerId};

    use super::*;

    fn room(name: &str) -> RoomName {
        name.parse().unwrap()
    }

    fn forged(name: &str, seq: u64) -> Event {
        let peer = Peer { id: PeerId::from_bytes([1; 16]), nick: "bo".parse().unwrap() };
        Event::Forged { room: room(name), peer, seq: Seq(seq) }
    }

    #[test]
    fn of_a_room_only_what_comes_after_a_place_is_shown() {
        let mut shown = Shown::After(room("den"), Seq(5));
        let events = [forged("den", 5), forged("den", 6), forged("lobby", 6)];
        assert_eq!(events.map(|event| shown.takes(&event)), [false, true, false]);
        let gap = |from, to| Event::Gap { room: room("den"), from, to, reason: GapReason::Retention };
        assert!(!shown.takes(&gap(Seq(1), Seq(5))) && shown.takes(&gap(Seq(3), Seq(8))));
    }

    #[test]
    fn a_log_that_begins_anew_is_shown_from_its_beginning() {
        let mut shown = Shown::After(room("den"), Seq(5));
        assert!(!shown.takes(&Event::HistoryLost { room: room("lobby") }) && !shown.takes(&forged("den", 1)));
        assert!(shown.takes(&Event::HistoryLost { room: room("Den") }) && shown.takes(&forged("den", 1)));
    }

    #[test]
    fn who_comes_and_goes_is_shown_only_where_all_is() {
        let left = Event::RoomLeft { room: room("den") };
        assert!(Shown::All.takes(&left));
        assert!(!Shown::Receipts.takes(&left) && !Shown::After(room("den"), Seq::ZERO).takes(&left));
    }
}

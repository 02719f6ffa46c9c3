//! Looking for messages among those that are held.

use alloc::{string::String, vec::Vec};

use super::MessageView;
use crate::{ids::PeerId, time::Timestamp};

/// What is looked for: a message that is all of this as it stands now. Of nothing, every message that is not deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// It is of this author.
    pub by: Option<PeerId>,
    /// All of these are in its text, whatever their case.
    pub words: Vec<String>,
    /// It was said then or later, by the host's clock.
    pub since: Option<Timestamp>,
    /// It was said then or before, by the host's clock.
    pub until: Option<Timestamp>,
}

impl Search {
    /// Whether that message is one of those that are looked for.
    pub fn finds(&self, view: &MessageView) -> bool {
        let (message, text) = (view.message(), view.text().to_lowercase());
        !view.is_deleted()
            && self.by.is_none_or(|by| message.sender().id == by)
            && self.since.is_none_or(|since| message.timestamp() >= since)
            && self.until.is_none_or(|until| message.timestamp() <= until)
            && self.words.iter().all(|word| text.contains(&word.to_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Event, Fields, MessageId, Peer},
        ids::{Cmid, ProducerId, Seq},
        message::Body,
        name::RoomName,
    };

    fn said(author: u8, at: u64, text: &str) -> MessageView {
        let id = MessageId { room: RoomName::lobby(), producer: ProducerId::from_bytes([author; 8]), cmid: Cmid(1) };
        let sender = Peer { id: PeerId::from_bytes([author; 16]), nick: "bo".parse().unwrap() };
        let (seq, at, body) = (Seq(1), Timestamp::from_millis(at), Body::text(text));
        match Event::said(Fields { id, seq, sender, at, body, mine: false, replayed: false, proven: false }) {
            Event::Message(message) => MessageView::new(message),
            other => panic!("no message: {other:?}"),
        }
    }

    #[test]
    fn a_message_is_found_if_it_is_all_that_is_looked_for() {
        let view = said(1, 500, "Lunch at ÉTOILE");
        let by = |author| Search { by: Some(PeerId::from_bytes([author; 16])), ..Search::default() };
        let with = |words: &[&str]| Search { words: words.iter().map(|word| (*word).into()).collect(), ..by(1) };
        let between = |since, until| {
            let (since, until) = (Some(Timestamp::from_millis(since)), Some(Timestamp::from_millis(until)));
            Search { since, until, ..with(&["lunch"]) }
        };
        let found = [Search::default(), by(1), with(&["étoile", "LUNCH"]), between(500, 500)];
        assert!(found.iter().all(|search| search.finds(&view)));
        let missed = [by(2), with(&["lunch", "dinner"]), between(501, 600), between(400, 499)];
        assert!(!missed.iter().any(|search| search.finds(&view)));
    }

    #[test]
    fn a_message_is_found_by_what_it_says_now() {
        let mut view = said(1, 500, "lnuch");
        view.edit("lunch".into(), Seq(2));
        let find =
            |view: &MessageView, word: &str| Search { words: [word.into()].into(), ..Search::default() }.finds(view);
        assert!(find(&view, "lunch") && !find(&view, "lnuch"));
        view.delete();
        assert!(!find(&view, "lunch") && !Search::default().finds(&view));
    }
}

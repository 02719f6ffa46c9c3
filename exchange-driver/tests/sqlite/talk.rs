//! A host that says things, and has them kept in a file.

use std::path::Path;

use exchange_driver::{
    Store as _,
    core::{
        Body, Durability, Effect, Event, Host, HostConfig, Input, JoinFrom, Limits, Mentions, Outbox, Outcome,
        RoomName, Seed, Seq, Text, Time, Timestamp,
        message::{Delete, Edit},
    },
    sqlite::{Found, SqliteStore},
};

pub(crate) struct Talk {
    host: Host,
    store: SqliteStore,
    /// Each thing that is said takes a millisecond.
    wall: u64,
}

impl Talk {
    pub(crate) fn new(path: &Path) -> Self {
        let store = SqliteStore::open(path).unwrap();
        let host = Host::new(config(usize::MAX), &Seed::from_number(1), Time::ZERO);
        Self { host, store, wall: 0 }
    }

    /// The one that goes on with what is in the file.
    pub(crate) fn again(path: &Path, history_entries: usize) -> Self {
        let mut store = SqliteStore::open(path).unwrap();
        let rows = smol::block_on(store.load()).unwrap();
        let (seed, wall) = (Seed::from_number(2), Timestamp::default());
        let host = Host::restore(config(history_entries), &seed, Time::ZERO, wall, rows).unwrap();
        Self { host, store, wall: 1 << 20 }
    }

    /// Says all of this in a round of its own; where the last of it is.
    pub(crate) fn posts(&mut self, room: &RoomName, bodies: impl IntoIterator<Item = Body>) -> Seq {
        let mut out = Outbox::new();
        let mut round = self.host.round(Time::ZERO, &mut out);
        let is_member = round.host().joined_rooms().any(|joined| joined == room);
        if !is_member {
            round.join(room, JoinFrom::Head).unwrap();
        }
        for body in bodies {
            self.wall += 1;
            round.handle(Input::WallClock { at: Timestamp::from_millis(self.wall) });
            round.post(room, body).unwrap();
        }
        drop(round);
        let mut last = Seq::ZERO;
        loop {
            let effects: Vec<Effect> = out.drain().collect();
            let mut stored = None;
            for effect in effects {
                match effect {
                    Effect::Store { batch, changes } => {
                        smol::block_on(self.store.keep(changes)).unwrap();
                        stored = Some(batch);
                    }
                    Effect::Event(Event::Receipt { outcome: Outcome::Logged { seq, .. }, .. }) => last = seq.unwrap(),
                    _ => {}
                }
            }
            let Some(batch) = stored else { return last };
            self.host.handle(Time::ZERO, Input::Stored { batch }, &mut out);
        }
    }

    pub(crate) fn says(&mut self, text: &str) -> Seq {
        self.posts(&RoomName::lobby(), [Body::text(text)])
    }

    pub(crate) fn edits(&mut self, of: Seq, text: &str) {
        let (mentions, text) = (Mentions::default(), Text::from(text));
        self.posts(&RoomName::lobby(), [Body::Edit(Edit { of, mentions, text })]);
    }

    pub(crate) fn deletes(&mut self, of: Seq) {
        self.posts(&RoomName::lobby(), [Body::Delete(Delete { of })]);
    }

    /// Where those words are, newest first.
    pub(crate) fn finds(&self, words: &str) -> Vec<Seq> {
        self.found(words, None, usize::MAX).into_iter().map(|found| found.seq).collect()
    }

    pub(crate) fn found(&self, words: &str, room: Option<&RoomName>, limit: usize) -> Vec<Found> {
        smol::block_on(self.store.search(words, room, limit)).unwrap()
    }
}

fn config(history_entries: usize) -> HostConfig {
    let limits = Limits { history_entries, history_bytes: usize::MAX, ..Limits::default() };
    let config = HostConfig::new("Lab 3".parse().unwrap(), "ana".parse().unwrap());
    HostConfig { limits, store: Some(Durability::Fsynced), ..config }
}

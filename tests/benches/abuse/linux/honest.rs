//! Those who mean no harm: clients, each with an address of its own, who talk in the lobby and hear each other.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use exchange_tokio::{
    Client, Events, Room,
    core::{Event, JoinFrom, Message, PeerId, Seq},
};
use fastrand::Rng;
use futures_util::{StreamExt as _, stream::SelectAll};
use tokio::time::timeout;

use super::addresses;

pub(super) const PEOPLE: u8 = 10;

/// Each of them says something so often, at no particular moment within that time: below what a host allows in a second.
const EVERY: Duration = Duration::from_millis(70);

/// Nothing has arrived for so long: it never will.
const STALLED: Duration = Duration::from_secs(20);

pub(super) struct Honest {
    /// None of them leaves.
    clients: Vec<Client>,
    ears: SelectAll<Ear>,
    heard: Vec<Heard>,
    said: HashMap<PeerId, u64>,
    random: Rng,
}

/// The events of one of them, with whose they are.
type Ear = futures_util::stream::Map<Events, Box<dyn FnMut(Event) -> (usize, Event)>>;

/// What one of them has heard.
#[derive(Debug, Default)]
struct Heard {
    last: Seq,
    numbers: HashMap<PeerId, u64>,
}

/// A message that not everybody has been handed yet.
#[derive(Debug)]
struct Saying {
    meant_at: Instant,
    /// Where whoever was first found it.
    seq: Option<Seq>,
    heard_by: u8,
    /// When the last of those was handed it who did not say it.
    latest: Instant,
}

impl Honest {
    pub(super) async fn join(host: SocketAddr) -> io::Result<Self> {
        let (mut clients, mut ears) = (Vec::new(), SelectAll::new());
        for (index, number) in (0..PEOPLE.into()).zip(1..) {
            let client = Client::builder().nick(&format!("honest {number}")).no_discovery().lobby_from(JoinFrom::Head);
            let joined = client.join_by(move || addresses::stream(addresses::honest(number), host)).await;
            let client = joined.map_err(io::Error::other)?;
            let mark: Box<dyn FnMut(Event) -> (usize, Event)> = Box::new(move |event| (index, event));
            ears.push(client.events().map(mark));
            clients.push(client);
        }
        let said = clients.iter().map(|client| (client.me().id, 0)).collect();
        let heard = (0..PEOPLE).map(|_| Heard::default()).collect();
        Ok(Self { clients, ears, heard, said, random: Rng::with_seed(7) })
    }

    /// Talks for so long; gives how long each message took.
    ///
    /// # Errors
    ///
    /// If something is missing, doubled or misplaced, or a link is lost.
    pub(super) async fn talk(&mut self, length: Duration) -> io::Result<Vec<Duration>> {
        let begun = Instant::now();
        let mut schedule = Vec::new();
        for client in &self.clients {
            let mut slot = Duration::ZERO;
            while slot < length {
                schedule.push((begun + slot + EVERY.mul_f64(self.random.f64()), client.me().id, client.room("lobby")));
                slot += EVERY;
            }
        }
        schedule.sort_by_key(|(at, ..)| *at);
        let (mut texts, mut awaited) = (Vec::new(), HashMap::new());
        for (meant_at, who, room) in schedule {
            let number = self.said.entry(who).or_default();
            *number += 1;
            texts.push((meant_at, room, number.to_string()));
            awaited.insert((who, *number), Saying { meant_at, seq: None, heard_by: 0, latest: meant_at });
        }
        let saying = tokio::spawn(say(texts));
        let mut latencies = Vec::with_capacity(awaited.len());
        while !awaited.is_empty() {
            let next = timeout(STALLED, self.ears.next()).await;
            let (listener, event) = next
                .ok()
                .flatten()
                .ok_or_else(|| io::Error::other(format!("{} messages are missing for {STALLED:?}", awaited.len())))?;
            match event {
                Event::Message(message) => latencies.extend(self.hears(listener, &message, &mut awaited)?),
                wrong @ (Event::Lagged { .. } | Event::Gap { .. } | Event::Disconnected { .. }) => {
                    return Err(io::Error::other(format!("to {listener}: {wrong:?}")));
                }
                _ => {}
            }
        }
        saying.await??;
        Ok(latencies)
    }

    /// Gives how long the message took, if that was the last of those who had to hear it.
    fn hears(
        &mut self,
        listener: usize,
        message: &Message,
        awaited: &mut HashMap<(PeerId, u64), Saying>,
    ) -> io::Result<Option<Duration>> {
        let wrong = || io::Error::other(format!("to {listener}, out of place: {message:?}"));
        let heard = &mut self.heard[listener];
        if message.seq() <= heard.last {
            return Err(wrong());
        }
        heard.last = message.seq();
        let who = message.sender().id;
        if !self.said.contains_key(&who) {
            return Ok(None);
        }
        let number = heard.numbers.entry(who).or_default();
        *number += 1;
        let saying = awaited.get_mut(&(who, *number)).ok_or_else(wrong)?;
        if message.text() != number.to_string() || saying.seq.is_some_and(|seq| seq != message.seq()) {
            return Err(wrong());
        }
        saying.seq = Some(message.seq());
        saying.heard_by += 1;
        if !message.is_mine() {
            saying.latest = Instant::now();
        }
        let is_complete = saying.heard_by == PEOPLE;
        Ok(is_complete.then(|| awaited.remove(&(who, *number))).flatten().map(|said| said.latest - said.meant_at))
    }
}

async fn say(texts: Vec<(Instant, Room, String)>) -> io::Result<()> {
    for (meant_at, room, text) in texts {
        // tokio's timers are exact to a millisecond only.
        smol::Timer::at(meant_at).await;
        room.send(text).await.map_err(io::Error::other)?;
    }
    Ok(())
}

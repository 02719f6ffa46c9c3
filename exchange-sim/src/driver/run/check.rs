//! What has to hold of what everybody was told.

mod deeds;

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::{CloseReason, Ended, Event, Message, MessageId, Outcome, Refusal, RoomName, Seq};
use exchange_driver::DeliveryError;

use self::deeds::Deeds;
use super::life::{Life, SharedLife};

/// What the host's owner was told, which is all that was said.
struct Truth<'a> {
    messages: BTreeMap<(&'a RoomName, Seq), &'a Message>,
    by_id: BTreeMap<&'a MessageId, Seq>,
    deeds: Deeds<'a>,
}

pub(super) fn check(host: &Life, clients: &[(usize, SharedLife)]) -> Result<(), String> {
    let truth = Truth::of(host)?;
    let mut texts = BTreeSet::new();
    posts(host, &truth, &mut texts)?;
    for (_, life) in clients {
        let life = life.lock();
        told(&life, &truth)?;
        posts(&life, &truth, &mut texts)?;
        end(&life, host)?;
    }
    let invented = host.messages().find(|message| !texts.contains(message.text()));
    match invented {
        Some(message) => Err(format!("nobody posted {:?}", short(message.text()))),
        None => Ok(()),
    }
}

impl<'a> Truth<'a> {
    fn of(host: &'a Life) -> Result<Self, String> {
        let (mut messages, mut by_id, mut last) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut said = BTreeMap::new();
        for message in host.messages() {
            let (room, id) = (message.room(), message.id());
            if last.insert(room, message.seq()).is_some_and(|before| before >= message.seq()) {
                return Err(format!("the host was told of {} in {room:?} out of order", message.seq()));
            }
            if let Some(before) = by_id.insert(id, message.seq()) {
                return Err(format!("{id} was logged twice: as {before} and as {}", message.seq()));
            }
            if said.insert((room, id.producer), id.cmid).is_some_and(|before| before >= id.cmid) {
                return Err(format!("{id} was logged after a later one of its author's"));
            }
            messages.insert((room, message.seq()), message);
        }
        if host.events.iter().any(|event| matches!(event, Event::Lagged { .. })) {
            return Err("the host's owner missed events, so nothing can be checked: make the plan smaller".into());
        }
        let deeds = Deeds::of(host, &messages)?;
        Ok(Self { messages, by_id, deeds })
    }
}

/// Where somebody is in a room: what they were told last, if anything.
type Place = Option<Seq>;

/// What a client was told is what the host's owner was told, in order, whole and once.
fn told(life: &Life, truth: &Truth<'_>) -> Result<(), String> {
    let name = &life.name;
    let mut places: BTreeMap<RoomName, Place> = BTreeMap::new();
    let mut outcomes = BTreeSet::new();
    for event in &life.events {
        match event {
            Event::RoomJoined { room, resumed: false, .. } => drop(places.insert(room.clone(), None)),
            Event::RoomJoined { room, .. } if !places.contains_key(room) => {
                return Err(format!("{name} took up {room:?}, where it was not"));
            }
            // Nothing of a room is told after one was removed from it, or has left it.
            Event::Removed { room, .. } | Event::RoomLeft { room } => drop(places.remove(room)),
            Event::HistoryLost { room } => return Err(format!("{name} was told that {room:?} is another log now")),
            Event::Message(message) => {
                let (room, seq) = (message.room(), message.seq());
                step(name, &mut places, truth, room, seq)?;
                let Some(original) = truth.messages.get(&(room, seq)) else {
                    return Err(format!("{name} was told of a message {seq} in {room:?} that the host does not have"));
                };
                // Nicks change, and what is deleted says nothing any more.
                let is_blank = message.is_deleted() && truth.deeds.is_deleted(room, seq);
                let same = (original.id(), original.sender().id, original.timestamp())
                    == (message.id(), message.sender().id, message.timestamp())
                    && (is_blank || original.body() == message.body());
                if !same || message.is_mine() != life.me.as_ref().is_some_and(|me| me.id == message.sender().id) {
                    return Err(format!("{name} was told of {seq} in {room:?} as {message:?}, not {original:?}"));
                }
            }
            Event::PeerJoined { room, seq, .. } | Event::PeerLeft { room, seq, .. } => {
                step(name, &mut places, truth, room, *seq)?;
            }
            Event::Gap { room, from, to, .. } => {
                let place =
                    places.get_mut(room).ok_or_else(|| format!("{name}: a gap in {room:?}, where it is not"))?;
                if place.is_some_and(|last| *from <= last) || to < from {
                    return Err(format!("{name}: a gap in {room:?} from {from} to {to} after {place:?}"));
                }
                *place = Some(*to);
            }
            Event::Lagged { .. } => places.values_mut().for_each(|place| *place = None),
            Event::Receipt { id, outcome } => {
                if !outcomes.insert(id) {
                    return Err(format!("{name} was told twice what became of {id}"));
                }
                receipt(life, id, *outcome, truth)?;
            }
            Event::Closed { cause } if *cause != Ended::Here(CloseReason::Left) => {
                return Err(format!("{name} came to an end by itself: {cause}"));
            }
            event => {
                if let Some((room, seq)) = deeds::place(event) {
                    step(name, &mut places, truth, room, seq)?;
                }
                if !truth.deeds.fits(event) {
                    return Err(format!("{name} was told of what was not done: {event:?}"));
                }
            }
        }
    }
    let all: Vec<_> = life.messages().map(|message| (message.room().clone(), message.seq())).collect();
    let whole = !life.events.iter().any(|event| matches!(event, Event::Lagged { .. }));
    if whole && !all.starts_with(&life.called) {
        return Err(format!("{name}: its callbacks were told something else than its events"));
    }
    Ok(())
}

fn step(
    name: &str,
    places: &mut BTreeMap<RoomName, Place>,
    truth: &Truth<'_>,
    room: &RoomName,
    seq: Seq,
) -> Result<(), String> {
    let Some(place) = places.get_mut(room) else {
        return Err(format!("{name} was told of {seq} in {room:?}, where it is not"));
    };
    if let Some(last) = *place {
        if seq <= last {
            return Err(format!("{name} was told of {seq} in {room:?} after {last}"));
        }
        let missing = truth.messages.range((room, last.next())..(room, seq)).next();
        if let Some(((_, missing), _)) = missing {
            return Err(format!("{name} was not told of {missing} in {room:?}, and of no gap"));
        }
    }
    *place = Some(seq);
    Ok(())
}

fn receipt(life: &Life, id: &MessageId, outcome: Outcome, truth: &Truth<'_>) -> Result<(), String> {
    let name = &life.name;
    let place = if let Outcome::Logged { seq, .. } = outcome { seq } else { None };
    let deed = || truth.deeds.logged(id, place, life.me.as_ref());
    let logged = truth.by_id.get(id).copied().or_else(deed);
    let fits = match outcome {
        Outcome::Logged { seq: Some(seq), .. } => logged == Some(seq),
        Outcome::Logged { seq: None, .. } => logged.is_some() || truth.deeds.has_acted(&id.room, life.me.as_ref()),
        Outcome::Refused(_) => logged.is_none(),
        Outcome::Unknown => true,
        // Nobody keeps anything there.
        Outcome::Kept => false,
    };
    if fits { Ok(()) } else { Err(format!("{name} was told of {id}: {outcome:?}, but the host has it at {logged:?}")) }
}

/// Every post has the outcome that was told, and only once.
fn posts(life: &Life, truth: &Truth<'_>, texts: &mut BTreeSet<String>) -> Result<(), String> {
    let name = &life.name;
    let outcomes: BTreeMap<&MessageId, Outcome> = life
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Receipt { id, outcome } => Some((id, *outcome)),
            _ => None,
        })
        .collect();
    let lagged = life.events.iter().any(|event| matches!(event, Event::Lagged { .. }));
    for post in &life.posts {
        texts.insert(post.text.clone());
        let Some(id) = &post.id else { continue };
        let Some(result) = post.result else {
            return Err(format!("{name} never learnt what became of {id}"));
        };
        let text = truth.by_id.get(id).and_then(|seq| truth.messages.get(&(&id.room, *seq))).map(|it| it.text());
        if text.is_some_and(|text| text != post.text) {
            return Err(format!("{name} posted {:?} as {id}, and it became {text:?}", short(&post.text)));
        }
        match (result, outcomes.get(id)) {
            (Ok(delivered), Some(Outcome::Logged { seq, .. })) if delivered.seq == *seq => {}
            (Err(DeliveryError::Unknown), Some(Outcome::Unknown)) => {}
            (Err(DeliveryError::Refused(refusal)), Some(Outcome::Refused(told))) if refusal == *told => {}
            (_, None) if lagged => {}
            (Err(DeliveryError::Closed), None) if life.is_crashed => {}
            (result, told) => {
                return Err(format!("{name}: the receipt of {id} says {result:?}, the event {told:?}"));
            }
        }
        if life.is_settled && !life.is_crashed && result == Err(DeliveryError::Refused(Refusal::Closed)) {
            return Err(format!("{name} shut down with nothing undelivered, but {id} was not delivered"));
        }
    }
    Ok(())
}

/// How somebody's time in the session ended.
fn end(life: &Life, host: &Life) -> Result<(), String> {
    let name = &life.name;
    if !life.is_over {
        return Err(format!("the events of {name} do not end"));
    }
    if life.has_left {
        let me = life.me.as_ref().map(|me| me.id);
        let knows = host.events.iter().any(|event| {
            matches!(event, Event::LinkClosed { peer, cause: Ended::Told(CloseReason::Left) }
                if peer.as_ref().map(|peer| peer.id) == me)
        });
        if !knows {
            return Err(format!("{name} left, and the host was not told that it had"));
        }
    }
    if life.outlived {
        let knows = life
            .events
            .iter()
            .any(|event| matches!(event, Event::Disconnected { cause: Ended::Told(CloseReason::HostClosed), .. }));
        if !knows {
            return Err(format!("{name} was there when the host ended the session, and was not told"));
        }
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(30).collect()
}

//! Events as JSON, one object a line. The names of the fields are listed in the README of this crate; they stay.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use exchange_tokio::core::{
    self, Body, Change, ContentType, Ended, Event, GapReason, LeaveReason, LinkLoss, Message, MessageView, Nick, Note,
    Outcome, Peer, PeerId, Reaction, Refusal, Remark, Role, RoomName, RoomSummary, Rules, Seq, SessionId, SessionName,
    Status, Timestamp, message::Data,
};
use serde::Serialize;
use serde_json::Value;

use crate::line::Line;

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Json<'a> {
    Connected {
        session: &'a SessionName,
        session_id: SessionId,
        resumed: bool,
    },
    Disconnected {
        reason: String,
        explanation: String,
        retry_ms: u128,
    },
    Closed {
        reason: String,
        explanation: String,
    },
    RoomJoined {
        room: &'a RoomName,
        members: Vec<Person<'a>>,
        resumed: bool,
    },
    RoomRefused {
        room: &'a RoomName,
        reason: String,
        explanation: String,
    },
    RoomLeft {
        room: &'a RoomName,
    },
    Message {
        room: &'a RoomName,
        seq: Seq,
        sender: &'a Nick,
        peer: PeerId,
        #[serde(flatten)]
        content: Content<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        mentions: &'a [PeerId],
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        means_you: bool,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        deleted: bool,
        at: Timestamp,
        id: String,
        mine: bool,
        replayed: bool,
        proven: bool,
    },
    Edited {
        #[serde(flatten)]
        change: Changed<'a>,
        text: &'a str,
        mentions: &'a [PeerId],
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        means_you: bool,
    },
    Deleted {
        #[serde(flatten)]
        change: Changed<'a>,
    },
    Reacted {
        #[serde(flatten)]
        change: Changed<'a>,
        reaction: &'a Reaction,
        added: bool,
    },
    Held {
        room: &'a RoomName,
        seq: Seq,
        sender: &'a Nick,
        peer: PeerId,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        content_type: Option<&'a ContentType>,
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<u16>,
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reply_to: Option<Seq>,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        mentions: &'a [PeerId],
        edited: bool,
        reactions: BTreeMap<&'a Reaction, &'a BTreeSet<PeerId>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        means_you: bool,
        at: Timestamp,
        id: String,
        mine: bool,
    },
    PersonHeld {
        #[serde(flatten)]
        who: Person<'a>,
        you: bool,
    },
    RoomHeld {
        room: &'a RoomName,
        topic: Option<&'a Remark>,
        founder: Option<PeerId>,
        rules: Rules,
    },
    Lost {
        room: &'a RoomName,
        from: Seq,
        to: Seq,
    },
    Unread {
        room: &'a RoomName,
        messages: usize,
        mentions: usize,
    },
    Joined {
        room: &'a RoomName,
        seq: Seq,
        #[serde(flatten)]
        who: Person<'a>,
        replayed: bool,
    },
    Left {
        room: &'a RoomName,
        seq: Seq,
        #[serde(flatten)]
        who: Person<'a>,
        reason: LeaveReason,
        replayed: bool,
    },
    Presence {
        #[serde(flatten)]
        who: Person<'a>,
        status: Status,
        note: Option<&'a Note>,
    },
    Renamed {
        room: &'a RoomName,
        seq: Seq,
        #[serde(flatten)]
        who: Person<'a>,
        before: &'a Nick,
        replayed: bool,
    },
    RenameRefused {
        nick: &'a Nick,
        reason: String,
        explanation: String,
    },
    Person {
        #[serde(flatten)]
        who: Person<'a>,
        tag: String,
        role: Role,
        #[serde(skip_serializing_if = "Option::is_none")]
        founder: Option<bool>,
        status: Status,
        note: Option<&'a Note>,
        you: bool,
    },
    Acted {
        room: &'a RoomName,
        seq: Seq,
        #[serde(flatten)]
        who: Person<'a>,
        act: Value,
        details: Value,
        replayed: bool,
    },
    Removed {
        room: &'a RoomName,
        reason: String,
        explanation: String,
        said: Option<&'a Remark>,
        retry_ms: Option<u128>,
    },
    Invited {
        room: &'a RoomName,
        #[serde(flatten)]
        who: Person<'a>,
    },
    Rooms {
        rooms: &'a [RoomSummary],
    },
    Seen {
        room: &'a RoomName,
        #[serde(flatten)]
        who: Person<'a>,
        delivered: Seq,
        read: Option<Seq>,
    },
    Typing {
        room: &'a RoomName,
        #[serde(flatten)]
        who: Person<'a>,
        typing: bool,
    },
    SeenBy {
        room: &'a RoomName,
        seq: Seq,
        delivered: Vec<Person<'a>>,
        read: Vec<Person<'a>>,
        of: usize,
    },
    Room {
        room: &'a RoomName,
        topic: Option<&'a Remark>,
        members: usize,
        founder: Option<PeerId>,
        rules: Rules,
    },
    Gap {
        room: &'a RoomName,
        from: Seq,
        to: Seq,
        reason: GapReason,
    },
    HistoryLost {
        room: &'a RoomName,
    },
    Forged {
        room: &'a RoomName,
        seq: Seq,
        #[serde(flatten)]
        who: Person<'a>,
    },
    Forked {
        room: &'a RoomName,
        seq: Seq,
        #[serde(flatten)]
        who: Person<'a>,
    },
    Receipt {
        room: &'a RoomName,
        id: String,
        #[serde(flatten)]
        outcome: Became,
    },
    LinkClosed {
        #[serde(flatten)]
        who: Option<Person<'a>>,
        reason: String,
        explanation: String,
    },
    Lagged {
        missed: u64,
    },
    CodeRenewed {
        code: String,
    },
    Knocked {
        #[serde(flatten)]
        who: Person<'a>,
    },
}

#[derive(Serialize)]
struct Person<'a> {
    nick: &'a Nick,
    peer: PeerId,
}

/// What is told with every change of a message.
#[derive(Serialize)]
struct Changed<'a> {
    room: &'a RoomName,
    of: Seq,
    seq: Seq,
    #[serde(flatten)]
    who: Person<'a>,
    at: Timestamp,
    id: String,
    mine: bool,
    replayed: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text { text: &'a str },
    Data { content_type: &'a ContentType, payload: Value },
    Other { kind: u16 },
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Became {
    Logged { seq: Option<Seq> },
    Refused { reason: String, explanation: String },
    Unknown,
    Kept,
}

/// An event as one line for `me`; none for those that mean nothing outside of this program.
pub(crate) fn line(event: &Event, me: PeerId) -> Option<Line> {
    let json = match event {
        Event::Connected { session, resumed } => {
            Json::Connected { session: &session.name, session_id: session.id, resumed: *resumed }
        }
        Event::Disconnected { cause, retry_in } => {
            Json::Disconnected { reason: code(*cause), explanation: cause.to_string(), retry_ms: retry_in.as_millis() }
        }
        Event::Closed { cause } => Json::Closed { reason: code(*cause), explanation: cause.to_string() },
        Event::RoomJoined { room, members, resumed } => {
            Json::RoomJoined { room, members: members.iter().map(Person::from).collect(), resumed: *resumed }
        }
        Event::RoomRefused { room, refusal } => {
            Json::RoomRefused { room, reason: word(refusal), explanation: refusal.to_string() }
        }
        Event::RoomLeft { room } => Json::RoomLeft { room },
        Event::Message(message) => said(message, me),
        Event::Edited { change, text, mentions } => {
            Json::Edited { change: change.into(), text, mentions, means_you: mentions.contains(&me) }
        }
        Event::Deleted { change } => Json::Deleted { change: change.into() },
        Event::Reacted { change, reaction, added } => Json::Reacted { change: change.into(), reaction, added: *added },
        Event::PeerJoined { room, peer, seq, replayed } => {
            Json::Joined { room, seq: *seq, who: peer.into(), replayed: *replayed }
        }
        Event::PeerLeft { room, peer, reason, seq, replayed } => {
            Json::Left { room, seq: *seq, who: peer.into(), reason: *reason, replayed: *replayed }
        }
        Event::Presence { peer, status, note } => {
            Json::Presence { who: peer.into(), status: *status, note: note.as_ref() }
        }
        Event::Renamed { room, peer, before, seq, replayed } => {
            Json::Renamed { room, seq: *seq, who: peer.into(), before, replayed: *replayed }
        }
        Event::RenameRefused { nick, refusal } => {
            let reason = if let Refusal::Name(error) = refusal { word(error) } else { word(refusal) };
            Json::RenameRefused { nick, reason, explanation: refusal.to_string() }
        }
        Event::Acted { room, by, act, seq, replayed } => {
            let mut body = serde_json::to_value(Body::Act(act.clone())).unwrap_or_default();
            let (act, details) = (body["kind"].take(), body["payload"].take());
            Json::Acted { room, seq: *seq, who: by.into(), act, details, replayed: *replayed }
        }
        Event::Removed { room, why, reason } => Json::Removed {
            room,
            reason: word(why),
            explanation: why.to_string(),
            said: reason.as_ref(),
            retry_ms: why.retry_after().map(|wait| wait.as_millis()),
        },
        Event::Invited { room, by } => Json::Invited { room, who: by.into() },
        Event::Rooms { rooms } => Json::Rooms { rooms },
        Event::Seen { room, peer, delivered, read } => {
            Json::Seen { room, who: peer.into(), delivered: *delivered, read: *read }
        }
        Event::Typing { room, peer, typing } => Json::Typing { room, who: peer.into(), typing: *typing },
        Event::Gap { room, from, to, reason } => Json::Gap { room, from: *from, to: *to, reason: *reason },
        Event::HistoryLost { room } => Json::HistoryLost { room },
        Event::Forged { room, peer, seq } => Json::Forged { room, seq: *seq, who: peer.into() },
        Event::Forked { room, peer, seq } => Json::Forked { room, seq: *seq, who: peer.into() },
        Event::Receipt { id, outcome } => {
            Json::Receipt { room: &id.room, id: id.to_string(), outcome: (*outcome).into() }
        }
        Event::LinkClosed { peer, cause } => Json::LinkClosed {
            who: peer.as_ref().map(Person::from),
            reason: code(*cause),
            explanation: cause.to_string(),
        },
        Event::Lagged { missed } if *missed > 0 => Json::Lagged { missed: *missed },
        Event::Knocked { peer } => Json::Knocked { who: peer.into() },
        Event::CodeRenewed { code } => Json::CodeRenewed { code: code.to_string() },
        _ => return None,
    };
    Some(Line::json(&json))
}

/// Somebody who was asked for; where it was one of a room's members, whether they opened it.
pub(crate) fn person(person: &core::Person, founder: Option<bool>, you: bool) -> Line {
    let core::Person { peer, role, status, note } = person;
    let (tag, note) = (peer.tag().to_string(), note.as_ref());
    Line::json(&Json::Person { who: peer.into(), tag, role: *role, founder, status: *status, note, you })
}

/// The room where one talks.
pub(crate) fn room(
    room: &RoomName,
    topic: Option<&Remark>,
    members: usize,
    founder: Option<PeerId>,
    rules: Rules,
) -> Line {
    Line::json(&Json::Room { room, topic, members, founder, rules })
}

/// A message that is held, as it stands.
pub(crate) fn held(view: &MessageView, me: PeerId) -> Line {
    let message = view.message();
    let (content_type, kind, payload) = match message.body() {
        Body::Data(Data { content_type, .. }) => (Some(content_type), None, Some(payload(message.body()))),
        Body::Opaque { kind, .. } => (None, Some(*kind), Some(payload(message.body()))),
        _ => (None, None, None),
    };
    Line::json(&Json::Held {
        room: message.room(),
        seq: message.seq(),
        sender: &message.sender().nick,
        peer: message.sender().id,
        text: view.text(),
        content_type,
        kind,
        payload,
        reply_to: message.reply_to(),
        mentions: message.mentions(),
        edited: view.edited().is_some(),
        reactions: view.reactions().collect(),
        means_you: message.mentions().contains(&me),
        at: message.timestamp(),
        id: message.id().to_string(),
        mine: message.is_mine(),
    })
}

/// Somebody who was in a session that was kept.
pub(crate) fn person_held(person: &Peer, you: bool) -> Line {
    Line::json(&Json::PersonHeld { who: person.into(), you })
}

/// A room of such a session.
pub(crate) fn room_held(room: &core::ArchivedRoom) -> Line {
    let core::ArchivedRoom { name, topic, founder, rules, .. } = room;
    Line::json(&Json::RoomHeld { room: name, topic: topic.as_ref(), founder: *founder, rules: *rules })
}

/// From where to where nothing can be read of a room.
pub(crate) fn lost(room: &RoomName, from: Seq, to: Seq) -> Line {
    Line::json(&Json::Lost { room, from, to })
}

/// Who has a message, and who has read it.
pub(crate) fn seen_by(room: &RoomName, seq: Seq, seen: &core::SeenBy) -> Line {
    Line::json(&Json::SeenBy {
        room,
        seq,
        delivered: seen.delivered.iter().map(Person::from).collect(),
        read: seen.read.iter().map(Person::from).collect(),
        of: seen.of,
    })
}

/// What one has not seen of a room.
pub(crate) fn unread(room: &RoomName, core::Unread { messages, mentions }: core::Unread) -> Line {
    Line::json(&Json::Unread { room, messages, mentions })
}

/// The bytes that an application has sent, as they are in the protocol's JSON: in base64.
fn payload(body: &Body) -> Value {
    let json = serde_json::to_value(body).unwrap_or_default();
    json.pointer("/payload/payload").or_else(|| json.get("payload")).cloned().unwrap_or_default()
}

fn said(message: &Message, me: PeerId) -> Json<'_> {
    let content = match message.body() {
        Body::Text(_) | Body::Post(_) => Content::Text { text: message.text() },
        Body::Data(Data { content_type, .. }) => Content::Data { content_type, payload: payload(message.body()) },
        other => Content::Other { kind: other.kind() },
    };
    Json::Message {
        room: message.room(),
        seq: message.seq(),
        sender: &message.sender().nick,
        peer: message.sender().id,
        content,
        reply_to: message.reply_to(),
        mentions: message.mentions(),
        means_you: message.mentions().contains(&me),
        deleted: message.is_deleted(),
        at: message.timestamp(),
        id: message.id().to_string(),
        mine: message.is_mine(),
        replayed: message.is_replayed(),
        proven: message.is_proven(),
    }
}

impl<'a> From<&'a Change> for Changed<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            room: change.room(),
            of: change.of,
            seq: change.seq,
            who: (&change.peer).into(),
            at: change.at,
            id: change.id.to_string(),
            mine: change.mine,
            replayed: change.replayed,
        }
    }
}

impl<'a> From<&'a Peer> for Person<'a> {
    fn from(peer: &'a Peer) -> Self {
        Self { nick: &peer.nick, peer: peer.id }
    }
}

impl From<Outcome> for Became {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Logged { seq, .. } => Self::Logged { seq },
            Outcome::Refused(refusal) => Self::Refused { reason: word(&refusal), explanation: refusal.to_string() },
            Outcome::Unknown => Self::Unknown,
            Outcome::Kept => Self::Kept,
        }
    }
}

/// A word for what ended a link, for programs to go by.
fn code(cause: Ended) -> String {
    match cause {
        Ended::Told(reason) | Ended::Here(reason) => word(&reason),
        Ended::Lost(loss) => String::from(match loss {
            LinkLoss::Closed | LinkLoss::Broken => "lost",
            LinkLoss::Refused => "refused",
            LinkLoss::TimedOut => "timed_out",
            LinkLoss::Unreachable => "unreachable",
            LinkLoss::NotFound => "not_found",
            LinkLoss::Violation(_) => "violation",
            LinkLoss::Versions { .. } | LinkLoss::NothingInCommon => "version_mismatch",
            LinkLoss::NotEncrypted => "not_encrypted",
            LinkLoss::OnlyEncrypted => "only_encrypted",
            LinkLoss::NotLocked => "not_locked",
            LinkLoss::WrongSecret => "wrong_code",
            LinkLoss::NoGuess => "too_many_codes",
            LinkLoss::Stranger { .. } => "stranger",
            _ => "other",
        }),
    }
}

/// The word that a reason has on the wire, without its details.
fn word(reason: &impl Serialize) -> String {
    match serde_json::to_value(reason) {
        Ok(Value::String(word)) => word,
        Ok(Value::Object(details)) => details.into_iter().next().map(|(word, _)| word).unwrap_or_default(),
        _ => String::new(),
    }
}

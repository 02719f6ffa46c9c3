//! Messages as they are written: every one in both encodings.

use std::iter::once;

use bytes::Bytes;
use exchange_tokio::core::{
    Act, Availability, Body, CloseReason, Cmid, ContentType, Durability, Encoding, Epoch, GapReason, HistoryPolicy,
    JoinFrom, LeaveReason, MemberId, Mentions, NameError, Nick, Note, PageFrom, Peer, PeerId, Presence, ProducerId,
    Reaction, Refusal, Remark, Rev, Role, RoomId, RoomName, RoomSummary, Rule, Rules, Seq, SessionId, SessionName,
    Status, Timestamp, Token, Violation,
    message::{Data, Delete, Edit, Entry, Hello, Joined, MemberRecord, Post, React, Signal, ToClient, ToHost, Welcome},
};
use serde::Serialize;

use super::{Vector, encoded, encoding_name};

pub(super) const PEER: PeerId = PeerId::from_bytes([0xa1; 16]);
pub(super) const PRODUCER: ProducerId = ProducerId::from_bytes([0xb2; 8]);
pub(super) const TOKEN: Token = Token::from_bytes([0xc3; 16]);
pub(super) const SESSION: SessionId = SessionId::from_bytes([0xd4; 16]);
pub(super) const LIFE: Epoch = Epoch::from_bytes([0xe5; 16]);
pub(super) const EPOCH: Epoch = Epoch::from_bytes([0xf6; 16]);
pub(super) const ROOM: RoomId = RoomId(3);
const LAST: u64 = (1 << 53) - 1;

pub(super) fn to_host() -> Vec<Vector> {
    let presence = Presence::default();
    let hello = Hello { peer: PEER, producer: PRODUCER, token: None, attempt: 1, nick: "bo".into(), presence };
    let busy = Presence { availability: Availability::Busy, note: Some(note("até já 👍")) };
    let back = Hello { token: Some(TOKEN), attempt: u32::MAX, nick: "  bö 👍\n".into(), ..hello.clone() };
    let back = Hello { presence: busy.clone(), ..back };
    let away = Presence { availability: Availability::Away, note: None };
    let join = |name: &'static str, from, (settled, sent)| {
        let (settled, sent) = (Cmid(settled), Cmid(sent));
        (name, ToHost::Join { room: "lobby".into(), from, settled, sent })
    };
    let send = |name, body| (name, ToHost::Send { room: ROOM, cmid: Cmid(12), body, commitment: None });
    let after = JoinFrom::After { epoch: EPOCH, seq: Seq(300) };
    let named = vec![
        ("hello", ToHost::Hello(hello)),
        ("hello.again", ToHost::Hello(back)),
        join("join.head", JoinFrom::Head, (0, 0)),
        join("join.last", JoinFrom::Last(50), (0, 0)),
        join("join.start", JoinFrom::Start, (11, 12)),
        join("join.after", after, (LAST, LAST)),
        (
            "join.any_text",
            ToHost::Join { room: "\u{1b}[2J".into(), from: JoinFrom::Head, settled: Cmid(2), sent: Cmid(1) },
        ),
        ("leave", ToHost::Leave { room: ROOM }),
        ("leave.largest", ToHost::Leave { room: RoomId(u32::MAX) }),
        super::signatures::to_host(),
        send("send.text", Body::text("hé")),
        send("send.text.empty", Body::text("")),
        send("send.text.escapes", Body::text("\"\\/\u{0}\u{8}\t\n\u{c}\r\u{1f}\u{7f}\u{2028}é中👍")),
        send("send.text.128_bytes", Body::text(&"x".repeat(128))),
        send("send.application", opaque(0x8000, &[0, 255, 7])),
        send("send.application.largest", opaque(u16::MAX, &[])),
        send("send.post", post()),
        send("send.post.plain", plain_post()),
        send("send.edit", edit()),
        send("send.delete", delete()),
        send("send.react", react("👍", true)),
        send("send.react.back", react("+1", false)),
        send("send.data", data()),
        send("send.reserved", opaque(0x7ffe, b"reserved")),
        send("send.join", Body::Join { peer: PEER, producer: PRODUCER, nick: nick("bo") }),
        send("send.leave", Body::Leave { reason: LeaveReason::Left }),
        send("send.rename", Body::Rename { before: nick("bo"), nick: nick("ana") }),
        ("ping", ToHost::Ping { nonce: 1000 }),
        ("ping.smallest", ToHost::Ping { nonce: 0 }),
        ("ping.largest", ToHost::Ping { nonce: LAST }),
        ("pong", ToHost::Pong { nonce: 1000 }),
        ("presence.online", ToHost::Presence(Presence::default())),
        ("presence.away", ToHost::Presence(away)),
        ("presence.busy", ToHost::Presence(busy)),
        ("rename", ToHost::Rename { nick: "ana".into() }),
        ("rename.any_text", ToHost::Rename { nick: "\u{1b}[2J".into() }),
        ("open", ToHost::Open { room: "den".into(), settled: Cmid(11), sent: Cmid(12) }),
        ("list", ToHost::List { after: None }),
        ("list.after", ToHost::List { after: Some("den".into()) }),
        ("seen", ToHost::Seen { room: ROOM, after: Seq(0), delivered: Seq(301), read: None }),
        ("seen.read", ToHost::Seen { room: ROOM, after: Seq(100), delivered: Seq(LAST), read: Some(Seq(301)) }),
        ("seen.unsound", ToHost::Seen { room: ROOM, after: Seq(2), delivered: Seq(1), read: None }),
        ("typing", ToHost::Typing { room: ROOM, typing: true }),
        ("typing.not", ToHost::Typing { room: ROOM, typing: false }),
        ("fetch.before", ToHost::Fetch { room: ROOM, from: PageFrom::Before(Seq(LAST)), count: 50 }),
        ("fetch.after", ToHost::Fetch { room: ROOM, from: PageFrom::After(Seq(0)), count: u32::MAX }),
    ];
    let named = named.into_iter().map(|(name, message)| (name.to_owned(), message));
    let acts = acts().into_iter().map(|(name, act)| {
        let (name, body) = send(name, Body::Act(act));
        (format!("send.{name}"), body)
    });
    let byes = close_reasons().into_iter().map(|reason| (name_of("bye", &reason), ToHost::Bye { reason }));
    named.chain(acts).chain(byes).flat_map(|(name, message)| both("to_host", &name, &message)).collect()
}

pub(super) fn to_client() -> Vec<Vector> {
    let made = |name, body| (name, entry(7, 0, body));
    let said = |name, body| (name, entry(7, 12, body));
    let (room, cmid) = (ROOM, Cmid(12));
    let kept = |durability| ToClient::Welcome(Welcome { durability, ..welcome() });
    let record = |member, nick, status| {
        let (peer, producer, role, note) = (PEER, PRODUCER, Role::Member, None);
        MemberRecord { member: MemberId(member), peer, producer, nick, role, status, note, identity: None }
    };
    let roster = vec![
        MemberRecord { role: Role::Owner, ..record(0, nick("ana"), Status::Offline) },
        record(7, nick(&"é".repeat(16)), Status::Online),
        MemberRecord { note: Some(note("lunch")), ..record(8, nick("cy"), Status::Away) },
        MemberRecord { note: Some(note(&"é".repeat(64))), ..record(9, nick("di"), Status::Busy) },
        MemberRecord { role: Role::Moderator, ..record(10, nick("ed"), Status::Unreachable) },
    ];
    let joined = Joined {
        name: RoomName::lobby(),
        room,
        epoch: EPOCH,
        after: Seq(300),
        head: Seq(302),
        known: true,
        members: vec![MemberId(0), MemberId(7)],
        founder: None,
        topic: None,
        rules: Rules::default(),
        chained: None,
    };
    let history = HistoryPolicy::Last(50);
    let ruled = Joined {
        founder: Some(PEER),
        topic: Some(remark("optics")),
        rules: Rules { history, private: true, fixed_topic: true, locked: true, slow: 30 },
        ..joined.clone()
    };
    let modest = Joined { rules: Rules { history: HistoryPolicy::SinceJoin, ..ruled.rules }, ..ruled.clone() };
    let summary = |name, topic, private| RoomSummary { name, topic, members: 2, private };
    let rooms = vec![summary(den(), Some(remark("optics")), true), summary(RoomName::lobby(), None, false)];
    let unknown = Joined { name: den(), after: Seq(0), head: Seq(0), known: false, members: vec![], ..joined.clone() };
    let named = vec![
        said("entry.text", Body::text("hé")),
        said("entry.text.empty", Body::text("")),
        said("entry.application", opaque(0x8000, &[0, 255, 7])),
        said("entry.reserved", opaque(0x7fff, b"from a later version")),
        said("entry.post", post()),
        said("entry.edit", edit()),
        said("entry.edit.deleted", Body::Edit(Edit { of: Seq(299), mentions: Mentions::default(), text: "".into() })),
        said("entry.delete", delete()),
        said("entry.react", react("👍", true)),
        said("entry.data", data()),
        made("entry.join", Body::Join { peer: PEER, producer: PRODUCER, nick: nick("bo") }),
        made("entry.leave.left", Body::Leave { reason: LeaveReason::Left }),
        made("entry.leave.timed_out", Body::Leave { reason: LeaveReason::TimedOut }),
        made("entry.rename", Body::Rename { before: nick("bo"), nick: nick("ana") }),
        made("entry.leave.removed", Body::Leave { reason: LeaveReason::Removed }),
        ("welcome", ToClient::Welcome(welcome())),
        ("welcome.os_buffered", kept(Durability::OsBuffered)),
        ("welcome.fsynced", kept(Durability::Fsynced)),
        ("roster.nobody", ToClient::Roster { rev: Rev(9), members: vec![] }),
        ("roster", ToClient::Roster { rev: Rev(LAST), members: roster }),
        ("joined", ToClient::Joined(joined)),
        ("joined.unknown", ToClient::Joined(unknown)),
        ("joined.ruled", ToClient::Joined(ruled)),
        ("joined.since_join", ToClient::Joined(modest)),
        ("parted", ToClient::Parted { room }),
        ("leave_refused", ToClient::LeaveRefused { room: RoomId(1), refusal: Refusal::Lobby }),
        ("gap", ToClient::Gap { room, to: Seq(250), reason: GapReason::Retention, chain: None }),
        ("gap.policy", ToClient::Gap { room, to: Seq(250), reason: GapReason::Policy, chain: None }),
        ("ack", ToClient::Ack { room, cmid, seq: Some(Seq(301)) }),
        ("ack.forgotten", ToClient::Ack { room, cmid, seq: None }),
        ("ping", ToClient::Ping { nonce: 1000 }),
        ("pong", ToClient::Pong { nonce: 1000 }),
        (
            "rename_refused",
            ToClient::RenameRefused {
                nick: nick("Ana"),
                kept: nick("bo"),
                refusal: Refusal::Name(NameError::Confusable),
            },
        ),
        ("rooms.none", ToClient::Rooms { rooms: vec![], more: false }),
        ("rooms", ToClient::Rooms { rooms, more: true }),
        ("list_refused", ToClient::ListRefused { refusal: Refusal::RateLimited { retry_after_ms: 50 } }),
        ("invited", ToClient::Invited { room: den(), by: bo() }),
        ("removed", ToClient::Removed { room, refusal: Refusal::RoomClosed, reason: None }),
        ("signals.nobody", ToClient::Signals { room, signals: vec![] }),
        ("signals", ToClient::Signals { room, signals: signals() }),
        ("no_signals", ToClient::NoSignals { room }),
        ("removed.because", ToClient::Removed { room, refusal: Refusal::Kicked, reason: Some(remark("spam")) }),
    ];
    let signed = super::signatures::to_client();
    let named = named.into_iter().chain(pages()).chain(signed).map(|(name, message)| (name.to_owned(), message));
    let acts = acts().into_iter().map(|(name, act)| (format!("entry.{name}"), entry(7, 12, Body::Act(act))));
    let byes = close_reasons().into_iter().map(|reason| (name_of("bye", &reason), ToClient::Bye { reason }));
    let all = named.chain(acts).chain(refused()).chain(byes);
    all.flat_map(|(name, message)| both("to_client", &name, &message)).collect()
}

fn refused() -> impl Iterator<Item = (String, ToClient)> {
    refusals().into_iter().flat_map(|refusal| {
        let join = (name_of("join_refused", &refusal), ToClient::JoinRefused { room: den(), refusal });
        let send = (name_of("reject", &refusal), ToClient::Reject { room: ROOM, cmid: Cmid(12), refusal });
        [join, send]
    })
}

fn signals() -> Vec<Signal> {
    let signal = |member, delivered, read| {
        let (member, after, delivered) = (MemberId(member), Seq(100), Seq(delivered));
        Signal { member, after, delivered, read, typing_ms: 0 }
    };
    let host = Signal { typing_ms: u16::MAX, ..signal(0, 300, None) };
    vec![host, signal(7, LAST, Some(Seq(0))), signal(8, 100, None)]
}

fn pages() -> Vec<(&'static str, ToClient)> {
    let (room, after, start, head) = (ROOM, Seq(250), Seq(100), Seq(LAST));
    let page = |entries, more| ToClient::Page { room, after, entries, more, start, head, chain: None };
    let refused = |refusal| ToClient::FetchRefused { room, refusal };
    vec![
        ("page", page(49, true)),
        ("page.last", page(1, false)),
        ("page.none", page(0, false)),
        ("fetch_refused", refused(Refusal::NotMember)),
        ("fetch_refused.rate_limited", refused(Refusal::RateLimited { retry_after_ms: 50 })),
    ]
}

pub(super) fn entry(author: u32, cmid: u64, body: Body) -> ToClient {
    let at = Timestamp::from_millis(1_790_000_000_000);
    ToClient::Entry(Entry {
        room: ROOM,
        seq: Seq(301),
        author: MemberId(author),
        cmid: Cmid(cmid),
        at,
        body,
        commitment: None,
        blanked: None,
    })
}

pub(super) fn welcome() -> Welcome {
    Welcome {
        session: SESSION,
        name: SessionName::new("Lab 3").unwrap(),
        life: LIFE,
        you: MemberId(7),
        token: TOKEN,
        roster: Rev(9),
        heartbeat_ms: 5000,
        max_text: 8192,
        durability: Durability::Memory,
    }
}

pub(super) fn nick(nick: &str) -> Nick {
    Nick::new(nick).unwrap()
}

fn note(note: &str) -> Note {
    Note::new(note).unwrap()
}

pub(super) fn den() -> RoomName {
    RoomName::new("den").unwrap()
}

fn opaque(kind: u16, payload: &'static [u8]) -> Body {
    Body::Opaque { kind, payload: Bytes::from_static(payload) }
}

fn post() -> Body {
    let mentions = [PEER, PeerId::from_bytes([7; 16])].into_iter().collect();
    Body::Post(Post { reply_to: Some(Seq(300)), mentions, text: "@bo no".into() })
}

fn plain_post() -> Body {
    Body::Post(Post { reply_to: None, mentions: Mentions::default(), text: "hé".into() })
}

fn edit() -> Body {
    Body::Edit(Edit { of: Seq(300), mentions: [PEER].into_iter().collect(), text: "hé, @bo".into() })
}

fn delete() -> Body {
    Body::Delete(Delete { of: Seq(LAST) })
}

fn react(reaction: &str, add: bool) -> Body {
    Body::React(React { to: Seq(300), reaction: Reaction::new(reaction).unwrap(), add })
}

fn data() -> Body {
    let content_type = ContentType::new("application/json").unwrap();
    Body::Data(Data { content_type, payload: Bytes::from_static(&[0, 255, 7]) })
}

fn bo() -> Peer {
    Peer { id: PEER, nick: nick("bo") }
}

fn remark(text: &str) -> Remark {
    Remark::new(text).unwrap()
}

fn acts() -> Vec<(&'static str, Act)> {
    let because = Some(remark("spam"));
    vec![
        ("topic", Act::Topic(Some(remark("optics")))),
        ("topic.none", Act::Topic(None)),
        ("rule.history.all", Act::Rule(Rule::History(HistoryPolicy::All))),
        ("rule.history.last", Act::Rule(Rule::History(HistoryPolicy::Last(50)))),
        ("rule.history.since_join", Act::Rule(Rule::History(HistoryPolicy::SinceJoin))),
        ("rule.private", Act::Rule(Rule::Private(true))),
        ("rule.fixed_topic", Act::Rule(Rule::FixedTopic(true))),
        ("rule.locked", Act::Rule(Rule::Locked(false))),
        ("rule.slow", Act::Rule(Rule::Slow(30))),
        ("invite", Act::Invite(bo())),
        ("knock", Act::Knock),
        ("kick", Act::Kick { who: bo(), reason: None }),
        ("kick.because", Act::Kick { who: bo(), reason: because.clone() }),
        ("ban", Act::Ban { who: bo(), seconds: None, reason: None }),
        ("ban.for_a_time", Act::Ban { who: bo(), seconds: Some(3600), reason: because }),
        ("unban", Act::Unban(bo())),
        ("mute", Act::Mute { who: bo(), seconds: Some(60) }),
        ("unmute", Act::Unmute(bo())),
        ("role.moderator", Act::Role { who: bo(), role: Role::Moderator }),
        ("role.member", Act::Role { who: bo(), role: Role::Member }),
        ("role.owner", Act::Role { who: bo(), role: Role::Owner }),
        ("close", Act::Close),
    ]
}

fn close_reasons() -> Vec<CloseReason> {
    use CloseReason::{
        Banned, Flood, Full, HandshakeTimeout, HostClosed, Kicked, Knocking, Left, Locked, Name, Overrun, Replaced,
        Silent, StoreFailed, TurnedAway, WrongToken,
    };
    use Violation::{
        Forged, Impostor, Malformed, OutOfOrder, Oversize, Preamble, TooMuch, Unexpected, UnknownMember, Unsigned,
    };

    let plain = [Left, HostClosed, Replaced, Full, Silent, HandshakeTimeout, Overrun, WrongToken].into_iter();
    let names = name_errors().map(Name);
    let violations =
        [Oversize, Malformed, Unexpected, Preamble, OutOfOrder, TooMuch, UnknownMember, Forged, Impostor, Unsigned];
    let removed = [Kicked, Banned { retry_after_ms: Some(60_000) }, Flood, StoreFailed, Locked, Knocking, TurnedAway];
    plain.chain(names).chain(violations.map(CloseReason::Violation)).chain(removed).collect()
}

fn refusals() -> Vec<Refusal> {
    use Refusal::{
        Banned, Closed, Empty, HistoryLost, Kicked, Kind, Lobby, Locked, LogExhausted, Muted, NoMessage, NoSuchPeer,
        NotAllowed, NotMember, NotYours, NothingToChange, OutboxFull, Private, RateLimited, RoomClosed, RoomFull,
        SendGap, SlowMode, Taken, TooLong, TooMany, TooManyRooms,
    };
    let too_long = TooLong { limit: 100 };
    let first = [Empty, too_long, NotMember, TooManyRooms, RoomFull, Lobby, Kind, SendGap, OutboxFull, LogExhausted];
    let then = [Closed, NoMessage, NotYours, NothingToChange, TooMany { limit: 20 }];
    let of_rooms = [
        Private,
        Taken,
        Kicked,
        Banned { retry_after_ms: None },
        RoomClosed,
        NotAllowed,
        NoSuchPeer,
        Muted { retry_after_ms: Some(60_000) },
        Locked,
        SlowMode { retry_after_ms: 5000 },
        RateLimited { retry_after_ms: 50 },
        HistoryLost,
    ];
    let names = name_errors().map(Refusal::Name);
    [&first[..], &then, &names, &of_rooms].concat()
}

fn name_errors() -> [NameError; 6] {
    use NameError::{Confusable, Empty, MixedScripts, Reserved, TooLong, Unshowable};
    [Empty, TooLong { limit: 32 }, Unshowable, Reserved, MixedScripts, Confusable]
}

/// The name of a message that says one of many things: `bye.violation.malformed`.
fn name_of(message: &str, what: &impl Serialize) -> String {
    fn words(value: &serde_json::Value) -> Vec<&str> {
        match value {
            serde_json::Value::String(word) => vec![word],
            serde_json::Value::Object(object) => object
                .iter()
                .filter(|(_, value)| !value.is_number())
                .flat_map(|(word, value)| once(word.as_str()).chain(words(value)))
                .collect(),
            _ => vec![],
        }
    }
    let what = serde_json::to_value(what).unwrap();
    once(message).chain(words(&what)).collect::<Vec<_>>().join(".")
}

fn both<T: Serialize>(direction: &str, name: &str, message: &T) -> [Vector; 2] {
    [Encoding::Postcard, Encoding::Json].map(|encoding| {
        Vector::new(name)
            .with("direction", direction)
            .with("encoding", encoding_name(encoding))
            .bytes("bytes", &encoded(encoding, message))
            .with("meaning", message)
    })
}

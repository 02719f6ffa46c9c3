//! `PROTOCOL.md` says what the code does: its examples are the code's own bytes, its tables the code's own numbers.
//!
//! Examples are fenced blocks of the document, ` ```hex name=… ` (bytes of a stream; `;` begins a comment) and
//! ` ```json name=… ` (a message without its length; lines are joined), or rows of tables that begin with the name of
//! an example. Other tables that are checked follow a comment, `<!-- table: … -->`; their first two columns count.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
    fs,
    path::Path,
};

use bytes::{Bytes, BytesMut};
use exchange_core::{
    Act, Availability, Body, Client, ClientConfig, CloseReason, Cmid, ContentType, Digest, Durability, Encoding, Epoch,
    GapReason, HistoryPolicy, HostConfig, JoinFrom, LeaveReason, MemberId, Mentions, NameError, Nick, Note, PageFrom,
    Peer, PeerId, Presence, ProducerId, Reaction, Refusal, Remark, Rev, Role, RoomId, RoomName, RoomSummary, Rules,
    SafetyNumber, Seq, SessionId, SessionName, Signature, Status, Timestamp, Token, Violation,
    discovery::{self, PeerRecord},
    message::{
        self, Chained, Commitment, Data, Delete, Edit, Entry, FRAME_HEADER, Hello, Joined, MemberRecord, Post, React,
        Signal, ToClient, ToHost, Welcome,
    },
    wire::{Offer, Received, Versions, Wire},
};
use serde::{Serialize, de::DeserializeOwned};

const PEER: PeerId = PeerId::from_bytes([0xa1; 16]);
const PRODUCER: ProducerId = ProducerId::from_bytes([0xb2; 8]);
const TOKEN: Token = Token::from_bytes([0xc3; 16]);
const SESSION: SessionId = SessionId::from_bytes([0xd4; 16]);
const LIFE: Epoch = Epoch::from_bytes([0xe5; 16]);
const EPOCH: Epoch = Epoch::from_bytes([0xf6; 16]);
const DIGEST: Digest = Digest::from_bytes([0x17; 32]);
const ROOM: RoomId = RoomId(3);
const AT: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// The document, unless this crate was packaged without it.
fn document() -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../PROTOCOL.md")).ok()
}

fn nick() -> Nick {
    Nick::new("bo").unwrap()
}

fn away() -> Presence {
    Presence { availability: Availability::Away, note: Some(Note::new("lunch").unwrap()) }
}

fn den() -> RoomName {
    RoomName::new("den").unwrap()
}

fn post() -> Body {
    Body::Post(Post { reply_to: Some(Seq(301)), mentions: [PEER].into_iter().collect(), text: "@bo no".into() })
}

fn edit() -> Body {
    Body::Edit(Edit { of: Seq(301), mentions: Mentions::default(), text: "ho".into() })
}

fn react() -> Body {
    Body::React(React { to: Seq(301), reaction: Reaction::new("👍").unwrap(), add: true })
}

fn data() -> Body {
    let content_type = ContentType::new("game/move").unwrap();
    Body::Data(Data { content_type, payload: Bytes::from_static(&[0, 255, 7]) })
}

fn to_host() -> Vec<(&'static str, ToHost)> {
    let send = |body| ToHost::Send { room: ROOM, cmid: Cmid(12), body, commitment: None };
    let presence = Presence::default();
    let hello = Hello { peer: PEER, producer: PRODUCER, token: None, attempt: 1, nick: "bo".into(), presence };
    let back = Hello { token: Some(TOKEN), attempt: 2, presence: away(), ..hello.clone() };
    let from = JoinFrom::After { epoch: EPOCH, seq: Seq(300) };
    vec![
        ("to_host.hello", ToHost::Hello(hello)),
        ("to_host.hello.again", ToHost::Hello(back)),
        (
            "to_host.join",
            ToHost::Join { room: "lobby".into(), from: JoinFrom::Last(50), settled: Cmid(0), sent: Cmid(0) },
        ),
        ("to_host.join.again", ToHost::Join { room: "den".into(), from, settled: Cmid(11), sent: Cmid(12) }),
        ("to_host.leave", ToHost::Leave { room: ROOM }),
        ("to_host.send.signed", signed()),
        ("to_host.send", ToHost::Send { room: ROOM, cmid: Cmid(12), body: Body::text("hé"), commitment: None }),
        ("to_host.send.post", send(post())),
        ("to_host.send.edit", send(edit())),
        ("to_host.send.delete", send(Body::Delete(Delete { of: Seq(301) }))),
        ("to_host.send.react", send(react())),
        ("to_host.send.data", send(data())),
        ("to_host.ping", ToHost::Ping { nonce: 1000 }),
        ("to_host.pong", ToHost::Pong { nonce: 1000 }),
        ("to_host.bye", ToHost::Bye { reason: CloseReason::Left }),
        ("to_host.presence", ToHost::Presence(away())),
        ("to_host.rename", ToHost::Rename { nick: "ana".into() }),
        ("to_host.open", ToHost::Open { room: "den".into(), settled: Cmid(0), sent: Cmid(0) }),
        ("to_host.list", ToHost::List { after: Some("den".into()) }),
        ("to_host.seen", ToHost::Seen { room: ROOM, after: Seq(100), delivered: Seq(301), read: Some(Seq(300)) }),
        ("to_host.typing", ToHost::Typing { room: ROOM, typing: true }),
        ("to_host.fetch", ToHost::Fetch { room: ROOM, from: PageFrom::Before(Seq(301)), count: 50 }),
    ]
}

/// A message, and a signature that nobody has made.
fn signed() -> ToHost {
    let (first, seen) = (Cmid(12), Seq(300));
    let digests = vec![Body::text("hé").digest().short()];
    let (chain, signature) = (DIGEST.short(), Signature::from_bytes([0x28; 64]));
    let commitment = Some(Commitment { first, digests, seen, chain, signature }.into());
    ToHost::Send { room: ROOM, cmid: Cmid(12), body: Body::text("hé"), commitment }
}

fn to_client() -> Vec<(&'static str, ToClient)> {
    let entry = |body| Entry {
        room: ROOM,
        seq: Seq(301),
        author: MemberId(7),
        cmid: Cmid(12),
        at: AT,
        body,
        commitment: None,
        blanked: None,
    };
    let made = |body| ToClient::Entry(Entry { cmid: Cmid::ZERO, ..entry(body) });
    let opaque = Body::Opaque { kind: 0x8000, payload: Bytes::from_static(&[0, 255, 7]) };
    let (room, name) = (ROOM, den());
    let (status, note) = (Status::Away, away().note);
    let (member, nick_of, role) = (MemberId(7), nick(), Role::Moderator);
    let record =
        MemberRecord { member, peer: PEER, producer: PRODUCER, nick: nick_of, role, status, note, identity: None };
    let ana = |text| Nick::new(text).unwrap();
    let refusal = Refusal::Name(NameError::Confusable);
    let members = vec![MemberId(0), MemberId(7)];
    let bo = Peer { id: PEER, nick: nick() };
    let summary = RoomSummary { name: den(), topic: None, members: 2, private: true };
    let (after, delivered, read) = (Seq(100), Seq(301), Some(Seq(300)));
    let signal = Signal { member: MemberId(7), after, delivered, read, typing_ms: 6000 };
    let kick = Act::Kick { who: bo.clone(), reason: Some(Remark::new("spam").unwrap()) };
    let (after, start, head) = (Seq(250), Seq(100), Seq(302));
    let page = ToClient::Page { room, after, entries: 50, more: false, start, head, chain: None };
    let welcome = Welcome {
        session: SESSION,
        name: SessionName::new("Lab 3").unwrap(),
        life: LIFE,
        you: MemberId(7),
        token: TOKEN,
        roster: Rev(9),
        heartbeat_ms: 5000,
        max_text: 8192,
        durability: Durability::Memory,
    };
    vec![
        ("to_client.entry.text", ToClient::Entry(entry(Body::text("hé")))),
        ("to_client.entry.join", made(Body::Join { peer: PEER, producer: PRODUCER, nick: nick() })),
        ("to_client.entry.leave", made(Body::Leave { reason: LeaveReason::TimedOut })),
        ("to_client.entry.rename", made(Body::Rename { before: nick(), nick: ana("ana") })),
        ("to_client.entry.kick", ToClient::Entry(entry(Body::Act(kick)))),
        ("to_client.entry.opaque", ToClient::Entry(entry(opaque))),
        ("to_client.entry.post", ToClient::Entry(entry(post()))),
        ("to_client.welcome", ToClient::Welcome(welcome)),
        ("to_client.roster", ToClient::Roster { rev: Rev(9), members: vec![record] }),
        (
            "to_client.joined",
            ToClient::Joined(Joined {
                name,
                room,
                epoch: EPOCH,
                after: Seq(300),
                head: Seq(302),
                known: true,
                members,
                founder: Some(PEER),
                topic: Some(Remark::new("optics").unwrap()),
                rules: Rules { history: HistoryPolicy::Last(50), ..Rules::default() },
                chained: Some(Chained { chain: Some(DIGEST), since: Seq(0) }.into()),
            }),
        ),
        ("to_client.join_refused", ToClient::JoinRefused { room: den(), refusal: Refusal::RoomFull }),
        ("to_client.parted", ToClient::Parted { room }),
        ("to_client.leave_refused", ToClient::LeaveRefused { room: RoomId(1), refusal: Refusal::Lobby }),
        ("to_client.gap", ToClient::Gap { room, to: Seq(250), reason: GapReason::Retention, chain: None }),
        ("to_client.ack", ToClient::Ack { room, cmid: Cmid(12), seq: Some(Seq(301)) }),
        ("to_client.reject", ToClient::Reject { room, cmid: Cmid(12), refusal: Refusal::TooLong { limit: 100 } }),
        ("to_client.ping", ToClient::Ping { nonce: 1000 }),
        ("to_client.pong", ToClient::Pong { nonce: 1000 }),
        ("to_client.bye", ToClient::Bye { reason: CloseReason::Violation(Violation::Malformed) }),
        ("to_client.rename_refused", ToClient::RenameRefused { nick: ana("Ana"), kept: nick(), refusal }),
        ("to_client.rooms", ToClient::Rooms { rooms: vec![summary], more: false }),
        ("to_client.list_refused", ToClient::ListRefused { refusal: Refusal::RateLimited { retry_after_ms: 50 } }),
        ("to_client.invited", ToClient::Invited { room: den(), by: bo.clone() }),
        ("to_client.removed", ToClient::Removed { room, refusal: Refusal::Kicked, reason: None }),
        ("to_client.signals", ToClient::Signals { room, signals: vec![signal] }),
        ("to_client.no_signals", ToClient::NoSignals { room }),
        ("to_client.page", page),
        ("to_client.fetch_refused", ToClient::FetchRefused { room, refusal: Refusal::NotMember }),
    ]
}

/// What the code makes of every example: its bytes in postcard with their length, and in JSON without.
fn examples() -> (BTreeMap<String, Vec<u8>>, BTreeMap<String, String>) {
    let (mut hex, mut json) = (BTreeMap::new(), BTreeMap::new());
    for (name, message) in to_host() {
        put(name, &message, &mut hex, &mut json);
    }
    for (name, message) in to_client() {
        put(name, &message, &mut hex, &mut json);
    }
    hex.insert("frame.json".into(), frame(Encoding::Json, &ToHost::Ping { nonce: 1000 }));

    let client = Wire::client(Offer::default());
    hex.insert("preamble.offer".into(), client.opening().to_vec());
    let Ok(Some(Received::Opened { answer, .. })) = Wire::host(Offer::default()).receive(&mut &client.opening()[..])
    else {
        panic!("two of a kind understand each other")
    };
    hex.insert("preamble.answer".into(), answer.to_vec());
    let newer = Wire::client(Offer::new(Versions::new(2, 4).unwrap(), &[Encoding::Json]));
    hex.insert("preamble.newer".into(), newer.opening().to_vec());
    let fault = Wire::host(Offer::default()).receive(&mut &newer.opening()[..]).unwrap_err();
    hex.insert("preamble.nothing".into(), fault.answer.to_vec());
    (hex, json)
}

fn put<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    name: &str,
    message: &T,
    hex: &mut BTreeMap<String, Vec<u8>>,
    json: &mut BTreeMap<String, String>,
) {
    let compact = frame(Encoding::Postcard, message);
    let readable = frame(Encoding::Json, message);
    assert_eq!(Encoding::Postcard.decode::<T>(&compact[FRAME_HEADER..]).as_ref(), Ok(message));
    assert_eq!(Encoding::Json.decode::<T>(&readable[FRAME_HEADER..]).as_ref(), Ok(message));
    hex.insert(name.into(), compact);
    json.insert(name.into(), String::from_utf8(readable[FRAME_HEADER..].to_vec()).unwrap());
}

fn frame<T: Serialize>(encoding: Encoding, message: &T) -> Vec<u8> {
    let mut frame = BytesMut::new();
    encoding.encode(message, &mut frame);
    frame.to_vec()
}

/// The lines of the examples in that language, by their names.
fn blocks<'a>(document: &'a str, language: &str) -> BTreeMap<String, Vec<&'a str>> {
    let opening = format!("```{language} name=");
    let column = if language == "hex" { 1 } else { 2 };
    let mut blocks = BTreeMap::new();
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        let (name, block) = if let Some(name) = line.strip_prefix(&opening) {
            (name, lines.by_ref().take_while(|line| *line != "```").collect())
        } else if line.starts_with("| `to_host.") || line.starts_with("| `to_client.") {
            let row: Vec<&str> = line.split('|').skip(1).map(|cell| cell.trim().trim_matches('`')).collect();
            (row[0], vec![row[column]])
        } else {
            continue;
        };
        assert!(blocks.insert(name.to_owned(), block).is_none(), "{name} is there twice");
    }
    blocks
}

#[test]
fn every_hex_example_is_what_the_code_writes() {
    let Some(document) = document() else { return };
    let written: BTreeMap<String, Vec<u8>> = blocks(&document, "hex")
        .into_iter()
        .map(|(name, lines)| {
            let digits: String =
                lines.iter().flat_map(|line| line.split(';').next().unwrap_or_default().split_whitespace()).collect();
            let bytes = data_encoding::HEXLOWER.decode(digits.as_bytes());
            (name.clone(), bytes.unwrap_or_else(|error| panic!("{name}: {error}")))
        })
        .collect();
    same(&written, &examples().0, |bytes| data_encoding::HEXLOWER.encode(bytes));
}

#[test]
fn every_json_example_is_what_the_code_writes() {
    let Some(document) = document() else { return };
    let written = blocks(&document, "json")
        .into_iter()
        .map(|(name, lines)| (name, lines.iter().map(|line| line.trim()).collect::<String>()))
        .collect();
    same(&written, &examples().1, String::clone);
}

fn same<T: PartialEq>(written: &BTreeMap<String, T>, expected: &BTreeMap<String, T>, show: impl Fn(&T) -> String) {
    for (name, expected) in expected {
        let found = written.get(name);
        assert!(found == Some(expected), "{name} should be {}, is {:?}", show(expected), found.map(&show));
    }
    let unknown: Vec<&String> = written.keys().filter(|name| !expected.contains_key(*name)).collect();
    assert!(unknown.is_empty(), "examples that nobody checks: {unknown:?}");
}

/// The first two columns of the table of that name, without their code marks.
fn table(document: &str, name: &str) -> Vec<(String, String)> {
    let comment = format!("<!-- table: {name} -->");
    let (_, after) = document.split_once(&comment).unwrap_or_else(|| panic!("there is no table {name}"));
    let rows = after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let mut columns = row.split('|').skip(1).map(|column| column.trim().replace('`', ""));
        (columns.next().unwrap_or_default(), columns.next().unwrap_or_default())
    })
    .collect()
}

/// The number of each value in postcard, and its name in JSON.
fn variants<T: Serialize>(values: &[T]) -> Vec<(String, String)> {
    values
        .iter()
        .map(|value| {
            let number = postcard::to_allocvec(value).unwrap()[0];
            let name = match serde_json::to_value(value).unwrap() {
                serde_json::Value::String(name) => name,
                serde_json::Value::Object(object) => object.keys().next().unwrap().clone(),
                other => panic!("no variant: {other}"),
            };
            (number.to_string(), name)
        })
        .collect()
}

#[test]
fn every_variant_has_its_number_and_its_name() {
    use CloseReason::{
        Full, HandshakeTimeout, HostClosed, Left, Name, Overrun, Replaced, Silent, Violation as Broken, WrongToken,
    };
    use Refusal::{
        Closed, Empty, Kicked, Kind, Lobby, Locked, LogExhausted, NoMessage, NoSuchPeer, NotAllowed, NotMember,
        NotYours, NothingToChange, OutboxFull, Private, RoomClosed, RoomFull, SendGap, Taken, TooLong, TooMany,
        TooManyRooms,
    };
    use Violation::{
        Forged, Impostor, Malformed, OutOfOrder, Oversize, Preamble, TooMuch, Unexpected, UnknownMember, Unsigned,
    };

    let Some(document) = document() else { return };
    let named = Name(NameError::Empty);
    let broken = Broken(Oversize);
    let until = Some(0);
    let first = [Left, HostClosed, Replaced, Full, Silent, HandshakeTimeout, Overrun, WrongToken, named, broken];
    let banned = CloseReason::Banned { retry_after_ms: until };
    let then = [
        CloseReason::Kicked,
        banned,
        CloseReason::Flood,
        CloseReason::StoreFailed,
        CloseReason::Locked,
        CloseReason::Knocking,
        CloseReason::TurnedAway,
    ];
    let close_reasons = [&first[..], &then].concat();
    let name_errors = [
        NameError::Empty,
        NameError::TooLong { limit: 0 },
        NameError::Unshowable,
        NameError::Reserved,
        NameError::MixedScripts,
        NameError::Confusable,
    ];
    let violations =
        [Oversize, Malformed, Unexpected, Preamble, OutOfOrder, TooMuch, UnknownMember, Forged, Impostor, Unsigned];
    let too_long = TooLong { limit: 0 };
    let name = Refusal::Name(NameError::Empty);
    let refusals = [
        Empty,
        too_long,
        NotMember,
        TooManyRooms,
        RoomFull,
        Lobby,
        Kind,
        SendGap,
        OutboxFull,
        LogExhausted,
        Closed,
        NoMessage,
        NotYours,
        NothingToChange,
        TooMany { limit: 0 },
        name,
        Private,
        Taken,
        Kicked,
        Refusal::Banned { retry_after_ms: until },
        RoomClosed,
        NotAllowed,
        NoSuchPeer,
        Refusal::Muted { retry_after_ms: until },
        Locked,
        Refusal::SlowMode { retry_after_ms: 0 },
        Refusal::RateLimited { retry_after_ms: 0 },
        Refusal::HistoryLost,
    ];
    let once = |names: Vec<(String, String)>| -> Vec<(String, String)> {
        names.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
    };
    let numbered = |mut rows: Vec<(String, String)>| {
        rows.sort_by_key(|(number, _)| number.parse::<u8>().unwrap());
        rows
    };
    let messages = |values| numbered(once(values));
    let from = JoinFrom::After { epoch: EPOCH, seq: Seq(0) };
    for (name, expected) in [
        ("to_host", messages(variants(&to_host().into_iter().map(|(_, message)| message).collect::<Vec<_>>()))),
        ("to_client", messages(variants(&to_client().into_iter().map(|(_, message)| message).collect::<Vec<_>>()))),
        ("page_from", variants(&[PageFrom::Before(Seq(0)), PageFrom::After(Seq(0))])),
        ("join_from", variants(&[JoinFrom::Head, JoinFrom::Last(0), JoinFrom::Start, from])),
        ("close_reason", variants(&close_reasons)),
        ("name_error", variants(&name_errors)),
        ("violation", variants(&violations)),
        ("refusal", variants(&refusals)),
    ] {
        assert_eq!(table(&document, name), expected, "{name}");
    }
}

#[test]
fn every_figure_is_the_codes() {
    let Some(document) = document() else { return };
    let host = HostConfig::new(SessionName::new("Lab 3").unwrap(), nick());
    let client = ClientConfig::new(nick());
    let (limits, timing) = (host.limits, host.timing);
    let number = |name: &'static str, value: usize| (name.to_owned(), value.to_string());
    let millis =
        |name: &'static str, value: core::time::Duration| (name.to_owned(), format!("{} ms", value.as_millis()));
    let expected = [
        number("longest frame", message::MAX_FRAME),
        number("longest first frame of a client", message::MAX_FIRST_FRAME),
        number("longest nick", Nick::MAX_BYTES.into()),
        number("longest note", Note::MAX_BYTES.into()),
        number("longest room name", RoomName::MAX_BYTES.into()),
        number("longest session name", SessionName::MAX_BYTES.into()),
        number("longest reaction", Reaction::MAX_BYTES.into()),
        number("longest content type", ContentType::MAX_BYTES.into()),
        number("mentions of a text", Mentions::MAX),
        number("longest remark", Remark::MAX_BYTES.into()),
        number("longest text, ever", exchange_core::Limits::MAX_TEXT as usize),
        number("longest text", limits.text as usize),
        number("messages of a commitment", Commitment::MAX),
        number("links", limits.links),
        number("links from one address", limits.links_per_address),
        number("links without a hello", limits.half_open),
        number("links without a hello from one address", limits.half_open_per_address),
        number("new people from one address a second", limits.newcomers.per_second as usize),
        number("new people from one address at once", limits.newcomers.burst as usize),
        number("rooms", limits.rooms),
        number("rooms that a peer has opened", limits.rooms_per_founder),
        number("rooms of a member", limits.rooms_per_member),
        number("members of a room", limits.members_per_room),
        number("members of a room with signals", limits.signalled),
        number("remembered members", limits.remembered),
        number("entries kept of a room", limits.history_entries),
        number("bytes kept of a room", limits.history_bytes),
        number("reactions to a message", limits.reactions),
        number("invitations of a peer", limits.invitations),
        number("bans, and mutes, of a room", limits.sanctions),
        number("entries of a page", limits.page_entries as usize),
        number("bytes of a page", limits.page_bytes),
        number("messages of a peer a second", limits.messages.per_second as usize),
        number("messages of a peer at once", limits.messages.burst as usize),
        number("requests of a peer a second", limits.requests.per_second as usize),
        number("requests of a peer at once", limits.requests.burst as usize),
        number("send window of a room", client.window),
    ];
    assert_eq!(table(&document, "limits"), expected);
    let expected = [
        millis("heartbeat", timing.heartbeat),
        millis("patience", timing.heartbeat * 5 / 2),
        millis("dead", timing.heartbeat * 3),
        millis("handshake at the host", timing.handshake),
        millis("handshake at the client", client.handshake),
        millis("unreachable", timing.unreachable),
        millis("grace", timing.grace),
        millis("expiry", timing.expiry),
        millis("pace", timing.pace),
        millis("seen", Client::SEEN_AFTER),
        millis("typing", timing.typing),
        millis("first back-off", client.backoff_min),
        millis("longest back-off", client.backoff_max),
        millis("healthy", client.healthy_after),
    ];
    assert_eq!(table(&document, "timers"), expected);
    let txt = [discovery::TXT_MAX_BYTES, discovery::TXT_LIMIT, discovery::Metadata::MAX_BYTES];
    for figure in [discovery::DEFAULT_PORT.into()].into_iter().chain(txt) {
        assert!(document.contains(&format!("**{figure}**")), "{figure}");
    }
    assert!(document.contains(discovery::SERVICE_TYPE));
}

#[test]
fn safety_numbers_are_the_codes() {
    let Some(document) = document() else { return };
    let written = table(&document, "safety");
    assert_eq!(written.len(), 2);
    for (peers, number) in written {
        let (a, b) = peers.split_once(", ").unwrap();
        let (a, b) = (PeerId::parse(a).unwrap(), PeerId::parse(b).unwrap());
        assert_eq!(SafetyNumber::of(a, b).to_string(), number, "{a} {b}");
    }
}

#[test]
fn the_announcement_is_the_codes() {
    let Some(document) = document() else { return };
    let name = SessionName::new("Lab 3").unwrap();
    let mut record = PeerRecord::new(SESSION, name, Nick::new("ana").unwrap(), discovery::DEFAULT_PORT);
    record.people = 4;
    (record.peer, record.is_locked) = (Some(PeerId::from_bytes([5; 16])), true);
    record.metadata.insert("topic", "optics").unwrap();
    let keys: Vec<(String, String)> =
        table(&document, "txt").into_iter().map(|(key, value)| (key.to_lowercase(), value)).collect();
    assert_eq!(keys, record.to_txt());
    assert!(document.contains(&discovery::instance_name(SESSION)));
    assert!(document.contains(&discovery::host_name(SESSION)));
}

#[test]
fn every_must_has_a_number_of_its_own() {
    let Some(document) = document() else { return };
    let mut seen = BTreeSet::new();
    for line in document.lines() {
        assert!(line.chars().count() <= 120, "a long line: {line}");
        for part in line.split("**EX-").skip(1) {
            let id = part.split("**").next().unwrap_or_default();
            let (section, number) = id.split_once('-').unwrap_or_default();
            assert!(section.len() == 3 && section.bytes().all(|b| b.is_ascii_uppercase()), "EX-{id}");
            assert!(number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit()), "EX-{id}");
            assert!(seen.insert(id.to_owned()), "EX-{id} is there twice");
        }
    }
    // A rule is a list item or a paragraph; each that demands something is numbered.
    let body = document.split_once("\n## ").map(|(_, body)| body).unwrap_or_default();
    for rule in body.split("\n\n").flat_map(|paragraph| paragraph.split("\n- ")) {
        assert!(!rule.contains("MUST") || rule.contains("EX-") || rule.contains("RFC 2119"), "no number: {rule}");
    }
}

//! What one side says after the preamble, and how the other ends the link for it, or that it goes on.

use bytes::BytesMut;
use exchange_tokio::core::{
    Body, CloseReason, Cmid, Encoding, GapReason, JoinFrom, MemberId, NameError, Presence, Refusal, Rev, Role, RoomId,
    RoomName, Rules, Seq, Status, Timestamp, Violation,
    message::{Entry, Hello, Joined, MAX_FIRST_FRAME, MAX_FRAME, MemberRecord, ToClient, ToHost},
    text::Text,
};
use serde::Serialize;

use super::{
    Vector,
    messages::{EPOCH, PEER, PRODUCER, den, nick, welcome},
};

const LOBBY: RoomId = RoomId(1);

pub(super) fn vectors() -> Vec<Vector> {
    client_goes_on().into_iter().chain(client_ends()).chain(host_goes_on()).chain(host_ends()).collect()
}

/// A client that has said hello, and asks for the lobby, from anywhere, as soon as it is welcome.
fn client_goes_on() -> Vec<Vector> {
    let opaque = Body::Opaque { kind: 700, payload: bytes::Bytes::from_static(b"from a later version") };
    [
        ("entries", stream(&in_lobby(&[entry(1, "a"), entry(2, "b")]))),
        ("entry_of_an_unknown_kind", stream(&in_lobby(&[of_kind(1, opaque), entry(2, "b")]))),
        ("gap", stream(&in_lobby(&[gap(7), entry(8, "a")]))),
        ("members_before_a_gap", stream(&in_lobby(&[entry(1, "a"), joined(1, 9, &[0]), gap(7), entry(8, "b")]))),
        ("pong_that_nobody_asked_for", stream(&in_lobby(&[ToClient::Pong { nonce: 1 }]))),
        ("ack_of_a_message_that_was_never_sent", stream(&in_lobby(&[ack()]))),
        ("roster_later", stream(&in_lobby(&[roster(12, &[8]), by(8, 1), by(7, 2)]))),
    ]
    .map(|(name, bytes)| one("client", name, &bytes))
    .into()
}

fn client_ends() -> Vec<Vector> {
    use Violation::{Malformed, OutOfOrder, Oversize, Unexpected, UnknownMember};

    let early = [
        ("entry_before_welcome", entry(1, "a")),
        ("roster_before_welcome", roster(9, &[0])),
        ("ping_before_welcome", ToClient::Ping { nonce: 1 }),
        ("joined_before_welcome", joined(0, 0, &[])),
    ]
    .map(|(name, message)| (name, Unexpected, stream(&[message])));
    let late = [
        ("welcome_twice", Unexpected, vec![ToClient::Welcome(welcome())]),
        ("joined_without_a_wish", Unexpected, vec![another_room()]),
        ("joined_twice_elsewhere", Unexpected, vec![entry(1, "a"), joined(0, 1, &[0])]),
        ("join_refused_without_a_wish", Unexpected, vec![join_refused(den())]),
        ("parted_without_a_wish", Unexpected, vec![ToClient::Parted { room: LOBBY }]),
        ("leave_refused_without_a_wish", Unexpected, vec![leave_refused()]),
        ("entry_of_another_room", Unexpected, vec![elsewhere()]),
        (
            "gap_of_another_room",
            Unexpected,
            vec![ToClient::Gap { room: RoomId(9), to: Seq(1), reason: GapReason::Retention, chain: None }],
        ),
        ("entry_left_out", OutOfOrder, vec![entry(1, "a"), entry(3, "c")]),
        ("entry_twice", OutOfOrder, vec![entry(1, "a"), entry(1, "a")]),
        ("entry_zero", OutOfOrder, vec![entry(0, "a")]),
        ("gap_of_nothing", OutOfOrder, vec![entry(1, "a"), gap(1)]),
        ("gap_backwards", OutOfOrder, vec![entry(1, "a"), entry(2, "b"), gap(1)]),
        ("entry_by_a_stranger", UnknownMember, vec![by(8, 1)]),
    ]
    .map(|(name, violation, messages)| (name, violation, stream(&in_lobby(&messages))));
    let before_joined = [
        ("lobby_refused", Unexpected, join_refused(RoomName::lobby())),
        ("entry_before_joined", Unexpected, entry(1, "a")),
        ("ack_before_joined", Unexpected, ack()),
        ("reject_before_joined", Unexpected, ToClient::Reject { room: LOBBY, cmid: Cmid(1), refusal: Refusal::Empty }),
        ("joined_beyond_the_head", Unexpected, joined(2, 1, &[0])),
        ("joined_with_a_stranger", UnknownMember, joined(0, 0, &[0, 8])),
    ]
    .map(|(name, violation, message)| {
        (name, violation, stream(&[ToClient::Welcome(welcome()), roster(9, &[0, 7]), message]))
    });
    let lobby = stream(&in_lobby(&[]));
    let no_frames = [
        ("malformed", Malformed, [&lobby[..], b"\0\0\0\x02{}"].concat()),
        ("empty_frame", Malformed, [&lobby[..], &[0; 4]].concat()),
        ("frame_too_long", Oversize, [&lobby[..], &header(MAX_FRAME + 1)].concat()),
    ];
    let all = early.into_iter().chain(late).chain(before_joined).chain(no_frames);
    all.map(|(name, violation, bytes)| ends("client", name, violation.into(), &bytes)).collect()
}

/// A host that nobody has been at before.
fn host_goes_on() -> Vec<Vector> {
    let send = |body| ToHost::Send { room: LOBBY, cmid: Cmid(1), body, commitment: None };
    [
        ("lobby", vec![hello("bo"), join("lobby")]),
        ("name_with_white_space", vec![hello(" bo "), join(" lobby ")]),
        ("lobby_twice", vec![hello("bo"), join("lobby"), join("lobby")]),
        ("pong_that_nobody_asked_for", vec![hello("bo"), ToHost::Pong { nonce: 1 }]),
        ("message_of_nothing", vec![hello("bo"), join("lobby"), send(Body::text(" "))]),
        ("message_for_no_room", vec![hello("bo"), send(Body::text("a"))]),
        ("leaving_the_lobby", vec![hello("bo"), join("lobby"), ToHost::Leave { room: LOBBY }]),
        ("leaving_no_room", vec![hello("bo"), ToHost::Leave { room: RoomId(9) }]),
    ]
    .map(|(name, messages)| one("host", name, &stream(&messages)))
    .into()
}

fn host_ends() -> Vec<Vector> {
    use Violation::{Malformed, Oversize, Unexpected};

    let name = CloseReason::Name;
    let too_many = ToHost::Join { room: "lobby".into(), from: JoinFrom::Head, settled: Cmid(2), sent: Cmid(1) };
    let said = [
        ("ping_before_hello", Unexpected.into(), vec![ToHost::Ping { nonce: 1 }]),
        ("join_before_hello", Unexpected.into(), vec![join("lobby")]),
        ("hello_twice", Unexpected.into(), vec![hello("bo"), hello("bo")]),
        ("another_room_before_the_lobby", Unexpected.into(), vec![hello("bo"), join("den")]),
        ("nick_empty", name(NameError::Empty), vec![hello(" ")]),
        ("nick_too_long", name(NameError::TooLong { limit: 32 }), vec![hello(&"x".repeat(33))]),
        ("nick_unshowable", name(NameError::Unshowable), vec![hello("\u{1b}[2J")]),
        ("room_empty", name(NameError::Empty), vec![hello("bo"), join("lobby"), join("")]),
        ("room_too_long", name(NameError::TooLong { limit: 64 }), vec![hello("bo"), join(&"x".repeat(65))]),
        ("more_settled_than_sent", Malformed.into(), vec![hello("bo"), too_many]),
    ]
    .map(|(name, reason, messages)| ends("host", name, reason, &stream(&messages)));
    let greeted = stream(&[hello("bo")]);
    let no_frames = [
        ("malformed", Malformed, [&greeted[..], b"\0\0\0\x02{}"].concat()),
        ("empty_frame", Malformed, vec![0; 4]),
        ("first_frame_too_long", Oversize, header(MAX_FIRST_FRAME + 1)),
        ("frame_too_long", Oversize, [&greeted[..], &header(MAX_FRAME + 1)].concat()),
    ]
    .map(|(name, violation, bytes)| ends("host", name, violation.into(), &bytes));
    said.into_iter().chain(no_frames).collect()
}

fn hello(nick: &str) -> ToHost {
    let presence = Presence::default();
    ToHost::Hello(Hello { peer: PEER, producer: PRODUCER, token: None, attempt: 1, nick: nick.into(), presence })
}

fn join(room: &str) -> ToHost {
    ToHost::Join { room: Text::from(room), from: JoinFrom::Head, settled: Cmid(0), sent: Cmid(0) }
}

fn in_lobby(messages: &[ToClient]) -> Vec<ToClient> {
    let before = [ToClient::Welcome(welcome()), roster(9, &[0, 7]), joined(0, 0, &[0, 7])];
    before.into_iter().chain(messages.iter().cloned()).collect()
}

fn roster(rev: u64, members: &[u32]) -> ToClient {
    let record = |member: &u32| MemberRecord {
        member: MemberId(*member),
        peer: PEER,
        producer: exchange_tokio::core::ProducerId::from_bytes(u64::from(*member).to_be_bytes()),
        nick: nick("ana"),
        role: Role::Member,
        status: Status::Online,
        note: None,
        identity: None,
    };
    ToClient::Roster { rev: Rev(rev), members: members.iter().map(record).collect() }
}

fn joined(after: u64, head: u64, members: &[u32]) -> ToClient {
    let members = members.iter().copied().map(MemberId).collect();
    let (after, head) = (Seq(after), Seq(head));
    ToClient::Joined(joined_to(RoomName::lobby(), LOBBY, (after, head), members))
}

fn another_room() -> ToClient {
    let (after, head) = (Seq(0), Seq(0));
    ToClient::Joined(joined_to(den(), RoomId(2), (after, head), vec![]))
}

fn joined_to(name: RoomName, room: RoomId, (after, head): (Seq, Seq), members: Vec<MemberId>) -> Joined {
    let (founder, topic, rules) = (None, None, Rules::default());
    Joined { name, room, epoch: EPOCH, after, head, known: true, members, founder, topic, rules, chained: None }
}

fn join_refused(room: RoomName) -> ToClient {
    ToClient::JoinRefused { room, refusal: Refusal::RoomFull }
}

fn leave_refused() -> ToClient {
    ToClient::LeaveRefused { room: LOBBY, refusal: Refusal::Lobby }
}

fn ack() -> ToClient {
    ToClient::Ack { room: LOBBY, cmid: Cmid(1), seq: Some(Seq(1)) }
}

fn gap(to: u64) -> ToClient {
    ToClient::Gap { room: LOBBY, to: Seq(to), reason: GapReason::Retention, chain: None }
}

fn entry(seq: u64, text: &str) -> ToClient {
    of_kind(seq, Body::text(text))
}

fn of_kind(seq: u64, body: Body) -> ToClient {
    let at = Timestamp::from_millis(1_790_000_000_000);
    ToClient::Entry(Entry {
        room: LOBBY,
        seq: Seq(seq),
        author: MemberId(7),
        cmid: Cmid(seq),
        at,
        body,
        commitment: None,
        blanked: None,
    })
}

fn by(author: u32, seq: u64) -> ToClient {
    match entry(seq, "a") {
        ToClient::Entry(entry) => ToClient::Entry(Entry { author: MemberId(author), ..entry }),
        other => other,
    }
}

fn elsewhere() -> ToClient {
    match entry(1, "a") {
        ToClient::Entry(entry) => ToClient::Entry(Entry { room: RoomId(9), ..entry }),
        other => other,
    }
}

fn stream<T: Serialize>(messages: &[T]) -> Vec<u8> {
    let mut stream = BytesMut::new();
    for message in messages {
        Encoding::Json.encode(message, &mut stream);
    }
    stream.to_vec()
}

fn header(length: usize) -> Vec<u8> {
    u32::try_from(length).unwrap().to_be_bytes().to_vec()
}

fn ends(reader: &str, name: &str, reason: CloseReason, bytes: &[u8]) -> Vector {
    one(reader, name, bytes).with("error", &reason)
}

fn one(reader: &str, name: &str, bytes: &[u8]) -> Vector {
    Vector::new(format!("{reader}.{name}")).with("reader", reader).with("encoding", "json").bytes("bytes", bytes)
}

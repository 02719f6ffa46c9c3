use arbitrary::{Arbitrary, Result, Unstructured};
use exchange_core::{
    Availability, Body, CloseReason, Cmid, ContentType, Durability, Epoch, GapReason, JoinFrom, LeaveReason, MemberId,
    Mentions, NameError, Nick, Note, PageFrom, PeerId, Presence, ProducerId, Reaction, Refusal, Rev, Role, RoomId,
    RoomName, Rules, Seq, SessionId, SessionName, Status, Text, Timestamp, Token, Violation,
    message::{Data, Delete, Edit, Entry, Hello, Joined, MemberRecord, Post, React, Signal, ToClient, ToHost, Welcome},
};

/// Any message to a host but a hello that could be let in: those need a token that the host has given.
pub fn to_host(u: &mut Unstructured<'_>) -> Result<ToHost> {
    Ok(match u.int_in_range(0..=14)? {
        0 => ToHost::Hello(Hello {
            peer: peer(u)?,
            producer: producer(u)?,
            token: u.arbitrary::<Option<u8>>()?.map(|byte| Token::from_bytes([byte; 16])),
            attempt: u.arbitrary()?,
            nick: text(u)?,
            presence: presence(u)?,
        }),
        1..=3 => {
            let room = if u.ratio(1, 8)? { text(u)? } else { room_name(u)?.as_str().into() };
            let from = match u.int_in_range(0..=3)? {
                0 => JoinFrom::Head,
                1 => JoinFrom::Last(u.arbitrary()?),
                2 => JoinFrom::Start,
                _ => JoinFrom::After { epoch: epoch(u)?, seq: Seq(number(u)?) },
            };
            ToHost::Join { room, from, settled: Cmid(number(u)?), sent: Cmid(number(u)?) }
        }
        4 => ToHost::Leave { room: room_id(u)? },
        5 | 6 => ToHost::Send { room: room_id(u)?, cmid: Cmid(number(u)?), body: body(u)?, commitment: None },
        7 => ToHost::Ping { nonce: u.arbitrary()? },
        8 => ToHost::Pong { nonce: u.arbitrary()? },
        9 => ToHost::Presence(presence(u)?),
        11 => {
            let (room, after, delivered) = (room_id(u)?, Seq(number(u)?), Seq(number(u)?));
            ToHost::Seen { room, after, delivered, read: perhaps(u, |u| number(u).map(Seq))? }
        }
        12 => ToHost::Typing { room: room_id(u)?, typing: u.arbitrary()? },
        10 => ToHost::Rename { nick: if u.ratio(1, 4)? { text(u)? } else { nick(u)?.as_str().into() } },
        13 => ToHost::Fetch { room: room_id(u)?, from: page_from(u)?, count: u.arbitrary()? },
        _ => ToHost::Bye { reason: close_reason(u)? },
    })
}

/// Any message to a client.
pub fn to_client(u: &mut Unstructured<'_>) -> Result<ToClient> {
    Ok(match u.int_in_range(0..=20)? {
        0..=2 => {
            let (room, seq, author) = (room_id(u)?, Seq(number(u)?), member_id(u)?);
            let (cmid, at) = (Cmid(number(u)?), Timestamp::from_millis(u.arbitrary()?));
            ToClient::Entry(Entry { room, seq, author, cmid, at, body: body(u)?, commitment: None, blanked: None })
        }
        3 => ToClient::Welcome(Welcome {
            session: SessionId::from_bytes([u.arbitrary()?; 16]),
            name: name(u, SessionName::MAX_BYTES, SessionName::new)?,
            life: epoch(u)?,
            you: member_id(u)?,
            token: Token::from_bytes([u.arbitrary()?; 16]),
            roster: Rev(number(u)?),
            heartbeat_ms: u.arbitrary()?,
            max_text: u.arbitrary()?,
            durability: *u.choose(&[Durability::Memory, Durability::OsBuffered, Durability::Fsynced])?,
        }),
        4 | 5 => ToClient::Roster { rev: Rev(number(u)?), members: few(u, member)? },
        6..=8 => ToClient::Joined(Joined {
            name: room_name(u)?,
            room: room_id(u)?,
            epoch: epoch(u)?,
            after: Seq(number(u)?),
            head: Seq(number(u)?),
            known: u.arbitrary()?,
            members: few(u, member_id)?,
            founder: if u.arbitrary()? { Some(peer(u)?) } else { None },
            topic: None,
            rules: Rules::default(),
            chained: None,
        }),
        9 => ToClient::JoinRefused { room: room_name(u)?, refusal: refusal(u)? },
        10 => ToClient::Parted { room: room_id(u)? },
        11 => ToClient::LeaveRefused { room: room_id(u)?, refusal: refusal(u)? },
        12 => ToClient::Gap { room: room_id(u)?, to: Seq(number(u)?), reason: GapReason::Retention, chain: None },
        13 => {
            let (room, cmid) = (room_id(u)?, Cmid(number(u)?));
            if u.arbitrary()? {
                let seq = if u.arbitrary()? { Some(Seq(number(u)?)) } else { None };
                ToClient::Ack { room, cmid, seq }
            } else {
                ToClient::Reject { room, cmid, refusal: refusal(u)? }
            }
        }
        14 if u.arbitrary()? => ToClient::Ping { nonce: u.arbitrary()? },
        14 => ToClient::Pong { nonce: u.arbitrary()? },
        16 => ToClient::Signals { room: room_id(u)?, signals: few(u, signal)? },
        17 => ToClient::NoSignals { room: room_id(u)? },
        15 => ToClient::RenameRefused { nick: nick(u)?, kept: nick(u)?, refusal: refusal(u)? },
        18 => ToClient::FetchRefused { room: room_id(u)?, refusal: refusal(u)? },
        19 => ToClient::Page {
            room: room_id(u)?,
            after: Seq(number(u)?),
            entries: u32::try_from(number(u)?).unwrap_or(u32::MAX),
            more: u.arbitrary()?,
            start: Seq(number(u)?),
            head: Seq(number(u)?),
            chain: None,
        },
        _ => ToClient::Bye { reason: close_reason(u)? },
    })
}

/// Some part of a log.
pub fn page_from(u: &mut Unstructured<'_>) -> Result<PageFrom> {
    let place = Seq(number(u)?);
    Ok(if u.arbitrary()? { PageFrom::Before(place) } else { PageFrom::After(place) })
}

/// Mostly a small number.
pub fn number(u: &mut Unstructured<'_>) -> Result<u64> {
    match u.arbitrary::<u8>()? {
        255 => u.arbitrary(),
        // The largest counter, and what is around it.
        254 => Ok((1 << 53) - u64::from(u.int_in_range(0..=2_u8)?)),
        byte => Ok((byte % 16).into()),
    }
}

/// Some valid name of at most `most` bytes.
pub fn name<T, E: core::fmt::Debug>(u: &mut Unstructured<'_>, most: u16, parse: fn(&str) -> Result<T, E>) -> Result<T> {
    const LETTERS: [char; 12] = ['a', 'b', 'X', '0', 'é', 'ß', '中', '👍', '"', '\\', '\u{301}', '<'];
    let mut name = String::from("n");
    for _ in 0..u.int_in_range(0..=6_u8)? {
        let letter = *u.choose(&LETTERS)?;
        if name.len() + letter.len_utf8() <= most.into() {
            name.push(letter);
        }
    }
    Ok(parse(&name).expect("it is valid"))
}

fn room_name(u: &mut Unstructured<'_>) -> Result<RoomName> {
    match u.int_in_range(0..=7)? {
        0..=3 => Ok(RoomName::lobby()),
        4 | 5 => Ok(RoomName::new("den").expect("it is valid")),
        6 => Ok(RoomName::new("attic").expect("it is valid")),
        _ => name(u, RoomName::MAX_BYTES, RoomName::new),
    }
}

fn text(u: &mut Unstructured<'_>) -> Result<Text> {
    Ok(if u.ratio(3, 4)? {
        u.choose(&["a", "hi", "", " \n", "\u{1b}[2J\0"])?.to_owned()
    } else {
        <&str>::arbitrary(u)?
    }
    .into())
}

fn body(u: &mut Unstructured<'_>) -> Result<Body> {
    Ok(match u.int_in_range(0..=13)? {
        0..=4 => Body::Text(text(u)?),
        5 => Body::Join { peer: peer(u)?, producer: producer(u)?, nick: nick(u)? },
        6 => Body::Leave { reason: *u.choose(&[LeaveReason::Left, LeaveReason::TimedOut])? },
        12 => Body::Rename { before: nick(u)?, nick: nick(u)? },
        7 => {
            let reply_to = if u.arbitrary()? { Some(Seq(number(u)?)) } else { None };
            Body::Post(Post { reply_to, mentions: mentions(u)?, text: text(u)? })
        }
        8 => Body::Edit(Edit { of: Seq(number(u)?), mentions: mentions(u)?, text: text(u)? }),
        9 => Body::Delete(Delete { of: Seq(number(u)?) }),
        10 => Body::React(React {
            to: Seq(number(u)?),
            reaction: name(u, Reaction::MAX_BYTES, Reaction::new)?,
            add: u.arbitrary()?,
        }),
        11 => Body::Data(Data {
            content_type: name(u, ContentType::MAX_BYTES, ContentType::new)?,
            payload: <&[u8]>::arbitrary(u)?.to_vec().into(),
        }),
        // Kinds below are those that are known.
        _ => Body::Opaque { kind: u.int_in_range(21..=u16::MAX)?, payload: <&[u8]>::arbitrary(u)?.to_vec().into() },
    })
}

fn mentions(u: &mut Unstructured<'_>) -> Result<Mentions> {
    few(u, peer).map(Mentions::from_iter)
}

fn member(u: &mut Unstructured<'_>) -> Result<MemberRecord> {
    Ok(MemberRecord {
        member: member_id(u)?,
        peer: peer(u)?,
        producer: producer(u)?,
        nick: nick(u)?,
        role: *u.choose(&[Role::Member, Role::Moderator, Role::Owner])?,
        status: *u.choose(&[Status::Online, Status::Offline, Status::Away, Status::Busy, Status::Unreachable])?,
        note: note(u)?,
        identity: None,
    })
}

fn nick(u: &mut Unstructured<'_>) -> Result<Nick> {
    name(u, Nick::MAX_BYTES, Nick::new)
}

fn note(u: &mut Unstructured<'_>) -> Result<Option<Note>> {
    Ok(if u.arbitrary()? { Some(name(u, Note::MAX_BYTES, Note::new)?) } else { None })
}

/// How somebody says they are.
pub fn presence(u: &mut Unstructured<'_>) -> Result<Presence> {
    let availability = *u.choose(&[Availability::Online, Availability::Away, Availability::Busy])?;
    Ok(Presence { availability, note: note(u)? })
}

fn name_error(u: &mut Unstructured<'_>) -> Result<NameError> {
    use NameError::{Confusable, Empty, MixedScripts, Reserved, TooLong, Unshowable};
    Ok(*u.choose(&[Empty, TooLong { limit: 32 }, Unshowable, Reserved, MixedScripts, Confusable])?)
}

fn signal(u: &mut Unstructured<'_>) -> Result<Signal> {
    let (member, after, delivered) = (member_id(u)?, Seq(number(u)?), Seq(number(u)?));
    let read = perhaps(u, |u| number(u).map(Seq))?;
    Ok(Signal { member, after, delivered, read, typing_ms: u.arbitrary()? })
}

fn perhaps<T>(u: &mut Unstructured<'_>, one: fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Option<T>> {
    if u.arbitrary()? { one(u).map(Some) } else { Ok(None) }
}

fn few<T>(u: &mut Unstructured<'_>, one: fn(&mut Unstructured<'_>) -> Result<T>) -> Result<Vec<T>> {
    (0..u.int_in_range(0..=4_u8)?).map(|_| one(u)).collect()
}

fn close_reason(u: &mut Unstructured<'_>) -> Result<CloseReason> {
    use CloseReason::{
        Flood, Full, HandshakeTimeout, HostClosed, Knocking, Left, Locked, Name, Overrun, Replaced, Silent,
        StoreFailed, TurnedAway, Violation as Broken, WrongToken,
    };
    let plain = [
        Left,
        HostClosed,
        Replaced,
        Full,
        Silent,
        HandshakeTimeout,
        Overrun,
        WrongToken,
        Flood,
        StoreFailed,
        Locked,
        Knocking,
        TurnedAway,
    ];
    Ok(match u.int_in_range(0..=9)? {
        0 => Name(name_error(u)?),
        1 => Broken(violation(u)?),
        _ => *u.choose(&plain)?,
    })
}

fn violation(u: &mut Unstructured<'_>) -> Result<Violation> {
    use Violation::{
        Forged, Impostor, Malformed, OutOfOrder, Oversize, Preamble, TooMuch, Unexpected, UnknownMember, Unsigned,
    };
    Ok(*u.choose(&[
        Oversize,
        Malformed,
        Unexpected,
        Preamble,
        OutOfOrder,
        TooMuch,
        UnknownMember,
        Forged,
        Impostor,
        Unsigned,
    ])?)
}

fn refusal(u: &mut Unstructured<'_>) -> Result<Refusal> {
    use Refusal::{
        Closed, Empty, Kind, Lobby, LogExhausted, NoMessage, NotMember, NotYours, NothingToChange, OutboxFull,
        RoomFull, SendGap, TooLong, TooMany, TooManyRooms,
    };
    let plain = [Empty, NotMember, TooManyRooms, RoomFull, Lobby, Kind, SendGap, OutboxFull, LogExhausted, Closed];
    let of_changes = [NoMessage, NotYours, NothingToChange];
    Ok(match u.int_in_range(0..=10)? {
        0 => TooLong { limit: u.arbitrary()? },
        1 => TooMany { limit: u.arbitrary()? },
        2 => *u.choose(&of_changes)?,
        3 => Refusal::Name(name_error(u)?),
        _ => *u.choose(&plain)?,
    })
}

fn room_id(u: &mut Unstructured<'_>) -> Result<RoomId> {
    number(u).map(|number| RoomId(u32::try_from(number).unwrap_or(u32::MAX) % 5))
}

fn member_id(u: &mut Unstructured<'_>) -> Result<MemberId> {
    number(u).map(|number| MemberId(u32::try_from(number).unwrap_or(u32::MAX) % 7))
}

fn peer(u: &mut Unstructured<'_>) -> Result<PeerId> {
    Ok(PeerId::from_bytes([u.int_in_range(0..=3)?; 16]))
}

fn producer(u: &mut Unstructured<'_>) -> Result<ProducerId> {
    Ok(ProducerId::from_bytes([u.int_in_range(0..=3)?; 8]))
}

fn epoch(u: &mut Unstructured<'_>) -> Result<Epoch> {
    Ok(Epoch::from_bytes([u.int_in_range(0..=2)?; 16]))
}

//! Any message at all, for tests. Numbers are mostly small, so that messages often mean the same room or member.

use alloc::{boxed::Box, string::String, vec, vec::Vec};

use bytes::Bytes;
use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    Act, Availability, Body, Chained, Commitment, Data, Delete, Edit, Entry, GapReason, Hello, HistoryPolicy, JoinFrom,
    Joined, LeaveReason, MemberRecord, Mentions, PageFrom, Post, Presence, React, Role, RoomSummary, Rule, Rules,
    Signal, Status, ToClient, ToHost, Welcome,
};
use crate::{
    digest::{Digest, ShortDigest, Signature},
    event::Peer,
    identity::{Identity, PublicIdentity},
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, Rev, RoomId, Seq, SessionId, Token},
    name::{ContentType, NameError, Nick, Note, Reaction, Remark, RoomName, SessionName},
    reason::{CloseReason, Durability, Refusal, Violation},
    text::Text,
    time::Timestamp,
};

pub(crate) fn to_host() -> impl Strategy<Value = ToHost> {
    prop_oneof![
        hello().prop_map(ToHost::Hello),
        (prop_oneof![select(&["lobby", "den"][..]).prop_map(Text::from), text()], join_from(), number(), number())
            .prop_map(|(room, from, settled, sent)| {
                let (settled, sent) = (Cmid(settled), Cmid(sent));
                ToHost::Join { room, from, settled, sent }
            }),
        room_id().prop_map(|room| ToHost::Leave { room }),
        (room_id(), number(), body(), option::of(commitment()))
            .prop_map(|(room, cmid, body, commitment)| ToHost::Send { room, cmid: Cmid(cmid), body, commitment }),
        any::<u64>().prop_map(|nonce| ToHost::Ping { nonce }),
        any::<u64>().prop_map(|nonce| ToHost::Pong { nonce }),
        close_reason().prop_map(|reason| ToHost::Bye { reason }),
        presence().prop_map(ToHost::Presence),
        prop_oneof![4 => nick().prop_map(|nick| Text::from(nick.as_str())), 1 => text()]
            .prop_map(|nick| ToHost::Rename { nick }),
        (prop_oneof![select(&["lobby", "den", "attic"][..]).prop_map(Text::from), text()], number(), number())
            .prop_map(|(room, settled, sent)| ToHost::Open { room, settled: Cmid(settled), sent: Cmid(sent) }),
        option::of(text()).prop_map(|after| ToHost::List { after }),
        (room_id(), seq(), seq(), option::of(seq())).prop_map(|(room, after, delivered, read)| ToHost::Seen {
            room,
            after,
            delivered,
            read
        }),
        (room_id(), any::<bool>()).prop_map(|(room, typing)| ToHost::Typing { room, typing }),
        (room_id(), page_from(), prop_oneof![0_u32..4, any::<u32>()]).prop_map(|(room, from, count)| ToHost::Fetch {
            room,
            from,
            count
        }),
    ]
}

fn durability() -> impl Strategy<Value = Durability> {
    prop_oneof![Just(Durability::Memory), Just(Durability::OsBuffered), Just(Durability::Fsynced)]
}

pub(crate) fn to_client() -> impl Strategy<Value = ToClient> {
    prop_oneof![
        entry().prop_map(ToClient::Entry),
        welcome().prop_map(ToClient::Welcome),
        (number().prop_map(Rev), vec(member(), 0..5)).prop_map(|(rev, members)| ToClient::Roster { rev, members }),
        joined().prop_map(ToClient::Joined),
        (room_name(), refusal()).prop_map(|(room, refusal)| ToClient::JoinRefused { room, refusal }),
        room_id().prop_map(|room| ToClient::Parted { room }),
        (room_id(), refusal()).prop_map(|(room, refusal)| ToClient::LeaveRefused { room, refusal }),
        (
            room_id(),
            number().prop_map(Seq),
            select(&[GapReason::Retention, GapReason::Policy][..]),
            option::of(digest())
        )
            .prop_map(|(room, to, reason, chain)| ToClient::Gap { room, to, reason, chain }),
        (room_id(), number().prop_map(Cmid), option::of(number().prop_map(Seq)))
            .prop_map(|(room, cmid, seq)| ToClient::Ack { room, cmid, seq }),
        (room_id(), number().prop_map(Cmid), refusal()).prop_map(|(room, cmid, refusal)| ToClient::Reject {
            room,
            cmid,
            refusal
        }),
        any::<u64>().prop_map(|nonce| ToClient::Ping { nonce }),
        any::<u64>().prop_map(|nonce| ToClient::Pong { nonce }),
        close_reason().prop_map(|reason| ToClient::Bye { reason }),
        (nick(), nick(), refusal()).prop_map(|(nick, kept, refusal)| ToClient::RenameRefused { nick, kept, refusal }),
        (vec(summary(), 0..4), any::<bool>()).prop_map(|(rooms, more)| ToClient::Rooms { rooms, more }),
        refusal().prop_map(|refusal| ToClient::ListRefused { refusal }),
        (room_name(), somebody()).prop_map(|(room, by)| ToClient::Invited { room, by }),
        (room_id(), refusal(), option::of(remark())).prop_map(|(room, refusal, reason)| ToClient::Removed {
            room,
            refusal,
            reason
        }),
        (room_id(), vec(signal(), 0..4)).prop_map(|(room, signals)| ToClient::Signals { room, signals }),
        room_id().prop_map(|room| ToClient::NoSignals { room }),
        (
            room_id(),
            [number(), number(), number()],
            prop_oneof![0_u32..4, any::<u32>()],
            any::<bool>(),
            option::of(digest())
        )
            .prop_map(|(room, [after, start, head], entries, more, chain)| {
                let (after, start, head) = (Seq(after), Seq(start), Seq(head));
                ToClient::Page { room, after, entries, more, start, head, chain }
            }),
        (room_id(), refusal()).prop_map(|(room, refusal)| ToClient::FetchRefused { room, refusal }),
    ]
}

fn signal() -> impl Strategy<Value = Signal> {
    let typing = prop_oneof![2 => Just(0_u16), 1 => any::<u16>()];
    (member_id(), seq(), seq(), option::of(seq()), typing)
        .prop_map(|(member, after, delivered, read, typing_ms)| Signal { member, after, delivered, read, typing_ms })
}

fn seq() -> impl Strategy<Value = Seq> {
    number().prop_map(Seq)
}

pub(crate) fn body() -> impl Strategy<Value = Body> {
    prop_oneof![
        4 => text().prop_map(Body::Text),
        1 => (peer(), producer(), nick()).prop_map(|(peer, producer, nick)| Body::Join { peer, producer, nick }),
        1 => select(&[LeaveReason::Left, LeaveReason::TimedOut, LeaveReason::Removed][..]).prop_map(|reason| Body::Leave { reason }),
        1 => (nick(), nick()).prop_map(|(before, nick)| Body::Rename { before, nick }),
        1 => (option::of(number().prop_map(Seq)), mentions(), text())
            .prop_map(|(reply_to, mentions, text)| Body::Post(Post { reply_to, mentions, text })),
        1 => (number().prop_map(Seq), mentions(), text())
            .prop_map(|(of, mentions, text)| Body::Edit(Edit { of, mentions, text })),
        1 => number().prop_map(|of| Body::Delete(Delete { of: Seq(of) })),
        1 => (number().prop_map(Seq), select(&["+1", "👍", "é"][..]), any::<bool>()).prop_map(|(to, reaction, add)| {
            Body::React(React { to, reaction: Reaction::new(reaction).unwrap(), add })
        }),
        1 => (name(ContentType::MAX_BYTES.into()), vec(any::<u8>(), 0..40)).prop_map(|(name, payload)| {
            Body::Data(Data { content_type: ContentType::new(&name).unwrap(), payload: payload.into() })
        }),
        2 => act().prop_map(Body::Act),
        1 => (21_u16.., vec(any::<u8>(), 0..40))
            .prop_map(|(kind, payload)| Body::Opaque { kind, payload: Bytes::from(payload) }),
    ]
}

fn mentions() -> impl Strategy<Value = Mentions> {
    vec(peer(), 0..4).prop_map(Mentions::from_iter)
}

fn hello() -> impl Strategy<Value = Hello> {
    let name = prop_oneof![4 => nick().prop_map(|nick| Text::from(nick.as_str())), 1 => text()];
    (peer(), producer(), option::of(token()), any::<u32>(), name, presence()).prop_map(
        |(peer, producer, token, attempt, nick, presence)| Hello { peer, producer, token, attempt, nick, presence },
    )
}

fn presence() -> impl Strategy<Value = Presence> {
    let availability = select(&[Availability::Online, Availability::Away, Availability::Busy][..]);
    (availability, option::of(note())).prop_map(|(availability, note)| Presence { availability, note })
}

fn welcome() -> impl Strategy<Value = Welcome> {
    let numbers = (member_id(), number().prop_map(Rev), any::<u32>(), any::<u32>());
    let ids = (any::<[u8; 16]>().prop_map(SessionId::from_bytes), epoch(), token());
    (ids, session_name(), numbers, durability()).prop_map(|((session, life, token), name, numbers, durability)| {
        let (you, roster, heartbeat_ms, max_text) = numbers;
        Welcome { session, name, life, you, token, roster, heartbeat_ms, max_text, durability }
    })
}

fn joined() -> impl Strategy<Value = Joined> {
    let places = (number().prop_map(Seq), number().prop_map(Seq));
    let stands = (vec(member_id(), 0..5), option::of(peer()), option::of(remark()), rules());
    (room_name(), room_id(), epoch(), places, any::<bool>(), stands, option::of(chained())).prop_map(
        |(name, room, epoch, (after, head), known, (members, founder, topic, rules), chained)| Joined {
            name,
            room,
            epoch,
            after,
            head,
            known,
            members,
            founder,
            topic,
            rules,
            chained: chained.map(Into::into),
        },
    )
}

fn act() -> impl Strategy<Value = Act> {
    let remark = || option::of(remark());
    let seconds = || option::of(prop_oneof![0_u32..3, any::<u32>()]);
    prop_oneof![
        remark().prop_map(Act::Topic),
        rule().prop_map(Act::Rule),
        somebody().prop_map(Act::Invite),
        Just(Act::Knock),
        (somebody(), remark()).prop_map(|(who, reason)| Act::Kick { who, reason }),
        (somebody(), seconds(), remark()).prop_map(|(who, seconds, reason)| Act::Ban { who, seconds, reason }),
        somebody().prop_map(Act::Unban),
        (somebody(), seconds()).prop_map(|(who, seconds)| Act::Mute { who, seconds }),
        somebody().prop_map(Act::Unmute),
        (somebody(), role()).prop_map(|(who, role)| Act::Role { who, role }),
        Just(Act::Close),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    prop_oneof![
        history().prop_map(Rule::History),
        any::<bool>().prop_map(Rule::Private),
        any::<bool>().prop_map(Rule::FixedTopic),
        any::<bool>().prop_map(Rule::Locked),
        prop_oneof![0_u32..3, any::<u32>()].prop_map(Rule::Slow),
    ]
}

fn rules() -> impl Strategy<Value = Rules> {
    (history(), any::<[bool; 3]>(), any::<u32>()).prop_map(|(history, [private, fixed_topic, locked], slow)| Rules {
        history,
        private,
        fixed_topic,
        locked,
        slow,
    })
}

fn history() -> impl Strategy<Value = HistoryPolicy> {
    let last = prop_oneof![0_u32..3, any::<u32>()].prop_map(HistoryPolicy::Last);
    prop_oneof![Just(HistoryPolicy::All), last, Just(HistoryPolicy::SinceJoin)]
}

fn summary() -> impl Strategy<Value = RoomSummary> {
    (room_name(), option::of(remark()), any::<u32>(), any::<bool>())
        .prop_map(|(name, topic, members, private)| RoomSummary { name, topic, members, private })
}

fn somebody() -> impl Strategy<Value = Peer> {
    (peer(), nick()).prop_map(|(id, nick)| Peer { id, nick })
}

fn remark() -> impl Strategy<Value = Remark> {
    name(Remark::MAX_BYTES.into()).prop_map(|remark| Remark::new(&remark).unwrap())
}

fn entry() -> impl Strategy<Value = Entry> {
    let numbers = (number().prop_map(Seq), number().prop_map(Cmid), any::<u64>().prop_map(Timestamp::from_millis));
    let proofs = (option::of(commitment()), option::of(digest()));
    (room_id(), member_id(), numbers, body(), proofs).prop_map(
        |(room, author, (seq, cmid, at), body, (commitment, blanked))| Entry {
            room,
            seq,
            author,
            cmid,
            at,
            body,
            commitment,
            blanked: blanked.map(Into::into),
        },
    )
}

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn identity() -> impl Strategy<Value = PublicIdentity> {
    any::<[u8; 32]>().prop_map(|seed| Identity::from_seed(seed).public())
}

fn chained() -> impl Strategy<Value = Chained> {
    (option::of(digest()), number()).prop_map(|(chain, since)| Chained { chain, since: Seq(since) })
}

fn commitment() -> impl Strategy<Value = Box<Commitment>> {
    let digests = vec(any::<[u8; 16]>().prop_map(ShortDigest::from_bytes), 0..4);
    let signature = (any::<[u8; 32]>(), any::<[u8; 32]>());
    (number(), digests, number(), any::<[u8; 16]>(), signature).prop_map(|(first, digests, seen, chain, (r, s))| {
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&r);
        signature[32..].copy_from_slice(&s);
        Box::new(Commitment {
            first: Cmid(first),
            digests,
            seen: Seq(seen),
            chain: ShortDigest::from_bytes(chain),
            signature: Signature::from_bytes(signature),
        })
    })
}

fn role() -> impl Strategy<Value = Role> {
    select(&[Role::Member, Role::Moderator, Role::Owner][..])
}

fn member() -> impl Strategy<Value = MemberRecord> {
    use Status::{Away, Busy, Offline, Online, Unreachable};
    let status = select(&[Online, Offline, Away, Busy, Unreachable][..]);
    let shown = (nick(), role(), status, option::of(note()));
    (member_id(), peer(), producer(), shown, option::of(identity())).prop_map(
        |(member, peer, producer, (nick, role, status, note), identity)| MemberRecord {
            member,
            peer,
            producer,
            nick,
            role,
            status,
            note,
            identity,
        },
    )
}

fn join_from() -> impl Strategy<Value = JoinFrom> {
    prop_oneof![
        Just(JoinFrom::Head),
        any::<u32>().prop_map(JoinFrom::Last),
        Just(JoinFrom::Start),
        (epoch(), number()).prop_map(|(epoch, seq)| JoinFrom::After { epoch, seq: Seq(seq) }),
    ]
}

pub(crate) fn page_from() -> impl Strategy<Value = PageFrom> {
    let place = || number().prop_map(Seq);
    prop_oneof![place().prop_map(PageFrom::Before), place().prop_map(PageFrom::After)]
}

fn close_reason() -> impl Strategy<Value = CloseReason> {
    use CloseReason::{
        Banned, Flood, Full, HandshakeTimeout, HostClosed, Kicked, Knocking, Left, Locked, Name, Overrun, Replaced,
        Silent, StoreFailed, TurnedAway, WrongToken,
    };
    prop_oneof![
        select(
            &[
                Left,
                HostClosed,
                Replaced,
                Full,
                Silent,
                HandshakeTimeout,
                Overrun,
                WrongToken,
                Kicked,
                Flood,
                StoreFailed,
                Locked,
                Knocking,
                TurnedAway,
            ][..],
        ),
        option::of(number()).prop_map(|retry_after_ms| Banned { retry_after_ms }),
        name_error().prop_map(Name),
        violation().prop_map(CloseReason::Violation),
    ]
}

fn name_error() -> impl Strategy<Value = NameError> {
    use NameError::{Confusable, Empty, MixedScripts, Reserved, TooLong, Unshowable};
    select(&[Empty, TooLong { limit: 32 }, Unshowable, Reserved, MixedScripts, Confusable][..])
}

fn violation() -> impl Strategy<Value = Violation> {
    use Violation::{
        Forged, Impostor, Malformed, OutOfOrder, Oversize, Preamble, TooMuch, Unexpected, UnknownMember, Unsigned,
    };
    select(
        &[Oversize, Malformed, Unexpected, Preamble, OutOfOrder, TooMuch, UnknownMember, Forged, Impostor, Unsigned][..],
    )
}

fn refusal() -> impl Strategy<Value = Refusal> {
    use Refusal::{
        Banned, Closed, Empty, HistoryLost, Kicked, Kind, Lobby, Locked, LogExhausted, Muted, NoMessage, NoSuchPeer,
        NotAllowed, NotMember, NotYours, NothingToChange, OutboxFull, Private, RateLimited, RoomClosed, RoomFull,
        SendGap, SlowMode, Taken, TooLong, TooMany, TooManyRooms,
    };
    let of_messages = [Empty, NotMember, Kind, SendGap, OutboxFull, LogExhausted, Closed, NoMessage, NotYours];
    let of_acts = [NothingToChange, NotAllowed, NoSuchPeer, Locked];
    let of_rooms = [TooManyRooms, RoomFull, Lobby, Private, Taken, Kicked, RoomClosed, HistoryLost];
    prop_oneof![
        select([&of_messages[..], &of_acts, &of_rooms].concat()),
        any::<u32>().prop_map(|limit| TooLong { limit }),
        any::<u32>().prop_map(|limit| TooMany { limit }),
        name_error().prop_map(Refusal::Name),
        option::of(number()).prop_map(|retry_after_ms| Banned { retry_after_ms }),
        option::of(number()).prop_map(|retry_after_ms| Muted { retry_after_ms }),
        number().prop_map(|retry_after_ms| SlowMode { retry_after_ms }),
        number().prop_map(|retry_after_ms| RateLimited { retry_after_ms }),
    ]
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0_u64..6, 1 => any::<u64>()]
}

fn room_id() -> impl Strategy<Value = RoomId> {
    prop_oneof![6 => 1_u32..3, 1 => any::<u32>()].prop_map(RoomId)
}

fn member_id() -> impl Strategy<Value = MemberId> {
    prop_oneof![6 => 0_u32..3, 1 => any::<u32>()].prop_map(MemberId)
}

fn peer() -> impl Strategy<Value = PeerId> {
    (0_u8..4).prop_map(|byte| PeerId::from_bytes([byte; 16]))
}

fn producer() -> impl Strategy<Value = ProducerId> {
    (0_u8..4).prop_map(|byte| ProducerId::from_bytes([byte; 8]))
}

fn epoch() -> impl Strategy<Value = Epoch> {
    (0_u8..3).prop_map(|byte| Epoch::from_bytes([byte; 16]))
}

fn token() -> impl Strategy<Value = Token> {
    any::<[u8; 16]>().prop_map(Token::from_bytes)
}

fn text() -> impl Strategy<Value = Text> {
    vec(any::<char>(), 0..24).prop_map(|text| Text::from(text.into_iter().collect::<String>()))
}

fn name(longest: usize) -> impl Strategy<Value = String> {
    let letters: Vec<char> = "abcxyzÄé中👍\"\\".chars().collect();
    vec(select(letters), 1..=longest / 4).prop_map(|letters| letters.into_iter().collect())
}

fn nick() -> impl Strategy<Value = Nick> {
    name(Nick::MAX_BYTES.into()).prop_map(|name| Nick::new(&name).unwrap())
}

fn note() -> impl Strategy<Value = Note> {
    name(Note::MAX_BYTES.into()).prop_map(|name| Note::new(&name).unwrap())
}

fn room_name() -> impl Strategy<Value = RoomName> {
    prop_oneof![Just(RoomName::lobby()), name(RoomName::MAX_BYTES.into()).prop_map(|n| RoomName::new(&n).unwrap())]
}

fn session_name() -> impl Strategy<Value = SessionName> {
    name(SessionName::MAX_BYTES.into()).prop_map(|name| SessionName::new(&name).unwrap())
}

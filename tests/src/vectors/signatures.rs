//! What members sign, and what holds a log together.

use exchange_tokio::core::{
    Act, Body, Cmid, Digest, Epoch, Identity, MemberId, Mentions, Peer, PeerId, ProducerId, Rev, RoomName, Seq,
    ShortDigest,
    message::{
        Chained, Commitment, Delete, Edit, Encoding, Entry, GapReason, Joined, MemberRecord, Place, Post, Role, Rules,
        Status, ToClient, ToHost,
    },
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    Vector, encoded, hex,
    messages::{ROOM, entry},
};

const EPOCH: Epoch = Epoch::from_bytes([0xf6; 16]);
const PRODUCER: ProducerId = ProducerId::from_bytes([0xb2; 8]);
const ANA: [u8; 32] = [1; 32];

pub(super) fn vectors() -> Vec<Vector> {
    [digests(), vec![chain()], commitments()].concat()
}

fn digests() -> Vec<Vector> {
    let peer = PeerId::from_bytes([0xa1; 16]);
    let called = |nick: &str| Peer { id: peer, nick: nick.parse().unwrap() };
    let kick = |nick| Body::Act(Act::Kick { who: called(nick), reason: "spam".parse().ok() });
    let mentions: Mentions = [peer].into_iter().collect();
    let data = vec![0, 255, 7].into();
    [
        ("text", Body::text("hé")),
        ("text.empty", Body::text("")),
        ("text.long", Body::text(&"x".repeat(8192))),
        ("post", Body::Post(Post { reply_to: Some(Seq(301)), mentions: mentions.clone(), text: "@bo no".into() })),
        ("edit", Body::Edit(Edit { of: Seq(301), mentions, text: "ho".into() })),
        ("delete", Body::Delete(Delete { of: Seq(301) })),
        ("join", Body::Join { peer, producer: PRODUCER, nick: "bo".parse().unwrap() }),
        ("topic", Body::Act(Act::Topic("optics".parse().ok()))),
        ("kick", kick("bo")),
        ("kick.called_otherwise", kick("somebody")),
        ("application", Body::Opaque { kind: 0x8000, payload: data }),
    ]
    .map(|(name, body)| {
        let vector = Vector::new(format!("digest.{name}")).bytes("bytes", &encoded(Encoding::Postcard, &body));
        vector.with("meaning", &body.digest())
    })
    .into()
}

/// Messages that say what is signed, and what the chain is.
pub(super) fn to_host() -> (&'static str, ToHost) {
    (
        "send.signed",
        ToHost::Send { room: ROOM, cmid: Cmid(12), body: Body::text("one"), commitment: Some(signed().into()) },
    )
}

pub(super) fn to_client() -> Vec<(&'static str, ToClient)> {
    let ToClient::Entry(said) = entry(7, 12, Body::text("one")) else { unreachable!("it is an entry") };
    let (chain, room, digest) = (Digest::from_bytes([0x17; 32]), ROOM, Body::text("one").digest());
    let (bo, nick) = (Identity::from_seed([2; 32]).public(), "bo".parse().unwrap());
    let (member, role, status, note) = (MemberId(7), Role::Member, Status::Online, None);
    let record =
        MemberRecord { member, peer: bo.peer(), producer: PRODUCER, nick, role, status, note, identity: Some(bo) };
    let joined = |chain| Joined {
        name: RoomName::lobby(),
        room,
        epoch: EPOCH,
        after: Seq(300),
        head: Seq(302),
        known: true,
        members: vec![MemberId(0), member],
        founder: None,
        topic: None,
        rules: Rules::default(),
        chained: Some(Chained { chain, since: Seq(20) }.into()),
    };
    let blank = Entry { body: Body::text(""), blanked: Some(digest.into()), ..said.clone() };
    let (after, entries, more, start, head) = (Seq(250), 2, false, Seq(100), Seq(302));
    vec![
        ("entry.signed", ToClient::Entry(Entry { commitment: Some(signed().into()), ..said })),
        ("entry.blanked", ToClient::Entry(blank.clone())),
        ("entry.blanked.signed", ToClient::Entry(Entry { commitment: Some(signed().into()), ..blank })),
        ("roster.keys", ToClient::Roster { rev: Rev(9), members: vec![record] }),
        ("joined.chained", ToClient::Joined(joined(Some(chain)))),
        ("joined.chained.forgotten", ToClient::Joined(joined(None))),
        ("gap.chained", ToClient::Gap { room, to: Seq(250), reason: GapReason::Retention, chain: Some(chain) }),
        ("page.chained", ToClient::Page { room, after, entries, more, start, head, chain: Some(chain) }),
    ]
}

fn signed() -> Commitment {
    let den = RoomName::new("Déjà vu").unwrap();
    let place = Place { room: &den, epoch: EPOCH, producer: PRODUCER };
    let digests = ["one", "two"].map(|text| Body::text(text).digest().short()).into();
    let head = Digest::from_bytes([0x17; 32]).short();
    Commitment::sign(&Identity::from_seed(ANA), place, (Cmid(12), digests), (Seq(300), head))
}

/// A chain, made here a second time.
fn chain() -> Vector {
    let begun: [u8; 32] =
        Sha256::new().chain_update(b"exchange log 1").chain_update(EPOCH.as_bytes()).finalize().into();
    let peer = Identity::from_seed(ANA).peer();
    let (mut links, mut entries) = (vec![hex(&begun)], Vec::new());
    let mut chain = begun;
    for (cmid, text) in [(0_u64, ""), (1, "one"), (2, "two")] {
        let (at, digest) = (1_790_000_000_000 + cmid, Body::text(text).digest());
        let link = Sha256::new().chain_update(chain).chain_update(peer.as_bytes()).chain_update(PRODUCER.as_bytes());
        let link = link.chain_update(cmid.to_be_bytes()).chain_update(u64::to_be_bytes(at));
        chain = link.chain_update(digest.as_bytes()).finalize().into();
        links.push(hex(&chain));
        entries.push(json!({ "peer": peer, "producer": PRODUCER, "cmid": cmid, "at": at, "digest": digest }));
    }
    Vector::new("chain").bytes("bytes", EPOCH.as_bytes()).with("entries", &entries).with("meaning", &links)
}

fn commitments() -> Vec<Vector> {
    let (ana, bo) = (Identity::from_seed(ANA), Identity::from_seed([2; 32]));
    let (lobby, den) = (RoomName::lobby(), RoomName::new("Déjà vu").unwrap());
    let (here, seen) = (Place { room: &den, epoch: EPOCH, producer: PRODUCER }, Seq(300));
    let head = Digest::from_bytes([0x17; 32]).short();
    let sign = |place, first, texts: &[&str]| {
        let digests: Vec<ShortDigest> = texts.iter().map(|text| Body::text(text).digest().short()).collect();
        Commitment::sign(&ana, place, (Cmid(first), digests), (seen, head))
    };
    let good = sign(here, 12, &["one", "two"]);
    let most = sign(here, 1, &["x"; Commitment::MAX]);
    let mut cases = vec![
        ("one", sign(Place { room: &lobby, ..here }, 12, &["one"]), &ana, Place { room: &lobby, ..here }),
        ("two", good.clone(), &ana, here),
        ("most", most, &ana, here),
        ("of_somebody_else", good.clone(), &bo, here),
        ("of_another_room", good.clone(), &ana, Place { room: &lobby, ..here }),
        ("of_another_log", good.clone(), &ana, Place { epoch: Epoch::from_bytes([1; 16]), ..here }),
        ("of_another_program", good.clone(), &ana, Place { producer: ProducerId::from_bytes([1; 8]), ..here }),
        ("of_other_numbers", Commitment { first: Cmid(13), ..good.clone() }, &ana, here),
        ("of_more_seen", Commitment { seen: Seq(301), ..good.clone() }, &ana, here),
        ("of_another_chain", Commitment { chain: ShortDigest::from_bytes([1; 16]), ..good.clone() }, &ana, here),
    ];
    let mut swapped = good.clone();
    swapped.digests.swap(0, 1);
    cases.push(("of_another_order", swapped, &ana, here));
    let mut cut = good;
    cut.digests.truncate(1);
    cases.push(("of_fewer", cut, &ana, here));
    cases
        .into_iter()
        .map(|(name, commitment, author, place)| {
            let is_signed = commitment.is_signed_by(&author.public(), place);
            Vector::new(format!("commitment.{name}"))
                .bytes("bytes", &encoded(Encoding::Postcard, &commitment))
                .with("seed", &hex(author.seed()))
                .with("room", place.room)
                .with("epoch", &place.epoch)
                .with("producer", &place.producer)
                .with("meaning", &commitment)
                .with("signed", &is_signed)
        })
        .collect()
}

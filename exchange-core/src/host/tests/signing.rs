//! Sessions in which members sign what they say.
#![expect(clippy::unnecessary_box_returns, reason = "this is how messages hold it")]

use alloc::{boxed::Box, vec, vec::Vec};

use super::{Bench, LOBBY, config, entries, join, proven_hello, somebody};
use crate::{
    Durability, Limits,
    digest::{Digest, ShortDigest},
    event::Event,
    host::HostConfig,
    ids::{Cmid, Epoch, ProducerId, RoomId, Seq},
    message::{Body, Commitment, Delete, Entry, JoinFrom, Joined, MemberRecord, PageFrom, Place, ToClient, ToHost},
    name::RoomName,
    reason::{CloseReason, Refusal, Violation},
    room::ChainLink,
    seam::LinkId,
    store::Key,
};

const UNSIGNED: Option<CloseReason> = Some(CloseReason::Violation(Violation::Unsigned));

fn signing() -> HostConfig {
    HostConfig { identity: Some(somebody(99)), store: Some(Durability::Fsynced), ..config() }
}

/// Somebody in the lobby who signs what they say: whose number, link and producer are the same.
struct Member {
    who: u8,
    link: LinkId,
    epoch: Epoch,
}

impl Member {
    fn signed(&self, first: u64, texts: &[&str], seen: (Seq, ShortDigest)) -> Box<Commitment> {
        let producer = ProducerId::from_bytes([self.who; 8]);
        let place = Place { room: &RoomName::lobby(), epoch: self.epoch, producer };
        let digests = texts.iter().map(|text| Body::text(text).digest().short()).collect();
        Box::new(Commitment::sign(&somebody(self.who), place, (Cmid(first), digests), seen))
    }

    /// By somebody who has seen nothing of the log.
    fn commitment(&self, first: u64, texts: &[&str]) -> Box<Commitment> {
        self.signed(first, texts, (Seq::ZERO, begun(self.epoch).short()))
    }
}

fn begun(epoch: Epoch) -> Digest {
    Digest::of(&[b"exchange log 1", epoch.as_bytes()])
}

fn say(cmid: u64, text: &str, commitment: Option<Box<Commitment>>) -> ToHost {
    ToHost::Send { room: LOBBY, cmid: Cmid(cmid), body: Body::text(text), commitment }
}

impl Bench {
    fn signer(&mut self, who: u8) -> Member {
        let (link, epoch, _) = self.signer_from(who, JoinFrom::Head);
        Member { who, link, epoch }
    }

    /// Somebody who comes into the lobby, and all that they are told of it.
    fn signer_from(&mut self, who: u8, from: JoinFrom) -> (LinkId, Epoch, Vec<ToClient>) {
        let link = self.open_by(&somebody(who), who.into());
        self.say_all(link, &[proven_hello(&somebody(who), who, 1, None), join(&RoomName::lobby(), from)]);
        self.sync();
        let heard = self.heard(link);
        let epoch = joins(&heard).next().unwrap().epoch;
        (link, epoch, heard)
    }

    /// What a member is told when somebody says that.
    fn hears(&mut self, member: &Member, from: &Member, said: &[ToHost]) -> Vec<Entry> {
        self.say_all(from.link, said);
        self.sync();
        entries(&self.heard(member.link)).cloned().collect()
    }
}

fn joins(heard: &[ToClient]) -> impl Iterator<Item = &Joined> {
    heard.iter().filter_map(|said| if let ToClient::Joined(joined) = said { Some(joined) } else { None })
}

fn roster(heard: &[ToClient]) -> Vec<MemberRecord> {
    let records =
        heard.iter().filter_map(|said| if let ToClient::Roster { members, .. } = said { Some(members) } else { None });
    records.flatten().cloned().collect()
}

/// Where the chain gets to with those.
fn chained(base: Digest, entries: &[Entry], roster: &[MemberRecord]) -> Digest {
    entries.iter().fold(base, |chain, entry| {
        let author = roster.iter().rev().find(|record| record.member == entry.author).unwrap();
        ChainLink::of(entry, entry.digest(), (author.peer, author.producer)).after(&chain)
    })
}

#[test]
fn everybody_is_told_the_keys_of_everybody_and_the_host_is_one_of_them() {
    let mut bench = Bench::with(signing());
    let (_, _, heard) = bench.signer_from(1, JoinFrom::Start);
    let known: Vec<_> = roster(&heard).iter().map(|record| record.identity).collect();
    assert_eq!(known, [Some(somebody(99).public()), Some(somebody(1).public())]);
    let people = roster(&heard);
    assert!(people.iter().all(|record| record.identity.is_some_and(|identity| identity.peer() == record.peer)));
}

#[test]
fn what_nobody_has_signed_is_not_logged_and_ends_the_link() {
    type Signs = fn(&Member) -> Option<Box<Commitment>>;

    let mut bench = Bench::with(signing());
    let ben = bench.signer(1);
    let wrong: Vec<Signs> = vec![
        |_| None,
        |me| Some(me.commitment(1, &["another"])),
        |me| Some(me.commitment(2, &["text"])),
        |me| Some(Commitment { digests: Vec::new(), ..*me.commitment(1, &["text"]) }.into()),
        |me| Some(me.signed(1, &["text"; Commitment::MAX + 1], (Seq::ZERO, begun(me.epoch).short()))),
        |me| Some(me.signed(1, &["text"], (Seq(999), begun(me.epoch).short()))),
        |me| Some(me.signed(1, &["text"], (Seq(1), begun(me.epoch).short()))),
    ];
    for (who, commitment) in (2..).zip(wrong) {
        let me = bench.signer(who);
        bench.heard(ben.link);
        let heard = bench.hears(&ben, &me, &[say(1, "text", commitment(&me))]);
        assert!(bench.closed(me.link) == UNSIGNED && heard.is_empty(), "{who}: {heard:?}");
    }
    let me = bench.signer(100);
    bench.heard(ben.link);
    let good = say(1, "text", Some(me.commitment(1, &["text"])));
    assert_eq!((bench.hears(&ben, &me, &[good]).len(), bench.closed(me.link)), (1, None));
}

#[test]
fn what_is_signed_goes_with_its_first_entry_and_again_when_somebody_has_begun_to_read() {
    let mut bench = Bench::with(signing());
    let (ana, ben) = (bench.signer(1), bench.signer(2));
    bench.heard(ben.link);
    let signed = ana.commitment(1, &[" ", "two", "three", "four", "five"]);
    // The first says nothing, and is refused.
    let said = [say(1, " ", Some(signed.clone())), say(2, "two", None), say(3, "three", None)];
    let heard = bench.hears(&ben, &ana, &said);
    let with: Vec<_> = heard.iter().map(|entry| (entry.cmid.0, entry.commitment.clone())).collect();
    assert_eq!(with, [(2, Some(signed.clone())), (3, None)]);
    let (cy, _, told) = bench.signer_from(3, JoinFrom::Last(2));
    assert_eq!(entries(&told).filter(|entry| entry.commitment.is_some()).count(), 1, "as it was logged");
    bench.heard(ben.link);
    let heard = bench.hears(&ben, &ana, &[say(4, "four", None), say(5, "five", None)]);
    let with: Vec<_> = heard.iter().map(|entry| (entry.cmid.0, entry.commitment.clone())).collect();
    assert_eq!(with, [(4, Some(signed)), (5, None)]);
    assert_eq!(entries(&bench.heard(cy)).count(), 2);
    // That was all that she has signed.
    bench.say(ana.link, &say(6, "six", None));
    assert_eq!(bench.closed(ana.link), UNSIGNED);
}

#[test]
fn what_is_sent_again_is_told_from_what_is_new_also_when_it_is_signed_anew() {
    let mut bench = Bench::with(signing());
    let (ana, ben) = (bench.signer(1), bench.signer(2));
    bench.heard(ben.link);
    let once = [say(1, "one", Some(ana.commitment(1, &["one", "two"]))), say(2, "two", None)];
    assert_eq!(bench.hears(&ben, &ana, &once).len(), 2);
    let anew = ana.commitment(1, &["one", "two", "three"]);
    let again = [say(1, "one", Some(anew.clone())), say(2, "two", None), say(3, "three", None)];
    let heard = bench.hears(&ben, &ana, &again);
    assert_eq!(
        heard.iter().map(|entry| (entry.cmid.0, entry.commitment.clone())).collect::<Vec<_>>(),
        [(3, Some(anew))]
    );
}

#[test]
fn whoever_is_no_member_is_told_so_whatever_they_sign() {
    let mut bench = Bench::with(signing());
    let ana = bench.signer(1);
    let said = ToHost::Send { room: RoomId(77), cmid: Cmid(1), body: Body::text("hi"), commitment: None };
    bench.say(ana.link, &said);
    bench.sync();
    assert_eq!(super::refusals(&bench.heard(ana.link)), [Refusal::NotMember]);
    assert_eq!(bench.closed(ana.link), None);
}

#[test]
fn the_chain_is_made_of_everything_that_was_ever_logged_and_told_wherever_somebody_begins() {
    let limits = Limits { history_entries: 6, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..signing() });
    let (ana_link, epoch, heard) = bench.signer_from(1, JoinFrom::Start);
    let ana = Member { who: 1, link: ana_link, epoch };
    let joined = joins(&heard).next().unwrap().chained.as_deref().copied().unwrap();
    assert_eq!((joined.chain, joined.since), (Some(begun(epoch)), Seq(0)));
    let (mut all, people): (Vec<Entry>, _) = (entries(&heard).cloned().collect(), roster(&heard));
    for cmid in 1..=9 {
        bench.say(ana.link, &say(cmid, "text", Some(ana.commitment(cmid, &["text"]))));
        bench.round(|round| round.post(&RoomName::lobby(), Body::text("from the host"))).unwrap();
        bench.sync();
        all.extend(entries(&bench.heard(ana.link)).cloned());
    }
    let before = chained(begun(epoch), &all, &people);
    let of = |bench: &mut Bench, who, from| {
        let (_, _, heard) = bench.signer_from(who, from);
        (joins(&heard).next().unwrap().clone(), entries(&heard).cloned().collect::<Vec<_>>())
    };
    let (at_head, _) = of(&mut bench, 2, JoinFrom::Head);
    assert_eq!(at_head.chained.unwrap().chain, Some(before));
    // Somebody who begins further back gets to the same, also when something was deleted meanwhile.
    let first = bench.host.history(&RoomName::lobby()).unwrap().tail().next();
    let theirs = bench
        .host
        .history(&RoomName::lobby())
        .unwrap()
        .after(Seq::ZERO)
        .find(|entry| entry.cmid == Cmid(9) && entry.author.0 == 1)
        .unwrap();
    let delete = Body::Delete(Delete { of: theirs.seq });
    let place = Place { room: &RoomName::lobby(), epoch, producer: ProducerId::from_bytes([1; 8]) };
    let signed = Commitment::sign(
        &somebody(1),
        place,
        (Cmid(10), vec![delete.digest().short()]),
        (Seq::ZERO, begun(epoch).short()),
    );
    bench.say(ana.link, &ToHost::Send { room: LOBBY, cmid: Cmid(10), body: delete, commitment: Some(signed.into()) });
    bench.sync();
    let (joined, heard) = of(&mut bench, 3, JoinFrom::Start);
    assert!(heard[0].seq >= first);
    let blank = heard.iter().find(|entry| entry.seq == theirs.seq).unwrap();
    assert_eq!((&blank.body, blank.blanked.as_deref()), (&Body::text(""), Some(&theirs.body.digest())));
    let people: Vec<MemberRecord> = bench.host.roster.records().cloned().collect();
    let far = chained(joined.chained.as_ref().unwrap().chain.unwrap(), &heard, &people);
    // Whoever has kept its rows makes the same of them.
    bench.restore(signing()).unwrap();
    let (later, _) = of(&mut bench, 4, JoinFrom::Head);
    assert_eq!(later.chained.unwrap().chain, Some(far));
}

#[test]
fn a_gap_and_a_page_say_what_the_chain_is_where_entries_follow() {
    let limits = Limits { history_entries: 3, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, store: None, ..signing() });
    let slow = bench.signer(1);
    bench.heard(slow.link);
    bench.seen(slow.link).reads = false;
    bench.seen(slow.link).unread = 0;
    for _ in 0..super::WINDOW / 1000 {
        bench.round(|round| round.post(&RoomName::lobby(), Body::text(&"x".repeat(1000)))).unwrap();
    }
    for _ in 0..10 {
        bench.round(|round| round.post(&RoomName::lobby(), Body::text("more"))).unwrap();
    }
    bench.read(slow.link);
    let heard = bench.heard(slow.link);
    let gap = heard.iter().find_map(|said| match said {
        ToClient::Gap { to, chain, .. } => Some((*to, *chain)),
        _ => None,
    });
    let (to, chain) = gap.expect("it was too slow");
    let log = |bench: &Bench, seq| bench.host.rooms[&LOBBY].log.chain_at(seq);
    assert!(chain.is_some() && chain == log(&bench, to));
    bench.say(slow.link, &ToHost::Fetch { room: LOBBY, from: PageFrom::Before(Seq(u64::MAX)), count: 2 });
    let heard = bench.heard(slow.link);
    let [ToClient::Page { after, chain, .. }, ..] = &heard[..] else { panic!("{heard:?}") };
    assert!(chain.is_some() && *chain == log(&bench, *after));
}

#[test]
fn whoever_was_there_before_anybody_signed_is_known_by_their_keys_once_they_are_back() {
    let mut bench = Bench::with(signing());
    let (link, _, heard) = bench.signer_from(1, JoinFrom::Head);
    let welcome =
        |said: &ToClient| if let ToClient::Welcome(welcome) = said { Some((welcome.you, welcome.token)) } else { None };
    let (me, token) = heard.iter().find_map(welcome).unwrap();
    bench.down(link);
    // As a row of an earlier form has it.
    let record = bench.host.roster.record(me).unwrap().clone();
    bench.host.roster.put(MemberRecord { identity: None, ..record });
    let link = bench.open_by(&somebody(1), 2);
    bench.say(link, &proven_hello(&somebody(1), 1, 2, Some(token)));
    bench.sync();
    assert_eq!(bench.heard(link).iter().find_map(welcome).map(|(you, _)| you), Some(me));
    assert_eq!(bench.host.roster.record(me).unwrap().identity, Some(somebody(1).public()));
}

#[test]
fn rows_of_a_host_before_anybody_signed_are_believed_as_far_as_they_go() {
    let mut bench = Bench::with(HostConfig { identity: None, ..signing() });
    bench.round(|round| round.post(&RoomName::lobby(), Body::text("old"))).unwrap();
    bench.sync();
    bench.restore(signing()).unwrap();
    let (_, epoch, heard) = bench.signer_from(1, JoinFrom::Head);
    let joined = joins(&heard).next().unwrap();
    let last = bench.host.history(&RoomName::lobby()).unwrap().head();
    assert_eq!((joined.epoch, joined.chained.as_ref().unwrap().since), (epoch, last.back(1)), "all but the own entry");
    assert_eq!(joined.chained.as_ref().unwrap().chain, bench.host.rooms[&LOBBY].log.chain_at(joined.after));
    assert!(bench.disk.all().contains_key(&Key::Room(LOBBY)));
    assert!(bench.told.iter().any(|event| matches!(event, Event::PeerJoined { .. })));
}

//! Hosts that say for others what they have not said, or tell one this and another that.
#![expect(clippy::unnecessary_box_returns, reason = "this is how messages hold it")]

use alloc::{boxed::Box, string::String, vec, vec::Vec};

use super::{ANA, Bench, Encoding, LOBBY, ME, ana, config, entry, joined, life, welcome};
use crate::{
    client::ClientConfig,
    digest::{Digest, ShortDigest},
    event::Event,
    identity::Identity,
    ids::{Cmid, MemberId, ProducerId, Rev, Seq},
    message::{
        Act, Body, Chained, Commitment, Edit, Entry, GapReason, Joined, LeaveReason, MemberRecord, Mentions, PageFrom,
        Place, Role, Status, ToClient, ToHost,
    },
    name::RoomName,
    reason::{CloseReason, Outcome, Violation},
    room::ChainLink,
    seam::{Input, LinkLoss, Proven},
};

fn of(who: u8) -> Identity {
    Identity::from_seed([who; 32])
}

fn lobby() -> RoomName {
    RoomName::lobby()
}

/// A log as a host makes it that tells the truth, and what its authors sign.
struct Log {
    chain: Vec<Digest>,
}

impl Log {
    /// One of so many entries that nobody was told.
    fn of(entries: u64) -> Self {
        Self { chain: (0..=entries).map(|seq| Digest::of(&[&seq.to_be_bytes()])).collect() }
    }

    fn chain(&self, seq: u64) -> Digest {
        self.chain[usize::try_from(seq).unwrap()]
    }

    fn signed(&self, texts: &[&str], first: u64, seen: u64) -> Box<Commitment> {
        self.signed_as(texts, first, (Seq(seen), self.chain(seen).short()))
    }

    #[expect(clippy::unused_self, reason = "as the one above")]
    fn signed_as(&self, texts: &[&str], first: u64, seen: (Seq, ShortDigest)) -> Box<Commitment> {
        let digests = texts.iter().map(|text| Body::text(text).digest().short()).collect();
        let place = Place { room: &lobby(), epoch: life(2), producer: ProducerId::from_bytes([2; 8]) };
        Box::new(Commitment::sign(&of(2), place, (Cmid(first), digests), seen))
    }

    /// The next entry is that, told as it is.
    fn append(&mut self, record: &MemberRecord, entry: Entry) -> Entry {
        let link = ChainLink::of(&entry, entry.digest(), (record.peer, record.producer));
        let chain = link.after(self.chain.last().unwrap());
        self.chain.push(chain);
        entry
    }

    /// The next entry is ana's.
    fn says(&mut self, cmid: u64, text: &str, commitment: Option<Box<Commitment>>) -> Entry {
        let ToClient::Entry(entry) = entry(self.chain.len() as u64, ANA, cmid, text) else { panic!("no entry") };
        self.append(&signing_ana(), Entry { commitment, ..entry })
    }
}

fn signing_ana() -> MemberRecord {
    MemberRecord { peer: of(2).peer(), identity: Some(of(2).public()), ..ana(Status::Online) }
}

fn owner() -> MemberRecord {
    let (member, nick, role) = (MemberId::OWNER, "host".parse().unwrap(), Role::Owner);
    let producer = ProducerId::from_bytes([7; 8]);
    MemberRecord { member, peer: of(7).peer(), producer, nick, role, identity: Some(of(7).public()), ..signing_ana() }
}

impl Bench {
    /// A client that is in the lobby together with ana, on a link that proves who hosts. Up to a place of the log was
    /// said before.
    fn with_proof(log: &Log, (after, head): (u64, u64)) -> Self {
        let mut bench = Self::with(ClientConfig { identity: Some(of(1)), ..config() }, 1);
        bench.arrive_proven();
        bench.joins(log, (after, head));
        bench.told();
        bench
    }

    fn arrive_proven(&mut self) {
        let (link, credit) = (self.link(), self.window);
        self.input(Input::LinkUp { link, credit, from: None });
        let proven = Some(Proven { identity: of(7).public(), by_secret: false });
        self.input(Input::Opened { link, encoding: Encoding::Postcard, proven });
        self.hear(&ToClient::Welcome(welcome()));
        let me = MemberRecord { identity: Some(of(1).public()), ..self.me() };
        self.hear(&ToClient::Roster { rev: Rev(2), members: vec![owner(), me, signing_ana()] });
    }

    fn joins(&mut self, log: &Log, (after, head): (u64, u64)) {
        let chained = Some(Chained { chain: Some(log.chain(after)), since: Seq(0) }.into());
        let (after, head) = (Seq(after), Seq(head));
        let lobby = joined(&lobby(), LOBBY.0, 0);
        self.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), after, head, chained, ..lobby }));
    }

    /// What the client makes of that: the messages that it tells, whether they are proven, and what else.
    fn makes_of(&mut self, entry: &Entry) -> Vec<Event> {
        self.hear(&ToClient::Entry(entry.clone()));
        let all = self.told();
        assert!(self.client.is_connected(), "{all:?}");
        all
    }

    fn closed_for(&self) -> Option<CloseReason> {
        self.closed.last().map(|(_, reason)| *reason)
    }
}

/// The text of the one message that was told, and whether it is proven.
fn said(told: &[Event]) -> Option<(&str, bool)> {
    match told {
        [Event::Message(message)] => Some((message.text(), message.is_proven())),
        _ => None,
    }
}

fn is_forged(told: &[Event], at: u64) -> bool {
    matches!(told, [Event::Forged { peer, seq, .. }] if (peer.id, *seq) == (of(2).peer(), Seq(at)))
}

#[test]
fn what_somebody_has_signed_is_proven_one_by_one_and_many_at_a_time() {
    let mut log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 3));
    let one = log.says(1, "one", Some(log.signed(&["one"], 1, 3)));
    assert_eq!(said(&bench.makes_of(&one)), Some(("one", true)));
    let many = log.signed(&["two", "three", "four"], 2, 4);
    let two = log.says(2, "two", Some(many.clone()));
    assert_eq!(said(&bench.makes_of(&two)), Some(("two", true)));
    // The third was refused; it was told to nobody.
    let four = log.says(4, "four", None);
    assert_eq!(said(&bench.makes_of(&four)), Some(("four", true)));
    let five = log.says(5, "five", None);
    assert!(is_forged(&bench.makes_of(&five), 7), "nobody has signed that");
    let five = log.says(5, "five", Some(log.signed(&["five", "six"], 5, 6)));
    assert_eq!(said(&bench.makes_of(&five)), Some(("five", true)));
}

#[test]
fn what_somebody_has_not_signed_is_not_told_as_theirs() {
    let log = Log::of(3);
    let signed = log.signed(&["yes"], 1, 3);
    let truth = Log::of(3).says(1, "yes", Some(signed.clone()));
    let with = |commitment| Some(Box::new(commitment));
    let lies = [
        Entry { body: Body::text("no"), ..truth.clone() },
        Entry { commitment: None, ..truth.clone() },
        Entry { cmid: Cmid(2), ..truth.clone() },
        Entry { cmid: Cmid::ZERO, ..truth.clone() },
        Entry { body: Body::text("no"), blanked: Some(truth.body.digest().into()), ..truth.clone() },
        Entry { commitment: with(Commitment { first: Cmid(2), ..*signed.clone() }), cmid: Cmid(2), ..truth.clone() },
        Entry { commitment: with(Commitment { seen: Seq(2), ..*signed.clone() }), ..truth.clone() },
        Entry { commitment: with(Commitment { digests: Vec::new(), ..*signed.clone() }), ..truth.clone() },
        Entry {
            body: Body::text("no"),
            commitment: with(Commitment { digests: vec![Body::text("no").digest().short()], ..*signed }),
            ..truth.clone()
        },
    ];
    for lie in lies {
        let mut bench = Bench::with_proof(&log, (3, 3));
        let told = bench.makes_of(&lie);
        assert!(is_forged(&told, 4), "{lie:?}: {told:?}");
        // Life goes on.
        let mut log = Log::of(4);
        let next = log.says(9, "next", Some(log.signed(&["next"], 9, 0)));
        assert_eq!(said(&bench.makes_of(&next)), Some(("next", true)));
    }
    let mut bench = Bench::with_proof(&log, (3, 3));
    assert_eq!(said(&bench.makes_of(&truth)), Some(("yes", true)));
}

#[test]
fn what_was_signed_for_another_room_log_or_program_is_no_proof() {
    let log = Log::of(3);
    let (here, den, epoch) = (lobby(), "den".parse().unwrap(), life(2));
    let producer = ProducerId::from_bytes([2; 8]);
    let places = [
        (true, Place { room: &here, epoch, producer }),
        (false, Place { room: &den, epoch, producer }),
        (false, Place { room: &here, epoch: life(3), producer }),
        (false, Place { room: &here, epoch, producer: ProducerId::from_bytes([3; 8]) }),
    ];
    for (is_good, place) in places {
        let digests = vec![Body::text("yes").digest().short()];
        let commitment = Commitment::sign(&of(2), place, (Cmid(1), digests), (Seq(3), log.chain(3).short()));
        let entry = Log::of(3).says(1, "yes", Some(commitment.into()));
        let told = Bench::with_proof(&log, (3, 3)).makes_of(&entry);
        assert_eq!((said(&told).is_some(), is_forged(&told, 4)), (is_good, !is_good), "{place:?}");
    }
}

#[test]
fn nothing_is_said_twice_nor_in_another_order() {
    let mut log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 3));
    let signed = log.signed(&["one", "two", "three"], 1, 3);
    let two = log.says(2, "two", Some(signed.clone()));
    assert_eq!(said(&bench.makes_of(&two)), Some(("two", true)));
    for (place, cmid, text) in [(5, 2, "two"), (6, 1, "one")] {
        let again = log.says(cmid, text, Some(signed.clone()));
        assert!(is_forged(&bench.makes_of(&again), place), "{text}");
    }
    let three = log.says(3, "three", None);
    assert_eq!(said(&bench.makes_of(&three)), Some(("three", true)));
}

#[test]
fn what_is_left_of_a_deleted_message_is_proven_to_be_left_of_it() {
    let log = Log::of(3);
    let blanked = |body: Body, said: Body| {
        let mut log = Log::of(3);
        let digests = vec![said.digest().short()];
        let place = Place { room: &lobby(), epoch: life(2), producer: ProducerId::from_bytes([2; 8]) };
        let commitment = Commitment::sign(&of(2), place, (Cmid(1), digests), (Seq(3), log.chain(3).short()));
        let entry = log.says(1, "", Some(commitment.into()));
        Entry { body, blanked: Some(said.digest().into()), ..entry }
    };
    let edit = |text: &str| Body::Edit(Edit { of: Seq(1), mentions: Mentions::default(), text: text.into() });
    let gone = blanked(Body::text(""), Body::text("secret"));
    let told = Bench::with_proof(&log, (3, 3)).makes_of(&gone);
    assert_eq!(said(&told), Some(("", true)));
    let told = Bench::with_proof(&log, (3, 3)).makes_of(&blanked(edit(""), edit("secret")));
    assert!(matches!(told[..], [Event::Edited { .. }]), "{told:?}");
    let told = Bench::with_proof(&log, (3, 3)).makes_of(&Entry { blanked: Some(log.chain(1).into()), ..gone });
    assert!(is_forged(&told, 4));
}

#[test]
fn what_the_host_says_itself_needs_no_signature_and_it_says_nothing_for_others() {
    let mut log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 3));
    let ToClient::Entry(own) = entry(4, MemberId::OWNER, 1, "welcome") else { panic!("no entry") };
    let own = log.append(&owner(), own);
    assert_eq!(said(&bench.makes_of(&own)), Some(("welcome", true)));
    let noted = |seq, body| Entry { seq: Seq(seq), author: ANA, cmid: Cmid::ZERO, body, ..own.clone() };
    let told = bench.makes_of(&noted(5, Body::Leave { reason: LeaveReason::Left }));
    assert!(matches!(told[..], [Event::PeerLeft { .. }]), "{told:?}");
    let told = bench.makes_of(&noted(6, Body::Act(Act::Topic(None))));
    assert!(is_forged(&told, 6), "{told:?}");
}

#[test]
fn a_message_of_ones_own_that_was_changed_is_told_to_be_forged_and_not_to_be_logged() {
    let log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 3));
    bench.said();
    let id = bench.post(&lobby(), "buy").unwrap();
    let said = bench.said();
    let [ToHost::Send { cmid, body, commitment: Some(commitment), .. }] = &said[..] else { panic!("{said:?}") };
    let place = Place { room: &lobby(), epoch: life(2), producer: bench.client.producer };
    assert!(commitment.is_signed_by(&of(1).public(), place) && commitment.covers(*cmid, body.digest().short()));
    assert_eq!((commitment.seen, commitment.chain), (Seq(3), log.chain(3).short()));
    let ToClient::Entry(changed) = entry(4, ME, 1, "sell") else { panic!("no entry") };
    let told = bench.makes_of(&Entry { commitment: Some(commitment.clone()), ..changed });
    let [Event::Receipt { id: of, outcome: Outcome::Unknown }, Event::Forged { .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(*of, id);
}

#[test]
fn whoever_was_shown_another_log_is_found_out_by_what_they_sign_and_that_is_told_once() {
    let mut log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 3));
    let another = Log::of(0);
    let forked = |told: &[Event]| match told {
        [Event::Forked { peer, seq, .. }, Event::Message(_)] => Some((peer.id, *seq)),
        _ => None,
    };
    let one = log.says(1, "one", Some(log.signed_as(&["one"], 1, (Seq(3), another.chain(0).short()))));
    assert_eq!(forked(&bench.makes_of(&one)), Some((of(2).peer(), Seq(3))));
    let two = log.says(2, "two", Some(log.signed_as(&["two"], 2, (Seq(4), another.chain(0).short()))));
    assert_eq!(said(&bench.makes_of(&two)), Some(("two", true)));

    // Nobody has seen what was said after them.
    let mut log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 3));
    let one = log.says(1, "one", Some(log.signed_as(&["one"], 1, (Seq(4), another.chain(0).short()))));
    assert_eq!(forked(&bench.makes_of(&one)), Some((of(2).peer(), Seq(4))));

    // Of what is further back than this client has heard, it cannot tell.
    let mut log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 3));
    let one = log.says(1, "one", Some(log.signed_as(&["one"], 1, (Seq(2), another.chain(0).short()))));
    assert_eq!(said(&bench.makes_of(&one)), Some(("one", true)));
}

#[test]
fn a_host_whose_log_is_another_after_a_lost_link_is_found_out_and_gone_on_with() {
    let mut log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 3));
    let one = log.says(1, "one", Some(log.signed(&["one"], 1, 3)));
    bench.makes_of(&one);
    bench.down(LinkLoss::Broken);
    bench.redial();
    bench.arrive_proven();
    bench.told();
    let mut another = Log::of(4);
    bench.joins(&another, (4, 4));
    let told = bench.told();
    assert!(
        matches!(told[..], [Event::Forked { seq: Seq(4), .. }, Event::RoomJoined { resumed: true, .. }]),
        "{told:?}"
    );
    let two = another.says(2, "two", Some(another.signed(&["two"], 2, 4)));
    assert_eq!(said(&bench.makes_of(&two)), Some(("two", true)));
}

#[test]
fn of_what_was_said_before_it_came_a_client_cannot_always_tell_and_says_so() {
    let mut log = Log::of(3);
    let mut bench = Bench::with_proof(&log, (3, 5));
    let old = log.says(2, "old", None);
    assert_eq!(said(&bench.makes_of(&old)), Some(("old", false)));
    let newer = log.says(3, "newer", Some(log.signed(&["newer"], 3, 4)));
    assert_eq!(said(&bench.makes_of(&newer)), Some(("newer", true)));
    let new = log.says(4, "new", None);
    assert!(is_forged(&bench.makes_of(&new), 6));

    // Behind a gap it is as if it came anew, with what it was told last of how the room stands.
    bench.joins(&log, (6, 9));
    let gap = |chain| ToClient::Gap { room: LOBBY, to: Seq(8), reason: GapReason::Retention, chain };
    bench.hear(&gap(Some(log.chain(0))));
    bench.told();
    let mut log = Log::of(8);
    let old = log.says(6, "old", None);
    assert_eq!(said(&bench.makes_of(&old)), Some(("old", false)));
    let new = log.says(7, "new", None);
    assert!(is_forged(&bench.makes_of(&new), 10));
}

#[test]
fn nobody_can_have_signed_more_at_once_than_anybody_does() {
    let mut log = Log::of(3);
    // However much a host says that there was before.
    let mut bench = Bench::with_proof(&log, (3, 1 << 40));
    for cmid in 1..Commitment::MAX as u64 {
        let old = log.says(cmid, "old", None);
        assert_eq!(said(&bench.makes_of(&old)), Some(("old", false)), "{cmid}");
    }
    let too_many = log.says(Commitment::MAX as u64, "old", None);
    assert!(is_forged(&bench.makes_of(&too_many), 3 + Commitment::MAX as u64));
}

#[test]
fn a_log_that_was_not_signed_up_to_a_place_is_believed_up_to_there_and_not_proven() {
    let log = Log::of(3);
    let mut bench = Bench::with(ClientConfig { identity: Some(of(1)), ..config() }, 1);
    bench.arrive_proven();
    let keyless = MemberRecord { identity: None, ..signing_ana() };
    bench.hear(&ToClient::Roster { rev: Rev(3), members: vec![keyless] });
    // A host cannot say of what is to come that it need not be signed.
    let chained = Some(Chained { chain: Some(log.chain(3)), since: Seq(9) }.into());
    let (after, head) = (Seq(3), Seq(4));
    bench.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), after, head, chained, ..joined(&lobby(), 1, 0) }));
    bench.told();
    let mut log = Log::of(3);
    let old = log.says(1, "old", None);
    assert_eq!(said(&bench.makes_of(&old)), Some(("old", false)));
    let new = log.says(2, "new", Some(log.signed(&["new"], 2, 4)));
    assert!(is_forged(&bench.makes_of(&new), 5), "whose key nobody knows, nobody can have heard");
}

#[test]
fn a_log_may_have_been_signed_for_a_while_and_not_at_other_times() {
    let mut log = Log::of(3);
    let mut bench = Bench::with(ClientConfig { identity: Some(of(1)), ..config() }, 1);
    bench.arrive_proven();
    let chained = Some(Chained { chain: Some(log.chain(3)), since: Seq(7) }.into());
    let (after, head) = (Seq(3), Seq(8));
    bench.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), after, head, chained, ..joined(&lobby(), 1, 0) }));
    bench.told();
    let signed = log.says(1, "signed", Some(log.signed(&["signed"], 1, 3)));
    assert_eq!(said(&bench.makes_of(&signed)), Some(("signed", true)));
    let unsigned = log.says(2, "unsigned", None);
    assert_eq!(said(&bench.makes_of(&unsigned)), Some(("unsigned", false)));
    let again = log.says(1, "signed", Some(log.signed(&["signed"], 1, 3)));
    assert!(is_forged(&bench.makes_of(&again), 6), "it is said once");
    let changed = Entry { body: Body::text("changed"), ..log.says(3, "it", Some(log.signed(&["it"], 3, 3))) };
    assert!(is_forged(&bench.makes_of(&changed), 7));
    let after_that = log.says(4, "after that", None);
    assert!(is_forged(&bench.makes_of(&after_that), 8));
}

#[test]
fn a_log_begins_as_it_has_to_for_everybody() {
    let mut log = Log::of(0);
    let forked = |bench: &mut Bench| bench.told().iter().any(|event| matches!(event, Event::Forked { .. }));
    let begins = |log: &Log| {
        let mut bench = Bench::with(ClientConfig { identity: Some(of(1)), ..config() }, 1);
        bench.arrive_proven();
        bench.joins(log, (0, 0));
        bench
    };
    assert!(forked(&mut begins(&log)), "it is another");
    log.chain[0] = Digest::of(&[b"exchange log 1", life(2).as_bytes()]);
    assert!(!forked(&mut begins(&log)));

    let one = log.says(1, "one", None);
    let mut bench = Bench::with_proof(&Log::of(7), (7, 9));
    let told = page(&mut bench, Digest::from_bytes([9; 32]), core::slice::from_ref(&one));
    assert!(matches!(&told[..], [Event::Forked { .. }, Event::Page { .. }]), "{told:?}");
    let mut bench = Bench::with_proof(&Log::of(7), (7, 9));
    let told = page(&mut bench, log.chain(0), core::slice::from_ref(&one));
    assert!(matches!(&told[..], [Event::Page { .. }]), "{told:?}");
}

#[test]
fn a_host_that_has_proven_who_it_is_has_to_prove_what_it_says() {
    let log = Log::of(3);
    let unsigned = Some(CloseReason::Violation(Violation::Unsigned));
    let mut bench = Bench::with(ClientConfig { identity: Some(of(1)), ..config() }, 1);
    bench.arrive_proven();
    bench.hear(&ToClient::Joined(joined(&lobby(), LOBBY.0, 0)));
    assert_eq!(bench.closed_for(), unsigned, "no chain");

    let mut bench = Bench::with_proof(&log, (3, 3));
    bench.hear(&ToClient::Gap { room: LOBBY, to: Seq(8), reason: GapReason::Policy, chain: None });
    assert_eq!(bench.closed_for(), None, "there may be another");
    bench.hear(&entry(9, MemberId::OWNER, 1, "no gap"));
    assert_eq!(bench.closed_for(), unsigned, "no chain behind a gap");

    let mut bench = Bench::with(ClientConfig { identity: Some(of(1)), ..config() }, 1);
    bench.arrive_proven();
    let chained = Some(Chained { chain: None, since: Seq(0) }.into());
    bench.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), chained, ..joined(&lobby(), LOBBY.0, 3) }));
    bench.said();
    bench.post(&lobby(), "hello?").unwrap();
    let said = bench.said();
    let [ToHost::Send { commitment: Some(commitment), .. }] = &said[..] else { panic!("{said:?}") };
    let begun = Digest::of(&[b"exchange log 1", life(2).as_bytes()]);
    assert_eq!((commitment.seen, commitment.chain), (Seq(0), begun.short()), "it has seen nothing yet");
    bench.hear(&entry(4, MemberId::OWNER, 1, "no gap"));
    assert_eq!(bench.closed_for(), unsigned, "no chain, and no gap");

    let mut bench = Bench::with_proof(&log, (3, 3));
    bench.round(|round| round.fetch(&lobby(), PageFrom::Before(Seq(3)), 2)).unwrap();
    let (start, head) = (Seq(0), Seq(3));
    bench.hear(&ToClient::Page { room: LOBBY, after: Seq(0), entries: 2, more: false, start, head, chain: None });
    assert_eq!(bench.closed_for(), unsigned, "no chain of a page");

    let mut bench = Bench::with_proof(&log, (3, 3));
    let another = MemberRecord { identity: Some(of(3).public()), ..signing_ana() };
    bench.hear(&ToClient::Roster { rev: Rev(3), members: vec![another] });
    assert_eq!(bench.closed_for(), Some(CloseReason::Violation(Violation::Impostor)));
}

/// A page of two messages that lie before what the client was told, as the host tells it.
fn page(bench: &mut Bench, base: Digest, entries: &[Entry]) -> Vec<Event> {
    let before = Seq(entries.last().unwrap().seq.0 + 1);
    bench.round(|round| round.fetch(&lobby(), PageFrom::Before(before), 2)).unwrap();
    let (after, count) = (entries[0].seq.back(1), u32::try_from(entries.len()).unwrap());
    let (start, head, chain) = (Seq(0), Seq(9), Some(base));
    let head = ToClient::Page { room: LOBBY, after, entries: count, more: false, start, head, chain };
    bench.hear(&head);
    for entry in entries {
        bench.hear(&ToClient::Entry(entry.clone()));
    }
    bench.told()
}

#[test]
fn a_page_is_of_the_log_that_it_leads_up_to_and_what_was_forged_is_not_in_it() {
    let mut log = Log::of(3);
    let signed = log.signed(&["one", "two", "three", "four"], 1, 3);
    let entries: Vec<Entry> =
        ["one", "two", "three", "four"].iter().zip(1..).map(|(text, cmid)| log.says(cmid, text, None)).collect();
    let with = |entry: &Entry| Entry { commitment: Some(signed.clone()), ..entry.clone() };
    let texts = |told: &[Event]| -> Vec<(String, bool)> {
        let Some(Event::Page { page: Ok(page), .. }) = told.last() else { panic!("{told:?}") };
        let said = page.messages().iter().map(|view| (view.message().text().into(), view.message().is_proven()));
        said.collect()
    };
    let mut bench = Bench::with_proof(&log, (7, 9));
    let told = page(&mut bench, log.chain(5), &[with(&entries[2]), entries[3].clone()]);
    assert_eq!((told.len(), texts(&told)), (1, vec![("three".into(), true), ("four".into(), true)]));
    // It is known now where that one began.
    let told = page(&mut bench, log.chain(3), &[with(&entries[0]), entries[1].clone()]);
    assert_eq!((told.len(), texts(&told)), (1, vec![("one".into(), true), ("two".into(), true)]));

    // It may begin behind what is signed of it.
    let mut bench = Bench::with_proof(&log, (7, 9));
    let told = page(&mut bench, log.chain(5), &entries[2..]);
    assert_eq!((told.len(), texts(&told)), (1, vec![("three".into(), false), ("four".into(), false)]));

    let mut bench = Bench::with_proof(&log, (7, 9));
    let lie = Entry { body: Body::text("for"), ..entries[3].clone() };
    let told = page(&mut bench, log.chain(5), &[with(&entries[2]), lie]);
    assert!(
        matches!(&told[..], [Event::Forged { seq: Seq(7), .. }, Event::Forked { .. }, Event::Page { .. }]),
        "{told:?}"
    );
    assert_eq!(texts(&told), [("three".into(), true)]);

    let mut bench = Bench::with_proof(&log, (7, 9));
    let told = page(&mut bench, log.chain(4), &[with(&entries[2]), entries[3].clone()]);
    assert!(matches!(&told[..], [Event::Forked { seq: Seq(7), .. }, Event::Page { .. }]), "{told:?}");
}

//! Whether a host tells the truth of a room's log.
//!
//! What somebody has said they have signed, so that nobody can say it for them. And with what they signed they say which
//! log they were shown: a host that shows one member this and another that cannot let either hear the other ever again
//! without being found out.

use alloc::{boxed::Box, collections::BTreeMap, vec::Vec};

use crate::{
    digest::{Digest, ShortDigest},
    event::Author,
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, Seq},
    message::{Act, Body, Chained, Commitment, Entry, FIRST_APPLICATION_KIND, MemberRecord, Place},
    name::RoomName,
    reason::Violation,
    room::{Chain, ChainLink},
};

/// Of so many entries it is remembered how the chain was at them: whoever speaks has hardly missed more.
const REMEMBERED: usize = 512;

/// So many authors are remembered whose next message comes with what they sign of it.
const AUTHORS: usize = 4096;

/// What is known of a room's log.
#[derive(Debug)]
pub(super) struct Proofs {
    epoch: Epoch,
    /// Nothing where a gap has to follow.
    chain: Option<Chain>,
    /// Where the oldest page begins that leads up to what was told, and the chain there.
    page: Option<(Seq, Digest)>,
    /// Up to here nothing need be signed.
    unsigned: Seq,
    /// Where the log's head was when the host said last how the room stands: what was signed then, it says again.
    head: Seq,
    /// What was made up to here may be signed in a part of the log that this client was not told.
    before: Seq,
    authors: Authors,
    is_forked: bool,
}

/// What authors have signed of the entries that were heard in a row.
#[derive(Debug, Default)]
pub(super) struct Authors(BTreeMap<(PeerId, ProducerId), Signs>);

/// Where somebody has signed what they say.
#[derive(Debug)]
enum Signs {
    /// Before what was heard, if at all; of them, so many messages were.
    Before(usize),
    Here(Signed),
}

#[derive(Debug)]
struct Signed {
    last: Cmid,
    /// What is signed of the messages after the last, if something is.
    commitment: Option<Box<Commitment>>,
}

/// How certain it is that an entry is what it is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Proven,
    /// It may be, and it cannot be told.
    Unproven,
    Forged,
}

/// What an entry alone says of how certain it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alone {
    Proven,
    /// Its author has not signed it, as far as was heard.
    Unsigned,
    /// Nor can they have where it was not heard: they have signed others since, or say more than anybody signs at once, or
    /// have no keys.
    Unsignable,
    Forged,
}

/// What an entry amounts to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) word: Word,
    /// Up to where its author has certainly been shown another log.
    pub(super) forked: Option<Seq>,
}

/// Up to where an author had a log, and the chain there.
type Claim = (Seq, ShortDigest);

impl Proofs {
    /// Of a log that is told after a place, when its head is there already.
    pub(super) fn new(epoch: Epoch, chained: Chained, (after, head): (Seq, Seq)) -> Self {
        Self {
            epoch,
            chain: chained.chain.map(|chain| Chain::at(after, chain)),
            page: None,
            unsigned: chained.since.min(head),
            head,
            before: head,
            authors: Authors::default(),
            is_forked: false,
        }
    }

    /// Whether a log that is told from its beginning begins as it has to.
    pub(super) fn begins_right(&self) -> bool {
        self.chain_at(Seq::ZERO).is_none_or(|chain| chain == Chain::begin(self.epoch).head())
    }

    /// The host says how the room stands: where the log's head is, and what the chain is at the place up to which it was
    /// heard. Whether that is what it was before; from now on it is.
    pub(super) fn stands(&mut self, head: Seq, (place, chain): (Seq, Option<Digest>)) -> bool {
        self.head = head;
        let agrees = self.chain_at(place).zip(chain).is_none_or(|(known, chain)| known == chain);
        if !agrees || chain.is_none() {
            self.chain = chain.map(|chain| Chain::at(place, chain));
        }
        agrees
    }

    /// The log goes on after that place; what is between cannot be had any more.
    pub(super) fn skip(&mut self, to: Seq, chain: Option<Digest>) {
        self.chain = chain.map(|chain| Chain::at(to, chain));
        self.authors = Authors::default();
        self.before = self.head;
    }

    /// That the log is not the same for everybody; whether that is news.
    pub(super) fn fork(&mut self) -> bool {
        !core::mem::replace(&mut self.is_forked, true)
    }

    /// How far the log was heard, and the chain there; where that is not known, as it begins.
    pub(super) fn seen(&self, place: Seq) -> (Seq, ShortDigest) {
        let begun = || (Seq::ZERO, Chain::begin(self.epoch).head().short());
        self.chain.as_ref().map_or_else(begun, |chain| (place, chain.head().short()))
    }

    fn chain_at(&self, seq: Seq) -> Option<Digest> {
        self.chain.as_ref()?.get(seq)
    }

    /// The next entry.
    pub(super) fn hear(&mut self, room: &RoomName, entry: &Entry, record: &MemberRecord) -> Result<Finding, Violation> {
        let digest = entry.digest();
        let (word, claim) = self.authors.check(self.epoch, room, (entry, digest), record);
        let chain = self.chain.as_mut().ok_or(Violation::Unsigned)?;
        chain.append(&ChainLink::of(entry, digest, (record.peer, record.producer)));
        chain.keep(REMEMBERED);
        Ok(self.find(entry, word, claim, entry.seq <= self.before))
    }

    /// The next entry of a page, of which the authors are its own.
    pub(super) fn hear_page(
        &self,
        (authors, chain): (&mut Authors, &mut Chain),
        room: &RoomName,
        entry: &Entry,
        record: &MemberRecord,
    ) -> Finding {
        let digest = entry.digest();
        let (word, claim) = authors.check(self.epoch, room, (entry, digest), record);
        chain.append(&ChainLink::of(entry, digest, (record.peer, record.producer)));
        self.find(entry, word, claim, true)
    }

    /// A page is told; whether it is of the same log as the rest, as far as they meet.
    pub(super) fn take_page(&mut self, (after, base): (Seq, Digest), (to, head): (Seq, Digest)) -> bool {
        if after == Seq::ZERO && base != Chain::begin(self.epoch).head() {
            return false;
        }
        let before = self.page.filter(|(place, _)| *place == to).map(|(_, chain)| chain);
        let Some(known) = self.chain_at(to).or(before) else { return true };
        if known == head && self.page.is_none_or(|(place, _)| after < place) {
            self.page = Some((after, base));
        }
        known == head
    }

    fn find(&self, entry: &Entry, alone: Alone, claim: Option<Claim>, is_before: bool) -> Finding {
        let need_not_be = entry.seq <= self.unsigned;
        let word = match alone {
            Alone::Proven => Word::Proven,
            Alone::Unsigned if is_before || need_not_be => Word::Unproven,
            Alone::Unsignable if need_not_be => Word::Unproven,
            Alone::Unsigned | Alone::Unsignable | Alone::Forged => Word::Forged,
        };
        let is_shown_another =
            |(seen, chain): &Claim| *seen >= entry.seq || self.chain_at(*seen).is_some_and(|own| own.short() != *chain);
        let claim = claim.filter(|_| !cfg!(exchange_bug = "forks-not-seen"));
        Finding { word, forked: claim.filter(is_shown_another).map(|(seen, _)| seen) }
    }
}

impl Authors {
    /// How certain an entry is, as far as that can be said of it and those before it, and what its author says of the log.
    fn check(
        &mut self,
        epoch: Epoch,
        room: &RoomName,
        (entry, digest): (&Entry, Digest),
        record: &MemberRecord,
    ) -> (Alone, Option<Claim>) {
        if entry.blanked.is_some() && entry.body != entry.body.blank() {
            return (Alone::Forged, None);
        }
        // What the host itself says came to this end from nobody else.
        if entry.author == MemberId::OWNER || (entry.cmid == Cmid::ZERO && is_noted(&entry.body)) {
            return (Alone::Proven, None);
        }
        if entry.cmid == Cmid::ZERO {
            return (Alone::Forged, None);
        }
        let Some(identity) = record.identity else { return (Alone::Unsignable, None) };
        let author = (record.peer, record.producer);
        let mut claim = None;
        if let Some(commitment) = &entry.commitment {
            let place = Place { room, epoch, producer: record.producer };
            let is_known = self.0.get(&author).is_some_and(|signs| signs.commitment() == Some(&**commitment));
            let is_good = || commitment.is_sound() && commitment.is_signed_by(&identity, place);
            let is_known = is_known || cfg!(exchange_bug = "signatures-not-checked");
            if !is_known && !is_good() {
                return (Alone::Forged, None);
            }
            claim = Some((commitment.seen, commitment.chain));
            self.has_signed(author, commitment.clone());
        }
        (self.of(author).check(entry, digest), claim)
    }

    fn has_signed(&mut self, author: (PeerId, ProducerId), commitment: Box<Commitment>) {
        let signs = self.of(author);
        let last = if let Signs::Here(signed) = signs { signed.last } else { Cmid::ZERO };
        *signs = Signs::Here(Signed { last, commitment: Some(commitment) });
    }

    fn of(&mut self, author: (PeerId, ProducerId)) -> &mut Signs {
        if self.0.len() >= AUTHORS && !self.0.contains_key(&author) {
            // Of whoever else speaks again, what they sign comes first.
            self.0.retain(|_, signs| signs.commitment().is_some());
        }
        self.0.entry(author).or_insert(Signs::Before(0))
    }
}

impl Signs {
    fn commitment(&self) -> Option<&Commitment> {
        match self {
            Self::Before(_) => None,
            Self::Here(signed) => signed.commitment.as_deref(),
        }
    }

    fn check(&mut self, entry: &Entry, digest: Digest) -> Alone {
        match self {
            Self::Before(heard) if *heard + 1 < Commitment::MAX => {
                *heard += 1;
                Alone::Unsigned
            }
            Self::Before(_) => Alone::Unsignable,
            Self::Here(signed) => signed.check(entry, digest),
        }
    }
}

impl Signed {
    fn check(&mut self, entry: &Entry, digest: Digest) -> Alone {
        let is_signed = self.commitment.as_ref().is_some_and(|signed| signed.covers(entry.cmid, digest.short()));
        // A message comes once, after those before it.
        if entry.cmid <= self.last || (entry.commitment.is_some() && !is_signed) {
            return Alone::Forged;
        }
        if !is_signed {
            return Alone::Unsignable;
        }
        self.last = entry.cmid;
        self.commitment.take_if(|commitment| commitment.last() <= entry.cmid);
        Alone::Proven
    }
}

/// Whether it is something that hosts note themselves.
fn is_noted(body: &Body) -> bool {
    let is_of_later_versions = matches!(body, Body::Opaque { kind: ..FIRST_APPLICATION_KIND, .. });
    is_of_later_versions
        || matches!(body, Body::Join { .. } | Body::Leave { .. } | Body::Rename { .. } | Body::Act(Act::Knock))
}

impl MemberRecord {
    /// Whoever has made an entry of that certainty.
    pub(super) fn author_of(&self, word: Option<Word>, mine: bool) -> Author {
        Author { peer: self.peer(), producer: self.producer, mine, proven: word == Some(Word::Proven) }
    }
}

/// The digests of messages that follow one another.
pub(super) fn digests<'a>(bodies: impl Iterator<Item = &'a Body>) -> Vec<ShortDigest> {
    bodies.take(Commitment::MAX).map(|body| body.digest().short()).collect()
}

//! A room as one of its members keeps it: where it is in the log, and what waits to get there.

use alloc::{
    collections::{BTreeSet, VecDeque},
    vec::Vec,
};

use super::{
    given::Given,
    journal::Standing,
    proofs::{Proofs, digests},
    signals::Signals,
};
use crate::{
    digest::Digest,
    identity::Identity,
    ids::{Cmid, Epoch, MemberId, PeerId, ProducerId, RoomId, Seq},
    message::{Act, Body, Chained, Commitment, JoinFrom, Joined, Place, Rules},
    name::{Remark, RoomName},
    reason::Violation,
    room::{Later, Reading, Transcript},
};

#[derive(Debug)]
pub(super) struct Room {
    phase: Phase,
    /// Whether the host was asked for it in this life of the session, and its number once it has answered. Both outlive
    /// the link.
    was_asked: bool,
    number: Option<RoomId>,
    from: JoinFrom,
    place: Option<(Epoch, Seq)>,
    /// How far the application was told of that log for certain.
    told: Seq,
    /// Entries up to here were made before the room was joined.
    history: Seq,
    members: BTreeSet<MemberId>,
    /// Who is a member was told as of here; entries after it change it.
    members_at: Seq,
    pub(super) founder: Option<PeerId>,
    /// What it is about and what rules it has, told and changed like who is a member.
    pub(super) topic: Option<Remark>,
    pub(super) rules: Rules,
    /// Whether it is to be opened as a private one.
    opens: bool,
    /// Whether messages that were on the present link are to be sent again on it.
    took_back: bool,
    waiting: VecDeque<Waiting>,
    /// How many of those waiting are on the present link.
    wired: usize,
    /// The last of the messages that something was signed of on the present link.
    committed: Cmid,
    /// The last message that was ever put on a link, and the last number used.
    sent: Cmid,
    numbered: Cmid,
    pub(super) given: Given,
    /// What can be proven of the log; nothing in the clear.
    pub(super) proofs: Option<Proofs>,
    pub(super) transcript: Transcript,
    pub(super) later: Later,
    pub(super) reading: Reading,
    pub(super) signals: Signals,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Wanted,
    Asked,
    Joined,
}

#[derive(Debug)]
struct Waiting {
    cmid: Cmid,
    body: Body,
    /// It has its outcome and stays only because one before it has none: numbers are given up in order.
    settled: bool,
}

/// What a host's word on a room amounts to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    New,
    Resumed,
    /// The log that the client knew is gone.
    Lost,
    /// It was joined already, and this is who is a member now.
    Members,
}

impl Room {
    /// A room to be joined, in which this client has used message numbers up to `numbered`.
    pub(super) fn new(from: JoinFrom, numbered: Cmid, (transcript, later): (Transcript, Later)) -> Self {
        Self {
            phase: Phase::Wanted,
            was_asked: false,
            number: None,
            from,
            place: None,
            told: Seq::ZERO,
            history: Seq::ZERO,
            members: BTreeSet::new(),
            members_at: Seq::ZERO,
            founder: None,
            topic: None,
            rules: Rules::default(),
            opens: false,
            took_back: false,
            waiting: VecDeque::new(),
            wired: 0,
            committed: Cmid::ZERO,
            sent: numbered,
            numbered,
            given: Given::default(),
            proofs: None,
            transcript,
            later,
            reading: Reading::default(),
            signals: Signals::default(),
        }
    }

    /// A private room to be opened.
    pub(super) fn to_open(numbered: Cmid, held: (Transcript, Later)) -> Self {
        Self { opens: true, ..Self::new(JoinFrom::Head, numbered, held) }
    }

    /// The room as it was kept, with what waited in it.
    pub(super) fn restore(
        standing: &Standing,
        numbered: Cmid,
        waiting: Vec<(Cmid, Body)>,
        held: (Transcript, Later),
    ) -> Self {
        let Standing { from, opens, place, after, read, sent } = *standing;
        let is_forgotten = cfg!(exchange_bug = "numbers-not-kept") && waiting.is_empty();
        let mut room = Self::new(from, if is_forgotten { Cmid::ZERO } else { numbered }, held);
        // Whatever was told of it is told no more: who comes back sees again how it went on from there.
        let again = if let JoinFrom::Last(entries) = from { entries } else { 0 };
        (room.was_asked, room.opens, room.sent) = (true, opens, sent);
        room.history = place.map_or(Seq::ZERO, |(_, seq)| seq);
        room.place = place.map(|(epoch, seq)| (epoch, seq.back(again.into())));
        room.told = room.place.map_or(Seq::ZERO, |(_, seq)| seq);
        room.signals.begin(after);
        room.signals.read = read;
        room.waiting = waiting.into_iter().map(|(cmid, body)| Waiting { cmid, body, settled: false }).collect();
        room
    }

    /// What is kept of it, beside what waits.
    pub(super) fn standing(&self) -> Standing {
        let place = self.place.map(|(epoch, _)| (epoch, self.told));
        let Signals { after, read, .. } = self.signals;
        Standing { from: self.from, opens: self.opens, place, after, read, sent: self.sent }
    }

    /// Whether it is still to be opened.
    pub(super) fn opens(&self) -> bool {
        self.opens && self.place.is_none()
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.phase == Phase::Wanted
    }

    pub(super) fn is_asked(&self) -> bool {
        self.phase == Phase::Asked
    }

    /// Whether the host may hold the client for a member.
    pub(super) fn was_asked(&self) -> bool {
        self.was_asked
    }

    /// Its number in this life of the session, if it was ever joined.
    pub(super) fn number(&self) -> Option<RoomId> {
        self.number
    }

    /// Its number, if it is joined on the present link.
    pub(super) fn joined_number(&self) -> Option<RoomId> {
        self.number.filter(|_| self.phase == Phase::Joined)
    }

    pub(super) fn place(&self) -> Option<(Epoch, Seq)> {
        self.place
    }

    /// The host has begun another life, in which nothing has the number it had.
    pub(super) fn renumber(&mut self) {
        self.was_asked = false;
        self.number = None;
    }

    pub(super) fn last_number(&self) -> Cmid {
        self.numbered
    }

    pub(super) fn sent(&self) -> Cmid {
        self.sent
    }

    /// What to say to the host to be in this room: where to begin, and which numbers have an outcome and were sent.
    pub(super) fn ask(&mut self) -> (JoinFrom, Cmid, Cmid) {
        self.phase = Phase::Asked;
        self.was_asked = true;
        let from = self.place.map_or(self.from, |(epoch, seq)| JoinFrom::After { epoch, seq });
        (from, self.settled(), self.sent)
    }

    /// The last number up to which all that were sent have an outcome.
    pub(super) fn settled(&self) -> Cmid {
        self.waits_after().min(self.sent)
    }

    /// The last number before those that wait.
    pub(super) fn waits_after(&self) -> Cmid {
        self.waiting.front().map_or(self.numbered, |first| Cmid(first.cmid.0.saturating_sub(1)))
    }

    /// What has no outcome.
    pub(super) fn unsettled(&self) -> impl Iterator<Item = (Cmid, &Body)> {
        self.waiting.iter().filter(|waiting| !waiting.settled).map(|waiting| (waiting.cmid, &waiting.body))
    }

    /// What waits, after a number.
    pub(super) fn waiting_after(&self, cmid: Cmid) -> impl Iterator<Item = (Cmid, &Body)> {
        self.waiting.iter().filter(move |waiting| waiting.cmid > cmid).map(|waiting| (waiting.cmid, &waiting.body))
    }

    pub(super) fn unlinked(&mut self) {
        self.phase = Phase::Wanted;
        self.took_back = false;
        self.committed = Cmid::ZERO;
        if cfg!(exchange_bug = "forgets-on-write") {
            self.waiting.drain(..self.wired);
        }
        if cfg!(exchange_bug = "changes-lost-with-the-link") {
            self.waiting.retain(|waiting| waiting.body.changes().is_none());
        }
        if cfg!(exchange_bug = "unread-forgotten-with-the-link") {
            self.reading.clear();
        }
        if !cfg!(exchange_bug = "wired-not-reset") {
            self.wired = 0;
        }
    }

    /// It has to be asked for again.
    pub(super) fn unask(&mut self) {
        self.phase = Phase::Wanted;
    }

    /// A message and those after it are to be sent again on the present link.
    pub(super) fn take_back(&mut self, cmid: Cmid) {
        let before = self.waiting.iter().take_while(|waiting| waiting.cmid < cmid).count();
        self.wired = self.wired.min(before);
        if !cfg!(exchange_bug = "commits-once-a-link") {
            self.committed = Cmid::ZERO;
        }
        self.took_back = true;
    }

    /// Whether that was so before on this link.
    pub(super) fn took_back(&self) -> bool {
        self.took_back
    }

    pub(super) fn joined(&mut self, joined: Joined) -> Result<Taken, Violation> {
        if joined.after > joined.head {
            return Err(Violation::Unexpected);
        }
        let here = (Some(joined.room), Some((joined.epoch, joined.after)));
        if self.phase == Phase::Joined && (self.number, self.place) == here {
            self.stands(joined);
            return Ok(Taken::Members);
        }
        if self.phase != Phase::Asked {
            return Err(Violation::Unexpected);
        }
        let taken = match self.place {
            None => Taken::New,
            Some((epoch, _)) if epoch != joined.epoch => Taken::Lost,
            Some((_, seq)) if seq != joined.after => return Err(Violation::OutOfOrder),
            Some(_) => Taken::Resumed,
        };
        let taken = if cfg!(exchange_bug = "epoch-ignored") && taken == Taken::Lost { Taken::Resumed } else { taken };
        if cfg!(exchange_bug = "no-dedup-across-epochs") && taken == Taken::Lost {
            self.given = Given::default();
        }
        if taken != Taken::Resumed {
            self.signals.begin(joined.after);
        }
        if taken == Taken::New {
            self.history = joined.head;
        } else if taken == Taken::Lost {
            self.history = Seq::ZERO;
            self.transcript.clear();
            self.later.clear();
            self.reading.clear();
            // What waits refers to places in the log that is lost.
            for waiting in &mut self.waiting {
                let body = core::mem::replace(&mut waiting.body, Body::text(""));
                waiting.body = if cfg!(exchange_bug = "changes-of-another-log") { body } else { body.unreferred() };
            }
        }
        self.phase = Phase::Joined;
        self.number = Some(joined.room);
        self.place = Some((joined.epoch, joined.after));
        if taken != Taken::Resumed {
            self.told = joined.after;
        }
        self.stands(joined);
        Ok(taken)
    }

    /// Takes in what the host says can be proven of the log, which was joined like that. Whether that is what it has said
    /// before.
    pub(super) fn proves(
        &mut self,
        taken: &Taken,
        epoch: Epoch,
        (after, head): (Seq, Seq),
        chained: Option<Chained>,
    ) -> bool {
        match (chained, &mut self.proofs, taken) {
            (None, proofs, _) => {
                *proofs = None;
                true
            }
            (Some(chained), Some(proofs), Taken::Resumed | Taken::Members) => {
                proofs.stands(head, (after, chained.chain))
            }
            (Some(chained), proofs, _) => proofs.insert(Proofs::new(epoch, chained, (after, head))).begins_right(),
        }
    }

    /// Takes in how things stand in the room.
    fn stands(&mut self, joined: Joined) {
        self.members = joined.members.into_iter().collect();
        self.members_at = joined.head;
        (self.founder, self.topic, self.rules) = (joined.founder, joined.topic, joined.rules);
    }

    /// Steps over an entry, which has to be the next.
    pub(super) fn step(&mut self, seq: Seq) -> Result<(), Violation> {
        match &mut self.place {
            Some((_, last)) if seq > *last && seq == last.next() => {
                *last = seq;
                Ok(())
            }
            _ => Err(Violation::OutOfOrder),
        }
    }

    /// Steps over a gap, behind which the chain is that; gives the first place in it.
    pub(super) fn skip(&mut self, to: Seq, chain: Option<Digest>) -> Result<Seq, Violation> {
        match &mut self.place {
            Some((_, last)) if to > *last => {
                let from = last.next();
                *last = to;
                if let Some(proofs) = &mut self.proofs {
                    proofs.skip(to, chain);
                }
                self.signals.skip(to);
                Ok(from)
            }
            _ => Err(Violation::OutOfOrder),
        }
    }

    /// The application was told of everything up to where it is.
    pub(super) fn is_told(&mut self) {
        self.told = self.place.map_or(Seq::ZERO, |(_, seq)| seq);
    }

    /// Who is a member, as far as entries have come.
    pub(super) fn members(&self) -> impl Iterator<Item = &MemberId> {
        self.members.iter()
    }

    pub(super) fn has_member(&self, member: MemberId) -> bool {
        self.members.contains(&member)
    }

    /// Somebody became a member, or stopped being one, by the entry of that place.
    pub(super) fn change(&mut self, member: MemberId, is_member: bool, seq: Seq) {
        if seq > self.members_at && is_member {
            self.members.insert(member);
        } else if seq > self.members_at {
            self.members.remove(&member);
        }
    }

    /// Something was done to the room by the entry of that place.
    pub(super) fn follow(&mut self, act: &Act, seq: Seq) {
        match act {
            _ if seq <= self.members_at && !cfg!(exchange_bug = "old-topic-comes-back") => {}
            Act::Topic(topic) => self.topic.clone_from(topic),
            Act::Rule(rule) => self.rules.change(*rule),
            _ => {}
        }
    }

    pub(super) fn is_history(&self, seq: Seq) -> bool {
        seq <= self.history
    }

    /// Takes in a message to be sent; gives its number.
    pub(super) fn push(&mut self, body: Body) -> Cmid {
        self.numbered = self.numbered.next();
        self.waiting.push_back(Waiting { cmid: self.numbered, body, settled: false });
        self.numbered
    }

    /// What is to be signed before the next message is put on the link, of as many as `window` allows: nothing, if nothing
    /// is sent, or signed by anybody.
    pub(super) fn commit(
        &mut self,
        (identity, producer): (&Identity, ProducerId),
        room: &RoomName,
        window: usize,
    ) -> Option<Commitment> {
        let (proofs, (epoch, seq)) = (self.proofs.as_ref()?, self.place?);
        let first = self.waiting.get(self.wired)?.cmid;
        if first <= self.committed {
            return None;
        }
        let next =
            self.waiting.range(self.wired..).take(window.saturating_sub(self.wired)).map(|waiting| &waiting.body);
        let digests = digests(next);
        self.committed = Cmid(first.0.saturating_add(digests.len() as u64).saturating_sub(1));
        let place = Place { room, epoch, producer };
        Some(Commitment::sign(identity, place, (first, digests), proofs.seen(seq)))
    }

    /// The next message to be put on the link, if `window` allows one more.
    pub(super) fn next_to_send(&mut self, window: usize) -> Option<(Cmid, &Body)> {
        if self.wired >= window {
            return None;
        }
        let next = self.waiting.get(self.wired)?;
        self.wired += 1;
        self.sent = self.sent.max(next.cmid);
        Some((next.cmid, &next.body))
    }

    /// How many messages are on the link without an outcome.
    pub(super) fn in_flight(&self) -> usize {
        self.wired
    }

    /// A message has its outcome. Gives the bytes it took, unless it had one before.
    pub(super) fn settle(&mut self, cmid: Cmid) -> Option<usize> {
        let index = self.waiting.binary_search_by_key(&cmid, |waiting| waiting.cmid).ok()?;
        let waiting = self.waiting.get_mut(index)?;
        let news = !core::mem::replace(&mut waiting.settled, true);
        let bytes = waiting.body.payload_len();
        while self.waiting.front().is_some_and(|first| first.settled) {
            self.waiting.pop_front();
            self.wired = self.wired.saturating_sub(1);
        }
        news.then_some(bytes)
    }

    /// The messages whose outcome cannot be known: those that were ever sent.
    pub(super) fn doubtful(&self) -> impl Iterator<Item = Cmid> + use<> {
        let doubtful: Vec<Cmid> =
            self.waiting.iter().map(|waiting| waiting.cmid).take_while(|cmid| *cmid <= self.sent).collect();
        doubtful.into_iter()
    }

    /// The messages without an outcome, and their bytes.
    pub(super) fn into_unsettled(self) -> impl Iterator<Item = (Cmid, usize)> {
        let unsettled = self.waiting.into_iter().filter(|waiting| !waiting.settled);
        unsettled.map(|waiting| (waiting.cmid, waiting.body.payload_len()))
    }
}

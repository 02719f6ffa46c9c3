//! A room: a log, and who is in it.

mod chain;
mod changes;
mod kept;
mod later;
mod log;
mod reading;
mod signals;
mod standing;
mod track;
mod transcript;

use alloc::{
    boxed::Box,
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

use self::changes::Changes;
pub(crate) use self::{
    chain::{Chain, ChainLink},
    kept::{MembershipRow, RoomRow, Unkept},
    later::Later,
    log::{Log, Next},
    reading::Reading,
    signals::{Seen, Signals},
    standing::Standing,
    transcript::Transcript,
};
use crate::{
    digest::ShortDigest,
    ids::{Cmid, MemberId, RoomId, Seq},
    message::{Commitment, HistoryPolicy, JoinFrom, Rules},
    name::{Remark, RoomName},
    reason::Refusal,
    seam::LinkId,
    time::{Time, Timestamp},
};

/// As many refusals as a client can be waiting for at once; what a client resends is among them.
const REMEMBERED_REFUSALS: usize = 128;

/// A room as its host keeps it.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) name: RoomName,
    pub(crate) log: Log,
    changes: Changes,
    pub(crate) topic: Option<Remark>,
    pub(crate) rules: Rules,
    pub(crate) standing: Standing,
    /// How far the host itself has read it.
    pub(crate) reading: Reading,
    pub(crate) signals: Signals,
    members: BTreeMap<MemberId, Membership>,
    present: usize,
    last_stamp: Timestamp,
    /// The links that have a cursor in this log, in order.
    subscribers: Vec<LinkId>,
    /// How often somebody has begun to read it, who knows nothing of what was signed before.
    pub(crate) begun: u64,
    /// What has to be kept anew, if anything is kept.
    pub(crate) unkept: Option<Unkept>,
}

/// What a host remembers of one member of a room: enough to tell a resent message from a new one.
#[derive(Debug, Default)]
pub(crate) struct Membership {
    /// Whether it is one now; if not, it was one and may come back.
    present: bool,
    /// The member's last message that got an outcome; `None` until it has said where it counts from.
    known: Option<Cmid>,
    /// What was made up to here is not for this member.
    floor: Seq,
    /// Whether it was removed, and has not joined anew.
    pub(crate) removed: bool,
    /// Most members say nothing, and there are many of them.
    said: Option<Box<Said>>,
}

/// What a host remembers of a member that has said something, or tried to.
#[derive(Debug, Default)]
pub(crate) struct Said {
    refused: VecDeque<(Cmid, Refusal)>,
    /// When it last said something.
    pub(crate) last: Option<Time>,
    /// What it has signed of messages that may not be logged yet.
    pub(crate) committed: Option<Committed>,
}

/// What a member has signed, as long as some of it may be to come.
#[derive(Debug)]
pub(crate) struct Committed {
    commitment: Box<Commitment>,
    /// It went with an entry when so many had begun to read the log.
    logged: Option<u64>,
}

impl Committed {
    pub(crate) fn new(commitment: Box<Commitment>) -> Self {
        Self { commitment, logged: None }
    }

    pub(crate) fn covers(&self, cmid: Cmid, digest: ShortDigest) -> bool {
        self.commitment.covers(cmid, digest)
    }

    /// The commitment, for the first entry of it that is logged since so many began to read.
    pub(crate) fn for_entry(&mut self, begun: u64) -> Option<Box<Commitment>> {
        (self.logged.replace(begun) != Some(begun)).then(|| self.commitment.clone())
    }
}

/// What a message's number says about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Numbered {
    /// It is the next one.
    New,
    /// It was logged before.
    Logged,
    /// It was turned down before.
    Refused(Refusal),
    /// One before it never came.
    AfterGap,
}

impl Room {
    pub(crate) fn new(id: RoomId, name: RoomName, log: Log, signalled: usize) -> Self {
        Self {
            id,
            name,
            log,
            changes: Changes::default(),
            topic: None,
            rules: Rules::default(),
            standing: Standing::default(),
            reading: Reading::default(),
            signals: Signals::new(signalled),
            members: BTreeMap::new(),
            present: 0,
            last_stamp: Timestamp::default(),
            subscribers: Vec::new(),
            begun: 0,
            unkept: None,
        }
    }

    pub(crate) fn is_member(&self, member: MemberId) -> bool {
        self.members.get(&member).is_some_and(|membership| membership.present)
    }

    /// Who is a member now.
    pub(crate) fn present(&self) -> impl Iterator<Item = MemberId> + '_ {
        self.members.iter().filter(|(_, membership)| membership.present).map(|(member, _)| *member)
    }

    /// How many members there are now.
    pub(crate) fn size(&self) -> usize {
        self.present
    }

    /// The membership of a present member.
    pub(crate) fn membership(&mut self, member: MemberId) -> Option<&mut Membership> {
        self.changes_membership(member);
        self.members.get_mut(&member).filter(|membership| membership.present)
    }

    /// Makes somebody a member, who may read as far back as the room's policy says.
    pub(crate) fn enter(&mut self, member: MemberId) {
        let floor = match self.rules.history {
            HistoryPolicy::All => Seq::ZERO,
            HistoryPolicy::Last(entries) => self.log.head().back(entries.into()),
            HistoryPolicy::SinceJoin => self.log.head(),
        };
        self.changes_membership(member);
        let membership = self.members.entry(member).or_default();
        self.present += usize::from(!membership.present);
        (membership.present, membership.removed, membership.floor) = (true, false, floor);
        self.signals.fit(self.present);
    }

    /// The place up to which what was made is not for that member.
    pub(crate) fn floor(&self, member: MemberId) -> Seq {
        if cfg!(exchange_bug = "policy-ignored") {
            return Seq::ZERO;
        }
        self.members.get(&member).map_or(Seq::ZERO, |membership| membership.floor)
    }

    /// Whether whoever wants to begin there has been in this log before.
    pub(crate) fn resumes(&self, from: JoinFrom) -> bool {
        let any_log = cfg!(exchange_bug = "epoch-not-compared");
        matches!(from, JoinFrom::After { epoch, .. } if epoch == self.log.epoch() || any_log)
    }

    /// The place after which a member begins who wants to begin there, and joined when the log's last was `before`.
    pub(crate) fn begins_after(&self, member: MemberId, from: JoinFrom, before: Seq) -> Seq {
        let floor = self.floor(member);
        match from {
            JoinFrom::Head => before,
            JoinFrom::Last(entries) => before.back(u64::from(entries)).max(self.log.tail()).max(floor),
            JoinFrom::After { seq, .. } if self.resumes(from) => seq.min(before),
            JoinFrom::Start => self.log.tail().max(floor),
            JoinFrom::After { .. } => floor,
        }
    }

    /// When a member last said something.
    pub(crate) fn last_said(&self, member: MemberId) -> Option<Time> {
        self.members.get(&member)?.said.as_ref()?.last
    }

    /// Whether somebody was removed and has not joined anew.
    pub(crate) fn was_removed(&self, member: MemberId) -> bool {
        self.members.get(&member).is_some_and(|membership| membership.removed)
    }

    /// Ends a membership against the member's will; whether there was one.
    pub(crate) fn remove(&mut self, member: MemberId) -> bool {
        let was_member = self.depart(member);
        if let Some(membership) = self.members.get_mut(&member).filter(|_| was_member) {
            membership.removed = true;
        }
        was_member
    }

    /// Ends a membership; whether there was one. Its numbering is kept until the member is forgotten.
    pub(crate) fn depart(&mut self, member: MemberId) -> bool {
        let Some(membership) = self.membership(member) else { return false };
        membership.present = false;
        self.present -= 1;
        self.signals.forget(member);
        self.signals.fit(self.present);
        true
    }

    pub(crate) fn forget(&mut self, member: MemberId) {
        self.changes_membership(member);
        self.members.remove(&member);
    }

    /// What is remembered of a member is about to change.
    fn changes_membership(&mut self, member: MemberId) {
        if let Some(unkept) = &mut self.unkept {
            unkept.memberships.insert(member);
        }
    }

    /// A member comes with messages up to `sent` of which it knows the outcome up to `settled`. Whether the outcome
    /// of those between can be told.
    ///
    /// `same_log` says whether it was in this very log before: if not, none of those between can be in here, and all of
    /// them are welcome again.
    pub(crate) fn resume_numbering(&mut self, member: MemberId, settled: Cmid, sent: Cmid, same_log: bool) -> bool {
        self.changes_membership(member);
        let Some(membership) = self.members.get_mut(&member) else { return false };
        let forgotten = membership.known.is_none() && same_log;
        membership.known = Some(match membership.known {
            Some(known) if !cfg!(exchange_bug = "dedup-per-link") => known.max(settled),
            None if forgotten => sent,
            _ => settled,
        });
        !forgotten || settled == sent
    }

    /// A timestamp that is not before the last one: a wall clock may be set back, a log reads forwards.
    pub(crate) fn stamp(&mut self, at: Timestamp) -> Timestamp {
        self.last_stamp = if cfg!(exchange_bug = "log-stamps-go-back") { at } else { self.last_stamp.max(at) };
        self.last_stamp
    }

    /// Forgets what is too old by now; whether there was anything. `forgotten` is told the author of each entry of it.
    pub(crate) fn expire(&mut self, now: Time, forgotten: impl FnMut(MemberId)) -> bool {
        let has_expired = self.log.expire(now, forgotten);
        self.forget_changes();
        has_expired
    }

    pub(crate) fn subscribers(&self) -> &[LinkId] {
        &self.subscribers
    }

    pub(crate) fn subscribe(&mut self, link: LinkId) {
        if let Err(place) = self.subscribers.binary_search(&link) {
            self.subscribers.insert(place, link);
        }
    }

    pub(crate) fn unsubscribe(&mut self, link: LinkId) {
        if let Ok(place) = self.subscribers.binary_search(&link) {
            self.subscribers.remove(place);
        }
    }
}

impl Membership {
    pub(crate) fn classify(&self, cmid: Cmid) -> Numbered {
        let known = self.known.unwrap_or_default();
        if cmid > known {
            // At the end of all numbers none is new.
            if cmid == known.next() { Numbered::New } else { Numbered::AfterGap }
        } else if let Some(refusal) = self.refusal(cmid) {
            Numbered::Refused(refusal)
        } else if cfg!(exchange_bug = "resends-logged-again") {
            Numbered::New
        } else {
            Numbered::Logged
        }
    }

    /// The member's next message was logged; gives its number.
    pub(crate) fn logged(&mut self) -> Cmid {
        let cmid = self.known.unwrap_or_default().next();
        self.known = Some(cmid);
        cmid
    }

    /// The member's next message was turned down; its number is used up all the same, so that those after it count on.
    pub(crate) fn refused(&mut self, refusal: Refusal) {
        let known = self.known;
        let cmid = self.logged();
        if cfg!(exchange_bug = "refusal-uses-no-number") {
            self.known = known;
        }
        let refused = &mut self.said().refused;
        if refused.len() == REMEMBERED_REFUSALS {
            refused.pop_front();
        }
        refused.push_back((cmid, refusal));
    }

    /// What is remembered of what it has said.
    pub(crate) fn said(&mut self) -> &mut Said {
        self.said.get_or_insert_default()
    }

    fn refusal(&self, cmid: Cmid) -> Option<Refusal> {
        let mut refused = self.said.as_ref()?.refused.iter();
        refused.find(|(refused, _)| *refused == cmid).map(|(_, refusal)| *refusal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Epoch;

    #[test]
    fn a_number_is_new_once_and_keeps_its_outcome() {
        let mut membership = Membership::default();
        assert_eq!(membership.classify(Cmid(1)), Numbered::New);
        membership.logged();
        assert_eq!(membership.classify(Cmid(1)), Numbered::Logged);
        membership.refused(Refusal::Empty);
        assert_eq!(membership.classify(Cmid(2)), Numbered::Refused(Refusal::Empty));
        assert_eq!(membership.classify(Cmid(3)), Numbered::New);
        assert_eq!(membership.classify(Cmid(4)), Numbered::AfterGap);
    }

    #[test]
    fn as_many_refusals_are_remembered_as_a_client_can_wait_for() {
        let mut membership = Membership::default();
        let last = REMEMBERED_REFUSALS as u64 + 1;
        (1..=last).for_each(|_| membership.refused(Refusal::Empty));
        assert_eq!(membership.classify(Cmid(1)), Numbered::Logged, "nobody waits for it any more");
        for cmid in 2..=last {
            assert_eq!(membership.classify(Cmid(cmid)), Numbered::Refused(Refusal::Empty), "{cmid}");
        }
    }

    #[test]
    fn a_member_that_was_forgotten_is_told_that_nothing_is_known_of_what_it_sent() {
        let (member, log) = (MemberId(1), Log::new(Epoch::from_bytes([1; 16]), 10, 1000));
        let mut room = Room::new(RoomId(1), RoomName::lobby(), log, 64);
        room.enter(member);
        assert!(room.resume_numbering(member, Cmid::ZERO, Cmid::ZERO, false));
        room.depart(member);
        room.enter(member);
        assert!(room.resume_numbering(member, Cmid::ZERO, Cmid(1), true), "it is remembered");
        room.depart(member);
        room.forget(member);
        room.enter(member);
        assert!(!room.resume_numbering(member, Cmid::ZERO, Cmid(1), true));
    }

    #[test]
    fn after_the_last_number_nothing_is_new() {
        for last in [Cmid((1 << 53) - 1), Cmid(u64::MAX)] {
            let membership = Membership { known: Some(last), ..Membership::default() };
            assert_eq!(membership.classify(last), Numbered::Logged);
            assert_ne!(membership.classify(Cmid(u64::MAX)), Numbered::New);
        }
    }
}

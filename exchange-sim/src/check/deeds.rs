//! What was done in a room beside talking, in order, and what follows from it at any place: looked up from the end.

use std::{collections::BTreeSet, time::Duration};

use exchange_core::{Act, Body, HistoryPolicy, MemberId, PeerId, Remark, Rule, Rules, Seq, Time};

/// Who came, who went, what was done, and who said something when.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    list: Vec<Deed>,
    /// How far the clock on the host's wall is off its other one, in milliseconds.
    pub(super) wall_ms: i64,
    said: Vec<(Seq, MemberId, Time)>,
    /// Whether nobody was ever kept from speaking.
    pub(super) is_free: bool,
    /// Whether it was opened as a private room.
    pub(super) is_opened_private: bool,
}

#[derive(Debug)]
struct Deed {
    seq: Seq,
    /// When, by the host's clock, and how far that on its wall was off then.
    at: Time,
    wall_ms: i64,
    /// By how much later what it does ends since the host was made again, if it was.
    moved_ms: Option<i64>,
    by: MemberId,
    peer: PeerId,
    what: What,
}

#[derive(Debug)]
enum What {
    Came,
    Went,
    Did(Act),
}

/// How long something lasts from now on; `None` is for good.
pub(super) type Left = Option<Duration>;

/// What may be done to somebody for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sanction {
    Banned,
    Muted,
}

impl Deeds {
    pub(super) fn new() -> Self {
        Self { is_free: true, ..Self::default() }
    }

    pub(super) fn take(&mut self, seq: Seq, at: Time, (by, peer): (MemberId, PeerId), body: &Body) {
        let what = match body {
            Body::Join { .. } => What::Came,
            Body::Leave { .. } => What::Went,
            Body::Rename { .. } => return,
            Body::Act(act) => What::Did(act.clone()),
            _ => return self.said.push((seq, by, at)),
        };
        // Whoever does something has said something; the host says who is at the door.
        if matches!(&what, What::Did(act) if *act != Act::Knock) {
            self.said.push((seq, by, at));
        }
        let keeps = matches!(what, What::Did(Act::Mute { .. } | Act::Rule(Rule::Locked(_) | Rule::Slow(_))));
        self.is_free &= !keeps;
        self.list.push(Deed { seq, at, wall_ms: self.wall_ms, moved_ms: None, by, peer, what });
    }

    /// The host forgets all that is after a place, and is made again of the rest.
    pub(super) fn roll_back(&mut self, to: Seq) {
        self.list.truncate(self.list.partition_point(|deed| deed.seq <= to));
        // Not kept is how lately somebody spoke: whoever had to wait need not any more.
        self.said.clear();
    }

    /// What ends by itself ends when the clock on the wall says so: a host that is made again knows no other.
    pub(super) fn restored(&mut self, wall_ms: i64) {
        for deed in &mut self.list {
            deed.moved_ms = Some(deed.wall_ms - wall_ms);
        }
    }

    /// Up to a place, the last first.
    fn back_from(&self, to: Seq) -> impl Iterator<Item = &Deed> {
        self.list[..self.list.partition_point(|deed| deed.seq <= to)].iter().rev()
    }

    fn acts_back_from(&self, to: Seq) -> impl Iterator<Item = (&Act, &Deed)> {
        self.back_from(to).filter_map(|deed| if let What::Did(act) = &deed.what { Some((act, deed)) } else { None })
    }

    /// Whether one of the acts after a place and up to another is such.
    pub(super) fn did(&self, after: Seq, to: Seq, is_such: impl Fn(&Act) -> bool) -> bool {
        let since = self.back_from(to).take_while(|deed| deed.seq > after);
        since.into_iter().any(|deed| matches!(&deed.what, What::Did(act) if is_such(act)))
    }

    pub(super) fn topic(&self, to: Seq) -> Option<&Remark> {
        self.acts_back_from(to)
            .find_map(|(act, _)| if let Act::Topic(topic) = act { Some(topic.as_ref()) } else { None })?
    }

    pub(super) fn rules(&self, to: Seq) -> Rules {
        let mut rules = Rules { private: self.is_opened_private, ..Rules::default() };
        let changes = self.list.iter().take_while(|deed| deed.seq <= to);
        for deed in changes {
            match deed.what {
                What::Did(Act::Rule(Rule::History(policy))) => rules.history = policy,
                What::Did(Act::Rule(Rule::Private(on))) => rules.private = on,
                What::Did(Act::Rule(Rule::FixedTopic(on))) => rules.fixed_topic = on,
                What::Did(Act::Rule(Rule::Locked(on))) => rules.locked = on,
                What::Did(Act::Rule(Rule::Slow(seconds))) => rules.slow = seconds,
                _ => {}
            }
        }
        rules
    }

    /// Whether that was done to somebody and is surely not over, and how long it lasts.
    pub(super) fn lasts(&self, sanction: Sanction, peer: PeerId, to: Seq, now: Time) -> Option<Left> {
        let (left, blur) = self.left(sanction, peer, to, now)?;
        let Some(left) = left else { return Some(None) };
        (left > blur).then_some(Some(left))
    }

    /// Whether that was done to somebody and may last for so many milliseconds.
    pub(super) fn lasts_for(&self, sanction: Sanction, peer: PeerId, to: Seq, now: Time, said: Option<u64>) -> bool {
        let Some((left, blur)) = self.left(sanction, peer, to, now) else { return false };
        match (left, said) {
            (None, None) => true,
            (Some(left), Some(said)) if blur.is_zero() => !left.is_zero() && millis(left) == said,
            (Some(left), Some(said)) => left.abs_diff(Duration::from_millis(said)) <= blur,
            _ => false,
        }
    }

    /// How long that lasts which was done to somebody, if it was, and how well that is known: a host that was made again
    /// reads its clock on the wall, and that shows milliseconds.
    fn left(&self, sanction: Sanction, peer: PeerId, to: Seq, now: Time) -> Option<(Left, Duration)> {
        use Sanction::{Banned, Muted};
        let (seconds, deed) = self.acts_back_from(to).find_map(|(act, deed)| match (act, sanction) {
            (Act::Ban { who, seconds, .. }, Banned) | (Act::Mute { who, seconds }, Muted) if who.id == peer => {
                Some(Some((*seconds, deed)))
            }
            (Act::Unban(who), Banned) | (Act::Unmute(who), Muted) if who.id == peer => Some(None),
            _ => None,
        })??;
        let moved_ms = deed.moved_ms.unwrap_or_default();
        let blur = deed.moved_ms.map_or(Duration::ZERO, |_| Duration::from_millis(3));
        let Some(seconds) = seconds else { return Some((None, blur)) };
        let ends =
            deed.at + Duration::from_secs(seconds.into()) + Duration::from_millis(moved_ms.max(0).unsigned_abs());
        let earlier = Duration::from_millis(moved_ms.min(0).unsigned_abs());
        Some((Some(ends.since(now).saturating_sub(earlier)), blur))
    }

    /// Whether somebody is a member. A member is somebody who came, by a number of its own.
    pub(super) fn is_member(&self, member: MemberId, to: Seq) -> bool {
        self.stands(member, to) == Some(true)
    }

    /// Whether somebody was made to go and has not come again.
    pub(super) fn is_removed(&self, member: MemberId, to: Seq) -> bool {
        self.stands(member, to) == Some(false)
    }

    /// Whether somebody is a member, or was made to go; neither, if they were never there or went by themselves.
    fn stands(&self, member: MemberId, to: Seq) -> Option<bool> {
        let came = self.back_from(to).find(|deed| deed.by == member && matches!(deed.what, What::Came))?;
        let went = |deed: &Deed| deed.by == member && matches!(deed.what, What::Went);
        let ends = |deed: &Deed| match &deed.what {
            What::Did(Act::Kick { who, .. } | Act::Ban { who, .. }) => who.id == came.peer,
            _ => went(deed),
        };
        let since = self.back_from(to).take_while(|deed| deed.seq > came.seq);
        match since.filter(|deed| ends(deed)).last() {
            None => Some(true),
            Some(deed) if went(deed) => None,
            Some(_) => Some(false),
        }
    }

    /// How many members there are.
    pub(super) fn members(&self, to: Seq) -> usize {
        let came = self.back_from(to).filter(|deed| matches!(deed.what, What::Came));
        let ever: BTreeSet<MemberId> = came.map(|deed| deed.by).collect();
        ever.into_iter().filter(|member| self.is_member(*member, to)).count()
    }

    /// Whether somebody may come into the room also if it is private.
    pub(super) fn is_guest(&self, peer: PeerId, to: Seq) -> bool {
        let says = |deed: &Deed| match &deed.what {
            What::Came => (deed.peer == peer).then_some(true),
            What::Did(Act::Invite(who)) => (who.id == peer).then_some(true),
            What::Did(Act::Kick { who, .. } | Act::Ban { who, .. }) => (who.id == peer).then_some(false),
            _ => None,
        };
        self.back_from(to).find_map(says).unwrap_or(false)
    }

    /// Whether somebody was at the door, and nobody has let them in since.
    pub(super) fn is_at_the_door(&self, member: MemberId, peer: PeerId, to: Seq) -> bool {
        let says = |deed: &Deed| match &deed.what {
            What::Came => (deed.peer == peer).then_some(false),
            What::Did(Act::Invite(who)) => (who.id == peer).then_some(false),
            What::Did(Act::Knock) => (deed.by == member).then_some(true),
            _ => None,
        };
        self.back_from(to).find_map(says).unwrap_or(false)
    }

    /// Where somebody came last.
    pub(super) fn came_at(&self, member: MemberId, to: Seq) -> Option<Seq> {
        self.back_from(to).find(|deed| deed.by == member && matches!(deed.what, What::Came)).map(|deed| deed.seq)
    }

    /// Up to where what was said is not for somebody.
    pub(super) fn floor(&self, member: MemberId, to: Seq) -> Seq {
        let before = self.came_at(member, to).map_or(Seq::ZERO, |came| came.back(1));
        match self.rules(before).history {
            HistoryPolicy::All => Seq::ZERO,
            HistoryPolicy::Last(entries) => before.back(entries.into()),
            HistoryPolicy::SinceJoin => before,
        }
    }

    /// When somebody said something last.
    pub(super) fn last_said(&self, member: MemberId, to: Seq) -> Option<Time> {
        let said = &self.said[..self.said.partition_point(|(seq, ..)| *seq <= to)];
        said.iter().rev().find(|(_, by, _)| *by == member).map(|(.., at)| *at)
    }
}

pub(super) fn millis(left: Duration) -> u64 {
    u64::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

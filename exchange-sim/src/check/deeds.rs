//! What was done in a room beside talking, in order, and what follows from it at any place: looked up from the end.

use std::{collections::BTreeSet, time::Duration};

use exchange_core::{Act, Body, HistoryPolicy, MemberId, PeerId, Remark, Rule, Rules, Seq, Time};

/// Who came, who went, what was done, and who said something when.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    list: Vec<Deed>,
    said: Vec<(Seq, MemberId, Time)>,
    /// Whether nobody was ever kept from speaking.
    pub(super) is_free: bool,
    /// Whether it was opened as a private room.
    pub(super) is_opened_private: bool,
}

#[derive(Debug)]
struct Deed {
    seq: Seq,
    /// When, by the host's clock.
    at: Time,
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
        self.list.push(Deed { seq, at, by, peer, what });
    }

    /// Up to a place, the last first.
    fn back_from(&self, to: Seq) -> impl Iterator<Item = &Deed> {
        self.list[..self.list.partition_point(|deed| deed.seq <= to)].iter().rev()
    }

    fn acts_back_from(&self, to: Seq) -> impl Iterator<Item = (&Act, Time)> {
        self.back_from(to).filter_map(|deed| if let What::Did(act) = &deed.what { Some((act, deed.at)) } else { None })
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

    /// Whether that was done to somebody and is not over, and how long it lasts.
    pub(super) fn lasts(&self, sanction: Sanction, peer: PeerId, to: Seq, now: Time) -> Option<Left> {
        use Sanction::{Banned, Muted};
        let (seconds, since) = self.acts_back_from(to).find_map(|(act, at)| match (act, sanction) {
            (Act::Ban { who, seconds, .. }, Banned) | (Act::Mute { who, seconds }, Muted) if who.id == peer => {
                Some(Some((*seconds, at)))
            }
            (Act::Unban(who), Banned) | (Act::Unmute(who), Muted) if who.id == peer => Some(None),
            _ => None,
        })??;
        let Some(seconds) = seconds else { return Some(None) };
        let left = (since + Duration::from_secs(seconds.into())).since(now);
        (!left.is_zero()).then_some(Some(left))
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

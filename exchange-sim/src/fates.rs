//! What became of frames that were sent, as far as a trace tells.

use std::collections::{BTreeMap, BTreeSet};

use exchange_core::Time;

use crate::trace::{Trace, What};

/// What became of frames.
#[derive(Debug, Default)]
pub(crate) struct Fates {
    heard: BTreeMap<u64, Time>,
    lost: BTreeSet<u64>,
    under_way: BTreeSet<u64>,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was heard, first at that time.
    Heard(Time),
    /// It was not heard.
    Lost,
    /// It was not heard by the end, but may have been on its way.
    UnderWay,
    /// Its receiver's side is not recorded: it is an intruder.
    Unknown,
}

/// Nanoseconds before the end within which a frame that was not heard may be on its way.
const WAY: u64 = 1_000_000_000;

impl Fates {
    pub(crate) fn new(trace: &Trace) -> Self {
        let records = &trace.records;
        let recorded: BTreeSet<usize> = records.iter().map(|record| record.node).collect();
        let mut fates = Self::default();
        for record in records {
            if let What::Heard { frame, .. } = record.what {
                fates.heard.entry(frame).or_insert(record.at);
            }
        }
        // Between two nodes nothing overtakes: what was sent before something that was heard is not on its way any more.
        let mut overtaken = BTreeSet::new();
        for record in records.iter().rev() {
            let What::Sent { frame, to, .. } = record.what else { continue };
            if fates.heard.contains_key(&frame) {
                overtaken.insert((record.node, to));
            } else if recorded.contains(&to) {
                let is_late = trace.end.as_nanos().saturating_sub(record.at.as_nanos()) < WAY;
                let may_come = is_late && !overtaken.contains(&(record.node, to));
                if may_come { &mut fates.under_way } else { &mut fates.lost }.insert(frame);
            }
        }
        fates
    }

    pub(crate) fn of(&self, frame: u64) -> Fate {
        match self.heard.get(&frame) {
            Some(at) => Fate::Heard(*at),
            None if self.lost.contains(&frame) => Fate::Lost,
            None if self.under_way.contains(&frame) => Fate::UnderWay,
            None => Fate::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::Record;

    #[test]
    fn what_may_still_come_is_not_lost_unless_it_was_overtaken() {
        let sent = |nanos, frame, to| {
            let what = What::Sent { frame, to, text: String::new() };
            Record { at: Time::from_nanos(nanos), node: 0, what }
        };
        let heard = What::Heard { frame: 3, from: 0, text: String::new() };
        let at = Time::from_nanos(WAY + 7);
        let records = vec![
            sent(1, 1, 1),
            sent(WAY + 2, 2, 1),
            sent(WAY + 3, 3, 1),
            sent(WAY + 4, 4, 1),
            sent(WAY + 4, 5, 2),
            Record { at, node: 1, what: heard },
        ];
        let fates = Fates::new(&Trace { records, end: at, ..Trace::default() });
        let became = [1, 2, 3, 4, 5].map(|frame| fates.of(frame));
        assert_eq!(became, [Fate::Lost, Fate::Lost, Fate::Heard(at), Fate::UnderWay, Fate::Unknown]);
    }
}

//! Where on the page each moment is.
//!
//! Two minutes with bursts of microseconds fit no ruler. So the axis keeps the order of all moments and gives up their
//! proportion: what happens later is always further down; the distance between two moments grows with the logarithm of
//! the time between them; what happens to one node at one moment stands in rows below each other; and a stretch in which
//! nothing happens is skipped, and says how long it was.

use std::collections::BTreeMap;

use exchange_core::Time;

use crate::trace::{Record, What};

/// The height of a row, in pixels.
pub(super) const ROW: u32 = 14;

/// Nanoseconds without an event that are skipped.
const IDLE: u64 = 1_000_000_000;

/// The height of what is skipped.
const BREAK: u32 = 40;

/// Where on the page each moment and each record is.
#[derive(Debug, Default)]
pub(super) struct Axis {
    /// By time.
    moments: Vec<Moment>,
    /// The height of each record: of a frame that was sent, where it leaves.
    pub(super) rows: Vec<u32>,
    /// The height at which a frame that is never heard would have been, by the record of its sending.
    pub(super) ends: BTreeMap<usize, u32>,
    /// What is skipped: the height, and nanoseconds.
    pub(super) breaks: Vec<(u32, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Moment {
    at: u64,
    first: u32,
    last: u32,
}

/// Something that is no record and needs a row all the same.
#[derive(Clone, Debug)]
pub(super) struct Extra {
    pub(super) at: Time,
    /// At these nodes before their records; with none, at all of them and after everything.
    pub(super) nodes: Vec<usize>,
}

impl Axis {
    /// Gives every record and every extra a row; `is_heard` says of a frame whether its arrival is among the records.
    pub(super) fn new(records: &[Record], extras: &[Extra], is_heard: impl Fn(u64) -> bool) -> Self {
        let mut axis = Self::default();
        let mut extras: Vec<_> = extras.iter().collect();
        extras.sort_by_key(|extra| extra.at);
        let mut lowest = BTreeMap::<usize, u32>::new();
        let (mut next, mut extra) = (0, 0);
        loop {
            let times = [records.get(next).map(|record| record.at), extras.get(extra).map(|extra| extra.at)];
            let Some(at) = times.into_iter().flatten().min() else { break };
            let now = extras[extra..].iter().take_while(|extra| extra.at == at);
            let group = records[next..].iter().take_while(|record| record.at == at).count();
            let mut rows = Rows::default();
            let mut below = 0;
            for extra in now.clone() {
                below += u32::from(extra.nodes.is_empty());
                for node in &extra.nodes {
                    rows.take(*node, 0);
                }
            }
            let placed = rows.put_all(&records[next..next + group], &is_heard);
            // What is written beside one node's line is not written over.
            let apart = |node: &usize| lowest.get(node).map_or(0, |y| y + ROW);
            let first = rows.free.keys().map(apart).max().unwrap_or(0).max(axis.place(at));
            for (index, (row, end)) in placed.into_iter().enumerate() {
                axis.rows.push(first + row * ROW);
                if let Some(end) = end {
                    axis.ends.insert(next + index, first + end * ROW);
                }
            }
            for (node, free) in &rows.free {
                lowest.insert(*node, first + (free - 1) * ROW);
            }
            let last = first + (rows.height.saturating_sub(1) + below * 2) * ROW;
            axis.moments.push(Moment { at: at.as_nanos(), first, last });
            (next, extra) = (next + group, extra + now.count());
        }
        axis
    }

    /// The first row of the next moment.
    fn place(&mut self, at: Time) -> u32 {
        let Some(before) = self.moments.last() else { return 2 * ROW };
        let nanos = at.as_nanos().saturating_sub(before.at);
        if nanos < IDLE {
            // At least 7 pixels for a microsecond, 19 for a millisecond, 27 for a tenth of a second.
            return before.last + 3 + 4 * (nanos / 1000).checked_ilog10().map_or(0, |log| log + 1);
        }
        self.breaks.push((before.last + BREAK / 2, nanos));
        before.last + BREAK
    }

    /// The height of a moment, also of one at which nothing happens.
    pub(super) fn height(&self, at: Time) -> u32 {
        let nanos = at.as_nanos();
        let index = self.moments.partition_point(|moment| moment.at < nanos);
        let (before, after) = (index.checked_sub(1).and_then(|index| self.moments.get(index)), self.moments.get(index));
        match (before, after) {
            (_, Some(after)) if after.at == nanos => after.first,
            (Some(before), Some(after)) => before.last.midpoint(after.first),
            (Some(before), None) => before.last + ROW,
            (None, _) => 0,
        }
    }

    /// The height of what stands below everything of its moment.
    pub(super) fn below(&self, at: Time) -> u32 {
        let moment = self.moments.iter().find(|moment| moment.at == at.as_nanos());
        moment.map_or_else(|| self.height(at), |moment| moment.last)
    }

    /// The height of everything.
    pub(super) fn bottom(&self) -> u32 {
        self.moments.last().map_or(0, |moment| moment.last) + 4 * ROW
    }

    /// Moments that have room for their time beside them.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (u32, u64)> {
        let mut free = 0;
        self.moments.iter().filter_map(move |moment| {
            let fits = moment.first >= free;
            if fits {
                free = moment.first + 2 * ROW;
            }
            fits.then_some((moment.first, moment.at))
        })
    }
}

/// The rows of one moment.
#[derive(Debug, Default)]
struct Rows {
    free: BTreeMap<usize, u32>,
    /// The rows in which frames were sent.
    sent: BTreeMap<u64, u32>,
    /// The frames that leave a node side by side, each for another node: from where, for whom, in which row.
    fan: Option<(usize, Vec<usize>, u32)>,
    height: u32,
}

impl Rows {
    /// The row of each record, and of a frame that is not heard the one in which it would have been.
    fn put_all(&mut self, records: &[Record], is_heard: impl Fn(u64) -> bool) -> Vec<(u32, Option<u32>)> {
        let put = |record: &Record| {
            let row = self.put(record);
            let end = match record.what {
                What::Sent { frame, to, .. } if !is_heard(frame) => Some(self.take(to, row + 1)),
                _ => None,
            };
            (row, end)
        };
        records.iter().map(put).collect()
    }

    fn put(&mut self, record: &Record) -> u32 {
        let node = record.node;
        match record.what {
            What::Sent { frame, to, .. } => {
                let row = match &mut self.fan {
                    Some((from, whom, row)) if *from == node && !whom.contains(&to) => {
                        whom.push(to);
                        *row
                    }
                    _ => {
                        let row = self.take(node, 0);
                        self.fan = Some((node, vec![to], row));
                        row
                    }
                };
                self.sent.insert(frame, row);
                row
            }
            What::Heard { frame, .. } => {
                self.fan = None;
                // An arrow never points up, not even if no time passes on its way.
                let after = self.sent.get(&frame).map_or(0, |row| row + 1);
                self.take(node, after)
            }
            _ => {
                self.fan = None;
                self.take(node, 0)
            }
        }
    }

    /// The node's next free row, from that one on.
    fn take(&mut self, node: usize, from: u32) -> u32 {
        let free = self.free.entry(node).or_default();
        let row = from.max(*free);
        *free = row + 1;
        self.height = self.height.max(row + 1);
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(nanos: u64, node: usize, what: What) -> Record {
        Record { at: Time::from_nanos(nanos), node, what }
    }

    fn sent(frame: u64, to: usize) -> What {
        What::Sent { frame, to, text: String::new() }
    }

    fn heard(frame: u64) -> What {
        What::Heard { frame, from: 0, text: String::new() }
    }

    #[test]
    fn later_is_further_down_and_an_arrow_never_points_up() {
        let records = [record(5, 0, sent(1, 1)), record(5, 1, heard(1)), record(6, 1, What::Told(String::new()))];
        let rows = Axis::new(&records, &[], |_| true).rows;
        assert!(rows.is_sorted_by(|a, b| a < b), "{rows:?}");
        assert!(rows[2] >= rows[1] + ROW, "{rows:?}");
    }

    #[test]
    fn frames_for_many_leave_from_one_point_and_two_for_the_same_from_two() {
        let records = [record(5, 0, sent(1, 1)), record(5, 0, sent(2, 2)), record(5, 0, sent(3, 1))];
        let rows = Axis::new(&records, &[], |_| true).rows;
        assert_eq!((rows[1], rows[2]), (rows[0], rows[0] + ROW));
    }

    #[test]
    fn an_idle_hour_is_skipped_and_says_so() {
        const HOUR: u64 = 3_600_000_000_000;
        let records = [record(0, 0, sent(1, 1)), record(HOUR, 1, heard(1))];
        let axis = Axis::new(&records, &[], |_| true);
        assert_eq!(axis.breaks.iter().map(|(_, nanos)| *nanos).collect::<Vec<_>>(), [HOUR]);
        assert!(axis.bottom() < 300);
    }

    #[test]
    fn what_needs_a_row_besides_the_records_has_one() {
        let at = Time::from_nanos(5);
        let extras = [Extra { at, nodes: vec![0] }, Extra { at, nodes: Vec::new() }];
        let axis = Axis::new(&[record(5, 0, sent(1, 1))], &extras, |_| false);
        assert_eq!(axis.rows, [axis.height(at) + ROW]);
        assert!(axis.below(at) > axis.ends[&0]);
    }
}

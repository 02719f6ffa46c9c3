//! What is shown of one room, and which part of it.

use std::collections::VecDeque;

use exchange_tokio::core::{Seq, Timestamp};
use jiff::civil::DateTime;
use ratatui::text::{Line, Span};

use super::item::{Beside, Item, Look, Said};

/// So much is kept of a room; the oldest gives way.
const MOST: usize = 10_000;

/// The items of a room, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    items: VecDeque<Item>,
    /// How many have given way: with it, an item has one number for as long as it is there.
    gone: usize,
    /// The first that was not seen before the room was last looked at.
    mark: Option<usize>,
    /// Where the view ends, if that is not the end.
    edge: Option<Edge>,
    /// Messages that have come since then.
    unseen: usize,
    /// What has become of one's own last message.
    pub(crate) receipt: Option<(Seq, String)>,
    /// The message that was looked for, and by which words.
    found: Option<(Seq, Vec<String>)>,
}

/// The lower edge of what is seen: after so many rows of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge {
    item: usize,
    rows: usize,
}

/// What is seen of a room.
#[derive(Debug)]
pub(crate) struct Seen {
    /// As many as there is room for, or fewer.
    pub(crate) rows: Vec<Line<'static>>,
    /// Whether there is more below it, and how many messages have come there that were not seen.
    pub(crate) below: Option<usize>,
}

impl Buffer {
    pub(crate) fn push(&mut self, item: Item) {
        if self.edge.is_some() && item.said().is_some_and(|said| !said.mine) {
            self.unseen += 1;
        }
        self.items.push_back(item);
        if self.items.len() > MOST {
            self.items.pop_front();
            self.gone += 1;
        }
    }

    /// Somebody has come or gone: what happens in a row is one item, and who comes and goes again is nothing to speak of.
    pub(crate) fn crowd(&mut self, label: String, has_come: bool, at: Timestamp) {
        let Some(Item::Crowd { came, went, .. }) = self.items.back_mut() else {
            let (came, went) = if has_come { (vec![label], Vec::new()) } else { (Vec::new(), vec![label]) };
            return self.push(Item::Crowd { came, went, at });
        };
        let (same, opposite) = if has_come { (came, went) } else { (went, came) };
        match opposite.iter().position(|other| *other == label) {
            Some(place) => drop(opposite.remove(place)),
            None => same.push(label),
        }
        if same.is_empty() && opposite.is_empty() {
            self.items.pop_back();
        }
    }

    /// The message at that place in the log. Most that are looked for are new or not old, and places only grow.
    pub(crate) fn find(&self, seq: Seq) -> Option<&Said> {
        let mut not_before = self.messages().take_while(|said| said.seq.is_none_or(|place| place >= seq));
        not_before.find(|said| said.seq == Some(seq))
    }

    /// The same, to be changed.
    pub(crate) fn message(&mut self, seq: Seq) -> Option<&mut Said> {
        let messages = self.items.iter_mut().rev().filter_map(Item::said_mut);
        let mut not_before = messages.take_while(|said| said.seq.is_none_or(|place| place >= seq));
        not_before.find(|said| said.seq == Some(seq))
    }

    /// Places in the log mean nothing any more.
    pub(crate) fn forget_places(&mut self) {
        self.items.iter_mut().filter_map(Item::said_mut).for_each(|said| said.seq = None);
    }

    /// The messages, the newest first.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Said> {
        self.items.iter().rev().filter_map(Item::said)
    }

    /// What comes from here on is new.
    pub(crate) fn mark_end(&mut self) {
        self.mark = Some(self.gone + self.items.len());
    }

    /// The last `messages` of others are new.
    pub(crate) fn mark_last(&mut self, messages: usize) {
        let from_others = |(_, item): &(usize, &Item)| item.said().is_some_and(|said| !said.mine);
        let place = self.items.iter().enumerate().rev().filter(from_others).take(messages).last();
        self.mark = place.map(|(place, _)| self.gone + place);
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.edge.is_none()
    }

    pub(crate) fn go_to_end(&mut self) {
        (self.edge, self.unseen, self.found) = (None, 0, None);
    }

    /// Shows the message at that place in the log, in the middle if there is enough around it; whether there is such a
    /// message. It stands out, and the words that it was found by.
    pub(crate) fn show(&mut self, seq: Seq, words: &[String], height: usize, look: &Look) -> bool {
        let is_it = |item: &Item| item.said().is_some_and(|said| said.seq == Some(seq));
        let Some(place) = self.items.iter().rposition(is_it) else { return false };
        let item = self.gone + place;
        let edge = Edge { item, rows: self.rows(item, look).len() };
        self.edge = Some(edge);
        let below = height / 2;
        // Nothing is above the first row.
        let lacking = height.saturating_sub(self.above(edge, height, look));
        self.down(below.max(lacking), look);
        self.found = Some((seq, words.to_vec()));
        true
    }

    /// Moves what is seen by so many rows towards the beginning, in a view of that height.
    pub(crate) fn up(&mut self, rows: usize, height: usize, look: &Look) {
        let Some(mut edge) = self.edge.or_else(|| self.end(look)) else { return };
        let mut left = rows;
        while left > 0 {
            if edge.rows > left {
                edge.rows -= left;
                break;
            }
            let Some(before) = edge.item.checked_sub(1).filter(|before| *before >= self.gone) else {
                edge.rows = 0;
                break;
            };
            left -= edge.rows;
            edge = Edge { item: before, rows: self.rows(before, look).len() };
        }
        self.edge = Some(edge);
        // Nothing is above the first row.
        let lacking = height.saturating_sub(self.above(edge, height, look));
        if lacking > 0 {
            self.down(lacking, look);
        }
    }

    /// The same towards the end.
    pub(crate) fn down(&mut self, rows: usize, look: &Look) {
        let (Some(mut edge), last) = (self.edge, self.gone + self.items.len()) else { return };
        edge.item = edge.item.max(self.gone);
        let mut left = rows;
        loop {
            let height = self.rows(edge.item, look).len();
            if edge.rows + left <= height {
                edge.rows += left;
                break;
            }
            left -= height.saturating_sub(edge.rows);
            edge = Edge { item: edge.item + 1, rows: 0 };
            if edge.item >= last {
                return self.go_to_end();
            }
        }
        if self.end(look) == Some(edge) {
            return self.go_to_end();
        }
        self.edge = Some(edge);
    }

    /// What is seen in a view of that height.
    pub(crate) fn seen(&self, height: usize, look: &Look) -> Seen {
        let last = self.gone + self.items.len();
        let edge = self.edge.map(|edge| Edge { item: edge.item.max(self.gone), ..edge });
        let Edge { mut item, rows } = edge.unwrap_or(Edge { item: last, rows: 0 });
        let mut seen: VecDeque<Line<'static>> = VecDeque::with_capacity(height);
        let mut of_item: Vec<_> = self.rows(item, look).into_iter().take(rows).collect();
        loop {
            for row in of_item.into_iter().rev() {
                if seen.len() < height {
                    seen.push_front(row);
                }
            }
            if seen.len() >= height || item <= self.gone {
                break;
            }
            item -= 1;
            of_item = self.rows(item, look);
        }
        Seen { rows: seen.into(), below: edge.map(|_| self.unseen) }
    }

    /// Where the end is; nowhere, if there is nothing.
    fn end(&self, look: &Look) -> Option<Edge> {
        let item = (self.gone + self.items.len()).checked_sub(1).filter(|last| *last >= self.gone)?;
        Some(Edge { item, rows: self.rows(item, look).len() })
    }

    /// How many rows are above an edge, no more than that many.
    fn above(&self, edge: Edge, most: usize, look: &Look) -> usize {
        let (mut item, mut rows) = (edge.item, edge.rows);
        while rows < most && item > self.gone {
            item -= 1;
            rows += self.rows(item, look).len();
        }
        rows.min(most)
    }

    /// The rows of an item, with what stands above it.
    fn rows(&self, item: usize, look: &Look) -> Vec<Line<'static>> {
        let Some(place) = item.checked_sub(self.gone) else { return Vec::new() };
        let Some(shown) = self.items.get(place) else { return Vec::new() };
        let mut rows = Vec::new();
        let before = place.checked_sub(1).and_then(|before| self.items.get(before));
        let [day, day_before] = [Some(shown), before].map(|item| item?.moment(&look.zone).map(DateTime::date));
        if let (Some(day), Some(_)) = (day.filter(|_| day != day_before), day_before) {
            rows.push(rule(&day.strftime("%A, %-d %B").to_string(), look));
        }
        if self.mark == Some(item) && place > 0 {
            rows.push(rule("new", look));
        }
        let answered = shown.said().and_then(|said| self.find(said.reply_to()?));
        let is_it = |seq: Seq| shown.said().is_some_and(|said| said.seq == Some(seq));
        let receipt = self.receipt.as_ref().filter(|(seq, _)| is_it(*seq)).map(|(_, receipt)| receipt.as_str());
        let found = self.found.as_ref().filter(|(seq, _)| is_it(*seq)).map(|(_, words)| words.as_slice());
        rows.extend(shown.rows(look, Beside { answered, receipt, found }));
        rows
    }
}

/// A line across what is seen, with words in it.
fn rule(words: &str, look: &Look) -> Line<'static> {
    let side = "─".repeat(look.width.saturating_sub(words.chars().count() + 2) / 2);
    Line::from(Span::styled(format!("{side} {words} {side}"), look.theme.faint()))
}

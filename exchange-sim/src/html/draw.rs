//! What happened, as shapes. Each keeps in attributes what it is and when, so that the script can move it, hide it and
//! tell about it; a page without scripts shows the same picture, standing still.

use std::{
    collections::BTreeMap,
    fmt::{Result, Write},
};

use exchange_core::Time;

use super::{
    Escaped,
    axis::{Axis, Extra, ROW},
    kind,
};
use crate::{
    fates::{Fate, Fates},
    report::Violation,
    tame::{brief, cut, seconds, stretch, tame},
    trace::{Band, Record, Trace, What},
};

/// A part of a run, and where everything in it is.
#[derive(Debug)]
pub(super) struct Picture<'a> {
    pub(super) trace: &'a Trace,
    pub(super) violation: Option<&'a Violation>,
    /// Which records are shown, from and to.
    shown: (usize, usize),
    axis: Axis,
    fates: Fates,
    /// The records of each frame, by its number.
    frames: BTreeMap<u64, Frame>,
}

/// The records of one frame.
#[derive(Debug, Default)]
struct Frame {
    sent: Option<usize>,
    heard: Vec<usize>,
}

/// Where the host's line is; to its left are the times and what happens to the host.
const LEFT: usize = 300;

/// From one node's line to the next, before the script has measured the window.
const COLUMN: usize = 230;

/// From a node's line to what is written beside it, past the bands of its faults.
const BESIDE: usize = 17;

/// Records that are shown after the violation.
const AFTERMATH: usize = 100;

/// Faults that are listed beside the picture.
const FAULTS: usize = 8;

/// The longest text that is kept of a frame or an event.
const LONGEST: usize = 2000;

impl<'a> Picture<'a> {
    pub(super) fn new(trace: &'a Trace, violation: Option<&'a Violation>, most: usize) -> Self {
        let all = &trace.records;
        let seen = violation.map(|violation| all.partition_point(|record| record.at <= violation.at) + AFTERMATH);
        let end = seen.unwrap_or(all.len()).min(all.len());
        let shown = if all.len() <= most { (0, all.len()) } else { (end.saturating_sub(most), end) };
        let (axis, fates) = (Axis::default(), Fates::new(trace));
        let mut picture = Self { trace, violation, shown, axis, fates, frames: BTreeMap::new() };
        for (index, record) in all[shown.0..shown.1].iter().enumerate() {
            match record.what {
                What::Sent { frame, .. } => picture.frames.entry(frame).or_default().sent = Some(index),
                What::Heard { frame, .. } => picture.frames.entry(frame).or_default().heard.push(index),
                _ => {}
            }
        }
        let axis = Axis::new(picture.records(), &picture.extras(), |frame| {
            picture.frames.get(&frame).is_some_and(|frame| !frame.heard.is_empty())
        });
        Self { axis, ..picture }
    }

    pub(super) fn records(&self) -> &'a [Record] {
        &self.trace.records[self.shown.0..self.shown.1]
    }

    pub(super) fn name(&self, node: usize) -> &'a str {
        self.trace.nodes.get(node).map_or("?", String::as_str)
    }

    /// The record under whose number the shape of a record is drawn: an arrow is one shape of two records.
    pub(super) fn shape(&self, index: usize) -> usize {
        match self.records()[index].what {
            What::Sent { frame, .. } => {
                self.frames.get(&frame).and_then(|frame| frame.heard.first()).map_or(index, |first| *first)
            }
            _ => index,
        }
    }

    pub(super) fn heads(&self, page: &mut String) -> Result {
        self.trace.nodes.iter().enumerate().try_for_each(|(node, name)| {
            let role = if node == 0 { "<i>host</i>" } else { "" };
            write!(
                page,
                "<span data-n=\"{node}\" style=\"left:{}px\">{}{role}</span>",
                x(node),
                Escaped(&cut(name, 40))
            )
        })
    }

    pub(super) fn draw(&self, page: &mut String) -> Result {
        let (width, height) = (x(self.trace.nodes.len()) + COLUMN / 4, self.axis.bottom());
        write!(
            page,
            "<svg id=\"diagram\" width=\"{width}\" height=\"{height}\" \
             data-width=\"{width}\" data-height=\"{height}\" data-left=\"{LEFT}\" data-column=\"{COLUMN}\" \
             role=\"group\" aria-label=\"What happened, from top to bottom\">{MARKERS}"
        )?;
        for (y, nanos) in self.axis.ticks() {
            let (millis, micros) = (seconds(Time::from_nanos(nanos)), nanos / 1000 % 1000);
            write!(page, "<text class=\"tick\" x=\"8\" y=\"{}\" data-y=\"{y}\">{millis} {micros:03}</text>", y + 4)?;
        }
        for (y, nanos) in &self.axis.breaks {
            let (y, text) = (*y, stretch(*nanos));
            write!(
                page,
                "<g class=\"break\" data-y=\"{y}\" transform=\"translate(0,{y})\"><path d=\"M0 0H{width}\"/>\
                 <text x=\"8\" y=\"4\">⋮ {text} skipped</text></g>"
            )?;
        }
        for node in 0..self.trace.nodes.len() {
            let x = x(node);
            write!(page, "<path class=\"life\" data-n=\"{node}\" d=\"M{x} 0V{height}\"/>")?;
        }
        self.faults(page)?;
        self.rule(page, "calm", self.trace.calm_at, "from here on nothing goes wrong in the core")?;
        if self.violation.is_none_or(|violation| violation.at != self.trace.end) {
            self.rule(page, "end", self.trace.end, "the end of the run")?;
        }
        for (index, record) in self.records().iter().enumerate() {
            self.record(page, index, record)?;
        }
        if let Some(violation) = self.violation {
            let text = format!("✗ {} is violated: {}", violation.invariant, tame(&violation.what));
            self.rule(page, "violation", violation.at, &text)?;
        }
        page.write_str("</svg>")
    }

    /// What needs room besides the records.
    fn extras(&self) -> Vec<Extra> {
        let rules = [Some(self.trace.calm_at), Some(self.trace.end), self.violation.map(|violation| violation.at)];
        let rules = rules.into_iter().flatten().map(|at| Extra { at, nodes: Vec::new() });
        let bands = self.trace.faults.iter().flat_map(|band| {
            let end = Extra { at: band.to, nodes: band.nodes.iter().copied().take(1).collect() };
            [Some(Extra { at: band.from, nodes: band.nodes.clone() }), (band.to > band.from).then_some(end)]
        });
        let extras = rules.chain(bands.flatten());
        extras.filter(|extra| self.is_shown(extra.at)).collect()
    }

    /// Whether it lies in what is shown. What was planned for later than the end did not happen.
    fn is_shown(&self, at: Time) -> bool {
        if at > self.trace.end {
            return false;
        }
        let all = &self.trace.records;
        let is_after = self.shown.0 == 0 || all.get(self.shown.0).is_some_and(|first| first.at <= at);
        is_after && (self.shown.1 == all.len() || all.get(self.shown.1).is_some_and(|next| at < next.at))
    }

    /// A line across all nodes.
    fn rule(&self, page: &mut String, class: &str, at: Time, text: &str) -> Result {
        if !self.is_shown(at) {
            return Ok(());
        }
        let (y, width) = (self.axis.below(at), x(self.trace.nodes.len()) + COLUMN / 4);
        let (text, seconds) = (Escaped(&cut(text, 160)).to_string(), seconds(at));
        write!(
            page,
            "<g class=\"rule {class}\" id=\"{class}\" data-y=\"{y}\" transform=\"translate(0,{y})\">\
             <path d=\"M0 0H{width}\"/><text x=\"8\" y=\"-5\">{seconds} {text}</text></g>"
        )
    }

    /// The last faults before that moment, as a list that leads to them.
    pub(super) fn faults_before(&self, page: &mut String, at: Time) -> Result {
        let mut before: Vec<_> = self.trace.faults.iter().enumerate().filter(|(_, band)| band.from <= at).collect();
        before.sort_by_key(|(_, band)| (band.to.min(at), band.from));
        page.write_str("<h3>The last faults before it was seen</h3>")?;
        if before.is_empty() {
            return page.write_str("<p class=\"hint\">There were none.</p>");
        }
        page.write_str("<ol class=\"last\">")?;
        for (number, band) in before.iter().skip(before.len().saturating_sub(FAULTS)) {
            let first = band.nodes.first().copied().unwrap_or_default();
            let state = match (band.to > band.from, band.to > at) {
                (false, _) => "⚡",
                (true, true) => "lasts",
                (true, false) => "over",
            };
            write!(
                page,
                "<li><button type=\"button\" data-go=\"f{number}-{first}\"><time>{}</time> <b>{}</b> {}: {}</button></li>",
                seconds(band.from),
                state,
                Escaped(&cut(&self.whom(band), 40)),
                Escaped(&cut(&band.text, 160)),
            )?;
        }
        page.write_str("</ol>")
    }

    fn whom(&self, band: &Band) -> String {
        if band.nodes.len() == self.trace.nodes.len() {
            return "everyone".to_owned();
        }
        band.nodes.iter().map(|node| self.name(*node)).collect::<Vec<_>>().join(", ")
    }

    fn faults(&self, page: &mut String) -> Result {
        // Where bands of one node overlap, each next one is narrower.
        let mut open = BTreeMap::<usize, Vec<Option<Time>>>::new();
        let mut bands: Vec<_> = self.trace.faults.iter().enumerate().collect();
        bands.sort_by_key(|(_, band)| band.from);
        for (number, band) in bands {
            for node in &band.nodes {
                let lanes = open.entry(*node).or_default();
                let free = lanes.iter().position(|until| until.is_none_or(|until| until < band.from));
                let lane = free.unwrap_or_else(|| {
                    lanes.push(None);
                    lanes.len() - 1
                });
                lanes[lane] = Some(band.to);
                self.band(page, number, band, *node, lane)?;
            }
        }
        Ok(())
    }

    fn band(&self, page: &mut String, number: usize, band: &Band, node: usize, lane: usize) -> Result {
        let first = self.records().first().map_or(Time::ZERO, |record| record.at);
        let began_before = band.from < first && band.to >= first;
        if !self.is_shown(band.from) && !began_before {
            return Ok(());
        }
        let top = self.axis.height(band.from);
        let bottom = self.axis.height(band.to.min(self.trace.end)).max(top + ROW).min(self.axis.bottom());
        let half = 15_usize.saturating_sub(lane * 3).max(6);
        let mut told = format!("{}; befalls {}", band.text, self.whom(band));
        if band.to > band.from {
            told.push_str("; for ");
            told.push_str(&stretch(band.to.as_nanos() - band.from.as_nanos()));
        }
        // What befalls everyone is named once.
        let is_mute = node > 0 && band.nodes.len() == self.trace.nodes.len();
        let mute = if is_mute { " data-mute=\"1\"" } else { "" };
        let (middle, class) = (x(node), if band.to > band.from { "fault" } else { "fault once" });
        write!(
            page,
            "<g class=\"{class}\" id=\"f{number}-{node}\" data-n=\"{node}\" data-y=\"{top}\" data-y2=\"{bottom}\" \
             data-t=\"{}\" data-half=\"{half}\"{mute} tabindex=\"-1\" role=\"img\" aria-label=\"{}\"><rect x=\"{}\" y=\"{top}\" \
             width=\"{}\" height=\"{}\"/>",
            band.from.as_nanos(),
            Escaped(&cut(&told, LONGEST)),
            middle - half,
            half * 2,
            bottom - top,
        )?;
        label(page, node, top, &if is_mute { String::new() } else { format!("⚡ {}", band.text) })
    }

    fn record(&self, page: &mut String, index: usize, record: &Record) -> Result {
        let y = self.axis.rows.get(index).copied().unwrap_or_default();
        match &record.what {
            What::Did(text) => self.event(page, index, "did", &format!("▸ {text}")),
            What::Told(text) => self.event(page, index, "told", &format!("• {}", brief(text))),
            What::Link(text) => self.event(page, index, "link", &format!("~ {text}")),
            What::Disk(text) => self.event(page, index, "disk", &format!("▤ {text}")),
            What::Heard { frame, from, text } => {
                let sent = self.frames.get(frame).and_then(|frame| frame.sent);
                let start = sent.map_or_else(|| y.saturating_sub(ROW), |sent| self.axis.rows[sent]);
                let class = if sent.is_some() { "heard" } else { "earlier" };
                let left = sent.and_then(|sent| self.records().get(sent)).map(|record| record.at);
                self.frame(page, index, &Arrow { class, ends: (*from, record.node), rows: (start, y), left, text })
            }
            What::Sent { frame, to, text } => {
                if self.frames.get(frame).is_some_and(|frame| !frame.heard.is_empty()) {
                    return Ok(());
                }
                let end = self.axis.ends.get(&index).copied().unwrap_or(y + ROW);
                let class = match self.fates.of(*frame) {
                    Fate::Heard(_) => "later",
                    Fate::Lost => "lost",
                    Fate::UnderWay => "way",
                    Fate::Unknown => "unseen",
                };
                let left = Some(record.at);
                self.frame(page, index, &Arrow { class, ends: (record.node, *to), rows: (y, end), left, text })
            }
        }
    }

    fn event(&self, page: &mut String, index: usize, class: &str, text: &str) -> Result {
        let record = &self.records()[index];
        let (y, node) = (self.axis.rows.get(index).copied().unwrap_or_default(), record.node);
        write!(
            page,
            "<g class=\"r {class}\" id=\"r{index}\" data-n=\"{node}\" data-y=\"{y}\" data-t=\"{}\" data-k=\"{}\" \
             tabindex=\"-1\" role=\"img\" aria-label=\"{}\"><circle cx=\"{}\" cy=\"{y}\" r=\"4\"/>",
            record.at.as_nanos(),
            Escaped(&kind(&record.what)),
            Escaped(&cut(text, LONGEST)),
            x(node)
        )?;
        label(page, node, y, text)
    }

    fn frame(&self, page: &mut String, index: usize, arrow: &Arrow<'_>) -> Result {
        let Arrow { class, ends: (from, to), rows: (start, end), left, text } = *arrow;
        let record = &self.records()[index];
        let whole = (x(from), x(to));
        let (x1, x2) = match class {
            // Of what left before the picture begins, only the tip is seen; what is lost does not get there.
            "earlier" => (near(whole.1, whole.0, 60), whole.1),
            "lost" | "later" | "way" => (whole.0, near(whole.1, whole.0, 16)),
            _ => whole,
        };
        let (text, short) = (tame(text), tame(brief(text)));
        let mark = if class == "lost" { "✗ " } else { "" };
        // Beside the client: the host has many like it. That it is the host at the other end goes without saying.
        let whom = |other| if other == 0 { String::new() } else { format!("{}: ", self.name(other)) };
        let (node, y, label_text) = if from == 0 {
            (to, end, format!("{mark}← {short}"))
        } else {
            (from, start, format!("{mark}→ {}{short}", whom(to)))
        };
        write!(
            page,
            "<g class=\"r frame {class}\" id=\"r{index}\" data-n=\"{node}\" data-a=\"{from}\" data-b=\"{to}\" \
             data-y=\"{y}\" data-y1=\"{start}\" data-y2=\"{end}\" data-k=\"{}\" data-t=\"{}\"",
            Escaped(&kind(&record.what)),
            record.at.as_nanos(),
        )?;
        if let Some(left) = left {
            write!(page, " data-left=\"{}\"", left.as_nanos())?;
        }
        write!(
            page,
            " tabindex=\"-1\" role=\"img\" aria-label=\"{}\"><path class=\"hit\" d=\"M{x1} {start}L{x2} {end}\"/>\
             <path class=\"arrow\" d=\"M{x1} {start}L{x2} {end}\"/>",
            Escaped(&cut(&text, LONGEST))
        )?;
        label(page, node, y, &label_text)
    }
}

/// A frame on its way.
#[derive(Clone, Copy, Debug)]
struct Arrow<'a> {
    class: &'a str,
    /// From which node to which,
    ends: (usize, usize),
    /// from which row to which.
    rows: (u32, u32),
    /// When it was sent, if that is shown.
    left: Option<Time>,
    text: &'a str,
}

const MARKERS: &str = "<defs>\
    <marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
    markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.5L8 4L0 7.5Z\"/></marker>\
    <marker id=\"cross\" viewBox=\"0 0 10 10\" refX=\"5\" refY=\"5\" markerWidth=\"10\" markerHeight=\"10\" \
    markerUnits=\"userSpaceOnUse\"><path d=\"M1 1L9 9M9 1L1 9\"/></marker></defs>";

fn x(node: usize) -> usize {
    LEFT + node * COLUMN
}

/// So many pixels before one end, on the side of the other.
fn near(end: usize, other: usize, pixels: usize) -> usize {
    if other < end { end - pixels } else { end + pixels }
}

/// What stands beside a node's line: to the left of the host's, to the right of all others'. It ends the shape.
fn label(page: &mut String, node: usize, y: u32, text: &str) -> Result {
    let (x, anchor) = if node == 0 { (x(node) - BESIDE, "end") } else { (x(node) + BESIDE, "start") };
    let most = if node == 0 { (LEFT - 90) / 7 } else { (COLUMN - 30) / 7 };
    let text = cut(&tame(text), most);
    write!(
        page,
        "<text class=\"label\" x=\"{x}\" y=\"{}\" text-anchor=\"{anchor}\">{}</text></g>",
        y + 4,
        Escaped(&text)
    )
}

//! Text in which some places stand out.

use std::ops::Range;

use ratatui::{style::Style, text::Span};

use super::{
    theme::{STRONG, Theme},
    view::safe,
};
use crate::{
    line,
    links::{Link, links},
};

/// The words of a line from that byte on, as they stand out.
pub(super) fn spans(line: &line::Line, from: usize, theme: Theme) -> Vec<Span<'static>> {
    let text = line.as_str();
    let marks = line.styles().iter().filter_map(|(words, style)| {
        let words = words.start.max(from).checked_sub(from)?..words.end.checked_sub(from)?;
        Some((words, theme.of_line(*style)))
    });
    styled(text.get(from..).unwrap_or_default(), Style::new(), &marks.collect::<Vec<_>>())
}

/// What somebody said, in which some places stand out: the links in it do as well, and tell where they really lead.
pub(super) fn linked(text: &str, base: Style, marks: &[(Range<usize>, Style)], theme: Theme) -> Vec<Span<'static>> {
    let links = links(text);
    let mut all: Vec<(Range<usize>, Style)> = Vec::new();
    for Link { place, host, real } in &links {
        all.push((place.clone(), theme.link()));
        // What only looks like the host is not to be taken for it.
        all.extend(real.is_none().then(|| (host.clone(), STRONG)));
    }
    all.extend_from_slice(marks);
    let mut spans = Vec::new();
    let mut from = 0;
    for Link { place, real, .. } in links {
        let Some(real) = real else { continue };
        spans.extend(part(text, from..place.end, base, &all));
        spans.push(Span::raw(" "));
        spans.push(Span::styled(format!("[{}]", safe(&real)), theme.warning().patch(STRONG)));
        from = place.end;
    }
    spans.extend(part(text, from..text.len(), base, &all));
    spans
}

/// As much of a text, with those places in the whole of it.
fn part(text: &str, part: Range<usize>, base: Style, marks: &[(Range<usize>, Style)]) -> Vec<Span<'static>> {
    let within = |at: usize| at.clamp(part.start, part.end) - part.start;
    let marks: Vec<_> = marks.iter().map(|(place, style)| (within(place.start)..within(place.end), *style)).collect();
    styled(text.get(part.clone()).unwrap_or_default(), base, &marks)
}

/// A text in which some places stand out; where they overlap, the later counts more.
fn styled(text: &str, base: Style, marks: &[(Range<usize>, Style)]) -> Vec<Span<'static>> {
    let mut places: Vec<usize> = marks.iter().flat_map(|(words, _)| [words.start, words.end]).collect();
    places.extend([0, text.len()]);
    places.sort_unstable();
    places.dedup();
    let style = |start: usize, end: usize| {
        let around = marks.iter().filter(|(words, _)| words.start <= start && end <= words.end);
        around.fold(base, |all, (_, style)| all.patch(*style))
    };
    let spans = places.iter().zip(places.iter().skip(1));
    spans
        .filter_map(|(start, end)| Some(Span::styled(text.get(*start..*end)?.to_owned(), style(*start, *end))))
        .collect()
}

//! A run as a picture: a space-time diagram on a page that needs nothing but a browser.
//!
//! | file | holds |
//! |---|---|
//! | `axis` | where on the page each moment is, and why time is not drawn to scale |
//! | `draw` | what happened as shapes |
//! | `page.html`, `page.css`, `page.js` | the page around them, and what moves on it |

mod axis;
mod draw;

use std::{collections::BTreeMap, fmt, fmt::Write as _};

use crate::{
    html::draw::Picture,
    report::Violation,
    tame::{brief, cut, seconds, tame},
    trace::{Record, Trace, What},
};

/// The page of a run. Of a long run it shows the last some thousand records before the violation, or before the end.
///
/// It is one file that loads nothing from anywhere. All text that nodes wrote is shown and never obeyed.
pub fn html(title: &str, trace: &Trace, violation: Option<&Violation>) -> String {
    let picture = Picture::new(trace, violation, WINDOW);
    let mut page = String::with_capacity(64 * 1024 + picture.records().len() * 512);
    // Writing to a string does not fail.
    let _ = write(&mut page, title, &picture);
    page
}

/// Records that a browser draws without making anybody wait.
const WINDOW: usize = 4000;

/// How many records before the violation are listed beside the picture.
const LAST: usize = 14;

fn write(page: &mut String, title: &str, picture: &Picture<'_>) -> fmt::Result {
    // Each place is filled while the template is gone through once, so that no text of a node can name another place.
    for part in include_str!("page.html").split("{{") {
        let (name, rest) = part.split_once("}}").unwrap_or(("", part));
        match name {
            "title" => write!(page, "{}", Escaped(title))?,
            "style" => page.push_str(include_str!("page.css")),
            "script" => page.push_str(include_str!("page.js")),
            "verdict" => verdict(page, picture)?,
            "window" => window(page, picture)?,
            "nodes" => nodes(page, picture)?,
            "kinds" => kinds(page, picture)?,
            "heads" => picture.heads(page)?,
            "diagram" => picture.draw(page)?,
            "last" => last(page, picture)?,
            _ => {}
        }
        page.push_str(rest);
    }
    Ok(())
}

fn verdict(page: &mut String, picture: &Picture<'_>) -> fmt::Result {
    let Some(violation) = picture.violation else {
        return page.write_str("<p class=\"fine\">Nothing was found that is not as it has to be.</p>");
    };
    let (invariant, says) = (violation.invariant, violation.invariant.says());
    let (name, says) = (invariant.to_string(), says.to_string());
    write!(
        page,
        "<div class=\"verdict\" role=\"alert\"><h2>Violation of {}: {}</h2><p>{}</p><p class=\"when\">Seen at {} s. \
         <button type=\"button\" id=\"to-violation\">Show it</button></p></div>",
        Escaped(&name),
        Escaped(&says),
        Escaped(&violation.what),
        seconds(violation.at)
    )
}

fn window(page: &mut String, picture: &Picture<'_>) -> fmt::Result {
    let (shown, all) = (picture.records().len(), picture.trace.records.len());
    if shown == all {
        return write!(page, "<p class=\"window\">All {all} records of {} s.</p>", seconds(picture.trace.end));
    }
    let from = picture.records().first().map_or(picture.trace.end, |record| record.at);
    let until = if picture.violation.is_some() { "around the violation" } else { "before the end" };
    let from = seconds(from);
    write!(
        page,
        "<p class=\"window cut\">Only the {shown} records {until} are shown, from {from} s on, of {all} in all. \
         The command <code>explain</code> tells the whole run as text.</p>"
    )
}

fn nodes(page: &mut String, picture: &Picture<'_>) -> fmt::Result {
    picture.trace.nodes.iter().enumerate().try_for_each(|(node, name)| {
        write!(
            page,
            "<label><input type=\"checkbox\" data-node=\"{node}\" checked> {}</label>",
            Escaped(&cut(name, 24))
        )
    })
}

fn kinds(page: &mut String, picture: &Picture<'_>) -> fmt::Result {
    let mut counts = BTreeMap::<String, usize>::new();
    for record in picture.records() {
        if !matches!(record.what, What::Heard { .. }) {
            *counts.entry(kind(&record.what)).or_default() += 1;
        }
    }
    counts.into_iter().try_for_each(|(kind, count)| {
        let kind = Escaped(&kind).to_string();
        write!(page, "<label><input type=\"checkbox\" data-kind=\"{kind}\" checked> {kind} <i>{count}</i></label>")
    })
}

fn last(page: &mut String, picture: &Picture<'_>) -> fmt::Result {
    let Some(violation) = picture.violation else { return Ok(()) };
    page.push_str("<h3>The last before it was seen</h3><ol class=\"last\">");
    let end = picture.records().partition_point(|record| record.at <= violation.at);
    for index in end.saturating_sub(LAST)..end {
        let record = &picture.records()[index];
        write!(
            page,
            "<li><button type=\"button\" data-go=\"r{}\"><time>{}</time> <b>{}</b> {}</button></li>",
            picture.shape(index),
            seconds(record.at),
            Escaped(picture.name(record.node)),
            Escaped(&cut(&says(picture, record), 200))
        )?;
    }
    page.push_str("</ol>");
    picture.faults_before(page, violation.at)
}

fn says(picture: &Picture<'_>, record: &Record) -> String {
    match &record.what {
        What::Sent { to, text, .. } => format!("→ {}: {}", picture.name(*to), brief(text)),
        What::Heard { from, text, .. } => format!("← {}: {}", picture.name(*from), brief(text)),
        What::Did(text) => format!("▸ {text}"),
        What::Told(text) => format!("• {}", brief(text)),
        What::Link(text) => format!("~ {text}"),
        What::Disk(text) => format!("▤ {text}"),
    }
}

/// By what records are chosen: frames, and what applications are told, by their first word.
fn kind(what: &What) -> String {
    let (mark, text) = match what {
        What::Did(_) => return "▸ told to do".to_owned(),
        What::Link(_) => return "~ link".to_owned(),
        What::Disk(_) => return "▤ disk".to_owned(),
        What::Told(text) => ("• ", text),
        What::Sent { text, .. } | What::Heard { text, .. } => ("", text),
    };
    let word = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let word = if word.is_empty() || word.len() > 24 { "other" } else { word };
    format!("{mark}{word}")
}

/// Text between tags or in an attribute.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        tame(self.0).chars().try_for_each(|c| match c {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            _ => f.write_char(c),
        })
    }
}

#[cfg(test)]
mod tests {
    use exchange_core::Time;

    use super::*;
    use crate::{check::Invariant, trace::Band};

    fn record(millis: u64, node: usize, what: What) -> Record {
        Record { at: Time::from_nanos(millis * 1_000_000), node, what }
    }

    fn sent(frame: u64, to: usize, text: &str) -> What {
        What::Sent { frame, to, text: text.into() }
    }

    fn heard(frame: u64, from: usize, text: &str) -> What {
        What::Heard { frame, from, text: text.into() }
    }

    fn example(text: &str) -> Trace {
        let records = vec![
            record(0, 2, What::Link("up".into())),
            record(1, 1, sent(1, 0, text)),
            record(2, 0, heard(1, 1, text)),
            record(2, 0, sent(2, 1, "Entry 1")),
            record(2, 0, sent(3, 2, "Entry 1")),
            record(4, 1, heard(2, 0, "Entry 1")),
            record(4, 1, What::Told(text.into())),
        ];
        let nodes = vec!["ana".into(), "bo".into(), text.into()];
        let (from, to) = (Time::from_nanos(3_000_000), Time::from_nanos(9_000_000_000));
        let faults = vec![Band { from, to, nodes: vec![2], text: text.into() }];
        Trace { nodes, records, faults, calm_at: to, end: to }
    }

    fn violation(millis: u64, what: &str) -> Violation {
        Violation { invariant: Invariant::S5, at: Time::from_nanos(millis * 1_000_000), what: what.into() }
    }

    #[test]
    fn a_frame_that_was_heard_is_an_arrow_and_one_that_was_not_is_marked_as_lost() {
        let page = html("example", &example("Send 1"), None);
        assert_eq!(page.matches("<g class=\"r frame heard\"").count(), 2);
        assert_eq!(page.matches("<g class=\"r frame lost\"").count(), 1);
        assert_eq!(page.matches("<g class=\"r told\"").count(), 1);
        assert!(page.contains("Nothing was found"));
    }

    #[test]
    fn what_peers_wrote_is_shown_and_never_obeyed() {
        let hostile = "</script><script>alert('1')</script>\" onload=\"x {{script}}";
        let plain = html("example", &example("Send 1"), Some(&violation(4, "twice")));
        let page = html(hostile, &example(hostile), Some(&violation(4, hostile)));
        let count = |page: &str, what: &str| page.matches(what).count();
        assert!(!page.contains("<script>alert"));
        assert_eq!(count(&page, "<script"), count(&plain, "<script"));
        assert_eq!(count(&page, "\" onload="), 0);
        assert!(page.contains("&lt;script&gt;alert"));
    }

    #[test]
    fn a_violation_is_told_at_the_top_and_marked_at_its_time() {
        let page = html("example", &example("Send 1"), Some(&violation(4, "cmid 1 twice")));
        assert!(page.contains("cmid 1 twice") && page.contains("id=\"violation\""));
        assert_eq!(page.matches("data-go=\"r").count(), 7);
        assert_eq!(page.matches("data-go=\"f").count(), 1);
    }

    #[test]
    fn of_a_long_run_only_the_end_is_shown_and_the_page_says_so() {
        let mut trace = example("Send 1");
        trace.records = (0..50_000).map(|n| record(n, 1, What::Did(format!("step {n}.")))).collect();
        let page = html("long", &trace, Some(&violation(30_000, "late")));
        assert!(page.contains("step 30000.") && !page.contains("step 10000.") && !page.contains("step 40000."));
        assert!(page.contains("of 50000 in all"));
    }

    #[test]
    fn the_page_loads_nothing_from_anywhere() {
        let page = html("example", &example("Send 1"), None);
        assert!(!page.contains("://") && !page.contains("src=") && !page.contains("href="));
        assert!(page.contains("default-src 'none'") && !page.contains("{{"));
    }
}

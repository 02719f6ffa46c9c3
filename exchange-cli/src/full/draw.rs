//! The screen of a session.
//!
//! ```text
//!  ┌ title: the room, what it is about ───────────────┐
//!  │ rooms │ what was said                    │ people │   rooms from 80 columns on, people from 100
//!  ├ status: how things stand, who types ─────────────┤
//!  │ what is being typed                              │
//!  └──────────────────────────────────────────────────┘
//! ```

use exchange_tokio::core::Status;
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::Style,
    text::{Line, Span, Text},
};

use super::{
    popup,
    theme::{STRONG, Theme},
    view::{Link, Tab, View, safe},
    wrap::{columns, cut},
};
use crate::input::HELP;

/// From so many columns on there is room for people, and for rooms.
const PEOPLE_FROM: u16 = 100;
const ROOMS_FROM: u16 = 80;

const PEOPLE: u16 = 18;
const ROOMS: u16 = 16;

pub(crate) fn draw(frame: &mut Frame<'_>, view: &mut View) {
    let (area, theme) = (frame.area(), view.look.theme);
    frame.buffer_mut().set_style(area, theme.base());
    let typed = view.tab().compose.rows(area.width.saturating_sub(2));
    let hint = hint(view);
    let [title, middle, status, hinted, input] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
        Constraint::Length(hint.is_some().into()),
        Constraint::Length(typed),
    ])
    .areas(area);
    let [rooms, stream, people] = Layout::horizontal([
        Constraint::Length(if area.width >= ROOMS_FROM { ROOMS } else { 0 }),
        Constraint::Min(1),
        Constraint::Length(if area.width >= PEOPLE_FROM { PEOPLE } else { 0 }),
    ])
    .areas(middle);
    draw_title(frame, title, view);
    draw_rooms(frame, rooms, view);
    draw_people(frame, people, view);
    // Beside rooms there is a blank.
    let stream = if rooms.width > 0 {
        Rect { x: stream.x + 1, width: stream.width.saturating_sub(1), ..stream }
    } else {
        stream
    };
    (view.look.width, view.height) = (stream.width.into(), stream.height.into());
    (view.rooms, view.people) = (rooms, people);
    let below = draw_stream(frame, stream, view);
    draw_status(frame, status, view, below);
    if let Some(hint) = hint {
        frame.render_widget(Line::styled(cut(&hint, hinted.width.into()), theme.faint()), hinted);
    }
    let [sign, input] = Layout::horizontal([Constraint::Length(2), Constraint::Min(1)]).areas(input);
    frame.render_widget(Line::styled("> ", theme.faint()), sign);
    view.tab().compose.draw(frame, input);
    popup::draw(frame, area, view);
}

fn draw_title(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let (tab, theme) = (view.tab(), view.look.theme);
    let mut title = format!(" {}", tab.label);
    if let Some(topic) = &tab.topic {
        title.push_str(" — ");
        title.push_str(&safe(topic));
    }
    // Where one is is worth more than what it is about.
    let session = safe(&view.session);
    let room = usize::from(area.width).saturating_sub(columns(&session) + 2);
    let is_room = room > columns(&tab.label) + 2;
    let title = cut(&title, if is_room { room } else { area.width.into() });
    let blank = usize::from(area.width).saturating_sub(columns(&title));
    let right = if is_room { format!("{session:>blank$}", blank = blank - 1 - wide(&session)) } else { String::new() };
    frame.render_widget(
        Line::styled(format!("{title}{right}{:area$}", "", area = usize::from(area.width)), theme.bar()),
        area,
    );
}

/// How many columns more it takes than it has characters, as formatting counts.
fn wide(text: &str) -> usize {
    columns(text).saturating_sub(text.chars().count())
}

fn draw_rooms(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let theme = view.look.theme;
    let width = usize::from(area.width);
    let rows = view.tabs.iter().map(|tab| {
        let unread = match (tab.unread.messages, tab.unread.mentions) {
            (0, _) => String::new(),
            (messages, 0) => format!(" {messages}"),
            (messages, _) => format!(" {messages}!"),
        };
        let label = cut(&tab.label, width.saturating_sub(columns(&unread)));
        let style = match tab {
            tab if tab.room == *view.shown() => theme.bar(),
            tab if tab.unread.mentions > 0 => theme.mention(),
            tab if tab.unread.messages > 0 => STRONG,
            _ => Style::new(),
        };
        Line::styled(format!("{label}{unread}"), style)
    });
    frame.render_widget(rows.skip(view.rooms_above(area.height)).collect::<Text<'_>>(), area);
}

fn draw_people(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let theme = view.look.theme;
    let tab = view.tab();
    let members = tab.people();
    let left_out = members.len() - people_shown(members.len(), area.height);
    let rows = members.iter().take(members.len() - left_out).map(|member| {
        let (sign, style) = sign(member.status, theme);
        let types = if tab.is_typing(member.id) { " …" } else { "" };
        let label = cut(member.label(), usize::from(area.width).saturating_sub(3 + columns(types)));
        let name = if member.status.is_there() { theme.person(member.id) } else { theme.faint() };
        Line::from(vec![
            Span::raw(" "),
            Span::styled(sign, style),
            Span::raw(" "),
            Span::styled(label, name),
            Span::styled(types, theme.faint()),
        ])
    });
    let more = (left_out > 0).then(|| Line::styled(format!(" and {left_out} more"), theme.faint()));
    frame.render_widget(rows.chain(more).collect::<Text<'_>>(), area);
}

/// As many of so many people are shown in so many rows; where they are not all, the last row says so.
pub(super) fn people_shown(people: usize, rows: u16) -> usize {
    if people > rows.into() { usize::from(rows).saturating_sub(1) } else { people }
}

/// How somebody is, as one character.
pub(super) fn sign(status: Status, theme: Theme) -> (&'static str, Style) {
    match status {
        Status::Online => ("●", theme.good()),
        Status::Away => ("◐", theme.warning()),
        Status::Busy => ("⊘", theme.warning()),
        _ => ("○", theme.faint()),
    }
}

/// Gives how many new messages are below what is seen, if the end is not.
fn draw_stream(frame: &mut Frame<'_>, area: Rect, view: &View) -> Option<usize> {
    let seen = view.tab().buffer.seen(area.height.into(), &view.look);
    // What was said last stands at the bottom.
    let top = area.y + area.height.saturating_sub(u16::try_from(seen.rows.len()).unwrap_or(u16::MAX));
    let area = Rect { y: top, height: area.bottom().saturating_sub(top), ..area };
    frame.render_widget(Text::from(seen.rows), area);
    seen.below
}

fn draw_status(frame: &mut Frame<'_>, area: Rect, view: &View, below: Option<usize>) {
    let theme = view.look.theme;
    let mut parts = Vec::new();
    match below {
        Some(0) => parts.push("reading above: Esc goes to the end".to_owned()),
        Some(new) => parts.push(format!("{new} new below: Esc goes there")),
        None => {}
    }
    match view.link {
        Link::Own => parts.push("you host this".to_owned()),
        Link::Up { round_trip: Some(round_trip) } => parts.push(format!("{} ms", round_trip.as_millis().max(1))),
        Link::Up { round_trip: None } => {}
        Link::Down { waiting: 0 } => parts.push("connection lost, trying again".to_owned()),
        Link::Down { waiting } => parts.push(format!("connection lost, trying again · {waiting} to be sent then")),
    }
    let typing = typing(view.tab());
    parts.extend(typing);
    if area.width < PEOPLE_FROM {
        let here = view.tab().members.iter().filter(|member| member.status.is_there()).count();
        parts.push(format!("{here} here"));
    }
    if area.width < ROOMS_FROM {
        parts.extend(hot(view));
    }
    let words = cut(&format!(" {}", parts.join(" · ")), area.width.into());
    let blank = usize::from(area.width).saturating_sub(columns(&words));
    let style = if matches!(view.link, Link::Down { .. }) { theme.alarm() } else { theme.bar() };
    frame.render_widget(Line::styled(format!("{words}{}", " ".repeat(blank)), style), area);
}

fn typing(tab: &Tab) -> Option<String> {
    let people = tab.who_types();
    match people[..] {
        [] => None,
        [one] => Some(format!("{one} is typing")),
        [one, other] => Some(format!("{one} and {other} are typing")),
        [one, ..] => Some(format!("{one} and {} others are typing", people.len() - 1)),
    }
}

/// The other rooms in which there is something new.
fn hot(view: &View) -> Option<String> {
    let others = view.tabs.iter().filter(|tab| tab.room != *view.shown() && tab.unread.messages > 0);
    let hot: Vec<String> = others
        .map(|tab| {
            let mentions = if tab.unread.mentions > 0 { "!" } else { "" };
            format!("{} {}{mentions}", tab.label, tab.unread.messages)
        })
        .collect();
    (!hot.is_empty()).then(|| hot.join(", "))
}

/// What the command that is being typed needs.
fn hint(view: &View) -> Option<String> {
    let text = view.tab().compose.text();
    let name = text.split_whitespace().next().filter(|name| name.starts_with('/') && name.len() > 1)?;
    let (usage, meaning) = HELP.iter().find(|(usage, _)| usage.split_whitespace().next() == Some(name))?;
    Some(format!("  {usage}: {meaning}"))
}

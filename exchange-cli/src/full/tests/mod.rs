//! Screens as they are drawn.

mod card;
mod choosing;
mod frames;
mod hostile;
mod keys;
mod scrolling;
mod searching;

use exchange_tokio::core::{PeerId, RoomName, Status, Timestamp, Unread};
use jiff::tz::TimeZone;
use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
};

use super::{
    colour::Colours,
    draw::draw,
    item::{Item, Look, Said},
    palette::TERMINAL,
    press::Do,
    theme::Theme,
    view::{Link, Member, RoomNow, View},
};

/// 28 November 2026, 14:00.
const AT: u64 = 1_795_874_400_000;

fn peer(number: u8) -> PeerId {
    PeerId::from_bytes([number; 16])
}

fn room(name: &str) -> RoomName {
    name.parse().unwrap()
}

fn look() -> Look {
    Look { theme: Theme::new(Colours::None, TERMINAL), zone: TimeZone::UTC, width: 0 }
}

/// A session with three people in it, oneself among them, of whom nothing was heard yet.
fn view() -> View {
    let mut view = View::new("Lab 3".into(), peer(1), look(), true, Link::Up { round_trip: None });
    let member = |id, label, status| Member::new(peer(id), label, status);
    let members = vec![
        member(1, "me", Status::Online),
        member(2, "ana", Status::Online),
        member(3, "bo", Status::Away),
        member(4, "cy", Status::Offline),
    ];
    let now = |name: &str, messages, mentions, details| RoomNow {
        room: room(name),
        label: format!("#{name}"),
        unread: Unread { messages, mentions },
        details,
    };
    view.refresh(vec![
        now("lobby", 0, 0, Some((Some("Who is on duty today?".into()), members))),
        now("ops", 3, 0, None),
        now("plans", 2, 1, None),
    ]);
    view
}

fn say(view: &mut View, said: Said) {
    view.tab_mut().buffer.push(Item::Said(Box::new(said)));
}

fn said(seq: u64, who: u8, label: &str, text: &str) -> Said {
    Said::sample(seq, peer(who), label, Timestamp::from_millis(AT + seq * 60_000), text)
}

fn screen(view: &mut View, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, view)).unwrap();
    terminal
}

/// The rows of a screen as they are read, without what is blank at their ends.
fn rows(view: &mut View, size: (u16, u16)) -> Vec<String> {
    let terminal = screen(view, size);
    let text = terminal.backend().to_string();
    text.lines().map(|row| row.trim_matches('"').trim_end().to_owned()).collect()
}

fn key(code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, KeyModifiers::NONE)
}

fn with(modifiers: KeyModifiers, code: KeyCode) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

fn type_in(view: &mut View, text: &str) {
    for c in text.chars() {
        let done = view.press(key(KeyCode::Char(c)));
        assert!(matches!(done, Do::Nothing | Do::Typing), "{done:?}");
    }
}

//! The sessions there are, as they are drawn, and what keys do there.

use std::time::Duration;

use exchange_tokio::core::{PeerId, SessionId, SessionName, discovery::PeerRecord};

use super::*;
use crate::full::choose::{Choice, Choose, Pressed};

fn record(id: u8, name: &str, host: &str) -> PeerRecord {
    let session = SessionId::from_bytes([id; 16]);
    let mut record = PeerRecord::new(session, name.parse().unwrap(), host.parse().unwrap(), 27027);
    record.peer = Some(PeerId::from_bytes([id; 16]));
    record.addresses = vec![format!("192.168.1.{id}:27027").parse().unwrap()];
    record
}

fn choose() -> Choose {
    let known: Vec<SessionName> = vec!["Lab 3".parse().unwrap(), "Kitchen".parse().unwrap()];
    let mut choose = Choose::new(known, Vec::new(), Theme::new(Colours::None, TERMINAL));
    let mut locked = record(1, "Lab 3", "ana");
    (locked.is_locked, locked.people) = (true, 4);
    let mut open = record(2, "会議室", "名前");
    open.peer = None;
    for record in [locked, open, record(3, "A session with a name that is as long as anybody would give it", "bo")] {
        choose.sessions.resolved(record);
    }
    choose.distances.insert(SessionId::from_bytes([1; 16]), Some(Duration::from_micros(3400)));
    choose.distances.insert(SessionId::from_bytes([3; 16]), None);
    choose
}

fn drawn(choose: &Choose, (width, height): (u16, u16)) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| choose.draw(frame)).unwrap();
    terminal
}

fn joins(pressed: Option<Pressed>) -> Option<String> {
    match pressed? {
        Pressed::Chosen(Choice::Join(whom)) => Some(format!("{:?}", whom.target())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_there_is_fits_every_terminal() {
    for (width, height) in [(120, 40), (80, 24), (60, 20), (38, 12)] {
        insta::assert_snapshot!(format!("start_{width}x{height}"), drawn(&choose(), (width, height)).backend());
    }
    for width in 1..30 {
        for height in 1..8 {
            let mut choose = choose();
            drawn(&choose, (width, height));
            choose.press(key(KeyCode::Char('a')));
            drawn(&choose, (width, height));
        }
    }
}

#[test]
fn the_one_that_is_marked_is_joined() {
    let mut choose = choose();
    for name in ["A session with", "Lab 3", "会議室", "会議室"] {
        assert!(joins(choose.press(key(KeyCode::Enter))).unwrap().contains(name), "{name}");
        choose.press(key(KeyCode::Down));
    }
    choose.press(key(KeyCode::Up));
    assert!(joins(choose.press(key(KeyCode::Enter))).unwrap().contains("Lab 3"));
}

#[test]
fn whom_one_types_is_joined_and_what_is_none_is_said() {
    let mut choose = choose();
    let type_in = |choose: &mut Choose, text: &str| {
        text.chars().for_each(|c| assert!(choose.press(key(KeyCode::Char(c))).is_none()));
    };
    choose.press(key(KeyCode::Char('a')));
    type_in(&mut choose, "10.0.0.7");
    assert!(joins(choose.press(key(KeyCode::Enter))).unwrap().contains("10.0.0.7:27027"));
    choose.press(key(KeyCode::Esc));
    choose.press(key(KeyCode::Char('h')));
    type_in(&mut choose, &"x".repeat(500));
    assert!(choose.press(key(KeyCode::Enter)).is_none(), "no session is called that");
    choose.press(key(KeyCode::Esc));
    choose.press(key(KeyCode::Char('h')));
    let hosts = choose.press(key(KeyCode::Enter));
    assert!(matches!(hosts, Some(Pressed::Chosen(Choice::Host(None)))), "{hosts:?}");
}

#[test]
fn one_leaves_by_any_key_that_people_try() {
    let control = |c| with(KeyModifiers::CONTROL, KeyCode::Char(c));
    for leaves in [key(KeyCode::Char('q')), key(KeyCode::Esc), control('c'), control('d')] {
        assert!(matches!(choose().press(leaves), Some(Pressed::Chosen(Choice::Leave))), "{leaves:?}");
    }
    assert!(matches!(choose().press(control('z')), Some(Pressed::Stop)));
}

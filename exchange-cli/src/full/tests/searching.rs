//! What is looked for, what was found, and where it was said.

use ratatui::{buffer::Cell, style::Modifier};

use super::*;
use crate::{
    full::{popup::Popup, search::Hit},
    input::{Entry, parse},
};

fn found(view: &mut View, asked: &str, hits: Vec<Hit>) {
    let Ok(Entry::Search(found)) = parse(&format!("/search {asked}")) else { panic!("{asked}") };
    view.popup = Some(Popup::Search);
    view.search.found(asked, &found, hits);
}

fn hit(room: &str, seq: u64, text: &str) -> Hit {
    Hit::sample(room, seq, (peer(2), "ana"), Timestamp::from_millis(AT + seq * 60_000), text)
}

/// A room of a hundred messages, some of them about lunch, and those found.
fn lunch() -> View {
    let mut view = view();
    let text =
        |seq: u64| if seq.is_multiple_of(10) { format!("Lunch {seq}, anybody?") } else { format!("number {seq}") };
    (1..=100).for_each(|seq| say(&mut view, said(seq, 2, "ana", &text(seq))));
    rows(&mut view, (80, 24));
    let hits = (10..=100).step_by(10).map(|seq| hit("lobby", seq, &text(seq)));
    found(&mut view, "lunch", hits.collect());
    view
}

#[test]
fn what_was_found_fits_every_terminal() {
    let mut view = lunch();
    for (width, height) in [(120, 40), (80, 24), (60, 20), (38, 12)] {
        insta::assert_snapshot!(format!("search_{width}x{height}"), screen(&mut view, (width, height)).backend());
    }
    let far = format!("{} and there is lunch in it", "hay ".repeat(300));
    found(&mut view, "#ops lunch", vec![hit("ops", 3, &far), hit("ops", 4, &"lunch ".repeat(300))]);
    insta::assert_snapshot!("search_long_80x24", screen(&mut view, (80, 24)).backend());
    for width in 1..20 {
        for height in 1..8 {
            screen(&mut view, (width, height));
        }
    }
}

#[test]
fn the_message_is_shown_where_it_was_said_with_what_was_said_around_it() {
    let mut view = lunch();
    for _ in 0..4 {
        view.press(key(KeyCode::Down));
    }
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Hit(RoomName::lobby(), exchange_tokio::core::Seq(60)));
    view.popup = None;
    assert!(view.find(exchange_tokio::core::Seq(60)));
    insta::assert_snapshot!("found_80x24", screen(&mut view, (80, 24)).backend());
    say(&mut view, said(101, 2, "ana", "number 101"));
    let shown = rows(&mut view, (80, 24));
    assert!(shown[11].ends_with("Lunch 60, anybody?"), "{shown:#?}");
    view.press(key(KeyCode::Esc));
    assert!(view.tab().buffer.is_at_end());

    for (seq, row) in [(1, 1), (100, 20)] {
        assert!(view.find(exchange_tokio::core::Seq(seq)));
        let shown = rows(&mut view, (80, 24));
        let has = if seq == 1 { "number 1" } else { "Lunch 100, anybody?" };
        assert!(shown[row].ends_with(has), "{seq}: {shown:#?}");
    }
    assert!(!view.find(exchange_tokio::core::Seq(777)), "it is not there");
}

/// What stands out of a row.
fn reversed(view: &mut View, row: u16) -> String {
    let terminal = screen(view, (80, 24));
    let cells = (0..80).map(|column| &terminal.backend().buffer()[(column, row)]);
    cells.filter(|cell| cell.modifier.contains(Modifier::REVERSED)).map(Cell::symbol).collect()
}

#[test]
fn the_words_that_were_looked_for_stand_out() {
    let mut view = lunch();
    assert_eq!((reversed(&mut view, 3), reversed(&mut view, 4)), ("anaLunch".into(), "Lunch".into()));
    view.popup = None;
    assert!(view.find(exchange_tokio::core::Seq(60)));
    assert_eq!((reversed(&mut view, 11), reversed(&mut view, 12)), ("anaLunch".into(), String::new()));
    view.press(key(KeyCode::Esc));
    assert!(view.find(exchange_tokio::core::Seq(60)));
    view.tab_mut().buffer.go_to_end();
    assert_eq!(reversed(&mut view, 21), "", "whoever has seen it has found it");
}

#[test]
fn what_is_typed_there_is_looked_for_and_nothing_of_it_is_said() {
    let mut view = view();
    type_in(&mut view, "a draft");
    view.press(with(KeyModifiers::CONTROL, KeyCode::Char('f')));
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Nothing, "nothing is looked for");
    type_in(&mut view, "lu");
    view.paste("nch\n");
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Find("lunch".into()));
    found(&mut view, "lunch", vec![hit("lobby", 1, "lunch?"), hit("lobby", 2, "lunch!")]);
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Hit(RoomName::lobby(), exchange_tokio::core::Seq(2)), "the newest");
    type_in(&mut view, "eon");
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Find("luncheon".into()), "that is another question");
    view.search.fails("since", "It is WORDS.".into());
    assert!(rows(&mut view, (80, 24))[2].contains("It is WORDS."));
    view.press(key(KeyCode::Esc));
    assert_eq!((view.popup.clone(), view.tab().compose.text()), (None, "a draft".into()));
    view.press(with(KeyModifiers::CONTROL, KeyCode::Char('c')));
    type_in(&mut view, "/search @bo  lunch");
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Find("@bo  lunch".into()));
}

#[test]
fn the_one_that_is_marked_is_seen_however_many_there_are() {
    let mut view = view();
    found(&mut view, "lunch", (1..=300).map(|seq| hit("lobby", seq, &format!("lunch {seq}."))).collect());
    assert!(rows(&mut view, (80, 24))[2].contains("the last 200 messages"));
    for seq in (101..=300).rev() {
        let shown = rows(&mut view, (80, 24));
        assert!(shown.iter().any(|row| row.contains('▸') && row.contains(&format!("lunch {seq}."))), "{shown:#?}");
        view.press(key(KeyCode::Down));
    }
    (0..99).for_each(|_| drop(view.press(key(KeyCode::PageUp))));
    assert!(rows(&mut view, (80, 24))[3].contains("lunch 300."));
    (0..99).for_each(|_| drop(view.press(key(KeyCode::PageDown))));
    assert!(rows(&mut view, (80, 24)).iter().any(|row| row.contains("▸") && row.contains("lunch 101.")));
}

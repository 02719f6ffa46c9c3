//! Whole screens, at the sizes that terminals have.

use exchange_tokio::core::{Seq, Timestamp};
use ratatui::{buffer::Cell, style::Modifier};

use super::*;
use crate::{full::popup::Popup, line::Line};

const SIZES: [(u16, u16); 4] = [(120, 40), (80, 24), (60, 20), (38, 12)];

/// A morning in a lab, in several scripts.
fn morning() -> View {
    let mut view = view();
    let told = |words: &'static str| Line::out(false).ours(words);
    say(&mut view, Said::sample(1, peer(2), "ana", Timestamp::from_millis(AT - 86_400_000), "see you tomorrow"));
    view.note(None, told("* bo joined"), Timestamp::from_millis(AT));
    say(&mut view, said(2, 2, "ana", "good morning, everybody"));
    say(
        &mut view,
        said(3, 3, "bo", "おはようございます。今日は全角の文字が一行に入りきらないほど長い文章を書いてみます。"),
    );
    say(&mut view, said(4, 4, "cy", "בוקר טוב, מה שלומכם היום?"));
    say(&mut view, said(5, 2, "ana", "cafe\u{301} 👩‍👩‍👧 ☕ at ten?"));
    say(&mut view, said(6, 3, "bo", "yes").answering(5));
    say(
        &mut view,
        said(
            7,
            2,
            "ana",
            "two things:\n  1. the centrifuge\n  2. a_name_without_any_blank_that_is_longer_than_a_row_of_a_narrow_screen",
        ),
    );
    say(&mut view, said(8, 4, "cy~0404", "wrong room"));
    view.tab_mut().buffer.mark_last(2);
    say(&mut view, said(9, 2, "ana", "the centrfiuge is free"));
    let buffer = &mut view.tab_mut().buffer;
    buffer.message(Seq(8)).unwrap().delete();
    buffer.message(Seq(9)).unwrap().edit("the centrifuge is free", false);
    for who in [1, 3] {
        buffer.message(Seq(9)).unwrap().react("👍", peer(who), true);
    }
    buffer.message(Seq(9)).unwrap().react("🎉", peer(4), true);
    view.note(None, told("-- Encrypted. Others know you by the same key."), Timestamp::from_millis(AT + 600_000));
    view.tab_mut().types(peer(3), "bo", true);
    type_in(&mut view, "I will be there, with cake");
    view
}

#[test]
fn a_session_fits_every_terminal() {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("session_{width}x{height}"), screen(&mut morning(), (width, height)).backend());
    }
}

#[test]
fn a_command_is_explained_while_it_is_typed_and_help_is_in_front() {
    let mut view = view();
    type_in(&mut view, "/kick an");
    insta::assert_snapshot!("command_80x24", screen(&mut view, (80, 24)).backend());
    for (width, height) in SIZES {
        view.popup = Some(Popup::Help { above: 0 });
        insta::assert_snapshot!(format!("help_{width}x{height}"), screen(&mut view, (width, height)).backend());
    }
}

#[test]
fn links_stand_out_and_tell_where_they_really_lead() {
    let mut view = view();
    say(&mut view, said(1, 2, "ana", "see https://docs.example/chat?from=lab, it is all there"));
    say(&mut view, said(2, 3, "bo", "or https://docs.example%2Fchat:443@evil.test/x"));
    say(&mut view, said(3, 3, "bo", "or https://dосs.example/").answering(2));
    insta::assert_snapshot!("links_80x24", screen(&mut view, (80, 24)).backend());
    let terminal = screen(&mut view, (80, 24));
    let shown = |row: u16, modifier| -> String {
        let cells = (17..80).map(|column| &terminal.backend().buffer()[(column, row)]);
        cells.filter(|cell: &&Cell| cell.modifier.contains(modifier)).map(Cell::symbol).collect()
    };
    assert_eq!(shown(14, Modifier::UNDERLINED), "https://docs.example/chat?from=lab");
    assert_eq!(shown(14, Modifier::BOLD), "anadocs.example");
    assert_eq!([16, 17, 18].map(|row| shown(row, Modifier::BOLD)), ["bo", "", "[evil.test]"], "only what is a host");
    view.press(with(KeyModifiers::ALT, KeyCode::Char('m')));
    view.tab_mut().buffer.message(Seq(2)).unwrap().edit("@me https://docs.example@evil.test/x", true);
    assert!(rows(&mut view, (80, 24)).iter().any(|row| row.contains("https://docs.example@evil.test/x [evil.test]")));
}

#[test]
fn how_things_stand_is_said_in_words() {
    let mut view = view();
    view.link = Link::Down { waiting: 2 };
    assert!(rows(&mut view, (80, 24))[22].contains("connection lost, trying again · 2 to be sent then"));
    view.link = Link::Up { round_trip: Some(std::time::Duration::from_micros(12_400)) };
    assert!(rows(&mut view, (80, 24))[22].contains("12 ms"));
    view.link = Link::Own;
    let narrow = &rows(&mut view, (60, 20))[18];
    assert!(
        narrow.contains("you host this · 2 here · #plans 2!, #ops 3") || narrow.contains("#ops 3, #plans 2!"),
        "{narrow}"
    );
}

#[test]
fn who_comes_and_goes_in_a_row_is_one_line_and_who_does_both_is_in_none() {
    let mut view = view();
    let mut goes = |label: &str, has_come| view.crowd(&RoomName::lobby(), label, has_come, Timestamp::from_millis(AT));
    for label in ["bo", "cy", "dan", "eve", "flo"] {
        goes(label, true);
    }
    goes("gus", false);
    goes("flo", false);
    let shown = |view: &mut View| rows(view, (80, 24))[21].trim().to_owned();
    assert!(shown(&mut view).ends_with("* bo, cy, dan and eve joined; gus left"), "{}", shown(&mut view));
    let mut goes = |label: &str, has_come| view.crowd(&RoomName::lobby(), label, has_come, Timestamp::from_millis(AT));
    goes("hal", true);
    assert!(shown(&mut view).ends_with("* bo, cy, dan and 2 more joined; gus left"), "{}", shown(&mut view));
    say(&mut view, said(1, 2, "bo", "hi"));
    view.crowd(&RoomName::lobby(), "bo", false, Timestamp::from_millis(AT));
    assert!(shown(&mut view).ends_with("* bo left"));
    view.crowd(&RoomName::lobby(), "bo", true, Timestamp::from_millis(AT));
    assert!(shown(&mut view).ends_with("bo hi"), "they were hardly gone");
}

#[test]
fn what_means_oneself_is_listed_wherever_it_was_said() {
    let mut view = view();
    view.press(with(KeyModifiers::ALT, KeyCode::Char('m')));
    assert!(rows(&mut view, (80, 24)).iter().any(|row| row.contains("Nobody has meant you so far.")));
    view.press(key(KeyCode::Esc));
    say(&mut view, said(1, 2, "ana", "not for me"));
    say(&mut view, said(2, 2, "ana", "@me are you there?"));
    view.tab_mut().buffer.message(Seq(2)).unwrap().edit("@me are you there?", true);
    view.press(with(KeyModifiers::ALT, KeyCode::Char('m')));
    let shown = rows(&mut view, (80, 24));
    assert!(shown.iter().any(|row| row.contains("#lobby ana @me are you there?")), "{shown:#?}");
    let listed = shown.iter().filter(|row| row.contains("│#lobby")).count();
    assert_eq!(listed, 1, "{shown:#?}");
}

#[test]
fn the_smallest_terminals_are_no_reason_to_fail() {
    for width in 1..20 {
        for height in 1..8 {
            let mut view = morning();
            screen(&mut view, (width, height));
            view.popup = Some(Popup::Mentions);
            screen(&mut view, (width, height));
            view.popup = Some(Popup::Help { above: 0 });
            screen(&mut view, (width, height));
        }
    }
}

#[test]
fn of_many_people_and_rooms_as_many_are_shown_as_fit() {
    let mut view = view();
    let member = |id: u8| Member::new(peer(id), &format!("person {id}"), Status::Online);
    let members = (1..=60).map(member).collect();
    let rooms = (0..50).map(|number| RoomNow {
        room: room(&format!("room {number:02}")),
        label: format!("#room {number:02}"),
        unread: Unread::default(),
        details: None,
    });
    let lobby = RoomNow {
        room: RoomName::lobby(),
        label: "#lobby".into(),
        unread: Unread::default(),
        details: Some((None, members)),
    };
    view.refresh(std::iter::once(lobby).chain(rooms).collect());
    let shown = rows(&mut view, (120, 24));
    assert!(shown[21].contains("and 40 more"), "{shown:#?}");
    view.show(&room("room 49"));
    let shown = rows(&mut view, (120, 24));
    assert!(shown[21].starts_with("#room 49"), "{shown:#?}");
}

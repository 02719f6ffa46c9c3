//! Who somebody is, in front of what was said.

use std::time::Duration;

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use exchange_tokio::core::{Peer, Person, Role};

use super::*;
use crate::{
    full::{
        card::{Card, Proof},
        popup::Popup,
    },
    home::Trust,
};

pub(super) fn card(text: &str) -> Card {
    let nick = text.parse().unwrap_or_else(|_| "ana".parse().unwrap());
    let person = Person {
        peer: Peer { id: peer(2), nick },
        role: Role::Owner,
        status: Status::Away,
        note: Some("in the cold room, back by noon".parse().unwrap()),
    };
    Card {
        person,
        before: vec!["annie".into(), "Ana M".into()],
        namesakes: Vec::new(),
        lasts: Some(Duration::from_secs(750)),
        spoke: Some("28 November, 14:02 in #lobby".into()),
        rooms: vec!["#lobby".into(), "#ops (founder)".into(), "@ana".into()],
        proof: Proof::Host(Trust::Known, "\"Lab 3\"".into()),
        number: Some("12345 23456 34567 45678 56789 67890".into()),
    }
}

fn show(view: &mut View, card: Card) {
    view.popup = Some(Popup::Card { card: Box::new(card), above: 0 });
}

fn shown(card: Card) -> String {
    let mut view = view();
    show(&mut view, card);
    rows(&mut view, (100, 30)).join("\n")
}

#[test]
fn a_card_fits_every_terminal_and_is_scrolled_where_it_does_not() {
    let mut view = view();
    for (width, height) in [(120, 40), (80, 24), (60, 20), (38, 12)] {
        show(&mut view, card("ana"));
        insta::assert_snapshot!(format!("card_{width}x{height}"), screen(&mut view, (width, height)).backend());
    }
    (0..40).for_each(|_| drop(view.press(key(KeyCode::Down))));
    assert!(rows(&mut view, (38, 12)).iter().any(|row| row.contains("--yes")), "{:#?}", rows(&mut view, (38, 12)));
    for width in 1..20 {
        for height in 1..8 {
            screen(&mut view, (width, height));
        }
    }
}

#[test]
fn how_certain_it_is_who_somebody_is_is_said_of_each() {
    let with = |proof, number: Option<&str>| Card { proof, number: number.map(Into::into), ..card("ana") };
    let host = |trust| Proof::Host(trust, "NAME".into());
    for (proof, words) in [
        (Proof::Oneself, "It is you."),
        (Proof::Clear, "In the clear: nobody has proven"),
        (Proof::Guest, "They have proven to have this key."),
        (Proof::Told, "only the host has proven that to you"),
        (host(Trust::New), "Seen for the first time"),
        (host(Trust::Known), "Seen before, not verified"),
        (host(Trust::ByCode), "By code"),
        (host(Trust::Verified), "Verified"),
    ] {
        let asks = matches!(proof, Proof::Host(Trust::New | Trust::Known, _));
        let shown = shown(with(proof, None));
        assert!(shown.contains(words), "{shown}");
        assert_eq!(shown.contains("exchange id verify NAME --yes"), asks, "{shown}");
    }
    let other = Card { namesakes: vec!["ana~0303".into()], ..card("ana") };
    assert!(shown(other).contains("Another key is or was called the same: ana~0303."));
}

#[test]
fn people_are_chosen_by_keys_and_by_the_mouse_and_written_to() {
    let alt_w = with(KeyModifiers::ALT, KeyCode::Char('w'));
    let mut view = view();
    view.press(alt_w);
    insta::assert_snapshot!("people_80x24", screen(&mut view, (80, 24)).backend());
    for _ in 0..9 {
        view.press(key(KeyCode::Down));
        rows(&mut view, (80, 24));
    }
    view.press(key(KeyCode::Up));
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Card(peer(3)), "those who are there come first");
    view.press(alt_w);
    view.press(key(KeyCode::Char('x')));
    assert_eq!((view.popup.clone(), view.tab().compose.text()), (Some(Popup::People { place: 0 }), String::new()));
    view.press(key(KeyCode::Esc));
    assert_eq!(view.popup, None);

    let click = |row| MouseEvent {
        kind: MouseEventKind::Down(MouseButton::Left),
        column: 105,
        row,
        modifiers: KeyModifiers::NONE,
    };
    rows(&mut view, (120, 40));
    assert_eq!(view.point(click(1)), Do::Card(peer(2)));
    assert_eq!(view.point(click(9)), Do::Nothing);

    type_in(&mut view, "lunch?");
    show(&mut view, card("ana"));
    view.press(key(KeyCode::Char('m')));
    assert_eq!((view.popup.clone(), view.tab().compose.text()), (None, "/msg ana lunch?".into()));
    show(&mut view, card("ana maria"));
    view.press(key(KeyCode::Char('m')));
    assert_eq!(view.tab().compose.text(), format!("/msg {} ", peer(2)), "a nick of two words is none in a command");
    show(&mut view, Card { namesakes: vec!["ana~0303".into()], ..card("ana") });
    view.press(key(KeyCode::Char('m')));
    assert_eq!(view.tab().compose.text(), "/msg ana~0202 ");
    show(&mut view, Card { proof: Proof::Oneself, ..card("me") });
    view.press(key(KeyCode::Char('m')));
    assert_eq!((view.popup.clone(), view.tab().compose.text()), (None, "/msg ana~0202 ".into()), "not to oneself");
}

#[test]
fn whois_asks_for_a_card() {
    let mut view = view();
    type_in(&mut view, "/whois ana");
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Whois("ana".into(), "/whois ana".into()));
}

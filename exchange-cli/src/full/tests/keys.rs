//! What keys do.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

use super::*;
use crate::{
    full::{popup::Popup, press::KEYS},
    input::HELP,
};

const CONTROL: KeyModifiers = KeyModifiers::CONTROL;
const ALT: KeyModifiers = KeyModifiers::ALT;

fn typed(view: &View) -> String {
    view.tab().compose.text()
}

#[test]
fn what_is_typed_is_said_once_and_comes_back_by_the_arrow() {
    let mut view = view();
    type_in(&mut view, "hello");
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Say("hello".into()));
    assert_eq!(typed(&view), "");
    view.press(key(KeyCode::Up));
    assert_eq!(typed(&view), "hello");
    view.press(key(KeyCode::Down));
    assert_eq!(typed(&view), "");
}

#[test]
fn a_message_may_have_several_lines() {
    let mut view = view();
    type_in(&mut view, "one");
    view.press(with(ALT, KeyCode::Enter));
    type_in(&mut view, "two");
    view.press(with(CONTROL, KeyCode::Char('j')));
    type_in(&mut view, "three");
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Say("one\ntwo\nthree".into()));
}

#[test]
fn rooms_are_changed_by_keys_and_each_keeps_what_is_typed_there() {
    let mut view = view();
    let go = |view: &mut View, key| match view.press(key) {
        Do::Go(room) => {
            view.show(&room);
            room.to_string()
        }
        other => panic!("{other:?}"),
    };
    type_in(&mut view, "draft");
    assert_eq!(go(&mut view, with(CONTROL, KeyCode::Char('n'))), "ops");
    assert_eq!(typed(&view), "");
    assert_eq!(go(&mut view, with(ALT, KeyCode::Down)), "plans");
    assert_eq!(go(&mut view, with(ALT, KeyCode::Down)), "lobby", "they are a ring");
    assert_eq!(typed(&view), "draft");
    assert_eq!(go(&mut view, with(CONTROL, KeyCode::Char('p'))), "plans");
    assert_eq!(go(&mut view, with(ALT, KeyCode::Up)), "ops");
    assert_eq!(go(&mut view, with(ALT, KeyCode::Char('1'))), "lobby");
    assert_eq!(view.press(with(ALT, KeyCode::Char('9'))), Do::Nothing);
}

#[test]
fn what_is_new_is_gone_through_by_one_key_and_what_is_for_oneself_comes_first() {
    let mut view = view();
    let next = with(ALT, KeyCode::Char('a'));
    for name in ["plans", "ops"] {
        assert_eq!(view.press(next), Do::Go(room(name)));
        view.show(&room(name));
    }
    assert_eq!(view.press(next), Do::Nothing);
}

#[test]
fn words_are_completed() {
    let mut view = view();
    say(&mut view, said(1, 3, "bo", "hi"));
    type_in(&mut view, "@");
    view.press(key(KeyCode::Tab));
    assert_eq!(typed(&view), "@bo ");
    view.press(key(KeyCode::Tab));
    assert_eq!(typed(&view), "@ana ");
    view.press(key(KeyCode::BackTab));
    assert_eq!(typed(&view), "@bo ");
}

#[test]
fn the_line_is_edited_as_in_a_shell() {
    let mut view = view();
    let press = |view: &mut View, modifiers, c| drop(view.press(with(modifiers, KeyCode::Char(c))));
    type_in(&mut view, "one two three");
    press(&mut view, CONTROL, 'w');
    assert_eq!(typed(&view), "one two ");
    press(&mut view, ALT, 'b');
    press(&mut view, CONTROL, 'k');
    assert_eq!(typed(&view), "one ");
    press(&mut view, CONTROL, 'a');
    type_in(&mut view, "x");
    assert_eq!(typed(&view), "xone ");
    press(&mut view, ALT, 'f');
    press(&mut view, CONTROL, 'u');
    assert_eq!(typed(&view).trim(), "");
    type_in(&mut view, "ab cd");
    press(&mut view, CONTROL, 'a');
    press(&mut view, ALT, 'd');
    press(&mut view, CONTROL, 'e');
    type_in(&mut view, "!");
    assert!(typed(&view).trim_start().starts_with("cd"), "{}", typed(&view));
    assert!(typed(&view).ends_with('!'));
}

#[test]
fn only_what_is_no_command_is_told_to_be_being_typed() {
    let mut view = view();
    assert_eq!(view.press(key(KeyCode::Char('h'))), Do::Typing);
    assert_eq!(view.press(key(KeyCode::Backspace)), Do::Typing);
    assert_eq!(view.press(key(KeyCode::Char('/'))), Do::Nothing);
    assert_eq!(view.press(key(KeyCode::Char('m'))), Do::Nothing);
}

#[test]
fn leaving_is_not_done_by_accident() {
    let mut view = view();
    type_in(&mut view, "half a thought");
    assert_eq!(view.press(key(KeyCode::Esc)), Do::Nothing);
    assert_eq!(view.press(with(CONTROL, KeyCode::Char('d'))), Do::Nothing);
    assert_eq!(view.press(with(CONTROL, KeyCode::Char('c'))), Do::Nothing);
    assert_eq!(typed(&view), "");
    view.press(key(KeyCode::Up));
    assert_eq!(typed(&view).trim_end(), "half a thought", "it is not lost");
    view.press(with(CONTROL, KeyCode::Char('c')));
    assert_eq!(view.press(with(CONTROL, KeyCode::Char('c'))), Do::Quit);
    assert_eq!(view.press(with(CONTROL, KeyCode::Char('d'))), Do::Quit);
}

#[test]
fn many_lines_are_pasted_only_if_that_is_wanted() {
    let mut view = view();
    view.paste("one\r\ntwo");
    assert_eq!(typed(&view), "one\ntwo");
    view.press(with(CONTROL, KeyCode::Char('c')));
    let many = "line\n".repeat(7);
    view.paste(&many);
    assert_eq!(view.popup, Some(Popup::Paste(many.clone())));
    assert!(rows(&mut view, (80, 24)).iter().any(|row| row.contains("Paste 7 lines?")));
    view.press(key(KeyCode::Char('x')));
    assert!(view.popup.is_some(), "that was no answer");
    view.press(key(KeyCode::Esc));
    assert_eq!((typed(&view).as_str(), &view.popup), ("", &None));
    view.paste(&many);
    view.press(key(KeyCode::Enter));
    assert_eq!(typed(&view), many.trim_end());
}

#[test]
fn the_last_message_is_answered_by_a_key() {
    let mut view = view();
    say(&mut view, said(7, 2, "ana", "lunch?"));
    view.press(with(ALT, KeyCode::Char('r')));
    type_in(&mut view, "yes");
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Say("/reply #7 yes".into()));
}

#[test]
fn what_was_said_is_copied_and_the_mouse_scrolls_and_chooses_rooms() {
    let mut view = view();
    let enter = |view: &mut View, line: &str| {
        type_in(view, line);
        view.press(key(KeyCode::Enter))
    };
    assert_eq!(enter(&mut view, "/copy"), Do::Say("/copy".into()), "there is nothing yet, which is said");
    (1..=40).for_each(|seq| say(&mut view, said(seq, 2, "ana", &format!("number {seq}"))));
    assert_eq!(enter(&mut view, "/copy"), Do::Copy("number 40".into()));
    assert_eq!(enter(&mut view, "/copy #7"), Do::Copy("number 7".into()));
    assert_eq!(enter(&mut view, "/mouse on"), Do::Mouse(true));
    assert_eq!(enter(&mut view, "/mouse off"), Do::Mouse(false));
    rows(&mut view, (80, 24));
    let mouse = |kind, row| MouseEvent { kind, column: 3, row, modifiers: KeyModifiers::NONE };
    view.point(mouse(MouseEventKind::ScrollUp, 9));
    assert!(rows(&mut view, (80, 24))[21].ends_with("number 37"));
    view.point(mouse(MouseEventKind::ScrollDown, 9));
    assert!(view.tab().buffer.is_at_end());
    let click = MouseEventKind::Down(MouseButton::Left);
    assert_eq!(view.point(mouse(click, 2)), Do::Go(room("ops")));
    assert_eq!(view.point(mouse(click, 20)), Do::Nothing);
}

#[test]
fn the_readme_names_every_key() {
    let readme = include_str!("../../../README.md");
    for (keys, _) in KEYS {
        for key in keys.split([',', '…']).map(str::trim) {
            assert!(readme.contains(key), "{key}");
        }
    }
}

#[test]
fn other_keys_do_what_help_says() {
    let mut view = view();
    assert_eq!(view.press(with(CONTROL, KeyCode::Char('z'))), Do::Suspend);
    assert_eq!(view.press(with(CONTROL, KeyCode::Char('l'))), Do::Redraw);
    view.press(key(KeyCode::F(1)));
    assert_eq!(view.popup, Some(Popup::Help { above: 0 }));
    let shown = rows(&mut view, (120, 40)).join("\n");
    assert!(KEYS.iter().all(|(key, meaning)| shown.contains(key) && shown.contains(meaning)), "{shown}");
    view.press(key(KeyCode::Char('q')));
    assert_eq!((typed(&view).as_str(), &view.popup), ("", &None));
}

#[test]
fn help_is_scrolled_from_keys_to_commands_and_says_all_of_both() {
    let mut view = view();
    view.press(key(KeyCode::F(1)));
    let mut seen = String::new();
    for _ in 0..8 {
        seen.push_str(&rows(&mut view, (80, 24)).join("\n"));
        view.press(key(KeyCode::PageDown));
    }
    for (usage, _) in HELP {
        assert!(seen.contains(usage), "{usage}");
    }
    rows(&mut view, (80, 24));
    let end = view.popup.clone();
    view.press(key(KeyCode::Down));
    rows(&mut view, (80, 24));
    assert_eq!(view.popup, end, "there is nothing below");
    view.press(key(KeyCode::Esc));
    type_in(&mut view, "/help");
    assert_eq!(view.press(key(KeyCode::Enter)), Do::Nothing);
    assert!(rows(&mut view, (80, 24))[1].contains("/join ROOM"), "{:#?}", rows(&mut view, (80, 24)));
    view.press(key(KeyCode::Up));
    view.press(key(KeyCode::Up));
    assert!(rows(&mut view, (80, 24))[1].contains("F1"), "{:#?}", rows(&mut view, (80, 24)));
}

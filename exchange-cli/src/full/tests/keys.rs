//! What keys do.

use super::*;
use crate::full::{press::KEYS, view::Popup};

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
fn other_keys_do_what_help_says() {
    let mut view = view();
    assert_eq!(view.press(with(CONTROL, KeyCode::Char('z'))), Do::Suspend);
    assert_eq!(view.press(with(CONTROL, KeyCode::Char('l'))), Do::Redraw);
    view.press(key(KeyCode::F(1)));
    assert_eq!(view.popup, Some(Popup::Help));
    let shown = rows(&mut view, (120, 40)).join("\n");
    assert!(KEYS.iter().all(|(key, meaning)| shown.contains(key) && shown.contains(meaning)), "{shown}");
    view.press(key(KeyCode::Char('q')));
    assert_eq!((typed(&view).as_str(), &view.popup), ("", &None));
}

//! What was said before, and what comes while one reads it.

use super::*;

const SIZE: (u16, u16) = (80, 24);

/// The numbers of the messages that are seen.
fn seen(view: &mut View) -> Vec<u64> {
    let rows = rows(view, SIZE);
    rows.iter().filter_map(|row| row.rsplit_once("number ")?.1.parse().ok()).collect()
}

fn full_of(messages: u64) -> View {
    let mut view = view();
    (1..=messages).for_each(|seq| say(&mut view, said(seq, 2, "ana", &format!("number {seq}"))));
    view
}

#[test]
fn the_end_is_seen_and_new_messages_push_it_on() {
    let mut view = full_of(100);
    assert_eq!(seen(&mut view), (80..=100).collect::<Vec<_>>());
    say(&mut view, said(101, 2, "ana", "number 101"));
    assert_eq!(seen(&mut view).last(), Some(&101));
}

#[test]
fn whoever_reads_above_is_not_moved_by_what_comes() {
    let mut view = full_of(100);
    seen(&mut view);
    view.press(key(KeyCode::PageUp));
    let before = seen(&mut view);
    assert_eq!(before, (60..=80).collect::<Vec<_>>());
    for seq in 101..=112 {
        say(&mut view, said(seq, 3, "bo", &format!("number {seq}")));
    }
    assert_eq!(seen(&mut view), before);
    assert!(rows(&mut view, SIZE)[22].contains("12 new below"), "{:?}", rows(&mut view, SIZE)[22]);
    view.press(key(KeyCode::PageDown));
    assert_eq!(seen(&mut view), (80..=100).collect::<Vec<_>>());
    view.press(key(KeyCode::Esc));
    assert_eq!(seen(&mut view).last(), Some(&112));
    assert!(!rows(&mut view, SIZE)[22].contains("below"));
}

#[test]
fn the_beginning_is_the_end_of_going_up_and_going_down_ends_at_the_end() {
    let mut view = full_of(100);
    seen(&mut view);
    for _ in 0..20 {
        view.press(key(KeyCode::PageUp));
    }
    assert_eq!(seen(&mut view), (1..=21).collect::<Vec<_>>());
    for _ in 0..20 {
        view.press(key(KeyCode::PageDown));
    }
    assert_eq!(seen(&mut view).last(), Some(&100));
    assert!(view.tab().buffer.is_at_end());
}

#[test]
fn where_everything_is_seen_there_is_nowhere_to_go() {
    let mut view = full_of(3);
    seen(&mut view);
    view.press(key(KeyCode::PageUp));
    assert_eq!(seen(&mut view), [1, 2, 3]);
    assert!(view.tab().buffer.is_at_end());
    view.press(key(KeyCode::PageDown));
    assert_eq!(seen(&mut view), [1, 2, 3]);
}

#[test]
fn messages_of_many_rows_are_gone_through_row_by_row() {
    let mut view = view();
    let long = (1..=60).map(|number| format!("number {number}")).collect::<Vec<_>>().join("\n");
    say(&mut view, said(1, 2, "ana", &long));
    assert_eq!(seen(&mut view), (40..=60).collect::<Vec<_>>());
    view.press(key(KeyCode::PageUp));
    assert_eq!(seen(&mut view), (20..=40).collect::<Vec<_>>());
    view.press(key(KeyCode::PageUp));
    assert_eq!(seen(&mut view), (1..=21).collect::<Vec<_>>());
}

#[test]
fn a_room_that_is_opened_shows_where_what_is_new_begins() {
    let mut view = view();
    let ops = room("ops");
    for seq in 1..=5 {
        view.show(&ops);
        say(&mut view, said(seq, 2, "ana", &format!("number {seq}")));
        view.show(&RoomName::lobby());
    }
    view.tabs.iter_mut().find(|tab| tab.room == ops).unwrap().unread.messages = 3;
    view.show(&ops);
    let shown = rows(&mut view, SIZE);
    let new = shown.iter().position(|row| row.contains("── new ──")).unwrap();
    assert!(shown[new + 1].ends_with("number 3") && shown[new - 1].ends_with("number 2"), "{shown:#?}");
}

#[test]
fn no_more_than_ten_thousand_lines_are_kept_of_a_room() {
    let mut view = full_of(10_000);
    seen(&mut view);
    for _ in 0..600 {
        view.press(key(KeyCode::PageUp));
    }
    assert_eq!(seen(&mut view).first(), Some(&1));
    for seq in 10_001..=10_010 {
        say(&mut view, said(seq, 2, "ana", &format!("number {seq}")));
    }
    assert_eq!(seen(&mut view).first(), Some(&11), "the oldest have given way");
}

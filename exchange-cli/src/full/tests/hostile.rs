//! Nothing of what others say is obeyed by a terminal.

use std::io::{self, Write};

use proptest::prelude::*;
use ratatui::backend::CrosstermBackend;

use super::*;
use crate::{
    full::{popup::Popup, search::Hit},
    input::Found,
};

/// What is written to a terminal.
#[derive(Clone, Default)]
struct Written(std::rc::Rc<std::cell::RefCell<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a terminal is told to do that is not to move, to colour and to clear.
#[derive(Default)]
struct Watching {
    obeyed: Vec<String>,
}

impl vt100::Callbacks for Watching {
    fn audible_bell(&mut self, _: &mut vt100::Screen) {
        self.obeyed.push("bell".into());
    }

    fn set_window_title(&mut self, _: &mut vt100::Screen, title: &[u8]) {
        self.obeyed.push(format!("title {title:?}"));
    }

    fn set_window_icon_name(&mut self, _: &mut vt100::Screen, name: &[u8]) {
        self.obeyed.push(format!("icon {name:?}"));
    }

    fn copy_to_clipboard(&mut self, _: &mut vt100::Screen, _: &[u8], data: &[u8]) {
        self.obeyed.push(format!("copies {data:?}"));
    }

    fn unhandled_osc(&mut self, _: &mut vt100::Screen, parameters: &[&[u8]]) {
        self.obeyed.push(format!("osc {parameters:?}"));
    }

    fn unhandled_control(&mut self, _: &mut vt100::Screen, byte: u8) {
        self.obeyed.push(format!("control {byte}"));
    }
}

/// Draws all of it, with what `write` has been told, and gives what a terminal makes of it.
fn watched(view: &mut View) -> (String, Vec<String>) {
    let [width, height] = [100, 30];
    let written = Written::default();
    let backend = CrosstermBackend::new(written.clone());
    let viewport = ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, width, height));
    let mut terminal = Terminal::with_options(backend, ratatui::TerminalOptions { viewport }).unwrap();
    terminal.draw(|frame| draw(frame, view)).unwrap();
    drop(terminal);
    let mut parser = vt100::Parser::new_with_callbacks(
        height.try_into().unwrap(),
        width.try_into().unwrap(),
        0,
        Watching::default(),
    );
    let bytes = written.0.borrow().clone();
    parser.process(&bytes);
    let text = String::from_utf8(bytes).unwrap();
    let bidi = text.chars().filter(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    let controls = text.chars().filter(|c| matches!(c, '\u{80}'..='\u{9f}' | '\u{7f}'));
    let mut obeyed = std::mem::take(&mut parser.callbacks_mut().obeyed);
    obeyed.extend(bidi.chain(controls).map(|c| format!("{c:?}")));
    // A sequence may be begun by the program only: those it knows are of colours, places and clearing.
    let sequences = text.split('\u{1b}').skip(1);
    obeyed.extend(
        sequences
            .filter(|rest| {
                let end = rest.find(|c: char| c.is_ascii_alphabetic());
                !rest.starts_with('[') || end.is_none_or(|end| !"mHJKlhABCD".contains(&rest[end..=end]))
            })
            .map(|rest| rest.chars().take(12).collect()),
    );
    (parser.screen().contents(), obeyed)
}

/// Somebody says that, is called that, reacts so, has a room and a session of that name.
fn full_of(text: &str) -> View {
    let mut view = view();
    view.session = text.into();
    say(&mut view, said(1, 2, text, text));
    say(&mut view, said(2, 3, text, text).answering(1));
    let buffer = &mut view.tab_mut().buffer;
    buffer.message(exchange_tokio::core::Seq(2)).unwrap().react(text, peer(1), true);
    buffer.message(exchange_tokio::core::Seq(1)).unwrap().edit(text, true);
    let line = crate::line::Line::out(false).ours("* ").name(text).theirs(text).said(text);
    view.note(None, line, Timestamp::from_millis(AT));
    let tab = view.tab_mut();
    tab.topic = Some(text.into());
    tab.members.push(Member::new(peer(9), text, Status::Online));
    tab.types(peer(9), text, true);
    let hit = Hit::sample("lobby", 1, (peer(2), text), Timestamp::from_millis(AT), text);
    view.search.found(text, &Found { words: vec![text.into()], ..Found::default() }, vec![hit]);
    view.paste(text);
    view
}

/// The same, with that in front.
fn behind(text: &str, popup: Popup) -> View {
    let mut view = full_of(text);
    view.popup = Some(popup);
    view
}

/// Everything that can be in front and shows what somebody else has said.
fn popups(text: &str) -> Vec<Popup> {
    let mut card = card::card(text);
    for words in [&mut card.before, &mut card.namesakes, &mut card.rooms] {
        words.push(text.into());
    }
    card.spoke = Some(text.into());
    vec![Popup::Mentions, Popup::Search, Popup::People { place: 0 }, Popup::Card { card: Box::new(card), above: 0 }]
}

#[test]
fn what_is_known_to_be_hostile_is_only_shown() {
    for text in [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\u{1b}]52;c;aGk=\u{7}",
        "\u{9b}31mred\u{9c}",
        "exe\u{202e}txt.gpj",
        "\u{2066}hidden\u{2069}",
        "a\rb\u{8}\u{8}c\u{7f}",
        "\u{1b}P+q544e\u{1b}\\",
        "e\u{301}\u{302}\u{303}\u{304}\u{305}\u{306}\u{307}\u{308}\u{309}\u{30a}",
        "\u{200b}\u{200d}\u{feff}\u{e0041}",
    ] {
        let (shown, obeyed) = watched(&mut full_of(text));
        assert_eq!(obeyed, Vec::<String>::new(), "{text:?}");
        assert!(shown.contains("Lab") || shown.contains('>'), "{shown}");
        for popup in popups(text) {
            assert_eq!(watched(&mut behind(text, popup)).1, Vec::<String>::new(), "{text:?}");
        }
    }
}

#[test]
fn what_does_harm_would_be_seen() {
    let mut view = view();
    view.tab_mut().label = "\u{202e}".into();
    assert_ne!(watched(&mut view).1, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_that_looks_like_a_link_is_obeyed(text in "(https?:|x://)[\\x00-\\x1f\\x7f-\\u{9f}\\u{200b}-\\u{202e}a-c.:/@\\\\\\[\\]%é]{0,60}") {
        let (_, obeyed) = watched(&mut full_of(&text));
        prop_assert!(obeyed.is_empty(), "{obeyed:?}");
        for popup in popups(&text) {
            let (_, obeyed) = watched(&mut behind(&text, popup));
            prop_assert!(obeyed.is_empty(), "{obeyed:?}");
        }
    }

    #[test]
    fn nothing_that_anybody_says_is_obeyed(text in "[\\x00-\\x1f\\x7f-\\u{9f}\\u{200b}-\\u{202e}\\u{2060}-\\u{206f}a\\[\\];m0-9\\PC]{0,80}") {
        let (_, obeyed) = watched(&mut full_of(&text));
        prop_assert!(obeyed.is_empty(), "{obeyed:?}");
        for popup in popups(&text) {
            let (_, obeyed) = watched(&mut behind(&text, popup));
            prop_assert!(obeyed.is_empty(), "{obeyed:?}");
        }
    }
}

//! What keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use exchange_tokio::core::{PeerId, RoomName, Seq};
use ratatui_textarea::TextArea;

use super::{complete, draw::people_shown, popup::Popup, view::View};
use crate::input::{self, Entry, Which};

/// What help shows of keys.
pub(crate) const KEYS: [(&str, &str); 23] = [
    ("Enter", "say it"),
    ("Alt-Enter, Ctrl-J", "begin another line of it"),
    ("Tab, Shift-Tab", "complete a nick, a command, a room or :emoji:"),
    ("Up, Down", "what you said before, and later"),
    ("PageUp, PageDown", "read what was said before, and later"),
    ("Alt-End, Esc", "go to the end"),
    ("Ctrl-N, Alt-Down", "the next room"),
    ("Ctrl-P, Alt-Up", "the room before"),
    ("Alt-1 … Alt-9", "the first room … the ninth"),
    ("Alt-A", "the next room with something new"),
    ("Alt-M", "what was said that means you"),
    ("Ctrl-F", "look for what was said; /search does, too"),
    ("Alt-R", "answer the last message"),
    ("Alt-W", "the people here, and who somebody is"),
    ("Ctrl-A, Ctrl-E", "go to the beginning and to the end of the line"),
    ("Alt-B, Alt-F", "go back a word, and on"),
    ("Ctrl-U, Ctrl-K", "delete up to the cursor, and from there"),
    ("Ctrl-W, Alt-D", "delete the word before the cursor, and behind it"),
    ("Ctrl-Z", "back to the shell; fg comes here again"),
    ("Ctrl-L", "draw everything anew"),
    ("Ctrl-C", "delete what is typed; if nothing is, leave"),
    ("Ctrl-D", "leave, if nothing is typed"),
    ("F1", "this; /help shows commands"),
];

/// So many lines are pasted without a question.
const PASTED: usize = 5;

/// What is to be done for a key beyond what is shown.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Do {
    Nothing,
    /// Something was typed that is not said yet.
    Typing,
    Say(String),
    Go(RoomName),
    /// Look for that among what was said.
    Find(String),
    /// Show the message of that room at that place.
    Hit(RoomName, Seq),
    /// Show who somebody is.
    Card(PeerId),
    /// The same of whoever is called that; where that is nobody or not clear, the line is said.
    Whois(String, String),
    /// Let the terminal keep that for being put in elsewhere.
    Copy(String),
    /// Take the mouse from the terminal, or give it back.
    Mouse(bool),
    Suspend,
    Redraw,
    Quit,
}

impl View {
    /// Does what a key says.
    pub(crate) fn press(&mut self, key: KeyEvent) -> Do {
        if key.kind == KeyEventKind::Release {
            return Do::Nothing;
        }
        if let Some(popup) = self.popup.take() {
            return self.answer(popup, key);
        }
        let (control, alt) = (key.modifiers.contains(KeyModifiers::CONTROL), key.modifiers.contains(KeyModifiers::ALT));
        match key.code {
            KeyCode::F(1) => self.popup = Some(Popup::Help { above: 0 }),
            KeyCode::Char('m') if alt => self.popup = Some(Popup::Mentions),
            KeyCode::Char('f') if control => self.popup = Some(Popup::Search),
            KeyCode::Char('w') if alt => self.popup = Some(Popup::People { place: 0 }),
            KeyCode::Char('c') if control && !self.tab().compose.is_empty() => drop(self.tab_mut().compose.take()),
            KeyCode::Char('c') if control => return Do::Quit,
            KeyCode::Char('d') if control && self.tab().compose.is_empty() => return Do::Quit,
            KeyCode::Char('z') if control => return Do::Suspend,
            KeyCode::Char('l') if control => return Do::Redraw,
            KeyCode::Char('n') if control => return Do::Go(self.neighbour(false).clone()),
            KeyCode::Char('p') if control => return Do::Go(self.neighbour(true).clone()),
            KeyCode::Down if alt => return Do::Go(self.neighbour(false).clone()),
            KeyCode::Up if alt => return Do::Go(self.neighbour(true).clone()),
            KeyCode::Char(digit @ '1'..='9') if alt => {
                let place = digit as usize - '1' as usize;
                return self.tabs.get(place).map_or(Do::Nothing, |tab| Do::Go(tab.room.clone()));
            }
            KeyCode::Char('a') if alt => {
                return self.next_unread().map_or(Do::Nothing, |room| Do::Go(room.clone()));
            }
            KeyCode::Char('r') if alt => {
                if let Some(seq) = self.last_of_others() {
                    self.tab_mut().compose.set(&format!("/reply #{seq} "));
                }
            }
            KeyCode::PageUp => {
                let (height, look) = (self.height, self.look.clone());
                self.tab_mut().buffer.up(height.saturating_sub(1).max(1), height, &look);
            }
            KeyCode::PageDown => {
                let (height, look) = (self.height, self.look.clone());
                self.tab_mut().buffer.down(height.saturating_sub(1).max(1), &look);
            }
            KeyCode::Esc => self.tab_mut().buffer.go_to_end(),
            KeyCode::End if alt => self.tab_mut().buffer.go_to_end(),
            KeyCode::Tab => self.complete(false),
            KeyCode::BackTab => self.complete(true),
            KeyCode::Up => self.tab_mut().compose.up(),
            KeyCode::Down => self.tab_mut().compose.down(),
            KeyCode::Enter if alt || key.modifiers.contains(KeyModifiers::SHIFT) => {
                self.tab_mut().compose.edit(TextArea::insert_newline);
            }
            KeyCode::Char('j') if control => self.tab_mut().compose.edit(TextArea::insert_newline),
            KeyCode::Enter => {
                let tab = self.tab_mut();
                tab.buffer.go_to_end();
                let text = tab.compose.take();
                return self.of_screen(&text).unwrap_or(Do::Say(text));
            }
            _ => {
                let compose = &mut self.tab_mut().compose;
                let before = compose.text();
                compose.input(key);
                // A command is nothing that others wait for.
                if compose.text() != before && !before.starts_with('/') && !compose.text().starts_with('/') {
                    return Do::Typing;
                }
            }
        }
        Do::Nothing
    }

    /// Does what the mouse says, if the terminal has let the program have it.
    pub(crate) fn point(&mut self, mouse: MouseEvent) -> Do {
        const ROWS: usize = 3;
        let (height, look) = (self.height, self.look.clone());
        match mouse.kind {
            MouseEventKind::ScrollUp => self.tab_mut().buffer.up(ROWS, height, &look),
            MouseEventKind::ScrollDown => self.tab_mut().buffer.down(ROWS, &look),
            MouseEventKind::Down(MouseButton::Left) if self.rooms.contains((mouse.column, mouse.row).into()) => {
                let place = usize::from(mouse.row - self.rooms.y) + self.rooms_above(self.rooms.height);
                return self.tabs.get(place).map_or(Do::Nothing, |tab| Do::Go(tab.room.clone()));
            }
            MouseEventKind::Down(MouseButton::Left) if self.people.contains((mouse.column, mouse.row).into()) => {
                let (people, place) = (self.tab().people(), usize::from(mouse.row - self.people.y));
                let shown = people_shown(people.len(), self.people.height);
                return people.iter().take(shown).nth(place).map_or(Do::Nothing, |member| Do::Card(member.id));
            }
            _ => {}
        }
        Do::Nothing
    }

    /// What a line asks of the screen, if it does.
    fn of_screen(&mut self, line: &str) -> Option<Do> {
        match input::parse(line) {
            Ok(Entry::Help) => {
                // Keys are above commands, and a blank between them.
                self.popup = Some(Popup::Help { above: KEYS.len() + 1 });
                Some(Do::Nothing)
            }
            Ok(Entry::Search(_)) => {
                let asked = line.trim_start().split_once(char::is_whitespace)?.1;
                Some(Do::Find(asked.trim().to_owned()))
            }
            Ok(Entry::Whois(who)) => Some(Do::Whois(who, line.to_owned())),
            Ok(Entry::Mouse(is_wanted)) => Some(Do::Mouse(is_wanted)),
            Ok(Entry::Copy(which)) => {
                let seq = match which {
                    Which::Last => self.last_of_others()?,
                    Which::Number(number) => Seq(number),
                };
                Some(Do::Copy(self.tab().buffer.find(seq)?.text().to_owned()))
            }
            _ => None,
        }
    }

    /// Puts in what was pasted; of many lines, once that is what is wanted.
    pub(crate) fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        // What a terminal would obey, nobody means to say.
        let is_obeyed = |c: char| {
            c.is_control() && c != '\n' && c != '\t'
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        let text = text.replace(is_obeyed, "");
        if self.popup == Some(Popup::Search) {
            self.search.paste(&text);
        } else if text.trim_end().lines().count() > PASTED {
            self.popup = Some(Popup::Paste(text));
        } else {
            self.tab_mut().compose.edit(|area| area.insert_str(&text));
        }
    }

    fn complete(&mut self, backwards: bool) {
        let people = complete::People::of(self);
        let rooms: Vec<String> = self.tabs.iter().map(|tab| tab.label.clone()).collect();
        let candidates = |word: &super::compose::Word<'_>| complete::candidates(word, &people, &rooms);
        self.tab_mut().compose.complete(candidates, backwards);
    }
}

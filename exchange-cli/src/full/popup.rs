//! What is in front of everything, until it is answered or closed.

use crossterm::event::{KeyCode, KeyEvent};
use exchange_tokio::core::RoomName;
use ratatui::{
    Frame,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Block, Clear, Paragraph},
};

use super::{
    card::Card,
    draw::sign,
    press::{Do, KEYS},
    spans::linked,
    theme::{STRONG, Theme},
    view::{View, safe},
    wrap::{columns, cut, wrap},
};
use crate::input::HELP;

/// What is in front of everything, until it is answered or closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Popup {
    /// Keys and then commands, of which so many rows are above what is seen.
    Help { above: usize },
    /// What was said that means oneself.
    Mentions,
    /// What is looked for.
    Search,
    /// The people in the room, of whom the one at that place is marked.
    People { place: usize },
    /// Somebody, of whom so many rows are above what is seen.
    Card { card: Box<Card>, above: usize },
    /// Whether that is really to be put in.
    Paste(String),
}

pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, view: &mut View) {
    let theme = view.look.theme;
    match &view.popup {
        Some(Popup::Help { above }) => {
            let above = draw_help(frame, area, theme, *above);
            view.popup = Some(Popup::Help { above });
        }
        Some(Popup::Mentions) => draw_mentions(frame, area, view),
        Some(Popup::Search) => {
            let label = |room: &RoomName| view.label(room);
            view.search.draw(frame, area, &view.look, label);
        }
        Some(Popup::People { place }) => {
            let place = draw_people(frame, area, view, *place);
            view.popup = Some(Popup::People { place });
        }
        Some(Popup::Card { card, above }) => {
            let rows = card.rows(theme, usize::from(area.width).saturating_sub(4));
            let keys = if card.is_oneself() { "any key closes" } else { "m writes, any other key closes" };
            let above =
                draw_scrolled(frame, area, theme, &format!("{}: {keys}", safe(&card.person.peer.nick)), rows, *above);
            view.popup = Some(Popup::Card { card: card.clone(), above });
        }
        Some(Popup::Paste(text)) => draw_question(frame, area, theme, text),
        None => {}
    }
}

impl View {
    /// Does what a key says to what is in front.
    pub(super) fn answer(&mut self, popup: Popup, key: KeyEvent) -> Do {
        match (popup, key.code) {
            (Popup::Paste(text), KeyCode::Enter | KeyCode::Char('y')) => {
                self.tab_mut().compose.edit(|area| area.insert_str(text.trim_end()));
            }
            (Popup::Help { above }, KeyCode::Up) => self.popup = Some(Popup::Help { above: above.saturating_sub(1) }),
            (Popup::Help { above }, KeyCode::Down) => self.popup = Some(Popup::Help { above: above + 1 }),
            (Popup::Help { above }, KeyCode::PageUp) => {
                self.popup = Some(Popup::Help { above: above.saturating_sub(self.height) });
            }
            (Popup::Help { above }, KeyCode::PageDown) => self.popup = Some(Popup::Help { above: above + self.height }),
            (Popup::Search, _) => {
                if let Some(done) = self.search.press(key, self.height) {
                    self.popup = Some(Popup::Search);
                    return done;
                }
            }
            (Popup::People { place }, KeyCode::Up) => {
                self.popup = Some(Popup::People { place: place.saturating_sub(1) });
            }
            (Popup::People { place }, KeyCode::Down) => self.popup = Some(Popup::People { place: place + 1 }),
            (Popup::People { place }, KeyCode::Enter) => {
                return self.tab().people().get(place).map_or(Do::Nothing, |member| Do::Card(member.id));
            }
            (Popup::Card { card, above }, KeyCode::Up) => {
                self.popup = Some(Popup::Card { card, above: above.saturating_sub(1) });
            }
            (Popup::Card { card, above }, KeyCode::Down) => self.popup = Some(Popup::Card { card, above: above + 1 }),
            (Popup::Card { card, .. }, KeyCode::Char('m')) if !card.is_oneself() => {
                let compose = &mut self.tab_mut().compose;
                // What was typed already is perhaps for them; what asks for something else is not.
                let typed = Some(compose.text()).filter(|typed| !typed.starts_with('/')).unwrap_or_default();
                compose.set(&format!("/msg {} {typed}", card.address()));
            }
            (Popup::Paste(_), KeyCode::Esc | KeyCode::Char('n'))
            | (Popup::Help { .. } | Popup::Mentions | Popup::Card { .. }, _)
            | (Popup::People { .. }, KeyCode::Esc) => {}
            (popup, _) => self.popup = Some(popup),
        }
        Do::Nothing
    }
}

/// Gives how many rows are above what is seen: no more than that something is seen below.
fn draw_help(frame: &mut Frame<'_>, area: Rect, theme: Theme, above: usize) -> usize {
    const WORDS: usize = 25;
    let row = |(what, meaning): &(&'static str, &'static str)| {
        let words = [Span::styled(format!("{what:<WORDS$}"), STRONG), Span::raw(*meaning)];
        wrap(&words, usize::from(area.width).saturating_sub(4), WORDS)
    };
    let keys = KEYS.iter().flat_map(row);
    let rows: Vec<Line<'_>> = keys.chain([Line::raw("")]).chain(HELP.iter().flat_map(row)).collect();
    draw_scrolled(frame, area, theme, "Help: arrows scroll, any other key closes", rows, above)
}

/// Gives which of them is marked.
fn draw_people(frame: &mut Frame<'_>, area: Rect, view: &View, place: usize) -> usize {
    let (people, theme) = (view.tab().people(), view.look.theme);
    let place = place.min(people.len().saturating_sub(1));
    let rows = people.iter().enumerate().map(|(at, member)| {
        let (sign, style) = sign(member.status, theme);
        let name = if at == place { theme.bar() } else { theme.person(member.id) };
        let label = cut(member.label(), usize::from(area.width).saturating_sub(6));
        Line::from(vec![Span::styled(sign, style), Span::raw(" "), Span::styled(label, name)])
    });
    // The one that is marked is always among those that are seen.
    let above = (place + 3).saturating_sub(area.height.into());
    draw_popup(frame, area, theme, "Enter shows who it is, Esc closes", rows.skip(above).collect());
    place
}

/// Gives how many rows are above what is seen: no more than that something is seen below.
fn draw_scrolled(
    frame: &mut Frame<'_>,
    area: Rect,
    theme: Theme,
    title: &str,
    rows: Vec<Line<'_>>,
    above: usize,
) -> usize {
    let seen = usize::from(area.height).saturating_sub(2);
    let above = above.min(rows.len().saturating_sub(seen));
    draw_popup(frame, area, theme, title, rows.into_iter().skip(above).collect());
    above
}

fn draw_mentions(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let theme = view.look.theme;
    let width = usize::from(area.width).saturating_sub(4);
    let rows = view.mentions().flat_map(|(tab, said)| {
        let text = said.text().replace('\n', " ");
        let mut words = vec![
            Span::styled(format!("{} ", tab.label), theme.faint()),
            Span::styled(said.label().to_owned(), theme.person(said.sender)),
            Span::raw(" "),
        ];
        words.extend(linked(&text, Style::new(), &[], theme));
        wrap(&words, width, 2)
    });
    let mut rows: Vec<Line<'_>> = rows.take(area.height.into()).collect();
    if rows.is_empty() {
        rows.push(Line::styled("Nobody has meant you so far.", theme.faint()));
    }
    draw_popup(frame, area, theme, "For you (any key closes this)", rows);
}

fn draw_question(frame: &mut Frame<'_>, area: Rect, theme: Theme, text: &str) {
    let lines = text.trim_end().lines().count();
    let mut rows: Vec<Line<'_>> = text.lines().take(3).map(|line| Line::styled(safe(line), theme.faint())).collect();
    rows.push(Line::styled("…", theme.faint()));
    rows.push(Line::raw(""));
    rows.push(Line::raw("Enter puts it in, Esc does not."));
    draw_popup(frame, area, theme, &format!("Paste {lines} lines?"), rows);
}

fn draw_popup(frame: &mut Frame<'_>, area: Rect, theme: Theme, title: &str, rows: Vec<Line<'_>>) {
    let widest = rows.iter().map(Line::width).max().unwrap_or(0).max(columns(title) + 2);
    let size = |wanted: usize, most: u16| u16::try_from(wanted).unwrap_or(most).min(most);
    let (width, height) = (size(widest + 2, area.width), size(rows.len() + 2, area.height));
    let popup = Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height };
    frame.render_widget(Clear, popup);
    frame.render_widget(Paragraph::new(rows).style(theme.base()).block(Block::bordered().title(title)), popup);
}

//! Which session to join, or that one wants to host one: what is shown when nothing was said.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use crossterm::event::{Event as Input, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use exchange_tokio::{
    core::{
        SessionId, SessionName,
        discovery::{PeerRecord, SessionTable},
    },
    discovery::Discovery,
};
use futures_util::{StreamExt as _, stream};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span, Text},
};
use tokio::time::{Instant, sleep_until};

use super::{
    compose::Compose,
    distance::{Distance, Distances},
    jobs::{Jobs, Wanted},
    spans::spans,
    terminal::Whole,
    theme::{STRONG, Theme},
    view::safe,
    wrap::{columns, cut, wrap},
};
use crate::{
    app::App,
    args::{Whom, whom},
    exit::{Exit, Failure},
    find::{self, how_to_join, nothing_found},
    line, local,
};

/// How long nobody may answer until it is said what was tried.
const PATIENCE: Duration = Duration::from_secs(3);

/// What somebody wants.
#[derive(Debug)]
pub(crate) enum Choice {
    Join(Whom),
    /// Under that name, or under one's own.
    Host(Option<SessionName>),
    Leave,
}

/// Sessions to choose from.
#[derive(Debug)]
pub(super) struct Choose {
    pub(super) sessions: SessionTable,
    /// The names of sessions that one was in before.
    known: Vec<SessionName>,
    /// How far away those are of which it is known.
    pub(super) distances: BTreeMap<SessionId, Distance>,
    place: usize,
    asking: Option<(Asking, Compose)>,
    /// What went wrong, or what was tried in vain.
    told: Vec<line::Line>,
    theme: Theme,
}

/// What is being typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Whom,
    Name,
}

/// What help there is.
const KEYS: &str = "Enter joins · a: join by address or link · h: host a session · q: leave";

/// Lets somebody choose. `told` is what there is to say of the choice before.
pub(crate) async fn choose(app: &App, known: Vec<SessionName>, told: Vec<line::Line>) -> Result<Choice, Failure> {
    let discovery = app.discovery().map_err(|error| find::failure(&error))?;
    let is_told = !told.is_empty();
    let mut choose = Choose::new(known, told, Theme::of_environment(app.common.palette));
    let shown = show(app, discovery.as_ref(), &mut choose, is_told);
    app.unless_interrupted(shown).await?.map_err(|error| {
        Failure::new(Exit::Network, format!("The terminal cannot be used: {error}."), "--plain does without.")
    })
}

async fn show(
    app: &App,
    discovery: Option<&Arc<dyn Discovery>>,
    choose: &mut Choose,
    is_told: bool,
) -> std::io::Result<Choice> {
    let mut browse = match discovery.map(|discovery| discovery.browse()) {
        Some(Ok(browse)) => browse.left_stream(),
        Some(Err(error)) => {
            choose.told.push(line::Line::err(false).theirs(error).ours("."));
            stream::pending().right_stream()
        }
        None => stream::pending().right_stream(),
    };
    let (mut keys, mut jobs, mut terminal) = (EventStream::new(), Jobs::listen()?, Whole::take()?);
    let mut distances = Distances::default();
    let (in_vain, mut is_patient) = (Instant::now() + PATIENCE, !is_told);
    loop {
        terminal.draw_with(|frame| choose.draw(frame))?;
        tokio::select! {
            happened = keys.next() => match happened.transpose()? {
                None => return Ok(Choice::Leave),
                Some(Input::Key(key)) => match choose.press(key) {
                    Some(Pressed::Chosen(choice)) => return Ok(choice),
                    Some(Pressed::Stop) => terminal.stop()?,
                    None => {}
                },
                Some(Input::Paste(text)) => choose.paste(&text),
                Some(_) => {}
            },
            wanted = jobs.next() => match wanted {
                Wanted::Stop => terminal.stop()?,
                Wanted::GoOn => terminal.go_on()?,
            },
            Some(event) = browse.next() => {
                choose.sessions.apply(event);
                let there: BTreeSet<SessionId> = choose.sessions.iter().map(|record| record.session).collect();
                choose.distances.retain(|session, _| there.contains(session));
                distances.follow(&choose.sessions, &local::all_interfaces(&app.common.interface));
                if is_patient && !choose.sessions.is_empty() {
                    (choose.told, is_patient) = (Vec::new(), false);
                }
            }
            (session, distance) = distances.next() => drop(choose.distances.insert(session, distance)),
            () = sleep_until(in_vain), if is_patient => {
                is_patient = false;
                if choose.sessions.is_empty() {
                    choose.told = nothing_found(app, PATIENCE).await;
                }
            }
        }
    }
}

/// What a key has come to.
#[derive(Debug)]
pub(super) enum Pressed {
    Chosen(Choice),
    Stop,
}

impl Choose {
    pub(super) fn new(known: Vec<SessionName>, told: Vec<line::Line>, theme: Theme) -> Self {
        Self { sessions: SessionTable::new(), known, distances: BTreeMap::new(), place: 0, asking: None, told, theme }
    }

    /// The sessions that are there, in the order in which they are shown.
    fn there(&self) -> Vec<&PeerRecord> {
        let mut there: Vec<&PeerRecord> = self.sessions.iter().collect();
        there.sort_by_key(|record| (record.name.to_lowercase(), record.session));
        there
    }

    pub(super) fn press(&mut self, key: KeyEvent) -> Option<Pressed> {
        if key.kind == KeyEventKind::Release {
            return None;
        }
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c' | 'd') if control => return Some(Pressed::Chosen(Choice::Leave)),
            KeyCode::Char('z') if control => return Some(Pressed::Stop),
            _ => {}
        }
        if self.asking.is_some() {
            return self.answer(key).map(Pressed::Chosen);
        }
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.place = self.place.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.place = (self.place + 1).min(self.sessions.len().max(1) - 1),
            KeyCode::Enter => return self.chosen().map(Pressed::Chosen),
            KeyCode::Char('a') => self.asking = Some((Asking::Whom, Compose::default())),
            KeyCode::Char('h') => self.asking = Some((Asking::Name, Compose::default())),
            KeyCode::Char('q') | KeyCode::Esc => return Some(Pressed::Chosen(Choice::Leave)),
            _ => {}
        }
        None
    }

    pub(super) fn paste(&mut self, text: &str) {
        if let Some((_, compose)) = &mut self.asking {
            compose.edit(|area| area.insert_str(text.trim().replace(['\r', '\n'], " ")));
        }
    }

    fn answer(&mut self, key: KeyEvent) -> Option<Choice> {
        let (asking, compose) = self.asking.as_mut()?;
        match key.code {
            KeyCode::Esc => self.asking = None,
            KeyCode::Enter => {
                let text = compose.text();
                let text = text.trim();
                let chosen = match asking {
                    Asking::Name if text.is_empty() => Ok(Choice::Host(None)),
                    Asking::Name => {
                        SessionName::new(text).map(|name| Choice::Host(Some(name))).map_err(|error| error.to_string())
                    }
                    Asking::Whom => whom(text).map(Choice::Join),
                };
                match chosen {
                    Ok(choice) => return Some(choice),
                    Err(error) => self.told = vec![line::Line::err(false).theirs(error).ours(".")],
                }
            }
            _ => compose.input(key),
        }
        None
    }

    /// The session that is marked.
    fn chosen(&self) -> Option<Choice> {
        let there = self.there();
        let record = there.get(self.place)?;
        Some(Choice::Join(Whom::At((*record).clone().into())))
    }

    pub(super) fn draw(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        frame.buffer_mut().set_style(area, self.theme.base());
        let [title, list, told, keys] = Layout::vertical([
            Constraint::Length(1),
            Constraint::Min(1),
            Constraint::Length(
                u16::try_from(self.told_rows(area.width).len()).unwrap_or(u16::MAX).min(area.height / 2),
            ),
            Constraint::Length(1),
        ])
        .areas(area);
        let words = " Sessions on this network";
        let blank = " ".repeat(usize::from(area.width).saturating_sub(columns(words)));
        frame.render_widget(Line::styled(format!("{words}{blank}"), self.theme.bar()), title);
        frame.render_widget(Text::from(self.rows(list)), list);
        frame.render_widget(Text::from(self.told_rows(area.width)), told);
        match &self.asking {
            None => {
                let words = cut(&format!(" {KEYS}"), keys.width.into());
                frame.render_widget(Line::styled(words, self.theme.faint()), keys);
            }
            Some((asking, compose)) => {
                let what = match asking {
                    Asking::Whom => " Address, link or name: ",
                    Asking::Name => " What the session is called (nothing: it is yours): ",
                };
                let width = u16::try_from(columns(what)).unwrap_or(u16::MAX).min(keys.width / 2);
                let [label, input] = Layout::horizontal([Constraint::Length(width), Constraint::Min(1)]).areas(keys);
                frame.render_widget(Line::styled(what, STRONG), label);
                compose.draw(frame, input);
            }
        }
    }

    fn rows(&self, area: Rect) -> Vec<Line<'static>> {
        let there = self.there();
        let mut rows = vec![Line::raw("")];
        if there.is_empty() {
            rows.push(Line::styled("   Nobody hosts a session here that could be seen so far.", self.theme.faint()));
        }
        for (place, record) in there.iter().enumerate() {
            rows.push(self.row(record, place == self.place, area.width.into()));
        }
        let names: BTreeSet<&SessionName> = there.iter().map(|record| &record.name).collect();
        let away: Vec<_> = self.known.iter().filter(|name| !names.contains(name)).collect();
        if !away.is_empty() {
            rows.push(Line::raw(""));
            rows.push(Line::styled("   You were in these before, and they are not here now:", self.theme.faint()));
            rows.extend(away.iter().map(|name| Line::styled(format!("     {}", safe(name)), self.theme.faint())));
        }
        // The one that is marked is always among those that are seen.
        let skipped = (self.place + 2).saturating_sub(area.height.into());
        rows.drain(..skipped.min(rows.len()));
        rows
    }

    fn row(&self, record: &PeerRecord, is_marked: bool, width: usize) -> Line<'static> {
        let people = if record.people == 1 { "person" } else { "people" };
        let protection = match (record.peer.is_some(), record.is_locked) {
            (false, _) => "not encrypted",
            (true, true) => "encrypted, by code",
            (true, false) => "encrypted",
        };
        let how = how_to_join(record, &self.sessions).filter(|how| !how.starts_with('"'));
        let address = how.or_else(|| record.addresses.first().map(ToString::to_string));
        let distance = match self.distances.get(&record.session) {
            None => String::new(),
            Some(None) => " · does not answer".into(),
            Some(Some(distance)) => format!(" · {} ms", distance.as_millis().max(1)),
        };
        let about = format!("{} · {} {people} · {protection}{distance}", safe(&record.host), record.people);
        let about = address.map(|address| format!("{about} · {address}")).unwrap_or(about);
        let mark = if is_marked { " ▸ " } else { "   " };
        let name = cut(&safe(&record.name), width.saturating_sub(3));
        let left = width.saturating_sub(3 + columns(&name) + 2);
        let style = if is_marked { self.theme.bar() } else { STRONG };
        Line::from(vec![
            Span::raw(mark),
            Span::styled(name, style),
            Span::raw("  "),
            Span::styled(cut(&about, left), self.theme.faint()),
        ])
    }

    fn told_rows(&self, width: u16) -> Vec<Line<'static>> {
        self.told
            .iter()
            .flat_map(|line| {
                let mut words = vec![Span::raw(" ")];
                words.extend(spans(line, 0, self.theme));
                wrap(&words, width.into(), 1)
            })
            .collect()
    }
}

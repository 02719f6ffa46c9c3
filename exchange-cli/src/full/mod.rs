//! A session on the whole screen.
//!
//! ```text
//!   events ──────▶ ┌──────┐
//!   its own words ▶│ View │──▶ draw ──▶ terminal
//!   keys ────────▶ └──┬───┘
//!                     └── what is said and asked for ──▶ the conversation, as in line mode
//! ```
//!
//! What commands do and say is the conversation's, whether lines are typed here or come from a pipe: this shows it, and
//! knows which room is meant.
//!
//! | file | holds |
//! |---|---|
//! | `view` | what is known and shown; `press`: what keys do to it |
//! | `popup` | what is in front of it until it is answered or closed; `card`: somebody there |
//! | `search` | what is looked for, and what was found |
//! | `known` | what was seen of people |
//! | `buffer`, `item`, `spans`, `wrap` | what was said in a room, and how much of that is seen |
//! | `compose`, `complete` | what is being typed |
//! | `draw`, `theme` | how it looks; `palette`, `colour`: in which colours, and what a terminal has of them |
//! | `choose`, `distance` | which session to join, and how far away each is |
//! | `terminal`, `jobs`, `log` | the terminal itself; when it is the shell's; what must not be drawn on it |

mod buffer;
mod card;
mod choose;
mod colour;
mod complete;
mod compose;
mod distance;
mod draw;
mod item;
mod jobs;
mod known;
mod log;
mod palette;
mod popup;
mod press;
mod search;
mod spans;
mod terminal;
#[cfg(test)]
mod tests;
mod theme;
mod view;
mod wrap;

use std::{io, time::Duration};

use crossterm::event::{Event as Input, EventStream};
use exchange_tokio::{
    Events,
    core::{Event, LeaveReason, Peer, PeerId, Person, RoomName, Seq, Timestamp, Unread},
};
use futures_util::StreamExt as _;
use jiff::tz::TimeZone;
use tokio::{
    sync::{mpsc::Sender, watch},
    time::{Instant, sleep_until},
};

use self::{
    card::Card,
    item::Look,
    jobs::{Jobs, Wanted},
    popup::Popup,
    press::Do,
    search::Hit,
    terminal::Whole,
    theme::Theme,
    view::{Link, Member, RoomNow, View, safe},
};
pub(crate) use self::{
    choose::{Choice, choose},
    colour::Ink,
    log::Log,
    palette::{Palette, THEMES},
    terminal::give_back,
};
use crate::{
    home::Trust,
    input::{self, Entry, Mistake, Typed},
    line::Line,
    output::{Ignored, Printer, RoomLabel, peers, told_apart},
    screen::Captured,
    seat::Seat,
    session::search,
};

/// What happens within so short a time is drawn together.
const FRAME: Duration = Duration::from_millis(16);

/// Whoever types sees it at once; of what is pasted, not every letter is drawn by itself.
const KEY: Duration = Duration::from_millis(3);

/// How often the round trip is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Others see that one is there no more than so often.
const ACTIVE: Duration = Duration::from_secs(1);

/// Events that are taken in before the keys have their turn.
const TOGETHER: usize = 256;

/// A session on the whole screen.
#[derive(Debug)]
pub(crate) struct Full {
    pub(crate) seat: Seat,
    pub(crate) events: Events,
    /// Turns what happens into words, which go to `told`.
    pub(crate) printer: Printer,
    pub(crate) told: Captured,
    /// What the conversation and the program say.
    pub(crate) said: Captured,
    pub(crate) ignored: Ignored,
    pub(crate) typed: Sender<Typed>,
    /// The room in which the conversation talks.
    pub(crate) room: watch::Receiver<RoomName>,
    /// What somebody has set of the colours.
    pub(crate) palette: Palette,
    /// How well one knows the host.
    pub(crate) trust: Trust,
    /// When it was told last that somebody is at the keyboard.
    pub(crate) active: Option<Instant>,
}

/// What there is to be taken in.
enum Happened {
    Input(Option<Input>),
    Job(Wanted),
    Event(Option<Event>),
    Line(Line),
    /// The conversation is in another room.
    Room,
    /// It is time to draw.
    Due,
}

impl Full {
    /// Shows the session until the user wants to leave.
    pub(crate) async fn run(mut self, session: String) -> io::Result<()> {
        let look = Look { theme: Theme::of_environment(self.palette), zone: TimeZone::system(), width: 0 };
        let linked = match self.seat {
            Seat::Host(_) => Link::Own,
            Seat::Client(_) => Link::Up { round_trip: None },
        };
        let mut view = View::new(session, self.seat.me().id, look, self.trust != Trust::Insecure, linked);
        for room in self.seat.rooms().await.unwrap_or_default() {
            self.catch_up(&room, &mut view).await;
        }
        let mut terminal = Whole::take()?;
        let (mut keys, mut jobs) = (EventStream::new(), Jobs::listen()?);
        let (mut drawn, mut pause, mut is_over) = (Instant::now(), FRAME, false);
        loop {
            let due = drawn + pause;
            let happened = tokio::select! {
                biased;
                input = keys.next() => Happened::Input(input.transpose()?),
                wanted = jobs.next() => Happened::Job(wanted),
                () = sleep_until(due) => Happened::Due,
                event = self.printer.next(&mut self.events), if !is_over => Happened::Event(event),
                Some(line) = self.told.next() => Happened::Line(line),
                Some(line) = self.said.next() => Happened::Line(line),
                line = log::line() => Happened::Line(line),
                Ok(()) = self.room.changed() => Happened::Room,
            };
            pause = pause.min(FRAME);
            match happened {
                Happened::Due => {
                    self.refresh(&mut view).await;
                    terminal.draw(&mut view)?;
                    if let Some(words) = view.call.take() {
                        terminal::call(&words)?;
                    }
                    (drawn, pause) = (Instant::now(), LOOK);
                }
                Happened::Input(Some(input)) => {
                    if self.take(input, &mut view, &mut terminal).await? {
                        return Ok(());
                    }
                    pause = KEY;
                }
                Happened::Event(Some(event)) => {
                    self.tell(&event, &mut view).await;
                    for _ in 0..TOGETHER {
                        let Some(event) = self.events.try_event() else { break };
                        self.tell(&event, &mut view).await;
                    }
                }
                Happened::Line(line) => view.note(None, line, now()),
                Happened::Room => view.show(&self.room.borrow_and_update().clone()),
                Happened::Job(Wanted::Stop) => terminal.stop()?,
                Happened::Job(Wanted::GoOn) => terminal.go_on()?,
                // What that comes to, the conversation says.
                Happened::Event(None) => is_over = true,
                // Without a terminal, there is nobody to show anything to.
                Happened::Input(None) => return Ok(()),
            }
        }
    }

    /// Does what a key or the terminal says; whether that is to leave.
    async fn take(&mut self, happened: Input, view: &mut View, terminal: &mut Whole) -> io::Result<bool> {
        let is_there = !matches!(happened, Input::FocusLost | Input::Resize(..));
        if is_there && self.active.is_none_or(|active| active.elapsed() >= ACTIVE) {
            self.active = Some(Instant::now());
            let _ = self.seat.active().await;
        }
        let done = match happened {
            Input::Key(key) => view.press(key),
            Input::Paste(text) => {
                view.paste(&text);
                Do::Nothing
            }
            Input::Mouse(mouse) => view.point(mouse),
            Input::FocusGained => {
                view.watched(true);
                Do::Nothing
            }
            Input::FocusLost => {
                view.watched(false);
                Do::Nothing
            }
            Input::Resize(..) => Do::Nothing,
        };
        match done {
            Do::Nothing => {}
            Do::Typing => drop(self.seat.room(view.shown()).set_typing(true).await),
            Do::Say(text) => {
                #[cfg(debug_assertions)]
                terminal::fail_at(&text);
                let _ = self.typed.send(Typed::Line(text)).await;
            }
            Do::Go(room) => {
                view.show(&room);
                let _ = self.typed.send(Typed::Room(room)).await;
            }
            Do::Find(asked) => self.find(&asked, view).await,
            Do::Hit(room, seq) => self.go_to(room, seq, view).await,
            Do::Card(id) => self.introduce(id, view).await,
            Do::Whois(who, line) => match &self.seat.whois(&who).await.unwrap_or_default()[..] {
                [person] => self.introduce(person.peer.id, view).await,
                _ => drop(self.typed.send(Typed::Line(line)).await),
            },
            Do::Copy(text) => {
                terminal::copy(&text)?;
                let words = Line::err(false).ours("-- ").ours("Copied, if the terminal allows that.");
                view.note(None, words, now());
            }
            Do::Mouse(is_wanted) => terminal::take_mouse(is_wanted)?,
            Do::Redraw => terminal.forget()?,
            Do::Suspend => terminal.stop()?,
            Do::Quit => return Ok(true),
        }
        Ok(false)
    }

    /// Looks for something that was said.
    async fn find(&self, asked: &str, view: &mut View) {
        view.popup = Some(Popup::Search);
        match input::parse(&format!("/search {asked}")) {
            Ok(Entry::Search(found)) => {
                let room = found.room.as_ref().unwrap_or_else(|| view.shown());
                let hits = search(&self.seat, room, &found).await;
                let hits = hits.iter().map(|hit| Hit::new(hit, &self.printer.label(hit.message().sender())));
                view.search.found(asked, &found, hits.collect());
            }
            Err(Mistake::Usage(usage)) => view.search.fails(asked, format!("It is {usage}.")),
            Ok(_) | Err(Mistake::Unknown(_)) => {}
        }
    }

    /// Shows a message where it was said.
    async fn go_to(&self, room: RoomName, seq: Seq, view: &mut View) {
        view.popup = None;
        view.show(&room);
        let _ = self.typed.send(Typed::Room(room)).await;
        if !view.find(seq) {
            // It is held, and yet so old or from so long before one came that it is not shown.
            let _ = self.typed.send(Typed::Line(format!("/history 20 before #{}", seq.next()))).await;
        }
    }

    /// Shows who somebody is, or brings that up to date.
    async fn introduce(&self, id: PeerId, view: &mut View) {
        let (before, above) = match view.popup.take() {
            Some(Popup::Card { card, above }) => (Some(card), above),
            _ => (None, 0),
        };
        let card = Card::of(id, (&self.seat, self.trust), view, now(), before.as_deref()).await.map(Box::new);
        // Whoever has gone is shown as they were.
        view.popup = card.or(before).map(|card| Popup::Card { card, above });
    }

    async fn tell(&mut self, event: &Event, view: &mut View) {
        if self.ignored.hide(event) {
            return;
        }
        let is_said =
            matches!(event, Event::Message(_) | Event::Edited { .. } | Event::Deleted { .. } | Event::Reacted { .. });
        if !is_said {
            self.printer.tell(event).await;
        }
        view.tell(event, |peer: &Peer| self.printer.label(peer));
        while let Some(line) = self.told.try_next() {
            match event {
                Event::PeerJoined { room, peer, .. } => view.crowd(room, &self.printer.label(peer), true, now()),
                Event::PeerLeft { room, peer, reason: LeaveReason::Left | LeaveReason::TimedOut, .. } => {
                    view.crowd(room, &self.printer.label(peer), false, now());
                }
                _ => view.note(room_of(event), line, now()),
            }
        }
    }

    /// What was said in a session that is hosted again is told to nobody who was there, and a host was.
    async fn catch_up(&self, room: &RoomName, view: &mut View) {
        let Seat::Host(host) = &self.seat else { return };
        for held in host.room(room.as_str()).messages().await.unwrap_or_default() {
            view.catch_up(&held, |peer| self.printer.label(peer));
        }
    }

    /// Brings what is shown of rooms and people up to date.
    async fn refresh(&mut self, view: &mut View) {
        let me = self.seat.me().id;
        let people = self.seat.people().await.unwrap_or_default();
        let called: Vec<(Peer, String)> = {
            let peers = peers(people.clone());
            let labels = told_apart(&peers);
            peers.into_iter().zip(labels).collect()
        };
        for person in &people {
            view.known.called(&person.peer);
            view.known.is(person.peer.id, person.status, now());
        }
        let label = |id| called.iter().find(|(peer, _)| peer.id == id).map(|(_, label)| label.clone());
        let mut rooms = Vec::new();
        for name in self.seat.rooms().await.unwrap_or_default() {
            let room = self.seat.room(&name);
            let mut unread = room.unread().await.unwrap_or_default();
            if name == *view.shown() && view.is_read() && unread.messages > 0 {
                let _ = room.mark_read(Seq(u64::MAX)).await;
                unread = Unread::default();
            }
            let details = if name == *view.shown() {
                let topic = room.topic().await.ok().flatten().map(|topic| topic.to_string());
                let members = room.members().await.unwrap_or_default();
                let here = people.iter().filter(|person| members.iter().any(|member| member.id == person.peer.id));
                let member = |person: &Person| {
                    let label = label(person.peer.id).unwrap_or_else(|| person.peer.nick.to_string());
                    Member::new(person.peer.id, &label, person.status)
                };
                Some((topic, here.map(member).collect()))
            } else {
                None
            };
            let label = RoomLabel::new(&name, me, label).show(Line::out(false)).as_str().to_owned();
            rooms.push(RoomNow { room: name, label, unread, details });
        }
        view.refresh(rooms);
        if let Some(Popup::Card { card, .. }) = &view.popup {
            let id = card.person.peer.id;
            self.introduce(id, view).await;
        }
        if let Some(seq) = view.last_of_mine() {
            let seen = self.seat.room(view.shown()).seen_by(seq).await.ok().flatten();
            view.tab_mut().buffer.receipt = seen.map(|seen| (seq, safe(&seen.to_string())));
        }
        if let Seat::Client(client) = &self.seat {
            view.link = match view.link {
                Link::Down { .. } => Link::Down { waiting: client.stats().await.map_or(0, |stats| stats.undelivered) },
                _ => Link::Up { round_trip: client.round_trip().await.ok().flatten() },
            };
        }
    }
}

/// The room in which an event is shown.
fn room_of(event: &Event) -> Option<&RoomName> {
    match event {
        Event::PeerJoined { room, .. }
        | Event::PeerLeft { room, .. }
        | Event::Acted { room, .. }
        | Event::Renamed { room, .. }
        | Event::Gap { room, .. }
        | Event::RoomJoined { room, .. }
        | Event::HistoryLost { room }
        | Event::Forged { room, .. }
        | Event::Forked { room, .. } => Some(room),
        _ => None,
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0))
}

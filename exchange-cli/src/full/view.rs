//! What is known of a session and shown of it: its rooms, the people in them, what was said there.

use std::{collections::BTreeMap, mem};

use exchange_tokio::core::{Event, MessageView, Peer, PeerId, RoomName, Seq, Status, Timestamp, Unread};

use ratatui::layout::Rect;

use super::{
    buffer::Buffer,
    compose::Compose,
    item::{Item, Look, Said, moment},
    known::Known,
    popup::Popup,
    search::Search,
};
use crate::{line::Line, links::short};

/// Everything that is shown.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) session: String,
    pub(crate) me: PeerId,
    pub(crate) look: Look,
    /// Whether people sign what they say here.
    pub(crate) proves: bool,
    /// In the order in which they are shown.
    pub(crate) tabs: Vec<Tab>,
    shown: RoomName,
    pub(crate) link: Link,
    /// Whether somebody looks at the terminal, as far as it says so.
    pub(crate) is_watched: bool,
    pub(crate) popup: Option<Popup>,
    /// How many rows of the room there are on the screen, and where rooms and people are.
    pub(crate) height: usize,
    pub(crate) rooms: Rect,
    pub(crate) people: Rect,
    pub(crate) known: Known,
    pub(crate) search: Search,
    /// What is worth a sound, of those that nobody has looked at.
    pub(crate) call: Option<String>,
}

/// A room one is in.
#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) room: RoomName,
    pub(crate) label: String,
    pub(crate) topic: Option<String>,
    pub(crate) unread: Unread,
    /// What somebody said to oneself alone before one was there to hear it, and has not looked at.
    said_before: usize,
    pub(crate) members: Vec<Member>,
    typing: BTreeMap<PeerId, String>,
    pub(crate) buffer: Buffer,
    pub(crate) compose: Compose,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: PeerId,
    label: String,
    pub(crate) status: Status,
}

impl Member {
    pub(crate) fn new(id: PeerId, label: &str, status: Status) -> Self {
        Self { id, label: safe(label), status }
    }

    /// What they are called: it has passed the gate.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }
}

/// How things stand with the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// One hosts the session oneself.
    Own,
    Up {
        round_trip: Option<std::time::Duration>,
    },
    /// So many messages wait to be sent.
    Down {
        waiting: usize,
    },
}

/// A room as the session knows it now.
#[derive(Debug)]
pub(crate) struct RoomNow {
    pub(crate) room: RoomName,
    pub(crate) label: String,
    pub(crate) unread: Unread,
    /// What it is about and who is in it, of the room that is shown.
    pub(crate) details: Option<(Option<String>, Vec<Member>)>,
}

impl View {
    pub(crate) fn new(session: String, me: PeerId, look: Look, proves: bool, link: Link) -> Self {
        let lobby = RoomName::lobby();
        Self {
            session,
            me,
            look,
            proves,
            tabs: vec![Tab::new(lobby.clone(), format!("#{lobby}"))],
            shown: lobby,
            link,
            is_watched: true,
            popup: None,
            height: 0,
            rooms: Rect::ZERO,
            people: Rect::ZERO,
            known: Known::default(),
            search: Search::default(),
            call: None,
        }
    }

    /// The room that is shown; the lobby, if it is not there.
    pub(crate) fn tab(&self) -> &Tab {
        &self.tabs[self.place()]
    }

    pub(crate) fn tab_mut(&mut self) -> &mut Tab {
        let place = self.place();
        &mut self.tabs[place]
    }

    /// Which of the rooms is shown. There always is one.
    pub(crate) fn place(&self) -> usize {
        self.tabs.iter().position(|tab| tab.room == self.shown).unwrap_or(0)
    }

    /// How many rooms are above those that are seen in so many rows: the one that is shown is among them.
    pub(crate) fn rooms_above(&self, rows: u16) -> usize {
        (self.place() + 1).saturating_sub(rows.into())
    }

    pub(crate) fn shown(&self) -> &RoomName {
        &self.shown
    }

    /// What a room is called.
    pub(crate) fn label(&self, room: &RoomName) -> String {
        self.tabs.iter().find(|tab| tab.room == *room).map_or_else(|| format!("#{room}"), |tab| tab.label.clone())
    }

    /// Shows another room, from where it was looked at last.
    pub(crate) fn show(&mut self, room: &RoomName) {
        if self.shown == *room {
            return;
        }
        self.of(room);
        self.shown = room.clone();
        let tab = self.tab_mut();
        tab.said_before = 0;
        let unread = mem::take(&mut tab.unread).messages;
        tab.buffer.mark_last(unread);
        tab.buffer.go_to_end();
    }

    /// Shows the message at that place of the room that is shown, as it was found; whether it is there.
    pub(crate) fn find(&mut self, seq: Seq) -> bool {
        let (words, height, look) = (self.search.words().to_vec(), self.height, self.look.clone());
        self.tab_mut().buffer.show(seq, &words, height, &look)
    }

    /// Whether somebody sees the end of the room that is shown.
    pub(crate) fn is_read(&self) -> bool {
        self.is_watched && self.tab().buffer.is_at_end()
    }

    /// Nobody looks any more, or somebody does again.
    pub(crate) fn watched(&mut self, is_watched: bool) {
        if self.is_watched && !is_watched {
            self.tab_mut().buffer.mark_end();
        }
        self.is_watched = is_watched;
    }

    /// Takes in what happened of what was said; `label` is what people are called.
    pub(crate) fn tell(&mut self, event: &Event, label: impl Fn(&Peer) -> String) {
        let (me, proves) = (self.me, self.proves);
        match event {
            Event::Message(message) => {
                self.known.called(message.sender());
                let said = Said::new(message, &label(message.sender()), me, proves);
                // Whoever begins to talk to one alone has said something before one has come.
                let is_direct = message.room().direct_between().is_some();
                let is_for_me = is_direct || message.mentions().contains(&me) && !message.is_replayed();
                if !message.is_mine() && is_for_me && !(self.is_read() && self.shown == *message.room()) {
                    self.call = Some(format!("{}: {}", said.label(), short(said.text())));
                }
                let tab = self.of(message.room());
                tab.typing.remove(&message.sender().id);
                tab.put(said, is_direct && message.is_replayed() && !message.is_mine());
            }
            Event::Edited { change, text, mentions } => {
                if let Some(said) = self.of(change.room()).buffer.message(change.of) {
                    said.edit(text, mentions.contains(&me));
                }
            }
            Event::Deleted { change } => {
                if let Some(said) = self.of(change.room()).buffer.message(change.of) {
                    said.delete();
                }
            }
            Event::Reacted { change, reaction, added } => {
                if let Some(said) = self.of(change.room()).buffer.message(change.of) {
                    said.react(reaction, change.peer.id, *added);
                }
            }
            Event::Renamed { peer, before, .. } => {
                self.known.called(&Peer { nick: before.clone(), ..peer.clone() });
                self.known.called(peer);
            }
            Event::Typing { room, peer, typing } => {
                let label = label(peer);
                self.of(room).types(peer.id, &label, *typing);
            }
            Event::HistoryLost { room } => self.of(room).buffer.forget_places(),
            Event::Connected { .. } => self.link = Link::Up { round_trip: None },
            Event::Disconnected { .. } => self.link = Link::Down { waiting: 0 },
            _ => {}
        }
    }

    /// Takes in what was said in a room before, as it stands now.
    pub(crate) fn catch_up(&mut self, held: &MessageView, label: impl Fn(&Peer) -> String) {
        let message = held.message();
        self.known.called(message.sender());
        let mut said = Said::new(message, &label(message.sender()), self.me, self.proves);
        if held.edited().is_some() {
            said.edit(held.text(), message.mentions().contains(&self.me));
        }
        for (reaction, people) in held.reactions() {
            for peer in people {
                said.react(reaction, *peer, true);
            }
        }
        self.of(message.room()).put(said, false);
    }

    /// Shows a line in a room, or in the one that is shown.
    pub(crate) fn note(&mut self, room: Option<&RoomName>, line: Line, at: Timestamp) {
        let item = Item::Told { line, at };
        match room {
            Some(room) => self.of(room).buffer.push(item),
            None => self.tab_mut().buffer.push(item),
        }
    }

    /// Somebody came into a room, or left it.
    pub(crate) fn crowd(&mut self, room: &RoomName, label: &str, has_come: bool, at: Timestamp) {
        self.of(room).buffer.crowd(safe(label), has_come, at);
    }

    /// Brings rooms and people up to date. A room that one is not in any more is shown as long as one looks at it.
    pub(crate) fn refresh(&mut self, rooms: Vec<RoomNow>) {
        let (is_seen, shown) = (self.is_read(), self.shown.clone());
        let names: Vec<RoomName> = rooms.iter().map(|now| now.room.clone()).collect();
        for RoomNow { room, label, unread, details } in rooms {
            let tab = self.of(&room);
            (tab.label, tab.unread) = (label, unread);
            if is_seen && room == shown {
                tab.said_before = 0;
            }
            tab.unread.messages += tab.said_before;
            if let Some((topic, members)) = details {
                (tab.topic, tab.members) = (topic, members);
            }
        }
        self.tabs.retain(|tab| tab.room.is_lobby() || tab.room == shown || names.contains(&tab.room));
        let rank = |tab: &Tab| (!tab.room.is_lobby(), tab.room.direct_between().is_some(), tab.label.clone());
        self.tabs.sort_by_cached_key(rank);
    }

    /// The next room, or the one before.
    pub(crate) fn neighbour(&self, backwards: bool) -> &RoomName {
        let count = self.tabs.len();
        let step = if backwards { count - 1 } else { 1 };
        &self.tabs[(self.place() + step) % count].room
    }

    /// The next room in which there is something new, those first in which it is for oneself.
    pub(crate) fn next_unread(&self) -> Option<&RoomName> {
        let others = self.tabs.iter().filter(|tab| tab.room != self.shown && tab.unread.messages > 0);
        let tab = others.max_by_key(|tab| (tab.unread.mentions > 0, tab.room.direct_between().is_some()))?;
        Some(&tab.room)
    }

    /// One's own last message in the room that is shown.
    pub(crate) fn last_of_mine(&self) -> Option<Seq> {
        self.tab().buffer.messages().find(|said| said.mine)?.seq
    }

    /// When somebody said something last, and where.
    pub(crate) fn spoke(&self, id: PeerId) -> Option<String> {
        let last = |tab: &'_ Tab| tab.buffer.messages().find(|said| said.sender == id).map(Said::at);
        let spoke = self.tabs.iter().filter_map(|tab| Some((last(tab)?, tab)));
        let (at, tab) = spoke.max_by_key(|(at, _)| *at)?;
        let at = moment(at, &self.look.zone)?;
        Some(format!("{} in {}", at.strftime("%-d %B, %H:%M"), tab.label))
    }

    /// What was said that means oneself, the newest first, and in which room.
    pub(crate) fn mentions(&self) -> impl Iterator<Item = (&Tab, &Said)> {
        self.tabs
            .iter()
            .flat_map(|tab| tab.buffer.messages().map(move |said| (tab, said)))
            .filter(|(_, said)| said.means_me())
    }

    /// The last message of somebody else in the room that is shown.
    pub(crate) fn last_of_others(&self) -> Option<Seq> {
        self.tab().buffer.messages().find(|said| !said.mine)?.seq
    }

    fn of(&mut self, room: &RoomName) -> &mut Tab {
        let place = self.tabs.iter().position(|tab| tab.room == *room).unwrap_or_else(|| {
            self.tabs.push(Tab::new(room.clone(), format!("#{room}")));
            self.tabs.len() - 1
        });
        &mut self.tabs[place]
    }
}

impl Tab {
    fn new(room: RoomName, label: String) -> Self {
        Self {
            room,
            label,
            topic: None,
            unread: Unread::default(),
            said_before: 0,
            members: Vec::new(),
            typing: BTreeMap::new(),
            buffer: Buffer::default(),
            compose: Compose::default(),
        }
    }

    /// Puts in what was said, unless it is there: a room that is joined anew is told of what was there before.
    fn put(&mut self, said: Said, was_before: bool) {
        if said.seq.is_none_or(|seq| self.buffer.find(seq).is_none()) {
            self.said_before += usize::from(was_before);
            self.buffer.push(Item::Said(Box::new(said)));
        }
    }

    /// The people in it, those first who are there.
    pub(crate) fn people(&self) -> Vec<&Member> {
        let mut people: Vec<_> = self.members.iter().collect();
        people.sort_by_key(|member| (rank(member.status), member.label().to_lowercase()));
        people
    }

    /// Somebody is typing, or not any more.
    pub(crate) fn types(&mut self, peer: PeerId, label: &str, typing: bool) {
        if typing {
            self.typing.insert(peer, safe(label));
        } else {
            self.typing.remove(&peer);
        }
    }

    pub(crate) fn is_typing(&self, peer: PeerId) -> bool {
        self.typing.contains_key(&peer)
    }

    /// What those are called who are typing.
    pub(crate) fn who_types(&self) -> Vec<&str> {
        let mut people: Vec<&str> = self.typing.values().map(String::as_str).collect();
        people.sort_unstable();
        people
    }
}

const fn rank(status: Status) -> u8 {
    match status {
        Status::Online => 0,
        Status::Busy => 1,
        Status::Away => 2,
        _ => 3,
    }
}

/// The gate: nothing of it is obeyed by a terminal, and it is one line.
pub(crate) fn safe(text: &str) -> String {
    Line::out(false).theirs(text).as_str().to_owned()
}

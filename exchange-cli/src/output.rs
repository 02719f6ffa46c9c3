//! Events, as they are shown: for people as text, for programs as JSON.

mod acts;
mod config;
mod ignored;
mod json;
mod known;
mod labels;
mod refusals;
mod sessions;
mod shown;
mod spans;
mod stats;
mod text;

use std::time::Duration;

use exchange_tokio::{
    Events,
    core::{CloseReason, Ended, Event, MessageView, Peer, PeerId},
};
use jiff::tz::TimeZone;
use tokio::time::timeout;

use self::text::Text;
pub(crate) use self::{
    acts::{read_back, seconds_spoken},
    config::{configuration, setting},
    ignored::Ignored,
    json::{held, line as in_json, lost, person, person_held, room, room_held, seen_by, unread},
    known::{identity, known_host, safety_number},
    labels::{RoomLabel, peers, told_apart},
    refusals::{Attempt, failed, refused, removed},
    sessions::{Hosting, listed},
    shown::Shown,
    spans::spoken,
    stats::{stats, stats_in_words},
};
use crate::{line::Line, screen::Screen};

/// From somebody's not being there to their having left, if that is what it is.
const MOMENT: Duration = Duration::from_millis(200);

/// How events are shown.
#[derive(Clone, Debug)]
pub(crate) enum Format {
    Json,
    Text(Look),
}

/// How text looks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Look {
    pub(crate) coloured: bool,
    /// The zone of the time of day before each event; without one, there is none.
    pub(crate) times: Option<TimeZone>,
    /// Whether one's own messages are shown; where they were typed into the same terminal, they are there already.
    pub(crate) own: bool,
    /// Whether messages can be proven at all, so that those are marked that are not.
    pub(crate) proves: bool,
}

/// Shows what happens in a session: everything, unless it is told what alone.
#[derive(Debug)]
pub(crate) struct Printer {
    screen: Screen,
    me: PeerId,
    /// None, if it is JSON.
    text: Option<Text>,
    /// Whether a host that has closed is waited for.
    waits: bool,
    is_down: bool,
    ignored: Ignored,
    shown: Shown,
}

impl Printer {
    /// A printer that knows that these people are there.
    pub(crate) fn new(format: Format, me: PeerId, people: &[Peer], screen: Screen, ignored: Ignored) -> Self {
        let text = match format {
            Format::Json => None,
            Format::Text(look) => Some(Text::new(look, me, people)),
        };
        Self { screen, me, text, waits: true, is_down: false, ignored, shown: Shown::All }
    }

    /// Shows nothing but this.
    pub(crate) fn only(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }

    /// Nobody waits for a host that has closed.
    pub(crate) fn impatient(self) -> Self {
        Self { waits: false, ..self }
    }

    /// A message from before, as it stands.
    pub(crate) fn held(&self, view: &MessageView) -> Line {
        match &self.text {
            None => held(view, self.me),
            Some(text) => text.held(view),
        }
    }

    /// Shows events until there are no more.
    pub(crate) async fn follow(mut self, mut events: Events) {
        while let Some(event) = self.next(&mut events).await {
            if !self.ignored.hide(&event) {
                self.tell(&event).await;
            }
        }
    }

    /// The next event. What has become clear by that there is none for a moment is shown.
    pub(crate) async fn next(&mut self, events: &mut Events) -> Option<Event> {
        loop {
            let next = events.next();
            match &mut self.text {
                Some(text) if text.is_missing_somebody() => match timeout(MOMENT, next).await {
                    Ok(event) => return event,
                    Err(_) => {
                        if let Some(line) = text.give_up().filter(|_| self.shown.is_all()) {
                            self.screen.show(line).await;
                        }
                    }
                },
                _ => return next.await,
            }
        }
    }

    /// Shows what happened.
    pub(crate) async fn tell(&mut self, event: &Event) {
        let line = match &mut self.text {
            None => json::line(event, self.me),
            Some(text) => text.line(event),
        };
        // Who is who depends on all that has happened, shown or not.
        let is_shown = self.shown.takes(event);
        if let Some(line) = line.filter(|_| is_shown) {
            self.screen.show(line).await;
        }
        self.comment(event).await;
    }

    /// What somebody is called, so that they can be told from others.
    pub(crate) fn label(&self, peer: &Peer) -> String {
        self.text.as_ref().map_or_else(|| peer.nick.to_string(), |text| text.label(peer))
    }

    /// What the program has to say to an event, however events are shown.
    async fn comment(&mut self, event: &Event) {
        let screen = &self.screen;
        match event {
            Event::Connected { session, .. } if self.is_down => {
                self.is_down = false;
                screen.say(|line| line.ours("You are in \"").theirs(&session.name).ours("\" again.")).await;
            }
            Event::Disconnected { cause, .. } if !self.is_down => {
                self.is_down = true;
                let waits = self.waits;
                let words = |line: Line| match cause {
                    Ended::Told(CloseReason::HostClosed) if !waits => line.ours("The host closed the session."),
                    Ended::Told(CloseReason::HostClosed) => {
                        line.ours("The host closed the session. Waiting for it to come back.")
                    }
                    _ => line.ours("The connection is gone (").theirs(cause).ours("). Trying to get it back."),
                };
                screen.say(words).await;
            }
            Event::RoomJoined { room, members, resumed: false }
                if !room.is_lobby() && room.direct_between().is_none() =>
            {
                let members = told_apart(members).join(", ");
                screen.say(|line| line.ours("In #").name(room).ours(": ").theirs(members).ours(".")).await;
            }
            Event::RoomLeft { room } => screen.say(|line| line.ours("You have left #").name(room).ours(".")).await,
            Event::RenameRefused { nick, refusal } => {
                screen.warn(|line| line.ours("You cannot be ").name(nick).ours(": ").theirs(refusal).ours(".")).await;
            }
            Event::Invited { room, by } if room.direct_between().is_none() => {
                let words =
                    |line: Line| line.name(&by.nick).ours(" invites you to #").name(room).ours(": /join goes there.");
                screen.say(words).await;
            }
            Event::Rooms { rooms } => {
                // A room of two has no name that anybody could join.
                for room in rooms.iter().filter(|room| room.name.direct_between().is_none()) {
                    let words = |line: Line| {
                        let line = line.ours("#").name(&room.name).ours(" (").theirs(room.members).ours(")");
                        let line = if room.private { line.ours(" private") } else { line };
                        match &room.topic {
                            Some(topic) => line.ours(": ").theirs(topic),
                            None => line,
                        }
                    };
                    screen.say(words).await;
                }
            }
            Event::HistoryLost { room } => {
                screen.say(|line| line.ours("The host has begun #").name(room).ours(" anew.")).await;
            }
            Event::Forged { room, peer, seq } => {
                let words = |line: Line| {
                    let line = line.ours("FORGED: what is said to be from ").name(&peer.nick).ours(" (#").theirs(seq);
                    let line = line.ours(" in #").name(room).ours(") they have not signed. It is not shown. ");
                    line.ours("Whoever hosts the session has made it up or changed it, unless their program is broken.")
                };
                screen.warn(words).await;
            }
            Event::Forked { room, peer, seq } => {
                let words = |line: Line| {
                    let line =
                        line.ours("NOT THE SAME FOR ALL: ").name(&peer.nick).ours(" was not shown what you were in #");
                    let line = line.name(room).ours(", up to #").theirs(seq).ours(". Whoever hosts the session tells ");
                    line.ours(
                        "people different things, unless a program is broken. Do not rely on what you read there.",
                    )
                };
                screen.warn(words).await;
            }
            Event::Knocked { peer } => {
                let (nick, tag) = (&peer.nick, peer.tag());
                let words = |line: Line| {
                    let line = line.name(nick).ours(" (").theirs(tag).ours(") knocks: /admit ").name(nick);
                    line.ours(" lets them in, /refuse ").name(nick).ours(" does not.")
                };
                screen.warn(words).await;
            }
            Event::CodeRenewed { code } => {
                let words = |line: Line| {
                    line.ours("Wrong codes were tried twenty times. The code is ").theirs(code).ours(" from now on.")
                };
                screen.warn(words).await;
            }
            Event::Lagged { missed } if *missed > 0 => {
                let words =
                    |line: Line| line.theirs(missed).ours(" events are not shown: the output is read too slowly.");
                screen.warn(words).await;
            }
            _ => {}
        }
    }
}

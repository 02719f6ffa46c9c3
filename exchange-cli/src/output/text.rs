//! Events as lines for people.
//!
//! ```text
//! 14:02 <ana> hello                     a message in the lobby
//! 14:02 #ops <bo> deploy?               a message in another room
//! 14:02 @bo <bo> psst                   a message in the room of oneself and somebody else
//! 14:03 * cy joined                     something that happened
//! ```
//!
//! A line of a message begins with `<`, `#` or `@`, every other with `*`, and names have neither `<` nor `>`: nobody can say
//! or be called something that looks like another line.

use exchange_tokio::core::{
    Body, Change, Event, GapReason, LeaveReason, Message, MessageView, Note, Peer, PeerId, RoomName, Status, Timestamp,
};
use jiff::tz::TimeZone;

use super::{Look, acts, labels::Labels};
use crate::line::{Line, Style};

#[derive(Debug)]
pub(crate) struct Text {
    look: Look,
    me: PeerId,
    labels: Labels,
    /// Who is not there any more, until it has become clear whether they have left.
    missing: Vec<Peer>,
}

impl Text {
    pub(crate) fn new(look: Look, me: PeerId, people: &[Peer]) -> Self {
        let mut labels = Labels::new(me);
        labels.reset(people);
        Self { look, me, labels, missing: Vec::new() }
    }

    /// What there is to show of an event.
    pub(super) fn line(&mut self, event: &Event) -> Option<Line> {
        match event {
            Event::Message(message) if message.is_mine() && !self.look.own || message.is_deleted() => None,
            Event::Message(message) => Some(self.message(message, message.text())),
            Event::Edited { change, .. } | Event::Deleted { change } | Event::Reacted { change, .. }
                if change.mine && !self.look.own =>
            {
                None
            }
            Event::Edited { text, .. } if text.is_empty() => None,
            Event::Edited { change, text, .. } => Some(self.changed(change, " edited #").ours(": ").said(text)),
            Event::Deleted { change } if !change.replayed => Some(self.changed(change, " deleted #")),
            Event::Reacted { change, reaction, added: true } if !change.replayed => {
                Some(self.changed(change, " reacted to #").ours(" with ").theirs(reaction))
            }
            Event::Reacted { change, reaction, .. } if !change.replayed => {
                Some(self.changed(change, " does not react any more to #").ours(" with ").theirs(reaction))
            }
            Event::RoomJoined { room, members, .. } if room.is_lobby() => {
                self.labels.reset(members);
                None
            }
            // In a room of two, coming and going says nothing.
            Event::PeerJoined { room, .. } | Event::PeerLeft { room, .. } | Event::Acted { room, .. }
                if room.direct_between().is_some() =>
            {
                None
            }
            Event::PeerJoined { room, peer, replayed: false, .. } => {
                // A host that came back tells anew of those who were there all the time.
                let is_news = !room.is_lobby() || self.labels.came(peer);
                is_news.then(|| self.place(self.about(peer).ours(" joined"), room))
            }
            Event::PeerLeft { room, peer, reason, replayed: false, .. } => self.left(room, peer, *reason),
            Event::Presence { peer, status, note } => self.presence(peer, *status, note.as_ref()),
            // Everybody is in the lobby, so it is said once.
            Event::Renamed { room, peer, before, replayed: false, .. } if room.is_lobby() => {
                let old = self.labels.label(&Peer { nick: before.clone(), ..peer.clone() });
                let is_news = self.labels.renamed(peer, before);
                is_news.then(|| self.happened().name(&old).ours(" is now ").name(&self.labels.label(peer)))
            }
            Event::Acted { room, by, act, replayed: false, .. } => {
                let place = (!room.is_lobby()).then(|| self.labels.room(room));
                acts::line(self.about(by), act, place.as_ref(), |peer| self.labels.label(peer))
            }
            Event::Gap { reason: GapReason::Policy, .. } => None,
            Event::Gap { room, from, to, .. } => {
                let line = self.happened().ours("messages ").theirs(from).ours(" to ").theirs(to);
                Some(self.place(line.ours(" are missing: the host keeps only so many"), room))
            }
            _ => None,
        }
    }

    pub(super) fn label(&self, peer: &Peer) -> String {
        self.labels.label(peer)
    }

    /// Links that break and are made anew at once are nothing to speak of.
    fn presence(&mut self, peer: &Peer, status: Status, note: Option<&Note>) -> Option<Line> {
        if status == Status::Unreachable {
            return None;
        }
        let before = self.labels.is(peer, status, note)?;
        let found = self.found(peer);
        let line = self.about(peer);
        let line = match status {
            Status::Offline => {
                self.missing.push(peer.clone());
                return None;
            }
            Status::Away => line.ours(" is away"),
            Status::Busy => line.ours(" is busy"),
            _ if before == Status::Online => line.ours(" is here"),
            _ if found => return None,
            _ => line.ours(" is back"),
        };
        Some(match note {
            Some(note) => line.ours(": ").theirs(note),
            None => line,
        })
    }

    /// Whether somebody may be said to be gone when a moment has passed.
    pub(super) fn is_missing_somebody(&self) -> bool {
        !self.missing.is_empty()
    }

    /// The moment has passed: says that somebody is gone.
    pub(super) fn give_up(&mut self) -> Option<Line> {
        self.missing.pop().map(|peer| self.about(&peer).ours(" is gone"))
    }

    /// Whether somebody was missing, who is not any more.
    fn found(&mut self, peer: &Peer) -> bool {
        self.missing.extract_if(.., |missing| missing.id == peer.id).count() > 0
    }

    /// What there is to show of a message from before, as it stands.
    pub(super) fn held(&self, view: &MessageView) -> Line {
        let line = self.message(view.message(), view.text());
        if view.edited().is_some() { line.ours(" (edited)") } else { line }
    }

    fn message(&self, message: &Message, text: &str) -> Line {
        let sender = message.sender();
        let mut line = self.begin(Some(message.timestamp()));
        if !message.room().is_lobby() {
            line = line.styled(Style::Bold, |line| self.labels.room(message.room()).show(line)).ours(" ");
        }
        if !matches!(message.body(), Body::Text(_) | Body::Post(_)) {
            let line = line.ours("* ").name(&self.labels.label(sender));
            return line.ours(" sent what this program cannot show (kind ").theirs(message.body().kind()).ours(")");
        }
        let means_me = message.mentions().contains(&self.me);
        let hue = if means_me { Style::Mention } else { Style::Hue(sender.id.as_bytes()[0]) };
        let line = line.styled(hue, |line| line.ours("<").name(&self.labels.label(sender)).ours(">"));
        let is_doubtful = self.look.proves && !message.is_proven();
        let line = if is_doubtful { line.ours(" (unproven)") } else { line };
        let line = match message.reply_to() {
            Some(seq) => line.ours(" (to #").theirs(seq).ours(")"),
            None => line,
        };
        line.ours(" ").said(text)
    }

    fn left(&mut self, room: &RoomName, peer: &Peer, reason: LeaveReason) -> Option<Line> {
        // Whoever is gone is gone from all rooms, and it has been said already or is said with the lobby.
        let is_known = if room.is_lobby() {
            !self.found(peer) && self.labels.is_offline(peer)
        } else {
            self.labels.is_offline(peer)
        };
        let line = self.about(peer);
        if room.is_lobby() {
            self.labels.went(peer);
        }
        let line = match reason {
            LeaveReason::Left => line.ours(" left"),
            LeaveReason::Removed => line.ours(" was removed"),
            _ => line.ours(" did not come back"),
        };
        (!is_known).then(|| self.place(line, room))
    }

    /// Of which message somebody made another: its number follows.
    fn changed(&self, change: &Change, did: &'static str) -> Line {
        let line = self.begin(Some(change.at)).ours("* ").name(&self.labels.label(&change.peer)).ours(did);
        self.place(line.theirs(change.of), change.room())
    }

    fn about(&self, peer: &Peer) -> Line {
        self.happened().name(&self.labels.label(peer))
    }

    /// Where it happened, unless that is the lobby.
    fn place(&self, line: Line, room: &RoomName) -> Line {
        if room.is_lobby() { line } else { self.labels.room(room).show(line.ours(" ")) }
    }

    fn happened(&self) -> Line {
        self.begin(None).ours("* ")
    }

    /// A line with the time of day before it: of what happened at `at`, or now.
    fn begin(&self, at: Option<Timestamp>) -> Line {
        let line = Line::out(self.look.coloured);
        match &self.look.times {
            Some(zone) => line.styled(Style::Dim, |line| line.theirs(time_of_day(at, zone)).ours(" ")),
            None => line,
        }
    }
}

/// The host's clock may show anything; a moment that is none is shown as such.
fn time_of_day(at: Option<Timestamp>, zone: &TimeZone) -> String {
    let told = |at: Timestamp| jiff::Timestamp::from_millisecond(i64::try_from(at.as_millis()).ok()?).ok();
    let moment = at.map_or_else(|| Some(jiff::Timestamp::now()), told);
    moment.map_or_else(|| "--:--".into(), |moment| moment.to_zoned_datetime(zone.clone()).strftime("%H:%M").to_string())
}

#[cfg(test)]
mod tests {
    use exchange_tokio::core::Seq;

    use super::*;

    fn peer(nick: &str) -> Peer {
        Peer { id: PeerId::from_bytes([1; 16]), nick: nick.parse().unwrap() }
    }

    fn joined(nick: &str, room: &str) -> Event {
        Event::PeerJoined { room: room.parse().unwrap(), peer: peer(nick), seq: Seq(1), replayed: false }
    }

    fn left(nick: &str) -> Event {
        let reason = LeaveReason::Left;
        Event::PeerLeft { room: RoomName::lobby(), peer: peer(nick), reason, seq: Seq(2), replayed: false }
    }

    /// Where it lags, the moment has passed after which people are said to be gone.
    fn shown(events: &[Event]) -> Vec<String> {
        let mut text = Text::new(Look::default(), PeerId::from_bytes([9; 16]), &[]);
        let mut shown = Vec::new();
        for event in events {
            match event {
                Event::Lagged { .. } => shown.extend(text.give_up()),
                event => shown.extend(text.line(event)),
            }
        }
        shown.iter().map(|line| line.as_str().to_owned()).collect()
    }

    #[test]
    fn coming_and_going_is_said_once() {
        let presence = |status| Event::Presence { peer: peer("bo"), status, note: None };
        let (online, offline) = (presence(Status::Online), presence(Status::Offline));
        let told = |then: &[Event]| shown(&[&[online.clone(), joined("bo", "lobby")], then].concat())[1..].to_vec();
        let moment = Event::Lagged { missed: 0 };
        assert_eq!(told(&[left("bo"), offline.clone()]), ["* bo left"]);
        assert_eq!(told(&[offline.clone(), left("bo")]), ["* bo left"]);
        assert_eq!(told(&[offline.clone(), moment.clone(), left("bo")]), ["* bo is gone"]);
        assert_eq!(told(&[offline.clone(), moment, online.clone()]), ["* bo is gone", "* bo is back"]);
        assert!(told(&[presence(Status::Unreachable), online.clone()]).is_empty());
        assert!(told(&[offline, online.clone()]).is_empty());
    }

    #[test]
    fn what_people_say_of_how_they_are_is_said_once() {
        let presence = |status, note: &str| {
            let note = (!note.is_empty()).then(|| note.parse().unwrap());
            Event::Presence { peer: peer("bo"), status, note }
        };
        let away = presence(Status::Away, "lunch");
        let events = [
            joined("bo", "lobby"),
            away.clone(),
            presence(Status::Unreachable, ""),
            away,
            presence(Status::Busy, ""),
            presence(Status::Online, ""),
            presence(Status::Online, "in lab 3"),
        ];
        let expected = ["* bo joined", "* bo is away: lunch", "* bo is busy", "* bo is back", "* bo is here: in lab 3"];
        assert_eq!(shown(&events), expected);
    }

    #[test]
    fn another_nick_is_said_once_and_not_of_long_ago() {
        let renamed = |room: &str, replayed| Event::Renamed {
            room: room.parse().unwrap(),
            peer: peer("bob"),
            before: "bo".parse().unwrap(),
            seq: Seq(3),
            replayed,
        };
        let events = [joined("bo", "lobby"), renamed("lobby", true), renamed("ops", false), renamed("lobby", false)];
        assert_eq!(shown(&events), ["* bo joined", "* bo is now bob"]);
    }

    #[test]
    fn a_room_that_is_not_the_lobby_is_named() {
        assert_eq!(shown(&[joined("bo", "ops")]), ["* bo joined #ops"]);
    }

    #[test]
    fn a_time_that_is_none_is_shown_as_such() {
        let time = |millis| time_of_day(Some(Timestamp::from_millis(millis)), &TimeZone::UTC);
        assert_eq!(time(50_400_000), "14:00");
        assert_eq!(time(u64::MAX), "--:--");
    }
}

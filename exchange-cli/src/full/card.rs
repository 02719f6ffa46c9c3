//! Somebody, as far as they are known: who they are, how they are, and how certain that is.

use std::time::Duration;

use exchange_tokio::core::{Peer, PeerId, Person, Role, SafetyNumber, Status, Timestamp};
use ratatui::{
    style::Style,
    text::{Line, Span},
};

use super::{
    theme::{STRONG, Theme},
    view::{View, safe},
    wrap::wrap,
};
use crate::{
    find::quoted,
    home::Trust,
    line,
    output::{RoomLabel, spoken},
    seat::Seat,
};

/// What there is to say of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Card {
    pub(crate) person: Person,
    /// What they were called before, the last first.
    pub(crate) before: Vec<String>,
    /// Who else is or was called the same.
    pub(crate) namesakes: Vec<String>,
    /// How long they have been as they are, if they were seen to become so.
    pub(crate) lasts: Option<Duration>,
    /// When and where they said something last.
    pub(crate) spoke: Option<String>,
    /// The rooms that one is in as well.
    pub(crate) rooms: Vec<String>,
    pub(crate) proof: Proof,
    /// The safety number, where there is one to compare.
    pub(crate) number: Option<String>,
}

/// How certain it is who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    Oneself,
    /// In the clear, anybody can say that they are anybody.
    Clear,
    /// They host the session, which is called that in a shell.
    Host(Trust, String),
    /// They have proven to oneself, who hosts the session, to have their key.
    Guest,
    /// They have proven that to the host alone.
    Told,
}

impl Card {
    /// Gathers what is known of somebody; none, if they are not there. What `before` holds of the same person and takes
    /// long is not made again.
    pub(super) async fn of(
        id: PeerId,
        (seat, trust): (&Seat, Trust),
        view: &View,
        now: Timestamp,
        before: Option<&Self>,
    ) -> Option<Self> {
        let person = seat.people().await.unwrap_or_default().into_iter().find(|person| person.peer.id == id)?;
        let me = seat.me().id;
        let proof = match seat {
            _ if id == me => Proof::Oneself,
            _ if trust == Trust::Insecure => Proof::Clear,
            Seat::Host(_) => Proof::Guest,
            Seat::Client(client) if client.host().await.ok().flatten() == Some(id) => {
                let session = seat.session().await.and_then(|session| quoted(&session.name));
                Proof::Host(trust, session.unwrap_or_else(|| "NAME".into()))
            }
            Seat::Client(_) => Proof::Told,
        };
        let number = match (&proof, before.filter(|before| before.person.peer.id == id && before.number.is_some())) {
            (Proof::Oneself | Proof::Clear | Proof::Told, _) => None,
            (_, Some(before)) => before.number.clone(),
            _ => Some(SafetyNumber::of(me, id).to_string()),
        };
        let mut rooms = Vec::new();
        for name in seat.rooms().await.unwrap_or_default() {
            let room = seat.room(&name);
            if room.members().await.unwrap_or_default().iter().any(|member| member.id == id) {
                let label = RoomLabel::new(&name, me, |other| (other == id).then(|| person.peer.nick.to_string()));
                let is_theirs = room.founder().await.ok().flatten() == Some(id);
                let label = label.show(line::Line::out(false)).ours(if is_theirs { " (founder)" } else { "" });
                rooms.push(label.as_str().to_owned());
            }
        }
        Some(Self {
            before: view.known.before(&person.peer).iter().map(ToString::to_string).collect(),
            namesakes: view.known.namesakes(&person.peer).iter().map(tagged).collect(),
            lasts: view.known.lasts(id, now),
            spoke: view.spoke(id),
            rooms,
            proof,
            number,
            person,
        })
    }

    /// What they are called, and by what a command finds nobody else.
    pub(crate) fn address(&self) -> String {
        let peer = &self.person.peer;
        match (peer.nick.contains(char::is_whitespace), self.namesakes.is_empty()) {
            (true, _) => peer.id.to_string(),
            (false, true) => peer.nick.to_string(),
            (false, false) => tagged(peer),
        }
    }

    pub(crate) fn is_oneself(&self) -> bool {
        self.proof == Proof::Oneself
    }

    /// As rows of that width.
    pub(crate) fn rows(&self, theme: Theme, width: usize) -> Vec<Line<'static>> {
        let plain = Style::new();
        let mut facts = vec![("nick", tagged(&self.person.peer), theme.person(self.person.peer.id))];
        let mut fact = |name, text: String, style| {
            if !text.is_empty() {
                facts.push((name, text, style));
            }
        };
        fact("before", self.before.join(", "), plain);
        fact("status", self.status(), plain);
        fact("spoke", self.spoke.clone().unwrap_or_default(), plain);
        fact("rooms", self.rooms.join(", "), plain);
        fact("role", self.role().into(), plain);
        fact("key", self.person.peer.id.to_string(), plain);
        fact("number", self.number.clone().unwrap_or_default(), STRONG);
        let (trust, style) = self.trust(theme);
        fact("trust", trust, style);
        if !self.namesakes.is_empty() {
            let namesakes = format!("Another key is or was called the same: {}.", self.namesakes.join(", "));
            fact("", namesakes, theme.warning());
        }
        if let Proof::Host(Trust::New | Trust::Known, session) = &self.proof {
            fact("", format!("Is the safety number the same? exchange id verify {session} --yes keeps that."), plain);
        }
        let row = |(name, text, style): (&str, String, Style)| {
            let words = [Span::styled(format!("{name:<NAMES$}"), theme.faint()), Span::styled(safe(&text), style)];
            wrap(&words, width, NAMES)
        };
        facts.into_iter().flat_map(row).collect()
    }

    fn status(&self) -> String {
        let mut words = self.person.status.to_string();
        let minutes = self.lasts.map_or(0, |lasts| lasts.as_secs() / 60);
        if minutes > 0 && self.person.status != Status::Online {
            words = format!("{words} for {}", spoken(Duration::from_secs(minutes * 60)));
        }
        match &self.person.note {
            Some(note) => format!("{words}: {note}"),
            None => words,
        }
    }

    fn role(&self) -> &'static str {
        match self.person.role {
            Role::Owner => "hosts the session",
            Role::Moderator => "moderates all rooms",
            Role::Member => "",
        }
    }

    fn trust(&self, theme: Theme) -> (String, Style) {
        let (words, style) = match &self.proof {
            Proof::Oneself => ("It is you.", Style::new()),
            Proof::Clear => ("In the clear: nobody has proven who they are.", theme.warning()),
            Proof::Host(Trust::Verified, _) => ("Verified: it is the host whom you mean.", theme.good()),
            Proof::Host(Trust::ByCode, _) => ("By code: the host knows it as well.", theme.good()),
            Proof::Host(Trust::Known, _) => {
                ("Seen before, not verified: it is the same key as the last time.", Style::new())
            }
            Proof::Host(..) => ("Seen for the first time, not verified.", theme.warning()),
            Proof::Guest => {
                ("They have proven to have this key. Compare the safety number to know whose it is.", Style::new())
            }
            Proof::Told => ("The host says who they are; only the host has proven that to you.", Style::new()),
        };
        (words.into(), style)
    }
}

/// The columns of what each fact is called.
const NAMES: usize = 8;

fn tagged(peer: &Peer) -> String {
    format!("{}~{}", peer.nick, peer.tag())
}

//! Commands that do something in a room, to it or to somebody.

use exchange_tokio::core::{Peer, PeerId, Role, RoomName, Rules};

use super::Conversation;
use crate::{
    input::{Deed, Treatment},
    line::Line,
    output::{self, Attempt, peers, read_back, seconds_spoken, told_apart},
};

impl Conversation {
    pub(super) async fn open(&mut self, room: RoomName) {
        match self.seat.room(&room).open().await {
            Ok(()) => self.go_to(room).await,
            Err(error) => self.not_asked(&Attempt::Join, &room, error).await,
        }
    }

    /// The answer is an event.
    pub(super) async fn list_all_rooms(&self) {
        if let Err(error) = self.seat.list_rooms().await {
            self.screen.warn(|line| line.ours("Not done: ").theirs(error).ours(".")).await;
        }
    }

    /// Says something in the room of oneself and somebody else.
    pub(super) async fn whisper(&mut self, who: &str, text: &str) {
        let Some(peer) = self.one(who).await else { return };
        let room = self.seat.direct(&peer);
        let said = match room.join().await {
            Ok(()) => room.send(text).await,
            Err(error) => Err(error),
        };
        let name = RoomName::direct(self.seat.me().id, peer.id);
        self.sent(said, Attempt::Say, &name).await;
        if self.is_on_screen() {
            self.talks_in(name);
        }
    }

    pub(super) async fn carry_out(&mut self, deed: Deed) {
        // Who moderates all rooms is said in the lobby, wherever one talks.
        let is_of_session = matches!(deed, Deed::To(_, Treatment::Appoint | Treatment::Dismiss));
        let name = if is_of_session { RoomName::lobby() } else { self.room.clone() };
        let attempt = Attempt::Do(deed.clone());
        let room = self.seat.room(&name);
        let done = match deed {
            Deed::Topic(topic) => room.set_topic(&topic).await,
            Deed::Rule(rule) => room.set_rule(rule).await,
            Deed::Close => room.close().await,
            Deed::To(who, treatment) => {
                let banned = if treatment == Treatment::Unban { self.banned(&who) } else { None };
                let who = if banned.is_some() { banned } else { self.one(&who).await };
                let Some(who) = who else { return };
                match treatment {
                    Treatment::Invite => room.invite(who).await,
                    Treatment::Kick(reason) => room.kick(who, &reason).await,
                    Treatment::Ban(seconds, reason) => room.ban(who, seconds, &reason).await,
                    Treatment::Unban => room.unban(who).await,
                    Treatment::Mute(seconds) => room.mute(who, seconds).await,
                    Treatment::Unmute => room.unmute(who).await,
                    Treatment::Appoint => room.set_role(who, Role::Moderator).await,
                    Treatment::Dismiss => room.set_role(who, Role::Member).await,
                }
            }
        };
        self.sent(done, attempt, &name).await;
    }

    /// Shows what the room is in which one talks: what it is about, who may do what in it.
    pub(super) async fn describe_room(&self) {
        let room = self.seat.room(&self.room);
        let (topic, rules) = (room.topic().await.unwrap_or_default(), room.rules().await.unwrap_or_default());
        let (members, founder) = (room.members().await.unwrap_or_default(), room.founder().await.unwrap_or_default());
        let rules = rules.unwrap_or_default();
        if self.is_json {
            let described = output::room(&self.room, topic.as_ref(), members.len(), founder, rules);
            return self.screen.show(described).await;
        }
        let label = self.label(&self.room).await;
        let people = told_apart(&members);
        let founder = members.iter().zip(people).find(|(member, _)| Some(member.id) == founder).map(|(_, label)| label);
        let words = |line: Line| {
            let line = label.show(line.ours("You talk in ")).ours(" (").theirs(members.len()).ours(")");
            let line = match &topic {
                Some(topic) => line.ours(": ").theirs(topic).ours("."),
                None => line.ours("."),
            };
            let line = match &founder {
                Some(founder) => line.ours(" ").name(founder).ours(" opened it."),
                None => line,
            };
            ruled(line, rules)
        };
        self.screen.say(words).await;
    }

    /// Somebody who was banned, by a nick or an id: they are not there to be found.
    fn banned(&self, who: &str) -> Option<Peer> {
        let mut known = self.banned.iter().map(|(id, nick)| Peer { id: *id, nick: nick.clone() });
        let by_id = || PeerId::parse(who).map(|id| Peer { id, nick: self.seat.me().nick.clone() });
        known.rfind(|peer| peer.is_called(who)).or_else(by_id)
    }

    /// The one who is meant; if that is nobody or not clear, it is said.
    async fn one(&self, who: &str) -> Option<Peer> {
        let found = peers(self.found(who).await);
        if let [peer] = &found[..] {
            return Some(peer.clone());
        }
        if !found.is_empty() {
            let labels = told_apart(&found).join(", ");
            self.screen.warn(|line| line.ours("Which of them: ").theirs(labels).ours("?")).await;
        }
        None
    }
}

/// The rules of a room, in sentences.
fn ruled(line: Line, rules: Rules) -> Line {
    let Rules { history, private, fixed_topic, locked, slow } = rules;
    let line = read_back(line.ours(" Newcomers read "), history).ours(".");
    let said = [(private, " It is private."), (fixed_topic, " Its topic is fixed."), (locked, " It is locked.")];
    let line = said.into_iter().filter(|(holds, _)| *holds).fold(line, |line, (_, words)| line.ours(words));
    match slow {
        0 => line,
        slow => line.ours(" Everybody waits ").theirs(seconds_spoken(slow)).ours(" between messages."),
    }
}

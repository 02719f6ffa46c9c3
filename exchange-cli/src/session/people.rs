//! Commands about people: who they are, how they are, what they are called.

use exchange_tokio::core::{Availability, PeerId, Person, Role, RoomName, Status};

use super::Conversation;
use crate::{
    line::Line,
    output::{peers, person, told_apart},
};

impl Conversation {
    pub(super) async fn set_status(&self, availability: Availability, note: &str) {
        let result = self.seat.set_status(availability, note).await;
        if let Err(error) = result {
            return self.screen.warn(|line| line.ours("Not done: ").theirs(error).ours(".")).await;
        }
        let words = match availability {
            Availability::Away => "You are away. /back says that you are not.",
            Availability::Busy => "You are busy. /back says that you are not.",
            _ => "You are here.",
        };
        self.screen.say(|line| line.ours(words)).await;
    }

    /// What becomes of it is an event.
    pub(super) async fn rename(&self, nick: &str) {
        if let Err(error) = self.seat.rename(nick).await {
            self.screen.warn(|line| line.ours("You cannot be ").name(nick).ours(": ").theirs(error).ours(".")).await;
        }
    }

    pub(super) async fn list_members(&self, room: Option<RoomName>) {
        let name = room.unwrap_or_else(|| self.room.clone());
        let room = self.seat.room(&name);
        let members = room.members().await.unwrap_or_default();
        if members.is_empty() {
            return self.not_in(&name).await;
        }
        let founder = room.founder().await.unwrap_or_default();
        let mut people = self.seat.people().await.unwrap_or_default();
        people.retain(|person| members.iter().any(|member| member.id == person.peer.id));
        if self.is_json {
            return self.show_objects(&people, |person| Some(founder == Some(person.peer.id))).await;
        }
        let labels = told_apart(&peers(people.clone()));
        let labels: Vec<String> =
            people.iter().zip(labels).map(|(person, label)| self.described(person, founder, label)).collect();
        let room = self.label(&name).await;
        self.screen.say(|line| room.show(line.ours("In ")).ours(": ").theirs(labels.join(", ")).ours(".")).await;
    }

    fn described(&self, person: &Person, founder: Option<PeerId>, label: String) -> String {
        let mut notes = Vec::new();
        if person.peer.id == self.seat.me().id {
            notes.push("you".to_owned());
        }
        match person.role {
            Role::Owner => notes.push("owner".to_owned()),
            Role::Moderator => notes.push("moderator".to_owned()),
            Role::Member if founder == Some(person.peer.id) => notes.push("founder".to_owned()),
            Role::Member => {}
        }
        match (&person.note, person.status) {
            (None, Status::Online) => {}
            (None, status) => notes.push(status.to_string()),
            (Some(note), Status::Online) => notes.push(note.to_string()),
            (Some(note), status) => notes.push(format!("{status}: {note}")),
        }
        if notes.is_empty() { label } else { format!("{label} ({})", notes.join(", ")) }
    }

    pub(super) async fn whois(&self, who: &str) {
        let found = self.found(who).await;
        if self.is_json {
            return self.show_objects(&found, |_| None).await;
        }
        for person in &found {
            let words = |line: Line| {
                let line = line.name(&person.peer.nick).ours("~").theirs(person.peer.tag()).ours(" is ");
                let line = line.theirs(person.status);
                let line = match &person.note {
                    Some(note) => line.ours(" (").theirs(note).ours(")"),
                    None => line,
                };
                let line = match person.role {
                    Role::Owner => line.ours(", and hosts the session"),
                    Role::Moderator => line.ours(", and moderates all rooms"),
                    Role::Member => line,
                };
                line.ours("; id ").theirs(person.peer.id).ours(".")
            };
            self.screen.say(words).await;
        }
    }

    /// Those who may be meant; that there are none is said.
    pub(super) async fn found(&self, who: &str) -> Vec<Person> {
        let found = self.seat.whois(who).await.unwrap_or_default();
        if found.is_empty() {
            self.screen.warn(|line| line.ours("Nobody here is called ").name(who).ours(".")).await;
        }
        found
    }

    /// Stops to show what somebody says, or shows it again; without a name, says whose words are not shown.
    pub(super) async fn ignore(&self, who: Option<&str>) {
        let Some(who) = who else {
            let labels = told_apart(&self.ignored.people());
            let words = |line: Line| match &labels[..] {
                [] => line.ours("You ignore nobody."),
                labels => line.ours("You ignore ").theirs(labels.join(", ")).ours("."),
            };
            return self.screen.say(words).await;
        };
        let mut found = peers(self.found(who).await);
        // Whoever has gone can still be heard again.
        found.extend(self.ignored.people().into_iter().filter(|peer| peer.is_called(who)));
        found.sort();
        found.dedup_by_key(|peer| peer.id);
        match &found[..] {
            [] => {}
            [peer] if peer.id == self.seat.me().id => {
                self.screen.warn(|line| line.ours("You cannot ignore yourself.")).await;
            }
            [peer] => {
                let words = if self.ignored.toggle(peer) {
                    " says is not shown from now on. /ignore again shows it."
                } else {
                    " says is shown again."
                };
                self.screen.say(|line| line.ours("What ").name(&peer.nick).ours(words)).await;
            }
            several => {
                let labels = told_apart(several).join(", ");
                self.screen.warn(|line| line.ours("Which of them: ").theirs(labels).ours("?")).await;
            }
        }
    }

    async fn show_objects(&self, people: &[Person], founder: impl Fn(&Person) -> Option<bool>) {
        for one in people {
            self.screen.show(person(one, founder(one), one.peer.id == self.seat.me().id)).await;
        }
    }
}

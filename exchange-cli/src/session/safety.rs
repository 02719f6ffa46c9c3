//! Whether somebody is whom one means.

use exchange_tokio::{
    Client,
    core::{Peer, SafetyNumber},
};

use super::Conversation;
use crate::{
    find::quoted,
    home::Trust,
    line::Line,
    output::{safety_number, told_apart},
    seat::Seat,
};

impl Conversation {
    /// Shows what there is to compare: to a client, with its host; to the host, with whomever it names.
    pub(super) async fn verify(&self, who: Option<&str>) {
        if self.trust == Trust::Insecure {
            let words = "Not encrypted: nobody has proven who they are, and there is nothing to compare.";
            return self.screen.warn(|line| line.ours(words)).await;
        }
        match (&self.seat, who) {
            (Seat::Client(client), who) => self.verify_host(client, who).await,
            (Seat::Host(_), None) => self.screen.warn(|line| line.ours("With whom? It is /verify WHO.")).await,
            (Seat::Host(_), Some(who)) => {
                for person in self.found(who).await.iter().filter(|person| person.peer.id != self.seat.me().id) {
                    self.show_number(&person.peer).await;
                }
            }
        }
    }

    async fn verify_host(&self, client: &Client, who: Option<&str>) {
        let Ok(Some(id)) = client.host().await else {
            return self.screen.warn(|line| line.ours("There is no connection to the host at this moment.")).await;
        };
        let people = client.people().await.unwrap_or_default();
        let Some(host) = people.into_iter().map(|person| person.peer).find(|peer| peer.id == id) else { return };
        if who.is_some_and(|who| !host.is_called(who)) {
            let words = "Only the host has proven to you who they are: /verify shows the number with them.";
            return self.screen.warn(|line| line.ours(words)).await;
        }
        if !self.is_json {
            self.screen.say(|line| line.ours(self.trust.in_words())).await;
        }
        self.show_number(&host).await;
        if !matches!(self.trust, Trust::ByCode | Trust::Verified)
            && let Ok(Some(session)) = client.session().await
        {
            let name = quoted(&session.name).unwrap_or_else(|| "NAME".into());
            let words =
                |line: Line| line.ours("Is it the same? exchange id verify ").theirs(name).ours(" --yes keeps that.");
            self.screen.say(words).await;
        }
    }

    /// Lets somebody in who knocks, or turns them away.
    pub(super) async fn answer_knock(&self, who: &str, may_come: bool) {
        let Seat::Host(host) = &self.seat else {
            return self.screen.warn(|line| line.ours("Only the host lets others in.")).await;
        };
        let mut meant = host.knocking().await.unwrap_or_default();
        meant.retain(|peer| peer.is_called(who));
        let [peer] = &meant[..] else {
            let several = "There are several: ";
            let words = |line: Line| match &meant[..] {
                [] => line.ours("Nobody knocks who is called ").theirs(who).ours("."),
                _ => line.ours(several).theirs(told_apart(&meant).join(", ")).ours("."),
            };
            return self.screen.warn(words).await;
        };
        let answered = if may_come { host.admit(peer.id).await } else { host.turn_away(peer.id).await };
        let words = |line: Line| match answered {
            Ok(()) if may_come => line.name(&peer.nick).ours(" may come in."),
            Ok(()) => line.name(&peer.nick).ours(" is turned away."),
            Err(error) => line.ours("That did not work: ").theirs(error).ours("."),
        };
        self.screen.say(words).await;
    }

    /// Says by which code others come in.
    pub(super) async fn tell_code(&self) {
        let Seat::Host(host) = &self.seat else {
            return self.screen.warn(|line| line.ours("Only the host knows it.")).await;
        };
        match host.code() {
            Some(code) => self.screen.say(|line| line.ours("Others come in by the code ").theirs(code).ours(".")).await,
            None => self.screen.say(|line| line.ours("There is no code by which others come in.")).await,
        }
    }

    async fn show_number(&self, peer: &Peer) {
        let number = SafetyNumber::of(self.seat.me().id, peer.id);
        if self.is_json {
            return self.screen.show(safety_number(peer, self.trust, number)).await;
        }
        let words = |line: Line| {
            let line = line.ours("Your safety number with ").name(&peer.nick).ours(" is ").theirs(number);
            line.ours(". Compare it with what they see, but not in here: side by side, or by phone.")
        };
        self.screen.say(words).await;
    }
}

//! Commands about messages: answering and changing them.

use exchange_tokio::{
    Delivered, Room,
    core::{Seq, Unread},
};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::{Conversation, HASTE};
use crate::{
    input::Which,
    line::Line,
    output::{Attempt, seen_by, unread},
};

impl Conversation {
    pub(super) async fn reply(&mut self, which: Which, text: &str) {
        if let Some((room, seq)) = self.meant(which, false).await {
            let (said, name) = (room.reply(seq, text).await, self.room.clone());
            self.sent(said, Attempt::Say, &name).await;
        }
    }

    pub(super) async fn edit(&mut self, which: Which, text: &str) {
        if let Some((room, seq)) = self.meant(which, true).await {
            let (changed, name) = (room.edit(seq, text).await, self.room.clone());
            self.sent(changed, Attempt::Edit(seq), &name).await;
        }
    }

    pub(super) async fn delete(&mut self, which: Which) {
        if let Some((room, seq)) = self.meant(which, true).await {
            let (changed, name) = (room.delete(seq).await, self.room.clone());
            self.sent(changed, Attempt::Delete(seq), &name).await;
        }
    }

    pub(super) async fn react(&mut self, which: Which, reaction: &str, add: bool) {
        if let Some((room, seq)) = self.meant(which, false).await {
            let changed = if add { room.react(seq, reaction).await } else { room.unreact(seq, reaction).await };
            let (attempt, name) = (if add { Attempt::React(seq) } else { Attempt::Unreact(seq) }, self.room.clone());
            self.sent(changed, attempt, &name).await;
        }
    }

    /// The message that a command is about: that of the number, or the last that is one's own or somebody else's.
    async fn meant(&mut self, which: Which, mine: bool) -> Option<(Room, Seq)> {
        let room = self.seat.room(&self.room);
        if let Which::Number(number) = which {
            return Some((room, Seq(number)));
        }
        // Whoever has just said something means that, and not what came before it.
        let mut latest = Seq::ZERO;
        let settling = async {
            while let Some(became) = self.on_their_way.next().await {
                if let (Attempt::Say, Ok(Delivered { seq: Some(seq), .. })) = (&became.attempt, &became.outcome) {
                    latest = latest.max(*seq);
                }
                self.settle(became).await;
            }
        };
        let is_settled = timeout(HASTE, settling).await.is_ok();
        let messages = room.messages().await.unwrap_or_default();
        let is_shown = messages.last().is_some_and(|view| view.message().seq() >= latest) || latest == Seq::ZERO;
        if mine && !(is_settled && is_shown) {
            let words = "Not done: what you said last is not there yet. /history tells what is, and #NUMBER means it.";
            self.screen.warn(|line| line.ours(words)).await;
            return None;
        }
        let last = messages.iter().rev().find(|view| view.message().is_mine() == mine && !view.is_deleted());
        if last.is_none() {
            let words = if mine { "You have said nothing here." } else { "Nobody else has said anything here." };
            self.screen.warn(|line| line.ours(words)).await;
        }
        last.map(|view| (room, view.message().seq()))
    }

    /// Tells who has a message, and who has read it.
    pub(super) async fn tell_who_has(&mut self, which: Which) {
        let Some((room, seq)) = self.meant(which, true).await else { return };
        let seen = room.seen_by(seq).await.ok().flatten();
        let Some(seen) = seen else {
            let words = "There is no such message, or this room has too many people for that.";
            return self.screen.warn(|line| line.ours(words)).await;
        };
        if self.is_json {
            return self.screen.show(seen_by(&self.room, seq, &seen)).await;
        }
        self.screen.say(|line| line.ours("#").theirs(seq).ours(" ").theirs(&seen).ours(".")).await;
    }

    /// Tells of each other room what came there since one last talked in it.
    pub(super) async fn list_unread(&self) {
        let mut found = Vec::new();
        for name in self.seat.rooms().await.unwrap_or_default() {
            let unread = self.seat.room(&name).unread().await.unwrap_or_default();
            if name != self.room && unread.messages > 0 {
                found.push((name, unread));
            }
        }
        if self.is_json {
            for (room, count) in &found {
                self.screen.show(unread(room, *count)).await;
            }
            return;
        }
        if found.is_empty() {
            self.screen.say(|line| line.ours("Nothing new in your other rooms.")).await;
        }
        for (room, Unread { messages, mentions }) in &found {
            let label = self.label(room).await;
            let words = |line: Line| {
                let line = label.show(line).ours(": ").theirs(messages).ours(" new");
                if *mentions > 0 { line.ours(", ").theirs(mentions).ours(" of them for you") } else { line }
            };
            self.screen.say(|line| words(line).ours(".")).await;
        }
    }
}

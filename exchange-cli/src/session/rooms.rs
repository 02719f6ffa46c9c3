//! The rooms one is in, and the one of them in which one talks.

use exchange_tokio::core::{Refusal, RoomName, Seq};
use futures_util::StreamExt as _;
use tokio::time::timeout;

use super::{Conversation, PATIENCE};
use crate::{
    line::Line,
    output::{Attempt, RoomLabel, peers, refused, removed, told_apart},
};

impl Conversation {
    pub(super) async fn join(&mut self, room: RoomName) {
        if self.seat.rooms().await.is_ok_and(|rooms| rooms.contains(&room)) {
            return self.go_to(room).await;
        }
        match self.seat.room(&room).join().await {
            // What is said from now on is for that room: should it turn out to be closed to us, nobody else gets it.
            Ok(()) => self.go_to(room).await,
            Err(error) => self.not_asked(&Attempt::Join, &room, error).await,
        }
    }

    pub(super) async fn part(&mut self, room: Option<RoomName>) {
        let room = room.unwrap_or_else(|| self.room.clone());
        // What was said before still has to get there: with the membership, it would be given up.
        let settling = async {
            while let Some(became) = self.on_their_way.next().await {
                self.settle(became).await;
            }
        };
        let _ = timeout(PATIENCE, settling).await;
        if let Err(error) = self.seat.room(&room).leave().await {
            return self.not_asked(&Attempt::Leave, &room, error).await;
        }
        if room == self.room {
            self.go_to(RoomName::lobby()).await;
        }
    }

    pub(super) async fn switch(&mut self, room: RoomName) {
        if self.seat.rooms().await.is_ok_and(|rooms| rooms.contains(&room)) {
            self.go_to(room).await;
        } else {
            self.not_in(&room).await;
        }
    }

    pub(super) async fn not_in(&self, room: &RoomName) {
        let words = |line: Line| line.ours("You are not in #").name(room).ours(". /join ROOM joins it.");
        self.screen.warn(words).await;
    }

    pub(super) async fn go_to(&mut self, room: RoomName) {
        // What was shown while one talked there was read.
        let _ = self.seat.room(&self.room).mark_read(Seq(u64::MAX)).await;
        let label = self.label(&room).await;
        if !self.is_on_screen() {
            self.screen.say(|line| label.show(line.ours("What you say goes to ")).ours(".")).await;
        }
        self.talks_in(room);
    }

    /// Whether the whole screen shows in which room one talks, and what is said there only.
    pub(super) fn is_on_screen(&self) -> bool {
        self.shown.receiver_count() > 0
    }

    /// From here on, what is said is for that room.
    pub(super) fn talks_in(&mut self, room: RoomName) {
        self.room = room.clone();
        self.shown.send_replace(room);
    }

    pub(super) async fn list_rooms(&self) {
        let mut rooms = Vec::new();
        for room in self.seat.rooms().await.unwrap_or_default() {
            rooms.push((self.label(&room).await, room == self.room));
        }
        self.screen
            .say(|line| {
                let named = |line: Line, (room, talks_here): &(RoomLabel, bool)| {
                    let line = room.show(line.ours(" "));
                    if *talks_here { line.ours(" (you talk here)") } else { line }
                };
                rooms.iter().fold(line.ours("You are in"), named)
            })
            .await;
    }

    /// What a room is called where people read it.
    pub(super) async fn label(&self, room: &RoomName) -> RoomLabel {
        let people = match room.direct_between() {
            Some(_) => peers(self.seat.people().await.unwrap_or_default()),
            None => Vec::new(),
        };
        RoomLabel::new(room, self.seat.me().id, |other| {
            let place = people.iter().position(|peer| peer.id == other)?;
            told_apart(&people).into_iter().nth(place)
        })
    }

    /// A room cannot be joined. What was meant for it is not for the lobby: it goes on to be refused.
    pub(super) async fn refused(&self, room: &RoomName, refusal: Refusal) {
        let label = self.label(room).await;
        self.screen.warn(|line| refused(line, &Attempt::Join, &label, refusal)).await;
        if *room == self.room {
            let words = |line: Line| line.ours("What you say goes nowhere now. /room lobby goes back to the lobby.");
            self.screen.warn(words).await;
        }
    }

    /// One is in a room no more, and not because one wanted to leave.
    pub(super) async fn removed(&mut self, room: &RoomName, why: Refusal, reason: Option<&str>) {
        let label = self.label(room).await;
        self.screen.warn(|line| removed(line, &label, why, reason)).await;
        if *room == self.room && !room.is_lobby() {
            self.go_to(RoomName::lobby()).await;
        }
    }
}

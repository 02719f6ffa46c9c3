//! Commands that show messages: those that are held, and those that the host keeps beside.

use exchange_tokio::core::{MessageView, PageFrom, RoomName, Search, Seq};
use jiff::ZonedDateTime;
use tokio::time::timeout;

use super::{Conversation, HASTE};
use crate::{
    input::{Found, Stretch, When},
    line::Line,
    output::{held, told_apart},
    seat::Seat,
};

/// Messages that `/history` and `/search` show, if they are not told how many.
const SHOWN: usize = 20;

/// Entries that are fetched at once.
const PAGE: u32 = 200;

/// The messages that are held of that room and are all of what is looked for, the oldest first.
pub(crate) async fn search(seat: &Seat, room: &RoomName, found: &Found) -> Vec<MessageView> {
    let Found { room: _, by, since, until, words } = found;
    let now = ZonedDateTime::now();
    let moment = |when: &When| when.moment(&now);
    let (since, until) = (since.as_ref().and_then(moment), until.as_ref().and_then(moment));
    let search = Search { by: None, words: words.clone(), since, until };
    let mut found = seat.room(room).search(&search).await.unwrap_or_default();
    found.retain(|view| by.as_ref().is_none_or(|by| view.message().sender().is_called(by)));
    found
}

impl Conversation {
    /// Shows the last messages of the room, or the last before one of them, as they stand and with their numbers. What is
    /// not held is fetched.
    pub(super) async fn history(&self, Stretch { count, before }: Stretch) {
        let count = count.unwrap_or(SHOWN);
        let room = self.seat.room(&self.room);
        let before = before.map_or(Seq(u64::MAX), Seq);
        let mut shown = room.messages().await.unwrap_or_default();
        shown.retain(|view| view.message().seq() < before);
        let mut place = shown.first().map_or(before, |view| view.message().seq());
        shown.retain(|view| !view.is_deleted());
        let mut has_older = true;
        while has_older && shown.len() < count {
            match timeout(HASTE, room.page(PageFrom::Before(place), PAGE)).await {
                Ok(Ok(page)) => {
                    let older = page.messages().iter().filter(|view| !view.is_deleted());
                    shown.splice(0..0, older.cloned());
                    (place, has_older) = (page.after().next(), page.has_older());
                }
                Ok(Err(error)) => {
                    self.screen.warn(|line| line.ours("What is older cannot be had: ").theirs(error).ours(".")).await;
                    break;
                }
                Err(_) => {
                    let words = "What is older cannot be had now: the host does not answer.";
                    self.screen.warn(|line| line.ours(words)).await;
                    break;
                }
            }
        }
        let newest = shown.len().saturating_sub(count);
        self.list(shown.get(newest..).unwrap_or_default()).await;
    }

    /// Shows the last messages that are held of a room and are all of what is looked for.
    pub(super) async fn search(&self, found: &Found) {
        let found = search(&self.seat, found.room.as_ref().unwrap_or(&self.room), found).await;
        let newest = found.len().saturating_sub(SHOWN);
        self.list(found.get(newest..).unwrap_or_default()).await;
    }

    async fn list(&self, messages: &[MessageView]) {
        if self.is_json {
            for view in messages {
                self.screen.show(held(view, self.seat.me().id)).await;
            }
            return;
        }
        if messages.is_empty() {
            self.screen.say(|line| line.ours("There are no such messages.")).await;
        }
        let senders: Vec<_> = messages.iter().map(|view| view.message().sender().clone()).collect();
        let labels = told_apart(&senders);
        let lines = messages.iter().zip(labels).map(|(view, label)| self.described_message(view, &label));
        self.screen.explain(lines.collect::<Vec<_>>()).await;
    }

    fn described_message(&self, view: &MessageView, label: &str) -> Line {
        let line = self.screen.line().ours("   #").theirs(view.message().seq()).ours(" <").name(label).ours(">");
        let line = match view.message().reply_to() {
            Some(seq) => line.ours(" (to #").theirs(seq).ours(")"),
            None => line,
        };
        let line = line.ours(" ").said(view.text());
        let line = if view.edited().is_some() { line.ours(" (edited)") } else { line };
        view.reactions().fold(line, |line, (reaction, people)| {
            let line = line.ours("  ").theirs(reaction);
            if people.len() > 1 { line.ours("×").theirs(people.len()) } else { line }
        })
    }
}

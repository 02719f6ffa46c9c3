//! `exchange tail`: what was said last in a room, and what is said from then on.

use std::{cmp::max, time::Duration};

use exchange_tokio::{
    RequestError, Room,
    core::{MessageView, PageFrom, Seq},
};
use tokio::time::timeout;

use crate::{
    app::App,
    args::TailArguments,
    errand::{Ending, Errand},
    exit::{Exit, Failure},
    output::Shown,
};

/// Entries that are fetched at once.
const PAGE: u32 = 200;

pub(crate) async fn run(app: App, arguments: &TailArguments) -> Result<Exit, Failure> {
    let mut errand = Errand::begin(app.hushed(), &arguments.way).await?;
    let fetching = timeout(errand.patience, past(errand.room(), arguments.count));
    let fetched = match errand.app.unless_interrupted(fetching).await {
        Ok(Ok(fetched)) => {
            fetched.map_err(|error| Failure::new(Exit::Refused, format!("Cannot read it: {error}."), ""))
        }
        Ok(Err(_)) => Err(Failure::new(Exit::Undelivered, "Cannot read it: the host does not answer.", "")),
        Err(failure) => Err(failure),
    };
    let (past, place) = match fetched {
        Ok(fetched) => fetched,
        Err(failure) => return Err(errand.given_up(failure).await),
    };
    let end = if arguments.follow { place } else { Seq(u64::MAX) };
    let printer = errand.printer(|room| Shown::After(room, end)).await;
    if !arguments.follow {
        // However long it takes to be read, nobody else is to see somebody sit there for it.
        errand.client.shutdown(Duration::ZERO).await;
    }
    let showing = async |errand: &mut Errand| {
        for view in &past {
            errand.app.screen.show(printer.held(view)).await;
        }
        // It also says what is wrong with what was shown.
        errand.print(printer);
        if arguments.follow {
            return errand.stay().await;
        }
        errand.app.screen.written().await;
        Ending::Done
    };
    let ending = errand.unless_told(showing).await;
    Ok(errand.end(ending).await)
}

/// The last messages of a room as they stand, oldest first, and up to which place that is.
async fn past(room: Room, count: usize) -> Result<(Vec<MessageView>, Seq), RequestError> {
    let mut messages: Vec<MessageView> = Vec::new();
    let (mut before, mut newest, mut has_older) = (Seq(u64::MAX), Seq::ZERO, true);
    while has_older && (newest == Seq::ZERO || messages.len() < count) {
        let page = room.page(PageFrom::Before(before), PAGE).await?;
        let older = page.messages().iter().filter(|view| !view.is_deleted());
        messages.splice(0..0, older.cloned());
        newest = max(newest, page.to());
        (before, has_older) = (page.after().next(), page.has_older());
    }
    Ok((messages.split_off(messages.len().saturating_sub(count)), newest))
}

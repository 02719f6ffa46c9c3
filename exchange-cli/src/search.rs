//! `exchange search`: messages of a session that is kept in a file, by their words.

use std::collections::BTreeSet;

use exchange_tokio::sqlite::Found;

use crate::{
    app::App,
    args::SearchArguments,
    exit::{Exit, Failure},
    kept::Kept,
};

pub(crate) async fn run(app: App, arguments: &SearchArguments) -> Result<Exit, Failure> {
    let (kept, store) = Kept::open("search", &arguments.file).await?;
    let mut rooms = kept.rooms(arguments.room.as_ref())?;
    let found = store.search(&arguments.words.join(" "), arguments.room.as_ref(), arguments.limit).await;
    let found = found.map_err(|error| Failure::new(Exit::Store, format!("Cannot search: {error}."), ""))?;
    if found.is_empty() {
        return Err(Failure::new(Exit::NotFound, "No message has all of these words.", ""));
    }
    let found: BTreeSet<_> = found.into_iter().map(|Found { room, seq }| (room, seq)).collect();
    rooms.retain(|room| found.iter().any(|(found, _)| *found == room.name));
    kept.write(&app, &rooms, |view| {
        let message = view.message();
        found.contains(&(message.room().clone(), message.seq()))
    })?;
    Ok(Exit::Done)
}

//! `exchange search`: messages of a session that is kept in a file, by their words.

use exchange_tokio::sqlite::Found;

use crate::{
    app::App,
    args::SearchArguments,
    exit::{Exit, Failure},
    kept::{Kept, Places},
};

pub(crate) async fn run(app: App, arguments: &SearchArguments) -> Result<Exit, Failure> {
    let (kept, store) = Kept::open("search", &arguments.file).await?;
    let mut rooms = kept.rooms(arguments.room.as_ref())?;
    let found = store.search(&arguments.words.join(" "), arguments.room.as_ref(), arguments.limit).await;
    let found = found.map_err(|error| Failure::new(Exit::Store, format!("Cannot search: {error}."), ""))?;
    if found.is_empty() {
        return Err(Failure::new(Exit::NotFound, "No message has all of these words.", ""));
    }
    let found: Places = found.into_iter().map(|Found { room, seq }| (room, seq)).collect();
    rooms.retain(|room| found.iter().any(|(found, _)| *found == room.name));
    kept.write(&app, &rooms, Some(&found))?;
    Ok(Exit::Done)
}

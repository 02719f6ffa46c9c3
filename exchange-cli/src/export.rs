//! `exchange export`: what was said in a session that is kept in a file, to be read or for other programs.

use crate::{
    app::App,
    args::ExportArguments,
    exit::{Exit, Failure},
    kept::Kept,
};

pub(crate) async fn run(app: App, arguments: &ExportArguments) -> Result<Exit, Failure> {
    let kept = if arguments.salvage {
        Kept::salvage(&arguments.file)?
    } else {
        Kept::open("export", &arguments.file).await?.0
    };
    let rooms = kept.rooms(arguments.room.as_ref())?;
    kept.write(&app, &rooms, None)?;
    kept.complain(&app).await;
    Ok(Exit::Done)
}

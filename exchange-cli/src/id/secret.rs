//! The secret by which one is oneself, taken to another machine.

use std::{
    fs::{self, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::Path,
};

use exchange_tokio::{
    core::Identity,
    device::{IdentityError, identity_text, keep_identity, parse_identity, replace_identity},
};

use super::me;
use crate::{
    app::App,
    exit::{Exit, Failure},
    home::{Files, failure},
    line::Line,
    screen,
};

pub(super) async fn export(app: &App, files: &Files, to: Option<&Path>) -> Result<Exit, Failure> {
    let cannot = |why: String| Failure::new(Exit::Store, format!("Cannot export: {why}."), "");
    if !files.identity.exists() {
        return Err(Failure::new(Exit::NotFound, "You are nobody yet.", "\"exchange id show\" makes you somebody."));
    }
    let me = me(files)?;
    match to {
        Some(path) => write_new(path, &me).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => cannot(format!("there is something in {} already", path.display())),
            _ => cannot(format!("{}: {error}", path.display())),
        })?,
        None if screen::is_terminal() => {
            let advice = "--to FILE writes it where nobody else looks.";
            return Err(Failure::new(Exit::Usage, "Your secret is not shown on a terminal.", advice));
        }
        // Not by way of the screen, which says nothing if it cannot be written.
        None => {
            let written = io::stdout().lock().write_all(identity_text(&me).as_bytes());
            written.map_err(|error| cannot(error.to_string()))?;
        }
    }
    let words = |line: Line| {
        let line = line.ours("Whoever has it is ").theirs(me.peer()).ours(" to everybody, as you are: ");
        line.ours("joins as you, and hosts as you. \"exchange id import\" makes use of it; then delete it.")
    };
    app.screen.say(words).await;
    Ok(Exit::Done)
}

pub(super) async fn import(app: &App, files: &Files, file: &Path, replace: bool) -> Result<Exit, Failure> {
    let cannot = |why: String| Failure::new(Exit::Store, format!("Cannot import: {why}."), "");
    let text = if file == Path::new("-") {
        app.ask("").await?.unwrap_or_default()
    } else {
        fs::read_to_string(file).map_err(|error| cannot(format!("{}: {error}", file.display())))?
    };
    let me = parse_identity(&text).ok_or_else(|| cannot("that is not what \"exchange id export\" writes".into()))?;
    if replace {
        replace_identity(&files.identity, &me).map_err(|error| failure(&error))?;
    } else {
        keep_identity(&files.identity, &me).map_err(|error| match error {
            IdentityError::Taken(_) => {
                let advice = "--replace gives that up: \"exchange id export\" writes it down before.";
                Failure::new(Exit::Refused, "You are somebody else already, and stay that.", advice)
            }
            error => failure(&error),
        })?;
    }
    app.screen.say(|line| line.ours("You are ").theirs(me.peer()).ours(" from now on.")).await;
    Ok(Exit::Done)
}

/// Writes it to a file that there is not yet, for its owner's eyes.
fn write_new(path: &Path, me: &Identity) -> io::Result<()> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.write(true).create_new(true).open(path)?;
    file.write_all(identity_text(me).as_bytes())?;
    file.sync_all()
}

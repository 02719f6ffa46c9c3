//! `exchange config`: what is set, and a file to begin with.

use std::{
    fs::{DirBuilder, OpenOptions},
    io::{self, ErrorKind, Write as _},
    path::Path,
};

use super::{Configuration, key::KEYS, no_place, read, template::template};
use crate::{
    app::App,
    args::ConfigArguments,
    exit::{Exit, Failure},
    line::Line,
    output::{configuration, setting},
};

pub(crate) async fn run(app: App, arguments: ConfigArguments) -> Result<Exit, Failure> {
    let configuration = read(&app.common)?.ok_or_else(no_place)?;
    if arguments.init {
        return init(&app, &configuration.path).await;
    }
    show(&app, configuration).await;
    Ok(Exit::Done)
}

async fn init(app: &App, path: &Path) -> Result<Exit, Failure> {
    write(path).map_err(|error| {
        let why = match error.kind() {
            ErrorKind::AlreadyExists => "is there already, and stays as it is".into(),
            _ => format!("cannot be written: {error}"),
        };
        Failure::new(Exit::Store, format!("{} {why}.", path.display()), "")
    })?;
    let words = |line: Line| {
        let line = line.theirs(path.display()).ours(" explains all that can be set. ");
        line.ours("What is to count there has no # before it.")
    };
    app.screen.say(words).await;
    Ok(Exit::Done)
}

fn write(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut folders = DirBuilder::new();
        // Who one is is kept there as well.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
        folders.recursive(true).create(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(template().as_bytes())
}

async fn show(app: &App, Configuration { path, contents }: Configuration) {
    let (is_there, contents) = (contents.is_some(), contents.unwrap_or_default());
    let (profile, left_out) = (app.common.which.profile.as_deref(), app.common.which.no_config);
    if app.common.json {
        app.screen.show(configuration(&path.display().to_string(), is_there, profile)).await;
    }
    let words = |line: Line| match (is_there, left_out) {
        (true, _) => line.ours("This is set in ").theirs(path.display()).ours("."),
        (false, true) => line.ours("This is so without ").theirs(path.display()).ours("."),
        (false, false) => {
            let line = line.ours("There is no ").theirs(path.display());
            line.ours(" yet; \"exchange config --init\" writes one.")
        }
    };
    app.screen.say(words).await;
    for key in KEYS {
        let found = contents.found.get(key.name);
        let line = match found {
            _ if app.common.json => setting(key.name, found),
            None => app.out().ours("# ").ours(key.name).ours(": ").ours(key.without),
            Some(found) => {
                let line = app.out().ours(key.name).ours(" = ").theirs(&found.value);
                let line = line.ours("  # line ").theirs(found.line);
                let profile = profile.filter(|_| found.by_profile).into_iter();
                profile.fold(line, |line, profile| line.ours(", of the profile ").theirs(profile))
            }
        };
        app.screen.show(line).await;
    }
}

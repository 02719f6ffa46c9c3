//! `config.toml`: what is set once and for all, and the command that shows it.
//!
//! [`KEYS`](key::KEYS) is all that can be set: the file is read against it, the file of `--init` is made of it, and it is
//! what is shown.

mod command;
mod file;
mod key;
mod nearest;
mod template;
mod value;

use std::{
    fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use self::file::{Contents, Mistake, Unknown, parse};
pub(crate) use self::{command::run, file::Found};
use crate::{
    args::{Arguments, Command, Common, Settings},
    exit::{Exit, Failure},
    home::Files,
    line::Line,
    screen::Screen,
};

/// What somebody has set, and what in it is nothing that can be set.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    settings: Settings,
    path: PathBuf,
    unknown: Vec<Unknown>,
}

/// The file, whether there is one or not.
#[derive(Debug)]
struct Configuration {
    path: PathBuf,
    /// None, if there is none.
    contents: Option<Contents>,
}

/// Reads what is set, and fills in with it what was not typed.
pub(crate) fn settle(arguments: &mut Arguments) -> Result<Settled, Failure> {
    // A shell that asks for completions at its start should not go without because of something else.
    if matches!(arguments.command, Some(Command::Completions(_) | Command::Man(_))) {
        return Ok(Settled::default());
    }
    let Some(Configuration { path, contents: Some(contents) }) = read(&arguments.common)? else {
        return Ok(Settled::default());
    };
    let Contents { settings, unknown, .. } = contents;
    settings.complete(arguments);
    Ok(Settled { settings, path, unknown })
}

impl Settled {
    /// The settings, once it is said what is none.
    pub(crate) async fn told(self, screen: &Screen) -> Settings {
        for Unknown { line: number, key, value, nearest } in &self.unknown {
            let words = |line: Line| {
                let line = line.theirs(self.path.display()).ours(", line ").theirs(number);
                let line = line.ours(": there is no ").theirs(key);
                let line = match value {
                    Some(value) => line.ours(" \"").theirs(value).ours("\"."),
                    None => line.ours(" that could be set."),
                };
                nearest.iter().fold(line, |line, nearest| line.ours(" Is ").ours(nearest).ours(" meant?"))
            };
            screen.warn(words).await;
        }
        self.settings
    }
}

impl Configuration {
    /// Makes sure that there is that profile in it.
    fn with_profile(self, profile: Option<&str>) -> Result<Self, Failure> {
        let there: &[String] = self.contents.as_ref().map_or(&[], |contents| &contents.profiles);
        let Some(profile) = profile.filter(|profile| !there.iter().any(|there| there == profile)) else {
            return Ok(self);
        };
        let what = format!("There is no profile \"{profile}\" in {}.", self.path.display());
        let advice = if there.is_empty() { String::new() } else { format!("There are: {}.", there.join(", ")) };
        Err(Failure::new(Exit::Usage, what, advice))
    }
}

/// What there is; none, where there is no place for it.
fn read(common: &Common) -> Result<Option<Configuration>, Failure> {
    let profile = common.which.profile.as_deref();
    let Some(path) = Files::of(common).map(|files| files.config) else {
        return if profile.is_some() { Err(no_place()) } else { Ok(None) };
    };
    if common.which.no_config {
        return Ok(Some(Configuration { path, contents: None }));
    }
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Configuration { path, contents: None }.with_profile(profile).map(Some);
        }
        Err(error) => return Err(unreadable(&path, &error)),
    };
    let folder = path.parent().unwrap_or(&path);
    let contents = utf8(&text).and_then(|text| parse(text, folder, profile));
    let contents = Some(contents.map_err(|mistake| wrong(&path, &mistake))?);
    Configuration { path, contents }.with_profile(profile).map(Some)
}

fn utf8(text: &[u8]) -> Result<&str, Mistake> {
    str::from_utf8(text).map_err(|error| {
        let line = text.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        Mistake { line, what: "that is no text in UTF-8".into() }
    })
}

const WITHOUT: &str = "--no-config does without it.";

fn no_place() -> Failure {
    Failure::new(Exit::Store, "There is no place for a configuration.", "--home names one.")
}

fn wrong(path: &Path, mistake: &Mistake) -> Failure {
    let Mistake { line, what } = mistake;
    Failure::new(Exit::Usage, format!("{}, line {line}: {what}.", path.display()), WITHOUT)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Store, format!("{} cannot be read: {error}.", path.display()), WITHOUT)
}

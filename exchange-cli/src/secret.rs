//! The code or passphrase of a session: where it comes from, and how one is asked for it.

use std::env;

use exchange_tokio::core::{JoinSecret, JoinSecretError};

use crate::{
    app::App,
    exit::{Exit, Failure},
};

/// Where it is, if it is not typed.
const VARIABLE: &str = "EXCHANGE_CODE";

/// What newcomers have to know who join a session that is hosted here.
pub(crate) async fn of_host(app: &App) -> Result<JoinSecret, Failure> {
    match from_environment()? {
        Some(secret) => Ok(secret),
        None => first_line(app, "The passphrase: ").await,
    }
}

/// What one is to come in by, if that was said beforehand.
pub(crate) async fn of_guest(app: &App, typed: Option<&str>) -> Result<Option<JoinSecret>, Failure> {
    match typed {
        None => from_environment(),
        Some("-") => first_line(app, "The code: ").await.map(Some),
        Some(text) => {
            warn(app).await;
            text.parse().map(Some).map_err(|error| none(&error))
        }
    }
}

/// Says that what a program is started with is no secret.
pub(crate) async fn warn(app: &App) {
    let words =
        "Everybody on this machine can see the code that you have started this with. Without it, you are asked for it.";
    app.screen.warn(|line| line.ours(words)).await;
}

/// Asks whoever types for a code until it can be one; `None` if there is nobody, or they do not want to say.
pub(crate) async fn asked_for(app: &App) -> Result<Option<JoinSecret>, Failure> {
    if !app.is_typed {
        return Ok(None);
    }
    loop {
        let Some(line) = app.ask("The code, or the passphrase: ").await? else { return Ok(None) };
        match line.parse() {
            Ok(secret) => return Ok(Some(secret)),
            Err(_) if line.trim().is_empty() => return Ok(None),
            Err(error) => app.screen.warn(|line| line.ours("It is none: ").theirs(error).ours(".")).await,
        }
    }
}

fn from_environment() -> Result<Option<JoinSecret>, Failure> {
    let text = env::var(VARIABLE).ok().filter(|text| !text.is_empty());
    text.map(|text| text.parse().map_err(|error| none(&error))).transpose()
}

async fn first_line(app: &App, prompt: &str) -> Result<JoinSecret, Failure> {
    let line = app.ask(prompt).await?.unwrap_or_default();
    line.parse().map_err(|error| none(&error))
}

fn none(error: &JoinSecretError) -> Failure {
    Failure::new(Exit::Usage, format!("That is neither a code nor a passphrase: {error}."), "")
}

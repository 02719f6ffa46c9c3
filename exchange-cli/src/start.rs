//! `exchange` alone, on a terminal: which sessions there are, to join one of them or to host one.

use std::mem;

use crate::{
    app::App,
    args::{HostArguments, JoinArguments, Settings},
    exit::{Exit, Failure},
    full::{self, Choice},
    home::Files,
    host, join,
    line::Line,
};

/// Lets the user choose until they are in a session, or do not want to be.
pub(crate) async fn run(app: App, settings: &Settings) -> Result<Exit, Failure> {
    let mut told = Vec::new();
    loop {
        let known = Files::of(&app.common).and_then(|files| files.hosts.all().ok()).unwrap_or_default();
        let choice = full::choose(&app, known.into_keys().collect(), mem::take(&mut told)).await?;
        let done = match choice {
            Choice::Leave => return Ok(Exit::Done),
            Choice::Host(name) => {
                let mut arguments = HostArguments::called(name);
                settings.complete_host(&mut arguments);
                host::run(app.clone(), &arguments).await
            }
            Choice::Join(whom) => {
                let mut arguments = JoinArguments { whom: Some(whom), ..JoinArguments::default() };
                settings.complete_join(&mut arguments);
                Box::pin(join::run(app.clone(), arguments)).await
            }
        };
        match done {
            // There may be another that can be joined.
            Err(Failure { exit, what, advice, more }) if exit != Exit::Interrupted => {
                told = vec![Line::err(false).theirs(what).ours(" ").theirs(advice)];
                told.extend(more);
            }
            done => return done,
        }
    }
}

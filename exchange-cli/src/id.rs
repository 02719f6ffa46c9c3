//! `exchange id`: who one is, and whom one knows as the host of which session.

mod secret;

use exchange_tokio::{
    core::{Identity, PeerId, SafetyNumber, SessionName},
    device::{self, KnownHost},
};
use jiff::tz::TimeZone;

use crate::{
    app::App,
    args::{IdArguments, IdCommand},
    exit::{Exit, Failure},
    home::{Files, failure, met},
    kept::moment,
    line::{Line, Style},
    output::{identity, known_host},
};

pub(crate) async fn run(app: App, arguments: IdArguments) -> Result<Exit, Failure> {
    let Some(files) = Files::of(&app.common) else {
        return Err(Failure::new(Exit::Store, "There is no place to keep who you are.", "--home names one."));
    };
    match arguments.command.unwrap_or(IdCommand::Show) {
        IdCommand::Show => show(&app, &files).await,
        IdCommand::Verify { session, yes } => verify(&app, &files, &session, yes).await,
        IdCommand::Trust { session, peer } => trust(&app, &files, &session, peer).await,
        IdCommand::Forget { session } => forget(&app, &files, &session).await,
        IdCommand::Export { to } => secret::export(&app, &files, to.as_deref()).await,
        IdCommand::Import { file, replace } => secret::import(&app, &files, &file, replace).await,
    }
}

async fn show(app: &App, files: &Files) -> Result<Exit, Failure> {
    let me = me(files)?;
    let known = files.hosts.all().map_err(|error| failure(&error))?;
    app.screen
        .show(if app.common.json {
            identity(me.peer(), &files.identity.display().to_string())
        } else {
            app.out().ours("You are ").theirs(me.peer()).ours(".")
        })
        .await;
    app.screen.say(|line| line.ours("That is kept in ").theirs(files.identity.display()).ours(".")).await;
    if known.is_empty() {
        app.screen.say(|line| line.ours("You know no host yet.")).await;
    }
    for (session, known) in known {
        present(app, &me, &session, known).await;
    }
    Ok(Exit::Done)
}

async fn verify(app: &App, files: &Files, session: &SessionName, yes: bool) -> Result<Exit, Failure> {
    let me = me(files)?;
    let known = files.hosts.get(session).map_err(|error| failure(&error))?.ok_or_else(|| unknown(session))?;
    let verified = KnownHost { is_verified: true, ..known };
    let mark = || files.hosts.put(session, verified).map_err(|error| failure(&error));
    if yes {
        mark()?;
        present(app, &me, session, verified).await;
        return Ok(Exit::Done);
    }
    present(app, &me, session, known).await;
    let words = "Compare it with what the host sees, side by side or by phone: there, /verify and your nick show it.";
    app.screen.say(|line| line.ours(words)).await;
    if !app.is_typed {
        return Err(Failure::new(Exit::Usage, "Nothing is marked.", "If the host sees the same, say --yes."));
    }
    app.screen.say(|line| line.ours("Is it the same, all of it? Type yes if it is.")).await;
    let answer = app.ask("").await?;
    if !answer.is_some_and(|answer| answer.trim().eq_ignore_ascii_case("yes")) {
        let advice = "If the host sees another number, somebody stands between you, or hosts in its name; \
            \"exchange id forget\" forgets them.";
        return Err(Failure::new(Exit::Refused, "Nothing is changed.", advice));
    }
    mark()?;
    app.screen.say(|line| line.ours("You have verified who hosts \"").theirs(session).ours("\".")).await;
    Ok(Exit::Done)
}

async fn trust(app: &App, files: &Files, session: &SessionName, peer: PeerId) -> Result<Exit, Failure> {
    let before = files.hosts.get(session).map_err(|error| failure(&error))?;
    if before.is_some_and(|before| before.peer == peer) {
        let words = |line: Line| line.ours("\"").theirs(session).ours("\" is known to be hosted by them already.");
        app.screen.say(words).await;
        return Ok(Exit::Done);
    }
    files.hosts.put(session, met(peer)).map_err(|error| failure(&error))?;
    let words = |line: Line| {
        let line = line.ours("\"").theirs(session).ours("\" is to be hosted by ").theirs(peer).ours(" from now on");
        match before {
            Some(before) => line.ours(", and no longer by ").theirs(before.peer).ours("."),
            None => line.ours("; nobody was known to host it."),
        }
    };
    app.screen.say(words).await;
    Ok(Exit::Done)
}

async fn forget(app: &App, files: &Files, session: &SessionName) -> Result<Exit, Failure> {
    let before = files.hosts.forget(session).map_err(|error| failure(&error))?.ok_or_else(|| unknown(session))?;
    let words = |line: Line| {
        let line = line.ours("Whoever hosts \"").theirs(session).ours("\" next is met for the first time; it was ");
        line.theirs(before.peer).ours(".")
    };
    app.screen.say(words).await;
    Ok(Exit::Done)
}

/// Shows the host of a session, and the safety number with them.
async fn present(app: &App, me: &Identity, session: &SessionName, known: KnownHost) {
    let number = SafetyNumber::of(me.peer(), known.peer);
    if app.common.json {
        return app.screen.show(known_host(session, known, number)).await;
    }
    let since = moment(known.since, &TimeZone::system());
    let since = since.map_or_else(|| "some day".into(), |since| since.strftime("%Y-%m-%d %H:%M").to_string());
    let line = app.out().ours("\"").styled(Style::Bold, |line| line.theirs(session)).ours("\" is hosted by ");
    let line = line.theirs(known.peer).ours(if known.is_verified { ", verified" } else { ", not verified" });
    app.screen.show(line.ours("; known since ").theirs(since).ours(".")).await;
    let line = app.out().ours("    Your safety number: ").styled(Style::Bold, |line| line.theirs(number));
    app.screen.show(line).await;
}

fn me(files: &Files) -> Result<Identity, Failure> {
    device::identity(&files.identity).map_err(|error| failure(&error))
}

fn unknown(session: &SessionName) -> Failure {
    let advice = "\"exchange id show\" shows whom you know.";
    Failure::new(Exit::NotFound, format!("You have not met who hosts \"{session}\"."), advice)
}

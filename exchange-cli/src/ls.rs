//! `exchange ls`, and `exchange` alone: which sessions there are.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use exchange_tokio::core::{
    SessionId,
    discovery::{PeerRecord, SessionEvent, SessionTable},
};
use futures_util::StreamExt as _;
use tokio::time::sleep;

use crate::{
    app::App,
    args::ListArguments,
    exit::{Exit, Failure},
    find::{self, described, nothing_found, ways_on},
    line::Line,
    output::listed,
};

/// How long to look for the first session, unless the user says so: a network that has just come up takes its time.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to look for all of them, once there is one.
const ENOUGH: Duration = Duration::from_millis(1500);

/// How the sessions that are there look.
type Shown = BTreeMap<SessionId, (String, PeerRecord)>;

pub(crate) async fn run(app: App, arguments: &ListArguments) -> Result<Exit, Failure> {
    if arguments.watch {
        return watch(app).await;
    }
    let patience = arguments.timeout.unwrap_or(PATIENCE);
    list(app, patience).await
}

/// What is shown without a command. To find nothing is nothing that went wrong.
pub(crate) async fn overview(app: App) -> Result<Exit, Failure> {
    let screen = app.screen.clone();
    let is_empty = list(app, PATIENCE).await? == Exit::NotFound;
    if !is_empty {
        screen.explain(ways_on(&screen)).await;
    }
    Ok(Exit::Done)
}

async fn list(app: App, patience: Duration) -> Result<Exit, Failure> {
    let sessions = match app.discovery().map_err(|error| find::failure(&error))? {
        Some(discovery) => {
            let looking = find::look(&*discovery, patience, patience.min(ENOUGH));
            app.unless_interrupted(looking).await?.map_err(|error| find::failure(&error))?
        }
        None => SessionTable::new(),
    };
    if sessions.is_empty() {
        app.screen.explain(nothing_found(&app, patience).await).await;
        return Ok(Exit::NotFound);
    }
    for record in sessions.iter() {
        app.screen
            .show(if app.common.json {
                Line::json(&listed("session", record.session, Some(record)))
            } else {
                described(app.out(), record, &sessions)
            })
            .await;
    }
    Ok(Exit::Done)
}

async fn watch(app: App) -> Result<Exit, Failure> {
    let Some(discovery) = app.discovery().map_err(|error| find::failure(&error))? else {
        app.screen.explain(nothing_found(&app, PATIENCE).await).await;
        return Ok(Exit::NotFound);
    };
    let mut browse = discovery.browse().map_err(|error| find::failure(&error))?;
    let (mut sessions, mut shown) = (SessionTable::new(), Shown::new());
    app.screen.say(|line| line.ours("Watching sessions come and go; Ctrl-C ends it.")).await;
    // To see nothing at first is explained once.
    let (mut in_vain, mut is_first) = (pin!(sleep(PATIENCE)), true);
    loop {
        let event = tokio::select! {
            event = browse.next() => event,
            () = in_vain.as_mut(), if is_first => {
                is_first = false;
                app.screen.explain(nothing_found(&app, PATIENCE).await).await;
                continue;
            }
            () = app.interrupts.told() => return Ok(Exit::Done),
            () = app.screen.closed() => return Ok(Exit::Done),
        };
        let Some(event) = event else { return Ok(Exit::Done) };
        is_first = false;
        sessions.apply(event.clone());
        let line = if app.common.json {
            Some(Line::json(&match &event {
                SessionEvent::Appeared(record) => listed("appeared", record.session, Some(record)),
                SessionEvent::Changed(record) => listed("changed", record.session, Some(record)),
                SessionEvent::Disappeared(session) => listed("disappeared", *session, None),
            }))
        } else {
            news(&app, event, &sessions, &mut shown)
        };
        if let Some(line) = line {
            app.screen.show(line).await;
        }
    }
}

/// What people want to know of an event: only what looks different from what is shown.
fn news(app: &App, event: SessionEvent, sessions: &SessionTable, shown: &mut Shown) -> Option<Line> {
    let (mark, record) = match event {
        SessionEvent::Appeared(record) => ("+ ", record),
        SessionEvent::Changed(record) => ("  ", record),
        SessionEvent::Disappeared(session) => {
            let (_, record) = shown.remove(&session)?;
            return Some(described(app.out().ours("- "), &record, sessions));
        }
    };
    let text = described(Line::out(false), &record, sessions).as_str().to_owned();
    let before = shown.insert(record.session, (text.clone(), record.clone()));
    before.is_none_or(|(before, _)| before != text).then(|| described(app.out().ours(mark), &record, sessions))
}

//! `exchange join`: into a session that somebody else hosts.

use std::{sync::Arc, time::Duration};

use exchange_tokio::{
    Client, ClientBuilder, NetworkError, Target,
    core::{CloseReason, JoinSecret, discovery::SessionTable},
    discovery::Discovery,
    sqlite::SqliteStore,
};
use tokio::time::{sleep, timeout};

use crate::{
    app::{App, IDLE},
    args::{JoinArguments, Whom},
    exit::{Exit, Failure},
    find::{self, SETTLE, described, nothing_found},
    home::{Home, Trust},
    invitation::Invitation,
    line::Line,
    output::{peers, told_apart},
    seat::Seat,
    secret, session,
};

/// How long to look, unless the user says so.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long to wait between two tries, at first and at most.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What to connect takes beyond what to look takes, at most.
const CONNECTING: Duration = Duration::from_millis(500);

/// How long it takes to be told what is known already.
const AT_ONCE: Duration = Duration::from_millis(100);

type Looking = Option<Arc<dyn Discovery>>;

pub(crate) async fn run(mut app: App, arguments: JoinArguments) -> Result<Exit, Failure> {
    let (client, trust) = Joining::begin(&app, &arguments).await?.connect().await?;
    let stage = app.take_screen();
    greet(&app, &client, trust).await;
    Ok(session::run(app, Seat::Client(client), trust, arguments.talk.room, arguments.wait, stage).await)
}

/// All that is needed to come into a session, before anybody is asked to be let in.
pub(crate) struct Joining<'a> {
    app: &'a App,
    arguments: &'a JoinArguments,
    discovery: Looking,
    store: Option<SqliteStore>,
    home: Home,
    secret: Option<JoinSecret>,
}

impl<'a> Joining<'a> {
    pub(crate) async fn begin(app: &'a App, arguments: &'a JoinArguments) -> Result<Self, Failure> {
        let needs_discovery = matches!(arguments.whom.as_ref().map(Whom::target), None | Some(Target::Session(_)));
        let discovery = if needs_discovery { app.discovery().map_err(|error| find::failure(&error))? } else { None };
        let store = arguments.store.as_ref().map(SqliteStore::open).transpose();
        let store = store.map_err(|error| Failure::of_store("join", &error))?;
        let home = Home::open(&app.common)?;
        let invited = invitation(arguments).and_then(|invitation| invitation.code).map(JoinSecret::from);
        let secret = match invited {
            Some(secret) if arguments.code.is_none() => {
                secret::warn(app).await;
                Some(secret)
            }
            _ => secret::of_guest(app, arguments.code.as_deref()).await?,
        };
        Ok(Self { app, arguments, discovery, store, home, secret })
    }

    /// Tries it, as often as the arguments say, and makes sure that it is hosted by whom it should be.
    pub(crate) async fn connect(self) -> Result<(Client, Trust), Failure> {
        let Self { app, arguments, discovery, store, mut home, mut secret } = self;
        let mut pause = PAUSE;
        let client = loop {
            let failure = match attempt(app, arguments, &discovery, store.as_ref(), (&home, secret.as_ref())).await? {
                Ok(client) => break client,
                Err(failure) => failure,
            };
            if let Some(why) = failure.asks {
                app.screen.say(|line| line.ours(why)).await;
                secret = secret::asked_for(app).await?;
                if secret.is_some() {
                    continue;
                }
            }
            if failure.is_own && home.become_somebody_new() {
                continue;
            }
            // Whoever types can see that it waits, and end it.
            let waits = arguments.wait || failure.has_knocked && app.is_conversation();
            if !(waits && failure.may_pass) {
                return Err(failure.explained(app, arguments, &discovery).await);
            }
            if pause == PAUSE {
                let words = |line: Line| {
                    if failure.has_knocked {
                        line.ours("You have knocked. Waiting until you are let in.")
                    } else {
                        line.theirs(&failure.failure.what).ours(" Waiting for it.")
                    }
                };
                app.screen.say(words).await;
            }
            app.unless_interrupted(sleep(pause)).await?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        };
        let trust = meet(&home, &client, invitation(arguments).is_some()).await?;
        Ok((client, trust))
    }
}

fn invitation(arguments: &JoinArguments) -> Option<&Invitation> {
    arguments.whom.as_ref().and_then(Whom::invitation)
}

/// Why a try came to nothing.
struct Vain {
    failure: Failure,
    may_pass: bool,
    /// Whether it is because the session is hosted by oneself.
    is_own: bool,
    /// Whether it is because whoever hosts has not yet said whether one may come in.
    has_knocked: bool,
    /// What to say before asking for the code, if it is for want of the right one and there is somebody to ask.
    asks: Option<&'static str>,
    /// What there is instead, as far as it was looked for.
    found: Option<SessionTable>,
}

impl Vain {
    /// The failure, with what there is instead, or what was tried.
    async fn explained(self, app: &App, arguments: &JoinArguments, discovery: &Looking) -> Failure {
        let Self { failure, found, .. } = self;
        if failure.exit != Exit::NotFound {
            return failure;
        }
        let found = match (found, discovery) {
            (Some(found), _) => found,
            // What was heard while the name was looked for is known at once.
            (None, Some(discovery)) => find::look(&**discovery, AT_ONCE, AT_ONCE).await.unwrap_or_default(),
            (None, None) => SessionTable::new(),
        };
        if found.is_empty() {
            return Failure { advice: String::new(), more: nothing_found(app, patience(arguments)).await, ..failure };
        }
        let line = || app.screen.line();
        let described = found.iter().map(|record| described(line().ours("    "), record, &found));
        let more = [line().ours("There are:")].into_iter().chain(described).collect();
        Failure { more, ..failure }
    }
}

async fn attempt(
    app: &App,
    arguments: &JoinArguments,
    discovery: &Looking,
    store: Option<&SqliteStore>,
    (home, secret): (&Home, Option<&JoinSecret>),
) -> Result<Result<Client, Vain>, Failure> {
    let target = match &arguments.whom {
        Some(whom) => Ok(whom.target()),
        None => app.unless_interrupted(only_session(discovery, patience(arguments))).await?,
    };
    let target = match target {
        Ok(target) => target,
        Err(vain) => return Ok(Err(vain)),
    };
    let builder = Client::builder().nick(&arguments.talk.nick()).patience(patience(arguments));
    let builder = builder.read_receipts(arguments.talk.read_receipts);
    let builder = if app.is_conversation() { builder.idle(IDLE) } else { builder };
    let builder = store.into_iter().cloned().fold(builder, ClientBuilder::store);
    let builder = home.identity().cloned().into_iter().fold(builder, ClientBuilder::identity);
    let builder = secret.into_iter().cloned().fold(builder, ClientBuilder::secret);
    let session = target.session().cloned();
    let known = session.as_ref().map(|session| home.host_of(session)).transpose()?.flatten();
    let invited = invitation(arguments).map(|invitation| invitation.host);
    let builder = if arguments.talk.insecure {
        builder.insecure()
    } else {
        known.or(invited).into_iter().fold(builder, ClientBuilder::host)
    };
    let builder = match discovery {
        Some(discovery) => builder.discovery(discovery.clone()),
        None => builder.no_discovery(),
    };
    // What bounds the search for a name bounds the wait for an address; to connect has to be in it too.
    let longest = arguments.timeout.map_or(Duration::MAX, |patience| patience + CONNECTING);
    let joining = timeout(longest, builder.join(target));
    let joined = app.unless_interrupted(joining).await?.unwrap_or(Err(NetworkError::TimedOut));
    if let (Some(session), Some(_), Err(NetworkError::Stranger { expected, found })) = (session, known, &joined) {
        return Err(home.somebody_else(&session, *expected, *found));
    }
    Ok(joined.map_err(|error| {
        let (failure, may_pass) = (Failure::of_join(&error), Failure::may_pass(&error));
        let is_own = matches!(error, NetworkError::ClosedByPeer { reason: Some(CloseReason::WrongToken) });
        let asks = match error {
            NetworkError::Locked => Some("The session asks for a code."),
            NetworkError::WrongSecret => Some("That is not the code of this session."),
            _ => None,
        };
        let asks = asks.filter(|_| app.is_typed);
        let has_knocked = matches!(error, NetworkError::Knocking);
        let found = match error {
            NetworkError::Ambiguous { found, .. } => Some(found.into_iter().collect()),
            _ => None,
        };
        Vain { failure, may_pass, is_own, has_knocked, asks, found }
    }))
}

/// The session that is meant when none is named.
async fn only_session(discovery: &Looking, patience: Duration) -> Result<Target, Vain> {
    let found = match discovery {
        Some(discovery) => find::look(&**discovery, patience, SETTLE).await.map_err(|error| Vain {
            failure: find::failure(&error),
            may_pass: false,
            is_own: false,
            has_knocked: false,
            asks: None,
            found: None,
        })?,
        None => SessionTable::new(),
    };
    let (what, advice) = match found.len() {
        1 => {
            if let Some(record) = found.iter().next() {
                return Ok(record.clone().into());
            }
            ("", "")
        }
        0 => ("There is no session to join.", ""),
        _ => ("There are several sessions.", "Say which one to join."),
    };
    let failure = Failure::new(Exit::NotFound, what, advice);
    let may_pass = discovery.is_some() && found.is_empty();
    Err(Vain { failure, may_pass, is_own: false, has_knocked: false, asks: None, found: Some(found) })
}

fn patience(arguments: &JoinArguments) -> Duration {
    arguments.timeout.unwrap_or(PATIENCE)
}

/// Remembers who hosts the session, or leaves it if that is somebody else than before.
async fn meet(home: &Home, client: &Client, is_invited: bool) -> Result<Trust, Failure> {
    let host = client.host().await.ok().flatten();
    let Some(session) = client.session().await.ok().flatten() else { return Ok(Trust::Insecure) };
    // The link says who hosts, and whoever has shown it is whom one means.
    let by_code = client.host_has_secret().await.unwrap_or(false).then_some(Trust::ByCode);
    let met = home.meet(&session.name, host, by_code.or_else(|| is_invited.then_some(Trust::Verified)));
    if met.is_err() {
        client.shutdown(Duration::ZERO).await;
    }
    met
}

/// Says where one is, and who else.
async fn greet(app: &App, client: &Client, trust: Trust) {
    let session = client.session().await.ok().flatten();
    let people = told_apart(&peers(client.people().await.unwrap_or_default()));
    if let Some(session) = session {
        let words = |line: Line| {
            line.ours("You are in \"").theirs(session.name).ours("\" as ").name(&client.me().nick).ours(".")
        };
        app.screen.say(words).await;
    }
    if people.len() > 1 {
        app.screen.say(|line| line.ours("Here: ").theirs(people.join(", ")).ours(".")).await;
    }
    if client.carried_over() > 0 {
        let what = if client.carried_over() == 1 { " message" } else { " messages" };
        let words = |line: Line| line.theirs(client.carried_over()).ours(what).ours(" from before will be sent now.");
        app.screen.say(words).await;
    }
    app.screen.say(|line| line.ours(trust.in_words())).await;
    if app.is_typed && trust == Trust::New {
        app.screen.say(|line| line.ours("/verify helps to make sure that it is whom you mean.")).await;
    }
    if app.is_typed {
        let keys = if app.takes_screen() { "F1 shows keys, /help commands" } else { "/help shows commands" };
        app.screen.say(|line| line.ours(keys).ours(", Ctrl-C leaves.")).await;
    }
}

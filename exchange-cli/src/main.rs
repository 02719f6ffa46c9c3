//! The program `exchange`: talk with the people on your network.
//!
//! | file | holds |
//! |---|---|
//! | `args` | what can be typed after `exchange` |
//! | `host`, `join`, `ls`, `export`, `search`, `import`, `doctor` | one command each |
//! | `send`, `tail`, `pipe`, `run` | one command each, for scripts |
//! | `errand` | what those have in common: somebody in a room for one purpose |
//! | `config` | what is set once and for all, and the command that shows it |
//! | `completions`, `man`, `document` | what tells shells and people what can be typed; text for other programs |
//! | `kept` | a session that is kept in a file, read and written |
//! | `session`, `seat`, `input` | a session, for its host and its clients; what is typed |
//! | `start`, `full` | which session to join, and a session, on the whole screen |
//! | `line`, `screen` | the gate before the terminal, and the only way to it |
//! | `links` | links in what is said, and where they really lead |
//! | `output` | events as text and as JSON |
//! | `invitation` | a session as a link and as a QR code |
//! | `secret` | the code or passphrase of a session |
//! | `home`, `id` | who one is and whom one knows, and the command about it |
//! | `find`, `local` | sessions on the network; interfaces and addresses of this machine |
//! | `stats` | what has happened in a hosted session so far |
//! | `app`, `exit`, `signals` | what commands share; how the program ends |

mod app;
mod args;
mod completions;
mod config;
mod doctor;
mod document;
#[cfg(test)]
mod documented;
mod errand;
mod exit;
mod export;
mod find;
mod full;
mod home;
mod host;
mod id;
mod import;
mod input;
mod invitation;
mod join;
mod kept;
mod line;
mod links;
mod local;
mod ls;
mod man;
mod output;
mod pipe;
mod run;
mod screen;
mod search;
mod seat;
mod secret;
mod send;
mod session;
mod signals;
mod start;
mod stats;
mod tail;

use std::{io, process::ExitCode};

use clap::Parser as _;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use crate::{
    app::App,
    args::{Arguments, Command, Common},
    exit::{Exit, Failure},
    screen::Screen,
};

fn main() -> ExitCode {
    let mut arguments = Arguments::parse();
    let settled = config::settle(&mut arguments);
    let Arguments { common, command } = arguments;
    let takes_screen =
        matches!(command, None | Some(Command::Host(_) | Command::Join(_))) && app::takes_screen(&common);
    log(&common, takes_screen);
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_start(&error),
    };
    let exit = runtime.block_on(async {
        let app = match App::new(common) {
            Ok(app) => app,
            Err(error) => return cannot_start(&error),
        };
        let (screen, mdns) = (app.screen.clone(), app.mdns.clone());
        let settings = match settled {
            Ok(settled) => settled.told(&screen).await,
            Err(failure) => {
                let exit = explained(failure, &screen).await;
                screen.flush().await;
                return exit.into();
            }
        };
        let done = match command {
            Some(Command::Host(arguments)) => host::run(app, &arguments).await,
            Some(Command::Join(arguments)) => Box::pin(join::run(app, arguments)).await,
            Some(Command::Send(arguments)) => Box::pin(send::run(app, &arguments)).await,
            Some(Command::Tail(arguments)) => Box::pin(tail::run(app, &arguments)).await,
            Some(Command::Pipe(arguments)) => Box::pin(pipe::run(app, &arguments)).await,
            Some(Command::Run(arguments)) => Box::pin(run::run(app, &arguments)).await,
            Some(Command::Ls(arguments)) => ls::run(app, &arguments).await,
            Some(Command::Export(arguments)) => export::run(app, &arguments).await,
            Some(Command::Search(arguments)) => search::run(app, &arguments).await,
            Some(Command::Import(arguments)) => import::run(app, &arguments).await,
            Some(Command::Id(arguments)) => id::run(app, arguments).await,
            Some(Command::Doctor(arguments)) => doctor::run(app, &arguments).await,
            Some(Command::Config(arguments)) => config::run(app, arguments).await,
            Some(Command::Completions(arguments)) => completions::run(arguments),
            Some(Command::Man(arguments)) => man::run(&arguments),
            None if app.takes_screen() => start::run(app, &settings).await,
            None => ls::overview(app).await,
        };
        mdns.close().await;
        let exit = match done {
            Ok(exit) => exit,
            Err(failure) => explained(failure, &screen).await,
        };
        screen.flush().await;
        exit.into()
    });
    // Looking up a host name cannot be cancelled, and nobody waits for it any more.
    runtime.shutdown_background();
    exit
}

async fn explained(failure: Failure, screen: &Screen) -> Exit {
    let Failure { exit, what, advice, more } = failure;
    if !what.is_empty() {
        screen.fail(&what, &advice).await;
        screen.explain(more).await;
    }
    exit
}

fn cannot_start(error: &io::Error) -> ExitCode {
    use io::Write as _;
    // Without standard error, nobody can be told.
    let _ = writeln!(io::stderr(), "exchange: cannot start: {error}");
    Exit::Network.into()
}

fn log(common: &Common, takes_screen: bool) {
    let level = match (common.quiet, common.verbose) {
        (true, _) => LevelFilter::ERROR,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::DEBUG,
        (_, _) => LevelFilter::TRACE,
    };
    let filter = EnvFilter::builder().with_default_directive(level.into()).from_env_lossy();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(full::Log)
        .with_ansi(!common.plain && !takes_screen && screen::has_colours(&io::stderr()))
        .init();
}

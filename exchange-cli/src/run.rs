//! `exchange run`: another program that takes part in a session.

mod bot;

use std::time::Duration;

use tokio::time::timeout;

use self::bot::Bot;
use crate::{
    app::App,
    args::RunArguments,
    errand::{Ending, Errand, HASTE},
    exit::{Exit, Failure},
};

/// Within this, Ctrl-C is heard by whoever else has heard it.
const AT_ONCE: Duration = Duration::from_millis(100);

/// How long the command may take to end when the session has.
const MOMENT: Duration = Duration::from_secs(2);

pub(crate) async fn run(app: App, arguments: &RunArguments) -> Result<Exit, Failure> {
    let mut errand = Errand::begin(app.hushed(), &arguments.way).await?;
    let mut bot = match Bot::start(&arguments.command, errand.client.events(), errand.client.me().id) {
        Ok(bot) => bot,
        Err(error) => {
            let name = arguments.command.first().map(|name| name.display().to_string()).unwrap_or_default();
            let failure = Failure::new(Exit::Command, format!("Cannot run {name}: {error}."), "");
            return Err(errand.given_up(failure).await);
        }
    };
    let mut ending = errand.unless_told(async |errand: &mut Errand| errand.relay(&mut bot).await).await;
    let failed = bot.failed();
    // In a terminal Ctrl-C is told to both, and which of them is noticed first is chance.
    if failed.is_some() && timeout(AT_ONCE, errand.app.interrupts.told()).await.is_ok() {
        ending = Ending::Interrupted;
    }
    let is_done = ending == Ending::Done;
    if ending == Ending::Interrupted {
        bot.hang_up();
        // What it has to say to that is said as well.
        let _ = timeout(HASTE, errand.relay(&mut bot)).await;
        bot.end(Duration::ZERO).await;
    }
    let exit = errand.end(ending).await;
    bot.end(MOMENT).await;
    match failed {
        Some(status) if is_done => Err(Failure::new(Exit::Command, format!("The command has failed: {status}."), "")),
        _ => Ok(exit),
    }
}

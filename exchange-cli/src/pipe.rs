//! `exchange pipe`: every line of standard input is a message.

use crate::{
    app::App,
    args::PipeArguments,
    errand::{Ending, Errand},
    exit::{Exit, Failure},
    output::Shown,
};

pub(crate) async fn run(app: App, arguments: &PipeArguments) -> Result<Exit, Failure> {
    let mut errand = Errand::begin(app.hushed(), &arguments.way).await?;
    let mut lines = match errand.app.lines() {
        Ok(lines) => lines,
        Err(error) => {
            let failure = Failure::new(Exit::Usage, format!("Standard input cannot be read: {error}."), "");
            return Err(errand.given_up(failure).await);
        }
    };
    errand.print(errand.printer(|_| Shown::Receipts).await);
    let ending = errand.unless_told(async |errand: &mut Errand| errand.relay(&mut lines).await).await;
    // What was not even read of the input is not delivered either.
    let cut_short = match ending {
        Ending::HostClosed => Some("The host closed the session before the end of the input."),
        Ending::Unread => Some("Nobody reads the receipts."),
        _ => None,
    };
    match (errand.end(ending).await, cut_short) {
        (Exit::Done, Some(why)) => Err(Failure::new(Exit::Undelivered, why, "")),
        (exit, _) => Ok(exit),
    }
}

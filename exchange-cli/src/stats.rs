//! What has happened in a hosted session so far, said again and again.

use std::time::Duration;

use exchange_tokio::Host;
use tokio::time::sleep;

use crate::{
    app::App,
    line::Style,
    output::{stats, stats_in_words},
};

/// Says it at that pace until the session is over, also where the program should be quiet: it was asked for.
pub(crate) fn report(app: &App, host: &Host, every: Duration) {
    let (screen, host, is_json) = (app.screen.clone(), host.clone(), app.common.json);
    tokio::spawn(async move {
        loop {
            sleep(every).await;
            let Ok(now) = host.stats().await else { return };
            let line = if is_json {
                stats(&now)
            } else {
                screen.line().styled(Style::Dim, |line| line.ours("-- ").theirs(stats_in_words(&now)))
            };
            screen.show(line).await;
        }
    });
}

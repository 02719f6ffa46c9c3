//! A host's announcement: kept up to date while the session is there, taken back when it ends.

use std::sync::Arc;

use exchange_core::{Event, PeerId, discovery::PeerRecord};

use crate::{
    command::WeakCommander,
    discovery::{Announcement, Discovery},
    events::Events,
    runtime::Runtime,
};

/// Whether a session is still announced.
#[derive(Debug)]
pub(crate) struct Announced(Option<async_channel::Receiver<()>>);

impl Announced {
    pub(crate) fn never() -> Self {
        Self(None)
    }

    /// Waits until the others have been told that it is over.
    pub(crate) async fn withdrawn(&self) {
        if let Some(ended) = &self.0 {
            // Nothing is ever sent: the channel is closed when the announcement is gone.
            let _ = ended.recv().await;
        }
    }
}

pub(crate) fn keep<R: Runtime>(
    runtime: &R,
    me: PeerId,
    (discovery, announcement, mut record): (Arc<dyn Discovery>, Box<dyn Announcement>, PeerRecord),
    mut events: Events,
    commander: WeakCommander,
) -> Announced {
    let (ending, ended) = async_channel::bounded::<()>(1);
    runtime.spawn(async move {
        while let Some(event) = events.next().await {
            match event {
                Event::Closed { .. } => break,
                Event::Presence { .. } | Event::Renamed { .. } | Event::Lagged { .. } => {}
                _ => continue,
            }
            let Some(commander) = commander.upgrade() else { break };
            let Ok(people) = commander.ask(|participant| participant.people()).await else { break };
            let before = (record.people, record.host.clone());
            record.people = u32::try_from(people.len()).unwrap_or(u32::MAX);
            if let Some(host) = people.iter().find(|person| person.peer.id == me) {
                record.host = host.peer.nick.clone();
            }
            if before == (record.people, record.host.clone()) {
                continue;
            }
            if let Err(error) = announcement.update(&record) {
                tracing::warn!(%error, "the announcement could not be brought up to date");
            }
        }
        announcement.withdraw().await;
        drop((discovery, ending));
    });
    Announced(Some(ended))
}

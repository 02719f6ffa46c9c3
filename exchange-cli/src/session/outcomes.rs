//! What becomes of what was said and done.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use exchange_tokio::{
    Delivered, DeliveryError, Receipt, RequestError,
    core::{Refusal, RoomName},
};
use futures_util::FutureExt as _;

use super::Conversation;
use crate::{
    line::Line,
    output::{Attempt, failed, refused},
};

/// What was said or done and has no outcome yet.
#[derive(Debug)]
pub(super) struct OnItsWay {
    receipt: Receipt,
    attempt: Attempt,
}

/// What became of it.
#[derive(Debug)]
pub(super) struct Became {
    pub(super) attempt: Attempt,
    room: RoomName,
    pub(super) outcome: Result<Delivered, DeliveryError>,
}

impl Future for OnItsWay {
    type Output = Became;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Became> {
        self.receipt.poll_unpin(cx).map(|outcome| {
            let (attempt, room) = (self.attempt.clone(), self.receipt.id().room.clone());
            Became { attempt, room, outcome }
        })
    }
}

/// Why something was not done.
enum NotDone {
    Refused(Refusal),
    Otherwise(String),
}

impl From<RequestError> for NotDone {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Refused(refusal) => Self::Refused(refusal),
            error => Self::Otherwise(error.to_string()),
        }
    }
}

impl From<DeliveryError> for NotDone {
    fn from(error: DeliveryError) -> Self {
        match error {
            DeliveryError::Refused(refusal) => Self::Refused(refusal),
            error => Self::Otherwise(error.to_string()),
        }
    }
}

impl Conversation {
    /// Something was asked for in a room: it is on its way, or was turned down at once.
    pub(super) async fn sent(&mut self, sent: Result<Receipt, RequestError>, attempt: Attempt, room: &RoomName) {
        match sent {
            Ok(receipt) => self.on_their_way.push(OnItsWay { receipt, attempt }),
            Err(error) => {
                self.undelivered += usize::from(attempt == Attempt::Say);
                self.not_asked(&attempt, room, error).await;
            }
        }
    }

    /// What was on its way has its outcome.
    pub(super) async fn settle(&mut self, Became { attempt, room, outcome }: Became) {
        // What is kept is counted in the end.
        if let Err(error) = outcome
            && error != DeliveryError::Kept
        {
            self.undelivered += 1;
            self.turned_down(&attempt, &room, error.into()).await;
        }
    }

    /// What cannot even be asked for.
    pub(super) async fn not_asked(&self, attempt: &Attempt, room: &RoomName, error: RequestError) {
        self.turned_down(attempt, room, error.into()).await;
    }

    async fn turned_down(&self, attempt: &Attempt, room: &RoomName, why: NotDone) {
        let label = self.label(room).await;
        let words = |line: Line| match why {
            NotDone::Refused(refusal) => refused(line, attempt, &label, refusal),
            NotDone::Otherwise(why) => failed(line, attempt, &label).ours(": ").theirs(why).ours("."),
        };
        self.screen.warn(words).await;
    }
}

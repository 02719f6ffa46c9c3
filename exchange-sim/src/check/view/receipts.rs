//! What a client is told became of its messages.

use exchange_core::{MessageId, Outcome, Refusal};

use super::{Check, Invariant, Scene, View};
use crate::{check::order::hangs_on_log, marks::Mark};

impl View {
    pub(super) fn receipt(&mut self, id: &MessageId, outcome: Outcome, scene: &mut Scene<'_>) -> Check {
        if !self.waiting.remove(id) {
            let again = self.settled.contains(id);
            let what = if again { "is given a second outcome" } else { "was never posted" };
            return Err((Invariant::S9, format!("message {id} {what}: {outcome:?}")));
        }
        self.in_lobby -= usize::from(id.room.is_lobby());
        self.settled.insert(id.clone());
        match outcome {
            Outcome::Logged { seq, .. } => {
                let place = self.rooms.get(&id.room);
                let log = place.and_then(|place| scene.model.logs.get(&place.epoch));
                let logged = log.and_then(|log| log.place(id.producer, id.cmid));
                let is_there = match (seq, logged) {
                    (Some(seq), Some(logged)) => seq == logged,
                    // Where is not known any more, or in a log before this one, or among what was logged and forgotten
                    // within one round: of acts in there, nobody was told where they were.
                    (None, _) => {
                        let mut logs = scene.model.logs.values().filter(|log| log.room == id.room);
                        logs.any(|log| !log.is_certain || log.place(id.producer, id.cmid).is_some())
                    }
                    (Some(seq), None) => log.is_some_and(|log| !log.is_certain && log.entry(seq).is_none()),
                };
                if !is_there {
                    return Err((
                        Invariant::S4,
                        format!("message {id} is acknowledged at {seq:?}, but is at {logged:?}"),
                    ));
                }
            }
            Outcome::Refused(refusal) => {
                scene.marks.sometimes(refusal == Refusal::NotMember, Mark::RefusedAfterLeaving);
                let of_change = matches!(refusal, Refusal::NotYours | Refusal::NothingToChange | Refusal::NoMessage);
                scene.marks.sometimes(of_change, Mark::ChangeRefused);
                if refusal == Refusal::SendGap {
                    return Err((Invariant::S17, format!("message {id} is refused because one before it is missing")));
                }
                // What is in a log that is lost may well be refused in the next.
                let here = self.rooms.get(&id.room).map(|place| place.epoch);
                let may_be = |epoch| hangs_on_log(refusal) && here.is_some_and(|here| here != epoch);
                let mut logs = scene.model.logs.iter().filter(|(epoch, log)| log.room == id.room && !may_be(**epoch));
                if logs.any(|(_, log)| log.place(id.producer, id.cmid).is_some()) {
                    return Err((Invariant::S4, format!("message {id} is refused and logged")));
                }
                scene.refused.insert(id.clone());
            }
            Outcome::Unknown => scene.marks.hit(Mark::OutcomeUnknown),
            // Looked at by those who look at what is kept.
            Outcome::Kept if self.outbox.is_some() => {}
            Outcome::Kept => {
                return Err((Invariant::S9, format!("message {id} is kept by somebody who keeps nothing")));
            }
        }
        Ok(())
    }
}

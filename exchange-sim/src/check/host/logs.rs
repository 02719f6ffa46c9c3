//! What a host has logged, step by step, given to the model to judge.

use exchange_core::{Body, Host, LeaveReason, MemberId, MessageId, RoomName, Seq};

use super::{Check, Hosts, Invariant, Scene, Trust};
use crate::{
    chat::station::Seen,
    check::said::{Told, is_blank, is_posted},
    marks::Mark,
};

impl Hosts {
    /// What was logged is judged by the model.
    pub(super) fn logs(&mut self, host: &Host, seen: &[Seen], trust: &Trust<'_>, scene: &mut Scene<'_>) -> Check {
        let told = |room: &RoomName, seq: Seq| {
            let told = seen.iter().filter_map(|seen| if let Seen::Told(event) = seen { Told::of(event) } else { None });
            told.into_iter().find(|told| (told.room, told.seq) == (room, seq)).map(Told::into_logged)
        };
        let (most, now) = (self.setup.history, scene.model.now);
        let mut count = 0;
        for (index, (room, history)) in host.histories().enumerate() {
            let epoch = history.epoch();
            let ends = (epoch, history.tail(), history.head());
            count += 1;
            match self.ends.get_mut(index) {
                Some(before) if *before == ends => continue,
                Some(before) => *before = ends,
                None => self.ends.push(ends),
            }
            let kept = history.head().0 - history.tail().0;
            if kept > u64::from(most) {
                return Err((Invariant::S16, format!("{kept} entries of {room:?} are kept, of {most} that may be")));
            }
            let log = scene.model.log(epoch, room)?;
            let forgot = log.tail < history.tail();
            log.tail = history.tail();
            let before = log.head();
            if before == history.head() {
                // Nothing has come for which anything would have had to go.
                scene.marks.sometimes(forgot, Mark::TooOld);
                continue;
            }
            if before > history.head() {
                return Err((Invariant::S1, format!("{room:?} ends at {} after {before}", history.head())));
            }
            if before == Seq::ZERO {
                let is_private = Self::is_opened_private(room, seen);
                scene.model.open(epoch, room, is_private);
            }
            scene.model.grown.insert(epoch, before);
            for seq in before.0 + 1..=history.tail().0 {
                scene.model.append_unseen(epoch, told(room, Seq(seq)))?;
            }
            let mut blanks = Vec::new();
            for entry in history.after(before) {
                let Some(logged) = scene.model.append(epoch, &entry, || told(room, entry.seq))? else { continue };
                if !logged.is_said() {
                    let timed_out = matches!(entry.body, Body::Leave { reason: LeaveReason::TimedOut });
                    scene.marks.sometimes(timed_out, Mark::Expired);
                    continue;
                }
                if entry.author != MemberId(0) {
                    self.order.spends(logged.peer.id, now)?;
                }
                let id = MessageId { room: room.clone(), producer: logged.producer, cmid: logged.cmid };
                let must_be_posted = trust.honest.contains(&id.producer) || !trust.has_mangler;
                let is_posted = || scene.posted.get(&id).is_some_and(|posted| is_posted(posted, &entry.body));
                if is_blank(&entry.body) {
                    blanks.push((entry.seq, entry.body.changes().unwrap_or(entry.seq)));
                } else if must_be_posted && !is_posted() {
                    return Err((Invariant::S8, format!("{} never posted {:?}", logged.peer.nick, entry.body)));
                }
                let is_of_another = scene.meant.get(&id).is_some_and(|epoch| *epoch != history.epoch());
                if entry.body.changes().is_some() && is_of_another {
                    let what = format!("{} meant {:?} for a log that is lost", logged.peer.nick, entry.body);
                    return Err((Invariant::S22, what));
                }
                if scene.refused.contains(&id) {
                    return Err((Invariant::S4, format!("message {id} was refused and is in the log of {room:?}")));
                }
            }
            let log = scene.model.log(epoch, room)?;
            if let Some((seq, _)) = blanks.iter().find(|(_, of)| !log.changed.is_deleted(*of)) {
                return Err((Invariant::S8, format!("entry {seq} of {room:?} says nothing, and was not deleted")));
            }
            if log.head() != history.head() {
                return Err((
                    Invariant::S3,
                    format!("{room:?} ends at {}, but its entries at {}", history.head(), log.head()),
                ));
            }
        }
        self.ends.truncate(count);
        if scene.model.open.len() > count {
            let is_gone = |room: &&RoomName| host.history(room).is_none();
            let gone: Vec<RoomName> = scene.model.open.keys().filter(is_gone).cloned().collect();
            for room in gone {
                scene.model.close(&room);
            }
        }
        Ok(())
    }
}

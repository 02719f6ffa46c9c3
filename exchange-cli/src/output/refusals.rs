//! Why something was not done: what it was, why not, and when to try again.

use exchange_tokio::core::{Refusal, RoomName, Rule, Seq};

use super::{RoomLabel, spans::spoken};
use crate::{
    input::{Deed, Treatment},
    line::Line,
};

/// Something that was asked for and may be turned down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    Say,
    Edit(Seq),
    Delete(Seq),
    React(Seq),
    Unreact(Seq),
    Do(Deed),
    Join,
    Leave,
}

/// Says what was asked for in a room, and why it was turned down.
pub(crate) fn refused(line: Line, attempt: &Attempt, room: &RoomLabel, refusal: Refusal) -> Line {
    why(failed(line, attempt, room).ours(": "), attempt, room, refusal).ours(".")
}

/// Says that one is in a room no more, why, and the reason that whoever saw to it gave.
pub(crate) fn removed(line: Line, room: &RoomLabel, refusal: Refusal, reason: Option<&str>) -> Line {
    let line = room.show(line.ours("You are not in ")).ours(" any more: ");
    let line = why(line, &Attempt::Join, room, refusal).ours(".");
    match reason {
        Some(reason) => line.ours(" The reason given: ").theirs(reason).ours("."),
        None => line,
    }
}

/// What was asked for, and that it did not come about.
pub(crate) fn failed(line: Line, attempt: &Attempt, room: &RoomLabel) -> Line {
    let of_message = |line: Line, what, seq: &Seq| room.show(line.ours(what).theirs(seq).ours(" in "));
    match attempt {
        Attempt::Say => room.show(line.ours("Your message in ")).ours(" was not delivered"),
        Attempt::Edit(seq) => of_message(line, "Message #", seq).ours(" was not changed"),
        Attempt::Delete(seq) => of_message(line, "Message #", seq).ours(" was not deleted"),
        Attempt::React(seq) => of_message(line, "Your reaction to #", seq).ours(" was not taken"),
        Attempt::Unreact(seq) => of_message(line, "Your reaction to #", seq).ours(" was not taken back"),
        Attempt::Join => room.show(line.ours("You cannot join ")),
        Attempt::Leave => room.show(line.ours("You cannot leave ")),
        Attempt::Do(Deed::Topic(_)) => room.show(line.ours("The topic of ")).ours(" was not changed"),
        Attempt::Do(Deed::Rule(Rule::Locked(true))) => room.show(line).ours(" was not locked"),
        Attempt::Do(Deed::Rule(Rule::Locked(false))) => room.show(line).ours(" was not unlocked"),
        Attempt::Do(Deed::Rule(Rule::Slow(_))) => room.show(line.ours("The pace of ")).ours(" was not changed"),
        Attempt::Do(Deed::Rule(_)) => room.show(line.ours("The rules of ")).ours(" were not changed"),
        Attempt::Do(Deed::Close) => room.show(line).ours(" was not closed"),
        Attempt::Do(Deed::To(who, treatment)) => {
            let line = line.name(who);
            match treatment {
                Treatment::Invite => room.show(line.ours(" was not invited to ")),
                Treatment::Kick(_) => room.show(line.ours(" was not removed from ")),
                Treatment::Ban(..) => room.show(line.ours(" was not banned from ")),
                Treatment::Unban => room.show(line.ours(" was not let back into ")),
                Treatment::Mute(_) => room.show(line.ours(" was not muted in ")),
                Treatment::Unmute => room.show(line.ours(" was not let speak again in ")),
                Treatment::Appoint => line.ours(" was not made a moderator"),
                Treatment::Dismiss => line.ours(" is as much of a moderator as before"),
            }
        }
    }
}

fn why(line: Line, attempt: &Attempt, room: &RoomLabel, refusal: Refusal) -> Line {
    let treatment = if let Attempt::Do(Deed::To(_, treatment)) = attempt { Some(treatment) } else { None };
    let line = match (refusal, attempt, treatment) {
        (Refusal::NotAllowed, ..) => line.ours(not_allowed(attempt, room)),
        (Refusal::NoSuchPeer, _, Some(Treatment::Kick(_))) => line.ours("they are not in it"),
        (Refusal::NoSuchPeer, _, Some(Treatment::Unban)) => line.ours("they are not banned there"),
        (Refusal::NoSuchPeer, _, Some(Treatment::Unmute)) => line.ours("they are not muted there"),
        (Refusal::TooMany { limit }, _, Some(Treatment::Invite)) => {
            line.theirs(limit).ours(" invitations wait for them already")
        }
        (Refusal::TooMany { limit }, _, Some(Treatment::Ban(..))) => {
            line.theirs(limit).ours(" people are banned there already")
        }
        (Refusal::TooMany { limit }, _, Some(Treatment::Mute(_))) => {
            line.theirs(limit).ours(" people are muted there already")
        }
        (Refusal::TooMany { limit }, Attempt::React(_), _) => {
            line.ours("there are ").theirs(limit).ours(" different ones already")
        }
        (Refusal::NothingToChange, Attempt::React(_), _) => line.ours("you have reacted so already"),
        (Refusal::NothingToChange, Attempt::Unreact(_), _) => line.ours("you have not reacted so"),
        (Refusal::NotYours, Attempt::Delete(_), _) => {
            line.ours("it is somebody else's, and you do not moderate the room")
        }
        (Refusal::NotYours, ..) => line.ours("it is somebody else's"),
        (Refusal::NotMember, ..) => line.ours("you are not in the room"),
        (Refusal::Muted { .. }, ..) => line.ours("you are muted"),
        (Refusal::Banned { .. }, ..) => line.ours("you are banned from the room"),
        (Refusal::Locked, ..) => line.ours("it is locked, and only those who moderate it may speak"),
        (Refusal::SlowMode { .. }, ..) => line.ours("everybody waits there between two messages"),
        (Refusal::RateLimited { .. }, ..) => line.ours("that was too much at once"),
        _ => return line.theirs(refusal),
    };
    match refusal.retry_after() {
        Some(wait) => line.ours("; try again in ").theirs(spoken(wait)),
        None => line,
    }
}

fn not_allowed(attempt: &Attempt, room: &RoomLabel) -> &'static str {
    let is_lobby = matches!(room, RoomLabel::Named(room) if RoomName::is_lobby(room));
    match attempt {
        Attempt::Do(Deed::Topic(_)) => "it is fixed, and only those who moderate the room may change it",
        Attempt::Do(Deed::To(_, Treatment::Appoint | Treatment::Dismiss)) => {
            "only the owner says who moderates, and of others"
        }
        Attempt::Do(_) if matches!(room, RoomLabel::With(_)) => "nobody moderates a room of two",
        Attempt::Do(Deed::To(_, Treatment::Invite)) if is_lobby => "everybody is there",
        Attempt::Do(Deed::Close | Deed::Rule(Rule::Private(true))) if is_lobby => "it is for everybody",
        Attempt::Do(Deed::To(_, Treatment::Kick(_) | Treatment::Ban(..) | Treatment::Mute(_))) => {
            "only those who moderate the room may do that, and to nobody who may do as much"
        }
        Attempt::Do(_) => "only those who moderate the room may do that",
        Attempt::Join => "it is for two others",
        _ => "that is not yours to do",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use exchange_tokio::core::{HistoryPolicy, NameError};

    use super::*;

    fn to(treatment: Treatment) -> Attempt {
        Attempt::Do(Deed::To("bo".into(), treatment))
    }

    fn attempts() -> Vec<Attempt> {
        let seq = Seq(5);
        let of_messages = [
            Attempt::Say,
            Attempt::Edit(seq),
            Attempt::Delete(seq),
            Attempt::React(seq),
            Attempt::Unreact(seq),
            Attempt::Join,
            Attempt::Leave,
        ];
        let of_rooms = [
            Deed::Topic("optics".into()),
            Deed::Rule(Rule::Locked(true)),
            Deed::Rule(Rule::Locked(false)),
            Deed::Rule(Rule::Slow(30)),
            Deed::Rule(Rule::History(HistoryPolicy::All)),
            Deed::Close,
        ];
        let of_people = [
            Treatment::Invite,
            Treatment::Kick("loud".into()),
            Treatment::Ban(None, String::new()),
            Treatment::Unban,
            Treatment::Mute(None),
            Treatment::Unmute,
            Treatment::Appoint,
            Treatment::Dismiss,
        ];
        let done = of_rooms.map(Attempt::Do).into_iter();
        of_messages.into_iter().chain(done).chain(of_people.map(to)).collect()
    }

    fn refusals() -> [Refusal; 27] {
        let (retry_after_ms, again) = (5_400_000, Some(5_400_000));
        [
            Refusal::Empty,
            Refusal::TooLong { limit: 8192 },
            Refusal::NotMember,
            Refusal::TooManyRooms,
            Refusal::RoomFull,
            Refusal::Lobby,
            Refusal::Kind,
            Refusal::SendGap,
            Refusal::OutboxFull,
            Refusal::LogExhausted,
            Refusal::Closed,
            Refusal::NoMessage,
            Refusal::NotYours,
            Refusal::NothingToChange,
            Refusal::TooMany { limit: 20 },
            Refusal::Name(NameError::Reserved),
            Refusal::Private,
            Refusal::Taken,
            Refusal::Kicked,
            Refusal::Banned { retry_after_ms: again },
            Refusal::RoomClosed,
            Refusal::NotAllowed,
            Refusal::NoSuchPeer,
            Refusal::Muted { retry_after_ms: again },
            Refusal::Locked,
            Refusal::SlowMode { retry_after_ms },
            Refusal::RateLimited { retry_after_ms },
        ]
    }

    fn said_in(room: &str, attempt: &Attempt, refusal: Refusal) -> String {
        let room = RoomLabel::Named(room.parse().unwrap());
        refused(Line::err(false), attempt, &room, refusal).as_str().to_owned()
    }

    #[test]
    fn every_refusal_of_everything_says_what_was_refused_and_why_and_when_to_try_again() {
        let mut sentences = BTreeSet::new();
        for attempt in attempts() {
            let room = RoomLabel::Named("den".parse().unwrap());
            let what = failed(Line::err(false), &attempt, &room).as_str().to_owned();
            for refusal in refusals() {
                let said = said_in("den", &attempt, refusal);
                let why = said.strip_prefix(&format!("{what}: ")).and_then(|why| why.strip_suffix('.'));
                assert!(why.is_some_and(|why| !why.is_empty()), "{said}");
                assert_eq!(said.contains("try again in 1 h 30 min"), refusal.retry_after().is_some(), "{said}");
                assert!(sentences.insert(said.clone()), "it is said of two: {said}");
            }
        }
    }

    #[test]
    fn what_a_refusal_means_depends_on_what_was_asked_for() {
        let muted = Refusal::Muted { retry_after_ms: Some(90_000) };
        let for_good = Refusal::Muted { retry_after_ms: None };
        let slow = Refusal::SlowMode { retry_after_ms: 1 };
        let many = Refusal::TooMany { limit: 20 };
        let (topic, lock) = (Attempt::Do(Deed::Topic(String::new())), Attempt::Do(Deed::Rule(Rule::Locked(true))));
        let rows = [
            (Attempt::Say, muted, "Your message in #den was not delivered: you are muted; try again in 1 min 30 s."),
            (Attempt::Say, for_good, "Your message in #den was not delivered: you are muted."),
            (
                Attempt::Say,
                slow,
                "Your message in #den was not delivered: everybody waits there between two messages; try again in 1 s.",
            ),
            (
                Attempt::Say,
                Refusal::Locked,
                "Your message in #den was not delivered: it is locked, and only those who moderate it may speak.",
            ),
            (Attempt::Edit(Seq(5)), Refusal::NotYours, "Message #5 in #den was not changed: it is somebody else's."),
            (
                Attempt::Delete(Seq(5)),
                Refusal::NotYours,
                "Message #5 in #den was not deleted: it is somebody else's, and you do not moderate the room.",
            ),
            (
                Attempt::React(Seq(5)),
                many,
                "Your reaction to #5 in #den was not taken: there are 20 different ones already.",
            ),
            (
                Attempt::React(Seq(5)),
                Refusal::NothingToChange,
                "Your reaction to #5 in #den was not taken: you have reacted so already.",
            ),
            (
                Attempt::Unreact(Seq(5)),
                Refusal::NothingToChange,
                "Your reaction to #5 in #den was not taken back: you have not reacted so.",
            ),
            (
                topic,
                Refusal::NotAllowed,
                "The topic of #den was not changed: it is fixed, and only those who moderate the room may change it.",
            ),
            (lock, Refusal::NotAllowed, "#den was not locked: only those who moderate the room may do that."),
            (
                to(Treatment::Kick(String::new())),
                Refusal::NotAllowed,
                "bo was not removed from #den: only those who moderate the room may do that, and to nobody who may do \
                 as much.",
            ),
            (
                to(Treatment::Kick(String::new())),
                Refusal::NoSuchPeer,
                "bo was not removed from #den: they are not in it.",
            ),
            (to(Treatment::Unban), Refusal::NoSuchPeer, "bo was not let back into #den: they are not banned there."),
            (
                to(Treatment::Unmute),
                Refusal::NoSuchPeer,
                "bo was not let speak again in #den: they are not muted there.",
            ),
            (to(Treatment::Invite), many, "bo was not invited to #den: 20 invitations wait for them already."),
            (
                to(Treatment::Ban(None, String::new())),
                many,
                "bo was not banned from #den: 20 people are banned there already.",
            ),
            (
                to(Treatment::Appoint),
                Refusal::NotAllowed,
                "bo was not made a moderator: only the owner says who moderates, and of others.",
            ),
            (
                Attempt::Join,
                Refusal::Banned { retry_after_ms: None },
                "You cannot join #den: you are banned from the room.",
            ),
        ];
        for (attempt, refusal, expected) in rows {
            assert_eq!(said_in("den", &attempt, refusal), expected);
        }
        let close = Attempt::Do(Deed::Close);
        assert_eq!(said_in("lobby", &close, Refusal::NotAllowed), "#lobby was not closed: it is for everybody.");
        let two = RoomLabel::With("bo".into());
        let said = refused(Line::err(false), &close, &two, Refusal::NotAllowed);
        assert_eq!(said.as_str(), "@bo was not closed: nobody moderates a room of two.");
    }
}

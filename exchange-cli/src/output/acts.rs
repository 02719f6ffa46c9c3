//! What is done in rooms, in words.

use std::time::Duration;

use exchange_tokio::core::{Act, HistoryPolicy, Peer, Remark, Role, Rule};

use super::{RoomLabel, spans::spoken};
use crate::line::Line;

/// What follows the name of whoever did it in a room, which has no label if it is the lobby.
pub(super) fn line(line: Line, act: &Act, room: Option<&RoomLabel>, label: impl Fn(&Peer) -> String) -> Option<Line> {
    let to = |line: Line, did: &'static str, who: &Peer| line.ours(did).name(&label(who));
    // What is done in the lobby is done in the session.
    let place = |line: Line, before: &'static str| match room {
        Some(room) => room.show(line.ours(before)),
        None => line,
    };
    let whole = |line: Line, before: &'static str, otherwise: &'static str| match room {
        Some(room) => room.show(line.ours(before)),
        None => line.ours(before).ours(otherwise),
    };
    Some(match act {
        Act::Topic(Some(topic)) => place(line.ours(" set the topic"), " of ").ours(": ").theirs(topic),
        Act::Topic(None) => place(line.ours(" took away the topic"), " of "),
        Act::Rule(Rule::Locked(true)) => whole(line, " locked ", "the lobby"),
        Act::Rule(Rule::Locked(false)) => whole(line, " unlocked ", "the lobby"),
        Act::Rule(Rule::Slow(0)) => place(line.ours(" ended slow mode"), " in "),
        Act::Rule(Rule::Slow(seconds)) => {
            let line = line.ours(" lets everybody wait ").theirs(seconds_spoken(*seconds)).ours(" between messages");
            place(line, " in ")
        }
        Act::Rule(Rule::Private(true)) => whole(line, " made ", "the lobby").ours(" private"),
        Act::Rule(Rule::Private(false)) => whole(line, " opened ", "the lobby").ours(" to all"),
        Act::Rule(Rule::FixedTopic(true)) => place(line.ours(" fixed the topic"), " of "),
        Act::Rule(Rule::FixedTopic(false)) => place(line.ours(" lets everybody change the topic"), " of "),
        Act::Rule(Rule::History(policy)) => place(read_back(line.ours(" lets newcomers read "), *policy), " in "),
        Act::Invite(who) => place(to(line, " invited ", who), " to "),
        Act::Knock => place(line.ours(" is at the door"), " of ").ours(": /invite lets them in"),
        Act::Kick { who, reason } => {
            because(whole(to(line, " removed ", who), " from ", "the session"), reason.as_ref())
        }
        Act::Ban { who, seconds, reason } => {
            let line = whole(to(line, " banned ", who), " from ", "the session");
            because(lasting(line, *seconds), reason.as_ref())
        }
        Act::Unban(who) => whole(to(line, " lets ", who).ours(" come back"), " to ", "the session"),
        Act::Mute { who, seconds } => lasting(place(to(line, " muted ", who), " in "), *seconds),
        Act::Unmute(who) => place(to(line, " lets ", who).ours(" speak again"), " in "),
        Act::Role { who, role: Role::Moderator } => to(line, " made a moderator of ", who),
        Act::Role { who, .. } => to(line, " took the role of a moderator from ", who),
        Act::Close => whole(line, " closed ", "the lobby"),
        _ => return None,
    })
}

fn because(line: Line, reason: Option<&Remark>) -> Line {
    match reason {
        Some(reason) => line.ours(": ").theirs(reason),
        None => line,
    }
}

fn lasting(line: Line, seconds: Option<u32>) -> Line {
    match seconds {
        Some(seconds) => line.ours(" for ").theirs(seconds_spoken(seconds)),
        None => line,
    }
}

/// How far back newcomers may read.
pub(crate) fn read_back(line: Line, policy: HistoryPolicy) -> Line {
    match policy {
        HistoryPolicy::All => line.ours("all that is kept"),
        HistoryPolicy::Last(entries) => line.ours("the last ").theirs(entries).ours(" entries"),
        HistoryPolicy::SinceJoin => line.ours("nothing from before they came"),
    }
}

pub(crate) fn seconds_spoken(seconds: u32) -> String {
    spoken(Duration::from_secs(seconds.into()))
}

#[cfg(test)]
mod tests {
    use exchange_tokio::core::PeerId;

    use super::*;

    fn said(act: &Act, room: Option<&RoomLabel>) -> Option<String> {
        line(Line::out(false), act, room, |peer| peer.nick.to_string()).map(|line| line.as_str().trim().to_owned())
    }

    #[test]
    fn what_is_done_is_said_of_the_room_or_of_the_session() {
        let bo = || Peer { id: PeerId::from_bytes([1; 16]), nick: "bo".parse().unwrap() };
        let spam = || Some(Remark::new("spam").unwrap());
        let rows = [
            (Act::Topic(spam()), "set the topic of #den: spam", "set the topic: spam"),
            (Act::Topic(None), "took away the topic of #den", "took away the topic"),
            (Act::Rule(Rule::Locked(true)), "locked #den", "locked the lobby"),
            (
                Act::Rule(Rule::Slow(90)),
                "lets everybody wait 1 min 30 s between messages in #den",
                "lets everybody wait 1 min 30 s between messages",
            ),
            (Act::Rule(Rule::Private(true)), "made #den private", "made the lobby private"),
            (Act::Knock, "is at the door of #den: /invite lets them in", "is at the door: /invite lets them in"),
            (Act::Invite(bo()), "invited bo to #den", "invited bo"),
            (
                Act::Kick { who: bo(), reason: spam() },
                "removed bo from #den: spam",
                "removed bo from the session: spam",
            ),
            (
                Act::Ban { who: bo(), seconds: Some(3600), reason: spam() },
                "banned bo from #den for 1 h: spam",
                "banned bo from the session for 1 h: spam",
            ),
            (Act::Unban(bo()), "lets bo come back to #den", "lets bo come back to the session"),
            (Act::Mute { who: bo(), seconds: None }, "muted bo in #den", "muted bo"),
            (Act::Unmute(bo()), "lets bo speak again in #den", "lets bo speak again"),
            (Act::Close, "closed #den", "closed the lobby"),
        ];
        let den = RoomLabel::Named("den".parse().unwrap());
        for (act, in_room, in_lobby) in rows {
            let (here, everywhere) = (said(&act, Some(&den)), said(&act, None));
            assert_eq!((here.as_deref(), everywhere.as_deref()), (Some(in_room), Some(in_lobby)));
        }
    }
}

//! What is done in rooms, in words.

use std::time::Duration;

use exchange_tokio::core::{Act, HistoryPolicy, Peer, Remark, Role, Rule};

use super::spans::spoken;
use crate::line::Line;

/// What follows the name of whoever did it, and where; none for what is not worth a line.
pub(super) fn line(
    line: Line,
    act: &Act,
    place: impl FnOnce(Line) -> Line,
    label: impl Fn(&Peer) -> String,
) -> Option<Line> {
    let to = |line: Line, did: &'static str, who: &Peer| line.ours(did).name(&label(who));
    let (line, time, words) = match act {
        Act::Topic(Some(topic)) => return Some(place(line.ours(" set the topic")).ours(": ").theirs(topic)),
        Act::Topic(None) => (line.ours(" took the topic away"), None, None),
        Act::Rule(Rule::Locked(true)) => (line.ours(" locked the room"), None, None),
        Act::Rule(Rule::Locked(false)) => (line.ours(" unlocked the room"), None, None),
        Act::Rule(Rule::Slow(0)) => (line.ours(" ended slow mode"), None, None),
        Act::Rule(Rule::Slow(seconds)) => {
            (line.ours(" lets everybody wait ").theirs(seconds_spoken(*seconds)).ours(" between messages"), None, None)
        }
        Act::Rule(Rule::Private(true)) => (line.ours(" made the room private"), None, None),
        Act::Rule(Rule::Private(false)) => (line.ours(" opened the room to all"), None, None),
        Act::Rule(Rule::FixedTopic(true)) => (line.ours(" fixed the topic"), None, None),
        Act::Rule(Rule::FixedTopic(false)) => (line.ours(" lets everybody change the topic"), None, None),
        Act::Rule(Rule::History(policy)) => (read_back(line.ours(" lets newcomers read "), *policy), None, None),
        Act::Invite(who) => (to(line, " invited ", who), None, None),
        Act::Knock => (line.ours(" is at the door: /invite lets them in"), None, None),
        Act::Kick { who, reason } => (to(line, " removed ", who), None, reason.as_ref()),
        Act::Ban { who, seconds, reason } => (to(line, " banned ", who), *seconds, reason.as_ref()),
        Act::Unban(who) => (to(line, " lets back ", who), None, None),
        Act::Mute { who, seconds } => (to(line, " muted ", who), *seconds, None),
        Act::Unmute(who) => (to(line, " lets speak again ", who), None, None),
        Act::Role { who, role: Role::Moderator } => (to(line, " made a moderator of ", who), None, None),
        Act::Role { who, .. } => (to(line, " took the role of a moderator from ", who), None, None),
        Act::Close => (line.ours(" closed the room"), None, None),
        _ => return None,
    };
    Some(because(place(lasting(line, time)), words))
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

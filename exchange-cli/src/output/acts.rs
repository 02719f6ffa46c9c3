//! What is done in rooms, in words.

use exchange_tokio::core::{Act, Peer, Remark, Role, Rule};

use crate::line::Line;

/// What follows the name of whoever did it; none for what is not worth a line.
pub(super) fn line(line: Line, act: &Act, label: impl Fn(&Peer) -> String) -> Option<Line> {
    let to = |line: Line, did: &'static str, who: &Peer| line.ours(did).name(&label(who));
    Some(match act {
        Act::Topic(Some(topic)) => line.ours(" says what this is about: ").theirs(topic),
        Act::Topic(None) => line.ours(" took the topic away"),
        Act::Rule(Rule::Locked(true)) => line.ours(" locked the room"),
        Act::Rule(Rule::Locked(false)) => line.ours(" unlocked the room"),
        Act::Rule(Rule::Slow(0)) => line.ours(" ended slow mode"),
        Act::Rule(Rule::Slow(seconds)) => {
            line.ours(" lets everybody wait ").theirs(seconds).ours(" s between messages")
        }
        Act::Rule(Rule::Private(true)) => line.ours(" made the room private"),
        Act::Rule(Rule::Private(false)) => line.ours(" opened the room to all"),
        Act::Rule(_) => line.ours(" changed the rules of the room"),
        Act::Invite(who) => to(line, " invited ", who),
        Act::Knock => line.ours(" is at the door: /invite lets them in"),
        Act::Kick { who, reason } => because(to(line, " removed ", who), reason.as_ref()),
        Act::Ban { who, seconds, reason } => because(lasting(to(line, " banned ", who), *seconds), reason.as_ref()),
        Act::Unban(who) => to(line, " lets back ", who),
        Act::Mute { who, seconds } => lasting(to(line, " muted ", who), *seconds),
        Act::Unmute(who) => to(line, " lets speak again ", who),
        Act::Role { who, role: Role::Moderator } => to(line, " made a moderator of ", who),
        Act::Role { who, .. } => to(line, " took the role of a moderator from ", who),
        Act::Close => line.ours(" closed the room"),
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
        Some(seconds) => line.ours(" for ").theirs(seconds).ours(" s"),
        None => line,
    }
}

//! What is done in a room beside talking, as it is typed.

use exchange_tokio::core::{HistoryPolicy, Rule};
use jiff::{Span, SpanRelativeTo};

use super::Mistake;

/// Something to be done in the room where one talks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Topic(String),
    Rule(Rule),
    Close,
    /// To somebody, by what they are called.
    To(String, Treatment),
}

/// Something to be done to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Treatment {
    Invite,
    Kick(String),
    Ban(Option<u32>, String),
    Unban,
    Mute(Option<u32>),
    Unmute,
    Appoint,
    Dismiss,
}

const RULE: &str = "/rule history all|COUNT|none, /rule private on|off or /rule topic fixed|free";

/// What a command does; none if it is none of these.
pub(super) fn parse(name: &str, rest: &str) -> Option<Result<Deed, Mistake>> {
    let (who, more) = rest.split_once(char::is_whitespace).map_or((rest, ""), |(who, more)| (who, more.trim()));
    let to = |treatment: Treatment, usage| {
        if who.is_empty() { Err(Mistake::Usage(usage)) } else { Ok(Deed::To(who.into(), treatment)) }
    };
    let alone = |treatment, usage| if more.is_empty() { to(treatment, usage) } else { Err(Mistake::Usage(usage)) };
    let bare = |deed, usage| if rest.is_empty() { Ok(deed) } else { Err(Mistake::Usage(usage)) };
    Some(match name {
        "topic" => Ok(Deed::Topic(rest.into())),
        "lock" => bare(Deed::Rule(Rule::Locked(true)), "/lock"),
        "unlock" => bare(Deed::Rule(Rule::Locked(false)), "/unlock"),
        "slow" => seconds(rest).map(|pace| Deed::Rule(Rule::Slow(pace))).ok_or(Mistake::Usage("/slow TIME")),
        "rule" => rule(who, more).map(Deed::Rule).ok_or(Mistake::Usage(RULE)),
        "close" => bare(Deed::Close, "/close"),
        "invite" => alone(Treatment::Invite, "/invite WHO"),
        "kick" => to(Treatment::Kick(more.into()), "/kick WHO [WHY]"),
        "ban" => {
            let (seconds, reason) = for_how_long(more);
            to(Treatment::Ban(seconds, reason.into()), "/ban WHO [TIME] [WHY]")
        }
        "unban" => alone(Treatment::Unban, "/unban WHO"),
        "mute" => match for_how_long(more) {
            (seconds, "") => to(Treatment::Mute(seconds), "/mute WHO [TIME]"),
            _ => Err(Mistake::Usage("/mute WHO [TIME]")),
        },
        "unmute" => alone(Treatment::Unmute, "/unmute WHO"),
        "op" => alone(Treatment::Appoint, "/op WHO"),
        "deop" => alone(Treatment::Dismiss, "/deop WHO"),
        _ => return None,
    })
}

/// A rule, by its name and what it is to be.
fn rule(name: &str, value: &str) -> Option<Rule> {
    Some(match (name, value) {
        ("history", "all") => Rule::History(HistoryPolicy::All),
        ("history", "none") => Rule::History(HistoryPolicy::SinceJoin),
        ("history", entries) => Rule::History(HistoryPolicy::Last(entries.parse().ok()?)),
        ("private", "on") => Rule::Private(true),
        ("private", "off") => Rule::Private(false),
        ("topic", "fixed") => Rule::FixedTopic(true),
        ("topic", "free") => Rule::FixedTopic(false),
        _ => return None,
    })
}

/// For how many seconds, if that is said first, and what else is said.
fn for_how_long(text: &str) -> (Option<u32>, &str) {
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    seconds(first).map_or((None, text), |seconds| (Some(seconds), rest.trim()))
}

/// A time such as `90`, in seconds, or `1m30s`, `2h`, `7d`.
pub(crate) fn seconds(text: &str) -> Option<u32> {
    text.parse().ok().or_else(|| {
        let time = text.parse::<Span>().ok()?.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
        time.as_secs().try_into().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deed(line: &str) -> Result<Deed, Mistake> {
        let (name, rest) = line.split_once(' ').unwrap_or((line, ""));
        parse(name, rest).unwrap()
    }

    #[test]
    fn what_is_done_to_somebody_says_to_whom_for_how_long_and_why() {
        let to = |treatment| Ok(Deed::To("bo".into(), treatment));
        assert_eq!(deed("kick bo too loud"), to(Treatment::Kick("too loud".into())));
        assert_eq!(deed("ban bo"), to(Treatment::Ban(None, String::new())));
        assert_eq!(deed("ban bo 60 too loud"), to(Treatment::Ban(Some(60), "too loud".into())));
        assert_eq!(deed("ban bo 2 much"), to(Treatment::Ban(Some(2), "much".into())));
        assert_eq!(deed("ban bo 7d too loud"), to(Treatment::Ban(Some(604_800), "too loud".into())));
        assert_eq!(deed("mute bo 60"), to(Treatment::Mute(Some(60))));
        assert_eq!(deed("mute bo 1m30s"), to(Treatment::Mute(Some(90))));
        assert_eq!(deed("slow 2m"), Ok(Deed::Rule(Rule::Slow(120))));
        assert_eq!(deed("invite bo"), to(Treatment::Invite));
    }

    #[test]
    fn rules_are_named_and_say_what_they_are_to_be() {
        let rule = |rule| Ok(Deed::Rule(rule));
        assert_eq!(deed("rule history all"), rule(Rule::History(HistoryPolicy::All)));
        assert_eq!(deed("rule history 50"), rule(Rule::History(HistoryPolicy::Last(50))));
        assert_eq!(deed("rule history none"), rule(Rule::History(HistoryPolicy::SinceJoin)));
        assert_eq!(deed("rule private on"), rule(Rule::Private(true)));
        assert_eq!(deed("rule topic fixed"), rule(Rule::FixedTopic(true)));
        assert_eq!(deed("rule topic  free"), rule(Rule::FixedTopic(false)));
        assert_eq!((deed("lock"), deed("unlock")), (rule(Rule::Locked(true)), rule(Rule::Locked(false))));
    }

    #[test]
    fn what_does_not_fit_is_a_mistake_and_done_to_nobody() {
        for line in [
            "kick",
            "invite bo cy",
            "mute bo loud",
            "slow",
            "slow down",
            "slow -5s",
            "mute bo 1mo",
            "lock it",
            "rule",
            "rule history",
            "rule history -1",
            "rule private maybe",
            "rule slow 30",
            "close now",
            "op",
        ] {
            assert!(matches!(deed(line), Err(Mistake::Usage(_))), "{line}");
        }
        assert_eq!(parse("dance", ""), None);
    }
}

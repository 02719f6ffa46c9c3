//! What is looked for among messages, as it is typed.

use exchange_tokio::core::{RoomName, Timestamp};
use jiff::{
    SignedDuration, ZonedDateTime,
    civil::{Date, Time},
};

use super::deeds::seconds;

/// How many messages, and before which; the newest, if it is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) count: Option<usize>,
    pub(crate) before: Option<u64>,
}

/// What is looked for, where, and whose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// In which room, if not in the one where one talks.
    pub(crate) room: Option<RoomName>,
    /// What whoever said it is called.
    pub(crate) by: Option<String>,
    pub(crate) since: Option<When>,
    pub(crate) until: Option<When>,
    /// What it says.
    pub(crate) words: Vec<String>,
}

/// A moment, as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// So many seconds ago.
    Ago(u32),
    /// Today.
    At(Time),
    /// When that day began.
    On(Date),
}

impl When {
    fn parse(text: &str) -> Option<Self> {
        let at = Time::strptime("%H:%M", text).map(Self::At);
        let on = || Date::strptime("%Y-%m-%d", text).map(Self::On);
        at.or_else(|_| on()).ok().or_else(|| seconds(text).map(Self::Ago))
    }

    /// On the clock that shows `now`; none if there is no such moment.
    pub(crate) fn moment(self, now: &ZonedDateTime) -> Option<Timestamp> {
        let moment = match self {
            Self::Ago(seconds) => now.checked_sub(SignedDuration::from_secs(seconds.into())).ok()?,
            Self::At(time) => now.date().to_datetime(time).to_zoned_datetime(now.time_zone().clone()).ok()?,
            Self::On(date) => date.to_zoned_datetime(now.time_zone().clone()).ok()?,
        };
        u64::try_from(moment.timestamp().as_millisecond()).ok().map(Timestamp::from_millis)
    }
}

/// `50`, `before #120`, `50 before 120`.
pub(super) fn stretch(text: &str) -> Option<Stretch> {
    let mut words = text.split_whitespace().peekable();
    let count = match words.peek() {
        None | Some(&"before") => None,
        Some(count) => {
            let count = count.parse().ok().filter(|count| *count > 0)?;
            words.next();
            Some(count)
        }
    };
    let before = match (words.next(), words.next()) {
        (None, _) => None,
        (Some("before"), Some(number)) => Some(number.strip_prefix('#').unwrap_or(number).parse().ok()?),
        _ => return None,
    };
    words.next().is_none().then_some(Stretch { count, before })
}

/// `#ops @bo since 2h until 14:00 words`: what narrows the search comes first, each once, in any order.
pub(super) fn search(text: &str) -> Option<Found> {
    let mut found = Found::default();
    let mut rest = text;
    loop {
        let (first, more) = split(rest);
        let (second, after) = split(more);
        match first {
            _ if first.starts_with('@') && found.by.is_none() => {
                found.by = Some(first.get(1..).filter(|nick| !nick.is_empty())?.to_owned());
                rest = more;
            }
            _ if first.starts_with('#') && found.room.is_none() => {
                found.room = Some(first.trim_start_matches('#').parse().ok()?);
                rest = more;
            }
            "since" if found.since.is_none() && When::parse(second).is_some() => {
                (found.since, rest) = (When::parse(second), after);
            }
            "until" if found.until.is_none() && When::parse(second).is_some() => {
                (found.until, rest) = (When::parse(second), after);
            }
            _ => break,
        }
    }
    found.words = rest.split_whitespace().map(str::to_owned).collect();
    let is_narrow = found.by.is_some() || found.since.is_some() || found.until.is_some();
    (is_narrow || !found.words.is_empty()).then_some(found)
}

fn split(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_once(char::is_whitespace).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn history_is_so_much_and_goes_back_from_where_it_is_said() {
        let stretch_of = |count, before| Some(Stretch { count, before });
        assert_eq!(stretch(""), stretch_of(None, None));
        assert_eq!(stretch("5"), stretch_of(Some(5), None));
        assert_eq!(stretch("before 120"), stretch_of(None, Some(120)));
        assert_eq!(stretch("5 before #120"), stretch_of(Some(5), Some(120)));
        for text in ["some", "0", "-1", "before", "5 before", "5 before x", "5 120", "before 120 5"] {
            assert_eq!(stretch(text), None, "{text}");
        }
    }

    #[test]
    fn a_search_is_narrowed_by_what_comes_before_its_words() {
        let by = Some("bo".to_owned());
        let found = Found { by: by.clone(), words: words("Lunch today"), ..Found::default() };
        assert_eq!(search("@bo Lunch today"), Some(found));
        let (since, until) = (Some(When::Ago(7200)), Some(When::At(Time::constant(14, 0, 0, 0))));
        let room = Some("ops".parse().unwrap());
        let all = Found { room, by: by.clone(), since, until, words: words("deploy @cy #1") };
        assert_eq!(search("since 2h #ops until 14:00 @bo deploy @cy #1"), Some(all));
        assert_eq!(search("since 2026-11-20").unwrap().since, Some(When::On(Date::constant(2026, 11, 20))));
        assert_eq!(search("since 9:30").unwrap().since, Some(When::At(Time::constant(9, 30, 0, 0))));
        assert_eq!(search("since lunch").unwrap().words, words("since lunch"), "these are words");
        for nothing in ["", "#ops", "@", "@ x", "# x"] {
            assert_eq!(search(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn times_are_those_of_the_clock_on_the_wall() {
        let now = Date::constant(2026, 11, 26)
            .at(15, 30, 0, 0)
            .to_zoned_datetime(TimeZone::fixed(jiff::tz::offset(1)))
            .unwrap();
        let at = |when: When| when.moment(&now).map(|moment| moment.as_millis() / 1000);
        assert_eq!(at(When::Ago(60)), at(When::Ago(0)).map(|now| now - 60));
        let hour = |hour| at(When::At(Time::constant(hour, 0, 0, 0))).unwrap();
        assert_eq!(hour(15) - hour(12), 3 * 3600);
        assert_eq!(hour(12) - at(When::On(Date::constant(2026, 11, 26))).unwrap(), 12 * 3600);
        assert_eq!(at(When::Ago(0)).unwrap() - hour(15), 1800);
    }
}

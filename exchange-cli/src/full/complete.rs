//! What a word may become.

use super::{compose::Word, view::View};
use crate::input::HELP;

/// Whom one may mean, those first who have spoken last.
#[derive(Debug, Default)]
pub(crate) struct People(Vec<String>);

impl People {
    pub(crate) fn of(view: &View) -> Self {
        let tab = view.tab();
        let mut people: Vec<String> = Vec::new();
        let spoken = tab.buffer.messages().filter(|said| !said.mine);
        let spoken = spoken.filter_map(|said| tab.members.iter().find(|member| member.id == said.sender));
        for member in spoken.chain(&tab.members) {
            if member.id != view.me && !people.iter().any(|label| label == member.label()) {
                people.push(member.label().to_owned());
            }
        }
        Self(people)
    }

    #[cfg(test)]
    fn called(people: &[&str]) -> Self {
        Self(people.iter().map(ToString::to_string).collect())
    }
}

/// Emoji by the names that they have elsewhere, those that people use most.
const EMOJI: [(&str, &str); 40] = [
    ("+1", "👍"),
    ("-1", "👎"),
    ("100", "💯"),
    ("angry", "😠"),
    ("beer", "🍺"),
    ("bug", "🐛"),
    ("bulb", "💡"),
    ("cake", "🍰"),
    ("check", "✅"),
    ("clap", "👏"),
    ("coffee", "☕"),
    ("confused", "😕"),
    ("cry", "😢"),
    ("eyes", "👀"),
    ("fire", "🔥"),
    ("grin", "😁"),
    ("heart", "❤️"),
    ("hourglass", "⏳"),
    ("joy", "😂"),
    ("laughing", "😆"),
    ("muscle", "💪"),
    ("ok_hand", "👌"),
    ("party", "🥳"),
    ("point_up", "☝️"),
    ("pray", "🙏"),
    ("question", "❓"),
    ("rocket", "🚀"),
    ("sad", "🙁"),
    ("scream", "😱"),
    ("shrug", "🤷"),
    ("sleeping", "😴"),
    ("smile", "😄"),
    ("sob", "😭"),
    ("star", "⭐"),
    ("sunglasses", "😎"),
    ("tada", "🎉"),
    ("thinking", "🤔"),
    ("warning", "⚠️"),
    ("wave", "👋"),
    ("wink", "😉"),
];

/// The best first.
pub(crate) fn candidates(word: &Word<'_>, people: &People, rooms: &[String]) -> Vec<String> {
    let Word { typed: word, is_first, command } = *word;
    if let Some(start) = word.strip_prefix(':').filter(|start| !start.is_empty()) {
        let begins = EMOJI.iter().filter(|(name, _)| name.starts_with(start));
        return begins.map(|(_, emoji)| format!("{emoji} ")).collect();
    }
    if is_first && word.starts_with('/') {
        let mut commands: Vec<String> = HELP
            .iter()
            .filter_map(|(usage, _)| usage.split_whitespace().next())
            .filter(|command| command.starts_with(word) && *command != "//text")
            .map(|command| format!("{command} "))
            .collect();
        commands.dedup();
        return commands;
    }
    let is_of_rooms = matches!(command, Some("/join" | "/j" | "/room" | "/switch" | "/part" | "/leave" | "/who"));
    if word.starts_with('#') || is_of_rooms {
        let start = word.trim_start_matches('#').to_lowercase();
        let named = rooms.iter().filter_map(|room| room.strip_prefix('#').map(|name| (room, name)));
        let begins = named.filter(|(_, name)| name.to_lowercase().starts_with(&start));
        return begins.map(|(room, _)| format!("{room} ")).collect();
    }
    if word.is_empty() && command.is_none() {
        return Vec::new();
    }
    let (sign, start) = match word.strip_prefix('@') {
        Some(start) => ("@", start),
        None => ("", word),
    };
    let start = start.to_lowercase();
    let begins = people.0.iter().filter(|label| label.to_lowercase().starts_with(&start));
    // Whoever is named first is spoken to.
    let end = if is_first && sign.is_empty() { ": " } else { " " };
    let sign = if is_first || command.is_some() { sign } else { "@" };
    begins.map(|label| [sign, label, end].concat()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str, is_first: bool, command: Option<&str>) -> Vec<String> {
        let people = People::called(&["bo", "Ana", "andi"]);
        let rooms = ["#lobby".to_owned(), "#ops".to_owned(), "@bo".to_owned()];
        candidates(&Word { typed: word, is_first, command }, &people, &rooms)
    }

    #[test]
    fn nicks_are_completed_in_the_order_in_which_people_spoke() {
        assert_eq!(of("an", true, None), ["Ana: ", "andi: "]);
        assert_eq!(of("@an", true, None), ["@Ana ", "@andi "]);
        assert_eq!(of("b", false, None), ["@bo "], "whoever is named within a text is meant by it");
        assert_eq!(of("b", false, Some("/kick")), ["bo "]);
        assert_eq!(of("", false, Some("/whois")), ["bo ", "Ana ", "andi "]);
        assert!(of("", true, None).is_empty() && of("x", true, None).is_empty());
    }

    #[test]
    fn commands_rooms_and_emoji_are_completed_where_they_may_stand() {
        assert_eq!(of("/re", true, None), ["/refuse ", "/reply ", "/react "]);
        assert_eq!(of("/jo", true, None), ["/join "]);
        assert!(of("/jo", false, None).is_empty(), "a command stands first");
        assert_eq!(
            (of("#o", false, None), of("l", false, Some("/part"))),
            (vec!["#ops ".to_owned()], vec!["#lobby ".to_owned()])
        );
        assert_eq!(of(":ta", false, None), ["🎉 "]);
        assert!(of(":", false, None).is_empty());
    }
}

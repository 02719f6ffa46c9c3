//! Names: what a reader makes of a text in a place of each.

use exchange_tokio::core::{NameError, RoomName};

use super::Vector;

pub(super) fn vectors() -> Vec<Vector> {
    let joined = "\u{200d}\u{200d}";
    let named = [
        ("plain", "nick", "ana", "ana"),
        ("trimmed", "nick", "  ana\n", "ana"),
        (
            "trimmed_of_any_white_space",
            "nick",
            "\u{3000}\u{a0}\u{85}\u{1680}\u{2003}ana b\u{b}\u{205f}\u{202f}\t",
            "ana b",
        ),
        ("longest_nick", "nick", "éééééééééééééééé", "éééééééééééééééé"),
        ("longest_after_trimming", "nick", " éééééééééééééééé ", "éééééééééééééééé"),
        ("shown_as_given", "room", "Lobby", "Lobby"),
        ("not_normalised_where_shown", "room", "e\u{301}", "e\u{301}"),
        ("composed", "room", "\u{e9}", "\u{e9}"),
        ("compatible_but_other", "room", "\u{ff24}en \u{2460}", "\u{ff24}en \u{2460}"),
        ("folded_into_two", "room", "Straße", "Straße"),
        ("final_sigma", "room", "ΌΔΟΣ όδος", "ΌΔΟΣ όδος"),
        ("iota_beneath", "room", "\u{1fc3}", "\u{1fc3}"),
        ("unseen", "room", "d\u{34f}en\u{200d} ❤\u{fe0f}", "d\u{34f}en\u{200d} ❤\u{fe0f}"),
        ("emoji_held_together", "session", "👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
        ("variation", "session", "❤\u{fe0f}", "❤\u{fe0f}"),
        ("hidden_beside_seen", "session", "a\u{3164}", "a\u{3164}"),
    ];
    let longest = "x".repeat(64);
    let too_long = "x".repeat(65);
    let long = |limit| NameError::TooLong { limit };
    let refused = [
        ("nothing", "nick", "", NameError::Empty),
        ("white_space", "room", " \t\u{2003}", NameError::Empty),
        ("format_characters", "nick", "\u{200b}\u{200b}", NameError::Empty),
        ("joiners", "nick", joined, NameError::Empty),
        ("fillers", "session", "\u{3164}\u{115f}\u{2800}\u{ffa0}", NameError::Empty),
        ("tags", "session", "\u{e0041}", NameError::Empty),
        ("long_nick", "nick", &too_long[..33], long(32)),
        ("long_nick_in_bytes", "nick", "ééééééééééééééééé", long(32)),
        ("long_room", "room", &too_long, long(64)),
        ("long_session", "session", &too_long, long(64)),
        (
            "long_and_empty",
            "nick",
            "\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
            long(32),
        ),
        ("control", "nick", "a\u{1b}[31m", NameError::Unshowable),
        ("control_alone", "nick", "\u{1}", NameError::Unshowable),
        ("control_of_latin_1", "nick", "a\u{9b}b", NameError::Unshowable),
        ("separator_that_is_no_white_space", "nick", "\u{1c}ana", NameError::Unshowable),
        ("line_break", "room", "a\nb", NameError::Unshowable),
        ("line_separator", "room", "a\u{2028}b", NameError::Unshowable),
        ("right_to_left", "room", "a\u{202e}b", NameError::Unshowable),
        ("zero_width_space", "room", "a\u{200b}b", NameError::Unshowable),
        ("soft_hyphen", "room", "a\u{ad}b", NameError::Unshowable),
        ("byte_order_mark", "room", "\u{feff}ab", NameError::Unshowable),
        ("annotation", "room", "a\u{fffa}b", NameError::Unshowable),
        ("tag", "room", "a\u{e0041}", NameError::Unshowable),
    ];
    let mut vectors = named.map(|(name, kind, text, meaning)| taken(name, kind, text, meaning)).to_vec();
    vectors.push(taken("longest_room", "room", &longest, &longest));
    vectors.push(taken("longest_session", "session", &longest, &longest));
    vectors.extend(refused.map(|(name, kind, text, error)| one(name, kind, text).with("error", &error)));
    vectors
}

fn taken(name: &str, kind: &str, text: &str, meaning: &str) -> Vector {
    let vector = one(name, kind, text).with("meaning", meaning);
    match RoomName::new(text) {
        Ok(room) if kind == "room" => vector.with("canonical", room.canonical()),
        _ => vector,
    }
}

fn one(name: &str, kind: &str, text: &str) -> Vector {
    Vector::new(name).with("kind", kind).bytes("bytes", text.as_bytes())
}

//! Looking for words in what is kept.

use std::{collections::BTreeSet, fs};

use exchange_driver::core::{Body, RoomName, Seq, message::Delete};

use crate::{Folder, talk::Talk};

#[test]
fn a_message_is_found_by_all_its_words_whatever_their_case_and_accents() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let [lunch, dinner] =
        ["Lunch at the CAFÉ, 12:30", "no lunch today; dinner at the cafe\u{301} then"].map(|text| talk.says(text));
    assert_eq!(talk.finds("lunch"), [dinner, lunch], "the newest first");
    assert_eq!(talk.finds("cafe LUNCH 12"), [lunch]);
    assert_eq!(talk.finds("din"), [dinner], "a word begins with it");
    assert_eq!(talk.finds("inner"), []);
    assert_eq!(talk.finds("lunch breakfast"), []);
    assert_eq!(talk.found("lunch", None, 1).len(), 1);
}

#[test]
fn words_are_words_and_never_orders() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let [both, one] = ["it's x-ray AND \"light\" near 100%", "light"].map(|text| talk.says(text));
    for words in
        ["\"light\"", "light*", "(light", "light\0", "text:light", "-light", "^light", "light + 🎉", "light \" \""]
    {
        let found = if words.starts_with("text") { vec![] } else { vec![one, both] };
        assert_eq!(talk.finds(words), found, "{words:?}");
    }
    for words in ["light AND", "it's", "x-r", "NEAR light", "light near", "\"100%\""] {
        assert_eq!(talk.finds(words), [both], "{words:?}");
    }
    for words in ["", " ", "\"", "*", "-", "🎉", "light OR", "light NOT x"] {
        assert_eq!(talk.finds(words), [], "{words:?}");
    }
}

#[test]
fn what_is_written_without_spaces_is_found_by_any_part_of_it() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let texts = ["明日の天気は良いです", "東京towerで会いましょう", "สวัสดีตอนเช้า", "नमस्ते दुनिया", "한국어를 배워요"];
    let places = texts.map(|text| talk.says(text));
    let found = ["天気", "tower", "ตอนเช้า", "दुनिया", "한국어"].map(|words| talk.finds(words));
    assert_eq!(found, places.map(|place| vec![place]));
    assert_eq!(talk.finds("気天"), [], "in that order");
    assert_eq!(talk.finds("東京 会"), [places[1]]);
}

#[test]
fn a_message_is_found_by_what_it_says_now_and_not_once_it_is_deleted() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let place = talk.says("lunhc at noon");
    talk.edits(place, "lunch at noon");
    assert_eq!((talk.finds("lunhc"), talk.finds("lunch"), talk.finds("noon")), (vec![], vec![place], vec![place]));
    talk.deletes(place);
    assert_eq!((talk.finds("lunhc"), talk.finds("lunch"), talk.finds("noon")), (vec![], vec![], vec![]));
    let (text, lobby) = (Body::text("said, changed and taken back at once"), RoomName::lobby());
    let place = talk.posts(&lobby, [text]);
    talk.edits(place, "changed");
    talk.edits(place, "changed twice");
    assert_eq!((talk.finds("taken"), talk.finds("twice")), (vec![], vec![place]));
}

#[test]
fn rooms_are_looked_through_one_by_one_or_together() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let (lobby, den, attic) = (RoomName::lobby(), "den".parse().unwrap(), "attic".parse().unwrap());
    for (room, text) in [(&den, "lunch"), (&lobby, "lunch?"), (&den, "Lunch!")] {
        talk.posts(room, [Body::text(text)]);
    }
    let rooms = |room| talk.found("lunch", room, 2).into_iter().map(|found| found.room.to_string()).collect::<Vec<_>>();
    assert_eq!(rooms(None), ["den", "lobby"], "the newest of all");
    assert_eq!(rooms(Some(&den)), ["den", "den"]);
    assert_eq!(rooms(Some(&lobby)), ["lobby"]);
    assert!(rooms(Some(&attic)).is_empty());
}

#[test]
fn what_the_log_has_forgotten_is_not_found() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let places = ["lunch 1", "lunch 2", "lunch 3"].map(|text| talk.says(text));
    drop(talk);
    let mut talk = Talk::again(&folder.file(), 3);
    talk.edits(places[0], "lunch 4");
    assert_eq!(talk.finds("lunch"), [places[2], places[1]], "the first had to go for its own edit");
}

/// A word of letters that no other has, nor any part of six.
fn word(number: u64) -> String {
    let mut state = number;
    let letters = (0..20).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        char::from(b'a' + u8::try_from((state >> 33) % 26).unwrap())
    });
    letters.collect()
}

/// Says so many messages of a word each.
fn say_words(talk: &mut Talk) -> Vec<(Seq, String)> {
    let mut said = Vec::new();
    for numbers in (0..1500).collect::<Vec<u64>>().chunks(50) {
        let last = talk.posts(&RoomName::lobby(), numbers.iter().map(|number| Body::text(&word(*number))));
        said.extend(numbers.iter().zip(last.0 - 49..).map(|(number, place)| (Seq(place), word(*number))));
    }
    said
}

/// Of these, how many are still in some file.
fn left<'a>(folder: &Folder, said: impl IntoIterator<Item = &'a (Seq, String)>) -> usize {
    // What is kept of a word also where it stands beside one that begins alike.
    let ends: BTreeSet<&[u8]> = said.into_iter().map(|(_, word)| &word.as_bytes()[10..]).collect();
    let bytes = folder.bytes();
    bytes.windows(10).filter(|bytes| ends.contains(bytes)).collect::<BTreeSet<_>>().len()
}

/// What a crash at this moment would leave.
fn crashed(folder: &Folder) -> Folder {
    let left = Folder::new();
    for name in ["lab.exchange", "lab.exchange-wal"] {
        fs::copy(folder.0.path().join(name), left.0.path().join(name)).unwrap();
    }
    left
}

/// Its words are in the rows, in the texts, and in an index that has them in many pages and more than once.
#[test]
fn of_what_is_deleted_nothing_is_left_in_the_file() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let said = say_words(&mut talk);
    drop(talk);
    assert_eq!(left(&folder, &said), said.len());

    let mut talk = Talk::again(&folder.file(), usize::MAX);
    let (deleted, others): (Vec<_>, Vec<_>) = said.iter().partition(|(place, _)| place.0 % 3 == 0);
    for (number, part) in deleted.chunks(25).enumerate() {
        if number % 5 == 0 {
            talk.edits(part[0].0, &format!("{}x", part[0].1));
        }
        talk.posts(&RoomName::lobby(), part.iter().map(|(place, _)| Body::Delete(Delete { of: *place })));
    }
    assert!(deleted.iter().all(|(_, word)| talk.finds(word).is_empty()));
    assert!(others.iter().all(|(place, word)| talk.finds(word) == [*place]));
    drop(talk);
    assert_eq!((left(&folder, deleted), left(&folder, others.iter().copied())), (0, others.len()));
}

/// Also if that is a deleted message's, or an older text of one that is there.
#[test]
fn of_what_the_log_has_forgotten_nothing_is_left_in_the_file() {
    let folder = Folder::new();
    let mut talk = Talk::new(&folder.file());
    let said = say_words(&mut talk);
    drop(talk);
    let mut talk = Talk::again(&folder.file(), 500);
    talk.deletes(said[1400].0);
    for number in 0..20 {
        talk.edits(said[1300 + number].0, &format!("another text {number}"));
        talk.deletes(said[1200 + number].0);
    }
    let (forgotten, rest) = said.split_at(1100);
    assert!(forgotten[..1000].iter().all(|(_, word)| talk.finds(word).is_empty()));
    assert_eq!(talk.finds("another text").len(), 20);
    assert!(rest[200..300].iter().chain(&rest[301..]).all(|(place, word)| {
        let is_edited = (said[1300].0..said[1320].0).contains(place);
        talk.finds(word).is_empty() == is_edited
    }));
    let left_by_crash = crashed(&folder);
    Talk::again(&left_by_crash.file(), usize::MAX).says("something");
    assert_eq!(left(&left_by_crash, &forgotten[..1000]), 0, "nor if it was forgotten before a crash");
    drop(talk);
    assert_eq!((left(&folder, &forgotten[..1000]), left(&folder, &said[1200..1220])), (0, 0));
    assert_eq!(left(&folder, &said[1320..1400]), 80);

    let mut talk = Talk::again(&folder.file(), usize::MAX);
    said[1320..1400].iter().for_each(|(place, _)| talk.deletes(*place));
    drop(talk);
    assert_eq!(left(&folder, &said[1320..1400]), 0, "nor of what is deleted when nothing is forgotten");
}

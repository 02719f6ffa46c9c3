//! Looking for messages in a file.

use serde_json::Value;

use crate::process::{Program, guest, host};

fn search(arguments: &[&str]) -> (i32, Vec<String>, Vec<String>) {
    Program::run(&[&["search"], arguments].concat())
}

#[test]
fn messages_are_found_in_a_file_by_their_words_and_written_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lab.exchange").to_str().unwrap().to_owned();
    let (mut ana, address) = host(&["--store", &file]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("lunch in the lobby");
    bo.until("message", "text", "lunch in the lobby");
    bo.say("/join den");
    bo.until("room_joined", "room", "den");
    let places = ["Café at noon, lnuch?", "-x is no option of \"tar\"", "a lunch nobody wants"].map(|line| {
        bo.say(line);
        bo.until("message", "text", line)["seq"].clone()
    });
    bo.say(&format!("/edit #{} Café at noon, lunch?", places[0]));
    bo.event("edited");
    bo.say(&format!("/delete #{}", places[2]));
    bo.event("deleted");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);

    let (code, out, err) = search(&[&file, "LUNCH"]);
    assert_eq!((code, err), (0, Vec::new()));
    let found: Vec<_> = out.iter().filter_map(|line| line.split_once(" **bo** ")).map(|line| line.1).collect();
    assert_eq!(found.len(), 2, "{out:?}");
    assert!(found[0].ends_with(": Café at noon, lunch? (edited)") && found[1].ends_with(": lunch in the lobby"));

    let texts = |arguments: &[&str]| {
        let (code, out, err) = search(&[&["--json"], arguments].concat());
        assert_eq!((code, err), (0, Vec::new()));
        let held = out.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        held.map(|message| message["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(&["--room", "LOBBY", &file, "lunch"]), ["lunch in the lobby"]);
    assert_eq!(texts(&["--limit", "1", &file, "lun"]), ["Café at noon, lunch?"], "it was said last");
    assert_eq!(texts(&[&file, "cafe lunch", "at"]), ["Café at noon, lunch?"]);
    assert_eq!(texts(&[&file, "--", "-x", "\"tar\""]), ["-x is no option of \"tar\""]);

    for words in ["nobody", "lnuch", "NOT lunch", "*", ""] {
        let none = (3, Vec::new(), vec!["exchange: No message has all of these words.".to_owned()]);
        assert_eq!(search(&[&file, words]), none, "{words:?}");
    }
    assert_eq!(search(&[&file, "--room", "attic", "lunch"]).2, ["exchange: There is no room attic in it."]);
    assert_eq!(search(&["--limit", "1", &file]).0, 2, "nothing is looked for");
}

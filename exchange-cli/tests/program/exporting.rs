//! What was said, written down.

use serde_json::Value;

use crate::process::{Program, guest, host};

/// Has a session kept in that file, in which something was said.
fn talk(file: &str) {
    let (mut ana, address) = host(&["--store", file]);
    let mut bo = guest(&address, "bo", &["--room", "den"]);
    bo.until("room_joined", "room", "den");
    bo.say("/topic optics");
    bo.until("acted", "act", "topic");
    let places = ["# not a heading", "a slip", "a mistake", "\u{1b}[2J"].map(|line| {
        bo.say(line);
        bo.until("message", "text", line)["seq"].clone()
    });
    bo.say(&format!("/edit #{} a lens", places[1]));
    bo.event("edited");
    bo.say(&format!("/delete #{}", places[2]));
    bo.event("deleted");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
}

fn export(arguments: &[&str]) -> (i32, Vec<String>, Vec<String>) {
    Program::run(&[&["export"], arguments].concat())
}

#[test]
fn what_was_said_is_written_as_it_stands_for_people_and_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lab.exchange").to_str().unwrap().to_owned();
    talk(&file);

    let (code, out, err) = export(&[&file]);
    assert_eq!((code, err), (0, Vec::new()));
    assert_eq!(out[..2], ["# lab", ""]);
    let den = out.iter().position(|line| line == "## #den").unwrap();
    assert_eq!(out[den + 2], "optics");
    assert!(out[den + 4].starts_with("### "), "{out:?}");
    let said: Vec<_> =
        out[den + 6..].iter().filter_map(|line| line.split_once(" **bo** ")).map(|line| line.1).collect();
    assert_eq!(said.len(), 3);
    assert!(said[0].ends_with(": # not a heading"), "{said:?}");
    assert!(said[1].ends_with(": a lens (edited)"), "{said:?}");
    assert!(!out.iter().any(|line| line.contains('\u{1b}')), "{out:?}");

    let (code, out, _) = export(&["--json", "--room", "DEN", &file]);
    let lines = out.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let messages: Vec<Value> = lines.filter(|line| line["event"] == "held").collect();
    assert_eq!((code, messages.len()), (0, 3));
    assert!(messages.iter().all(|message| message["room"] == "den" && message["sender"] == "bo"));
    let texts = messages.iter().map(|message| (message["text"].as_str().unwrap(), message["edited"] == true));
    assert_eq!(texts.collect::<Vec<_>>(), [("# not a heading", false), ("a lens", true), ("\u{1b}[2J", false)]);
}

#[test]
fn what_cannot_be_exported_is_said_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lab.exchange").to_str().unwrap().to_owned();
    let (code, out, err) = export(&[&file]);
    assert_eq!((code, out), (8, Vec::new()));
    assert!(err[0].starts_with("exchange: Cannot export: "), "{err:?}");
    assert!(!std::path::Path::new(&file).exists());

    talk(&file);
    let (code, _, err) = export(&["--room", "attic", &file]);
    assert_eq!((code, &*err), (3, &["exchange: There is no room attic in it.".to_owned()][..]));
    let (_ana, _) = host(&["--store", &file]);
    let (code, _, err) = export(&[&file]);
    assert_eq!(code, 8);
    assert!(err[0].contains("is in use"), "{err:?}");
}

//! Sessions made of what was exported of others.

use std::{fs, path::Path};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Program, guest, host};

fn path(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

fn export(file: &str) -> Vec<String> {
    let (code, out, err) = Program::run(&["export", "--json", file]);
    assert_eq!((code, err), (0, Vec::new()));
    out
}

/// What was exported, in a file of its own that becomes a session.
fn import(folder: &TempDir, exported: &[String], name: &str) -> String {
    let (file, store) = (path(folder, "exported.ndjson"), path(folder, name));
    fs::write(&file, exported.join("\n")).unwrap();
    let (code, out, err) = Program::run(&["import", &file, "--store", &store]);
    assert_eq!((code, out.len()), (0, 0), "{err:?}");
    assert_eq!(err, [format!("-- \"exchange host --store {store}\" goes on with it.")]);
    store
}

/// A session in which much was done.
fn talk(file: &str) {
    let (mut ana, address) = host(&["--store", file]);
    let mut bo = guest(&address, "bo", &[]);
    let mut cy = guest(&address, "cy", &[]);
    bo.until("joined", "nick", "cy");
    ana.say("welcome, @bo");
    let welcome = bo.until("message", "sender", "ana")["seq"].clone();
    bo.say(&format!("/reply #{welcome} thank yuo"));
    let reply = bo.until("message", "sender", "bo")["seq"].clone();
    bo.say(&format!("/edit #{reply} thank you, @ana"));
    bo.event("edited");
    bo.say("never mind");
    let slip = bo.until("message", "text", "never mind")["seq"].clone();
    bo.say(&format!("/delete #{slip}"));
    bo.event("deleted");
    cy.say(&format!("/react #{welcome} 👍"));
    cy.event("reacted");
    bo.say(&format!("/react #{welcome} 👍"));
    bo.until("reacted", "nick", "bo");
    bo.say("/private den");
    bo.until("room_joined", "room", "den");
    bo.say("/topic optics");
    bo.until("acted", "act", "topic");
    bo.say("a lens");
    bo.until("message", "text", "a lens");
    bo.say("/msg cy psst");
    bo.until("message", "text", "psst");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
}

#[test]
fn a_session_is_made_of_what_was_exported_of_another_and_exported_as_that_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder, "lab.exchange");
    talk(&file);
    let exported = export(&file);
    let lines: Vec<Value> = exported.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |event: &str| lines.iter().filter(|line| line["event"] == *event).count();
    assert_eq!((count("person_held"), count("room_held"), count("held")), (3, 3, 4), "{exported:#?}");
    let reply = lines.iter().find(|line| line["text"] == "thank you, @ana").unwrap();
    assert!(reply["reply_to"].is_u64() && reply["edited"] == true, "{reply}");

    let copy = import(&folder, &exported, "copy.exchange");
    assert_eq!(export(&copy), exported);
    let again = import(&folder, &export(&copy), "again.exchange");
    assert_eq!(export(&again), exported);
    assert_eq!(Program::run(&["search", &copy, "lens"]).0, 0, "what is imported is found by its words");

    // A session goes on with it, and only whoever was in a private room can read it.
    let (mut ana, address) = host(&["--store", &copy]);
    let mut late = guest(&address, "late", &[]);
    assert_eq!((late.message(), late.message()), ("welcome, @bo".into(), "thank you, @ana".into()));
    late.say("/join den");
    assert_eq!(late.event("room_refused")["reason"], "private");
    ana.say("hello");
    late.until("message", "text", "hello");
    ana.interrupt();
    assert_eq!(ana.exit_code(), 0);
    let after = export(&copy);
    assert!(after.iter().any(|line| line.contains("\"hello\"")), "{after:#?}");
    let held = |lines: &[String]| lines.iter().filter(|line| line.contains("\"held\"")).cloned().collect::<Vec<_>>();
    assert!(held(&exported).iter().all(|line| held(&after).contains(line)), "{after:#?}");
}

#[test]
fn a_program_may_hand_over_what_it_has_of_a_session() {
    let folder = tempfile::tempdir().unwrap();
    let store = path(&folder, "lab.exchange");
    let peer = "01".repeat(16);
    let line = format!(
        r#"{{"event":"held","room":"den","seq":5,"sender":"bo","peer":"{peer}","text":"hi","at":7,"id":"{}-3"}}"#,
        "02".repeat(8)
    );
    let mut program = Program::start(&["import", "-", "--store", &store]);
    program.say(r#"{"event":"something","else":1}"#);
    program.say(&line);
    program.hang_up();
    assert_eq!(program.exit_code(), 0, "{:?}", program.err.all());
    let held = export(&store).into_iter().find(|line| line.contains("\"held\"")).unwrap();
    let (held, line): (Value, Value) = (serde_json::from_str(&held).unwrap(), serde_json::from_str(&line).unwrap());
    for (field, value) in line.as_object().unwrap() {
        assert_eq!(held[field], *value, "{field}");
    }
}

#[test]
fn what_cannot_be_imported_is_said_with_its_line_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (file, store) = (path(&folder, "some.ndjson"), path(&folder, "lab.exchange"));
    let held = |seq: u64, text: &str| {
        let (peer, id) = ("01".repeat(16), format!("{}-{seq}", "02".repeat(8)));
        format!(
            r#"{{"event":"held","room":"den","seq":{seq},"sender":"bo","peer":"{peer}","text":"{text}","at":7,"id":"{id}"}}"#
        )
    };
    let no_id = held(3, "hi").replace("\"0202", "\"02");
    for (lines, why) in [
        (vec![held(1, "hi"), "Dear diary".into()], "line 2: expected value at column 1"),
        (vec![held(2, "hi"), String::new(), held(2, "ho")], "line 3: it is not behind the message before it"),
        (vec![held(1, "hi"), held(2, " ")], "line 2: a host refuses it: there is nothing to send"),
        (vec![held(1, "hi"), held(2_000_000, "ho")], "line 2: too much is missing before it"),
        (vec![no_id], "line 1: its \"id\" is none"),
        (vec![held(1, "hi").replace("\"seq\"", "\"sequence\"")], "line 1: missing field `seq`"),
        (vec![r#"{"event":"message"}"#.into()], "nothing in it that \"exchange export --json\" has written"),
    ] {
        fs::write(&file, lines.join("\n")).unwrap();
        let (code, out, err) = Program::run(&["import", &file, "--store", &store]);
        assert_eq!((code, out.len()), (8, 0));
        assert!(err[0].starts_with("exchange: Cannot import: ") && err[0].contains(why), "{why}: {err:?}");
        assert!(!Path::new(&store).exists());
    }
    // The places between two messages are taken by something else.
    fs::write(&file, [held(1, "hi"), held(9000, "ho")].join("\n")).unwrap();
    let (code, _, err) = Program::run(&["import", &file, "--store", &store]);
    assert_eq!((code, err.len()), (0, 2));
    assert!(err[0].contains("In #den is more than a host keeps: of it, the last 2048 entries"), "{err:?}");
    let before = fs::read(&store).unwrap();
    let (code, _, err) = Program::run(&["import", &file, "--store", &store]);
    assert_eq!((code, err.len()), (8, 1));
    assert!(err[0].contains("there is a session in"), "{err:?}");
    assert!(fs::read(&store).unwrap() == before);
    assert_eq!(Program::run(&["import", &file]).0, 2, "it has to be kept somewhere");
}

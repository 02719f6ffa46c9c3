//! A host and two who joined.

use serde_json::Value;

use crate::process::{Program, guest, host};

fn told(program: &mut Program, count: usize) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let messages = (0..count).map(|_| program.event("message"));
    messages.map(|json| (json["seq"].as_u64().unwrap(), text(&json["sender"]), text(&json["text"]))).collect()
}

#[test]
fn everybody_sees_the_same_messages_in_the_same_order() {
    let (mut ana, address) = host(&[]);
    let (mut bo, mut cy) = (guest(&address, "bo", &[]), guest(&address, "cy", &[]));
    for number in 0..20 {
        ana.say(&format!("a{number}"));
        bo.say(&format!("b{number}"));
        cy.say(&format!("c{number}"));
    }
    let at_ana = told(&mut ana, 60);
    assert_eq!(told(&mut bo, 60), at_ana);
    assert_eq!(told(&mut cy, 60), at_ana);
    assert!(at_ana.is_sorted_by(|(one, ..), (next, ..)| one < next));
    for (nick, letter) in [("ana", "a"), ("bo", "b"), ("cy", "c")] {
        let said = at_ana.iter().filter(|(_, sender, _)| sender == nick).map(|(.., text)| text.clone());
        assert_eq!(said.collect::<Vec<_>>(), (0..20).map(|number| format!("{letter}{number}")).collect::<Vec<_>>());
    }
}

#[test]
fn a_message_is_told_with_all_that_scripts_need() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("hello");
    let receipt = bo.event("receipt");
    let (at_bo, at_ana) = (bo.event("message"), ana.event("message"));
    for field in ["room", "seq", "sender", "peer", "text", "at", "id"] {
        assert_eq!(at_bo[field], at_ana[field], "{field}");
    }
    assert_eq!((&at_bo["mine"], &at_ana["mine"]), (&true.into(), &false.into()));
    assert_eq!((&at_bo["room"], &at_bo["replayed"]), (&"lobby".into(), &false.into()));
    assert_eq!((&receipt["id"], &receipt["seq"]), (&at_bo["id"], &at_bo["seq"]));
    assert_eq!(receipt["outcome"], "logged");
}

#[test]
fn whoever_comes_late_is_told_what_was_said_before() {
    let (mut ana, address) = host(&[]);
    ana.say("before");
    ana.event("message");
    let mut late = guest(&address, "late", &[]);
    let message = late.event("message");
    assert_eq!((&message["text"], &message["replayed"]), (&"before".into(), &true.into()));
    assert_eq!(ana.event("joined")["nick"], "late");
}

#[test]
fn whoever_leaves_has_left() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    let mut cy = Program::start(&["join", &address, "--nick", "cy", "--plain"]);
    // What happens from now on is news to both of them.
    while ana.event("joined")["nick"] != "cy" {}
    bo.interrupt();
    assert_eq!(bo.exit_code(), 0);
    assert_eq!(ana.event("left")["nick"], "bo");
    cy.out.wait_for_words("* bo left");
}

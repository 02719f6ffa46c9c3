//! Sessions whose names are hard to tell apart, or to announce.

use exchange_tests::lan::Lan;

use crate::{found, host, join, messages, session, watch};

#[test]
fn of_two_sessions_with_one_name_neither_is_joined_but_by_its_address() {
    let Some(lan) = Lan::new(3) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    let mut bo = host(&lan, "h2", "bo", "Lab 3");
    let mut watcher = watch(&lan, "h3");
    session(&mut watcher, &["appeared"], "Lab 3");
    session(&mut watcher, &["appeared"], "Lab 3");
    ana.event("hosting");
    bo.event("hosting");

    let mut cy = join(&lan, "h3", "cy", &["Lab 3"]);
    assert_eq!(cy.ended(), 3, "{}", cy.story());
    // Which of its addresses is known first differs; the name they share is offered to nobody.
    let offered = ["ana", "bo"].map(|nick| format!("hosted by {nick}, 1 person: exchange join "));
    for words in ["there are 2 sessions called Lab 3", &offered[0], &offered[1]] {
        assert!(cy.story().contains(words), "{}", cy.story());
    }
    assert!(!cy.story().contains("exchange join \"Lab 3\""), "{}", cy.story());
    let mut cy = join(&lan, "h3", "cy", &["10.77.0.2"]);
    cy.event("connected");
    cy.say("hello, bo");
    assert_eq!(messages(&mut bo, 1)[0]["text"], "hello, bo");
}

#[test]
fn a_session_with_dots_in_its_name_and_one_with_the_longest_are_found_and_joined_by_it() {
    let Some(lan) = Lan::new(4) else { return };
    let dotted = r"v1.2 \.local. (2)";
    // In 64 bytes: more than a label of the domain name system may have.
    let longest = "Zürich ".repeat(8);
    assert_eq!((longest.trim().len(), longest.len()), (63, 64));
    let longest = format!("{}!", longest.trim());
    let longest_nick = "🦀".repeat(8);
    for (number, nick, name) in [(1, "a.b", dotted), (2, &*longest_nick, &*longest)] {
        let mut ana = host(&lan, &format!("h{number}"), nick, name);
        ana.event("hosting");
        let mut watcher = watch(&lan, "h4");
        let listed = session(&mut watcher, &["appeared"], name);
        assert_eq!((&listed["session"], &listed["host"]), (&name.into(), &nick.into()));
        let mut bo = join(&lan, "h3", "bo", &[name]);
        found(&mut bo, &format!("by the name {name:?}"));
        bo.say("hello");
        assert_eq!(messages(&mut ana, 1)[0]["text"], "hello");
    }
}

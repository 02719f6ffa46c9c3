//! What is done in rooms: topics, doors, moderation, and words for one person alone.

use crate::process::{guest, host, reader};

#[test]
fn a_room_has_a_topic_and_is_found_in_the_list() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    let mut cy = reader(&address, "cy");
    ana.until("joined", "nick", "cy");
    bo.say("/topic optics");
    let acted = ana.event("acted");
    assert_eq!((&acted["act"], &acted["details"], &acted["nick"]), (&"topic".into(), &"optics".into(), &"bo".into()));
    cy.out.wait_for_words("* bo set the topic: optics");
    bo.say("/private den");
    bo.until("room_joined", "room", "den");
    bo.say("/list");
    assert_eq!(bo.event("rooms")["rooms"].as_array().unwrap().len(), 2);
    cy.say("/list");
    cy.err.wait_for_words("#lobby (3): optics");
    cy.say("/join den");
    cy.err.wait_for_words("#den: the room is private");
    assert_eq!(bo.until("acted", "act", "knock")["nick"], "cy");
    bo.say("/invite cy");
    cy.err.wait_for_words("bo invites you to #den: /join goes there.");
    cy.say("/join den");
    bo.until("joined", "nick", "cy");
}

#[test]
fn moderators_keep_order_and_whoever_is_removed_is_told_why() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    let mut cy = reader(&address, "cy");
    ana.until("joined", "nick", "cy");
    cy.say("/kick bo");
    cy.err.wait_for_words("that is not yours to do");
    ana.say("/mute cy 3600");
    cy.out.wait_for_words("* ana muted cy for 3600 s");
    cy.say("but");
    cy.err.wait_for_words("A message was not delivered: muted; try again in");
    ana.say("/op bo");
    bo.until("acted", "act", "role");
    bo.say("/unmute cy");
    cy.out.wait_for_words("* bo lets speak again cy");
    cy.say("thanks");
    assert_eq!(ana.message(), "thanks");
    bo.say("/kick cy too loud");
    let acted = ana.until("acted", "act", "kick");
    assert_eq!((&acted["details"]["reason"], &acted["details"]["who"]["nick"]), (&"too loud".into(), &"cy".into()));
    assert_eq!(cy.exit_code(), 4);
}

#[test]
fn what_is_said_to_one_is_heard_by_one() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    let mut cy = guest(&address, "cy", &[]);
    ana.until("joined", "nick", "cy");
    bo.say("/msg cy psst");
    assert_eq!(cy.event("invited")["nick"], "bo");
    assert_eq!(cy.message(), "psst");
    bo.say("aloud");
    assert_eq!(ana.message(), "aloud", "what was said to another is not here");
    bo.say("/msg nobody psst");
    bo.err.wait_for_words("Nobody here is called nobody");
}

#[test]
fn a_room_of_two_is_called_by_who_the_other_is() {
    let (mut ana, address) = host(&[]);
    let mut cy = reader(&address, "cy");
    let mut bo = reader(&address, "bo");
    ana.until("joined", "nick", "bo");
    bo.say("/msg cy psst");
    cy.out.wait_for_words("@bo <bo> psst");
    cy.say("/rooms");
    cy.err.wait_for_words("You are in #lobby (you talk here) @bo");
    cy.say("/list");
    cy.err.wait_for_words("#lobby (3)");
    cy.say("/room nowhere");
    cy.err.wait_for(|line| {
        assert!(!line.contains('~'), "a room of two is not among those that one could join: {line}");
        line.contains("You are not in #nowhere").then_some(())
    });
}

#[test]
fn a_ban_has_an_end_and_is_taken_back_by_the_nick() {
    let (mut ana, address) = host(&[]);
    let mut bo = reader(&address, "bo");
    ana.until("joined", "nick", "bo");
    ana.say("/ban bo 2h30m too loud");
    let acted = ana.until("acted", "act", "ban");
    assert_eq!((&acted["details"]["seconds"], &acted["details"]["reason"]), (&9000.into(), &"too loud".into()));
    assert_eq!(bo.exit_code(), 4);
    ana.say("/unban bo");
    assert_eq!(ana.until("acted", "act", "unban")["details"]["nick"], "bo");
}

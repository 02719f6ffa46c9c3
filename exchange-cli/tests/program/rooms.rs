//! What is done in rooms: topics, doors, moderation, and words for one person alone.

use crate::process::{guest, host, reader, three};

#[test]
fn a_room_has_a_topic_and_is_found_in_the_list() {
    let (mut ana, mut bo, mut cy) = three();
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
    cy.err.wait_for_words("What you say goes nowhere now.");
    cy.say("for the den alone");
    cy.err.wait_for_words("Your message in #den was not delivered: you are not in the room");
    cy.say("/room lobby");
    cy.err.wait_for_words("What you say goes to #lobby.");
    cy.say("for everybody");
    assert_eq!(ana.message(), "for everybody", "and what was for the den is not for the lobby");
    assert_eq!(bo.until("acted", "act", "knock")["nick"], "cy");
    bo.say("/invite cy");
    cy.err.wait_for_words("bo invites you to #den: /join goes there.");
    cy.say("/join den");
    bo.until("joined", "nick", "cy");
}

#[test]
fn moderators_keep_order_and_whoever_is_removed_is_told_why() {
    let (mut ana, mut bo, mut cy) = three();
    cy.say("/kick bo");
    cy.err.wait_for_words("bo was not removed from #lobby: only those who moderate the room may do that");
    ana.say("/mute cy 3600");
    cy.out.wait_for_words("* ana muted cy for 1 h");
    cy.say("but");
    cy.err.wait_for_words("Your message in #lobby was not delivered: you are muted; try again in 1 h.");
    ana.say("/op bo");
    bo.until("acted", "act", "role");
    bo.say("/unmute cy");
    cy.out.wait_for_words("* bo lets cy speak again");
    cy.say("thanks");
    assert_eq!(ana.message(), "thanks");
    bo.say("/kick cy too loud");
    let acted = ana.until("acted", "act", "kick");
    assert_eq!((&acted["details"]["reason"], &acted["details"]["who"]["nick"]), (&"too loud".into(), &"cy".into()));
    assert_eq!(cy.exit_code(), 4);
}

#[test]
fn a_room_is_locked_slowed_down_and_closed_by_whoever_opened_it() {
    let (_ana, address) = host(&[]);
    let mut bo = reader(&address, "bo");
    bo.say("/join den");
    bo.err.wait_for_words("In #den: bo.");
    let mut cy = guest(&address, "cy", &["--room", "den"]);
    cy.until("room_joined", "room", "den");
    for (command, refused) in [
        ("/lock", "#den was not locked"),
        ("/slow 30", "The pace of #den was not changed"),
        ("/rule history all", "The rules of #den were not changed"),
        ("/close", "#den was not closed"),
    ] {
        cy.say(command);
        cy.err.wait_for_words(&format!("{refused}: only those who moderate the room may do that."));
    }
    bo.say("/lock");
    cy.until("acted", "act", "rule");
    cy.say("but");
    cy.err.wait_for_words("Your message in #den was not delivered: it is locked");
    bo.say("/unlock");
    bo.say("/slow 2h");
    bo.out.wait_for_words("* bo lets everybody wait 2 h between messages in #den");
    cy.say("one");
    cy.say("too soon");
    cy.err.wait_for_words("everybody waits there between two messages; try again in 2 h.");
    bo.say("/slow 0");
    bo.out.wait_for_words("* bo ended slow mode in #den");
    bo.say("/close");
    bo.err.wait_for_words("You are not in #den any more: the room was closed.");
    assert_eq!(cy.event("removed")["reason"], "room_closed");
    cy.err.wait_for_words("What you say goes to #lobby.");
    cy.say("/close");
    cy.err.wait_for_words("#lobby was not closed: it is for everybody.");
}

#[test]
fn the_rules_of_a_room_are_changed_shown_and_kept() {
    let (_ana, address) = host(&[]);
    let mut bo = reader(&address, "bo");
    bo.say("/join den");
    bo.err.wait_for_words("In #den: bo.");
    bo.say("/room");
    bo.err.wait_for_words("You talk in #den (1). bo opened it. Newcomers read all that is kept.");
    bo.say("/rule history 1");
    bo.out.wait_for_words("* bo lets newcomers read the last 1 entries in #den");
    bo.say("/rule topic fixed");
    bo.out.wait_for_words("* bo fixed the topic of #den");
    bo.say("/topic optics");
    bo.say("this is to be read");
    let mut cy = guest(&address, "cy", &["--room", "den"]);
    assert_eq!(cy.message(), "this is to be read", "no more than that");
    cy.say("/topic mine");
    cy.err.wait_for_words("The topic of #den was not changed: it is fixed");
    cy.say("/room");
    let room = cy.event("room");
    assert_eq!((&room["room"], &room["topic"], &room["members"]), (&"den".into(), &"optics".into(), &2.into()));
    assert_eq!((&room["rules"]["history"]["last"], &room["rules"]["fixed_topic"]), (&1.into(), &true.into()));
    bo.say("/rule private on");
    bo.out.wait_for_words("* bo made #den private");
    bo.say("/rule history none");
    bo.say("/rule topic free");
    bo.say("/slow 30");
    bo.out.wait_for_words("* bo lets everybody wait 30 s between messages in #den");
    bo.say("/room");
    bo.err.wait_for_words(
        "You talk in #den (2): optics. bo opened it. Newcomers read nothing from before they came. It is private. \
         Everybody waits 30 s between messages.",
    );
}

#[test]
fn a_moderator_is_appointed_and_dismissed_by_the_owner_alone() {
    let (mut ana, mut bo, mut cy) = three();
    cy.say("/op cy");
    cy.err.wait_for_words("cy was not made a moderator: only the owner says who moderates");
    ana.say("/op bo");
    cy.out.wait_for_words("* ana made a moderator of bo");
    bo.say("/lock");
    cy.out.wait_for_words("* bo locked the lobby");
    ana.say("/join den");
    ana.say("/deop bo");
    cy.out.wait_for_words("* ana took the role of a moderator from bo");
    bo.until("acted", "act", "role");
    bo.until("acted", "act", "role");
    bo.say("/unlock");
    bo.err.wait_for_words("#lobby was not unlocked");
    bo.say("/deop ana");
    bo.err.wait_for_words("ana is as much of a moderator as before");
}

#[test]
fn what_is_said_to_one_is_heard_by_one() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    let mut cy = guest(&address, "cy", &[]);
    bo.until("joined", "nick", "cy");
    bo.say("/msg cy psst");
    assert_eq!(cy.event("invited")["nick"], "bo");
    assert_eq!(cy.message(), "psst");
    bo.say("aloud");
    assert_eq!(ana.message(), "aloud", "what was said to another is not here");
    bo.say("/msg nobody psst");
    bo.err.wait_for_words("Nobody here is called nobody");
}

#[test]
fn whoever_hosts_hears_the_first_that_is_said_to_them_alone() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    ana.until("joined", "nick", "bo");
    bo.say("/msg ana psst");
    assert_eq!(ana.event("invited")["nick"], "bo");
    assert_eq!(ana.message(), "psst", "it was said before ana came");
    bo.say("/msg ana closer");
    assert_eq!(ana.message(), "closer");
}

#[test]
fn a_room_of_two_is_called_by_who_the_other_is() {
    let (mut ana, address) = host(&[]);
    let mut cy = reader(&address, "cy");
    ana.until("joined", "nick", "cy");
    let mut bo = reader(&address, "bo");
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
fn whoever_is_banned_from_a_room_is_told_for_how_long_and_talks_in_the_lobby_again() {
    let (mut ana, address) = host(&[]);
    let mut bo = reader(&address, "bo");
    bo.say("/join den");
    bo.err.wait_for_words("In #den: bo.");
    ana.say("/join den");
    ana.until("room_joined", "room", "den");
    ana.say("/ban bo 2m loud");
    bo.err.wait_for_words(
        "You are not in #den any more: you are banned from the room; try again in 2 min. The reason given: loud.",
    );
    bo.err.wait_for_words("What you say goes to #lobby.");
    bo.say("sorry");
    assert_eq!(ana.until("message", "room", "lobby")["text"], "sorry");
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

//! Messages that refer to messages.

use crate::process::{Program, guest, host};

#[test]
fn messages_are_answered_edited_reacted_to_and_deleted() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("lnuch?");
    let asked = ana.event("message")["seq"].as_u64().unwrap();
    bo.say("/edit lunch?");
    let edited = ana.event("edited");
    assert_eq!((&edited["of"], &edited["text"], &edited["nick"]), (&asked.into(), &"lunch?".into(), &"bo".into()));
    ana.say("/reply @bo yes");
    let answer = bo.until("message", "text", "@bo yes");
    assert_eq!((&answer["reply_to"], &answer["mentions"][0]), (&asked.into(), &edited["peer"]));
    assert_eq!((&answer["means_you"], edited.get("means_you")), (&true.into(), None));
    ana.say(&format!("/react #{asked} 👍"));
    let reacted = bo.event("reacted");
    assert_eq!((&reacted["reaction"], &reacted["added"], &reacted["of"]), (&"👍".into(), &true.into(), &asked.into()));
    ana.say("/unreact 👍");
    assert_eq!(bo.event("reacted")["added"], false);
    ana.say("/delete");
    assert_eq!(bo.event("deleted")["of"], answer["seq"]);
    // What is deleted is not in what newcomers are told, nor in what is held.
    let mut late = guest(&address, "late", &[]);
    let left = late.until("message", "sender", "ana");
    assert_eq!((&left["seq"], &left["text"], &left["deleted"]), (&answer["seq"], &"".into(), &true.into()));
}

#[test]
fn what_may_not_be_changed_is_said_to_whoever_wants_to() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("/edit nothing yet");
    bo.err.wait_for_words("You have said nothing here");
    ana.say("mine");
    let seq = bo.event("message")["seq"].as_u64().unwrap();
    bo.say(&format!("/edit #{seq} yours"));
    bo.err.wait_for_words("was not changed: it is somebody else's.");
    bo.say("/delete #9999");
    bo.err.wait_for_words("Message #9999 in #lobby was not deleted: there is no such message");
    bo.say("/react #1 \u{200b}");
    bo.err.wait_for_words("Your reaction to #1 in #lobby was not taken: ");
    bo.say("said at last");
    assert_eq!(bo.until("message", "text", "said at last")["seq"], seq + 1, "nobody has seen any of it");
}

#[test]
fn what_is_held_is_shown_and_searched_as_it_stands() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    for text in ["Lunch at noon", "or lunch at one", "dinner"] {
        bo.say(text);
        ana.until("message", "text", text);
    }
    bo.say("/edit Dinner it is");
    ana.event("edited");
    ana.say("/react 👍");
    ana.event("reacted");
    ana.say("/search lunch AT");
    let texts = [ana.event("held"), ana.event("held")].map(|held| held["text"].clone());
    assert_eq!(texts, ["Lunch at noon", "or lunch at one"]);
    ana.say("/history 1");
    let held = ana.event("held");
    assert_eq!((&held["text"], &held["edited"], &held["sender"]), (&"Dinner it is".into(), &true.into(), &"bo".into()));
    assert_eq!(held["reactions"]["👍"].as_array().unwrap().len(), 1);

    let mut cy = Program::start(&["join", &address, "--nick", "cy", "--plain"]);
    cy.out.wait_for_words("* bo edited #");
    cy.say("/search @bo dinner");
    let line = cy.err.wait_for_words("<bo> Dinner it is");
    assert!(line.contains("(edited)  👍"), "{line}");
    cy.say("/search breakfast");
    cy.err.wait_for_words("There are no such messages");
}

#[test]
fn history_goes_back_beyond_what_is_held_as_far_as_the_host_keeps_it() {
    let (mut ana, address) = host(&[]);
    for number in 1..=300 {
        ana.say(&format!("number {number}"));
    }
    ana.until("message", "text", "number 300");
    ana.say("/edit number three hundred");
    ana.event("edited");
    // It begins with the last fifty entries.
    let mut bo = guest(&address, "bo", &[]);
    let first = bo.event("message")["seq"].as_u64().unwrap();
    bo.event("edited");
    assert!(first > 200, "{first}");
    let history = |bo: &mut Program, command: &str, count: usize| {
        bo.say(command);
        (0..count).map(|_| bo.event("held")["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let texts = history(&mut bo, "/history 290", 290);
    assert_eq!((&texts[0][..], &texts[289][..]), ("number 11", "number three hundred"));
    assert!(texts.iter().zip(11..).take(289).all(|(text, number)| *text == format!("number {number}")));
    assert_eq!(history(&mut bo, "/history 2 before #5", 2), ["number 2", "number 3"]);
    // There is no more than there is.
    let texts = history(&mut bo, "/history 1000", 300);
    assert_eq!(texts[0], "number 1");

    ana.say("/history 2 before #4");
    assert_eq!([ana.event("held"), ana.event("held")].map(|held| held["text"].clone()), ["number 1", "number 2"]);
    let mut cy = Program::start(&["join", &address, "--nick", "cy", "--plain"]);
    cy.err.wait_for_words("You are in");
    cy.say("/history 3 before #6");
    cy.err.wait_for_words("#5 <ana> number 4");
}

#[test]
fn what_is_searched_can_be_narrowed_to_a_room_and_a_time() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("deploy in the lobby");
    bo.say("/join ops");
    bo.until("room_joined", "room", "ops");
    bo.say("deploy in here");
    bo.until("message", "text", "deploy in here");
    bo.say("/search #lobby since 1h deploy");
    assert_eq!(bo.event("held")["text"], "deploy in the lobby");
    bo.say("/search @bo until 00:00 deploy");
    bo.say("/search @ana deploy");
    bo.say("/search since 1h");
    assert_eq!(bo.event("held")["text"], "deploy in here", "nothing else was found before");
    ana.say("/search since when");
    ana.say("/search #ops deploy since 1h");
    ana.say("/search #ops");
    ana.err.wait_for_words("/search [#ROOM] [@NICK] [since TIME] [until TIME] WORDS");
}

#[test]
fn what_came_in_other_rooms_is_counted() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("/join ops");
    bo.until("room_joined", "room", "ops");
    for text in ["one", "@bo two"] {
        ana.say(text);
        bo.until("message", "text", text);
    }
    bo.say("/unread");
    let unread = bo.event("unread");
    assert_eq!((&unread["room"], &unread["messages"], &unread["mentions"]), (&"lobby".into(), &2.into(), &1.into()));
    bo.say("/room lobby");
    bo.say("/room ops");
    bo.say("/unread");
    bo.say("/rooms");
    bo.err.wait_for_words("You are in #");
    ana.say("three");
    bo.until("message", "text", "three");
    bo.say("/unread");
    assert_eq!(bo.event("unread")["messages"], 1, "what was seen there is read");
}

#[test]
fn whoever_has_said_something_can_ask_who_has_it_and_who_has_read_it() {
    let (mut ana, address) = host(&["--read-receipts"]);
    let mut bo = guest(&address, "bo", &["--read-receipts"]);
    let mut cy = guest(&address, "cy", &[]);
    ana.say("lunch?");
    let seq = bo.until("message", "text", "lunch?")["seq"].as_u64().unwrap();
    cy.until("message", "text", "lunch?");
    cy.say("/rooms");
    bo.say("/rooms");
    let read = std::iter::repeat_with(|| ana.event("seen")).find(|seen| seen["read"] == seq).unwrap();
    assert_eq!((&read["nick"], &read["delivered"]), (&"bo".into(), &seq.into()));
    ana.say("/seen");
    let seen = ana.event("seen_by");
    assert_eq!((&seen["seq"], &seen["of"], &seen["read"][0]["nick"]), (&seq.into(), &2.into(), &"bo".into()));
    assert_eq!(seen["read"].as_array().unwrap().len(), 1, "cy does not want it to be known");
    ana.say("/seen #999");
    ana.err.wait_for_words("There is no such message");
}

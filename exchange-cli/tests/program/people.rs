//! Who people are, how they are, what they are called.

use crate::process::{guest, host, reader, three};

#[test]
fn how_people_are_is_said_to_others_and_shown_by_who() {
    let (mut ana, mut bo, mut cy) = three();
    bo.say("/away at lunch");
    bo.err.wait_for_words("You are away.");
    let presence = ana.until("presence", "status", "away");
    assert_eq!((&presence["nick"], &presence["note"]), (&"bo".into(), &"at lunch".into()));
    cy.out.wait_for_words("* bo is away: at lunch");
    cy.say("/who");
    cy.err.wait_for_words("bo (away: at lunch)");
    bo.say("/back");
    cy.out.wait_for_words("* bo is back");
    bo.say("/busy");
    cy.out.wait_for_words("* bo is busy");
    ana.say("/away \u{1b}[2J");
    ana.err.wait_for_words("Not done: a name may not contain control or invisible characters");
}

#[test]
fn a_nick_is_changed_and_one_that_looks_like_anothers_is_refused() {
    let (_ana, mut bo, mut cy) = three();
    bo.say("/nick bob");
    let renamed = bo.event("renamed");
    assert_eq!(
        (&renamed["nick"], &renamed["before"], &renamed["room"]),
        (&"bob".into(), &"bo".into(), &"lobby".into())
    );
    cy.out.wait_for_words("* bo is now bob");
    bo.say("/nick CY");
    let refused = bo.event("rename_refused");
    assert_eq!((&refused["nick"], &refused["reason"]), (&"CY".into(), &"confusable".into()));
    bo.err.wait_for_words("You cannot be CY");
    bo.say("/nick system");
    assert_eq!(bo.event("rename_refused")["reason"], "reserved");
    bo.say("still here");
    cy.out.wait_for_words("<bob> still here");
}

#[test]
fn people_are_looked_up_as_text_and_as_json() {
    let (_ana, mut bo, mut cy) = three();
    bo.say("/whois ana");
    let person = bo.event("person");
    assert_eq!((&person["nick"], &person["status"], &person["you"]), (&"ana".into(), &"online".into(), &false.into()));
    let tagged = format!("ana~{}", person["tag"].as_str().unwrap());
    cy.say(&format!("/whois {tagged}"));
    cy.err
        .wait_for_words(&format!("{tagged} is online, and hosts the session; id {}", person["peer"].as_str().unwrap()));
    cy.say("/whois nobody");
    cy.err.wait_for_words("Nobody here is called nobody.");
    bo.say("/who");
    assert_eq!((0..3).filter(|_| bo.event("person")["you"] == true).count(), 1);
}

#[test]
fn who_and_whois_say_who_moderates() {
    let (mut ana, address) = host(&[]);
    let mut bo = guest(&address, "bo", &["--room", "den"]);
    bo.until("room_joined", "room", "den");
    let mut cy = reader(&address, "cy");
    ana.until("joined", "nick", "cy");
    cy.say("/join den");
    cy.err.wait_for_words("In #den: bo, cy.");
    cy.say("/who");
    cy.err.wait_for_words("In #den: bo (founder), cy (you).");
    ana.say("/op cy");
    cy.out.wait_for_words("* ana made a moderator of cy");
    cy.say("/who lobby");
    cy.err.wait_for_words("In #lobby: ana (owner), bo, cy (you, moderator).");
    cy.say("/who nowhere");
    cy.err.wait_for_words("You are not in #nowhere.");
    cy.say("/whois cy");
    cy.err.wait_for_words("is online, and moderates all rooms; id ");
    bo.say("/who");
    let roles: Vec<_> =
        (0..2).map(|_| bo.event("person")).map(|one| (one["role"].clone(), one["founder"].clone())).collect();
    assert_eq!(roles, [("member".into(), true.into()), ("moderator".into(), false.into())]);
    bo.say("/whois ana");
    let owner = bo.event("person");
    assert_eq!((&owner["role"], owner.get("founder")), (&"owner".into(), None));
}

#[test]
fn what_an_ignored_person_says_is_not_shown_and_what_others_say_is() {
    let (mut ana, mut bo, mut cy) = three();
    cy.say("/ignore bo");
    cy.err.wait_for_words("What bo says is not shown from now on.");
    cy.say("/ignore");
    cy.err.wait_for_words("You ignore bo.");
    bo.say("psst");
    bo.event("receipt");
    ana.say("hello");
    assert!(!cy.out.wait_for_words("> ").contains("psst"));
    cy.say("/ignore bo");
    cy.err.wait_for_words("What bo says is shown again.");
    bo.say("pssst");
    cy.out.wait_for_words("<bo> pssst");
    cy.say("/ignore cy");
    cy.err.wait_for_words("You cannot ignore yourself.");
}

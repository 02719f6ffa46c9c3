//! Lines that begin with a slash.

use crate::process::{Program, guest, host};

#[test]
fn a_command_that_there_is_not_is_never_said() {
    let (mut host, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    for line in ["/mesg ana secret", "  /pasword secret", "/", "/join", "/quit later", "//not a command"] {
        bo.say(line);
    }
    assert_eq!(host.message(), "/not a command");
    bo.say("/quit");
    assert_eq!(bo.exit_code(), 0);
    let complaints = bo.err.all().iter().filter(|line| line.contains("Not sent")).count();
    assert_eq!(complaints, 5);
}

#[test]
fn what_one_does_is_said_between_stars() {
    let (mut host, address) = host(&[]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("/me waves at /all");
    assert_eq!(host.message(), "*waves at /all*");
    bo.say("/me");
    bo.err.wait_for_words("Not sent: it is /me TEXT.");
}

#[test]
fn rooms_are_joined_talked_in_and_left() {
    let (mut host, address) = host(&["--room", "ops"]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("in the lobby");
    bo.say("/join #ops");
    bo.say("in ops");
    bo.say("/room lobby");
    bo.say("in the lobby again");
    bo.say("/rooms");
    let rooms = bo.err.wait_for_words("You are in #");
    assert!(rooms.contains("#lobby (you talk here) #ops"), "{rooms}");
    bo.say("/part ops");
    bo.event("room_left");
    bo.say("/room ops");
    bo.err.wait_for_words("You are not in #ops");
    bo.say("/part");
    bo.err.wait_for_words("nobody leaves the lobby");
    // There is an order in each room, and none between rooms.
    let said: Vec<_> = (0..3).map(|_| host.event("message")).collect();
    let in_room = |room: &str| {
        said.iter().filter(|message| message["room"] == *room).map(|message| &message["text"]).collect::<Vec<_>>()
    };
    assert_eq!(in_room("lobby"), ["in the lobby", "in the lobby again"]);
    assert_eq!(in_room("ops"), ["in ops"]);
}

#[test]
fn who_is_there_is_told_and_people_of_one_nick_can_be_told_apart() {
    let (_host, address) = host(&[]);
    let home = tempfile::tempdir().unwrap();
    let _other = guest(&address, "bo", &["--home", home.path().to_str().unwrap()]);
    let mut bo = guest(&address, "bo", &[]);
    bo.say("/who");
    let people: Vec<_> = (0..3).map(|_| bo.event("person")).collect();
    let tags = |nick: &str| people.iter().filter(|one| one["nick"] == *nick).map(|one| &one["tag"]).collect::<Vec<_>>();
    let [one, other] = tags("bo")[..] else { panic!("{people:?}") };
    assert_ne!(one, other);
    assert_eq!((tags("ana").len(), people.iter().filter(|one| one["you"] == true).count()), (1, 1));
}

#[test]
fn help_names_every_command_on_standard_error() {
    let (_host, address) = host(&[]);
    let mut bo = Program::start(&["join", &address, "--plain"]);
    bo.say("/help");
    for command in [
        "/join", "/room", "/part", "/rooms", "/who", "/whois", "/verify", "/nick", "/away", "/busy", "/back",
        "/ignore", "/reply", "/edit", "/delete", "/react", "/unreact", "/history", "/search", "/unread", "/quit",
        "//text", "/help",
    ] {
        bo.err.wait_for_words(command);
    }
    bo.hang_up();
    assert_eq!(bo.exit_code(), 0);
    assert_eq!(bo.out.all(), [""; 0]);
}

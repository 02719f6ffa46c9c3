//! Who somebody is, as each of the others sees it.

use crate::{
    talking::Two,
    terminal::{ESCAPE, Terminal, alt},
};

/// What a card says of that.
fn fact(screen: &str, name: &str) -> String {
    let row = screen.lines().find_map(|row| row.split('│').find_map(|part| part.strip_prefix(name)));
    row.unwrap_or_else(|| panic!("no {name}:\n{screen}")).trim().to_owned()
}

fn whois(terminal: &mut Terminal, who: &str, words: &str) -> String {
    terminal.type_line(&format!("/whois {who}"));
    let screen = terminal.see(words);
    terminal.press(ESCAPE);
    terminal.wait(|screen| !screen.contains("closes"));
    screen
}

#[test]
fn each_sees_of_the_other_what_can_be_known() {
    let Two { mut ana, mut bo, homes, address } = Two::meet();
    let mut cy = Two::guest(&homes, "cy", &address);
    bo.type_line("/nick bob");
    ana.see("bo is now bob");
    bo.type_line("/join ops");
    bo.wait(|screen| screen.starts_with(" #ops"));
    ana.type_line("/join ops");
    ana.wait(|screen| screen.starts_with(" #ops"));
    bo.type_line("hello");
    ana.see("bob hello");

    let of_bo = whois(&mut ana, "bob", "They have proven");
    let of_ana = whois(&mut bo, "ana", "Seen for the first time");
    assert_eq!(fact(&of_bo, "number"), fact(&of_ana, "number"), "they can compare it");
    assert_eq!((fact(&of_bo, "before"), fact(&of_bo, "status")), ("bo".into(), "online".into()));
    assert_eq!(fact(&of_bo, "rooms"), "#lobby, #ops (founder)");
    assert!(fact(&of_bo, "spoke").ends_with("in #ops"), "{of_bo}");
    assert_eq!(fact(&of_ana, "role"), "hosts the session");
    assert!(of_ana.contains("exchange id verify \"Lab\" --yes"), "{of_ana}");

    // What can be seen of a card goes on while one looks at it.
    cy.press(&alt('w'));
    cy.see("Enter shows who it is");
    cy.press("\u{1b}[B\r");
    let of_bo = cy.see("only the host has proven");
    assert_eq!(fact(&of_bo, "rooms"), "#lobby", "cy is not in the other");
    bo.type_line("/away lunch");
    cy.wait(|screen| fact(screen, "status").ends_with(": lunch"));
    cy.press("m");
    cy.see("> /msg bob");
    cy.press("psst\r");
    bo.see("@cy 1");
    cy.wait(|screen| screen.starts_with(" @bob"));
}

#[test]
fn that_nobody_is_called_so_is_said_in_words() {
    let Two { mut ana, .. } = Two::meet();
    ana.type_line("/whois zoe");
    ana.see("Nobody here is called zoe.");
}

use std::net::{Ipv4Addr, Ipv6Addr};

use if_addrs::{IfAddr, Ifv4Addr};

use super::*;

fn interface(name: &str, number: u8, left_out: Option<LeftOut>) -> Interface {
    let ip = Ipv4Addr::new(10, number, 0, 1);
    let address = Ifv4Addr { ip, netmask: Ipv4Addr::new(255, 255, 0, 0), prefixlen: 16, broadcast: None };
    Interface { name: name.into(), index: number.into(), addresses: vec![IfAddr::V4(address)], left_out }
}

fn heard(own: bool, others: u8) -> Heard {
    Heard { own, others: (0..others).map(|number| Ipv4Addr::new(10, 9, 9, number).into()).collect() }
}

fn session(answers: bool) -> Session {
    Session { name: "Lab 3".parse().unwrap(), addresses: vec![(Ipv6Addr::LOCALHOST, 99).into()], answers }
}

/// A machine on one network, with a session that can be joined.
fn fine() -> Seen {
    Seen {
        chosen: Vec::new(),
        interfaces: vec![interface("eth0", 7, None), interface("lo", 127, Some(LeftOut::Loopback))],
        heard: Some(vec![heard(true, 1)]),
        sessions: vec![session(true)],
        port: Some(Port::Free),
        firewall: None,
        no_discovery: false,
    }
}

fn with_interfaces(interfaces: &[(&str, Option<LeftOut>)]) -> Seen {
    let interfaces: Vec<_> = (1..).zip(interfaces).map(|(number, (name, why))| interface(name, number, *why)).collect();
    let used = interfaces.iter().filter(|interface| interface.is_used()).count();
    Seen { interfaces, heard: Some(vec![heard(true, 1); used]), sessions: Vec::new(), ..fine() }
}

fn with_heard(heard: &[Heard]) -> Seen {
    let interfaces: Vec<_> = ["eth0", "wlan0"].iter().take(heard.len()).map(|name| (*name, None)).collect();
    Seen { heard: Some(heard.to_vec()), ..with_interfaces(&interfaces) }
}

/// The one thing that is found.
fn only(seen: &Seen) -> Finding {
    let findings = seen.findings();
    let [finding] = &findings[..] else { panic!("{findings:?}") };
    finding.clone()
}

/// That this is a problem, the only one, and that these words are in what is said about it.
fn assert_problem(seen: &Seen, code: &str, words: &[&str]) {
    let finding = only(seen);
    assert!(finding.is_problem && finding.code == code, "{finding:?}");
    assert_said(&finding, words);
}

/// That this is worth a note, the only one, and that these words are in it.
fn assert_note(seen: &Seen, code: &str, words: &[&str]) {
    let finding = only(seen);
    assert!(!finding.is_problem && finding.code == code, "{finding:?}");
    assert_said(&finding, words);
}

fn assert_said(finding: &Finding, words: &[&str]) {
    let said = format!("{} {}", finding.what, finding.next);
    for words in words {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn where_nothing_is_wrong_nothing_is_found() {
    assert_eq!(fine().findings(), []);
    assert_eq!(Seen { port: Some(Port::Session), ..fine() }.findings(), []);
    assert_eq!(Seen { port: None, sessions: Vec::new(), heard: None, no_discovery: true, ..fine() }.findings(), []);
}

#[test]
fn a_machine_on_no_network_is_told_to_join_one() {
    let nothing = with_interfaces(&[("lo", Some(LeftOut::Loopback))]);
    assert_problem(&nothing, "no_network", &["on no network.", "cable", "Wi-Fi"]);
    let unplugged = with_interfaces(&[("eth0", Some(LeftOut::Down)), ("docker0", Some(LeftOut::Virtual))]);
    assert_problem(&unplugged, "no_network", &["connected to eth0.", "cable"]);
}

#[test]
fn networks_of_containers_and_tunnels_are_no_network_unless_they_are_chosen() {
    let both = with_interfaces(&[("docker0", Some(LeftOut::Virtual)), ("tun0", Some(LeftOut::Virtual))]);
    assert_problem(&both, "only_virtual", &["(docker0 and tun0)", "--interface"]);
}

#[test]
fn an_interface_that_was_chosen_and_is_not_there_is_named() {
    let seen = with_interfaces(&[("eth0", Some(LeftOut::NotChosen))]);
    let seen = Seen { chosen: vec!["wlan7".into()], ..seen };
    assert_problem(&seen, "no_such_interface", &["wlan7", "exchange doctor"]);
}

#[test]
fn a_port_of_multicast_dns_that_another_program_keeps_is_a_problem() {
    assert_problem(&Seen { heard: None, ..fine() }, "mdns_port_taken", &["5353", "End the program"]);
}

#[test]
fn an_interface_that_hears_not_even_itself_is_behind_a_firewall() {
    let seen = with_heard(&[heard(false, 0), heard(true, 1)]);
    let blocked = &seen.findings()[0];
    assert!(blocked.is_problem && blocked.code == "multicast_blocked", "{blocked:?}");
    assert_said(blocked, &["on eth0 ", "UDP port 5353"]);
    let seen = Seen { firewall: Some(Firewall::Ufw), ..with_heard(&[heard(false, 0)]) };
    assert_said(&seen.findings()[0], &["ufw", "allow 5353"]);
}

#[test]
fn who_hears_nobody_else_may_be_alone_or_kept_apart() {
    assert_note(&with_heard(&[heard(true, 0)]), "nobody_heard", &["on eth0.", "same network", "guests"]);
    assert_note(&with_heard(&[heard(true, 0), heard(true, 0)]), "nobody_heard", &["on eth0 and wlan0."]);
    // A session may be hosted here.
    let seen = Seen { sessions: vec![session(true)], ..with_heard(&[heard(true, 0)]) };
    assert_eq!(seen.findings(), []);
}

#[test]
fn where_others_are_heard_and_no_session_one_can_be_hosted() {
    assert_note(&with_heard(&[heard(true, 1), heard(true, 0)]), "no_session", &["One other machine", "exchange host"]);
    assert_note(&with_heard(&[heard(true, 1), heard(true, 2)]), "no_session", &["3 other machines"]);
}

#[test]
fn a_port_that_cannot_be_had_or_reached_is_told_with_a_way_around() {
    let with_port = |port| Seen { port: Some(port), ..fine() };
    assert_note(&with_port(Port::Taken), "port_taken", &["27027", "type the port"]);
    assert_problem(&with_port(Port::Forbidden), "port_forbidden", &["27027", "--port"]);
    let unreachable = with_port(Port::Unreachable(vec![(Ipv4Addr::new(10, 7, 0, 1), DEFAULT_PORT).into()]));
    assert_problem(&unreachable, "port_unreachable", &["10.7.0.1:27027", "Let TCP port 27027 in"]);
    assert_problem(&Seen { firewall: Some(Firewall::Ufw), ..unreachable }, "port_unreachable", &["ufw", "allow 27027"]);
    assert_note(&Seen { firewall: Some(Firewall::Ufw), ..fine() }, "firewall", &["ufw", "allow 27027"]);
}

#[test]
fn a_host_that_is_heard_and_does_not_answer_is_behind_a_firewall_of_its_own() {
    let seen = Seen { sessions: vec![session(true), session(false)], ..fine() };
    assert_problem(&seen, "host_silent", &["\"Lab 3\"", "on that machine", "TCP port 99"]);
}

#[test]
fn problems_come_first() {
    let seen = Seen { sessions: vec![session(false)], port: Some(Port::Taken), ..fine() };
    let codes: Vec<_> = seen.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["host_silent", "port_taken"]);
}

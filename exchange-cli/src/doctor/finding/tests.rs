mod peer;

use std::net::{Ipv4Addr, Ipv6Addr};

use if_addrs::{IfAddr, Ifv4Addr};

use super::*;
use crate::local::LeftOut;

fn interface(name: &str, number: u8, left_out: Option<LeftOut>) -> Interface {
    let ip = Ipv4Addr::new(10, number, 0, 1);
    let address = Ifv4Addr { ip, netmask: Ipv4Addr::new(255, 255, 0, 0), prefixlen: 16, broadcast: None };
    Interface { name: name.into(), index: number.into(), addresses: vec![IfAddr::V4(address)], left_out }
}

fn heard(own: bool, others: u8) -> Heard {
    let others = (0..others).map(|number| Ipv4Addr::new(10, 9, 9, number).into()).collect();
    Heard { own, others, sessions: false }
}

fn session(answers: bool) -> Session {
    Session { name: "Lab 3".parse().unwrap(), addresses: vec![(Ipv6Addr::LOCALHOST, 99).into()], answers }
}

fn port(state: State) -> Port {
    Port { number: DEFAULT_PORT, state }
}

/// A machine on one network, with a session that can be joined.
fn fine() -> Seen {
    Seen {
        chosen: Vec::new(),
        interfaces: vec![interface("eth0", 7, None), interface("lo", 127, Some(LeftOut::Loopback))],
        heard: Some([("eth0".into(), heard(true, 1))].into()),
        outward: None,
        sessions: vec![session(true)],
        port: Some(port(State::Free)),
        firewall: None,
        peer: None,
        no_discovery: false,
    }
}

fn with_interfaces(interfaces: &[(&str, Option<LeftOut>)]) -> Seen {
    let interfaces: Vec<_> = (1..).zip(interfaces).map(|(number, (name, why))| interface(name, number, *why)).collect();
    let used = interfaces.iter().filter(|interface| interface.is_used());
    let heard = used.map(|interface| (interface.name.clone(), heard(true, 1))).collect();
    Seen { interfaces, heard: Some(heard), sessions: Vec::new(), ..fine() }
}

fn with_heard(heard: &[Heard]) -> Seen {
    let names = || ["eth0", "wlan0"].into_iter().take(heard.len());
    let interfaces: Vec<_> = names().map(|name| (name, None)).collect();
    let heard = names().map(str::to_owned).zip(heard.iter().cloned()).collect();
    Seen { heard: Some(heard), ..with_interfaces(&interfaces) }
}

/// Where nobody is heard on the one interface in use, and so much on one that is left out.
fn beside(name: &str, why: LeftOut, elsewhere: Heard) -> Seen {
    let heard = [("eth0".into(), heard(true, 0)), (name.into(), elsewhere)].into();
    Seen { heard: Some(heard), ..with_interfaces(&[("eth0", None), (name, Some(why))]) }
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
    assert_eq!(Seen { port: Some(port(State::Session)), ..fine() }.findings(), []);
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
    assert_note(&with_heard(&[heard(true, 1)]), "no_session", &["One other machine", "exchange host"]);
    assert_note(&with_heard(&[heard(true, 1), heard(true, 2)]), "no_session", &["3 other machines"]);
}

#[test]
fn where_others_are_heard_on_some_interfaces_those_where_nobody_is_are_named() {
    let seen = with_heard(&[heard(true, 1), heard(true, 0)]);
    let [quiet, no_session] = &seen.findings()[..] else { panic!("{:?}", seen.findings()) };
    assert_eq!((quiet.code, quiet.is_problem, no_session.code), ("quiet_interface", false, "no_session"));
    assert_said(quiet, &["heard on eth0", "nobody on wlan0"]);
    assert_eq!(Seen { sessions: vec![session(true)], ..seen }.findings(), []);
}

/// What is found besides that nobody is heard.
fn besides(seen: &Seen) -> Finding {
    let findings = seen.findings();
    let others: Vec<_> = findings.iter().filter(|finding| finding.code != "nobody_heard").collect();
    assert_eq!((findings.len(), others.len()), (2, 1), "{findings:?}");
    others[0].clone()
}

#[test]
fn a_session_that_is_announced_where_nobody_looks_is_a_problem_unless_there_is_another() {
    let announced = Heard { sessions: true, ..heard(true, 1) };
    let seen = beside("tun0", LeftOut::Virtual, announced.clone());
    let found = besides(&seen);
    assert!(found.is_problem && found.code == "session_elsewhere", "{found:?}");
    assert_said(&found, &["announced on tun0", "by its name", "--interface tun0"]);
    let chosen = besides(&beside("wlan0", LeftOut::NotChosen, announced));
    assert_said(&chosen, &["because of --interface", "leave out --interface, or say --interface wlan0"]);
    assert_eq!(Seen { sessions: vec![session(true)], ..seen }.findings(), []);
}

#[test]
fn others_who_are_heard_only_where_nobody_looks_are_told_of() {
    let found = besides(&beside("wlan0", LeftOut::NotChosen, heard(true, 2)));
    assert!(!found.is_problem && found.code == "heard_elsewhere", "{found:?}");
    assert_said(&found, &["2 other machines are heard on wlan0", "--interface wlan0"]);
    // Where others are heard as well, those on a network of containers are of no interest.
    let mut seen = beside("docker0", LeftOut::Virtual, heard(true, 2));
    seen.heard.as_mut().unwrap().insert("eth0".into(), heard(true, 1));
    assert_note(&seen, "no_session", &["One other machine"]);
}

#[test]
fn who_hears_nobody_is_told_of_a_way_out_that_is_left_out() {
    let towards = |seen: Seen| Seen { outward: Some(Ipv4Addr::new(10, 2, 0, 1).into()), ..seen };
    let found = besides(&towards(beside("tun0", LeftOut::Virtual, heard(true, 0))));
    assert!(!found.is_problem && found.code == "other_way_out", "{found:?}");
    assert_said(&found, &["goes by tun0", "VPN", "--interface tun0"]);
    let found = besides(&towards(beside("wlan0", LeftOut::NotChosen, heard(true, 0))));
    assert_said(&found, &["goes by wlan0", "leave out --interface"]);
    // Whoever hears others is on the right one.
    let mut seen = towards(beside("tun0", LeftOut::Virtual, heard(true, 0)));
    seen.heard.as_mut().unwrap().insert("eth0".into(), heard(true, 1));
    assert_note(&seen, "no_session", &[]);
    assert_note(&towards(with_heard(&[heard(true, 0), heard(true, 0)])), "nobody_heard", &[]);
}

#[test]
fn a_port_that_cannot_be_had_or_reached_is_told_with_a_way_around() {
    let with_port = |state| Seen { port: Some(port(state)), ..fine() };
    assert_note(&with_port(State::Taken), "port_taken", &["27027", "type the port"]);
    assert_problem(&with_port(State::Forbidden), "port_forbidden", &["27027", "--port"]);
    let unreachable = with_port(State::Unreachable(vec![(Ipv4Addr::new(10, 7, 0, 1), DEFAULT_PORT).into()]));
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
    let seen = Seen { sessions: vec![session(false)], port: Some(port(State::Taken)), ..fine() };
    let codes: Vec<_> = seen.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["host_silent", "port_taken"]);
}

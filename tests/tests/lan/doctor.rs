//! `exchange doctor`, and what is said when nobody is found.

use exchange_tests::lan::{Lan, Program};
use serde_json::Value;

use crate::{containers::with_container, host, sessions, two_networks::second_network, watch};

/// What shuts a port.
pub(crate) const FIREWALL: [&str; 1] = ["nft"];

/// Keeps packets with these properties from reaching a host.
pub(crate) fn shut(lan: &Lan, at: &str, packets: &str) {
    let rules = "add table inet t; add chain inet t in { type filter hook input priority 0; }; add rule inet t in";
    lan.run(at, &["nft", &format!("{rules} {packets} drop")]);
}

/// Has a doctor look at a host: its events, and the exit code.
fn diagnosis(lan: &Lan, at: &str) -> (Vec<Value>, i32) {
    let mut doctor = lan.start(at, "the doctor", &["doctor", "--json"]);
    let exit = doctor.ended();
    (doctor.events(), exit)
}

pub(crate) fn findings(events: &[Value]) -> Vec<&str> {
    let findings = events.iter().filter(|event| event["event"] == "finding");
    findings.filter_map(|finding| finding["code"].as_str()).collect()
}

/// The first event of this kind that has this value somewhere in it.
pub(crate) fn one<'a>(events: &'a [Value], kind: &str, field: &str, value: &str) -> &'a Value {
    let found = events.iter().find(|event| event["event"] == kind && event[field] == value);
    found.unwrap_or_else(|| panic!("no {kind} with {field} {value} in {events:#?}"))
}

/// What somebody says who has looked for a session in vain.
fn in_vain(lan: &Lan, at: &str, command: &str) -> String {
    let mut program: Program = lan.start(at, "somebody", &[command, "--timeout", "1"]);
    assert_eq!(program.ended(), 3, "{}", program.story());
    program.story()
}

#[test]
fn where_everything_works_the_doctor_sees_the_session_and_finds_nothing() {
    let Some(lan) = Lan::new(2) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let (events, exit) = diagnosis(&lan, "h2");
    assert_eq!((findings(&events), exit), (vec![], 0), "{events:#?}");
    let eth0 = one(&events, "interface", "interface", "eth0");
    assert_eq!((&eth0["used"], &eth0["hears_itself"], &eth0["machines"]), (&true.into(), &true.into(), &1.into()));
    assert_eq!(one(&events, "interface", "interface", "lo")["left_out"], "loopback");
    assert_eq!(one(&events, "session", "session", "Lab 3")["host"], "ana");
    assert_eq!(one(&events, "host", "session", "Lab 3")["answers"], true);
    one(&events, "port", "state", "free");
    let (events, exit) = diagnosis(&lan, "h1");
    assert_eq!((findings(&events), exit), (vec![], 0), "{events:#?}");
    one(&events, "port", "state", "session");
}

#[test]
fn who_is_alone_on_the_network_is_told_that_nobody_is_heard() {
    let Some(lan) = Lan::new(1) else { return };
    let (events, exit) = diagnosis(&lan, "h1");
    assert_eq!((findings(&events), exit), (vec!["nobody_heard"], 0), "{events:#?}");
    for command in ["ls", "join"] {
        let said = in_vain(&lan, "h1", command);
        for words in ["on eth0 (10.77.0.1)", "No other machine is heard on eth0", "exchange host", "exchange doctor"] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}

#[test]
fn who_watches_and_sees_nobody_is_told_why_and_goes_on_watching() {
    let Some(lan) = Lan::new(2) else { return };
    let mut watcher = watch(&lan, "h1");
    watcher.says("No other machine is heard on eth0");
    let mut ana = host(&lan, "h2", "ana", "Lab 3");
    ana.event("hosting");
    sessions(&mut watcher, ["Lab 3"]);
}

#[test]
fn a_machine_without_a_network_is_told_so() {
    let Some(lan) = Lan::new(1) else { return };
    lan.ip("-n h1 link set eth0 down");
    let (events, exit) = diagnosis(&lan, "h1");
    assert_eq!((findings(&events), exit), (vec!["no_network"], 6), "{events:#?}");
    assert_eq!(one(&events, "interface", "interface", "eth0")["left_out"], "down");
    assert!(in_vain(&lan, "h1", "ls").contains("Nothing is connected to eth0."));
    lan.ip("-n h1 link del eth0");
    let (events, exit) = diagnosis(&lan, "h1");
    assert_eq!((findings(&events), exit), (vec!["no_network"], 6), "{events:#?}");
    assert!(in_vain(&lan, "h1", "join").contains("This machine is on no network."));
}

#[test]
fn a_firewall_that_keeps_multicast_out_is_found_on_the_machine_that_has_it() {
    let Some(lan) = Lan::with_tools(2, &FIREWALL) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    shut(&lan, "h2", "udp dport 5353");
    let (events, exit) = diagnosis(&lan, "h2");
    assert_eq!((findings(&events), exit), (vec!["multicast_blocked"], 6), "{events:#?}");
    assert_eq!(one(&events, "interface", "interface", "eth0")["hears_itself"], false);
    assert!(in_vain(&lan, "h2", "ls").contains("Let UDP port 5353 in"));
}

#[test]
fn a_host_behind_a_firewall_is_heard_and_told_apart_from_one_that_answers() {
    let Some(lan) = Lan::with_tools(3, &FIREWALL) else { return };
    let mut hosts = [("h1", "ana", "Lab 3"), ("h2", "bo", "Lab 4")].map(|(at, nick, name)| host(&lan, at, nick, name));
    for host in &mut hosts {
        host.event("hosting");
    }
    sessions(&mut watch(&lan, "h3"), ["Lab 3", "Lab 4"]);
    shut(&lan, "h2", "tcp dport 27027");
    let (events, exit) = diagnosis(&lan, "h3");
    assert_eq!((findings(&events), exit), (vec!["host_silent"], 6), "{events:#?}");
    assert_eq!(one(&events, "host", "session", "Lab 3")["answers"], true);
    assert_eq!(one(&events, "host", "session", "Lab 4")["answers"], false);
}

#[test]
fn a_port_that_another_program_has_and_one_that_a_firewall_shuts_are_found() {
    let Some(lan) = Lan::with_tools(2, &FIREWALL) else { return };
    let mut other = lan.start_example("h1", "silence", &["0.0.0.0:27027"]);
    other.says("listening");
    let (events, exit) = diagnosis(&lan, "h1");
    assert_eq!((findings(&events), exit), (vec!["nobody_heard", "port_taken"], 0), "{events:#?}");
    shut(&lan, "h2", "tcp dport 27027");
    let (events, exit) = diagnosis(&lan, "h2");
    assert_eq!((findings(&events), exit), (vec!["port_unreachable", "nobody_heard"], 6), "{events:#?}");
}

#[test]
fn a_session_on_an_interface_that_is_left_out_is_found_there_and_nowhere_else() {
    let Some(lan) = Lan::new(2) else { return };
    second_network(&lan, &[1, 2]);
    // It is only listened to there, so that something has to be said meanwhile: that there is a session from now on.
    let mut doctor = lan.start("h2", "the doctor", &["doctor", "--json", "--interface", "eth0", "--timeout", "6"]);
    doctor.says("Listening");
    let mut ana = lan.start("h1", "ana", &["host", "Lab 3", "--nick", "ana", "--json", "--interface", "eth1"]);
    ana.event("hosting");
    let (exit, events) = (doctor.ended(), doctor.events());
    assert_eq!(exit, 6, "{events:#?}");
    let finding = one(&events, "finding", "code", "session_elsewhere");
    let explanation = finding["explanation"].as_str().unwrap_or_default();
    assert!(explanation.contains("on eth1, which is left out, because of --interface"), "{finding}");
    assert_eq!(one(&events, "interface", "interface", "eth1")["machines"], 1);
    let (events, exit) = diagnosis(&lan, "h2");
    assert_eq!((findings(&events), exit), (vec![], 0), "{events:#?}");
}

#[test]
fn a_session_in_a_container_is_heard_by_the_doctor_and_by_nobody_else() {
    let Some(lan) = Lan::new(1) else { return };
    with_container(&lan, "h1");
    let mut contained = host(&lan, "h1-container", "ana", "Lab 3");
    contained.event("hosting");
    let (events, exit) = diagnosis(&lan, "h1");
    assert_eq!((findings(&events), exit), (vec!["session_elsewhere", "nobody_heard"], 6), "{events:#?}");
    assert!(
        one(&events, "finding", "code", "session_elsewhere")["advice"].as_str().unwrap_or_default().contains("docker0")
    );
    in_vain(&lan, "h1", "ls");
}

#[test]
fn a_way_out_that_is_left_out_is_told_of_where_nobody_is_heard() {
    let Some(lan) = Lan::new(1) else { return };
    with_container(&lan, "h1");
    lan.ip("-n h1 route add default via 172.17.0.2");
    let (events, exit) = diagnosis(&lan, "h1");
    assert_eq!((findings(&events), exit), (vec!["nobody_heard", "other_way_out"], 0), "{events:#?}");
}

#[test]
fn people_are_told_everything_in_words() {
    let Some(lan) = Lan::new(2) else { return };
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut doctor = lan.start("h2", "the doctor", &["doctor", "--timeout", "1.5"]);
    assert_eq!(doctor.ended(), 0);
    for words in [
        "eth0  10.77.0.2, fe80:",
        "in use, one other machine is heard",
        "left out, it leads nowhere but here",
        "TCP port 27027 is free, and answers",
        r#""Lab 3" hosted by ana, 1 person: exchange join "Lab 3" (its host answers)"#,
        "Nothing is wrong, as far as it can be seen from this machine.",
    ] {
        assert!(doctor.story().contains(words), "{words}: {}", doctor.story());
    }
}

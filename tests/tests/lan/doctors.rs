//! `exchange doctor` on two machines at once.

use exchange_tests::lan::{Lan, Program};
use serde_json::Value;

use crate::{
    doctor::{FIREWALL, findings, one, shut},
    host,
    two_networks::second_network,
};

/// What somebody has found: their events, and their exit code.
type Found = (Vec<Value>, i32);

fn waits(lan: &Lan, at: &str) -> Program {
    let mut waiter = lan.start(at, "who waits", &["doctor", "--wait", "--json"]);
    waiter.event("waiting");
    waiter
}

fn visits(lan: &Lan, at: &str, address: &str) -> Found {
    let mut visitor = lan.start(at, "who comes", &["doctor", address, "--json"]);
    let exit = visitor.ended();
    (visitor.events(), exit)
}

/// Has somebody wait at one host, and somebody from the other come to this address: what both find.
fn meet(lan: &Lan, waiter: &str, visitor: &str, address: &str) -> [Found; 2] {
    let mut waiter = waits(lan, waiter);
    let found = visits(lan, visitor, address);
    let exit = waiter.ended();
    [(waiter.events(), exit), found]
}

/// That these are the problems and notes that both have found.
fn assert_found(found: &[Found; 2], codes: [&[&str]; 2]) {
    for ((events, exit), codes) in found.iter().zip(codes) {
        assert_eq!(findings(events), codes, "{events:#?}");
        let is_problem = events.iter().any(|event| event["problem"] == true);
        assert_eq!(*exit, if is_problem { 6 } else { 0 }, "{events:#?}");
    }
}

fn peer(found: &Found) -> &Value {
    found.0.iter().find(|event| event["event"] == "peer").unwrap_or_else(|| panic!("no peer in {:#?}", found.0))
}

fn says(found: &Found, code: &str, words: &[&str]) {
    let finding = one(&found.0, "finding", "code", code);
    for word in words {
        assert!(finding.to_string().contains(word), "{word}: {finding}");
    }
}

#[test]
fn two_machines_between_which_everything_gets_through_say_so_whether_one_hosts_or_none() {
    let Some(lan) = Lan::new(2) else { return };
    let found = meet(&lan, "h1", "h2", "10.77.0.1");
    assert_found(&found, [&["all_clear"], &["all_clear"]]);
    for found in &found {
        let peer = peer(found);
        assert_eq!((&peer["same_network"], &peer["here"]["interface"]), (&true.into(), &"eth0".into()), "{peer}");
        for way in ["to_here", "to_there"] {
            let [tcp, v4, v6] = ["tcp", "multicast_ipv4", "multicast_ipv6"].map(|field| &peer[way][field]);
            assert_eq!((tcp, v4, v6), (&"reached".into(), &true.into(), &true.into()), "{peer}");
        }
    }
    // The one who comes hosts: that session is what has to be reached.
    let mut ana = host(&lan, "h2", "ana", "Lab 3");
    ana.event("hosting");
    let found = meet(&lan, "h1", "h2", "10.77.0.1");
    assert_found(&found, [&["all_clear"], &["all_clear"]]);
    assert_eq!(peer(&found[0])["there"]["session"], true);
    assert_eq!(peer(&found[0])["to_there"]["tcp"], "reached");
    // The host itself is no doctor, but can be joined.
    let (events, exit) = visits(&lan, "h1", "10.77.0.2");
    assert_eq!((findings(&events), exit), (vec!["peer_hosts"], 0), "{events:#?}");
}

#[test]
fn a_firewall_that_shuts_the_port_is_named_on_the_machine_that_has_it_whoever_waits() {
    let Some(lan) = Lan::with_tools(2, &FIREWALL) else { return };
    shut(&lan, "h2", "iifname eth0 tcp dport 27027");
    let found = meet(&lan, "h1", "h2", "10.77.0.1");
    assert_found(&found, [&["blocked_there"], &["blocked_here"]]);
    says(&found[0], "blocked_there", &["10.77.0.2", "TCP port 27027 of that machine"]);
    says(&found[1], "blocked_here", &["TCP port 27027 of this machine"]);
    // The other way round they do not meet, and whoever comes is told to go this way.
    let waiter = waits(&lan, "h2");
    let (events, exit) = visits(&lan, "h1", "10.77.0.2");
    assert_eq!((findings(&events)[0], exit), ("peer_silent", 6), "{events:#?}");
    let advice = one(&events, "finding", "code", "peer_silent")["advice"].to_string();
    assert!(advice.contains("there \\\"exchange doctor 10.77.0.1\\\""), "{advice}");
    waiter.interrupt();
}

#[test]
fn a_firewall_that_keeps_multicast_out_is_named_on_the_machine_that_has_it_to_both() {
    let Some(lan) = Lan::with_tools(2, &FIREWALL) else { return };
    shut(&lan, "h2", "udp dport 5353");
    let found = meet(&lan, "h1", "h2", "10.77.0.1");
    assert_found(&found, [&["multicast_blocked_there"], &["multicast_blocked"]]);
    assert_eq!(peer(&found[0])["to_there"]["multicast_ipv4"], false);
    assert_eq!(peer(&found[0])["to_here"]["multicast_ipv4"], true);
    says(&found[0], "multicast_blocked_there", &["10.77.0.2", "Let UDP port 5353 in", "that machine"]);
}

#[test]
fn multicast_that_gets_lost_one_way_is_told_with_the_way() {
    let Some(lan) = Lan::with_tools(2, &FIREWALL) else { return };
    // As on an access point that does not pass on what one of them sends: each still hears itself.
    lan.run("h2", &["nft", "add table inet t; add chain inet t in { type filter hook input priority 0; }"]);
    for address in lan.addresses("h1", "eth0") {
        let family = if address.contains(':') { "ip6" } else { "ip" };
        lan.run("h2", &["nft", &format!("add rule inet t in {family} saddr {address} udp dport 5353 drop")]);
    }
    let found = meet(&lan, "h1", "h2", "10.77.0.1");
    assert_eq!((found[0].1, found[1].1), (6, 6));
    says(&found[0], "multicast_lost", &["does not get to 10.77.0.2", "exchange join 10.77.0.2"]);
    says(&found[1], "multicast_lost", &["10.77.0.1", "does not get here"]);
}

/// Puts the third host on a network of its own, to which the second is the router.
fn with_router(lan: &Lan) {
    second_network(lan, &[2, 3]);
    lan.ip("-n h3 link set eth0 down");
    lan.run("h2", &["sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    lan.ip("-n h1 route add default via 10.77.0.2");
    lan.ip("-n h3 route add default via 10.88.0.2");
}

#[test]
fn machines_with_a_router_between_them_are_told_to_join_by_address() {
    let Some(lan) = Lan::new(3) else { return };
    with_router(&lan);
    let found = meet(&lan, "h1", "h3", "10.77.0.1");
    assert_found(&found, [&["other_network", "nobody_heard"], &["other_network", "nobody_heard"]]);
    says(&found[0], "other_network", &["10.77.0.1 and 10.88.0.3", "exchange join 10.88.0.3"]);
    says(&found[1], "other_network", &["exchange join 10.77.0.1"]);
    assert_eq!(peer(&found[0])["same_network"], false);
}

#[test]
fn a_machine_whose_address_is_translated_is_told_that_it_cannot_be_joined() {
    let Some(lan) = Lan::with_tools(3, &FIREWALL) else { return };
    with_router(&lan);
    lan.ip("-n h1 route del default");
    let rules = "add table ip t; add chain ip t out { type nat hook postrouting priority 100; }; add rule ip t out oifname eth0 masquerade";
    lan.run("h2", &["nft", rules]);
    let found = meet(&lan, "h1", "h3", "10.77.0.1");
    for found in &found {
        assert_eq!(findings(&found.0)[..2], ["translated", "other_network"], "{:#?}", found.0);
    }
    says(&found[0], "translated", &["10.88.0.3", "10.77.0.2", "Host here"]);
    says(&found[1], "translated", &["10.88.0.3", "10.77.0.2", "exchange join 10.77.0.1"]);
    assert_eq!(peer(&found[1])["here"]["seen_as"], "10.77.0.2");
}

#[test]
fn an_interface_that_is_left_out_and_leads_to_the_other_machine_is_named_to_both() {
    let Some(lan) = Lan::new(2) else { return };
    second_network(&lan, &[1, 2]);
    lan.ip("-n h1 link set eth1 down");
    lan.ip("-n h1 link set eth1 name tun0");
    lan.ip("-n h1 link set tun0 up");
    lan.ip("-n switch link set p2 nomaster");
    let found = meet(&lan, "h1", "h2", "10.88.0.1");
    says(
        &found[0],
        "wrong_interface",
        &["reached by tun0, which is left out here", "--interface tun0 on this machine"],
    );
    says(&found[1], "wrong_interface", &["by tun0, which is left out there", "--interface tun0 on that machine"]);
    assert_eq!((found[0].1, found[1].1), (6, 6));
    // With it, everything gets through.
    let mut waiter = lan.start("h1", "who waits", &["doctor", "--wait", "--json", "--interface", "tun0"]);
    waiter.event("waiting");
    let (events, exit) = visits(&lan, "h2", "10.88.0.1");
    assert_eq!(exit, 0, "{events:#?}");
    assert!(findings(&events).contains(&"all_clear"), "{events:#?}");
    assert_eq!(waiter.ended(), 0, "{}", waiter.story());
}

#[test]
fn an_address_that_nobody_has_is_told_apart_from_a_machine_that_does_not_answer() {
    let Some(lan) = Lan::new(1) else { return };
    let (events, exit) = visits(&lan, "h1", "10.77.0.9");
    assert_eq!((findings(&events)[0], exit), ("peer_unreachable", 6), "{events:#?}");
    let (events, exit) = visits(&lan, "h1", "10.99.0.9");
    assert_eq!((findings(&events)[0], exit), ("peer_unreachable", 6), "{events:#?}");
}

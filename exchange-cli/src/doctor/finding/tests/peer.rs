//! What is found with another machine.

use serde_json::{Value, json};

use super::*;
use crate::doctor::peer::{Between, Introduction, Missed, Report, Side, Why};

/// A machine at this address that meets one at that, as it introduces itself; each is on the network `10.7.x.x`.
fn introduction(own: &str, other: &str) -> Value {
    json!({
        "token": "0123456789abcdef", "own": own, "other": other, "interface": "eth0", "left_out": null,
        "same_network": true, "port": 27027, "session": false, "firewall": null,
    })
}

/// What somebody says who has reached the other by everything.
fn report() -> Value {
    let heard = json!({ "own": true, "other": true });
    json!({ "tcp": "reached", "multicast": { "ipv4": heard, "ipv6": heard } })
}

/// What this machine says, and what the other does.
#[derive(Clone)]
struct Told {
    introductions: [Value; 2],
    reports: [Value; 2],
}

fn told() -> Told {
    let introductions = [introduction("10.7.0.1", "10.7.0.2"), introduction("10.7.0.2", "10.7.0.1")];
    Told { introductions, reports: [report(), report()] }
}

impl Told {
    /// Nothing that either says to everybody is heard by the one of this number.
    fn deaf(mut self, number: usize, hears_itself: bool) -> Self {
        for family in ["ipv4", "ipv6"] {
            self.reports[number]["multicast"][family] = json!({ "own": hears_itself, "other": false });
        }
        self
    }

    fn seen(&self) -> Seen {
        let [here, there] = [0, 1].map(|number| Side {
            introduction: serde_json::from_value::<Introduction>(self.introductions[number].clone()).unwrap(),
            report: serde_json::from_value::<Report>(self.reports[number].clone()).unwrap(),
        });
        Seen { peer: Some(Peer::Met(Box::new(Between { here, there }))), ..fine() }
    }
}

#[test]
fn between_two_machines_that_reach_each_other_nothing_is_in_the_way() {
    let clear = told();
    assert_note(&clear.seen(), "all_clear", &["10.7.0.2", "is found on the other"]);
    // What one family gets across is enough.
    let mut one = told();
    one.reports[1]["multicast"]["ipv6"]["other"] = false.into();
    assert_note(&one.seen(), "all_clear", &[]);
    // A firewall that lets the other in, and that nobody else is heard, are no matter.
    let seen = Seen { firewall: Some(Firewall::Ufw), sessions: Vec::new(), ..clear.seen() };
    assert_note(&seen, "all_clear", &[]);
    let mut without = told();
    for report in &mut without.reports {
        report["multicast"] = json!({ "ipv4": null, "ipv6": null });
    }
    assert_note(&without.seen(), "all_clear", &["by address"]);
}

#[test]
fn a_port_that_is_shut_is_opened_on_the_machine_that_shuts_it_by_its_own_firewall() {
    let mut shut = told();
    shut.introductions[0]["firewall"] = "ufw".into();
    shut.introductions[1]["firewall"] = "firewalld".into();
    shut.reports[1]["tcp"] = "unanswered".into();
    assert_problem(&shut.seen(), "blocked_here", &["hosted here", "On this machine", "sudo ufw allow 27027/tcp"]);
    shut.reports = [json!({ "tcp": "refused", "multicast": report()["multicast"] }), report()];
    shut.introductions[1]["port"] = 4000.into();
    let there = ["hosted at 10.7.0.2", "On that machine", "sudo firewall-cmd --add-port=4000/tcp"];
    assert_problem(&shut.seen(), "blocked_there", &there);
    shut.introductions[1]["firewall"] = Value::Null;
    assert_problem(&shut.seen(), "blocked_there", &["Let TCP port 4000 in, in the firewall of that machine."]);
}

#[test]
fn multicast_that_does_not_get_in_is_let_in_on_the_machine_that_does_not_hear_itself() {
    let mut there = told().deaf(1, false);
    there.introductions[1]["firewall"] = "nftables".into();
    let words = ["into 10.7.0.2", "not found there", "On that machine", "udp dport 5353"];
    assert_problem(&there.seen(), "multicast_blocked_there", &words);
    assert_problem(&told().deaf(0, false).seen(), "multicast_blocked", &["not found here", "of this machine"]);
    // What was found without the other is not said twice.
    let alone = [("eth0".into(), heard(false, 0))].into();
    let seen = Seen { heard: Some(alone), ..told().deaf(0, false).seen() };
    assert_problem(&seen, "multicast_blocked", &["on eth0"]);
}

#[test]
fn multicast_that_gets_lost_between_two_that_hear_themselves_is_not_blamed_on_one_of_them() {
    let words = ["does not get to 10.7.0.2", "not found there", "going out", "exchange join 10.7.0.2"];
    assert_problem(&told().deaf(1, true).seen(), "multicast_lost", &words);
    assert_problem(&told().deaf(0, true).seen(), "multicast_lost", &["does not get here", "not found here"]);
    let both = told().deaf(0, true).deaf(1, true);
    assert_problem(&both.seen(), "multicast_lost", &["Neither machine", "access points", "exchange join 10.7.0.2"]);
}

#[test]
fn what_a_router_is_between_is_joined_by_address() {
    let mut routed = told().deaf(0, true).deaf(1, true);
    for introduction in &mut routed.introductions {
        introduction["same_network"] = false.into();
    }
    assert_problem(&routed.seen(), "other_network", &["a router between", "exchange join 10.7.0.2"]);
    routed.introductions[1]["port"] = 4000.into();
    assert_problem(&routed.seen(), "other_network", &["exchange join 10.7.0.2:4000"]);
    // Where something passes it on, that is no matter.
    routed.reports = [report(), report()];
    assert_note(&routed.seen(), "all_clear", &[]);
}

#[test]
fn an_interface_that_is_left_out_is_named_on_the_machine_that_leaves_it_out() {
    let mut here = told().deaf(0, true).deaf(1, true);
    here.introductions[0]["left_out"] = "virtual".into();
    here.introductions[0]["interface"] = "tun0".into();
    let words =
        ["reached by tun0, which is left out here", "--interface tun0 on this machine", "exchange join 10.7.0.2"];
    assert_problem(&here.seen(), "wrong_interface", &words);
    let mut there = told().deaf(0, true).deaf(1, true);
    there.introductions[1]["left_out"] = "not_chosen".into();
    there.introductions[1]["interface"] = "wlan0".into();
    let words = ["by wlan0, which is left out there, because of --interface", "--interface wlan0 on that machine"];
    assert_problem(&there.seen(), "wrong_interface", &words);
    // Not every name can be typed.
    there.introductions[1]["interface"] = Value::Null;
    assert_problem(
        &there.seen(),
        "wrong_interface",
        &["by an interface, which", "name it with --interface on that machine"],
    );
    // Both may be on another network as well, on which they hear each other.
    there.reports = [report(), report()];
    assert_note(&there.seen(), "all_clear", &[]);
}

#[test]
fn a_machine_whose_address_is_translated_cannot_be_joined_and_the_other_can() {
    let mut translated = told();
    translated.introductions[0]["own"] = "172.17.0.2".into();
    translated.reports[1]["tcp"] = "refused".into();
    let words = ["is 172.17.0.2", "seen there as 10.7.0.1", "Host there", "exchange join 10.7.0.2"];
    assert_problem(&translated.seen(), "translated", &words);
    // And the same from the other side, where the one that translates seems to be the other machine.
    let mut other = told().deaf(0, true).deaf(1, true);
    other.introductions[1]["own"] = "172.17.0.2".into();
    other.reports[0]["tcp"] = "refused".into();
    let findings = other.seen().findings();
    let [translated, routed] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((translated.code, routed.code), ("translated", "other_network"));
    for finding in [translated, routed] {
        assert_said(finding, &["172.17.0.2", "ost here; there", "exchange join 10.7.0.1"]);
    }
}

#[test]
fn two_on_one_machine_find_out_nothing() {
    let mut one = told();
    for introduction in &mut one.introductions {
        introduction["other"] = introduction["own"].clone();
    }
    assert_note(&one.seen(), "same_machine", &["on the other machine"]);
}

#[test]
fn whoever_was_not_met_is_looked_for_the_other_way_round() {
    let missed = |why| {
        let own = Some(Ipv4Addr::new(10, 7, 0, 1).into());
        let missed = Missed { place: "10.7.0.2".into(), port: 27027, own, why };
        Seen { peer: Some(Peer::Missed(missed)), ..fine() }
    };
    let swap = ["here \"exchange doctor --wait\"", "there \"exchange doctor 10.7.0.1\""];
    for (why, code) in
        [(Why::Refused, "peer_refused"), (Why::Unanswered, "peer_silent"), (Why::NoWay, "peer_unreachable")]
    {
        assert_problem(&missed(why), code, &swap);
    }
    assert_note(&missed(Why::Session), "peer_hosts", &["10.7.0.2", "exchange doctor --wait"]);
    for (why, code) in [
        (Why::Unknown, "peer_unknown"),
        (Why::Stranger, "peer_stranger"),
        (Why::Version, "peer_version"),
        (Why::Lost, "peer_lost"),
    ] {
        assert_problem(&missed(why), code, &["10.7.0.2"]);
    }
}

#[test]
fn a_way_to_another_machine_by_an_interface_that_is_left_out_is_told_of() {
    let interfaces = with_interfaces(&[("eth0", None), ("tun0", Some(LeftOut::Virtual))]).interfaces;
    let own = Some(Ipv4Addr::new(10, 2, 0, 1).into());
    let missed = Missed { place: "10.2.0.9".into(), port: 27027, own, why: Why::Unanswered };
    let seen = Seen { peer: Some(Peer::Missed(missed)), interfaces, ..fine() };
    let codes: Vec<_> = seen.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["peer_silent", "wrong_interface"]);
    assert_said(&seen.findings()[1], &["The way to 10.2.0.9 goes by tun0", "--interface tun0"]);
}

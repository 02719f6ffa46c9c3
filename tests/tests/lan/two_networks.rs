//! Machines on two networks.

use std::{collections::BTreeSet, time::Instant};

use exchange_tests::lan::Lan;

use crate::{PATIENCE, addresses, appears, figure, found, has_addresses, host, join, messages, watch};

/// Puts these hosts on a network of their own besides.
pub(crate) fn second_network(lan: &Lan, hosts: &[usize]) {
    lan.ip("-n switch link add br1 type bridge stp_state 0 forward_delay 0 mcast_snooping 0");
    lan.ip("-n switch link set br1 up");
    for number in hosts {
        lan.ip(&format!("link add eth1 netns h{number} type veth peer name q{number} netns switch"));
        lan.ip(&format!("-n switch link set q{number} master br1 up"));
        lan.ip(&format!("-n h{number} addr add 10.88.0.{number}/24 dev eth1"));
        lan.ip(&format!("-n h{number} link set eth1 up"));
    }
}

#[test]
fn a_host_on_two_networks_is_found_on_both_each_by_the_addresses_it_has_there() {
    let Some(lan) = Lan::new(3) else { return };
    second_network(&lan, &[1, 3]);
    lan.ip("-n h3 link set eth0 down");
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    for (at, interface) in [("h2", "eth0"), ("h3", "eth1")] {
        appears(&mut watch(&lan, at), "Lab 3", Instant::now(), &format!("on its {interface}"));
        let there = routable(lan.addresses("h1", interface));
        watch(&lan, at).until("all its addresses there, and no others", PATIENCE, |event| {
            (routable(addresses(event)) == there).then_some(())
        });
        let mut guest = join(&lan, at, at, &[]);
        found(&mut guest, &format!("by its {interface}"));
        guest.say("hello");
        assert_eq!(messages(&mut ana, 1)[0]["text"], "hello");
    }
}

/// All but those of a link: of these, multicast DNS does not know on which network they are, so each is announced on
/// both, and whoever dials tries all.
fn routable(addresses: Vec<String>) -> BTreeSet<String> {
    addresses.into_iter().filter(|address| !address.starts_with("fe80:")).collect()
}

#[test]
fn who_loses_the_better_of_two_networks_is_back_by_the_other() {
    let Some(lan) = Lan::new(2) else { return };
    second_network(&lan, &[1, 2]);
    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut watcher = watch(&lan, "h2");
    let all = [lan.addresses("h1", "eth0"), lan.addresses("h1", "eth1")].concat();
    has_addresses(&mut watcher, "Lab 3", &all);
    let mut bo = join(&lan, "h2", "bo", &[]);
    bo.event("connected");

    // Whichever the link goes by.
    for interface in ["eth0", "eth1"] {
        lan.ip(&format!("-n h2 link set {interface} down"));
        let unplugged = Instant::now();
        bo.say(&format!("without {interface}"));
        assert_eq!(messages(&mut ana, 1)[0]["text"], format!("without {interface}"));
        figure(&format!("a message was there without {interface}"), unplugged.elapsed());
        lan.ip(&format!("-n h2 link set {interface} up"));
        has_addresses(&mut watcher, "Lab 3", &all);
    }
}

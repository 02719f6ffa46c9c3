//! Networks with IPv4, with IPv6, and with both.

use exchange_tests::lan::Lan;

use crate::{found, has_addresses, host, join, messages, watch};

fn people_meet(lan: &Lan, over: &str) {
    let mut ana = host(lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut bo = join(lan, "h2", "bo", &[]);
    found(&mut bo, over);
    bo.say("hello");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "hello");
    has_addresses(&mut watch(lan, "h2"), "Lab 3", &lan.addresses("h1", "eth0"));
}

#[test]
fn a_network_with_both_families_will_do() {
    let Some(lan) = Lan::new(2) else { return };
    let both = lan.addresses("h1", "eth0");
    assert!(both.iter().any(|address| address.contains(':')) && both.contains(&"10.77.0.1".into()), "{both:?}");
    people_meet(&lan, "over IPv4 and IPv6");
}

#[test]
fn a_network_without_ipv6_will_do() {
    let Some(lan) = Lan::new(2) else { return };
    for at in ["h1", "h2"] {
        lan.run(at, &["sysctl", "-qw", "net.ipv6.conf.all.disable_ipv6=1"]);
    }
    assert_eq!(lan.addresses("h1", "eth0"), ["10.77.0.1"]);
    people_meet(&lan, "over IPv4 only");
}

#[test]
fn a_network_without_ipv4_will_do() {
    let Some(lan) = Lan::new(2) else { return };
    for at in ["h1", "h2"] {
        lan.ip(&format!("-n {at} -4 addr flush dev eth0"));
    }
    assert!(lan.addresses("h1", "eth0").iter().all(|address| address.starts_with("fe80:")));
    people_meet(&lan, "over IPv6 only");
}

//! A network of containers beside the real one.

use exchange_tests::{PATIENCE, lan::Lan};

use crate::{addresses, found, host, join, messages};

/// Has a host run a container, as container engines do it: with the same addresses on every machine.
pub(crate) fn with_container(lan: &Lan, at: &str) {
    lan.ip(&format!("netns add {at}-container"));
    lan.ip(&format!("-n {at} link add docker0 type bridge"));
    lan.ip(&format!("link add eth0 netns {at}-container type veth peer name veth1a2b3c netns {at}"));
    lan.ip(&format!("-n {at} link set veth1a2b3c master docker0 up"));
    lan.ip(&format!("-n {at} addr add 172.17.0.1/16 dev docker0"));
    lan.ip(&format!("-n {at} link set docker0 up"));
    lan.ip(&format!("-n {at}-container addr add 172.17.0.2/16 dev eth0"));
    lan.ip(&format!("-n {at}-container link set eth0 up"));
}

#[test]
fn a_network_of_containers_is_neither_announced_nor_spoken_on() {
    let Some(lan) = Lan::new(2) else { return };
    for at in ["h1", "h2"] {
        with_container(&lan, at);
    }
    let own = lan.addresses("h1", "eth0");
    let foreign = lan.addresses("h1", "docker0");
    assert!(foreign.iter().any(|address| address.starts_with("fe80:")), "{foreign:?}");

    let mut ana = host(&lan, "h1", "ana", "Lab 3");
    ana.event("hosting");
    let mut watcher = lan.start("h2", "somebody who looks", &["ls", "--watch", "--json"]);
    watcher.until("all its addresses are known", PATIENCE, |event| {
        let listed: Vec<String> = addresses(event);
        for address in &listed {
            assert!(own.contains(address), "{address} is announced, of {own:?}");
        }
        (listed.len() == own.len()).then_some(())
    });
    let mut bo = join(&lan, "h2", "bo", &[]);
    found(&mut bo, "beside a network of containers");
    bo.say("hello");
    assert_eq!(messages(&mut ana, 1)[0]["text"], "hello");

    let mut contained = lan.start("h1-container", "a container", &["join", "--json", "--timeout", "1.5"]);
    assert_eq!(contained.ended(), 3, "{}", contained.story());
}

//! Many at once.

use std::{collections::BTreeSet, time::Instant};

use exchange_tests::lan::{Lan, Program};

use crate::{PATIENCE, TO_FIND, figure, watch};

const HOSTS: usize = 50;

#[test]
fn fifty_hosts_are_found_by_who_waits_for_them_and_by_who_comes_later() {
    let Some(lan) = Lan::new(HOSTS + 2) else { return };
    let mut early = watch(&lan, &format!("h{}", HOSTS + 1));
    early.says("Watching");
    let mut hosts: Vec<_> = (1..=HOSTS)
        .map(|number| lan.start(&format!("h{number}"), "a host", &["host", &format!("Lab {number}"), "--json"]))
        .collect();
    for host in &mut hosts {
        host.event("hosting");
    }
    let all_there = Instant::now();
    all_are_listed(&mut early, all_there, "to who was there before");

    let mut late = watch(&lan, &format!("h{}", HOSTS + 2));
    late.says("Watching");
    let looking = Instant::now();
    all_are_listed(&mut late, looking, "to who came later");
    drop(hosts);
}

fn all_are_listed(watcher: &mut Program, since: Instant, to_whom: &str) {
    let mut listed = BTreeSet::new();
    let left = TO_FIND.saturating_sub(since.elapsed()).min(PATIENCE);
    watcher.until("all of them are listed", left, |event| {
        if event["event"] == "appeared" {
            listed.insert(event["session"].as_str()?.to_owned());
        }
        (listed.len() == HOSTS).then_some(())
    });
    figure(&format!("{HOSTS} hosts were listed {to_whom}"), since.elapsed());
}

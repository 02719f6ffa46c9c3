//! Where in a log a reader begins, and what it is told of what is gone.

use alloc::vec::Vec;

use super::{Bench, LOBBY, config, entries, hello, join, text, texts};
use crate::{
    host::{HostConfig, RoomName},
    ids::{Epoch, Seq},
    limits::Limits,
    message::{Encoding, GapReason, JoinFrom, ToClient},
    seam::LinkId,
};

/// A host that keeps so many entries and has said 1, 2, 3 … in its lobby: entry `n + 1` says `n`.
fn talkative(kept: usize, said: u32) -> Bench {
    let limits = Limits { history_entries: kept, ..Limits::default() };
    let mut bench = Bench::with(HostConfig { limits, ..config() });
    for number in 1..=said {
        bench.post(&RoomName::lobby(), &alloc::format!("{number}")).unwrap();
    }
    bench
}

/// What a newcomer hears that begins there.
fn hears(bench: &mut Bench, number: u8, from: JoinFrom) -> Vec<ToClient> {
    let (link, welcome) = bench.greet(number.into(), &hello(number, 1, None));
    welcome.unwrap();
    bench.heard(link);
    bench.say(link, &join(&RoomName::lobby(), from));
    bench.heard(link)
}

fn places(said: &[ToClient]) -> Vec<u64> {
    entries(said).map(|entry| entry.seq.0).collect()
}

fn gaps(said: &[ToClient]) -> Vec<u64> {
    let gap = |said: &ToClient| match said {
        ToClient::Gap { room: LOBBY, to, reason: GapReason::Retention, .. } => Some(to.0),
        _ => None,
    };
    said.iter().filter_map(gap).collect()
}

#[test]
fn a_newcomer_begins_with_what_it_asks_for() {
    let mut bench = talkative(100, 10);
    assert_eq!(places(&hears(&mut bench, 1, JoinFrom::Head)), [12], "its own coming");
    assert_eq!(places(&hears(&mut bench, 2, JoinFrom::Last(3))), [10, 11, 12, 13]);
    assert_eq!(places(&hears(&mut bench, 3, JoinFrom::Start)), (1..=14).collect::<Vec<_>>());
    assert_eq!(places(&hears(&mut bench, 4, JoinFrom::Last(1000))), (1..=15).collect::<Vec<_>>());
}

#[test]
fn a_newcomer_is_told_what_of_it_is_history() {
    let mut bench = talkative(100, 10);
    let heard = hears(&mut bench, 1, JoinFrom::Last(3));
    let ToClient::Joined(joined) = &heard[0] else { panic!("not joined but {heard:?}") };
    assert_eq!((joined.after, joined.head), (Seq(8), Seq(12)));
}

#[test]
fn a_newcomer_misses_nothing_that_it_did_not_ask_for() {
    let mut bench = talkative(5, 20);
    for (number, from) in [(1, JoinFrom::Start), (2, JoinFrom::Last(100)), (3, JoinFrom::Last(2)), (4, JoinFrom::Head)]
    {
        let heard = hears(&mut bench, number, from);
        assert!(gaps(&heard).is_empty(), "{from:?}");
        assert!(texts(&heard).len() < 5);
    }
}

#[test]
fn a_reader_that_comes_back_too_late_is_told_once_what_it_missed_for_good() {
    let mut bench = talkative(5, 1);
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    let token = welcome.unwrap().token;
    let joined = bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.down(link);
    for number in 2..=20 {
        bench.post(&RoomName::lobby(), &alloc::format!("{number}")).unwrap();
    }
    let (link, _) = bench.greet(2, &hello(1, 2, Some(token)));
    bench.heard(link);
    bench.say(link, &join(&RoomName::lobby(), JoinFrom::After { epoch: joined.epoch, seq: joined.head }));
    let heard = bench.heard(link);
    assert_eq!(gaps(&heard), [17]);
    assert_eq!(places(&heard), [18, 19, 20, 21, 22]);
    let (gap, first) = (heard.iter().position(|said| matches!(said, ToClient::Gap { .. })), entries(&heard).next());
    assert!(gap < heard.iter().position(|said| matches!((said, first), (ToClient::Entry(a), Some(b)) if a == b)));
}

#[test]
fn a_reader_that_knows_who_is_there_where_a_gap_ends_is_not_told_again() {
    let mut bench = talkative(5, 1);
    let link = bench.open(1, Encoding::Postcard, 10);
    bench.say(link, &hello(1, 1, None));
    bench.heard(link);
    bench.seen(link).reads = false;
    bench.say(link, &join(&RoomName::lobby(), JoinFrom::Head));
    (2..=6).for_each(|number| drop(bench.post(&RoomName::lobby(), &alloc::format!("{number}")).unwrap()));
    bench.read(link);
    let heard = bench.heard(link);
    assert_eq!(gaps(&heard), [3]);
    assert_eq!(heard.iter().filter(|said| matches!(said, ToClient::Joined(_))).count(), 1, "{heard:?}");
}

#[test]
fn a_reader_of_another_epoch_begins_at_the_start() {
    let mut bench = talkative(100, 3);
    let from = JoinFrom::After { epoch: Epoch::from_bytes([9; 16]), seq: Seq(2) };
    assert_eq!(places(&hears(&mut bench, 1, from)), [1, 2, 3, 4, 5]);
}

#[test]
fn a_reader_that_claims_to_know_the_future_hears_what_comes_next() {
    let mut bench = talkative(100, 3);
    let epoch = bench.host.rooms[&LOBBY].log.epoch();
    let from = JoinFrom::After { epoch, seq: Seq(u64::MAX) };
    assert_eq!(places(&hears(&mut bench, 1, from)), [5]);
}

#[test]
fn joining_again_on_the_same_link_begins_anew() {
    let mut bench = talkative(100, 3);
    let link = bench.member(1);
    bench.heard(link);
    bench.say(link, &join(&RoomName::lobby(), JoinFrom::Start));
    assert_eq!(places(&bench.heard(link)), [1, 2, 3, 4, 5], "and nobody joined a second time");
    bench.say(link, &text(LOBBY, 1, "hi"));
    assert_eq!(places(&bench.heard(link)), [6], "once");
}

#[test]
fn what_only_readers_of_json_needed_is_given_back_when_the_last_is_gone() {
    let mut bench = talkative(100, 3);
    let readable = |bench: &mut Bench, number: u8| -> LinkId {
        let link = bench.open(number.into(), Encoding::Json, super::WINDOW);
        bench.say(link, &hello(number, 1, None));
        bench.heard(link);
        bench.say(link, &join(&RoomName::lobby(), JoinFrom::Start));
        link
    };
    let kept = |bench: &Bench| !alloc::format!("{:?}", bench.host.rooms[&LOBBY].log).contains("json: None");
    assert!(!kept(&bench));
    let first = readable(&mut bench, 1);
    assert!(kept(&bench));
    bench.down(first);
    assert!(!kept(&bench));
    bench.post(&RoomName::lobby(), "while nobody read JSON").unwrap();
    let second = readable(&mut bench, 2);
    assert_eq!(places(&bench.heard(second)), [1, 2, 3, 4, 5, 6, 7]);
}

//! How much a peer may say and ask in a time.

use alloc::vec::Vec;

use super::{Bench, LOBBY, config, den, hello, join, refusals, secs, text, texts};
use crate::{
    host::{HostConfig, RoomName},
    limits::{Limits, Rate},
    message::{JoinFrom, ToClient, ToHost},
    name::COMPARISONS,
    reason::{CloseReason, Refusal},
    refusals::Refusals,
    seam::LinkId,
};

const SLOW: Rate = Rate { per_second: 2, burst: 3 };

fn limited(limits: Limits) -> Bench {
    Bench::with(HostConfig { limits, ..config() })
}

#[test]
fn whoever_says_too_much_at_once_is_told_when_to_say_the_rest_and_nothing_is_skipped() {
    let mut bench = limited(Limits { messages: SLOW, ..Limits::default() });
    let (talker, other) = (bench.member(1), bench.member(2));
    bench.heard(talker);
    let flood: Vec<ToHost> = (1..=5).map(|cmid| text(LOBBY, cmid, "flood")).collect();
    bench.say_all(talker, &flood);
    let heard = bench.heard(talker);
    assert_eq!(texts(&heard).len(), 3);
    assert_eq!(refusals(&heard), [Refusal::RateLimited { retry_after_ms: 500 }, Refusal::SendGap]);
    assert_eq!(texts(&bench.heard(other)).len(), 3, "the others see nothing of it");
    assert_eq!(bench.host.refusals(), Refusals { all: 2, postponed: 2 });
    bench.pass(secs(1));
    bench.say_all(talker, &flood[3..]);
    assert_eq!(texts(&bench.heard(talker)).len(), 2, "their numbers were not used up");
}

#[test]
fn what_is_sent_again_costs_nothing() {
    let mut bench = limited(Limits { messages: SLOW, ..Limits::default() });
    let talker = bench.member(1);
    bench.heard(talker);
    bench.say(talker, &text(LOBBY, 1, "once"));
    (0..20).for_each(|_| bench.say(talker, &text(LOBBY, 1, "once")));
    assert_eq!(refusals(&bench.heard(talker)), []);
    bench.say(talker, &text(LOBBY, 2, "twice"));
    assert_eq!(texts(&bench.heard(talker)).len(), 1);
}

#[test]
fn to_come_back_as_somebody_new_gives_nobody_more_to_say() {
    let mut bench = limited(Limits { messages: SLOW, ..Limits::default() });
    let talker = bench.member(1);
    (1..=3).for_each(|cmid| bench.say(talker, &text(LOBBY, cmid, "flood")));
    bench.down(talker);
    let ToHost::Hello(mut anew) = hello(1, 1, None) else { unreachable!() };
    anew.producer = crate::ids::ProducerId::from_bytes([77; 8]);
    let (link, welcome) = bench.greet(9, &ToHost::Hello(anew));
    welcome.unwrap();
    bench.join(link, &RoomName::lobby(), JoinFrom::Head);
    bench.say(link, &text(LOBBY, 1, "flood"));
    assert_eq!(refusals(&bench.heard(link)), [Refusal::RateLimited { retry_after_ms: 500 }]);
}

/// How many names are compared until that is done.
fn comparisons(act: impl FnOnce()) -> u64 {
    let count = || COMPARISONS.with(core::cell::Cell::get);
    let before = count();
    act();
    count() - before
}

#[test]
fn joins_without_end_of_adversarial_names_cost_each_as_little_as_the_first() {
    let limits = Limits { requests: Rate::UNLIMITED, rooms: 1000, ..Limits::default() };
    let mut bench = limited(limits);
    // Names that are the same to their very end, in the order that a tree without balance likes least.
    let name = |number: u32| RoomName::new(&alloc::format!("{}{number:06}", "x".repeat(58))).unwrap();
    let members: Vec<LinkId> = (1..=40).map(|number| bench.member(number)).collect();
    let mut most = 0;
    for number in 0..1000 {
        let asker = members[number as usize / 25];
        most = most.max(comparisons(|| bench.say(asker, &join(&name(number), JoinFrom::Head))));
        bench.heard(asker);
    }
    assert_eq!(bench.host.rooms().count(), 1000, "no more than there may be");
    for number in 1000..6000 {
        most = most.max(comparisons(|| bench.say(members[39], &join(&name(number), JoinFrom::Head))));
        assert_eq!(refusals(&bench.heard(members[39])).len(), 1);
    }
    // A name is looked for a few times among a thousand, each at a cost that grows as the logarithm.
    assert!(most <= 200, "{most} comparisons");
}

#[test]
fn one_that_floods_takes_nothing_from_the_others() {
    let mut bench = limited(Limits { messages: SLOW, ..Limits::default() });
    let (flooder, other) = (bench.member(1), bench.member(2));
    (1..=100).for_each(|cmid| bench.say(flooder, &text(LOBBY, cmid, "flood")));
    bench.heard(other);
    bench.say(other, &text(LOBBY, 1, "excuse me"));
    assert_eq!(refusals(&bench.heard(other)), []);
}

#[test]
fn whoever_says_the_same_again_and_again_without_waiting_loses_its_link() {
    let mut bench = limited(Limits { messages: SLOW, ..Limits::default() });
    let (flooder, other) = (bench.member(1), bench.member(2));
    (1..=4).for_each(|cmid| bench.say(flooder, &text(LOBBY, cmid, "flood")));
    bench.say_all(flooder, &[text(LOBBY, 4, "flood"), text(LOBBY, 4, "flood")]);
    assert_eq!(bench.closed(flooder), None);
    bench.say(flooder, &text(LOBBY, 4, "flood"));
    assert_eq!(bench.closed(flooder), Some(CloseReason::Flood));
    bench.heard(other);
    bench.say(other, &text(LOBBY, 1, "excuse me"));
    assert_eq!((refusals(&bench.heard(other)), bench.closed(other)), ([].into(), None));
}

#[test]
fn whoever_asks_the_same_again_and_again_without_waiting_loses_its_link() {
    for again in [ToHost::List { after: None }, join(&den(), JoinFrom::Head)] {
        let mut bench = limited(Limits { requests: SLOW, ..Limits::default() });
        let asker = bench.member(1);
        (0..6).for_each(|_| bench.say(asker, &ToHost::List { after: None }));
        assert_eq!(bench.closed(asker), None);
        bench.say_all(asker, &[again.clone(), again]);
        assert_eq!(bench.closed(asker), Some(CloseReason::Flood));
    }
}

#[test]
fn whoever_waits_as_it_is_told_or_has_lost_its_link_may_go_on_for_ever() {
    let mut bench = limited(Limits { messages: SLOW, ..Limits::default() });
    let (mut talker, welcome) = bench.greet(1, &hello(1, 1, None));
    let mut token = welcome.unwrap().token;
    bench.join(talker, &RoomName::lobby(), JoinFrom::Head);
    for attempt in 2..20 {
        // All that was on its way comes at once, also what was sent again because the link was lost.
        (1..=40).for_each(|cmid| bench.say(talker, &text(LOBBY, cmid, "flood")));
        assert_eq!(bench.closed(talker), None);
        bench.down(talker);
        let (link, welcome) = bench.greet(attempt.into(), &hello(1, attempt, Some(token)));
        (talker, token) = (link, welcome.unwrap().token);
        bench.join(talker, &RoomName::lobby(), JoinFrom::Head);
    }
    for cmid in 4..30 {
        bench.say(talker, &text(LOBBY, cmid, "too soon"));
        bench.pass(core::time::Duration::from_millis(500));
        bench.say(talker, &text(LOBBY, cmid, "in time"));
    }
    assert_eq!(bench.closed(talker), None);
}

#[test]
fn whoever_asks_too_much_is_told_when_to_ask_again_but_is_always_let_into_the_lobby() {
    let mut bench = limited(Limits { requests: SLOW, ..Limits::default() });
    let asker = bench.member(1);
    let rooms = |number: u32| RoomName::new(&alloc::format!("room {number}")).unwrap();
    (1..=3).for_each(|number| bench.say(asker, &join(&rooms(number), JoinFrom::Head)));
    bench.heard(asker);
    let later = Refusal::RateLimited { retry_after_ms: 500 };
    bench.say_all(asker, &[join(&den(), JoinFrom::Head), ToHost::List { after: None }]);
    assert_eq!(refusals(&bench.heard(asker)), [later, later]);
    assert_eq!(bench.host.rooms().count(), 4, "a request that is turned down changes nothing");
    bench.say(asker, &join(&RoomName::lobby(), JoinFrom::Head));
    assert!(bench.heard(asker).iter().any(|said| matches!(said, ToClient::Joined(_))));
}

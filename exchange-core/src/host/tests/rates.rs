//! How much a peer may say and ask in a time.

use super::{Bench, LOBBY, config, den, hello, join, refusals, secs, text, texts};
use crate::{
    host::{HostConfig, RoomName},
    limits::{Limits, Rate},
    message::{JoinFrom, ToClient, ToHost},
    reason::Refusal,
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
    let flood: alloc::vec::Vec<ToHost> = (1..=5).map(|cmid| text(LOBBY, cmid, "flood")).collect();
    bench.say_all(talker, &flood);
    let heard = bench.heard(talker);
    assert_eq!(texts(&heard).len(), 3);
    assert_eq!(refusals(&heard), [Refusal::RateLimited { retry_after_ms: 500 }, Refusal::SendGap]);
    assert_eq!(texts(&bench.heard(other)).len(), 3, "the others see nothing of it");
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

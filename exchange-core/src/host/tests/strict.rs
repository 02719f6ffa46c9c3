//! A host with the limits that it has among strangers refuses at exactly those.

use super::{Bench, LOBBY, WINDOW, config, hello, join, refusals, text, texts};
use crate::{
    host::{HostConfig, RoomName},
    limits::Limits,
    message::{Encoding, JoinFrom},
    reason::{CloseReason, Refusal},
};

fn strict() -> Bench {
    Bench::with(HostConfig { limits: Limits::strict(), ..config() })
}

fn room(number: usize) -> RoomName {
    RoomName::new(&alloc::format!("room {number}")).unwrap()
}

#[test]
fn eight_links_may_say_nothing_and_the_ninth_is_closed() {
    let mut bench = strict();
    let links = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(|number| bench.open(number, Encoding::Postcard, WINDOW));
    assert_eq!(
        links.map(|link| bench.closed(link)).iter().position(|closed| *closed == Some(CloseReason::Full)),
        Some(8)
    );
}

#[test]
fn sixty_four_people_are_there_and_the_next_one_is_turned_away() {
    let mut bench = strict();
    for number in 1..=64 {
        bench.member(number);
    }
    let refused = bench.open(65, Encoding::Postcard, WINDOW);
    assert_eq!(bench.closed(refused), Some(CloseReason::Full));
}

#[test]
fn a_person_says_five_things_at_once() {
    let mut bench = strict();
    let talker = bench.member(1);
    bench.heard(talker);
    bench.say_all(talker, &[1, 2, 3, 4, 5, 6].map(|cmid| text(LOBBY, cmid, "flood")));
    let heard = bench.heard(talker);
    assert_eq!(texts(&heard).len(), 5);
    assert_eq!(refusals(&heard), [Refusal::RateLimited { retry_after_ms: 500 }]);
}

#[test]
fn a_text_of_more_than_two_kibibytes_is_refused() {
    let mut bench = strict();
    let (talker, welcome) = bench.greet(1, &hello(1, 1, None));
    assert_eq!(welcome.unwrap().max_text, 2048, "and everybody is told so");
    bench.join(talker, &RoomName::lobby(), JoinFrom::Head);
    bench.say(talker, &text(LOBBY, 1, &"x".repeat(2048)));
    bench.say(talker, &text(LOBBY, 2, &"x".repeat(2049)));
    let heard = bench.heard(talker);
    assert_eq!((texts(&heard).len(), refusals(&heard)), (1, alloc::vec![Refusal::TooLong { limit: 2048 }]));
}

#[test]
fn a_person_opens_four_rooms_and_there_are_sixty_four_that_somebody_is_in() {
    let mut bench = strict();
    let mut opened = 0;
    for number in 1..=16 {
        let founder = bench.member(number);
        bench.heard(founder);
        for _ in 0..5 {
            bench.say(founder, &join(&room(opened), JoinFrom::Head));
            let refused = refusals(&bench.heard(founder));
            opened += usize::from(refused.is_empty());
            assert!(refused.iter().all(|refusal| *refusal == Refusal::TooManyRooms));
        }
        assert_eq!(opened, (usize::from(number) * 4).min(63), "the lobby is the first");
    }
    assert_eq!(bench.host.rooms().count(), 64);
}

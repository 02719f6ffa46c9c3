//! What somebody comes to whom nobody knows: with links without end, and with tokens that are none.

use alloc::vec::Vec;
use core::time::Duration;

use super::{Bench, WINDOW, config, hello, secs};
use crate::{
    client::ClientConfig,
    event::{Ended, Event},
    ids::{ProducerId, Token},
    message::{Encoding, Hello, ToClient, ToHost},
    reason::CloseReason,
    seam::{Input, LinkId},
    testing::World,
};

#[test]
fn ten_thousand_who_send_a_byte_now_and_then_keep_nobody_out_for_longer_than_a_handshake_takes() {
    const STRANGERS: u64 = 10_000;
    let links = || (1_000_000..1_000_000 + STRANGERS).map(LinkId);
    let mut world = World::new(config(), 1);
    let early = world.add(ClientConfig::new("early".parse().unwrap()), Encoding::Postcard);
    world.run(secs(1));
    for link in links() {
        world.host(|round| round.handle(Input::LinkUp { link, credit: WINDOW, from: None }));
        assert!(world.host.link_count() <= 1 + 32);
    }
    assert_eq!(world.host.link_count(), 1 + 32, "all others were refused at once");
    let late = world.add(ClientConfig::new("late".parse().unwrap()), Encoding::Postcard);
    world.run(secs(4));
    assert!(!world.clients[late].client.is_connected(), "for now it is kept out");
    for link in links() {
        world.host(|round| round.handle(Input::Bytes { link }));
    }
    world.run(secs(1));
    let is_over = |event: &&Event| matches!(event, Event::LinkClosed { cause, .. } if *cause == Ended::Here(CloseReason::HandshakeTimeout));
    assert_eq!(world.told.iter().filter(is_over).count(), 32, "a byte buys nobody more time");
    world.run(ClientConfig::new("any".parse().unwrap()).backoff_max);
    assert!(world.clients[late].client.is_connected());
    assert!(world.clients[early].client.is_connected());
}

/// The frames with which a host answers a hello, when it does not let in whoever says it.
fn answer(bench: &mut Bench, link: u64, hello: &ToHost) -> Vec<ToClient> {
    let link = bench.open(link, Encoding::Postcard, WINDOW);
    bench.say(link, hello);
    assert_eq!(bench.closed(link), Some(CloseReason::WrongToken));
    bench.heard(link)
}

#[test]
fn a_token_that_is_guessed_spent_or_somebody_elses_has_the_same_answer_as_none() {
    let mut bench = Bench::new();
    let (first, welcome) = bench.greet(1, &hello(1, 1, None));
    let spent = welcome.unwrap().token;
    bench.say(first, &ToHost::Ping { nonce: 1 });
    bench.down(first);
    let (here, welcome) = bench.greet(2, &hello(1, 2, Some(spent)));
    let current = welcome.unwrap().token;
    bench.say(here, &ToHost::Ping { nonce: 1 });
    let (_, welcome) = bench.greet(3, &hello(2, 1, None));
    let somebody_elses = welcome.unwrap().token;

    let mut near = *current.as_bytes();
    near[15] ^= 1;
    let guesses =
        [None, Some(spent), Some(somebody_elses), Some(Token::from_bytes([9; 16])), Some(Token::from_bytes(near))];
    let refused = [ToClient::Bye { reason: CloseReason::WrongToken }];
    let mut link = 10..;
    for is_there in [true, false] {
        for guess in guesses {
            let answer = answer(&mut bench, link.next().unwrap(), &hello(1, 9, guess));
            assert_eq!(answer, refused, "{guess:?}, there: {is_there}");
        }
        bench.down(here);
        bench.pass(Duration::from_secs(60));
    }
    assert!(bench.greet(99, &hello(1, 9, Some(current))).1.is_ok());
}

#[test]
fn a_number_that_somebodys_client_goes_by_is_had_by_nobody_else() {
    let mut bench = Bench::new();
    let here = bench.member(1);
    let ToHost::Hello(greeting) = hello(2, 1, None) else { panic!("no hello") };
    let same = ToHost::Hello(Hello { producer: ProducerId::from_bytes([1; 8]), ..greeting });
    let refused = [ToClient::Bye { reason: CloseReason::WrongToken }];
    assert_eq!(answer(&mut bench, 2, &same), refused);
    bench.down(here);
    assert_eq!(answer(&mut bench, 3, &same), refused, "it may come back");
    assert!(bench.greet(4, &hello(2, 1, None)).1.is_ok());
}

#[test]
fn a_token_tells_nobody_whether_a_host_has_ever_heard_of_somebody() {
    let mut bench = Bench::new();
    let mut kinds = |link, token| {
        let link = bench.open(link, Encoding::Postcard, WINDOW);
        bench.say(link, &hello(u8::try_from(link.0).unwrap(), 1, token));
        bench.heard(link).iter().map(crate::message::samples::to_client_kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(1, None), kinds(2, Some(Token::from_bytes([9; 16]))));
}

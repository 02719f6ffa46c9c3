//! Who is let in, who is not, and which of two links wins.

use core::net::{IpAddr, Ipv4Addr};

use super::{Bench, WINDOW, config, hello, join, secs};
use crate::{
    event::{Ended, Event},
    host::{HostConfig, RoomName},
    ids::{ProducerId, Token},
    limits::{Limits, Rate, Timing},
    message::{Encoding, Hello, JoinFrom, ToClient, ToHost},
    name::NameError,
    reason::{CloseReason, Violation},
    seam::{Effect, Input, LinkId, LinkLoss, Outbox, WakeReason},
};

fn limited(limits: Limits) -> HostConfig {
    HostConfig { limits, ..config() }
}

/// The hello of a client of that peer, but of another producer.
fn started_anew(number: u8, producer: u8) -> ToHost {
    let ToHost::Hello(hello) = hello(number, 1, None) else { panic!("no hello") };
    ToHost::Hello(Hello { producer: ProducerId::from_bytes([producer; 8]), ..hello })
}

#[test]
fn a_link_that_does_not_say_who_it_is_within_five_seconds_is_closed() {
    let mut bench = Bench::new();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    assert_eq!(bench.out.wake().map(|wake| wake.reason), Some(WakeReason::Handshake));
    bench.pass(secs(4));
    assert_eq!(bench.closed(link), None);
    bench.pass(secs(1));
    assert_eq!(bench.closed(link), Some(CloseReason::HandshakeTimeout));
    assert_eq!(bench.heard(link), [ToClient::Bye { reason: CloseReason::HandshakeTimeout }]);
    assert_eq!(bench.host.link_count(), 0);
}

#[test]
fn the_handshake_deadline_counts_from_the_first_byte_whatever_comes_meanwhile() {
    let mut bench = Bench::new();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    for _ in 0..4 {
        bench.pass(secs(1));
        bench.input(Input::Opened { link, encoding: Encoding::Postcard, proven: None });
        bench.input(Input::Credit { link, bytes: 100 });
    }
    bench.pass(secs(1));
    assert_eq!(bench.closed(link), Some(CloseReason::HandshakeTimeout));
}

#[test]
fn only_so_many_links_may_be_half_open_and_members_do_not_count() {
    let mut bench = Bench::with(limited(Limits { half_open: 2, ..Limits::default() }));
    bench.member(1);
    let (second, _) = (bench.open(2, Encoding::Postcard, WINDOW), bench.open(3, Encoding::Postcard, WINDOW));
    let refused = bench.open(4, Encoding::Postcard, WINDOW);
    assert_eq!(bench.closed(refused), Some(CloseReason::Full));
    bench.say(second, &hello(2, 1, None));
    let next = bench.open(5, Encoding::Postcard, WINDOW);
    assert_eq!(bench.closed(next), None, "one that said hello makes room for another");
}

#[test]
fn a_flood_of_links_that_say_nothing_costs_a_few_slots_for_five_seconds() {
    let mut bench = Bench::new();
    let member = bench.member(1);
    let (mut out, full) = (Outbox::new(), CloseReason::Full);
    for link in (10..10_010).map(LinkId) {
        bench.host.handle(bench.now, Input::LinkUp { link, credit: WINDOW, from: None }, &mut out);
    }
    assert_eq!(
        out.drain().filter(|effect| matches!(effect, Effect::Close { reason, .. } if *reason == full)).count(),
        9968
    );
    assert_eq!(bench.host.link_count(), 1 + 32);
    bench.host.handle(bench.now + secs(5), Input::Tick, &mut out);
    assert_eq!(bench.host.link_count(), 1);
    bench.say(member, &ToHost::Ping { nonce: 1 });
    assert_eq!(bench.heard(member).last(), Some(&ToClient::Pong { nonce: 1 }));
}

/// Brings links up from an address; those that are refused at once, and those that are given up for them.
fn come_up(bench: &mut Bench, from: impl Into<IpAddr> + Copy, links: core::ops::Range<u64>) -> (usize, usize) {
    let (mut out, mut refused, mut given_up) = (Outbox::new(), 0, 0);
    for link in links.map(LinkId) {
        bench.host.handle(bench.now, Input::LinkUp { link, credit: WINDOW, from: Some(from.into()) }, &mut out);
        for effect in out.drain() {
            match effect {
                Effect::Close { link: closed, reason: CloseReason::Full } if closed == link => refused += 1,
                Effect::Close { reason: CloseReason::Full, .. } => given_up += 1,
                _ => {}
            }
        }
    }
    (refused, given_up)
}

#[test]
fn one_address_gets_its_share_of_links_and_no_more_however_many_are_free() {
    let limits = Limits { links_per_address: 3, half_open_per_address: 2, ..Limits::default() };
    let mut bench = Bench::with(limited(limits));
    let from = [10, 0, 0, 1];
    assert_eq!(come_up(&mut bench, from, 1..10), (7, 0));
    let mapped = Ipv4Addr::from(from).to_ipv6_mapped();
    assert_eq!(come_up(&mut bench, mapped, 10..20), (10, 0), "it is the same in IPv6");
    assert_eq!(come_up(&mut bench, [10, 0, 0, 2], 20..21), (0, 0), "another has its own");
    assert_eq!(come_up(&mut bench, [127, 0, 0, 1], 21..30), (0, 0), "the machine itself has no neighbour's share");
    bench.round(|round| {
        for link in [LinkId(1), LinkId(2)] {
            round.handle(Input::LinkDown { link, loss: LinkLoss::Broken });
        }
    });
    assert_eq!(come_up(&mut bench, from, 30..40), (8, 0), "they are free again");
}

#[test]
fn an_address_that_connects_as_fast_as_it_can_keeps_nobody_out() {
    let mut bench = Bench::new();
    assert_eq!(come_up(&mut bench, [10, 0, 0, 1], 1..1001), (992, 0));
    for address in 2..5 {
        let first = 1000 * u64::from(address);
        assert_eq!(come_up(&mut bench, [10, 0, 0, address], first..first + 8), (0, 0));
    }
    // All places are taken by now: whoever has none yet gets one of those who have the most.
    assert_eq!(come_up(&mut bench, [10, 0, 0, 9], 9000..9001), (0, 1));
    assert_eq!(bench.host.link_count(), 32);
    // In the end everybody has as many, and nobody gives up theirs for one more.
    for address in 10..60 {
        let first = 1000 * u64::from(address);
        come_up(&mut bench, [10, 0, 0, address], first..first + 8);
    }
    assert_eq!(come_up(&mut bench, [10, 0, 0, 99], 99_000..99_001), (1, 0));
    assert_eq!(bench.host.link_count(), 32);
}

/// Somebody comes from an address; why not, if it is not let in.
fn comes(bench: &mut Bench, from: [u8; 4], link: u64, hello: &ToHost) -> Option<CloseReason> {
    let from = Some(IpAddr::from(from));
    let link = bench.open_from(from, link, Encoding::Postcard, WINDOW);
    bench.say(link, hello);
    let refused = bench.closed(link);
    bench.down(link);
    refused
}

#[test]
fn an_address_brings_so_many_new_people_in_a_time_and_whoever_was_there_comes_back_all_the_same() {
    let newcomers = Rate { per_second: 1, burst: 3 };
    let mut bench = Bench::with(limited(Limits { newcomers, ..Limits::default() }));
    let home = [10, 0, 0, 1];
    let from = |address: [u8; 4]| Some(IpAddr::from(address));
    let link = bench.open_from(from(home), 1, Encoding::Postcard, WINDOW);
    bench.say(link, &hello(1, 1, None));
    let token = bench.heard(link).into_iter().find_map(|said| match said {
        ToClient::Welcome(welcome) => Some(welcome.token),
        _ => None,
    });
    bench.down(link);
    for number in 2..=3 {
        assert_eq!(comes(&mut bench, home, number.into(), &hello(number, 1, None)), None);
    }
    assert_eq!(comes(&mut bench, home, 4, &hello(4, 1, None)), Some(CloseReason::Full));
    assert_eq!(
        comes(&mut bench, home, 5, &started_anew(3, 77)),
        Some(CloseReason::Full),
        "another run is another client"
    );
    assert_eq!(comes(&mut bench, home, 6, &hello(1, 2, token)), None, "it was there before");
    assert_eq!(comes(&mut bench, [10, 0, 0, 2], 7, &hello(4, 1, None)), None, "another address has its own");
    for number in 10..30 {
        assert_eq!(comes(&mut bench, [127, 0, 0, 1], number.into(), &hello(number, 1, None)), None, "the host's own");
    }
    bench.pass(secs(1));
    assert_eq!(comes(&mut bench, home, 40, &hello(40, 1, None)), None);
    assert_eq!(comes(&mut bench, home, 41, &hello(41, 1, None)), Some(CloseReason::Full));
}

#[test]
fn an_address_that_has_spent_much_is_remembered_amid_ever_so_many_that_have_not() {
    let newcomers = Rate { per_second: 1, burst: 3 };
    let mut bench = Bench::with(limited(Limits { newcomers, links: 4, ..Limits::default() }));
    let home = [10, 0, 0, 1];
    for number in 1..=3 {
        assert_eq!(comes(&mut bench, home, number.into(), &hello(number, 1, None)), None);
    }
    for number in 10..=200 {
        assert_eq!(comes(&mut bench, [10, 0, 1, number], number.into(), &hello(number, 1, None)), None);
        bench.host.check_newcomers();
    }
    assert_eq!(comes(&mut bench, home, 300, &hello(4, 1, None)), Some(CloseReason::Full));
}

#[test]
fn a_host_with_as_many_links_as_it_allows_refuses_more_until_one_goes() {
    let mut bench = Bench::with(limited(Limits { links: 2, ..Limits::default() }));
    let first = bench.member(1);
    bench.member(2);
    let refused = bench.open(3, Encoding::Postcard, WINDOW);
    assert_eq!(bench.closed(refused), Some(CloseReason::Full));
    bench.down(first);
    bench.member(4);
    assert_eq!(bench.host.link_count(), 2);
}

#[test]
fn a_link_that_comes_up_twice_is_still_one_link() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.input(Input::LinkUp { link, credit: WINDOW, from: None });
    bench.say(link, &ToHost::Ping { nonce: 1 });
    assert_eq!(bench.heard(link), [ToClient::Pong { nonce: 1 }]);
    bench.down(link);
    assert_eq!(bench.host.link_count(), 0);
}

#[test]
fn who_is_at_the_other_end_of_a_link_is_known_once_it_has_said_so_until_it_ends() {
    let mut bench = Bench::new();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    assert_eq!(bench.host.peer_at(link), None);
    bench.say(link, &hello(1, 1, None));
    assert_eq!(bench.host.peer_at(link).map(|peer| peer.nick), Some("client 1".parse().unwrap()));
    bench.down(link);
    assert_eq!(bench.host.peer_at(link), None);
}

#[test]
fn a_newer_attempt_of_the_same_client_takes_over_and_the_older_link_is_told() {
    let mut bench = Bench::new();
    let (old, welcome) = bench.greet(1, &hello(1, 1, None));
    let token = Some(welcome.unwrap().token);
    bench.join(old, &RoomName::lobby(), JoinFrom::Head);
    let (new, welcome) = bench.greet(2, &hello(1, 2, token));
    assert!(welcome.is_ok());
    assert_eq!(bench.heard(old), [ToClient::Bye { reason: CloseReason::Replaced }]);
    assert_eq!(bench.closed(old), Some(CloseReason::Replaced));
    // The old link's end, whenever it is noticed, is nothing to the new one.
    bench.input(Input::LinkDown { link: old, loss: LinkLoss::Broken });
    bench.pass_alive(secs(10), &[new]);
    assert_eq!(bench.host.people().count(), 2);
    assert_eq!(bench.closed(new), None);
}

#[test]
fn a_delayed_older_attempt_takes_nothing_over_whether_the_newer_is_there_or_gone() {
    let mut bench = Bench::new();
    let (first, welcome) = bench.greet(1, &hello(1, 1, None));
    let token = Some(welcome.unwrap().token);
    bench.down(first);
    let (newer, welcome) = bench.greet(2, &hello(1, 3, token));
    let newest_token = Some(welcome.unwrap().token);

    let (_, answer) = bench.greet(3, &hello(1, 2, token));
    assert_eq!(answer, Err(CloseReason::Replaced));
    assert_eq!(bench.closed(newer), None);

    bench.down(newer);
    let (_, answer) = bench.greet(4, &hello(1, 2, token));
    assert_eq!(answer, Err(CloseReason::Replaced));
    let (_, answer) = bench.greet(5, &hello(1, 4, newest_token));
    assert!(answer.is_ok(), "the newest token still counts");
}

#[test]
fn a_wrong_token_or_none_is_refused_and_the_client_that_is_there_stays() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    for (number, token) in [(2, Some(Token::from_bytes([9; 16]))), (3, None)] {
        let (_, answer) = bench.greet(number, &hello(1, 2, token));
        assert_eq!(answer, Err(CloseReason::WrongToken));
    }
    assert_eq!(bench.closed(link), None);
}

#[test]
fn another_client_cannot_claim_the_peer_id_of_someone_who_is_there() {
    let mut bench = Bench::new();
    bench.member(1);
    assert_eq!(bench.greet(2, &started_anew(1, 2)).1, Err(CloseReason::WrongToken));
    let owner = bench.host.me().unwrap().id;
    let ToHost::Hello(hello) = started_anew(1, 3) else { panic!("no hello") };
    assert_eq!(bench.greet(3, &ToHost::Hello(Hello { peer: owner, ..hello })).1, Err(CloseReason::WrongToken));
}

#[test]
fn a_client_that_was_started_anew_comes_in_once_its_old_link_is_gone() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.down(link);
    assert!(bench.greet(2, &started_anew(1, 2)).1.is_ok());
}

#[test]
fn a_client_whose_first_welcome_was_lost_comes_in_without_a_token() {
    let mut bench = Bench::new();
    let (first, _lost) = bench.greet(1, &hello(1, 1, None));
    bench.down(first);
    assert!(bench.greet(2, &hello(1, 2, None)).1.is_ok());
}

#[test]
fn a_client_whose_welcome_was_lost_comes_in_with_the_token_before_until_it_has_shown_that_it_knows_the_new_one() {
    let mut bench = Bench::new();
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    let first = welcome.unwrap().token;
    bench.say(link, &ToHost::Ping { nonce: 1 });
    bench.down(link);
    assert_eq!(bench.greet(2, &hello(1, 2, None)).1, Err(CloseReason::WrongToken), "none is spent");

    for (link, attempt) in [(3, 3), (4, 4)] {
        let (link, lost) = bench.greet(link, &hello(1, attempt, Some(first)));
        assert!(lost.is_ok());
        bench.down(link);
    }
    let (link, welcome) = bench.greet(5, &hello(1, 5, Some(first)));
    let second = welcome.unwrap().token;
    bench.say(link, &join(&RoomName::lobby(), JoinFrom::Head));
    bench.down(link);
    assert_eq!(bench.greet(6, &hello(1, 6, Some(first))).1, Err(CloseReason::WrongToken), "the first is spent");
    assert!(bench.greet(7, &hello(1, 7, Some(second))).1.is_ok());
}

#[test]
fn a_token_that_never_was_one_is_refused_also_while_an_older_one_or_none_would_do() {
    let mut bench = Bench::new();
    let wrong = Some(Token::from_bytes([9; 16]));
    let (first, welcome) = bench.greet(1, &hello(1, 1, None));
    bench.down(first);
    assert_eq!(bench.greet(2, &hello(1, 2, wrong)).1, Err(CloseReason::WrongToken), "none would do");
    let (second, lost) = bench.greet(3, &hello(1, 3, Some(welcome.unwrap().token)));
    assert!(lost.is_ok());
    bench.down(second);
    assert_eq!(bench.greet(4, &hello(1, 4, wrong)).1, Err(CloseReason::WrongToken), "the one before would do");
}

#[test]
fn a_goodbye_does_not_show_that_the_welcome_was_read() {
    let mut bench = Bench::new();
    let (link, _lost) = bench.greet(1, &hello(1, 1, None));
    bench.say(link, &ToHost::Bye { reason: CloseReason::HandshakeTimeout });
    assert!(bench.greet(2, &hello(1, 2, None)).1.is_ok());
}

#[test]
fn a_nick_that_is_none_is_refused_by_its_fault() {
    let mut bench = Bench::new();
    for (link, nick, error) in [
        (1, "  ", NameError::Empty),
        (2, "a\u{1b}[2Jb", NameError::Unshowable),
        (3, "a nick of far more than thirty-two bytes", NameError::TooLong { limit: 32 }),
    ] {
        let ToHost::Hello(hello) = hello(1, 1, None) else { panic!("no hello") };
        let (link, answer) = bench.greet(link, &ToHost::Hello(Hello { nick: nick.into(), ..hello }));
        assert_eq!(answer, Err(CloseReason::Name(error)));
        assert_eq!(bench.heard(link), [ToClient::Bye { reason: CloseReason::Name(error) }]);
    }
    assert_eq!(bench.host.people().count(), 1);
}

#[test]
fn a_client_may_come_back_under_another_name_and_everyone_is_told() {
    let mut bench = Bench::new();
    let other = bench.member(2);
    let (link, welcome) = bench.greet(1, &hello(1, 1, None));
    let welcome = welcome.unwrap();
    bench.down(link);
    bench.heard(other);
    bench.told.clear();
    let ToHost::Hello(hello) = hello(1, 2, Some(welcome.token)) else { panic!("no hello") };
    let (_, again) = bench.greet(3, &ToHost::Hello(Hello { nick: "renamed".into(), ..hello }));
    assert_eq!(again.unwrap().you, welcome.you);
    bench.pass(Timing::default().pace);
    let ToClient::Roster { members, .. } = &bench.heard(other)[0] else { panic!("no roster") };
    assert_eq!(members.iter().map(|record| record.nick.as_str()).collect::<alloc::vec::Vec<_>>(), ["renamed"]);
    assert_eq!(bench.told, [], "it was never gone");
}

#[test]
fn a_fault_of_the_byte_stream_ends_the_link_with_its_reason() {
    let mut bench = Bench::new();
    let link = bench.member(1);
    bench.input(Input::Fault { link, violation: Violation::Oversize });
    assert_eq!(bench.closed(link), Some(CloseReason::Violation(Violation::Oversize)));
    let closed = bench.told.iter().find_map(|event| match event {
        Event::LinkClosed { peer, cause } => Some((peer.clone().map(|peer| peer.nick), *cause)),
        _ => None,
    });
    let cause = Ended::Here(CloseReason::Violation(Violation::Oversize));
    assert_eq!(closed, Some(("client 1".parse().ok(), cause)));
}

#[test]
fn a_closed_host_has_told_everyone_and_takes_nobody() {
    let mut bench = Bench::new();
    let (member, stranger) = (bench.member(1), bench.open(2, Encoding::Postcard, WINDOW));
    bench.heard(member);
    assert!(!bench.host.is_closed());
    bench.round(|round| {
        round.close();
    });
    for link in [member, stranger] {
        assert_eq!(bench.heard(link), [ToClient::Bye { reason: CloseReason::HostClosed }]);
        assert_eq!(bench.closed(link), Some(CloseReason::HostClosed));
    }
    assert_eq!(bench.told.last(), Some(&Event::Closed { cause: Ended::Here(CloseReason::HostClosed) }));
    assert!(bench.host.is_closed());
    assert_eq!(bench.out.wake(), None);
    assert_eq!(bench.post(&RoomName::lobby(), "hi"), Err(crate::Refusal::Closed));
    bench.input(Input::LinkUp { link: LinkId(3), credit: WINDOW, from: None });
    assert_eq!(bench.host.link_count(), 0);
}

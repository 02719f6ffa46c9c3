//! Wires that ask for a secret, and those who do not know it.

use alloc::{vec, vec::Vec};

use super::between::{AT_CLIENT, AT_HOST, Between, Heard};
use crate::{
    identity::Identity,
    reason::Violation,
    seam::LinkLoss,
    secret::JoinCode,
    seed::Seed,
    wire::{Keyring, Offer, Protection, Wire},
};

const CLIENT: u8 = 1;
const HOST: u8 = 2;

const OFFER: usize = 20;
const ANSWER: usize = 28;
const PAKE: usize = 33;

fn code(number: u64) -> JoinCode {
    JoinCode::draw(&Seed::from_number(number))
}

fn keyring(of: u8, seed: u64, code: Option<JoinCode>) -> Keyring {
    let mut keyring = Keyring::new(Identity::from_seed([of; 32]), &Seed::from_number(seed));
    if let Some(code) = code {
        keyring.lock(code.into());
    }
    keyring
}

fn client(seed: u64, code: Option<JoinCode>) -> Wire {
    Wire::client(Offer::default()).secured(Some(keyring(CLIENT, seed, code).keys()))
}

fn of_host(keyring: &mut Keyring) -> Wire {
    Wire::host(Offer::default()).secured(Some(keyring.keys()))
}

fn host(seed: u64, code: Option<JoinCode>) -> Wire {
    of_host(&mut keyring(HOST, seed, code))
}

fn met(client: Wire, host: Wire) -> Between {
    let mut between = Between::new(client, host);
    between.pass(|_, _, _| {});
    between
}

fn faults(between: &Between) -> [Option<LinkLoss>; 2] {
    [AT_CLIENT, AT_HOST].map(|end| between.ends[end].1.fault)
}

#[test]
fn whoever_knows_the_code_comes_in_and_learns_that_the_host_knows_it_too() {
    let mut between = met(client(1, Some(code(1))), host(2, Some(code(1))));
    for end in [AT_CLIENT, AT_HOST] {
        let (choice, peer) = between.opened(end).unwrap();
        let other = [HOST, CLIENT][end];
        assert_eq!((choice.protection, peer), (Protection::NoisePsk, Some(Identity::from_seed([other; 32]).peer())));
    }
    let lengths = between.said.each_ref().map(Vec::len);
    assert_eq!(lengths, [OFFER + PAKE + 48 + 96, ANSWER + PAKE + 128]);

    between.say(AT_CLIENT, &super::frame(200));
    between.say(AT_HOST, &super::frame(300));
    between.pass(|_, _, _| {});
    assert_eq!(
        (&between.ends[AT_HOST].1.frames, &between.ends[AT_CLIENT].1.frames),
        (&vec![vec![7; 200]], &vec![vec![7; 300]])
    );
}

#[test]
fn with_another_code_nobody_comes_in_and_both_know_why() {
    let between = met(client(1, Some(code(1))), host(2, Some(code(2))));
    assert_eq!(faults(&between), [Some(LinkLoss::WrongSecret); 2]);
    assert_eq!((between.opened(AT_CLIENT), between.opened(AT_HOST)), (None, None));
    assert!(LinkLoss::WrongSecret.is_final(), "to try it again is pointless");
    assert_eq!(between.said[AT_CLIENT].len(), OFFER + PAKE + 48, "who it is it has not said");
    assert!(between.said[AT_HOST].ends_with(&[0; 128]));
}

#[test]
fn without_a_code_a_host_that_has_one_is_told_so_and_one_that_has_none_says_so() {
    let between = met(client(1, None), host(2, Some(code(1))));
    assert_eq!(between.opened(AT_HOST).map(|(choice, _)| choice.protection), Some(Protection::Noise));
    let between = met(client(1, Some(code(1))), host(2, None));
    assert_eq!(faults(&between), [Some(LinkLoss::NotLocked); 2]);
    let between = met(client(1, Some(code(1))), Wire::host(Offer::default()));
    assert_eq!(faults(&between), [Some(LinkLoss::NotEncrypted), Some(LinkLoss::OnlyEncrypted)]);
    let between = met(Wire::client(Offer::default()), host(2, Some(code(1))));
    assert_eq!(faults(&between), [Some(LinkLoss::OnlyEncrypted), Some(LinkLoss::NotEncrypted)]);
}

/// All that an attacker can do to guess a code by way of a host: many at once, from everywhere, and without ever saying
/// who it is.
#[test]
fn a_code_can_be_guessed_at_twenty_times_by_however_many_at_once() {
    let mut hosts = keyring(HOST, 2, Some(code(1)));
    for round in 0..4 {
        // A hundred guess at once: each has the host's message before the first of them says its own.
        let mut guessers: Vec<Between> = (0..100)
            .map(|guesser| {
                let mut between =
                    Between::new(client(100 * (round + 1) + guesser, Some(code(1000 + guesser))), of_host(&mut hosts));
                between.pass(|from, at, bytes| {
                    // What follows the client's first two comes later.
                    if from == AT_CLIENT && at >= OFFER + PAKE {
                        bytes.clear();
                    }
                });
                between
            })
            .collect();
        let answered = guessers.iter().filter(|guesser| faults(guesser)[AT_HOST].is_none()).count();
        let refused = guessers.iter().filter(|guesser| faults(guesser)[AT_CLIENT] == Some(LinkLoss::NoGuess)).count();
        assert_eq!((answered, refused), if round < 2 { (20, 80) } else { (0, 100) });
        if round == 0 {
            // They hang up: nobody has learnt anything, and nothing is spent.
            continue;
        }
        for guesser in &mut guessers {
            let guess = guesser.said[AT_CLIENT].get(OFFER + PAKE..).unwrap_or_default().to_vec();
            let (wire, heard) = &mut guesser.ends[AT_HOST];
            heard.hear(wire, &guess);
        }
        assert!(guessers.iter().all(|guesser| guesser.opened(AT_HOST).is_none()));
    }
    assert!(hosts.is_spent());
    let between = met(client(9, Some(code(1))), of_host(&mut hosts));
    assert_eq!(faults(&between), [Some(LinkLoss::NoGuess); 2], "not even whoever knows it comes in");

    let fresh = hosts.draw_code();
    hosts.lock(fresh.into());
    assert!(!hosts.is_spent());
    assert!(met(client(9, Some(fresh)), of_host(&mut hosts)).opened(AT_HOST).is_some());
    let between = met(client(9, Some(code(1))), of_host(&mut hosts));
    assert_eq!(faults(&between), [Some(LinkLoss::WrongSecret); 2], "the old one is none any more");
}

#[test]
fn whoever_knows_the_code_spends_nothing_however_often_they_come() {
    let mut hosts = keyring(HOST, 2, Some(code(1)));
    for seed in 0..50 {
        assert!(met(client(seed, Some(code(1))), of_host(&mut hosts)).opened(AT_HOST).is_some());
    }
    assert!(!hosts.is_spent());
}

/// All that an attacker can do to guess a code by way of a client that takes it for the host.
#[test]
fn whoever_plays_the_host_learns_of_one_guess_at_a_time_and_of_twenty_in_all() {
    let mut clients = keyring(CLIENT, 1, Some(code(1)));
    let mut of_client = || Wire::client(Offer::default()).secured(Some(clients.keys()));
    let mut impostors = keyring(HOST, 2, None);
    for _ in 0..20 {
        impostors.lock(code(2).into());
        let mut between = Between::new(of_client(), of_host(&mut impostors));
        // It hangs up on the client as soon as it knows that it was wrong.
        between.pass(|from, at, bytes| {
            if from == AT_HOST && at >= ANSWER + PAKE {
                bytes.clear();
            }
        });
        assert_eq!(faults(&between), [None, Some(LinkLoss::WrongSecret)]);
    }
    impostors.lock(code(2).into());
    let between = met(of_client(), of_host(&mut impostors));
    assert_eq!(faults(&between), [Some(LinkLoss::WrongSecret), None]);
    assert_eq!(between.said[AT_CLIENT].len(), OFFER + PAKE, "it says nothing by which a guess could be checked");
}

#[test]
fn whoever_changes_any_bit_of_a_handshake_by_code_keeps_it_from_going_on() {
    let ends = || (client(1, Some(code(1))), host(2, Some(code(1))));
    let (at_client, at_host) = ends();
    let untouched = met(at_client, at_host);
    for (from, said) in untouched.said.iter().enumerate() {
        for bit in 0..said.len() * 8 {
            let (at_client, at_host) = ends();
            let mut between = Between::new(at_client, at_host);
            between.pass(|by, at, bytes| {
                if let Some(byte) = (bit / 8).checked_sub(at).filter(|_| by == from).and_then(|at| bytes.get_mut(at)) {
                    *byte ^= 1 << (bit % 8);
                }
            });
            assert_eq!(between.opened(AT_HOST), None, "bit {bit} of what end {from} says was changed");
            let is_last_word = from == AT_CLIENT && bit / 8 >= OFFER + PAKE + 48;
            assert_eq!(between.opened(AT_CLIENT).is_some(), is_last_word, "bit {bit} of what end {from} says");
        }
    }
}

#[test]
fn what_was_said_by_code_once_opens_nothing_a_second_time() {
    let recorded = met(client(1, Some(code(1))), host(2, Some(code(1))));
    let mut heard = Heard::default();
    heard.hear(&mut host(3, Some(code(1))), &recorded.said[AT_CLIENT]);
    assert_eq!((heard.opened, heard.fault), (None, Some(LinkLoss::WrongSecret)));
    let mut heard = Heard::default();
    heard.hear(&mut client(4, Some(code(1))), &recorded.said[AT_HOST]);
    assert_eq!((heard.opened, heard.fault), (None, Some(LinkLoss::WrongSecret)));
}

#[test]
fn what_is_no_message_of_the_exchange_is_found_out_and_spends_no_guess() {
    let mut hosts = keyring(HOST, 2, Some(code(1)));
    let between = met(client(1, Some(code(1))), host(2, Some(code(1))));
    let offer = &between.said[AT_CLIENT][..OFFER];
    let reflected = &between.said[AT_HOST][ANSWER..ANSWER + PAKE];
    for exchange in [&[0; PAKE][..], &[0xff; PAKE], reflected] {
        for _ in 0..30 {
            let mut heard = Heard::default();
            heard.hear(&mut of_host(&mut hosts), &[offer, exchange].concat());
            assert_eq!(heard.fault, Some(LinkLoss::Violation(Violation::Forged)));
        }
    }
    assert!(met(client(1, Some(code(1))), of_host(&mut hosts)).opened(AT_HOST).is_some());
}

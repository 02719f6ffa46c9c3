//! Wires that only their two ends can read, and whoever is between them.

use alloc::{format, vec, vec::Vec};

use bytes::BytesMut;
use proptest::prelude::*;

use super::{
    super::Keys,
    between::{AT_CLIENT, AT_HOST, Between, Heard},
    frame, pieces,
};
use crate::{
    identity::Identity,
    ids::PeerId,
    message::{MAX_FIRST_FRAME, MAX_FRAME},
    reason::Violation,
    seam::LinkLoss,
    seed::Seed,
    wire::{Choice, Features, Keyring, Offer, Protection, Stage, Wire},
};

const CLIENT: u8 = 1;
const HOST: u8 = 2;

fn identity(of: u8) -> Identity {
    Identity::from_seed([of; 32])
}

fn keys(of: u8, seed: u64) -> Keys {
    Keyring::new(identity(of), &Seed::from_number(seed)).keys()
}

fn client(seed: u64) -> Wire {
    Wire::client(Offer::default()).secured(Some(keys(CLIENT, seed)))
}

fn host(seed: u64) -> Wire {
    Wire::host(Offer::default()).secured(Some(keys(HOST, seed)))
}

/// A client and a host on machines that have instructions for AES, or do not.
fn between_machines(has_aes: [bool; 2]) -> Between {
    let keys = |of: u8| {
        Keyring::new(identity(of), &Seed::from_number(of.into())).with_aes(has_aes[usize::from(of) - 1]).keys()
    };
    let client = Wire::client(Offer::default()).secured(Some(keys(CLIENT)));
    Between::new(client, Wire::host(Offer::default()).secured(Some(keys(HOST))))
}

pub(super) fn sealed(wire: &mut Wire, frames: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    wire.seal(frames, &mut out);
    out.to_vec()
}

/// Two ends that are through with their handshake.
fn opened() -> (Wire, Wire) {
    let mut between = Between::new(client(1), host(2));
    between.pass(|_, _, _| {});
    let [(client, _), (host, _)] = between.ends;
    (client, host)
}

fn frames_of(wire: &mut Wire, bytes: &[u8]) -> Result<Vec<Vec<u8>>, LinkLoss> {
    let mut heard = Heard::default();
    heard.hear(wire, bytes);
    heard.fault.map_or(Ok(heard.frames), Err)
}

#[test]
fn each_end_learns_who_the_other_is() {
    let mut between = Between::new(client(1), host(2));
    between.pass(|_, _, _| {});
    let choice = Choice { protection: Protection::Noise, ..between.opened(AT_HOST).unwrap().0 };
    assert_eq!(between.opened(AT_CLIENT), Some((choice, Some(identity(HOST).peer()))));
    assert_eq!(between.opened(AT_HOST), Some((choice, Some(identity(CLIENT).peer()))));
    let lengths = between.said.map(|said| said.len());
    assert_eq!(lengths, [20 + 32 + 96, 28 + 128]);
}

#[test]
fn whoever_looks_on_sees_nothing_of_what_is_said_and_whoever_knows_nothing_of_the_seed_cannot_tell_it_again() {
    let conversation = |seed| {
        let mut between = Between::new(client(seed), host(seed + 1));
        between.pass(|_, _, _| {});
        between.say(AT_CLIENT, &frame(200));
        between.say(AT_HOST, &frame(300));
        between.pass(|_, _, _| {});
        assert_eq!(between.ends[AT_HOST].1.frames, [vec![7; 200]]);
        assert_eq!(between.ends[AT_CLIENT].1.frames, [vec![7; 300]]);
        between.said
    };
    let said = conversation(1);
    assert!(said.iter().all(|said| !said.windows(3).any(|three| three == [7; 3])));
    assert_eq!(said, conversation(1), "the same randomness, the same bytes");
    let other = conversation(10);
    for (end, preamble) in [(AT_CLIENT, 20), (AT_HOST, 28)] {
        let same = said[end].iter().zip(&other[end]).skip(preamble).filter(|(one, other)| one == other).count();
        assert!(same < 20, "{same} bytes are the same with other randomness");
    }
}

#[test]
fn aes_seals_where_both_machines_are_good_at_it_and_nowhere_else() {
    let conversation = |has_aes| {
        let mut between = between_machines(has_aes);
        between.pass(|_, _, _| {});
        between.say(AT_CLIENT, &frame(200));
        between.pass(|_, _, _| {});
        assert_eq!(between.ends[AT_HOST].1.frames, [vec![7; 200]]);
        let [by_client, by_host] =
            [AT_CLIENT, AT_HOST].map(|end| between.opened(end).unwrap().0.features.contains(Features::AES_GCM));
        assert_eq!(by_client, by_host);
        (by_client, between.said[AT_CLIENT][20..].to_vec())
    };
    let conversations = [[false, false], [true, false], [false, true], [true, true]].map(conversation);
    assert_eq!(conversations.each_ref().map(|(by_aes, _)| *by_aes), [false, false, false, true]);
    let lengths = conversations.each_ref().map(|(_, said)| said.len());
    assert_eq!(lengths, [lengths[0]; 4], "nothing gets longer by it");
}

#[test]
fn whoever_changes_any_bit_of_a_handshake_keeps_it_from_going_on() {
    on_any_bit_of_a_handshake(|| Between::new(client(1), host(2)));
}

#[test]
fn whoever_changes_any_bit_of_a_handshake_by_aes_keeps_it_from_going_on() {
    on_any_bit_of_a_handshake(|| between_machines([true, true]));
}

fn on_any_bit_of_a_handshake(begin: impl Fn() -> Between) {
    let mut untouched = begin();
    untouched.pass(|_, _, _| {});
    for (from, said) in untouched.said.iter().enumerate() {
        for bit in 0..said.len() * 8 {
            let mut between = begin();
            let mut was_changed = false;
            between.pass(|by, at, bytes| {
                if let Some(byte) = (bit / 8).checked_sub(at).filter(|_| by == from).and_then(|at| bytes.get_mut(at)) {
                    *byte ^= 1 << (bit % 8);
                    was_changed = true;
                }
            });
            assert!(was_changed);
            assert_eq!(between.opened(AT_HOST), None, "bit {bit} of what end {from} says was changed");
            // It has said its last word before anybody could find fault with that.
            let is_last_word = from == AT_CLIENT && bit / 8 >= 20 + 32;
            assert_eq!(between.opened(AT_CLIENT).is_some(), is_last_word, "bit {bit} of what end {from} says");
        }
    }
}

#[test]
fn what_a_client_has_said_once_opens_no_host_a_second_time() {
    let mut recorded = Between::new(client(1), host(2));
    recorded.pass(|_, _, _| {});
    recorded.say(AT_CLIENT, &frame(20));
    recorded.pass(|_, _, _| {});
    let mut heard = Heard::default();
    heard.hear(&mut host(3), &recorded.said[AT_CLIENT]);
    assert_eq!((heard.opened, heard.frames), (None, vec![]));
    assert_eq!(heard.fault, Some(LinkLoss::Violation(Violation::Forged)));

    let mut heard = Heard::default();
    heard.hear(&mut client(4), &recorded.said[AT_HOST]);
    assert_eq!((heard.opened, heard.fault), (None, Some(LinkLoss::Violation(Violation::Forged))));
}

#[test]
fn whoever_expects_somebody_else_says_who_it_is_to_nobody() {
    let expecting = |whom: PeerId| Wire::client(Offer::default()).secured(Some(keys(CLIENT, 1).expecting(Some(whom))));
    let mut between = Between::new(expecting(identity(HOST).peer()), host(2));
    between.pass(|_, _, _| {});
    assert!(between.opened(AT_HOST).is_some());

    let (expected, found) = (identity(9).peer(), identity(HOST).peer());
    let mut between = Between::new(expecting(expected), host(2));
    between.pass(|_, _, _| {});
    assert_eq!(between.ends[AT_CLIENT].1.fault, Some(LinkLoss::Stranger { expected, found }));
    assert_eq!(between.said[AT_CLIENT].len(), 20 + 32, "nothing after the first message");
    assert_eq!(between.opened(AT_HOST), None);
}

#[test]
fn one_that_is_secured_and_one_in_the_clear_say_so_to_each_other() {
    let faults = |client: Wire, host: Wire| {
        let mut between = Between::new(client, host);
        between.pass(|_, _, _| {});
        between.ends.map(|(_, heard)| heard.fault.unwrap())
    };
    let (not, only) = (LinkLoss::NotEncrypted, LinkLoss::OnlyEncrypted);
    assert_eq!(faults(client(1), Wire::host(Offer::default())), [not, only]);
    assert_eq!(faults(Wire::client(Offer::default()), host(2)), [only, not]);
}

#[test]
fn nothing_that_is_changed_left_out_repeated_or_taken_from_elsewhere_is_let_through() {
    let (mut client, _) = opened();
    let records: Vec<Vec<u8>> = (1..=3).map(|length| sealed(&mut client, &frame(length))).collect();
    let forged = Err(LinkLoss::Violation(Violation::Forged));
    let (_, mut host) = opened();
    assert_eq!(frames_of(&mut host, &records.concat()), Ok(vec![vec![7; 1], vec![7; 2], vec![7; 3]]));

    for bit in 0..records[0].len() * 8 {
        let (_, mut host) = opened();
        let mut changed = records[0].clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(frames_of(&mut host, &changed), forged, "bit {bit}");
        assert_eq!(frames_of(&mut host, &records[0]), forged, "after that nothing is believed");
    }
    let orders: [&[usize]; 4] = [&[1], &[0, 2], &[0, 0], &[1, 0]];
    for order in orders {
        let (_, mut host) = opened();
        let bytes: Vec<u8> = order.iter().flat_map(|place| records[*place].iter().copied()).collect();
        assert_eq!(frames_of(&mut host, &bytes), forged, "{order:?}");
    }
    // A record of the same number, sealed for another conversation, and one that goes the other way.
    let mut elsewhere = Between::new(self::client(5), self::host(6));
    elsewhere.pass(|_, _, _| {});
    let [(mut client, _), (mut host, _)] = elsewhere.ends;
    assert_eq!(frames_of(&mut opened().1, &sealed(&mut client, &frame(1))), forged);
    assert_eq!(frames_of(&mut opened().1, &sealed(&mut host, &frame(1))), forged);
}

#[test]
fn after_so_many_records_there_is_a_new_key_and_nobody_notices() {
    let (mut client, mut host) = opened();
    let Stage::Records(records) = &mut client.stage else { panic!("it is opened") };
    records.per_key = 3;
    for length in 1..=10 {
        let bytes = sealed(&mut client, &frame(length));
        let told = if length % 3 == 1 && length > 1 { 18 } else { 0 };
        assert_eq!(bytes.len(), told + 18 + 4 + length + 16);
        assert_eq!(frames_of(&mut host, &bytes), Ok(vec![vec![7; length]]));
    }
    // Whoever leaves out that there is a new key is found out.
    let bytes = [sealed(&mut client, &frame(1)), sealed(&mut client, &frame(1)), sealed(&mut client, &frame(1))];
    assert_eq!(frames_of(&mut host, &bytes[..2].concat()).map(|frames| frames.len()), Ok(2));
    assert_eq!(bytes[2].len(), 18 + 18 + 5 + 16);
    assert_eq!(frames_of(&mut host, &bytes[2][18..]), Err(LinkLoss::Violation(Violation::Forged)));
}

#[test]
fn what_is_not_whole_takes_the_memory_of_what_came_and_is_shown_to_nobody() {
    let (mut client, mut host) = opened();
    let bytes = sealed(&mut client, &frame(MAX_FIRST_FRAME));
    let empty = memory(&host);
    assert_eq!(frames_of(&mut host, &bytes[..18]), Ok(vec![]));
    assert!(memory(&host) - empty < 64, "a length alone reserves nothing");
    assert_eq!(frames_of(&mut host, &bytes[18..500]), Ok(vec![]));
    assert!(memory(&host) - empty < 1024);
    assert_eq!(frames_of(&mut host, &bytes[500..]), Ok(vec![vec![7; MAX_FIRST_FRAME]]));
    assert!(!format!("{host:?}{client:?}").contains("7, 7"));
    assert!(memory(&host) <= 1024, "what it took is given back");
}

#[test]
fn limits_of_frames_hold_in_records_too() {
    let (mut client, mut host) = opened();
    let bytes = sealed(&mut client, &frame(MAX_FIRST_FRAME + 1));
    assert_eq!(frames_of(&mut host, &bytes), Err(LinkLoss::Violation(Violation::Oversize)));
    let (mut client, mut host) = opened();
    let bytes = sealed(&mut client, &[frame(1), frame(MAX_FRAME), frame(MAX_FRAME + 1)].concat());
    let mut heard = Heard::default();
    heard.hear(&mut host, &bytes);
    assert_eq!(heard.frames, [vec![7; 1], vec![7; MAX_FRAME]]);
    assert_eq!(heard.fault, Some(LinkLoss::Violation(Violation::Oversize)));
}

#[test]
fn nothing_goes_out_before_it_is_sealed() {
    let mut between = Between::new(client(1), host(2));
    assert!(sealed(&mut between.ends[AT_CLIENT].0, &frame(3)).is_empty());
    between.pass(|_, _, bytes| bytes.truncate(30));
    for (wire, _) in &mut between.ends {
        assert!(sealed(wire, &frame(3)).is_empty() && !wire.is_sealed());
    }
}

fn memory(wire: &Wire) -> usize {
    let Stage::Records(records) = &wire.stage else { panic!("no records yet") };
    records.memory()
}

proptest! {
    #[test]
    fn frames_come_through_however_they_are_put_together_and_the_bytes_are_cut(
        sent in prop::collection::vec(prop::collection::vec(1_usize..3000, 0..6), 1..6),
        cuts in prop::collection::vec(1_usize..2000, 1..8),
    ) {
        let mut between = Between::new(client(1), host(2).first_frame_at_most(MAX_FRAME));
        between.pass(|_, _, _| {});
        let [(mut client, _), (mut host, _)] = between.ends;
        let mut bytes = Vec::new();
        for together in &sent {
            let frames: Vec<u8> = together.iter().flat_map(|length| frame(*length)).collect();
            bytes.extend(sealed(&mut client, &frames));
        }
        let mut heard = Heard::default();
        for piece in pieces(&bytes, &cuts) {
            heard.hear(&mut host, piece);
        }
        let lengths: Vec<usize> = heard.frames.iter().map(Vec::len).collect();
        prop_assert_eq!(heard.fault, None);
        prop_assert_eq!(lengths, sent.concat());
    }
}

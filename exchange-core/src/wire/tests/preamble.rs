//! What two ends settle on before the first frame, and what ends it there.

use alloc::vec;

use super::{Got, answer, frame, offer, pieces, receive, versions, violation};
use crate::{
    message::Encoding,
    reason::Violation,
    seam::LinkLoss,
    wire::{Features, Offer, Received, Wire},
};

#[test]
fn another_protocol_is_told_apart_at_its_first_wrong_byte() {
    for wire in [&mut Wire::host(Offer::default()), &mut Wire::client(Offer::default())] {
        assert_eq!(receive(wire, [&b"EXCH"[..]]), Ok(vec![]));
        assert_eq!(violation(wire, b"E"), Violation::Preamble);
    }
    assert_eq!(violation(&mut Wire::host(Offer::default()), b"GET / HTTP/1.1"), Violation::Preamble);
    assert_eq!(violation(&mut Wire::host(Offer::default()), &[0x16]), Violation::Preamble);
}

#[test]
fn an_offer_that_knows_more_than_we_do_is_accepted() {
    let mut longer = Wire::client(Offer::default()).opening().to_vec();
    longer.extend([9; 100]);
    longer[9] += 100;
    let stream = [&longer[..], &frame(3)].concat();
    let expected = vec![Got::Opened(Encoding::Postcard), Got::Frame(vec![7; 3])];
    assert_eq!(receive(&mut Wire::host(Offer::default()), pieces(&stream, &[7])), Ok(expected.clone()));

    let answer = answer(Offer::default(), Offer::default()).unwrap();
    let (offer, choice) = answer.split_at(answer.len() - 8);
    let mut stream = [offer, &[9; 5], choice, &frame(3)].concat();
    stream[9] += 5;
    assert_eq!(receive(&mut Wire::client(Offer::default()), pieces(&stream, &[7])), Ok(expected));
}

#[test]
fn an_offer_may_be_as_long_as_any_and_is_refused_for_its_length_as_soon_as_that_is_there() {
    let mut longest = Wire::client(Offer::default()).opening().to_vec();
    longest.resize(10 + 512, 9);
    longest[8..10].copy_from_slice(&512_u16.to_be_bytes());
    assert_eq!(receive(&mut Wire::host(Offer::default()), [&longest[..]]).unwrap().len(), 1);
    longest[8..10].copy_from_slice(&513_u16.to_be_bytes());
    assert_eq!(violation(&mut Wire::host(Offer::default()), &longest[..10]), Violation::Oversize);
}

#[test]
fn an_offer_that_cannot_be_is_refused() {
    let opening = Wire::client(Offer::default()).opening();
    let with = |place: usize, bytes: [u8; 2]| {
        let mut opening = opening.to_vec();
        opening[place..place + 2].copy_from_slice(&bytes);
        violation(&mut Wire::host(Offer::default()), &opening)
    };
    assert_eq!(with(8, [0xff, 0xff]), Violation::Oversize, "longer than any offer");
    assert_eq!(with(8, [0, 9]), Violation::Preamble, "shorter than an offer");
    assert_eq!(with(10, [0, 0]), Violation::Preamble, "a range that begins at no version");
    assert_eq!(with(10, [0, 2]), Violation::Preamble, "a range that ends before it begins");
}

#[test]
fn an_offer_that_cannot_be_is_refused_before_what_should_follow_it() {
    let answer = answer(Offer::default(), Offer::default()).unwrap();
    let with = |place: usize, byte: u8, length: usize| {
        let mut answer = answer.clone();
        answer[place] = byte;
        violation(&mut Wire::client(Offer::default()), &answer[..length])
    };
    assert_eq!(with(9, 9, 10), Violation::Preamble, "shorter than an offer");
    assert_eq!(with(11, 0, 20), Violation::Preamble, "a range that begins at no version");
}

#[test]
fn both_ends_learn_of_a_version_mismatch_and_of_both_ranges() {
    let (older, newer) = (versions(1, 2), versions(3, 7));
    let both = [Encoding::Postcard, Encoding::Json];
    let opening = Wire::client(Offer::new(newer, &both)).opening();
    let fault = Wire::host(Offer::new(older, &both)).receive(&mut &opening[..]).unwrap_err();
    assert_eq!(fault.loss, LinkLoss::Versions { ours: older, theirs: newer });

    let mut client = Wire::client(Offer::new(newer, &both));
    let told = super::fault(&mut client, &fault.answer);
    assert_eq!(told, LinkLoss::Versions { ours: newer, theirs: older });
    assert!(told.is_final());
}

#[test]
fn both_ends_learn_that_they_have_no_encoding_in_common() {
    let opening = Wire::client(offer(&[Encoding::Json])).opening();
    let fault = Wire::host(offer(&[Encoding::Postcard])).receive(&mut &opening[..]).unwrap_err();
    assert_eq!(fault.loss, LinkLoss::NothingInCommon);
    assert_eq!(super::fault(&mut Wire::client(offer(&[Encoding::Json])), &fault.answer), LinkLoss::NothingInCommon);
}

#[test]
fn a_feature_that_only_one_end_knows_is_not_chosen() {
    let mut opening = Wire::client(Offer::default()).opening().to_vec();
    opening[19] = 1;
    let mut host = Wire::host(Offer::default());
    let Ok(Some(Received::Opened { choice, answer, .. })) = host.receive(&mut &opening[..]) else {
        panic!("not opened")
    };
    assert_eq!(choice.features, Features::default());
    assert_eq!(receive(&mut Wire::client(Offer::default()), [&answer[..]]).unwrap().len(), 1);
}

#[test]
fn the_newest_common_version_and_the_readable_encoding_are_chosen_if_they_are_all_there_is() {
    let opening = Wire::client(Offer::new(versions(2, 9), &[Encoding::Json])).opening();
    let mut host = Wire::host(Offer::new(versions(1, 4), &[Encoding::Postcard, Encoding::Json]));
    let Ok(Some(Received::Opened { choice, .. })) = host.receive(&mut &opening[..]) else { panic!("not opened") };
    assert_eq!((choice.version, choice.encoding), (4, Encoding::Json));
}

#[test]
fn a_choice_that_was_not_offered_is_refused() {
    let answer = answer(Offer::default(), Offer::default()).unwrap();
    let choice = answer.len() - 8;
    for (place, byte, what) in [
        (choice + 1, 2, "a version beyond the offers"),
        (choice + 2, 0, "no encoding"),
        (choice + 2, 3, "two encodings"),
        (choice + 3, 2, "another protection"),
        (choice + 7, 1, "a feature nobody offered"),
    ] {
        let mut answer = answer.clone();
        answer[place] = byte;
        assert_eq!(violation(&mut Wire::client(Offer::default()), &answer), Violation::Preamble, "{what}");
    }
    // JSON is in the host's offer, but not in this client's.
    let mut readable = answer.clone();
    readable[choice + 2] = 2;
    assert_eq!(violation(&mut Wire::client(offer(&[Encoding::Postcard])), &readable), Violation::Preamble);
    // Postcard is in this client's offer, but not in the host's.
    let mut narrow = super::answer(offer(&[Encoding::Json]), Offer::default()).unwrap();
    narrow[choice + 2] = 1;
    assert_eq!(violation(&mut Wire::client(Offer::default()), &narrow), Violation::Preamble);
}

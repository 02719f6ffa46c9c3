//! The law of cutting: what comes out depends on the bytes alone.

use alloc::vec::Vec;

use bytes::BytesMut;
use proptest::{collection::vec, prelude::*};

use super::{Got, answer, offer, pieces, receive};
use crate::{
    message::{Encoding, ToClient, ToHost, arbitrary},
    testing::cases,
    wire::{Offer, Wire},
};

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_host_receives_the_same_however_the_bytes_are_cut(
        messages in vec(arbitrary::to_host(), 0..8),
        json in any::<bool>(),
        lengths in vec(1_usize..60, 1..20),
    ) {
        let encoding = if json { Encoding::Json } else { Encoding::Postcard };
        let client = Wire::client(offer(&[encoding]));
        let mut stream = BytesMut::from(&client.opening()[..]);
        encode(encoding, &messages, &mut stream);

        let got = receive(&mut Wire::host(Offer::default()), pieces(&stream, &lengths)).unwrap();
        prop_assert_eq!(&receive(&mut Wire::host(Offer::default()), [&stream[..]]).unwrap(), &got);
        prop_assert_eq!(&got[0], &Got::Opened(encoding));
        let decoded: Vec<ToHost> = got[1..].iter().map(|got| decode(encoding, got)).collect();
        prop_assert_eq!(decoded, messages);
    }

    #[test]
    fn a_client_receives_the_same_however_the_bytes_are_cut(
        messages in vec(arbitrary::to_client(), 0..8),
        json in any::<bool>(),
        lengths in vec(1_usize..60, 1..20),
    ) {
        let encoding = if json { Encoding::Json } else { Encoding::Postcard };
        let mut stream = BytesMut::from(&answer(offer(&[encoding]), Offer::default()).unwrap()[..]);
        encode(encoding, &messages, &mut stream);

        let got = receive(&mut Wire::client(Offer::default()), pieces(&stream, &lengths)).unwrap();
        prop_assert_eq!(&receive(&mut Wire::client(Offer::default()), [&stream[..]]).unwrap(), &got);
        prop_assert_eq!(&got[0], &Got::Opened(encoding));
        let decoded: Vec<ToClient> = got[1..].iter().map(|got| decode(encoding, got)).collect();
        prop_assert_eq!(decoded, messages);
    }

    #[test]
    fn any_bytes_at_all_are_taken_or_refused_for_good(
        known in 0_usize..40,
        bytes in vec(prop_oneof![0_u8..4, any::<u8>()], 0..300),
        lengths in vec(1_usize..60, 1..8),
    ) {
        let opening = Wire::client(Offer::default()).opening();
        let answer = answer(Offer::default(), Offer::default()).unwrap();
        let ends = [(Wire::host(Offer::default()), opening.to_vec()), (Wire::client(Offer::default()), answer)];
        for (mut wire, good) in ends {
            let stream = [&good[..known.min(good.len())], &bytes[..]].concat();
            if receive(&mut wire, pieces(&stream, &lengths)).is_err() {
                prop_assert!(receive(&mut wire, [&good[..]]).is_err());
            }
        }
    }
}

fn encode<T: serde::Serialize>(encoding: Encoding, messages: &[T], stream: &mut BytesMut) {
    for message in messages {
        encoding.encode(message, stream);
    }
}

fn decode<T: serde::de::DeserializeOwned>(encoding: Encoding, got: &Got) -> T {
    let Got::Frame(frame) = got else { panic!("opened twice") };
    encoding.decode(frame).unwrap()
}

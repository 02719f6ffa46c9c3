//! No token and no seed is shown by anything that can be shown.

use alloc::{
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::fmt::Debug;

use bytes::{Bytes, BytesMut};

use super::{config, hello, join};
use crate::{
    client::ClientConfig,
    host::{Host, HostConfig, RoomName},
    ids::Token,
    message::{Encoding, FRAME_HEADER, JoinFrom, ToClient, ToHost},
    reason::Durability,
    seam::{Effect, Input, LinkId, Outbox},
    seed::Seed,
    testing::World,
    time::Time,
    wire::{Offer, Wire, frames},
};

/// All the ways in which bytes could be written out.
fn forms(secret: &[u8]) -> Vec<String> {
    let join = |with: &dyn Fn(u8) -> String, between: &str| {
        secret.iter().map(|byte| with(*byte)).collect::<Vec<_>>().join(between)
    };
    let escaped = format!("{:?}", Bytes::copy_from_slice(secret));
    vec![
        join(&|byte| format!("{byte:02x}"), ""),
        join(&|byte| format!("{byte:02X}"), ""),
        join(&|byte| byte.to_string(), ", "),
        escaped[2..escaped.len() - 1].into(),
    ]
}

fn hides(shown: &dyn Debug, secrets: &[[u8; 16]]) {
    for text in [format!("{shown:?}"), format!("{shown:#?}").replace(",\n", ", ").replace("  ", "")] {
        for form in secrets.iter().flat_map(|secret| forms(secret)) {
            assert!(!text.contains(&form), "{form} in {text}");
        }
    }
}

#[test]
fn what_is_searched_for_would_be_found() {
    let secret = [7, 200, b'a', 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255];
    let shown: [String; 3] = [format!("{secret:?}"), format!("{:?}", Bytes::copy_from_slice(&secret)), "07c861".into()];
    assert!(shown[..2].iter().all(|text| forms(&secret).iter().any(|form| text.contains(form))));
    assert!(forms(&secret)[0].starts_with(&shown[2]));
}

#[test]
fn nothing_that_is_shown_holds_a_token_or_a_seed() {
    let secret = [0xb7; 16];
    let seed = Seed::new([0xb7; 32]);
    hides(&seed, &[secret]);
    let config = HostConfig { store: Some(Durability::Fsynced), ..config() };
    let mut host = Host::new(config, &seed, Time::ZERO);
    let (link, mut out, mut tokens, mut rows) = (LinkId(1), Outbox::new(), Vec::new(), Vec::new());
    host.handle(Time::ZERO, Input::LinkUp { link, credit: 60_000, from: None }, &mut out);
    host.handle(Time::ZERO, Input::Opened { link, encoding: Encoding::Postcard, proven: None }, &mut out);
    let shown = Token::from_bytes(secret);
    for message in [hello(1, 1, Some(shown)), join(&RoomName::lobby(), JoinFrom::Head)] {
        let mut frame = BytesMut::new();
        Encoding::Postcard.encode(&message, &mut frame);
        let input = Input::Frame { link, body: &frame[FRAME_HEADER..] };
        hides(&input, &[secret]);
        hides(&message, &[secret]);
        host.handle(Time::ZERO, input, &mut out);
        // Held back until it is kept, then to be done.
        for _ in 0..2 {
            hides(&(&host, &out), &[secret]);
            let effects: Vec<Effect> = out.drain().collect();
            for effect in &effects {
                if let Effect::Send { frames: sent, .. } = effect {
                    let welcomes = frames(sent).filter_map(|frame| match Encoding::Postcard.decode(frame) {
                        Ok(ToClient::Welcome(welcome)) => Some(welcome),
                        _ => None,
                    });
                    for welcome in welcomes {
                        tokens.push(*welcome.token.as_bytes());
                        hides(&welcome, &tokens);
                    }
                }
                if let Effect::Store { changes, .. } = effect {
                    rows.extend(changes.iter().filter_map(|change| change.row.clone()));
                }
            }
            hides(&(&effects, &host), &tokens);
            host.handle(Time::ZERO, Input::Stored { batch: 9 }, &mut out);
        }
    }
    assert_eq!(tokens.len(), 1);
    assert!(rows.len() > 3);
    assert!(
        !rows.iter().any(|row| row.windows(16).any(|bytes| bytes == tokens[0] || bytes == secret)),
        "nor is it kept"
    );
}

#[test]
fn a_client_and_the_wire_show_no_token_either() {
    let mut world = World::new(config(), 1);
    let ana = world.add(ClientConfig::new("ana".parse().unwrap()), Encoding::Json);
    world.run(super::secs(1));
    let client = &world.clients[ana].client;
    let token = *client.token().unwrap().as_bytes();
    hides(client, &[token]);
    hides(&world.host, &[token]);

    let ToHost::Hello(hello) = hello(1, 1, Some(Token::from_bytes(token))) else { panic!("no hello") };
    let mut stream = BytesMut::from(&Wire::client(Offer::default()).opening()[..]);
    Encoding::Postcard.encode(&ToHost::Hello(hello), &mut stream);
    let mut wire = Wire::host(Offer::default());
    let mut input = &stream[..stream.len() - 1];
    while let Some(received) = wire.receive(&mut input).unwrap() {
        hides(&received, &[token]);
    }
    hides(&wire, &[token]);
    let rest = stream.len() - 1;
    hides(&wire.receive(&mut &stream[rest..]).unwrap(), &[token]);
}

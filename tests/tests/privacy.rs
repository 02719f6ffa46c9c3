//! What somebody can read who listens on the network, and sees every byte of a session.
#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use exchange_tests::{
    local_host, messages,
    proxy::{Overheard, Proxy},
    wait_for,
};
use exchange_tokio::{
    Client, Tokio,
    core::{
        Availability, Encoding, Event, RoomName,
        wire::{Offer, Versions},
    },
};

const SESSION: &str = "Laboratory";
const HOST: &str = "anastasia";
const GUEST: &str = "bartholomew";
const WITNESS: &str = "cornelia";
const RENAMED: &str = "bartleby";
const NOTE: &str = "feeding the cat";
const ROOM: &str = "attic";
const CODE: &str = "7-orbit-kitten";
const TOPIC: &str = "what we found";
const SAID_BY_HOST: &str = "the key is under the mat";
const SAID_BY_GUEST: &str = "nobody shall know of it";
const EDITED: &str = "everybody shall know of it";

/// What guests tell their host, and what they are told, which is all of it.
const TO_HOST: [&str; 8] = [GUEST, WITNESS, RENAMED, NOTE, ROOM, TOPIC, SAID_BY_GUEST, EDITED];
const TO_CLIENT: [&str; 11] =
    [SESSION, HOST, GUEST, WITNESS, RENAMED, NOTE, ROOM, TOPIC, SAID_BY_HOST, SAID_BY_GUEST, EDITED];

#[tokio::test]
async fn whoever_listens_learns_no_nick_no_room_and_nothing_of_what_is_said() {
    let by = |encoding| [Protection::Usual, Protection::Code].map(|protection| (encoding, protection));
    for (encoding, protection) in [Encoding::Postcard, Encoding::Json].into_iter().flat_map(by) {
        let Overheard { to_host, to_client } = overheard(encoding, protection).await;
        assert!(to_host.len() > 500 && to_client.len() > 1000, "{} and {} bytes", to_host.len(), to_client.len());
        for word in TO_CLIENT.iter().chain(&[CODE]) {
            assert!(!contains(&to_host, word) && !contains(&to_client, word), "{word} in {encoding:?}");
        }
    }
}

#[tokio::test]
async fn whoever_listens_to_a_session_in_the_clear_learns_all_of_it() {
    for encoding in [Encoding::Postcard, Encoding::Json] {
        let Overheard { to_host, to_client } = overheard(encoding, Protection::None).await;
        for word in TO_HOST {
            assert!(contains(&to_host, word), "no {word} to the host in {encoding:?}");
        }
        for word in TO_CLIENT {
            assert!(contains(&to_client, word), "no {word} to the client in {encoding:?}");
        }
    }
}

#[tokio::test]
async fn what_people_say_is_proven_where_it_is_encrypted_and_nowhere_else() {
    for is_secured in [true, false] {
        let runtime = Tokio::default();
        let host = local_host(&runtime, SESSION).nick(HOST);
        let host = if is_secured { host } else { host.insecure() }.start().await.unwrap();
        let come = async |nick| {
            let guest = Client::builder_on(runtime.clone()).nick(nick);
            let guest = if is_secured { guest } else { guest.insecure() };
            guest.join(host.addresses()[0]).await.unwrap()
        };
        let (guest, witness) = (come(GUEST).await, come(WITNESS).await);
        let everybody = [host.events(), guest.events(), witness.events()];
        guest.room("lobby").send(SAID_BY_GUEST).await.unwrap().delivered().await.unwrap();
        host.room("lobby").send(SAID_BY_HOST).await.unwrap();
        // Many at once are signed once.
        for number in 0..100 {
            guest.room("lobby").send(format!("number {number}")).await.unwrap();
        }
        for mut events in everybody {
            let mut heard = 0;
            let all = wait_for(&mut events, |event| {
                if let Event::Message(message) = &event {
                    heard += 1;
                    assert_eq!(message.is_proven(), is_secured, "{message:?}");
                }
                assert!(!matches!(event, Event::Forged { .. } | Event::Forked { .. }), "{event:?}");
                (heard == 102).then_some(())
            });
            all.await;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protection {
    Usual,
    Code,
    None,
}

/// What passes between a host and two guests, one of whom does all that has a name or words in it.
async fn overheard(encoding: Encoding, protection: Protection) -> Overheard {
    let runtime = Tokio::default();
    let host = local_host(&runtime, SESSION).nick(HOST);
    let host = match protection {
        Protection::Usual => host,
        Protection::Code => host.by_secret(CODE.parse().unwrap()),
        Protection::None => host.insecure(),
    };
    let host = host.start().await.unwrap();
    let proxy = Proxy::to(&runtime, host.addresses()[0]).await;
    proxy.listen();
    let come = async |nick| {
        let offer = Offer::new(Versions::SUPPORTED, &[encoding]);
        let guest = Client::builder_on(runtime.clone()).nick(nick).offer(offer);
        let guest = match protection {
            Protection::Usual => guest,
            Protection::Code => guest.secret(CODE.parse().unwrap()),
            Protection::None => guest.insecure(),
        };
        guest.join(proxy.address()).await.unwrap()
    };
    let (guest, witness) = (come(GUEST).await, come(WITNESS).await);
    let (mut heard, mut witnessed) = (guest.events(), witness.events());

    guest.room(ROOM).join().await.unwrap();
    guest.room(ROOM).set_topic(TOPIC).await.unwrap().delivered().await.unwrap();
    let said = guest.room(ROOM).send(SAID_BY_GUEST).await.unwrap().delivered().await.unwrap();
    guest.room(ROOM).edit(said.seq.unwrap(), EDITED).await.unwrap().delivered().await.unwrap();
    host.room("lobby").send(SAID_BY_HOST).await.unwrap();
    assert_eq!(messages(&mut heard, &RoomName::lobby(), 1).await[0].2, SAID_BY_HOST);
    guest.set_status(Availability::Away, NOTE).await.unwrap();
    guest.rename(RENAMED).await.unwrap();
    let (mut is_away, mut is_renamed) = (false, false);
    let both = wait_for(&mut witnessed, |event| {
        is_away |= matches!(&event, Event::Presence { note: Some(note), .. } if note.as_str() == NOTE);
        is_renamed |= matches!(&event, Event::Renamed { peer, .. } if peer.nick.as_str() == RENAMED);
        (is_away && is_renamed).then_some(())
    });
    both.await;
    proxy.overheard()
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

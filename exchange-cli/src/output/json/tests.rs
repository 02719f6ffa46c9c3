//! Events, as those read them who parse lines.

use exchange_tokio::core::NameError;

use super::*;

#[test]
fn an_event_is_one_object_that_says_what_it_is_first() {
    let peer = Peer { id: PeerId::from_bytes([1; 16]), nick: "bo".parse().unwrap() };
    let shown = |event| line(&event, PeerId::from_bytes([9; 16])).unwrap().as_str().to_owned();
    let id = "01010101010101010101010101010101";
    assert_eq!(
        shown(Event::PeerLeft {
            room: RoomName::lobby(),
            peer: peer.clone(),
            reason: LeaveReason::TimedOut,
            seq: Seq(3),
            replayed: false
        }),
        format!(
            r#"{{"event":"left","room":"lobby","seq":3,"nick":"bo","peer":"{id}","reason":"timed_out","replayed":false}}"#
        )
    );
    assert_eq!(
        shown(Event::LinkClosed { peer: None, cause: Ended::Lost(LinkLoss::Broken) }),
        r#"{"event":"link_closed","reason":"lost","explanation":"connection lost"}"#
    );
    assert_eq!(
        shown(Event::RoomRefused { room: RoomName::lobby(), refusal: Refusal::TooLong { limit: 9 } }),
        r#"{"event":"room_refused","room":"lobby","reason":"too_long","explanation":"too long: 9 bytes are allowed"}"#
    );
    assert_eq!(
        shown(Event::Presence { peer: peer.clone(), status: Status::Online, note: None }),
        format!(r#"{{"event":"presence","nick":"bo","peer":"{id}","status":"online","note":null}}"#)
    );
    let (room, before) = (RoomName::lobby(), "bob".parse().unwrap());
    assert_eq!(
        shown(Event::Renamed { room, peer, before, seq: Seq(3), replayed: true }),
        format!(
            r#"{{"event":"renamed","room":"lobby","seq":3,"nick":"bo","peer":"{id}","before":"bob","replayed":true}}"#
        )
    );
    let (nick, refusal) = ("ana".parse().unwrap(), Refusal::Name(NameError::Confusable));
    assert_eq!(
        shown(Event::RenameRefused { nick, refusal }),
        r#"{"event":"rename_refused","nick":"ana","reason":"confusable","explanation":"somebody has a name that looks like it"}"#
    );
}

//! Links that break between a client and a host, and what is left of a conversation afterwards.

use alloc::{string::String, vec::Vec};

use super::{ANA, Bench, LOBBY, ME, den, entry, joined, life, secs, welcome};
use crate::{
    client::ClientConfig,
    event::{Ended, Event},
    host::HostConfig,
    ids::Seq,
    message::{Encoding, GapReason, JoinFrom, Joined, LeaveReason, Status, ToClient, Welcome},
    name::RoomName,
    reason::{CloseReason, Outcome},
    testing::{Cut, World, messages, texts},
};

fn host() -> HostConfig {
    HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap())
}

fn lobby() -> RoomName {
    RoomName::lobby()
}

/// Two clients in the lobby of a host.
fn world() -> World {
    let mut world = World::new(host(), 1);
    for nick in ["ana", "ben"] {
        let config = ClientConfig { lobby_from: JoinFrom::Start, ..ClientConfig::new(nick.parse().unwrap()) };
        world.add(config, Encoding::Postcard);
    }
    world.run(secs(1));
    world
}

/// The outcomes that a client was told, and how often it was told that it is in the session.
fn outcomes(told: &[Event]) -> Vec<bool> {
    let outcome = |event: &Event| match event {
        Event::Receipt { outcome, .. } => Some(matches!(outcome, Outcome::Logged { .. })),
        _ => None,
    };
    told.iter().filter_map(outcome).collect()
}

fn connected(told: &[Event]) -> Vec<bool> {
    told.iter().filter_map(|e| if let Event::Connected { resumed, .. } = e { Some(*resumed) } else { None }).collect()
}

#[test]
fn a_message_whose_acknowledgement_was_lost_is_logged_once() {
    let mut world = world();
    world.clients[0].reads = false;
    world.post(0, &lobby(), "was it heard?").unwrap();
    world.run(secs(1));
    assert_eq!(texts(&world.clients[1].told, &lobby()), ["was it heard?"]);
    world.cut(0, Cut::Lost);
    world.clients[0].reads = true;
    world.run(secs(2));
    for told in [&world.told, &world.clients[0].told, &world.clients[1].told] {
        assert_eq!(texts(told, &lobby()), ["was it heard?"]);
    }
    assert_eq!(outcomes(&world.clients[0].told), [true]);
    assert_eq!(connected(&world.clients[0].told), [false, true]);
}

#[test]
fn a_message_that_was_lost_itself_is_logged_after_all() {
    let mut world = world();
    world.clients[0].is_read = false;
    world.post(0, &lobby(), "lost").unwrap();
    world.run(secs(1));
    assert_eq!(texts(&world.clients[1].told, &lobby()), [""; 0]);
    world.cut(0, Cut::Lost);
    world.clients[0].is_read = true;
    world.run(secs(2));
    for told in [&world.told, &world.clients[0].told, &world.clients[1].told] {
        assert_eq!(texts(told, &lobby()), ["lost"]);
    }
    assert_eq!(outcomes(&world.clients[0].told), [true]);
}

#[test]
fn what_was_said_meanwhile_arrives_in_order_and_once() {
    let mut world = world();
    world.post(1, &lobby(), "before").unwrap();
    world.run(secs(1));
    world.clients[0].reachable = false;
    world.cut(0, Cut::Delivered);
    world.run(secs(1));
    world.post(0, &lobby(), "from afar").unwrap();
    for text in ["one", "two", "three"] {
        world.post(1, &lobby(), text).unwrap();
    }
    world.run(secs(60));
    world.clients[0].reachable = true;
    world.run(secs(10));
    let expected = ["before", "one", "two", "three", "from afar"];
    for told in [&world.told, &world.clients[0].told, &world.clients[1].told] {
        assert_eq!(texts(told, &lobby()), expected);
    }
    assert!(messages(&world.clients[0].told, &lobby()).all(|message| !message.is_replayed()));
}

#[test]
fn a_short_cut_is_no_news_to_the_others() {
    let mut world = world();
    world.clients[1].told.clear();
    world.cut(0, Cut::Lost);
    world.run(secs(4));
    assert!(world.clients[0].client.is_connected());
    world.run(secs(200));
    assert_eq!(world.clients[1].told, []);
}

#[test]
fn a_long_cut_is_told_and_over_two_minutes_ends_the_membership() {
    let mut world = world();
    world.clients[0].reachable = false;
    world.clients[1].told.clear();
    world.cut(0, Cut::Lost);
    world.run(secs(130));
    let ana = world.clients[0].client.me();
    let told = &world.clients[1].told;
    assert!(
        matches!(&told[..], [
        Event::Presence { status: Status::Unreachable, .. },
        Event::Presence { peer, status: Status::Offline, .. },
        Event::PeerLeft { peer: left, reason: LeaveReason::TimedOut, .. },
    ] if (peer, left) == (&ana, &ana)),
        "{told:?}"
    );
    world.clients[1].told.clear();
    world.clients[0].reachable = true;
    world.run(secs(10));
    let told = &world.clients[1].told;
    assert!(
        matches!(&told[..], [
        Event::Presence { peer, status: Status::Online, .. },
        Event::PeerJoined { peer: joined, .. },
    ] if (peer, joined) == (&ana, &ana)),
        "{told:?}"
    );
    assert_eq!(connected(&world.clients[0].told), [false, true], "the host still knew it");
    world.post(0, &lobby(), "back").unwrap();
    world.run(secs(1));
    assert_eq!(texts(&world.clients[1].told, &lobby()), ["back"]);
}

#[test]
fn a_cut_that_only_one_side_notices_is_mended_as_well() {
    for cut in [Cut::Silent, Cut::Host, Cut::Client] {
        let mut world = world();
        world.cut(0, cut);
        world.post(0, &lobby(), "into the dark").unwrap();
        world.run(secs(40));
        assert!(world.clients[0].client.is_connected(), "{cut:?}");
        assert_eq!(texts(&world.clients[1].told, &lobby()), ["into the dark"], "{cut:?}");
        assert_eq!(outcomes(&world.clients[0].told), [true], "{cut:?}");
        assert_eq!(world.host.link_count(), 2, "{cut:?}");
    }
}

#[test]
fn both_sides_give_up_a_silent_link_after_fifteen_seconds() {
    let mut world = world();
    world.clients[0].reachable = false;
    world.cut(0, Cut::Silent);
    world.run(secs(13));
    assert_eq!(world.host.link_count(), 2);
    assert!(world.clients[0].client.is_connected());
    world.run(secs(3));
    assert_eq!(world.host.link_count(), 1);
    let silent = |event: &Event| match event {
        Event::Disconnected { cause, .. } | Event::LinkClosed { cause, .. } => {
            *cause == Ended::Here(CloseReason::Silent)
        }
        _ => false,
    };
    assert!(world.clients[0].told.iter().any(silent));
    assert!(world.told.iter().any(silent));
}

#[test]
fn a_client_that_comes_back_on_a_new_link_before_the_old_one_is_found_dead_goes_on_at_once() {
    let mut world = world();
    world.clients[1].told.clear();
    world.cut(0, Cut::Client);
    world.run(secs(2));
    world.post(0, &lobby(), "already back").unwrap();
    world.run(secs(60));
    assert_eq!(world.clients[1].told.len(), 1, "{:?}", world.clients[1].told);
    assert_eq!(connected(&world.clients[0].told), [false, true]);
}

#[test]
fn a_host_that_lost_its_memory_is_told_apart_and_nothing_is_delivered_twice() {
    let mut world = world();
    world.client(0, |client| client.join(&den(), JoinFrom::Start)).unwrap();
    for text in ["one", "two"] {
        world.post(0, &lobby(), text).unwrap();
    }
    world.run(secs(1));
    // Ana does not hear that her third message was logged; ben has it.
    world.clients[0].reads = false;
    world.post(0, &lobby(), "three").unwrap();
    world.run(secs(1));
    world.restart_host(host(), 2);
    world.clients[0].reads = true;
    world.cut(0, Cut::Lost);
    world.post(1, &lobby(), "four").unwrap();
    world.run(secs(60));

    for node in &world.clients {
        assert_eq!(connected(&node.told), [false, false], "another host is another session");
        assert!(node.told.contains(&Event::HistoryLost { room: lobby() }));
        let mut heard: Vec<String> = texts(&node.told, &lobby());
        heard.sort();
        assert_eq!(heard, ["four", "one", "three", "two"], "each once");
    }
    assert!(world.clients[0].told.contains(&Event::HistoryLost { room: den() }));
    assert_eq!(outcomes(&world.clients[0].told), [true; 3]);
    assert_eq!(outcomes(&world.clients[1].told), [true]);
    let mut kept = texts(&world.clients[1].told, &lobby());
    kept.retain(|text| text == "three");
    assert_eq!(kept.len(), 1, "it was logged in both lives");
    assert_eq!(world.host.members(&lobby()).count(), 3);
}

#[test]
fn a_room_left_without_a_link_is_left_once_there_is_one() {
    let mut world = world();
    for client in 0..2 {
        world.client(client, |round| round.join(&den(), JoinFrom::Head)).unwrap();
    }
    world.run(secs(1));
    world.clients[0].reachable = false;
    world.cut(0, Cut::Lost);
    world.client(0, |round| round.leave(&den())).unwrap();
    world.run(secs(10));
    assert_eq!(world.host.members(&den()).count(), 2);
    world.clients[0].reachable = true;
    world.run(secs(10));
    assert_eq!(world.host.members(&den()).count(), 1);
    assert_eq!(world.clients[1].client.members(&den()).count(), 1);
    assert!(world.clients[0].told.contains(&Event::RoomLeft { room: den() }));
}

/// The host is played here: it says what it likes.
#[test]
fn what_a_gap_took_is_shown_when_it_is_said_again_in_another_log_and_what_was_shown_is_not() {
    let mut bench = Bench::in_lobby();
    let gap = ToClient::Gap { room: LOBBY, to: Seq(3), reason: GapReason::Retention, chain: None };
    bench.hear_all(&[entry(1, ANA, 1, "shown"), gap, entry(4, ANA, 4, "shown")]);
    assert_eq!(texts(&bench.told(), &lobby()), ["shown", "shown"]);
    bench.reconnect();
    bench.hear(&ToClient::Welcome(Welcome { life: life(9), ..welcome() }));
    bench.roster();
    bench.hear(&ToClient::Joined(Joined { epoch: life(10), members: [ME, ANA].into(), ..joined(&lobby(), 1, 0) }));
    let again = [(1, "shown"), (2, "missed"), (3, "missed too"), (4, "shown"), (5, "new")];
    bench.hear_all(&again.map(|(number, text)| entry(number, ANA, number, text)));
    assert_eq!(texts(&bench.told(), &lobby()), ["missed", "missed too", "new"]);
}

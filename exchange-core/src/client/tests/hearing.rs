//! What the application is told of what the host says.

use alloc::{vec, vec::Vec};

use super::{ANA, Bench, LOBBY, ME, ana, den, entry, host_entry, joined, life, welcome, went};
use crate::{
    event::Event,
    ids::{Cmid, MemberId, PeerId, ProducerId, Rev, RoomId, Seq},
    message::{Body, Entry, GapReason, JoinFrom, Joined, LeaveReason, MemberRecord, Status, ToClient, Welcome},
    name::RoomName,
    testing,
    time::Timestamp,
};

const BEN: MemberId = MemberId(3);

fn ben(status: Status) -> MemberRecord {
    let nick = "ben".parse().unwrap();
    MemberRecord { member: BEN, producer: ProducerId::from_bytes([3; 8]), nick, ..ana(status) }
}

fn came(seq: u64, record: &MemberRecord) -> ToClient {
    let (peer, producer, nick) = (record.peer, record.producer, record.nick.clone());
    host_entry(seq, record.member, Body::Join { peer, producer, nick })
}

fn presence(told: &[Event]) -> Vec<(&str, Status)> {
    let news = |event| match event {
        &Event::Presence { ref peer, status, .. } => Some((peer.nick.as_str(), status)),
        _ => None,
    };
    told.iter().filter_map(news).collect()
}

/// A client that comes into a lobby where there were ten entries, and is told the last five.
fn late() -> Bench {
    let mut bench = Bench::new();
    bench.arrive();
    bench.hear(&ToClient::Welcome(welcome()));
    bench.roster();
    let (after, members) = (Seq(5), vec![ME, ANA]);
    bench.hear(&ToClient::Joined(Joined { after, members, ..joined(&RoomName::lobby(), LOBBY.0, 10) }));
    bench.told();
    bench
}

#[test]
fn whoever_says_that_their_client_has_the_number_of_another_is_taken_for_nobody_else() {
    let mut bench = Bench::in_lobby();
    bench.told();
    let (mine, peer) = (bench.client.producer, PeerId::from_bytes([9; 16]));
    let [like_me, like_ana] = [(7, mine), (8, ana(Status::Online).producer)].map(|(member, producer)| {
        let nick = alloc::format!("eve {member}").parse().unwrap();
        MemberRecord { member: MemberId(member), peer, producer, nick, ..ana(Status::Online) }
    });
    bench.hear(&ToClient::Roster { rev: Rev(3), members: [like_me, like_ana].into() });
    let said = [(7, 1), (8, 50), (ANA.0, 1)]
        .iter()
        .zip(1..)
        .map(|((author, cmid), seq)| entry(seq, MemberId(*author), *cmid, "hi"));
    bench.hear_all(&said.collect::<Vec<_>>());
    let told = bench.told();
    let messages =
        told.iter().filter_map(|event| if let Event::Message(message) = event { Some(message) } else { None });
    let by: Vec<_> = messages.map(|message| (message.sender().id, message.is_mine())).collect();
    assert_eq!(by, [(peer, false), (peer, false), (ana(Status::Online).peer, false)]);
}

#[test]
fn a_message_comes_with_its_place_its_sender_and_whether_it_is_ones_own() {
    let mut bench = Bench::in_lobby();
    bench.post(&RoomName::lobby(), "mine").unwrap();
    bench.told();
    bench.hear_all(&[entry(1, ANA, 7, "hers"), entry(2, ME, 1, "mine")]);
    let told = bench.told();
    let lobby = RoomName::lobby();
    let messages: Vec<_> = testing::messages(&told, &lobby).collect();
    let facts = messages.iter().map(|m| (m.seq(), &*m.sender().nick, m.text(), m.is_mine(), m.is_replayed()));
    let (hers, mine) = ((Seq(1), "ana", "hers", false, false), (Seq(2), "me", "mine", true, false));
    assert_eq!(facts.collect::<Vec<_>>(), [hers, mine]);
    assert_eq!((messages[0].id().cmid, messages[0].timestamp()), (Cmid(7), Timestamp::from_millis(1)));
    assert_eq!(messages[1].id().producer, bench.client.producer);
}

#[test]
fn what_was_said_before_joining_is_marked_as_replayed() {
    let mut bench = late();
    bench.hear_all(&[entry(6, ANA, 1, "old"), went(7, ANA), came(8, &ana(Status::Online)), entry(9, ANA, 2, "old")]);
    bench.hear_all(&[went(10, ME), entry(11, ANA, 3, "new")]);
    let replayed: Vec<(u64, bool)> = bench
        .told()
        .iter()
        .filter_map(|event| match event {
            Event::Message(message) => Some((message.seq().0, message.is_replayed())),
            Event::PeerJoined { seq, replayed, .. } | Event::PeerLeft { seq, replayed, .. } => Some((seq.0, *replayed)),
            _ => None,
        })
        .collect();
    assert_eq!(replayed, [(6, true), (7, true), (8, true), (9, true), (11, false)]);
    assert_eq!(bench.client.members(&RoomName::lobby()).count(), 2, "history changes nobody's membership");
}

#[test]
fn who_is_a_member_was_told_with_the_last_entry_of_history_in_it() {
    let mut bench = late();
    bench.hear(&ToClient::Roster { rev: Rev(3), members: vec![ben(Status::Online)] });
    bench.hear(&ToClient::Gap { room: LOBBY, to: Seq(9), reason: GapReason::Retention, chain: None });
    bench.hear(&came(10, &ben(Status::Online)));
    assert_eq!(bench.client.members(&RoomName::lobby()).count(), 2);
}

#[test]
fn members_come_and_go_as_the_log_says() {
    let mut bench = Bench::in_lobby();
    bench.hear(&ToClient::Roster { rev: Rev(3), members: vec![ben(Status::Online)] });
    bench.told();
    bench.hear(&came(1, &ben(Status::Online)));
    let told = bench.told();
    assert!(matches!(&told[..], [Event::PeerJoined { peer, replayed: false, .. }] if &*peer.nick == "ben"), "{told:?}");
    assert_eq!(bench.client.members(&RoomName::lobby()).count(), 3);
    bench.hear(&went(2, BEN));
    let told = bench.told();
    assert!(matches!(&told[..], [Event::PeerLeft { reason: LeaveReason::TimedOut, .. }]), "{told:?}");
    assert_eq!(bench.client.members(&RoomName::lobby()).count(), 2);
}

#[test]
fn how_things_stand_at_the_beginning_is_no_news_and_what_changes_is() {
    let mut bench = Bench::in_lobby();
    assert_eq!(presence(&bench.told()), []);
    assert_eq!(bench.client.people().count(), 2);
    bench.hear(&ToClient::Roster { rev: Rev(4), members: vec![ben(Status::Offline), ben(Status::Online)] });
    assert_eq!(presence(&bench.told()), [("ben", Status::Online)]);
    bench.hear(&ToClient::Roster { rev: Rev(5), members: vec![ana(Status::Offline)] });
    assert_eq!(presence(&bench.told()), [("ana", Status::Offline)]);
    bench.hear(&ToClient::Roster { rev: Rev(6), members: vec![ana(Status::Offline)] });
    assert_eq!(presence(&bench.told()), []);
    assert_eq!(
        bench.client.people().map(|person| person.peer.nick).collect::<Vec<_>>(),
        ["me".parse().unwrap(), "ben".parse().unwrap()]
    );
}

#[test]
fn whoever_comes_after_the_beginning_is_news_with_the_first_word_of_them() {
    let mut bench = Bench::in_lobby();
    bench.told();
    bench.hear(&ToClient::Roster { rev: Rev(3), members: vec![ben(Status::Online)] });
    assert_eq!(presence(&bench.told()), [("ben", Status::Online)]);
}

#[test]
fn a_snapshot_that_holds_news_from_right_after_the_welcome_is_still_how_things_stand() {
    let mut bench = Bench::new();
    bench.arrive();
    bench.hear(&ToClient::Welcome(Welcome { roster: Rev(2), ..welcome() }));
    let members = vec![bench.me(), ana(Status::Online), ben(Status::Online)];
    bench.hear(&ToClient::Roster { rev: Rev(3), members });
    assert_eq!(presence(&bench.told()), []);
    bench.hear(&ToClient::Roster { rev: Rev(4), members: vec![ben(Status::Offline)] });
    assert_eq!(presence(&bench.told()), [("ben", Status::Offline)]);
}

#[test]
fn what_changed_while_the_client_was_away_is_told_when_it_is_back() {
    let mut bench = Bench::in_lobby();
    bench.reconnect();
    bench.hear(&ToClient::Welcome(Welcome { roster: Rev(9), ..welcome() }));
    bench.told();
    let members = vec![bench.me(), ana(Status::Offline), ben(Status::Online)];
    bench.hear(&ToClient::Roster { rev: Rev(9), members });
    assert_eq!(presence(&bench.told()), [("ana", Status::Offline)], "ben is new to it, and stands as he stands");
}

#[test]
fn whom_the_host_has_forgotten_meanwhile_is_not_there() {
    let mut bench = Bench::in_lobby();
    bench.reconnect();
    bench.hear(&ToClient::Welcome(Welcome { roster: Rev(9), ..welcome() }));
    bench.told();
    bench.hear(&ToClient::Roster { rev: Rev(8), members: vec![ben(Status::Online)] });
    assert_eq!(presence(&bench.told()), [], "the host has not told of everybody yet");
    bench.hear(&ToClient::Roster { rev: Rev(9), members: vec![bench.me()] });
    assert_eq!(presence(&bench.told()), [("ana", Status::Offline)]);
    assert_eq!(bench.client.people().count(), 2);
}

#[test]
fn a_gap_is_told_with_both_its_ends() {
    let mut bench = late();
    bench.hear(&ToClient::Gap { room: LOBBY, to: Seq(8), reason: GapReason::Retention, chain: None });
    let (room, from, to, reason) = (RoomName::lobby(), Seq(6), Seq(8), GapReason::Retention);
    assert_eq!(bench.told(), [Event::Gap { room, from, to, reason }]);
    bench.hear(&entry(9, ANA, 1, "next"));
    assert_eq!(bench.told().len(), 1);
}

#[test]
fn who_is_there_is_known_again_when_a_gap_is_told() {
    let mut bench = late();
    bench.hear(&ToClient::Roster { rev: Rev(3), members: vec![ben(Status::Online)] });
    bench.told();
    let (after, members) = (Seq(5), vec![ME, BEN]);
    bench.hear(&ToClient::Joined(Joined { after, members, ..joined(&RoomName::lobby(), LOBBY.0, 20) }));
    assert_eq!(bench.told(), [], "the gap is the news");
    let nicks: Vec<_> = bench.client.members(&RoomName::lobby()).map(|peer| peer.nick).collect();
    assert_eq!(nicks, ["me".parse().unwrap(), "ben".parse().unwrap()]);
    bench.hear(&ToClient::Gap { room: LOBBY, to: Seq(18), reason: GapReason::Retention, chain: None });
    bench.hear(&entry(19, BEN, 1, "after it"));
    let told = bench.told();
    assert!(matches!(&told[..], [Event::Gap { .. }, Event::Message(message)] if !message.is_replayed()), "{told:?}");
}

#[test]
fn an_unknown_kind_of_entry_is_handed_on_whole_and_counts() {
    let mut bench = Bench::in_lobby();
    bench.told();
    let body = Body::Opaque { kind: 700, payload: bytes::Bytes::from_static(b"later") };
    bench.hear_all(&[host_entry(1, ANA, body.clone()), entry(2, ANA, 1, "text")]);
    let told = bench.told();
    let bodies: Vec<Body> =
        testing::messages(&told, &RoomName::lobby()).map(|message| message.body().clone()).collect();
    assert_eq!(bodies, [body, Body::text("text")]);
}

#[test]
fn a_resumed_room_goes_on_where_it_was_and_is_told_as_resumed() {
    let mut bench = Bench::in_lobby();
    bench.hear(&entry(1, ANA, 1, "before"));
    bench.reconnect();
    bench.hear(&ToClient::Welcome(welcome()));
    bench.roster();
    bench.told();
    let after = Seq(1);
    bench.hear(&ToClient::Joined(Joined { after, members: vec![ME], ..joined(&RoomName::lobby(), LOBBY.0, 3) }));
    bench.hear_all(&[entry(2, ANA, 2, "meanwhile"), entry(3, ANA, 3, "meanwhile")]);
    let told = bench.told();
    assert!(matches!(told[0], Event::RoomJoined { resumed: true, .. }), "{told:?}");
    assert!(testing::messages(&told, &RoomName::lobby()).all(|message| !message.is_replayed()), "they are news to it");
    assert_eq!(testing::texts(&told, &RoomName::lobby()).len(), 2);
}

#[test]
fn a_new_log_is_told_before_anything_from_it_and_of_old_messages_in_it_those_that_were_not_in_the_other() {
    let mut bench = Bench::in_lobby();
    // The second was refused.
    bench.hear_all(&[entry(1, ANA, 1, "one"), entry(2, ANA, 3, "three")]);
    bench.reconnect();
    bench.told();
    bench.hear(&ToClient::Welcome(Welcome { life: life(7), ..welcome() }));
    assert!(matches!(bench.told()[..], [Event::Connected { resumed: false, .. }]));
    bench.roster();
    let (epoch, after) = (life(8), Seq(0));
    bench.hear(&ToClient::Joined(Joined { epoch, after, members: vec![ME], ..joined(&RoomName::lobby(), 1, 2) }));
    bench.hear_all(&[entry(1, ANA, 2, "two"), entry(2, ANA, 3, "three"), entry(3, ANA, 4, "four")]);
    let told = bench.told();
    assert_eq!(told[0], Event::HistoryLost { room: RoomName::lobby() });
    assert!(matches!(told[1], Event::RoomJoined { resumed: false, .. }), "it is not taken up where it was left");
    assert_eq!(testing::texts(&told, &RoomName::lobby()), ["two", "four"]);
}

#[test]
fn the_last_messages_of_four_thousand_producers_are_remembered_and_of_no_more() {
    let mut bench = Bench::in_lobby();
    let record = |number: u32| {
        let producer = ProducerId::from_bytes(u64::from(number).to_be_bytes());
        MemberRecord { member: MemberId(number), producer, ..ana(Status::Online) }
    };
    for page in 1..=5 {
        let members = (page * 1000..(page + 1) * 1000).map(record).collect();
        bench.hear(&ToClient::Roster { rev: Rev(2 + u64::from(page)), members });
    }
    let said: Vec<ToClient> =
        (1..=4096).zip(1000..).map(|(seq, author)| entry(seq, MemberId(author), 1, "once")).collect();
    bench.hear_all(&said);
    bench.told();
    bench.hear(&entry(4097, MemberId(1000), 1, "once"));
    assert_eq!(bench.told(), [], "the oldest is remembered");
    bench.hear_all(&[entry(4098, MemberId(5999), 1, "one more"), entry(4099, MemberId(1000), 1, "once")]);
    assert_eq!(testing::texts(&bench.told(), &RoomName::lobby()), ["one more", "once"]);
}

#[test]
fn nothing_in_a_new_log_is_history_to_a_client_that_was_there() {
    let mut bench = late();
    bench.reconnect();
    bench.hear(&ToClient::Welcome(Welcome { life: life(7), ..welcome() }));
    bench.roster();
    let (epoch, after) = (life(8), Seq(0));
    bench.hear(&ToClient::Joined(Joined { epoch, after, members: vec![ME], ..joined(&RoomName::lobby(), 1, 2) }));
    bench.told();
    bench.hear(&entry(1, ANA, 1, "said while it was away"));
    assert!(testing::messages(&bench.told(), &RoomName::lobby()).all(|message| !message.is_replayed()));
}

#[test]
fn rooms_are_told_apart_by_their_numbers() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.hear(&ToClient::Joined(joined(&den(), 2, 0)));
    let ToClient::Entry(elsewhere) = entry(1, ANA, 1, "in the den") else { panic!("no entry") };
    bench.hear_all(&[entry(1, ANA, 1, "in the lobby"), ToClient::Entry(Entry { room: RoomId(2), ..elsewhere })]);
    assert_eq!(testing::texts(&bench.told, &RoomName::lobby()), ["in the lobby"]);
    assert_eq!(testing::texts(&bench.told, &den()), ["in the den"]);
}

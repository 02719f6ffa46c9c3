//! Joining and leaving, also while the link or the answer is not there yet.

use alloc::{vec, vec::Vec};

use super::{ANA, Bench, LOBBY, ME, config, den, disconnects, entry, joined, welcome};
use crate::{
    client::ClientConfig,
    event::Event,
    ids::{Cmid, RoomId, Seq},
    message::{JoinFrom, Joined, ToClient, ToHost, Welcome},
    name::RoomName,
    reason::Refusal,
};

const DEN: RoomId = RoomId(2);

fn join_den(bench: &mut Bench, from: JoinFrom) {
    bench.round(|round| round.join(&den(), from)).unwrap();
}

fn leave_den(bench: &mut Bench) {
    bench.round(|round| round.leave(&den())).unwrap();
}

fn in_den() -> Bench {
    let mut bench = Bench::in_lobby();
    join_den(&mut bench, JoinFrom::Head);
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 0)));
    bench.said();
    bench.told();
    bench
}

fn asked(said: &[ToHost]) -> Vec<&str> {
    said.iter().filter_map(|said| if let ToHost::Join { room, .. } = said { Some(&**room) } else { None }).collect()
}

#[test]
fn the_lobby_is_asked_for_first_and_with_what_the_application_wants_of_it() {
    let mut bench = Bench::with(ClientConfig { lobby_from: JoinFrom::Last(7), ..config() }, 1);
    bench.round(|round| round.join(&"a room".parse().unwrap(), JoinFrom::Start)).unwrap();
    bench.arrive();
    bench.hear(&ToClient::Welcome(welcome()));
    assert_eq!(asked(&bench.said)[..1], ["lobby"]);
    let first = bench.said.iter().find(|said| matches!(said, ToHost::Join { .. })).unwrap();
    assert!(matches!(first, ToHost::Join { from: JoinFrom::Last(7), settled: Cmid(0), sent: Cmid(0), .. }));
}

#[test]
fn a_room_is_known_by_the_name_it_was_opened_with_whichever_it_was_asked_for_by() {
    let mut bench = Bench::in_lobby();
    bench.round(|round| round.join(&"DEN".parse().unwrap(), JoinFrom::Head)).unwrap();
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 0)));
    assert_eq!(bench.client.rooms().map(RoomName::as_str).collect::<Vec<_>>(), ["den", "lobby"]);
    bench.post(&"Den".parse().unwrap(), "hello").unwrap();
    assert!(bench.said().iter().any(|said| matches!(said, ToHost::Send { room: DEN, .. })));
}

#[test]
fn only_so_many_rooms_are_asked_for_at_once() {
    let mut bench = Bench::in_lobby();
    bench.said();
    let name = |number: u32| RoomName::new(&alloc::format!("room {number}")).unwrap();
    bench.round(|round| (2..30).for_each(|number| round.join(&name(number), JoinFrom::Head).unwrap()));
    assert_eq!(asked(&bench.said()).len(), 8);
    bench.hear(&ToClient::Joined(joined(&name(10), 10, 0)));
    bench.hear(&ToClient::JoinRefused { room: name(11), refusal: Refusal::RoomFull });
    assert_eq!(asked(&bench.said()).len(), 2);
}

#[test]
fn a_room_is_joined_when_the_host_says_so_and_with_whom() {
    let mut bench = Bench::in_lobby();
    bench.told();
    bench.said();
    join_den(&mut bench, JoinFrom::Head);
    assert_eq!(asked(&bench.said()), ["den"]);
    assert_eq!(bench.told(), []);
    bench.hear(&ToClient::Joined(Joined { members: vec![ME, ANA], ..joined(&den(), DEN.0, 5) }));
    let told = bench.told();
    let [Event::RoomJoined { room, members, resumed: false }] = &told[..] else { panic!("not joined but {told:?}") };
    assert_eq!((room, members.len()), (&den(), 2));
    assert_eq!(bench.client.members(&den()).count(), 2);
    join_den(&mut bench, JoinFrom::Start);
    assert_eq!((bench.told(), bench.said()), (vec![], vec![]), "it is there already");
}

#[test]
fn a_refused_room_is_told_and_forgotten_and_may_be_asked_for_again() {
    let mut bench = Bench::in_lobby();
    join_den(&mut bench, JoinFrom::Head);
    bench.told();
    bench.hear(&ToClient::JoinRefused { room: den(), refusal: Refusal::TooManyRooms });
    assert_eq!(bench.told(), [Event::RoomRefused { room: den(), refusal: Refusal::TooManyRooms }]);
    assert_eq!(bench.client.rooms().count(), 1);
    bench.said();
    join_den(&mut bench, JoinFrom::Head);
    assert_eq!(asked(&bench.said()), ["den"]);
}

#[test]
fn nobody_leaves_the_lobby_or_a_room_it_is_not_in() {
    let mut bench = Bench::in_lobby();
    assert_eq!(bench.round(|round| round.leave(&RoomName::lobby())), Err(Refusal::Lobby));
    assert_eq!(bench.round(|round| round.leave(&den())), Err(Refusal::NotMember));
}

#[test]
fn a_room_is_left_when_the_host_says_so_and_what_is_on_its_way_from_there_is_ignored() {
    let mut bench = in_den();
    leave_den(&mut bench);
    assert_eq!(bench.said(), [ToHost::Leave { room: DEN }]);
    let ToClient::Entry(late) = entry(1, ANA, 1, "late") else { panic!("no entry") };
    bench.hear(&ToClient::Entry(crate::message::Entry { room: DEN, ..late }));
    bench.hear(&ToClient::Gap { room: DEN, to: Seq(9), reason: crate::GapReason::Retention, chain: None });
    assert_eq!(bench.told(), []);
    bench.hear(&ToClient::Parted { room: DEN });
    assert_eq!(bench.told(), [Event::RoomLeft { room: den() }]);
    assert_eq!(bench.closed, []);
}

#[test]
fn a_room_that_is_left_and_joined_again_at_once_is_left_and_joined_and_no_number_is_used_twice() {
    let mut bench = in_den();
    bench.post(&den(), "one").unwrap();
    bench.told();
    bench.said();
    leave_den(&mut bench);
    join_den(&mut bench, JoinFrom::Head);
    assert_eq!(bench.post(&den(), "two").map(|id| id.cmid), Ok(Cmid(2)));
    let said = bench.said();
    let [ToHost::Leave { room: DEN }, ToHost::Join { settled: Cmid(1), sent: Cmid(1), from: JoinFrom::Head, .. }] =
        said[..]
    else {
        panic!("not a leave and a join but {said:?}")
    };
    bench.told();
    bench.hear_all(&[ToClient::Parted { room: DEN }, ToClient::Joined(joined(&den(), DEN.0, 4))]);
    let told = bench.told();
    assert!(matches!(told[..], [Event::RoomLeft { .. }, Event::RoomJoined { resumed: false, .. }]), "{told:?}");
    assert_eq!(super::sent(&bench.said()), [2]);
}

#[test]
fn what_was_said_of_a_room_before_it_was_left_is_no_answer_to_the_wish_to_be_in_it_again() {
    let mut bench = in_den();
    leave_den(&mut bench);
    join_den(&mut bench, JoinFrom::Start);
    // Said before a gap, and on its way since before the room was left.
    bench.hear(&ToClient::Joined(Joined { head: Seq(9), ..joined(&den(), DEN.0, 0) }));
    assert_eq!(bench.told(), []);
    bench.hear(&ToClient::Parted { room: DEN });
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 3)));
    assert!(matches!(&bench.told()[..], [Event::RoomLeft { .. }, Event::RoomJoined { resumed: false, .. }]));
    assert_eq!(disconnects(&bench.told), []);
}

#[test]
fn what_was_said_of_a_room_before_it_was_left_does_not_end_a_wish_that_was_given_up_since() {
    let mut bench = in_den();
    leave_den(&mut bench);
    join_den(&mut bench, JoinFrom::Start);
    leave_den(&mut bench);
    bench.said();
    bench.hear(&ToClient::Joined(Joined { head: Seq(9), ..joined(&den(), DEN.0, 0) }));
    assert_eq!(bench.said(), [], "it is being left already");
    bench.hear(&ToClient::Parted { room: DEN });
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 3)));
    assert_eq!(bench.said(), [ToHost::Leave { room: DEN }]);
    assert_eq!(disconnects(&bench.told), []);
}

#[test]
fn a_leave_that_was_lost_with_the_link_is_said_again() {
    let mut bench = in_den();
    leave_den(&mut bench);
    bench.reconnect();
    bench.told();
    bench.hear(&ToClient::Welcome(welcome()));
    assert!(bench.said().contains(&ToHost::Leave { room: DEN }));
    bench.hear(&ToClient::Parted { room: DEN });
    assert!(bench.told().contains(&Event::RoomLeft { room: den() }));
}

#[test]
fn a_room_that_is_left_without_a_link_is_left_when_there_is_one() {
    let mut bench = in_den();
    bench.down(crate::LinkLoss::Broken);
    bench.told();
    leave_den(&mut bench);
    assert_eq!(bench.told(), [], "the host does not know yet");
    bench.redial();
    bench.arrive();
    bench.hear(&ToClient::Welcome(welcome()));
    let said = bench.said();
    assert!(said.contains(&ToHost::Leave { room: DEN }), "{said:?}");
    assert_eq!(asked(&said), ["lobby"]);
    bench.hear(&ToClient::Parted { room: DEN });
    assert!(bench.told().contains(&Event::RoomLeft { room: den() }));
}

#[test]
fn a_room_that_was_left_without_a_link_is_left_for_good_when_the_host_has_lost_its_memory() {
    let mut bench = in_den();
    bench.down(crate::LinkLoss::Broken);
    leave_den(&mut bench);
    bench.redial();
    bench.arrive();
    bench.told();
    bench.hear(&ToClient::Welcome(Welcome { life: super::life(7), ..welcome() }));
    assert!(bench.told().contains(&Event::RoomLeft { room: den() }));
    assert!(
        !bench.said().iter().any(|said| matches!(said, ToHost::Leave { .. })),
        "numbers of another life mean nothing"
    );
}

#[test]
fn a_number_of_another_life_is_never_said() {
    let mut bench = in_den();
    bench.reconnect();
    bench.hear(&ToClient::Welcome(Welcome { life: super::life(7), ..welcome() }));
    bench.down(crate::LinkLoss::Broken);
    leave_den(&mut bench);
    bench.redial();
    bench.arrive();
    bench.hear(&ToClient::Welcome(Welcome { life: super::life(7), ..welcome() }));
    let said = bench.said();
    assert!(!said.iter().any(|said| matches!(said, ToHost::Leave { .. })), "{said:?}");
    assert_eq!(asked(&said), ["lobby", "den"], "it was asked for in this life");
}

#[test]
fn a_room_that_is_left_before_the_host_has_answered_is_left_when_it_has() {
    let mut bench = Bench::in_lobby();
    join_den(&mut bench, JoinFrom::Head);
    bench.post(&den(), "never sent").unwrap();
    bench.said();
    bench.told();
    leave_den(&mut bench);
    assert!(matches!(bench.told()[..], [Event::Receipt { .. }]));
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 4)));
    assert_eq!((bench.told(), bench.said()), (vec![], vec![ToHost::Leave { room: DEN }]));
    bench.hear(&ToClient::Parted { room: DEN });
    assert_eq!(bench.told(), [Event::RoomLeft { room: den() }]);
    assert_eq!(disconnects(&bench.told), []);
}

#[test]
fn a_room_that_is_left_before_the_host_has_refused_it_is_left_when_it_has() {
    let mut bench = Bench::in_lobby();
    join_den(&mut bench, JoinFrom::Head);
    leave_den(&mut bench);
    bench.told();
    bench.hear(&ToClient::JoinRefused { room: den(), refusal: Refusal::RoomFull });
    assert_eq!(bench.told(), [Event::RoomLeft { room: den() }]);
}

#[test]
fn a_room_that_is_left_and_joined_again_before_the_host_has_answered_is_asked_for_anew() {
    let mut bench = Bench::in_lobby();
    join_den(&mut bench, JoinFrom::Head);
    leave_den(&mut bench);
    join_den(&mut bench, JoinFrom::Start);
    bench.told();
    bench.said();
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 4)));
    let said = bench.said();
    assert!(matches!(said[..], [ToHost::Leave { room: DEN }, ToHost::Join { from: JoinFrom::Start, .. }]), "{said:?}");
    bench.hear_all(&[ToClient::Parted { room: DEN }, ToClient::Joined(joined(&den(), DEN.0, 6))]);
    let told = bench.told();
    assert!(matches!(told[..], [Event::RoomLeft { .. }, Event::RoomJoined { .. }]), "{told:?}");
}

#[test]
fn a_room_that_is_left_while_its_join_is_lost_with_the_link_is_found_out_about_and_left() {
    let mut bench = Bench::in_lobby();
    join_den(&mut bench, JoinFrom::Head);
    leave_den(&mut bench);
    bench.reconnect();
    bench.told();
    bench.hear(&ToClient::Welcome(welcome()));
    assert_eq!(asked(&bench.said()), ["lobby", "den"], "the host may have made it a member");
    bench.roster();
    bench.hear(&ToClient::Joined(Joined { members: vec![ME, ANA], ..joined(&RoomName::lobby(), LOBBY.0, 0) }));
    bench.hear(&ToClient::Joined(joined(&den(), DEN.0, 4)));
    assert_eq!(bench.said(), [ToHost::Leave { room: DEN }]);
    bench.hear(&ToClient::Parted { room: DEN });
    assert_eq!(bench.told().last(), Some(&Event::RoomLeft { room: den() }));
}

#[test]
fn a_room_whose_join_was_lost_with_the_link_is_found_out_about_and_left_when_it_is_left_after_that() {
    let mut bench = Bench::in_lobby();
    join_den(&mut bench, JoinFrom::Head);
    bench.down(crate::LinkLoss::Broken);
    bench.told();
    leave_den(&mut bench);
    assert_eq!(bench.told(), []);
    bench.redial();
    bench.arrive();
    bench.hear(&ToClient::Welcome(welcome()));
    assert_eq!(asked(&bench.said()), ["lobby", "den"], "the host may have made it a member");
}

#[test]
fn a_room_that_was_only_wanted_is_left_at_once() {
    let mut bench = Bench::new();
    join_den(&mut bench, JoinFrom::Head);
    leave_den(&mut bench);
    assert_eq!(bench.told(), [Event::RoomLeft { room: den() }]);
    bench.arrive();
    bench.hear(&ToClient::Welcome(welcome()));
    assert_eq!(asked(&bench.said()), ["lobby"]);
}

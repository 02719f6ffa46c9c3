//! Pages: what is asked for, what is believed, and what becomes of it when the link or the room is lost.

use alloc::{string::String, vec, vec::Vec};

use super::{ANA, Bench, LOBBY, ME, den, disconnects, entry, joined, life, secs, welcome};
use crate::{
    client::ClientConfig,
    event::{Ended, Event, Page, PageId},
    host::HostConfig,
    ids::{MemberId, RoomId, Seq},
    limits::Limits,
    message::{Body, Edit, Encoding, JoinFrom, Joined, Mentions, PageFrom, ToClient, ToHost},
    name::RoomName,
    reason::{Refusal, Violation},
    testing::{Cut, World, messages},
};

fn lobby() -> RoomName {
    RoomName::lobby()
}

/// A client whose place in the lobby's log is 100.
fn at_hundred() -> Bench {
    let mut bench = Bench::new();
    bench.arrive();
    enter_at_hundred(&mut bench);
    bench
}

fn enter_at_hundred(bench: &mut Bench) {
    bench.hear(&ToClient::Welcome(welcome()));
    bench.roster();
    bench.hear(&ToClient::Joined(Joined { members: [ME, ANA].into(), ..joined(&lobby(), LOBBY.0, 100) }));
}

fn fetch(bench: &mut Bench, from: PageFrom, count: u32) -> PageId {
    bench.round(|round| round.fetch(&lobby(), from, count)).unwrap()
}

/// A head of a page in a log of which 20 to 100 can be read.
fn head(after: u64, entries: u32, more: bool) -> ToClient {
    ToClient::Page { room: LOBBY, after: Seq(after), entries, more, start: Seq(20), head: Seq(100), chain: None }
}

fn entries(seqs: core::ops::RangeInclusive<u64>) -> impl Iterator<Item = ToClient> {
    seqs.map(|seq| entry(seq, ANA, seq, &alloc::format!("{seq}")))
}

/// A whole page of these entries.
fn page(seqs: core::ops::RangeInclusive<u64>, more: bool) -> Vec<ToClient> {
    let count = u32::try_from(seqs.end() + 1 - seqs.start()).unwrap();
    core::iter::once(head(seqs.start() - 1, count, more)).chain(entries(seqs)).collect()
}

fn pages(told: &[Event]) -> Vec<(PageId, Result<Page, Refusal>)> {
    let page = |event: &Event| match event {
        Event::Page { id, page } => Some((*id, page.clone())),
        _ => None,
    };
    told.iter().filter_map(page).collect()
}

fn places(page: &Page) -> Vec<u64> {
    page.messages().iter().map(|view| view.message().seq().0).collect()
}

fn asks(said: &[ToHost]) -> Vec<(RoomId, PageFrom, u32)> {
    let ask = |said: &ToHost| match said {
        ToHost::Fetch { room, from, count } => Some((*room, *from, *count)),
        _ => None,
    };
    said.iter().filter_map(ask).collect()
}

#[test]
fn a_page_comes_in_pieces_and_is_told_as_one() {
    let mut bench = at_hundred();
    bench.said();
    let id = fetch(&mut bench, PageFrom::Before(Seq(60)), 50);
    assert_eq!(asks(&bench.said()), [(LOBBY, PageFrom::Before(Seq(60)), 50)]);
    bench.told();
    bench.hear_all(&page(30..=40, true));
    bench.hear(&entry(101, ANA, 101, "meanwhile"));
    assert_eq!(messages(&bench.told(), &lobby()).count(), 1, "live goes on, and nothing is told of half a page");
    bench.hear_all(&page(41..=59, false));
    let [(told, Ok(page))] = &pages(&bench.told())[..] else { panic!("no page") };
    assert_eq!((*told, page.after(), page.to(), page.start()), (id, Seq(29), Seq(59), Seq(20)));
    assert!(places(page).into_iter().eq(30..=59) && page.events().len() == 30);
    assert!(page.has_older() && page.has_newer());
    assert!(page.messages().iter().all(|view| view.message().is_replayed()));
    let held: Vec<u64> = bench.client.messages(&lobby()).map(|view| view.message().seq().0).collect();
    assert_eq!(
        (held, bench.client.unread(&lobby()).messages),
        ([101].into(), 1),
        "what is held and unread is as before"
    );
}

#[test]
fn a_page_that_begins_anew_is_without_what_has_gone_from_the_log() {
    let mut bench = at_hundred();
    fetch(&mut bench, PageFrom::Before(Seq(60)), 50);
    bench.hear_all(&page(30..=40, true));
    let head = ToClient::Page {
        room: LOBBY,
        after: Seq(55),
        entries: 4,
        more: false,
        start: Seq(55),
        head: Seq(100),
        chain: None,
    };
    bench.hear(&head);
    entries(56..=59).for_each(|entry| bench.hear(&entry));
    let [(_, Ok(page))] = &pages(&bench.told())[..] else { panic!("no page") };
    assert_eq!((page.after(), page.has_older(), places(page)), (Seq(55), false, [56, 57, 58, 59].into()));
}

#[test]
fn of_a_room_one_page_is_asked_for_at_a_time_and_of_all_only_so_many() {
    let mut bench = at_hundred();
    bench.said();
    let ids: Vec<PageId> = (0..16).map(|back| fetch(&mut bench, PageFrom::Before(Seq(60 - back)), 1)).collect();
    let more = bench.round(|round| round.fetch(&lobby(), PageFrom::After(Seq(1)), 1));
    assert_eq!(more, Err(Refusal::TooMany { limit: 16 }));
    assert_eq!(asks(&bench.said()).len(), 1);
    for (back, id) in (0..16).zip(ids) {
        bench.told();
        bench.hear_all(&page(59 - back..=59 - back, false));
        assert!(
            matches!(pages(&bench.told())[..], [(told, Ok(_))] if told == id),
            "in the order in which they were asked for"
        );
    }
    assert_eq!(asks(&bench.said()).len(), 15);
}

#[test]
fn a_page_that_the_host_wants_to_be_asked_for_later_is_asked_for_later() {
    let mut bench = at_hundred();
    fetch(&mut bench, PageFrom::Before(Seq(60)), 5);
    bench.said();
    bench.hear(&ToClient::FetchRefused { room: LOBBY, refusal: Refusal::RateLimited { retry_after_ms: 800 } });
    assert_eq!(asks(&bench.said()), []);
    bench.pass(secs(1));
    assert_eq!(asks(&bench.said()).len(), 1);
    bench.told();
    bench.hear_all(&page(55..=59, false));
    assert!(matches!(pages(&bench.told())[..], [(_, Ok(_))]));
}

#[test]
fn a_page_is_asked_for_again_on_the_next_link_and_from_the_start() {
    let mut bench = at_hundred();
    fetch(&mut bench, PageFrom::Before(Seq(60)), 50);
    bench.hear_all(&page(30..=40, true));
    bench.hear(&head(40, 5, true));
    bench.said();
    bench.reconnect();
    assert_eq!(pages(&bench.told()), []);
    enter_at_hundred(&mut bench);
    assert_eq!(asks(&bench.said()), [(LOBBY, PageFrom::Before(Seq(60)), 50)]);
    bench.hear_all(&page(30..=59, false));
    let [(_, Ok(page))] = &pages(&bench.told())[..] else { panic!("no page") };
    assert!(places(page).into_iter().eq(30..=59));
}

#[test]
fn whoever_waits_for_a_page_is_told_when_there_can_be_none_any_more() {
    type Ending = fn(&mut Bench);
    let endings: [(Ending, Refusal); 6] = [
        (
            |bench| bench.hear(&ToClient::FetchRefused { room: RoomId(2), refusal: Refusal::NotMember }),
            Refusal::NotMember,
        ),
        (|bench| bench.round(|round| round.leave(&den())).unwrap(), Refusal::NotMember),
        (
            |bench| bench.hear(&ToClient::Removed { room: RoomId(2), refusal: Refusal::Kicked, reason: None }),
            Refusal::NotMember,
        ),
        (
            |bench| {
                bench.round(|round| {
                    round.close();
                });
            },
            Refusal::Closed,
        ),
        (
            |bench| {
                bench.reconnect();
                enter_at_hundred(bench);
                bench.hear(&ToClient::JoinRefused { room: den(), refusal: Refusal::Private });
            },
            Refusal::Private,
        ),
        (
            |bench| {
                bench.reconnect();
                enter_at_hundred(bench);
                bench.hear(&ToClient::Joined(Joined { epoch: life(9), ..joined(&den(), 2, 3) }));
            },
            Refusal::HistoryLost,
        ),
    ];
    for (end, refusal) in endings {
        let mut bench = at_hundred();
        bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
        bench.hear(&ToClient::Joined(joined(&den(), 2, 9)));
        let ids = [3, 4].map(|seq| bench.round(|round| round.fetch(&den(), PageFrom::After(Seq(seq)), 1)).unwrap());
        bench.told();
        end(&mut bench);
        let told = pages(&bench.told());
        let all = ids.map(|id| (id, Err(refusal)));
        let is_one = refusal == Refusal::NotMember && told.len() == 1;
        assert!(told == all || is_one && told == all[..1], "{refusal:?}: {told:?}");
    }
}

#[test]
fn nobody_fetches_from_a_room_they_are_not_in() {
    let mut bench = at_hundred();
    let refused = bench.round(|round| round.fetch(&den(), PageFrom::After(Seq(0)), 1));
    assert_eq!(refused, Err(Refusal::NotMember));
    bench.round(|round| {
        round.close();
    });
    let refused = bench.round(|round| round.fetch(&lobby(), PageFrom::After(Seq(0)), 1));
    assert_eq!(refused, Err(Refusal::Closed));
}

#[test]
fn pages_of_a_room_that_is_being_left_are_ignored() {
    let mut bench = at_hundred();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.hear(&ToClient::Joined(joined(&den(), 2, 9)));
    bench.round(|round| round.fetch(&den(), PageFrom::After(Seq(3)), 1)).unwrap();
    bench.round(|round| round.leave(&den())).unwrap();
    bench.told();
    let ToClient::Entry(one) = entry(4, ANA, 1, "late") else { panic!("no entry") };
    let (room, start, head) = (RoomId(2), Seq(0), Seq(9));
    bench.hear_all(&[
        ToClient::Page { room, after: Seq(3), entries: 1, more: false, start, head, chain: None },
        ToClient::Entry(crate::message::Entry { room, ..one }),
        ToClient::Parted { room },
    ]);
    assert!(matches!(bench.told()[..], [Event::RoomLeft { .. }]));
    assert!(bench.client.is_connected());
}

/// What comes at once for the host may come in two reads.
#[test]
fn to_leave_a_room_within_a_page_of_it_costs_nothing() {
    let mut bench = at_hundred();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.hear(&ToClient::Joined(joined(&den(), 2, 9)));
    bench.round(|round| round.fetch(&den(), PageFrom::After(Seq(3)), 1)).unwrap();
    let (room, start, head) = (RoomId(2), Seq(0), Seq(9));
    bench.hear(&ToClient::Page { room, after: Seq(3), entries: 1, more: false, start, head, chain: None });
    bench.told();
    bench.round(|round| round.leave(&den())).unwrap();
    assert!(matches!(pages(&bench.told())[..], [(_, Err(Refusal::NotMember))]));
    let ToClient::Entry(one) = entry(4, ANA, 1, "late") else { panic!("no entry") };
    bench.hear(&ToClient::Entry(crate::message::Entry { room, ..one }));
    bench.hear(&ToClient::Parted { room });
    assert!(matches!(bench.told()[..], [Event::RoomLeft { .. }]));
    bench.hear(&entry(101, ANA, 101, "and life goes on"));
    assert_eq!(messages(&bench.told(), &lobby()).count(), 1);
}

/// What a host may not tell that was asked for entries 50 to 59, and what is wrong with it.
fn lies() -> Vec<(&'static str, Vec<ToClient>, Violation)> {
    use Violation::{OutOfOrder, TooMuch, Unexpected, UnknownMember};
    let of = |room, after, entries, more, start, head| ToClient::Page {
        room,
        after: Seq(after),
        entries,
        more,
        start: Seq(start),
        head: Seq(head),
        chain: None,
    };
    let behind = |head: ToClient, last: ToClient| vec![head, last];
    let elsewhere = |seq| match entry(seq, ANA, 1, "elsewhere") {
        ToClient::Entry(entry) => ToClient::Entry(crate::message::Entry { room: RoomId(99), ..entry }),
        other => other,
    };
    let long = |seq| entry(seq, ANA, 1, &"x".repeat(60_000));
    vec![
        ("a room that is none", vec![of(RoomId(99), 49, 1, false, 20, 100)], Unexpected),
        ("more than was asked for", vec![head(40, 11, false)], TooMuch),
        ("more than was asked for, in pieces", [page(50..=55, true), vec![head(55, 5, false)]].concat(), TooMuch),
        ("entries at and after the place", page(51..=60, false), OutOfOrder),
        ("an end before the place", page(45..=54, false), OutOfOrder),
        ("nothing, though there is something", vec![head(20, 0, false)], OutOfOrder),
        ("nothing, and the middle of the log", vec![head(49, 0, false)], OutOfOrder),
        ("nothing, and that there is more", vec![head(49, 0, true)], Unexpected),
        ("a log that ended before", vec![of(LOBBY, 49, 10, false, 20, 99)], OutOfOrder),
        ("entries beyond its end", vec![of(LOBBY, u64::MAX, 1, false, 20, 100)], OutOfOrder),
        ("entries before its start", vec![of(LOBBY, 49, 10, false, 50, 100)], OutOfOrder),
        ("a piece that came before", [page(50..=54, true), page(50..=54, false)].concat(), OutOfOrder),
        ("a piece that leaves a hole", [page(50..=54, true), page(57..=59, false)].concat(), OutOfOrder),
        ("a start that goes back", [page(50..=54, true), vec![of(LOBBY, 54, 5, false, 19, 100)]].concat(), OutOfOrder),
        ("an entry that is not the next", behind(head(49, 10, false), entry(51, ANA, 1, "hole")), OutOfOrder),
        ("an entry of another room", behind(head(49, 10, false), elsewhere(50)), Unexpected),
        ("an entry of a stranger", behind(head(49, 10, false), entry(50, MemberId(99), 1, "?")), UnknownMember),
        ("something else between", behind(head(49, 10, false), ToClient::Pong { nonce: 0 }), Unexpected),
        ("a page within a page", behind(head(49, 10, false), head(49, 10, false)), Unexpected),
        ("more bytes than a page has", [vec![head(49, 10, false)], (50..=59).map(long).collect()].concat(), TooMuch),
        ("a refusal of half a page", [page(50..=54, true), vec![refusal()]].concat(), Unexpected),
    ]
}

fn refusal() -> ToClient {
    ToClient::FetchRefused { room: LOBBY, refusal: Refusal::NotMember }
}

#[test]
fn a_host_that_tells_other_than_was_asked_for_loses_the_link_and_is_asked_again() {
    for (what, lie, violation) in lies() {
        let mut bench = at_hundred();
        fetch(&mut bench, PageFrom::Before(Seq(60)), 10);
        bench.told();
        bench.hear_all(&lie);
        let told = bench.told();
        assert_eq!(disconnects(&told), [Ended::Here(violation.into())], "{what}");
        assert_eq!(pages(&told), [], "{what}");
        bench.redial();
        bench.arrive();
        bench.said();
        enter_at_hundred(&mut bench);
        assert_eq!(asks(&bench.said()).len(), 1, "{what}");
        bench.hear_all(&page(50..=59, false));
        assert!(matches!(pages(&bench.told())[..], [(_, Ok(_))]), "{what}");
    }
}

#[test]
fn pages_that_nobody_asked_for_end_the_link() {
    for unasked in [page(50..=59, false), vec![refusal()]] {
        let mut bench = at_hundred();
        bench.told();
        bench.hear_all(&unasked);
        assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::Unexpected.into())]);
    }
    let mut bench = at_hundred();
    fetch(&mut bench, PageFrom::Before(Seq(60)), 10);
    bench.hear_all(&page(50..=59, false));
    bench.told();
    bench.hear_all(&page(50..=59, false));
    assert_eq!(disconnects(&bench.told()), [Ended::Here(Violation::Unexpected.into())], "told once, it is done");
}

#[test]
fn a_page_after_a_place_begins_there_or_with_what_is_kept() {
    let after = |from: u64, told: Vec<ToClient>| {
        let mut bench = at_hundred();
        fetch(&mut bench, PageFrom::After(Seq(from)), 2);
        bench.told();
        bench.hear_all(&told);
        match pages(&bench.told())[..] {
            [(_, Ok(ref page))] => Some((page.after().0, page.to().0)),
            _ => None,
        }
    };
    assert_eq!(after(50, page(51..=52, false)), Some((50, 52)));
    assert_eq!(after(7, page(21..=22, false)), Some((20, 22)), "of what goes before nothing is kept");
    assert_eq!(after(100, vec![head(100, 0, false)]), Some((100, 100)));
    assert_eq!(after(500, vec![head(100, 0, false)]), Some((100, 100)));
    for (from, lie) in [
        (50, page(52..=53, false)),
        (50, page(50..=51, false)),
        (7, page(22..=23, false)),
        (50, vec![head(50, 0, false)]),
        (500, page(51..=52, false)),
    ] {
        assert_eq!(after(from, lie.clone()), None, "{from}: {lie:?}");
    }
}

/// A world in which bo holds three messages at most, and cy speaks JSON.
fn world() -> World {
    let mut world = World::new(HostConfig::new("Lab 3".parse().unwrap(), "host".parse().unwrap()), 1);
    let config = |nick: &str| ClientConfig { lobby_from: JoinFrom::Start, ..ClientConfig::new(nick.parse().unwrap()) };
    world.add(ClientConfig { held: 3, ..config("bo") }, Encoding::Postcard);
    world.add(config("cy"), Encoding::Json);
    world.run(secs(1));
    world
}

/// What a client is told that fetches; texts with their places.
fn fetched(world: &mut World, client: usize, from: PageFrom, count: u32) -> Vec<(u64, String)> {
    world.clients[client].told.clear();
    world.client(client, |round| round.fetch(&lobby(), from, count)).unwrap();
    world.run(secs(2));
    let [(_, Ok(page))] = &pages(&world.clients[client].told)[..] else { panic!("no page") };
    page.messages().iter().map(|view| (view.message().seq().0, view.text().into())).collect()
}

fn edit(of: u64, text: &str) -> Body {
    Body::Edit(Edit { of: Seq(of), mentions: Mentions::default(), text: text.into() })
}

#[test]
fn messages_of_a_page_are_shown_with_what_became_of_them() {
    let mut world = world();
    for text in ["one", "two", "three"] {
        world.post(1, &lobby(), text).unwrap();
    }
    world.run(secs(1));
    let first = messages(&world.clients[0].told, &lobby()).next().unwrap().seq().0;
    world.client(1, |round| round.post(&lobby(), edit(first, "ONE"))).unwrap();
    (0..5).for_each(|_| drop(world.post(1, &lobby(), "more").unwrap()));
    world.client(1, |round| round.post(&lobby(), edit(first + 1, "TWO"))).unwrap();
    world.run(secs(1));
    assert!(world.clients[0].client.message(&lobby(), Seq(first)).is_none(), "it is not held any more");
    let in_page = [(first, "ONE".into()), (first + 1, "TWO".into()), (first + 2, "three".into())];
    for client in [0, 1] {
        let from = PageFrom::Before(Seq(first + 3));
        assert_eq!(fetched(&mut world, client, from, 3), in_page, "by changes that are held");
    }
    let whole = fetched(&mut world, 0, PageFrom::After(Seq(first - 1)), 200);
    assert_eq!(whole[..3], in_page, "by changes that are in it");
}

#[test]
fn a_page_comes_through_whatever_is_cut_and_lost() {
    let mut world = world();
    for number in 0..30 {
        world.post(1, &lobby(), &alloc::format!("{number}")).unwrap();
    }
    world.run(secs(2));
    world.window = 60;
    world.cut(0, Cut::Lost);
    world.run(secs(10));
    world.client(0, |round| round.fetch(&lobby(), PageFrom::Before(Seq(25)), 15)).unwrap();
    for _ in 0..3 {
        for _ in 0..25 {
            world.step();
        }
        world.cut(0, Cut::Lost);
        world.run(secs(10));
    }
    let [(_, Ok(page))] = &pages(&world.clients[0].told)[..] else { panic!("no page") };
    assert!(places(page).into_iter().eq(10..25));
}

#[test]
fn no_more_is_asked_for_than_any_host_gives() {
    let mut bench = at_hundred();
    bench.said();
    fetch(&mut bench, PageFrom::After(Seq(u64::MAX)), u32::MAX);
    let last = Seq((1 << 53) - 1);
    assert_eq!(asks(&bench.said()), [(LOBBY, PageFrom::After(last), Limits::MAX_PAGE)]);
}

//! Parts of a log that a member fetches.

use alloc::vec::Vec;

use super::{Bench, LOBBY, act, config, den, entries, hello, join, peer, secs, text};
use crate::{
    event::{Event, Page},
    host::{HostConfig, RoomName},
    ids::{RoomId, Seq},
    limits::{Limits, Rate},
    message::{Act, Body, Encoding, HistoryPolicy, JoinFrom, MAX_FRAME, PageFrom, Rule, ToClient, ToHost},
    reason::{CloseReason, Refusal, Violation},
    seam::LinkId,
};

/// The window of a link that takes little at once.
const SMALL: u32 = 500;

/// A host that keeps so many entries and has said 1, 2, 3 … in its lobby: entry `n + 1` says `n`.
fn talkative(kept: usize, said: u32) -> Bench {
    let mut bench = with(Limits { history_entries: kept, ..config().limits });
    say(&mut bench, 1..=said);
    bench
}

fn with(limits: Limits) -> Bench {
    Bench::with(HostConfig { limits, ..config() })
}

fn say(bench: &mut Bench, numbers: core::ops::RangeInclusive<u32>) {
    numbers.for_each(|number| drop(bench.post(&RoomName::lobby(), &alloc::format!("{number}")).unwrap()));
}

/// A member of the lobby whose link takes little at once, and reads.
fn narrow(bench: &mut Bench, number: u8, encoding: Encoding) -> LinkId {
    let link = bench.open(number.into(), encoding, SMALL);
    bench.say(link, &hello(number, 1, None));
    bench.say(link, &join(&RoomName::lobby(), JoinFrom::Head));
    bench.heard(link);
    link
}

fn fetch(from: PageFrom, count: u32) -> ToHost {
    ToHost::Fetch { room: LOBBY, from, count }
}

/// The pages among what was said: the place before each, the places of the entries that follow it directly, and whether
/// there is more of it.
fn pages(said: &[ToClient]) -> Vec<(u64, Vec<u64>, bool)> {
    let head = |(place, said): (usize, &ToClient)| match said {
        ToClient::Page { after, entries, more, .. } => Some((place, *after, *entries, *more)),
        _ => None,
    };
    let pages = said.iter().enumerate().filter_map(head);
    let page = |(place, after, count, more): (usize, Seq, u32, bool)| {
        let behind = &said[place + 1..=place + count as usize];
        assert_eq!(entries(behind).count(), count as usize, "nothing else comes between: {behind:?}");
        (after.0, entries(behind).map(|entry| entry.seq.0).collect(), more)
    };
    pages.map(page).collect()
}

/// Where the log that can be read begins and ends, as the last page has it.
fn ends(said: &[ToClient]) -> (u64, u64) {
    let ends = |said: &ToClient| match said {
        ToClient::Page { start, head, .. } => Some((start.0, head.0)),
        _ => None,
    };
    said.iter().filter_map(ends).next_back().unwrap()
}

/// What somebody hears who fetches.
fn fetched(bench: &mut Bench, link: LinkId, from: PageFrom, count: u32) -> Vec<ToClient> {
    bench.heard(link);
    bench.say(link, &fetch(from, count));
    bench.heard(link)
}

fn refused(said: &[ToClient]) -> Vec<(RoomId, Refusal)> {
    let refused = |said: &ToClient| match said {
        ToClient::FetchRefused { room, refusal } => Some((*room, *refusal)),
        _ => None,
    };
    said.iter().filter_map(refused).collect()
}

#[test]
fn a_member_gets_the_entries_before_or_after_a_place() {
    let mut bench = talkative(100, 9);
    let link = bench.member(1);
    let mut places = |from, count| {
        let heard = fetched(&mut bench, link, from, count);
        let [(after, places, false)] = &pages(&heard)[..] else { panic!("not one page: {heard:?}") };
        (*after, places.clone(), ends(&heard))
    };
    let ends = (0, 11);
    assert_eq!(places(PageFrom::Before(Seq(8)), 3), (4, [5, 6, 7].into(), ends));
    assert_eq!(places(PageFrom::Before(Seq(3)), 50), (0, [1, 2].into(), ends));
    assert_eq!(places(PageFrom::Before(Seq(u64::MAX)), 2), (9, [10, 11].into(), ends));
    assert_eq!(places(PageFrom::Before(Seq(1)), 50), (0, [].into(), ends));
    assert_eq!(places(PageFrom::After(Seq(3)), 2), (3, [4, 5].into(), ends));
    assert_eq!(places(PageFrom::After(Seq(9)), 50), (9, [10, 11].into(), ends));
    assert_eq!(places(PageFrom::After(Seq(u64::MAX)), 50), (11, [].into(), ends));
    assert_eq!(places(PageFrom::After(Seq(3)), 0), (3, [4].into(), ends), "one is the least");
}

#[test]
fn a_page_holds_the_very_entries_that_were_told_when_they_were_new() {
    for encoding in [Encoding::Postcard, Encoding::Json] {
        let mut bench = Bench::new();
        let link = bench.open(1, encoding, super::WINDOW);
        bench.say(link, &hello(1, 1, None));
        bench.heard(link);
        bench.say(link, &join(&RoomName::lobby(), JoinFrom::Start));
        say(&mut bench, 1..=20);
        let live = bench.heard(link);
        bench.say(link, &fetch(PageFrom::After(Seq(0)), 200));
        let page = bench.heard(link);
        assert!(entries(&page).eq(entries(&live)), "{encoding:?}");
    }
}

#[test]
fn what_is_not_kept_any_more_is_left_out_and_that_shows() {
    let mut bench = talkative(5, 19);
    let link = bench.member(1);
    let heard = fetched(&mut bench, link, PageFrom::After(Seq(3)), 2);
    assert_eq!((pages(&heard), ends(&heard)), ([(16, [17, 18].into(), false)].into(), (16, 21)));
    let heard = fetched(&mut bench, link, PageFrom::Before(Seq(19)), 50);
    assert_eq!(pages(&heard), [(16, [17, 18].into(), false)]);
    let heard = fetched(&mut bench, link, PageFrom::Before(Seq(10)), 50);
    assert_eq!(pages(&heard), [(16, [].into(), false)]);
}

#[test]
fn nobody_fetches_what_was_said_before_they_might_read() {
    let mut bench = talkative(100, 1);
    let founder = bench.member(1);
    bench.join(founder, &den(), JoinFrom::Head);
    let den_id = RoomId(2);
    bench.say(founder, &text(den_id, 1, "among us"));
    bench.say(founder, &act(den_id, 2, Act::Rule(Rule::History(HistoryPolicy::Last(1)))));
    let late = bench.member(2);
    bench.join(late, &den(), JoinFrom::Start);
    for from in [PageFrom::After(Seq(0)), PageFrom::Before(Seq(u64::MAX)), PageFrom::Before(Seq(2))] {
        bench.say(late, &ToHost::Fetch { room: den_id, from, count: 200 });
        let heard = bench.heard(late);
        assert_eq!(ends(&heard), (2, 4), "{from:?}");
        assert!(entries(&heard).all(|entry| entry.seq > Seq(2)), "{from:?}: {heard:?}");
    }
    bench.say(founder, &ToHost::Fetch { room: den_id, from: PageFrom::After(Seq(0)), count: 200 });
    assert_eq!(ends(&bench.heard(founder)), (0, 4), "whoever was there before may read all");
}

#[test]
fn a_page_has_at_most_two_hundred_entries_and_a_quarter_of_a_mebibyte() {
    let mut bench = talkative(1000, 500);
    let link = bench.member(1);
    let count = |heard: &[ToClient]| pages(heard).iter().map(|(_, places, _)| places.len()).sum::<usize>();
    assert_eq!(count(&fetched(&mut bench, link, PageFrom::Before(Seq(400)), u32::MAX)), 200);
    assert_eq!(count(&fetched(&mut bench, link, PageFrom::After(Seq(0)), 1000)), 200);

    let mut bench = with(Limits { history_bytes: usize::MAX, ..config().limits });
    let text = "x".repeat(8000);
    (0..100).for_each(|_| drop(bench.post(&RoomName::lobby(), &text).unwrap()));
    let link = bench.member(1);
    for from in [PageFrom::Before(Seq(101)), PageFrom::After(Seq(1))] {
        let heard = fetched(&mut bench, link, from, 200);
        assert_eq!(count(&heard), 256 * 1024 / 8020, "{from:?}");
        let (first, last) = (entries(&heard).next().unwrap().seq.0, entries(&heard).last().unwrap().seq.0);
        assert!(last == 100 || first == 2, "it is those next to the place that fit: {first} to {last}");
    }
}

#[test]
fn a_host_that_gives_less_gives_one_entry_at_least() {
    let mut bench = with(Limits { page_entries: 3, ..config().limits });
    say(&mut bench, 1..=9);
    let link = bench.member(1);
    assert_eq!(pages(&fetched(&mut bench, link, PageFrom::Before(Seq(8)), 200)), [(4, [5, 6, 7].into(), false)]);
    let mut bench = with(Limits { page_bytes: 1, ..config().limits });
    say(&mut bench, 1..=9);
    let link = bench.member(1);
    assert_eq!(pages(&fetched(&mut bench, link, PageFrom::Before(Seq(8)), 200)), [(6, [7].into(), false)]);
}

#[test]
fn a_link_that_does_not_read_is_given_nothing_of_a_page_beyond_its_window() {
    let mut bench = talkative(1000, 300);
    for (number, encoding) in [(1, Encoding::Postcard), (2, Encoding::Json)] {
        let link = narrow(&mut bench, number, encoding);
        bench.seen(link).reads = false;
        bench.say(link, &fetch(PageFrom::Before(Seq(300)), 200));
        assert!(bench.seen(link).unread < SMALL + 200, "not {} in {encoding:?}", bench.seen(link).unread);
        assert_eq!(bench.host.lagging(), 1, "the rest waits");
        bench.read(link);
        let heard = bench.heard(link);
        let told = pages(&heard);
        assert!(told.len() > 5, "piece by piece: {told:?}");
        assert!(told.iter().rev().skip(1).all(|(_, places, more)| *more && !places.is_empty()));
        assert!(told.iter().flat_map(|(_, places, _)| places).copied().eq(100..300), "{encoding:?}");
        assert!(told.windows(2).all(|two| two[0].1.last() == Some(&two[1].0)), "each goes on where the last ended");
        bench.down(link);
    }
}

#[test]
fn a_window_of_one_byte_is_overdrawn_by_one_entry_and_the_head_of_its_page() {
    let mut bench = talkative(1000, 30);
    let link = bench.open(1, Encoding::Json, 1);
    bench.say(link, &hello(1, 1, None));
    bench.say(link, &join(&RoomName::lobby(), JoinFrom::Head));
    bench.heard(link);
    bench.seen(link).reads = false;
    bench.say(link, &fetch(PageFrom::Before(Seq(20)), 10));
    assert_eq!(pages(&bench.heard(link)), [(9, [10].into(), true)]);
    assert!(bench.seen(link).unread < 300 && bench.seen(link).unread < u32::try_from(MAX_FRAME).unwrap());
    bench.read(link);
    assert!(entries(&bench.heard(link)).map(|entry| entry.seq.0).eq(11..20));
}

#[test]
fn what_is_new_goes_on_beside_a_page() {
    let mut bench = talkative(1000, 300);
    let link = narrow(&mut bench, 1, Encoding::Postcard);
    bench.seen(link).reads = false;
    bench.say(link, &fetch(PageFrom::Before(Seq(300)), 200));
    bench.heard(link);
    say(&mut bench, 301..=400);
    bench.read(link);
    let heard = bench.heard(link);
    let paged: Vec<u64> = pages(&heard).into_iter().flat_map(|(_, places, _)| places).collect();
    let all: Vec<u64> = entries(&heard).map(|entry| entry.seq.0).collect();
    let live: Vec<u64> = all.iter().copied().filter(|seq| !paged.contains(seq)).collect();
    assert!(live.iter().copied().eq(303..=402), "all that is new, in order: {live:?}");
    let (first, last) = (all.iter().position(|seq| *seq >= 303), all.iter().position(|seq| *seq == 299));
    assert!(first < last, "and not only once the page is told");
}

#[test]
fn a_page_whose_entries_go_while_it_waits_begins_anew_with_what_is_kept() {
    let mut bench = talkative(100, 90);
    let link = narrow(&mut bench, 1, Encoding::Postcard);
    bench.seen(link).reads = false;
    bench.say(link, &fetch(PageFrom::Before(Seq(60)), 50));
    let told = pages(&bench.heard(link));
    assert_eq!(told[0].0, 9);
    say(&mut bench, 91..=139);
    bench.read(link);
    let heard = bench.heard(link);
    assert_eq!(ends(&heard).0, 41);
    let rest = pages(&heard);
    assert_eq!(rest[0].0, 41, "after the gap: {rest:?}");
    assert!(rest.iter().flat_map(|(_, places, _)| places).copied().eq(42..60));

    bench.seen(link).reads = false;
    bench.say(link, &fetch(PageFrom::Before(Seq(100)), 50));
    bench.heard(link);
    say(&mut bench, 140..=400);
    bench.read(link);
    assert_eq!(pages(&bench.heard(link)), [(302, [].into(), false)], "or with nothing");
}

#[test]
fn whoever_is_no_member_fetches_nothing() {
    let mut bench = talkative(100, 5);
    let (founder, other) = (bench.member(1), bench.member(2));
    bench.join(founder, &den(), JoinFrom::Head);
    for room in [RoomId(2), RoomId(99)] {
        bench.say(other, &ToHost::Fetch { room, from: PageFrom::After(Seq(0)), count: 1 });
        let heard = bench.heard(other);
        assert_eq!((refused(&heard), entries(&heard).count()), ([(room, Refusal::NotMember)].into(), 0));
    }
}

#[test]
fn nothing_of_a_page_is_told_once_its_membership_has_ended() {
    for how in ["leaves", "is kicked"] {
        let mut bench = talkative(1000, 5);
        let founder = bench.member(1);
        bench.join(founder, &den(), JoinFrom::Head);
        (1..=100).for_each(|cmid| bench.say(founder, &text(RoomId(2), cmid, "among us, and nobody else")));
        let link = narrow(&mut bench, 2, Encoding::Postcard);
        bench.say(link, &join(&den(), JoinFrom::Head));
        bench.heard(link);
        bench.seen(link).reads = false;
        bench.say(link, &ToHost::Fetch { room: RoomId(2), from: PageFrom::After(Seq(0)), count: 200 });
        assert!(entries(&bench.heard(link)).count() < 20);
        match how {
            "leaves" => bench.say(link, &ToHost::Leave { room: RoomId(2) }),
            _ => bench.say(founder, &act(RoomId(2), 101, Act::Kick { who: peer(2), reason: None })),
        }
        bench.read(link);
        assert_eq!(entries(&bench.heard(link)).count(), 0, "{how}");
        bench.say(link, &join(&den(), JoinFrom::Head));
        assert_eq!(pages(&bench.heard(link)), [], "also if it comes back");
        bench.say(link, &ToHost::Fetch { room: RoomId(2), from: PageFrom::After(Seq(0)), count: 1 });
        assert_eq!(pages(&bench.heard(link)), [(0, [1].into(), false)]);
    }
}

#[test]
fn a_second_fetch_of_a_room_before_the_first_is_told_is_none_of_the_protocol() {
    let mut bench = talkative(1000, 300);
    let link = narrow(&mut bench, 1, Encoding::Postcard);
    bench.seen(link).reads = false;
    bench.say(link, &fetch(PageFrom::Before(Seq(300)), 200));
    bench.say(link, &fetch(PageFrom::Before(Seq(300)), 200));
    assert_eq!(bench.closed(link), Some(CloseReason::Violation(Violation::Unexpected)));
}

#[test]
fn to_join_anew_on_the_same_link_changes_nothing_about_a_page() {
    let mut bench = talkative(1000, 300);
    let link = narrow(&mut bench, 1, Encoding::Postcard);
    bench.seen(link).reads = false;
    bench.say(link, &fetch(PageFrom::Before(Seq(300)), 200));
    bench.say(link, &join(&RoomName::lobby(), JoinFrom::Head));
    bench.read(link);
    let heard = bench.heard(link);
    assert!(pages(&heard).into_iter().flat_map(|(_, places, _)| places).eq(100..300));
}

#[test]
fn pages_are_asked_for_as_often_as_anything_else() {
    let requests = Rate { per_second: 2, burst: 3 };
    let mut bench = with(Limits { requests, ..config().limits });
    let link = bench.member(1);
    let heard: Vec<ToClient> = (0..4).flat_map(|_| fetched(&mut bench, link, PageFrom::After(Seq(0)), 1)).collect();
    assert_eq!(pages(&heard).len(), 3);
    assert_eq!(refused(&heard), [(LOBBY, Refusal::RateLimited { retry_after_ms: 500 })]);
    bench.pass(secs(1));
    assert_eq!(pages(&fetched(&mut bench, link, PageFrom::After(Seq(0)), 1)).len(), 1);
}

#[test]
fn the_host_itself_is_told_at_once() {
    let mut bench = talkative(100, 9);
    let mut page = |from, count| -> Page {
        let id = bench.round(|round| round.fetch(&RoomName::lobby(), from, count)).unwrap();
        match bench.told.pop() {
            Some(Event::Page { id: told, page: Ok(page) }) if told == id => page,
            other => panic!("no page but {other:?}"),
        }
    };
    let before = page(PageFrom::Before(Seq(8)), 3);
    let texts: Vec<&str> = before.messages().iter().map(crate::MessageView::text).collect();
    assert_eq!((before.after(), before.to(), &texts[..]), (Seq(4), Seq(7), &["4", "5", "6"][..]));
    assert!(before.has_older() && before.has_newer());
    let first = page(PageFrom::Before(Seq(3)), 50);
    assert!(matches!(first.events(), [Event::PeerJoined { seq: Seq(1), .. }, Event::Message(_)]));
    assert!(!first.has_older() && first.has_newer());
    assert!(!page(PageFrom::After(Seq(8)), 50).has_newer());
    let nowhere = bench.round(|round| round.fetch(&den(), PageFrom::After(Seq(0)), 1));
    assert_eq!(nowhere, Err(Refusal::NotMember));
}

#[test]
fn the_host_itself_sees_messages_with_what_became_of_them_later() {
    let mut bench = talkative(100, 9);
    let edit = crate::message::Edit { of: Seq(3), mentions: crate::Mentions::default(), text: "two".into() };
    let told = bench.round(|round| {
        round.post(&RoomName::lobby(), Body::Edit(edit)).unwrap();
        round.fetch(&RoomName::lobby(), PageFrom::Before(Seq(5)), 50).unwrap()
    });
    let Some(Event::Page { id, page: Ok(page) }) = bench.told.pop() else { panic!("no page") };
    assert_eq!(id, told);
    let texts: Vec<&str> = page.messages().iter().map(crate::MessageView::text).collect();
    assert_eq!(texts, ["1", "two", "3"], "even of the very same round");
}

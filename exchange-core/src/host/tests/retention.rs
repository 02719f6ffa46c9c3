//! What a host keeps no longer because it is too old.

use alloc::vec::Vec;

use super::{Bench, LOBBY, WINDOW, config, den, entries, hello, join, secs, text, texts};
use crate::{
    Durability, Limits, Timestamp,
    host::{Host, HostConfig},
    ids::{Epoch, RoomId, Seq},
    message::{Body, Delete, Encoding, GapReason, JoinFrom, PageFrom, ToClient, ToHost},
    name::RoomName,
    seam::{Input, LinkId, WakeReason},
    seed::Seed,
    store::{Damage, Key},
    time::Time,
};

const AGE: u64 = 100;

/// What is past its age is gone so many seconds later.
const GONE: u64 = AGE + 1;

const NOON: u64 = 1_000_000_000;

fn keeping(age: Option<u64>) -> HostConfig {
    let limits = Limits { history_age: age.map(secs), ..config().limits };
    HostConfig { limits, store: Some(Durability::Fsynced), ..config() }
}

fn forgetful() -> Bench {
    let mut bench = Bench::with(HostConfig { store: None, ..keeping(Some(AGE)) });
    bench.wall(NOON);
    bench
}

impl Bench {
    /// The clock on the wall shows so many seconds.
    fn wall(&mut self, seconds: u64) {
        self.input(Input::WallClock { at: Timestamp::from_millis(seconds * 1000) });
    }

    /// The places after the first and to the last of what is kept of a room.
    fn kept(&self, room: &RoomName) -> (Seq, Seq) {
        self.host.history(room).map(|history| (history.tail(), history.head())).unwrap()
    }

    fn store_all(&mut self) {
        while let Some(stored) = self.disk.sync() {
            self.input(stored);
        }
    }

    /// The host dies, and is made again of what was kept while the clock on the wall shows so many seconds.
    fn restored(&mut self, config: HostConfig, wall: u64) -> Result<(), Damage> {
        self.store_all();
        let mut disk = core::mem::take(&mut self.disk);
        disk.restart();
        let (now, rows) = (Time::ZERO, disk.rows.clone());
        let host = Host::restore(config, &Seed::from_number(2), now, Timestamp::from_millis(wall * 1000), rows)?;
        *self = Self { host, now, disk, ..Self::new() };
        Ok(())
    }

    /// The places of the lobby's entries that are kept.
    fn rows(&self) -> Vec<u64> {
        let all = self.disk.all();
        let place = |key: &Key| if let Key::Entry(LOBBY, seq) = key { Some(seq.0) } else { None };
        all.keys().filter_map(place).collect()
    }
}

fn lobby() -> RoomName {
    RoomName::lobby()
}

#[test]
fn what_is_too_old_is_gone_also_where_nobody_says_anything() {
    let mut bench = forgetful();
    bench.pass(secs(10));
    bench.post(&lobby(), "ten").unwrap();
    bench.pass(secs(AGE - 10));
    assert_eq!(bench.kept(&lobby()), (Seq(0), Seq(2)), "not before its time");
    bench.pass(secs(1));
    assert_eq!(bench.kept(&lobby()), (Seq(1), Seq(2)), "the host's coming was before");
    assert_eq!(bench.out.wake().map(|wake| wake.reason), Some(WakeReason::Retention));
    bench.pass(secs(10));
    assert_eq!(bench.kept(&lobby()), (Seq(2), Seq(2)));
    assert_eq!((bench.host.messages(&lobby()).count(), bench.out.wake()), (0, None));
    bench.post(&lobby(), "another").unwrap();
    assert_eq!(bench.kept(&lobby()), (Seq(2), Seq(3)), "it goes on where it was");
    bench.pass(secs(GONE));
    assert_eq!(bench.kept(&lobby()), (Seq(3), Seq(3)), "and is watched again");
}

#[test]
fn whoever_comes_later_or_was_behind_is_told_that_it_is_gone() {
    let mut bench = forgetful();
    let slow = bench.open(1, Encoding::Postcard, 1);
    bench.say_all(slow, &[hello(1, 1, None), join(&lobby(), JoinFrom::Head)]);
    bench.pass(secs(3));
    bench.seen(slow).reads = false;
    let seen = bench.heard(slow).iter().filter_map(|said| entries(core::slice::from_ref(said)).next()).count();
    assert_eq!(seen, 1, "its own coming");
    for number in 0..5 {
        bench.post(&lobby(), &alloc::format!("{number}")).unwrap();
    }
    let last = bench.kept(&lobby()).1;
    for _ in 0..=GONE {
        bench.pass(secs(1));
        bench.input(Input::Bytes { link: slow });
    }
    assert_eq!(bench.kept(&lobby()), (last, last));
    bench.heard(slow);
    bench.read(slow);
    let gap = ToClient::Gap { room: LOBBY, to: last, reason: GapReason::Retention, chain: None };
    let heard = bench.heard(slow);
    assert!(heard.contains(&gap), "{heard:?}");
    assert_eq!(texts(&heard), []);
    let late = bench.member(2);
    assert_eq!(entries(&bench.heard(late)).count(), 0);
    bench.say(late, &ToHost::Fetch { room: LOBBY, from: PageFrom::Before(Seq(u64::MAX)), count: 10 });
    let heard = bench.heard(late);
    let [ToClient::Page { entries: 1, start, .. }, ToClient::Entry(entry)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((*start, entry.seq), (last, last.next()), "nothing but its own coming");
}

#[test]
fn nothing_goes_early_or_stays_because_somebody_sets_the_clock_on_the_wall() {
    let mut bench = forgetful();
    bench.post(&lobby(), "one").unwrap();
    bench.wall(NOON + 365 * 86_400);
    bench.post(&lobby(), "two").unwrap();
    bench.pass(secs(AGE / 2));
    assert_eq!(bench.kept(&lobby()), (Seq(0), Seq(3)));
    bench.wall(0);
    bench.post(&lobby(), "three").unwrap();
    bench.pass(secs(AGE / 2 + 1));
    assert_eq!(bench.kept(&lobby()), (Seq(3), Seq(4)));
    bench.pass(secs(AGE / 2));
    assert_eq!(bench.kept(&lobby()), (Seq(4), Seq(4)));
}

#[test]
fn whoever_is_to_keep_everything_never_wakes_for_it() {
    let mut bench = Bench::with(HostConfig { store: None, ..keeping(None) });
    bench.post(&lobby(), "one").unwrap();
    assert_eq!(bench.out.wake(), None);
    bench.pass(secs(1_000_000));
    assert_eq!(bench.kept(&lobby()), (Seq(0), Seq(2)));
}

#[test]
fn a_host_of_a_busy_room_wakes_once_a_second_for_it() {
    let mut bench = forgetful();
    for _ in 0..100 {
        bench.pass(secs(1) / 20);
        bench.post(&lobby(), "again").unwrap();
    }
    let mut woken = 0;
    while let Some(wake) = bench.out.wake() {
        (bench.now, woken) = (wake.at, woken + 1);
        bench.input(Input::Tick);
    }
    assert_eq!(bench.kept(&lobby()), (Seq(101), Seq(101)));
    assert!(woken <= 6, "{woken} times for five seconds of talk");
}

#[test]
fn a_room_that_was_closed_is_not_waited_for() {
    let mut bench = forgetful();
    bench.pass(secs(AGE));
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.pass(secs(1));
    let number = RoomId(2);
    bench.round(|round| round.post(&den(), Body::Act(crate::message::Act::Close))).unwrap();
    assert!(!bench.host.rooms.contains_key(&number));
    assert_eq!(bench.out.wake(), None);
}

#[test]
fn what_is_too_old_is_not_kept_on_disk_either() {
    let mut bench = Bench::with(keeping(Some(AGE)));
    bench.pass(secs(10));
    bench.post(&lobby(), "ten").unwrap();
    assert_eq!(bench.rows(), [1, 2]);
    bench.pass(secs(AGE - 9));
    assert_eq!(bench.rows(), [2]);
    bench.pass(secs(10));
    assert_eq!(bench.rows(), Vec::<u64>::new());
    bench.post(&lobby(), "another").unwrap();
    assert_eq!(bench.rows(), [3]);
    assert_eq!(bench.disk.all(), bench.host.all_rows());
}

#[test]
fn what_became_too_old_while_nobody_hosted_is_gone_and_the_rest_goes_in_its_time() {
    let mut bench = Bench::with(keeping(Some(AGE)));
    bench.wall(NOON);
    bench.post(&lobby(), "noon").unwrap();
    bench.pass(secs(60));
    bench.post(&lobby(), "a minute later").unwrap();
    bench.restored(keeping(Some(AGE)), NOON + 120).unwrap();
    assert_eq!(bench.kept(&lobby()), (Seq(2), Seq(3)));
    bench.input(Input::Tick);
    assert_eq!(bench.rows(), [3]);
    bench.pass(secs(39));
    assert_eq!(bench.kept(&lobby()), (Seq(2), Seq(3)));
    bench.pass(secs(2));
    assert_eq!((bench.kept(&lobby()), bench.rows()), ((Seq(3), Seq(3)), Vec::new()));
}

#[test]
fn a_host_whose_clock_on_the_wall_is_behind_when_it_is_restored_keeps_rather_than_forgets() {
    let mut bench = Bench::with(keeping(Some(AGE)));
    bench.wall(NOON);
    bench.post(&lobby(), "noon").unwrap();
    bench.restored(keeping(Some(AGE)), 0).unwrap();
    bench.wall(NOON + 10);
    bench.pass(secs(AGE));
    assert_eq!(bench.kept(&lobby()), (Seq(0), Seq(2)));
    bench.pass(secs(1));
    assert_eq!(bench.kept(&lobby()), (Seq(2), Seq(2)));
}

#[test]
fn a_log_that_was_emptied_goes_on_where_it_was_when_its_host_is_restored() {
    let mut bench = Bench::with(keeping(Some(AGE)));
    bench.wall(NOON);
    bench.post(&lobby(), "noon").unwrap();
    bench.pass(secs(GONE));
    let epoch = |bench: &Bench| -> Epoch { bench.host.history(&lobby()).unwrap().epoch() };
    let before = epoch(&bench);
    for _ in 0..2 {
        bench.restored(keeping(Some(AGE)), NOON - 500).unwrap();
        assert_eq!((bench.kept(&lobby()), epoch(&bench)), ((Seq(2), Seq(2)), before));
    }
    bench.post(&lobby(), "before noon, as it seems").unwrap();
    let stamps: Vec<Timestamp> = bench.host.history(&lobby()).unwrap().after(Seq(2)).map(|entry| entry.at).collect();
    assert_eq!(stamps, [Timestamp::from_millis(NOON * 1000)], "a log reads forwards");
    bench.restored(keeping(Some(AGE)), NOON).unwrap();
    assert_eq!(bench.kept(&lobby()), (Seq(2), Seq(3)));
}

#[test]
fn rows_of_the_first_form_are_read_as_well() {
    let mut bench = Bench::with(keeping(None));
    bench.post(&lobby(), "one").unwrap();
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.store_all();
    let before = (bench.kept(&lobby()), bench.host.messages(&lobby()).collect::<Vec<_>>());
    for (key, row) in &mut bench.disk.rows {
        match key {
            Key::Session => *row = [&[1][..], &row[1..]].concat().into(),
            // That nothing was emptied and there is no chain, nothing is signed or blanked, and nobody has keys.
            Key::Room(_) | Key::Entry(..) => drop(row.split_off(row.len() - 2)),
            Key::Member(_) => drop(row.split_off(row.len() - 1)),
            _ => {}
        }
    }
    bench.restored(keeping(None), 0).unwrap();
    assert_eq!((bench.kept(&lobby()), bench.host.messages(&lobby()).collect()), before);
    assert!(bench.host.rooms().any(|room| *room == den()));
    bench.post(&lobby(), "two").unwrap();
    assert_eq!(bench.disk.all()[&Key::Session].first(), Some(&6), "from now on it is the newest");
}

#[test]
fn a_message_that_is_too_old_can_be_changed_no_more() {
    let mut bench = forgetful();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    bench.say_all(link, &[hello(1, 1, None), join(&lobby(), JoinFrom::Head), text(LOBBY, 1, "one")]);
    let seq = texts(&bench.heard(link)).pop().map(|(seq, _)| seq).unwrap();
    bench.pass_alive(secs(GONE), &[link]);
    let delete = Body::Delete(Delete { of: seq });
    bench.say(link, &ToHost::Send { room: LOBBY, cmid: crate::Cmid(2), body: delete, commitment: None });
    assert_eq!(super::refusals(&bench.heard(link)), [crate::Refusal::NoMessage]);
    assert_eq!(bench.closed(LinkId(1)), None);
}

//! What a host keeps beyond its life, and what it shows before that.

use alloc::{collections::BTreeMap, vec::Vec};

use sha2::{Digest as _, Sha256};

use super::{Bench, LOBBY, WINDOW, config, den, hello, join, peer, refusals, secs, text, texts};
use crate::{
    Durability, Limits, Timestamp,
    event::{Ended, Event},
    host::{Host, HostConfig},
    identity::Identity,
    ids::{MemberId, RoomId, Seq},
    message::{Act, Body, Encoding, JoinFrom, Rule, ToClient, ToHost, Welcome},
    name::RoomName,
    reason::{CloseReason, Refusal},
    seam::{Effect, Input, LinkId},
    seed::Seed,
    store::{Damage, Key, read_entry},
    testing::Disk,
    time::Time,
};

fn keeping() -> HostConfig {
    HostConfig { store: Some(Durability::Fsynced), ..config() }
}

impl Bench {
    /// A client of that number in the lobby, on a link of its own number, that has heard how things stand.
    fn kept_member(&mut self, number: u8) -> LinkId {
        let link = self.open(number.into(), Encoding::Postcard, WINDOW);
        self.say_all(link, &[hello(number, 1, None), join(&RoomName::lobby(), JoinFrom::Head)]);
        self.sync();
        self.heard(link);
        link
    }

    /// All that waits is kept.
    pub(super) fn sync(&mut self) {
        while let Some(stored) = self.disk.sync() {
            self.input(stored);
        }
    }

    /// The host dies, and is made again of what was kept.
    pub(super) fn restore(&mut self, config: HostConfig) -> Result<(), Damage> {
        self.disk.restart();
        let rows = self.disk.rows.clone();
        let disk = core::mem::take(&mut self.disk);
        let host = Host::restore(config, &Seed::from_number(2), self.now, Timestamp::default(), rows)?;
        *self = Self { host, disk, now: self.now, ..Self::new() };
        Ok(())
    }
}

#[test]
fn a_session_that_goes_on_is_hosted_by_whom_it_was() {
    let [ana, bo] = [1, 2].map(|seed| Some(Identity::from_seed([seed; 32])));
    let mut bench = Bench::with(HostConfig { identity: ana.clone(), ..keeping() });
    let peer = ana.as_ref().map(Identity::peer);
    let rows = bench.host.all_rows();
    for identity in [None, bo] {
        let config = HostConfig { identity, ..keeping() };
        let host =
            Host::restore(config, &Seed::from_number(2), Time::ZERO, Timestamp::default(), rows.clone()).unwrap();
        assert_eq!((host.identity().map(Identity::peer), host.me().map(|me| me.id)), (peer, peer));
    }
}

#[test]
fn nothing_is_shown_or_acknowledged_before_it_is_kept() {
    let mut bench = Bench::with(keeping());
    let one = bench.open(1, Encoding::Postcard, WINDOW);
    bench.say(one, &hello(1, 1, None));
    assert_eq!(bench.heard(one), [], "not even a welcome");
    bench.sync();
    let [ToClient::Welcome(welcome), ToClient::Roster { .. }] = &bench.heard(one)[..] else { panic!() };
    assert_eq!(welcome.durability, Durability::Fsynced);
    bench.say(one, &join(&RoomName::lobby(), JoinFrom::Head));
    let two = bench.kept_member(2);
    let told = bench.told.len();
    bench.heard(one);
    bench.say(one, &text(LOBBY, 1, "hi"));
    bench.say(two, &ToHost::Ping { nonce: 7 });
    assert_eq!((bench.heard(one), bench.heard(two), bench.told.len()), (Vec::new(), Vec::new(), told));
    let held: Vec<&Effect> = bench.host.held().collect();
    assert!(matches!(held[..], [Effect::Event(_), Effect::Send { .. }, Effect::Send { .. }, ..]), "{held:?}");
    bench.sync();
    assert_eq!(bench.host.held().count(), 0);
    assert_eq!((texts(&bench.heard(one)).len(), bench.told.len()), (1, told + 1));
    let heard = bench.heard(two);
    assert_eq!((texts(&heard).len(), heard.last()), (1, Some(&ToClient::Pong { nonce: 7 })), "in its order");
    // What changes nothing that is kept waits for nothing.
    bench.say(two, &ToHost::Ping { nonce: 8 });
    assert_eq!(bench.heard(two), [ToClient::Pong { nonce: 8 }]);
}

#[test]
fn a_host_that_is_restored_goes_on_with_its_session() {
    let mut bench = Bench::with(keeping());
    bench.round(|round| round.join(&den(), JoinFrom::Head)).unwrap();
    bench.sync();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    bench.say(link, &hello(1, 1, None));
    bench.sync();
    let token = bench.heard(link).into_iter().find_map(|said| match said {
        ToClient::Welcome(welcome) => Some(welcome.token),
        _ => None,
    });
    bench.say_all(link, &[join(&RoomName::lobby(), JoinFrom::Head), join(&den(), JoinFrom::Head)]);
    let number = RoomId(2);
    bench.say_all(link, &[text(number, 1, "one"), text(number, 2, " "), text(number, 3, "three")]);
    bench.round(|round| round.post(&den(), Body::Act(Act::Topic("optics".parse().ok())))).unwrap();
    bench.round(|round| round.post(&den(), Body::Act(Act::Rule(Rule::Slow(0))))).unwrap();
    bench.sync();
    let (session, me, life) = (bench.host.session().clone(), bench.host.me(), bench.host.life);
    let (epoch, head) = bench.host.history(&den()).map(|log| (log.epoch(), log.head())).unwrap();

    bench.restore(keeping()).unwrap();
    let host = &bench.host;
    assert_eq!((host.session(), host.me(), host.life), (&session, me, life));
    assert_eq!(host.history(&den()).map(|log| (log.epoch(), log.head())), Some((epoch, head)));
    assert_eq!(host.topic(&den()).map(crate::Remark::as_str), Some("optics"));
    assert_eq!(host.members(&den()).count(), 2);
    // The client comes back with what it has, and says again what it has heard no outcome of.
    let (link, _) = (bench.open(1, Encoding::Postcard, WINDOW), bench.heard(LinkId(1)));
    bench.say(link, &hello(1, 2, token));
    bench.sync();
    let after = JoinFrom::After { epoch, seq: head };
    bench.say_all(link, &[join(&RoomName::lobby(), JoinFrom::Head), join(&den(), after)]);
    bench.sync();
    bench.heard(link);
    bench.say_all(
        link,
        &[text(number, 1, "one"), text(number, 2, " "), text(number, 3, "three"), text(number, 4, "four")],
    );
    bench.sync();
    let answers = bench.heard(link);
    assert_eq!(refusals(&answers), [Refusal::Empty]);
    assert_eq!(
        texts(&answers).into_iter().map(|(_, text)| text).collect::<Vec<_>>(),
        ["four"],
        "no other is logged again"
    );
}

#[test]
fn who_shows_no_token_of_the_session_before_is_not_let_in_as_somebody_of_it() {
    let mut bench = Bench::with(keeping());
    bench.kept_member(1);
    bench.restore(keeping()).unwrap();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    bench.say(link, &hello(1, 2, None));
    bench.sync();
    assert_eq!(bench.closed(link), Some(CloseReason::WrongToken));
}

#[test]
fn a_token_that_an_earlier_version_kept_as_it_is_opens_the_door_still() {
    let mut bench = Bench::with(keeping());
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    bench.say_all(link, &[hello(1, 1, None), join(&RoomName::lobby(), JoinFrom::Head)]);
    bench.sync();
    let welcome = bench.heard(link).into_iter().find_map(|said| match said {
        ToClient::Welcome(welcome) => Some(welcome),
        _ => None,
    });
    let Welcome { you, token, .. } = welcome.unwrap();
    let print = Sha256::new().chain_update(b"exchange token 1").chain_update(token.as_bytes()).finalize();
    let mut found = 0;
    for (key, row) in &mut bench.disk.rows {
        match *key {
            Key::Session => *row = [&[3][..], &row[1..]].concat().into(),
            Key::Member(member) if member == you => {
                let at = row.windows(16).position(|bytes| bytes == &print[..16]).unwrap();
                *row = [&row[..at], token.as_bytes(), &row[at + 16..]].concat().into();
                found += 1;
            }
            _ => {}
        }
    }
    assert_eq!(found, 1);
    // Whoever else is written first: then as well nothing of an earlier form is left.
    bench.restore(keeping()).unwrap();
    bench.round(|round| round.post(&RoomName::lobby(), Body::text("on we go"))).unwrap();
    bench.sync();
    assert!(!bench.disk.rows.values().any(|row| row.windows(16).any(|bytes| bytes == token.as_bytes())));
    bench.restore(keeping()).unwrap();
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    bench.say(link, &hello(1, 2, Some(token)));
    bench.sync();
    assert_eq!(bench.closed(link), None);
    assert!(bench.heard(link).iter().any(|said| matches!(said, ToClient::Welcome(welcome) if welcome.you == you)));
}

#[test]
fn a_ban_ends_when_it_was_to_end_whoever_hosts_then() {
    let mut bench = Bench::with(keeping());
    bench.input(Input::WallClock { at: Timestamp::from_millis(1_000_000) });
    bench.kept_member(1);
    let ban = Act::Ban { who: peer(1), seconds: Some(60), reason: None };
    bench.round(|round| round.post(&RoomName::lobby(), Body::Act(ban))).unwrap();
    bench.sync();
    for (wall, is_banned) in [(1_059_000, true), (1_061_000, false)] {
        let rows = bench.disk.rows.clone();
        let wall = Timestamp::from_millis(wall);
        let host = Host::restore(keeping(), &Seed::from_number(3), Time::ZERO, wall, rows).unwrap();
        assert_eq!(host.barred(Time::ZERO, peer(1).id).is_some(), is_banned, "{wall}");
    }
}

#[test]
fn what_is_kept_of_a_log_is_what_the_host_has_of_it() {
    let limits = Limits { history_entries: 4, ..config().limits };
    let mut bench = Bench::with(HostConfig { limits, ..keeping() });
    for number in 0..10 {
        bench.post(&RoomName::lobby(), &alloc::format!("number {number}")).unwrap();
        bench.sync();
    }
    let kept = |disk: &Disk| -> Vec<Seq> {
        let entries = disk.rows.iter().filter_map(|(key, row)| match key {
            Key::Entry(LOBBY, seq) => (read_entry(row)?.seq == *seq).then_some(*seq),
            _ => None,
        });
        entries.collect()
    };
    assert_eq!(kept(&bench.disk), [8, 9, 10, 11].map(Seq));
    // Who keeps less from now on gives back the rest.
    let limits = Limits { history_entries: 2, ..config().limits };
    bench.restore(HostConfig { limits, ..keeping() }).unwrap();
    bench.post(&RoomName::lobby(), "one more").unwrap();
    bench.sync();
    assert_eq!(kept(&bench.disk), [11, 12].map(Seq));
}

#[test]
fn when_nothing_can_be_kept_any_more_the_session_ends_and_nobody_hears_the_rest() {
    let mut bench = Bench::with(keeping());
    let link = bench.kept_member(1);
    let told = bench.told.len();
    bench.say(link, &text(LOBBY, 1, "lost"));
    bench.post(&RoomName::lobby(), "lost too").unwrap();
    bench.input(Input::StoreFailed);
    assert_eq!(bench.heard(link), [ToClient::Bye { reason: CloseReason::StoreFailed }]);
    assert_eq!(bench.closed(link), Some(CloseReason::StoreFailed));
    assert_eq!(bench.told[told..], [Event::Closed { cause: Ended::Here(CloseReason::StoreFailed) }]);
    bench.pass(secs(100));
    assert!(bench.host.is_closed());
}

#[test]
fn rows_that_are_not_those_of_a_host_are_told_apart_from_those_that_are() {
    let mut bench = Bench::with(keeping());
    let link = bench.open(1, Encoding::Postcard, WINDOW);
    bench.say_all(link, &[hello(1, 1, None), join(&RoomName::lobby(), JoinFrom::Head), text(LOBBY, 1, "hi")]);
    bench.sync();
    let restore = |rows: BTreeMap<Key, bytes::Bytes>| {
        let seed = Seed::from_number(4);
        Host::restore(keeping(), &seed, Time::ZERO, Timestamp::default(), rows).map(|_| ()).err()
    };
    let whole = bench.disk.rows.clone();
    assert_eq!(restore(whole.clone()), None);
    for needed in [Key::Session, Key::Member(MemberId(0)), Key::Room(LOBBY)] {
        let mut rows = whole.clone();
        rows.remove(&needed);
        assert!(matches!(restore(rows), Some(Damage::Missing(_) | Damage::Row(_))), "without {needed}");
    }
    for key in whole.keys().copied() {
        let mut rows = whole.clone();
        rows.insert(key, bytes::Bytes::from_static(&[9; 3]));
        assert!(restore(rows).is_some(), "with a damaged row of {key}");
    }
    let mut later = whole.clone();
    later.insert(Key::Session, [&[7][..], &whole[&Key::Session][1..]].concat().into());
    assert_eq!(restore(later), Some(Damage::Later { form: 7 }));
    let mut foreign = whole.clone();
    foreign.insert(Key::Client, bytes::Bytes::from_static(b"a client's"));
    assert_eq!(restore(foreign), Some(Damage::OfClient));
    let mut torn = whole;
    torn.remove(&Key::Entry(LOBBY, Seq(2)));
    assert_eq!(restore(torn), Some(Damage::Row(Key::Entry(LOBBY, Seq(3)))), "there is a hole in the log");
}

//! Whatever is kept, a host is made of it or says what is damaged; one that is made goes on without a panic, and can be
//! made again of what it keeps. What was said is read of it in any case.

use core::time::Duration;

use arbitrary::{Result, Unstructured};
use bytes::{Bytes, BytesMut};
use exchange_core::{
    Archive, Body, Durability, Effect, Encoding, Host, HostConfig, Input, JoinFrom, Limits, LinkId, MessageView,
    Outbox, PeerId, Presence, ProducerId, RoomName, Seed, Time, Timestamp, Token,
    message::{FRAME_HEADER, Hello, ToHost},
    store::{Key, read_entry},
};

use crate::{Disk, number, to_host};

/// Tries it with this input.
pub fn run(data: &[u8]) {
    let _ = attempt(&mut Unstructured::new(data));
}

fn config() -> HostConfig {
    let limits = Limits { history_entries: 10, rooms: 4, members_per_room: 6, remembered: 2, ..Limits::default() };
    let config = HostConfig::new("Lab 3".parse().expect("it is valid"), "host".parse().expect("it is valid"));
    HostConfig { limits, store: Some(Durability::Fsynced), ..config }
}

fn attempt(u: &mut Unstructured<'_>) -> Result<()> {
    let mut kept = live(Host::new(config(), &Seed::from_number(1), Time::ZERO), Disk::default(), Time::ZERO, u)?;
    for _ in 0..u.int_in_range(0..=4)? {
        damage(&mut kept, u)?;
    }
    for (key, row) in &kept.rows {
        assert_eq!(Key::from_bytes(&key.to_bytes()), Some(*key));
        if let Some(entry) = read_entry(row) {
            let _ = (entry.body.act(), format!("{entry:?}"));
        }
    }
    let archive = Archive::read(kept.rows.clone());
    let (now, wall) = (Time::from_nanos(number(u)?), Timestamp::from_millis(number(u)?));
    let Ok(host) = Host::restore(config(), &Seed::from_number(2), now, wall, kept.rows.clone()) else { return Ok(()) };
    assert!(archive.damage.is_empty(), "what a host is made of is sound: {:?}", archive.damage);
    for room in &archive.rooms {
        assert!(room.gaps.is_empty());
        let text = |view: &MessageView| (view.message().seq(), view.text().to_owned());
        let (read, made): (Vec<_>, Vec<_>) =
            (room.messages.iter().map(text).collect(), host.messages(&room.name).map(|view| text(&view)).collect());
        // A host lets go of what is more than it may keep.
        assert!(read.ends_with(&made), "a host says what is read: {read:?}, {made:?}");
    }
    kept.crash();
    let kept = live(host, kept, now, u)?;
    let again = Host::restore(config(), &Seed::from_number(3), now, wall, kept.rows);
    assert!(again.is_ok(), "it is made again of what it keeps: {:?}", again.err());
    Ok(())
}

/// Has a host live for a while; what is kept of it in the end.
fn live(mut host: Host, mut disk: Disk, mut now: Time, u: &mut Unstructured<'_>) -> Result<Disk> {
    let mut out = Outbox::new();
    let tokens: [Option<Token>; 2] = [None; 2];
    for number in 1..=u.int_in_range(0..=2_u8)? {
        let link = LinkId(number.into());
        let hello = Hello {
            peer: PeerId::from_bytes([number; 16]),
            producer: ProducerId::from_bytes([number; 8]),
            token: tokens[usize::from(number - 1)],
            attempt: u.arbitrary()?,
            nick: format!("client {number}").as_str().into(),
            presence: Presence::default(),
        };
        host.handle(now, Input::LinkUp { link, credit: u32::MAX, from: None }, &mut out);
        host.handle(now, Input::Opened { link, encoding: Encoding::Postcard, proven: None }, &mut out);
        say(&mut host, now, link, &ToHost::Hello(hello), &mut out);
        for _ in 0..u.int_in_range(0..=6)? {
            say(&mut host, now, link, &to_host(u)?, &mut out);
        }
        keep(&mut host, now, &mut disk, &mut out);
    }
    for _ in 0..u.int_in_range(0..=3)? {
        let name = if u.arbitrary()? { RoomName::lobby() } else { "den".parse().expect("it is valid") };
        let mut round = host.round(now, &mut out);
        let _ = if u.arbitrary()? {
            round.join(&name, JoinFrom::Start)
        } else {
            round.post(&name, Body::text("hello")).map(drop)
        };
        drop(round);
        keep(&mut host, now, &mut disk, &mut out);
    }
    now = now + Duration::from_secs(u.int_in_range(0..=1000)?);
    host.handle(now, Input::Tick, &mut out);
    keep(&mut host, now, &mut disk, &mut out);
    Ok(disk)
}

fn say(host: &mut Host, now: Time, link: LinkId, message: &ToHost, out: &mut Outbox) {
    let mut frame = BytesMut::new();
    Encoding::Postcard.encode(message, &mut frame);
    host.handle(now, Input::Frame { link, body: &frame[FRAME_HEADER..] }, out);
}

/// Keeps everything at once.
fn keep(host: &mut Host, now: Time, disk: &mut Disk, out: &mut Outbox) {
    loop {
        for effect in out.drain() {
            if let Effect::Store { batch, changes } = effect {
                disk.take(batch, changes);
            }
        }
        let Some(stored) = disk.sync() else { return };
        host.handle(now, stored, out);
    }
}

/// Something happens to what is kept.
fn damage(kept: &mut Disk, u: &mut Unstructured<'_>) -> Result<()> {
    let keys: Vec<Key> = kept.rows.keys().copied().collect();
    let key = if keys.is_empty() { Key::Session } else { *u.choose(&keys)? };
    let row = kept.rows.get(&key).cloned().unwrap_or_default();
    match u.int_in_range(0..=5)? {
        0 => drop(kept.rows.remove(&key)),
        1 | 2 => {
            let mut bytes = row.to_vec();
            if !bytes.is_empty() {
                let place = u.choose_index(bytes.len())?;
                bytes[place] = u.arbitrary()?;
            }
            kept.rows.insert(key, bytes.into());
        }
        3 => {
            let length = u.int_in_range(0..=row.len())?;
            kept.rows.insert(key, row.slice(..length));
        }
        4 => {
            // What is of one key is under another.
            if let Some(key) = Key::from_bytes(&u.arbitrary::<[u8; 13]>()?[..u.choose(&[1_usize, 5, 9, 13]).copied()?])
            {
                kept.rows.insert(key, row);
            }
        }
        _ => drop(kept.rows.insert(key, Bytes::copy_from_slice(u.arbitrary()?))),
    }
    Ok(())
}

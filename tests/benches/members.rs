//! What one change costs as a room grows: the host's CPU time and the bytes it sends, for somebody who comes, goes, says
//! something or is away, among 10, 100 and 1,000 members.
//!
//! ```text
//! cargo bench -p exchange-tests --bench members
//! ```
//!
//! It drives the machine of a host alone, over links that take whatever they are given. Everybody is in one room and
//! listens, so a change is told to all: what it costs the host grows with the members, and what it costs *each of them*
//! must not. Bytes are counted, and that they stay the same is an error if it is not so; times are printed for
//! orientation, each the least of several repetitions.

#[cfg(target_os = "linux")]
mod linux {
    use std::{collections::BTreeMap, time::Duration};

    use bytes::BytesMut;
    use exchange_driver::core::{
        Cmid, Effect, Encoding, Host, HostConfig, Input, JoinFrom, Limits, LinkId, Outbox, PeerId, ProducerId, RoomId,
        Seed, Time,
        message::{Availability, Body, FRAME_HEADER, Hello, Presence, ToClient, ToHost},
        wire::frames,
    };
    use rustix::time::{ClockId, clock_gettime};

    const SIZES: [u64; 3] = [10, 100, 1000];
    const REPETITIONS: usize = 5;

    /// Changes of one repetition, each made by another member.
    const CHANGES: u64 = 100;

    /// A second each, so that the host holds nothing back.
    const PAUSE: Duration = Duration::from_secs(1);

    /// Takes whatever there is to take.
    const CREDIT: u32 = 1024 * 1024;

    /// A room full of members, and what the host has sent to each.
    struct Hall {
        host: Host,
        out: Outbox,
        now: Time,
        room: Option<RoomId>,
        sent: BTreeMap<LinkId, u64>,
    }

    impl Hall {
        /// A room beside the lobby, which everybody has joined.
        fn with(members: u64) -> Self {
            let config = HostConfig {
                limits: Limits { links: 4096, half_open: 4096, members_per_room: 4096, ..Limits::default() },
                ..HostConfig::new("Lab 3".parse().expect("a name"), "host of all".parse().expect("a nick"))
            };
            let host = Host::new(config, &Seed::from_number(1), Time::ZERO);
            let mut hall = Self { host, out: Outbox::new(), now: Time::ZERO, room: None, sent: BTreeMap::new() };
            for number in 1..=members {
                hall.enter(LinkId(number));
                hall.joins(LinkId(number));
            }
            hall
        }

        fn room(&self) -> RoomId {
            self.room.expect("somebody has joined")
        }

        fn enter(&mut self, link: LinkId) {
            let bytes = link.0.to_be_bytes();
            let mut peer = [0; 16];
            peer[8..].copy_from_slice(&bytes);
            self.take(Input::LinkUp { link, credit: CREDIT, from: None });
            self.take(Input::Opened { link, encoding: Encoding::Postcard, proven: None });
            self.says(
                link,
                &ToHost::Hello(Hello {
                    peer: PeerId::from_bytes(peer),
                    producer: ProducerId::from_bytes(bytes),
                    token: None,
                    attempt: 1,
                    nick: format!("member {}", link.0).as_str().into(),
                    presence: Presence::default(),
                }),
            );
            self.joins_room(link, "lobby");
        }

        fn joins(&mut self, link: LinkId) {
            self.joins_room(link, "hall");
        }

        fn joins_room(&mut self, link: LinkId, room: &str) {
            let (settled, sent) = (Cmid::ZERO, Cmid::ZERO);
            self.says(link, &ToHost::Join { room: room.into(), from: JoinFrom::Head, settled, sent });
        }

        fn says(&mut self, link: LinkId, message: &ToHost) {
            let mut frame = BytesMut::new();
            Encoding::Postcard.encode(message, &mut frame);
            self.take(Input::Frame { link, body: &frame[FRAME_HEADER..] });
        }

        fn take(&mut self, input: Input<'_>) {
            self.host.handle(self.now, input, &mut self.out);
            while let Some(effect) = self.out.pop() {
                let Effect::Send { link, frames: sent } = effect else { continue };
                *self.sent.entry(link).or_default() += sent.len() as u64;
                if self.room.is_none() {
                    self.room = frames(&sent).find_map(|body| match Encoding::Postcard.decode(body) {
                        Ok(ToClient::Joined(joined)) if !joined.name.is_lobby() => Some(joined.room),
                        _ => None,
                    });
                }
                let bytes = u32::try_from(sent.len()).expect("no more than a link takes");
                self.host.handle(self.now, Input::Credit { link, bytes }, &mut self.out);
            }
        }

        /// Everybody gives a sign of life, and hears what there is.
        fn passes(&mut self, time: Duration) {
            self.now = self.now + time;
            for link in self.sent.keys().copied().collect::<Vec<_>>() {
                self.take(Input::Bytes { link });
            }
            self.take(Input::Tick);
        }

        /// Has members change something, one after the other.
        fn cost(&mut self, members: u64, Change { before, make, after, .. }: &Change) -> Cost {
            let mut cost = Cost::default();
            for number in 0..CHANGES {
                let (link, round) = (LinkId(1 + number % members), number / members);
                before(self, link);
                self.passes(PAUSE);
                self.sent.values_mut().for_each(|sent| *sent = 0);
                let began = cpu_time();
                make(self, link, round);
                cost.time += cpu_time().saturating_sub(began);
                cost.sent += self.sent.values().sum::<u64>();
                let others = self.sent.iter().filter(|(other, _)| **other != link);
                cost.to_another = others.map(|(_, sent)| *sent).max().unwrap_or_default().max(cost.to_another);
                after(self, link);
            }
            cost
        }

        /// Everybody is away and back a hundred times within a second, all at once.
        fn storm(&mut self, members: u64) -> Cost {
            self.passes(PAUSE);
            self.sent.values_mut().for_each(|sent| *sent = 0);
            let began = cpu_time();
            for flip in 0..CHANGES {
                for number in 1..=members {
                    be(self, LinkId(number), flip);
                }
                self.now = self.now + PAUSE / 100;
                self.take(Input::Tick);
            }
            let time = cpu_time().saturating_sub(began);
            let to_another = self.sent.values().copied().max().unwrap_or_default() / members;
            Cost { time, sent: self.sent.values().sum(), to_another }
        }
    }

    /// What changes cost.
    #[derive(Clone, Copy, Default)]
    struct Cost {
        /// All of them together,
        time: Duration,
        sent: u64,
        /// and what it was at most that somebody else was sent of one.
        to_another: u64,
    }

    struct Change {
        name: &'static str,
        before: fn(&mut Hall, LinkId),
        /// What is measured; the number says how often that link has made it before.
        make: fn(&mut Hall, LinkId, u64),
        after: fn(&mut Hall, LinkId),
    }

    const CHANGES_TO_MAKE: [Change; 4] = [
        Change { name: "somebody comes", before: goes, make: |hall, link, _| hall.joins(link), after: nothing },
        Change { name: "somebody goes", before: nothing, make: |hall, link, _| goes(hall, link), after: Hall::joins },
        Change { name: "somebody is away, or back", before: nothing, make: be, after: nothing },
        Change { name: "somebody says 64 bytes", before: nothing, make: say, after: nothing },
    ];

    fn nothing(_: &mut Hall, _: LinkId) {}

    fn goes(hall: &mut Hall, link: LinkId) {
        hall.says(link, &ToHost::Leave { room: hall.room() });
    }

    fn be(hall: &mut Hall, link: LinkId, round: u64) {
        let availability = if round.is_multiple_of(2) { Availability::Away } else { Availability::Online };
        hall.says(link, &ToHost::Presence(Presence { availability, note: None }));
    }

    fn say(hall: &mut Hall, link: LinkId, round: u64) {
        hall.says(
            link,
            &ToHost::Send {
                room: hall.room(),
                cmid: Cmid(round + 1),
                body: Body::text(&"x".repeat(64)),
                commitment: None,
            },
        );
    }

    fn cpu_time() -> Duration {
        let now = clock_gettime(ClockId::ProcessCPUTime);
        Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or_default())
    }

    pub(super) fn main() {
        println!("| change | members | µs of the host's | ns for each member | bytes sent | bytes to each member |");
        println!("|---|---:|---:|---:|---:|---:|");
        for change in &CHANGES_TO_MAKE {
            measure(change.name, CHANGES, |members| Hall::with(members).cost(members, change));
        }
        measure("one of a hundred changes of everybody's in a second", CHANGES, |members| {
            let cost = Hall::with(members).storm(members);
            let of_one = |amount: u64| amount / members;
            Cost { time: cost.time / u32::try_from(members).unwrap_or(1), sent: of_one(cost.sent), ..cost }
        });
    }

    fn measure(name: &str, changes: u64, cost: impl Fn(u64) -> Cost) {
        let mut least_to_another = u64::MAX;
        for members in SIZES {
            let repeated = (0..REPETITIONS).map(|_| cost(members));
            let cost = repeated.min_by_key(|cost| cost.time).unwrap_or_default();
            let nanos = u64::try_from(cost.time.as_nanos()).unwrap_or(u64::MAX) / changes;
            println!(
                "| {name} | {members} | {}.{} | {} | {} | {} |",
                nanos / 1000,
                nanos % 1000 / 100,
                nanos / members,
                cost.sent / changes,
                cost.to_another
            );
            least_to_another = least_to_another.min(cost.to_another);
            // Numbers of members, places and revisions take a byte or two more as they grow.
            assert!(cost.to_another <= least_to_another + 8, "{name}: one change costs a member more as members grow");
        }
    }
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("this benchmark reads CPU times as only Linux tells them");
}

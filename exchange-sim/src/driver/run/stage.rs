//! Where a plan is acted out: the machines, what goes wrong between them, and who listens.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use exchange_core::{
    SessionId, SessionName, Time,
    discovery::{DEFAULT_PORT, PeerRecord},
};
use exchange_driver::Events;

use super::{
    SESSION,
    life::SharedLife,
    plan::{By, Fault, Plan, Trouble},
};
use crate::{
    driver::{Air, Faults, SimRuntime},
    net::{Door, Latency, Pace, Weather},
};

pub(super) struct Stage {
    pub(super) seed: u64,
    pub(super) faults: Faults,
    /// The host's machine, the clients', and one more on which nobody is.
    pub(super) nodes: Vec<SimRuntime>,
    pub(super) lives: Locked<Vec<(usize, SharedLife)>>,
    pub(super) session: Locked<Option<SessionId>>,
    wrong: Locked<Option<String>>,
    without_power: Locked<Vec<usize>>,
    sleeps: Vec<AtomicU32>,
    is_calm: AtomicBool,
    is_silent: AtomicBool,
}

/// Something behind a lock that is never held for long.
#[derive(Debug, Default)]
pub(super) struct Locked<T>(Mutex<T>);

impl<T> Locked<T> {
    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stage {
    pub(super) fn new(seed: u64, faults: Faults, nodes: Vec<SimRuntime>) -> Self {
        Self {
            seed,
            faults,
            sleeps: nodes.iter().map(|_| AtomicU32::new(0)).collect(),
            nodes,
            lives: Locked::default(),
            session: Locked::default(),
            wrong: Locked::default(),
            without_power: Locked::default(),
            is_calm: AtomicBool::new(false),
            is_silent: AtomicBool::new(false),
        }
    }

    /// Something is not as it has to be. The first such thing counts.
    pub(super) fn wrong(&self, what: String) {
        self.wrong.lock().get_or_insert(what);
    }

    pub(super) fn first_wrong(&self) -> Option<String> {
        self.wrong.lock().take()
    }

    pub(super) fn is_troubled(&self) -> bool {
        !self.is_calm.load(Ordering::Relaxed)
    }

    /// How often a machine has slept.
    pub(super) fn slept(&self, number: usize) -> u32 {
        self.sleeps[number].load(Ordering::Relaxed)
    }

    /// How to join that way: without multicast, nobody new finds a session by its name.
    pub(super) fn way(&self, by: By) -> By {
        if by == By::Name && self.is_silent.load(Ordering::Relaxed) { By::Address } else { by }
    }

    pub(super) async fn has_power(&self, number: usize) {
        while self.without_power.lock().contains(&number) {
            self.faults.sleep(Duration::from_millis(100)).await;
        }
    }

    /// Keeps what somebody is told, at the pace at which they read it.
    pub(super) fn listen(&self, mut events: Events, life: &SharedLife, pause_ms: u32) {
        let (life, faults) = (life.clone(), self.faults.clone());
        let name = format!("events of {}", life.lock().name);
        drop(self.faults.start(&name, async move {
            while let Some(event) = events.next().await {
                life.lock().events.push(event);
                if pause_ms > 0 {
                    faults.sleep(Duration::from_millis(pause_ms.into())).await;
                }
            }
            life.lock().is_over = true;
        }));
    }

    /// Everything that goes wrong, and its end.
    pub(super) async fn trouble(self: Arc<Self>, plan: Plan) {
        let mut acts = Vec::new();
        for Fault { at_ms, for_ms, trouble } in plan.faults {
            let until = at_ms.saturating_add(for_ms).min(plan.trouble_ms);
            acts.push((at_ms, true, until - at_ms.min(until), trouble.clone()));
            acts.push((until, false, 0, trouble));
        }
        acts.sort_by_key(|(at, ..)| *at);
        for (at_ms, begins, for_ms, trouble) in acts {
            self.faults.sleep_until(Time::ZERO + Duration::from_millis(at_ms.into())).await;
            if begins {
                self.begin(&trouble, for_ms);
            } else {
                self.end(&trouble, &plan.weather, plan.air);
            }
        }
        self.faults.sleep_until(Time::ZERO + Duration::from_millis(plan.trouble_ms.into())).await;
        // The cuts stay: they are no trouble.
        let calm = Weather {
            latency: Latency::Constant(200),
            spread_us: 0,
            bandwidth: 0,
            window: plan.weather.window.max(4096),
            retransmission_us: 0,
            ..plan.weather
        };
        self.faults.weather(calm);
        if !self.is_silent.load(Ordering::Relaxed) {
            self.faults.air(Air::calm());
        }
        self.is_calm.store(true, Ordering::Relaxed);
    }

    fn begin(&self, trouble: &Trouble, for_ms: u32) {
        let (faults, host) = (&self.faults, &self.nodes[0]);
        let node = |number: usize| &self.nodes[number];
        let millis = |millis: u32| Duration::from_millis(millis.into());
        match trouble {
            Trouble::Partition { client, to_host, to_client } => {
                to_host.then(|| faults.block(node(*client), host));
                to_client.then(|| faults.block(host, node(*client)));
            }
            Trouble::Reset { client, client_ms, host_ms } => {
                faults.reset((node(*client), client_ms.map(millis)), (host, host_ms.map(millis)));
            }
            Trouble::Hole { client, to_host, to_client } => {
                to_host.then(|| faults.hole(node(*client), host));
                to_client.then(|| faults.hole(host, node(*client)));
            }
            Trouble::HalfClose { client, by_host: true } => faults.half_close(host, node(*client)),
            Trouble::HalfClose { client, by_host: false } => faults.half_close(node(*client), host),
            Trouble::Door { dead } => faults.door(host, Some(if *dead { Door::Dead } else { Door::Closed })),
            Trouble::Reader { client, at_host, pace } => self.pace(*client, *at_host, Some(*pace)),
            Trouble::Crash { client, power } => {
                for (_, life) in self.lives.lock().iter().filter(|(number, _)| number == client) {
                    let mut life = life.lock();
                    life.is_crashed |= !life.is_over;
                }
                if *power {
                    self.without_power.lock().push(*client);
                    faults.power_off(node(*client));
                } else {
                    faults.crash(node(*client));
                }
            }
            Trouble::Sleep { node: number, clock } => {
                self.sleeps[*number].fetch_add(1, Ordering::Relaxed);
                faults.pause(node(*number), millis(for_ms), *clock);
            }
            Trouble::WallClock { node: number, by_ms } => faults.step_clock(node(*number), *by_ms),
            Trouble::Weather(weather) => faults.weather(weather.clone()),
            Trouble::Air(air) if !self.is_silent.load(Ordering::Relaxed) => faults.air(*air),
            Trouble::Air(_) => {}
            Trouble::Flood { sessions } => {
                if let Some(last) = self.nodes.last() {
                    faults.flood(last, (*sessions).into(), Duration::from_secs(4));
                }
            }
            Trouble::Spoof { refuses } => self.spoof(*refuses),
            Trouble::Silence => {
                self.is_silent.store(true, Ordering::Relaxed);
                faults.air(Air { lost: 1000, doubled: 0, late_us: 0 });
            }
        }
    }

    fn spoof(&self, refuses: bool) {
        let (Some(session), Some(last)) = (*self.session.lock(), self.nodes.last()) else { return };
        let Ok(name) = SessionName::new(SESSION) else { return };
        let Ok(host) = exchange_core::Nick::new("eve") else { return };
        let mut record = PeerRecord::new(session, name, host, DEFAULT_PORT);
        record.addresses.push((last.ip(), DEFAULT_PORT).into());
        self.faults.door(last, (!refuses).then_some(Door::Dead));
        self.faults.spoof(last, &record, Duration::from_secs(4));
    }

    fn pace(&self, client: usize, at_host: bool, pace: Option<Pace>) {
        let (host, client) = (&self.nodes[0], &self.nodes[client]);
        let (reader, writer) = if at_host { (host, client) } else { (client, host) };
        self.faults.pace(reader, writer, pace);
    }

    fn end(&self, trouble: &Trouble, weather: &Weather, air: Air) {
        let (faults, host) = (&self.faults, &self.nodes[0]);
        match trouble {
            Trouble::Partition { client, to_host, to_client } => {
                let client = &self.nodes[*client];
                to_host.then(|| faults.unblock(client, host));
                to_client.then(|| faults.unblock(host, client));
            }
            Trouble::Door { .. } => faults.door(host, None),
            Trouble::Reader { client, at_host, .. } => self.pace(*client, *at_host, None),
            Trouble::Crash { client, power: true } => {
                self.without_power.lock().retain(|number| number != client);
                faults.power_on(&self.nodes[*client]);
            }
            Trouble::Weather(_) => faults.weather(weather.clone()),
            Trouble::Air(_) if !self.is_silent.load(Ordering::Relaxed) => faults.air(air),
            _ => {}
        }
    }
}

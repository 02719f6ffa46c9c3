//! One person of a plan, who joins, does what the plan says, and joins again when their client is gone.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use exchange_core::{
    Encoding, RoomName, Time,
    discovery::DEFAULT_PORT,
    wire::{Offer, Versions},
};
use exchange_driver::{NetworkError, Receipt, RequestError, Room, Runtime as _};
use futures_util::future::{Either, join, join_all, poll_immediate, select};

use super::{
    SESSION,
    deeds::{Seat, carry_out},
    life::{Post, SharedLife},
    plan::{Act, By, Guest, Step},
    stage::Stage,
};
use crate::{
    driver::{Client, ClientBuilder, Host, SimRuntime},
    random::Random,
};

/// How long a client goes on after its handle said goodbye.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// More than are answered in one go.
const QUESTIONS: usize = 100;

pub(super) struct Person {
    pub(super) stage: Arc<Stage>,
    pub(super) number: usize,
    guest: Guest,
    node: SimRuntime,
    random: Random,
    said: u32,
    joined: u32,
    /// Nothing is there yet, or any more.
    pub(super) client: Option<(Client, SharedLife)>,
}

impl Person {
    pub(super) fn new(stage: Arc<Stage>, number: usize, guest: Guest) -> Self {
        let random = Random::new(stage.seed, "person", number as u64);
        let node = stage.nodes[number].clone();
        Self { stage, number, guest, node, random, said: 0, joined: 0, client: None }
    }

    pub(super) async fn live(mut self, steps: Vec<Step>) -> Self {
        self.be_there().await;
        for step in steps {
            self.stage.faults.sleep_until(Time::ZERO + Duration::from_millis(step.at_ms.into())).await;
            self.be_there().await;
            self.act(step.act).await;
        }
        self
    }

    /// Joins, if there is no client or it has come to its end by a crash.
    pub(super) async fn be_there(&mut self) {
        if let Some((client, _)) = &self.client
            && client.people().await.is_ok()
        {
            return;
        }
        self.client = None;
        loop {
            self.stage.has_power(self.number).await;
            let joining = self.join();
            if self.random.chance(self.guest.gives_up) && self.stage.is_troubled() {
                let patience = self.random.duration(Duration::from_millis(20));
                let joined = select(Box::pin(joining), self.stage.faults.sleep(patience)).await;
                if let Either::Left((Ok(client), _)) = joined {
                    return self.has_joined(client);
                }
            } else if let Ok(client) = joining.await {
                return self.has_joined(client);
            }
            self.stage.faults.sleep(Duration::from_millis(300)).await;
        }
    }

    /// Sets up a client; what it holds is nothing of this person's, so that it can be given up.
    fn join(&self) -> impl Future<Output = Result<(Client, SharedLife), NetworkError>> + Send + use<> {
        let life = SharedLife::new(format!("{}.{}", self.number, self.joined));
        let by = self.stage.way(self.guest.by);
        let (node, host, address) = (self.node.clone(), self.stage.nodes[0].name(), self.address());
        let builder = self.builder(&life);
        async move {
            let client = match by {
                By::Name => builder.join(SESSION).await?,
                By::Address => builder.join(address).await?,
                By::HostName => builder.join(format!("{host}.local:{DEFAULT_PORT}")).await?,
                By::Stream => {
                    let connect = move || {
                        let node = node.clone();
                        async move { node.connect(address).await }
                    };
                    builder.join_by(connect).await?
                }
            };
            Ok((client, life))
        }
    }

    fn address(&self) -> SocketAddr {
        (self.stage.nodes[0].ip(), DEFAULT_PORT).into()
    }

    fn builder(&self, life: &SharedLife) -> ClientBuilder {
        let name = life.lock().name.clone();
        let mut builder = self.node.client().nick(&name);
        if self.guest.json {
            builder = builder.offer(Offer::new(Versions::SUPPORTED, &[Encoding::Json]));
        }
        let Some(millis) = self.guest.callbacks_ms else { return builder };
        let (life, faults) = (life.clone(), self.stage.faults.clone());
        builder.on_message(move |_, message| {
            life.lock().called.push((message.room().clone(), message.seq()));
            let faults = faults.clone();
            async move {
                if millis > 0 {
                    faults.sleep(Duration::from_millis(millis.into())).await;
                }
                Ok(())
            }
        })
    }

    fn has_joined(&mut self, (client, life): (Client, SharedLife)) {
        self.joined += 1;
        life.lock().me = Some(client.me().clone());
        self.stage.lives.lock().push((self.number, life.clone()));
        self.stage.listen(client.events(), &life, self.guest.reads_ms);
        self.client = Some((client, life));
    }

    async fn act(&mut self, act: Act) {
        let Some((client, life)) = &self.client else { return };
        let (client, life) = (client.clone(), life.clone());
        match act {
            Act::Post { room, count, bytes } => {
                let room = client.room(room_name(room));
                let name = format!("{}+{}", life.lock().name, self.said);
                self.said += 1;
                post(&self.stage, &room, &life, &name, count, bytes).await;
            }
            Act::HalfPost { room } => {
                let text = format!("{}+{}", life.lock().name, self.said);
                self.said += 1;
                life.lock().posts.push(Post { text: text.clone(), id: None, result: None });
                drop(poll_immediate(Box::pin(client.room(room_name(room)).send(text))).await);
            }
            Act::Do(deed) => {
                self.said += 1;
                carry_out(&self.stage, &Seat::Client(client), &life, self.said, deed).await;
            }
            // Whoever has just crashed cannot do these, and finds out with the next step.
            Act::Join { room } => drop(client.room(room_name(room)).join().await),
            Act::Leave { room } => drop(client.room(room_name(room)).leave().await),
            Act::NetworkChanged => drop(client.network_changed().await),
            Act::HalfAsk => drop(poll_immediate(Box::pin(client.people())).await),
            Act::Drop => self.client = None,
            Act::Shutdown { patience_ms } => {
                self.client = None;
                self.shut_down(&client, &life, Duration::from_millis(patience_ms.into())).await;
            }
            Act::HalfShutdown { patience_ms } => {
                self.client = None;
                let patience = Duration::from_millis(patience_ms.into());
                let _farewell = poll_immediate(Box::pin(client.shutdown(patience))).await;
            }
            Act::BusyShutdown => {
                self.client = None;
                let shutdown = Box::pin(client.shutdown(Duration::ZERO));
                let questions = join_all((0..QUESTIONS).map(|_| client.people()));
                // Every one of them has an answer, if only that it is over.
                let _answers = join(shutdown, questions).await;
            }
        }
    }

    /// Shuts a client down, and looks at whether it takes longer than it may.
    pub(super) async fn shut_down(&self, client: &Client, life: &SharedLife, patience: Duration) {
        let clock = || self.node.now();
        let (began, name) = (clock(), life.lock().name.clone());
        let slept = self.stage.slept(self.number);
        let farewell = client.shutdown(patience).await;
        let took = clock().since(began);
        life.lock().is_settled = farewell.undelivered == 0;
        // While the machine sleeps, its clock may go on.
        if took > patience + LINGER + Duration::from_millis(10) && self.stage.slept(self.number) == slept {
            self.stage.wrong(format!("{name}: a shutdown of {patience:?} took {took:?}"));
        }
    }
}

pub(super) fn room_name(room: u8) -> RoomName {
    match room {
        0 => RoomName::lobby(),
        n => RoomName::new(&format!("den {n}")).unwrap_or_else(|_| RoomName::lobby()),
    }
}

/// Posts some messages, one after the other, and waits for what becomes of them in the background.
pub(super) async fn post(stage: &Arc<Stage>, room: &Room, life: &SharedLife, name: &str, count: u16, bytes: u16) {
    let mut receipts: Vec<(usize, Receipt)> = Vec::new();
    for n in 0..count {
        let text = format!("{name}/{n} {:x<1$}", "", usize::from(bytes));
        let place = {
            let mut life = life.lock();
            life.posts.push(Post { text: text.clone(), id: None, result: None });
            life.posts.len() - 1
        };
        match room.send(text).await {
            Ok(receipt) => {
                life.lock().posts[place].id = Some(receipt.id().clone());
                receipts.push((place, receipt));
            }
            Err(RequestError::Closed) => break,
            // Not a member, or too many wait already: that is an answer too.
            Err(_) => {}
        }
    }
    let life = life.clone();
    drop(stage.faults.start(&format!("receipts of {name}"), async move {
        for (place, receipt) in receipts {
            let result = receipt.await;
            life.lock().posts[place].result = Some(result);
        }
    }));
}

/// What the host's owner does.
pub(super) async fn own(stage: Arc<Stage>, host: Host, life: SharedLife, steps: Vec<Step>) {
    for (n, step) in steps.into_iter().enumerate() {
        stage.faults.sleep_until(Time::ZERO + Duration::from_millis(step.at_ms.into())).await;
        let name = format!("0+{n}");
        match step.act {
            Act::Post { room, count, bytes } => {
                post(&stage, &host.room(room_name(room)), &life, &name, count, bytes).await;
            }
            Act::HalfPost { room } => {
                life.lock().posts.push(Post { text: name.clone(), id: None, result: None });
                drop(poll_immediate(Box::pin(host.room(room_name(room)).send(name))).await);
            }
            Act::Do(deed) => {
                let n = u32::try_from(n).unwrap_or(u32::MAX);
                carry_out(&stage, &Seat::Host(host.clone()), &life, n, deed).await;
            }
            _ => drop(poll_immediate(Box::pin(host.people())).await),
        }
    }
}

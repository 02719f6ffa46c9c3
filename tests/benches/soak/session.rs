//! The session: everybody talks, everybody listens, and somebody cuts.

use std::{cell::Cell, collections::HashMap, future::poll_fn, pin::pin, time::Duration};

use exchange_driver::{
    Client, Events, Host, Runtime, Timer as _,
    core::{Event, JoinFrom, Limits, PeerId, Time},
};
use exchange_tests::{
    local_host,
    proxy::Proxy,
    unhurried,
    usage::resident,
    watched::{Alive, Watched},
};
use fastrand::Rng;
use futures_util::{
    StreamExt as _,
    future::{join, join_all},
    stream::FuturesUnordered,
};

use crate::measure::Sample;

/// What is going to happen.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) length: Duration,
    pub(crate) clients: usize,
    /// Messages of each client in a second.
    pub(crate) messages_each: u32,
    /// From one link's being cut to another's, on average.
    pub(crate) cuts_every: Duration,
    pub(crate) samples: u32,
}

/// What has happened.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    pub(crate) said: u64,
    pub(crate) heard: u64,
    pub(crate) cuts: u64,
    pub(crate) reconnects: u64,
}

/// More than is said while somebody is away, so that nobody misses anything.
const HISTORY: usize = 1 << 16;

/// Messages of one client that wait for their outcome.
const WAITING: usize = 400;

/// The last message of everybody.
const LAST: &str = "that is all";

type On<R> = Watched<R>;

pub(crate) async fn soak<R: Runtime>(runtime: On<R>, plan: &Plan) -> (Vec<Sample>, Totals) {
    let limits = Limits { history_entries: HISTORY, history_bytes: HISTORY * 512, ..unhurried() };
    let host = local_host(&runtime, "Soak").limits(limits).start().await.unwrap();
    let (mut proxies, mut clients) = (Vec::new(), Vec::new());
    for number in 0..plan.clients {
        let proxy = Proxy::to(&runtime, host.addresses()[0]).await;
        let builder = Client::builder_on(runtime.clone()).nick(&format!("client {number}")).no_discovery();
        clients.push(builder.lobby_from(JoinFrom::Start).join(proxy.address()).await.unwrap());
        proxies.push(proxy);
    }
    let until = runtime.now() + plan.length;
    let is_over = Cell::new(false);
    let talking = clients.iter().enumerate().map(|(number, client)| talk(&runtime, client, number, plan, until));
    let events = clients.iter().map(Client::events).chain([host.events()]);
    let listening = events.map(|events| listen(events, plan.clients));
    let all = join(join_all(talking), join_all(listening));
    let cutting = cut(&runtime, &proxies, plan, &is_over);
    let sampling = sample(&runtime, plan);
    let talked = async {
        let all = all.await;
        is_over.set(true);
        all
    };
    let (((said, heard), cuts), samples) = join(join(talked, cutting), sampling).await;
    let totals = Totals {
        said: said.iter().sum(),
        heard: heard.iter().map(|heard| heard.messages).sum(),
        cuts,
        reconnects: heard.iter().map(|heard| heard.reconnects).sum(),
    };
    assert_eq!(totals.heard, totals.said * (plan.clients as u64 + 1), "everything is heard once by everybody");
    leave(&runtime, host, clients, proxies).await;
    (samples, totals)
}

/// Says one message after the other, each with its number; gives how many those were.
async fn talk<R: Runtime>(runtime: &On<R>, client: &Client<On<R>>, number: usize, plan: &Plan, until: Time) -> u64 {
    let mut random = Rng::with_seed(number as u64);
    let room = client.room("lobby");
    let (mut said, mut waiting) = (0_u64, FuturesUnordered::new());
    loop {
        let is_last = runtime.now() >= until;
        let text = if is_last { LAST.to_owned() } else { "-".repeat(random.usize(1..200)) };
        said += 1;
        waiting.push(room.send(format!("{said} {text}")).await.unwrap().delivered());
        let spare = if is_last { 0 } else { WAITING };
        while waiting.len() > spare {
            waiting.next().await.unwrap().unwrap();
        }
        if is_last {
            return said;
        }
        sleep(runtime, Duration::from_secs(1) / plan.messages_each).await;
    }
}

#[derive(Debug, Default)]
struct Heard {
    messages: u64,
    reconnects: u64,
}

/// Holds what is heard of everybody to their numbers, until that is all.
async fn listen(mut events: Events, people: usize) -> Heard {
    let mut last: HashMap<PeerId, u64> = HashMap::new();
    let (mut done, mut heard) = (0, Heard::default());
    while done < people {
        match events.next().await.expect("the session goes on") {
            Event::Message(message) => {
                let (number, text) = message.text().split_once(' ').expect("a number and more");
                let last = last.entry(message.sender().id).or_default();
                assert_eq!(number.parse(), Ok(*last + 1), "of {:?}", message.sender());
                *last += 1;
                heard.messages += 1;
                done += usize::from(text == LAST);
            }
            Event::Connected { resumed: true, .. } => heard.reconnects += 1,
            missed @ (Event::Lagged { .. } | Event::Gap { .. }) => panic!("{missed:?}"),
            _ => {}
        }
    }
    heard
}

/// Cuts whoever it hits, again and again.
async fn cut<R: Runtime>(runtime: &On<R>, proxies: &[Proxy], plan: &Plan, is_over: &Cell<bool>) -> u64 {
    let (mut random, mut cuts) = (Rng::with_seed(99), 0);
    while !is_over.get() {
        sleep(runtime, plan.cuts_every.mul_f64(2.0 * random.f64())).await;
        proxies[random.usize(..proxies.len())].cut();
        cuts += 1;
    }
    cuts
}

async fn sample<R: Runtime>(runtime: &On<R>, plan: &Plan) -> Vec<Sample> {
    let began = runtime.now();
    let mut samples = Vec::new();
    for _ in 0..plan.samples {
        sleep(runtime, plan.length / plan.samples).await;
        samples.push(Sample { at: runtime.now().since(began), resident: resident() });
    }
    samples
}

/// Ends it in an orderly way, and sees that nothing is left.
async fn leave<R: Runtime>(runtime: &On<R>, host: Host<On<R>>, clients: Vec<Client<On<R>>>, proxies: Vec<Proxy>) {
    let people = clients.len();
    // Whoever was cut last comes back first: a task, a timer and a link for everybody, and as much of the proxies.
    let expected =
        Alive { tasks: 1 + 3 * people, timers: 1 + people, listeners: 1 + people, streams: 4 * people, connecting: 0 };
    runtime.until(|alive| alive == expected).await;
    join_all(clients.iter().map(|client| client.shutdown(Duration::MAX))).await;
    drop(clients);
    host.shutdown(Duration::MAX).await;
    drop(proxies);
    runtime.until(|alive| alive == Alive::default()).await;
}

async fn sleep<R: Runtime>(runtime: &On<R>, time: Duration) {
    let mut timer = pin!(runtime.timer());
    timer.as_mut().set(runtime.now() + time);
    poll_fn(|cx| timer.as_mut().poll_ring(cx)).await;
}

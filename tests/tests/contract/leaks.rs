//! What is left when everybody has gone.

use std::{fs, net::SocketAddr, pin::pin, time::Duration};

use exchange_driver::{Host, Runtime, core::Event};
use exchange_tests::{
    proxy::Proxy,
    wait_for,
    watched::{Alive, BLACK_HOLE},
};
use futures_util::future::{Either, join_all, select};

use crate::bed::{Bed, On};

const ALONE: Alive = Alive { tasks: 1, timers: 1, listeners: 1, streams: 0, connecting: 0 };

/// So many come, say something, and go, in different ways.
async fn come_and_go<R: Runtime>(bed: &Bed<R>, host: &Host<On<R>>, count: usize) {
    let visits = (0..count).map(|number| async move {
        if number % 4 == 3 {
            // Somebody who says nothing that could be understood.
            drop(bed.runtime.connect(host.addresses()[0]).await.unwrap());
            return;
        }
        let client = bed.join(host, &format!("visitor {number}")).await;
        client.room("lobby").send("hello").await.unwrap().delivered().await.unwrap();
        if number % 4 == 0 {
            client.shutdown(Duration::MAX).await;
        }
    });
    join_all(visits).await;
}

pub(crate) async fn coming_and_going_leaves_nothing<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    for _ in 0..5 {
        come_and_go(&bed, &host, 20).await;
        bed.until_only(ALONE).await;
    }
}

pub(crate) async fn failing_to_join_leaves_nothing<R: Runtime>(bed: Bed<R>) {
    let nobody: SocketAddr = bed.nobody().await;
    for _ in 0..10 {
        bed.client_builder("bo").join(nobody).await.unwrap_err();
        let joining = Box::pin(bed.client_builder("bo").join(BLACK_HOLE));
        let connecting = pin!(bed.runtime.until(|alive| alive.connecting == 1));
        let Either::Right(((), joining)) = select(joining, connecting).await else { panic!("nobody lets it in") };
        drop(joining);
        bed.until_only(Alive::default()).await;
    }
}

pub(crate) async fn a_client_that_was_cut_off_many_times_has_one_link<R: Runtime>(bed: Bed<R>) {
    let host = bed.host().await;
    let proxy = Proxy::to(&bed.runtime, host.addresses()[0]).await;
    let client = bed.client_builder("bo").join(proxy.address()).await.unwrap();
    let mut events = client.events();
    for _ in 0..20 {
        wait_for(&mut events, |event| matches!(event, Event::Connected { .. }).then_some(())).await;
        proxy.cut();
        wait_for(&mut events, |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
        client.network_changed().await.unwrap();
    }
    wait_for(&mut events, |event| matches!(event, Event::Connected { .. }).then_some(())).await;
    // The host, the client, and the proxy with one connection through it.
    bed.until_only(Alive { tasks: 4, timers: 2, listeners: 2, streams: 4, connecting: 0 }).await;
}

fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

pub(crate) async fn no_descriptor_stays_behind<R: Runtime>(bed: Bed<R>) {
    let mut before = None;
    for _ in 0..3 {
        let host = bed.host().await;
        come_and_go(&bed, &host, 20).await;
        bed.client_builder("bo").join(bed.nobody().await).await.unwrap_err();
        drop(host);
        bed.until_only(Alive::default()).await;
        // The first time, the runtime and the machine set themselves up.
        assert_eq!(*before.get_or_insert_with(descriptors), descriptors());
    }
}

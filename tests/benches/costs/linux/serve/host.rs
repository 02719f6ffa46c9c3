//! A host, as an application would have it but for its limits.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use exchange_async_std::AsyncStd;
use exchange_driver::{Host, HostBuilder, Runtime};
use exchange_tokio::{
    Tokio,
    core::{Limits, Rate, Timing},
};

pub(super) async fn on_tokio(links: usize, heartbeat: Duration, sealed: bool) -> io::Result<()> {
    serve(Host::builder_on(Tokio::default(), "benchmark"), (links, heartbeat), sealed).await
}

pub(super) async fn on_async_std(links: usize, heartbeat: Duration) -> io::Result<()> {
    serve(Host::builder_on(AsyncStd::default(), "benchmark"), (links, heartbeat), false).await
}

async fn serve<R: Runtime>(
    builder: HostBuilder<R>,
    (links, heartbeat): (usize, Duration),
    sealed: bool,
) -> io::Result<()> {
    let limits = Limits {
        links,
        half_open: links,
        rooms: 1024,
        rooms_per_founder: 1024,
        members_per_room: links + 1,
        // Whoever comes with thousands of others is not behind all that they have just said.
        history_entries: Limits::default().history_entries.max(8 * links),
        newcomers: Rate::UNLIMITED,
        messages: Rate::UNLIMITED,
        requests: Rate::UNLIMITED,
        ..Limits::default()
    };
    let timing = Timing { heartbeat, ..Timing::default() };
    let builder = builder.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).limits(limits).timing(timing).no_discovery();
    let builder = if sealed { builder } else { builder.insecure() };
    let host = builder.start().await.map_err(io::Error::other)?;
    println!("{}", host.addresses()[0]);
    std::future::pending().await
}

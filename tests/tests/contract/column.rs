//! The runtimes that there are.

use std::future::Future;

use exchange_async_std::AsyncStd;
use exchange_driver::Runtime;
use exchange_sim::driver::{Sim, SimRuntime};
use exchange_tokio::Tokio;
use tokio::runtime::Builder;

use crate::{cases::Need, smol_adapter::Smol};

/// A runtime that runs cases.
pub(crate) trait Column: 'static {
    type Runtime: Runtime;
    const NAME: &'static str;
    /// What it has not got, and why.
    const LACKS: &'static [(Need, &'static str)] = &[];

    fn run<F: Future>(case: impl FnOnce(Self::Runtime) -> F) -> F::Output;
}

pub(crate) struct CurrentThread;

impl Column for CurrentThread {
    type Runtime = Tokio;
    const NAME: &'static str = "tokio-current-thread";

    fn run<F: Future>(case: impl FnOnce(Tokio) -> F) -> F::Output {
        let tokio = Builder::new_current_thread().enable_all().build().unwrap();
        tokio.block_on(case(Tokio::new(tokio.handle().clone())))
    }
}

pub(crate) struct MultiThread;

impl Column for MultiThread {
    type Runtime = Tokio;
    const NAME: &'static str = "tokio-multi-thread";

    fn run<F: Future>(case: impl FnOnce(Tokio) -> F) -> F::Output {
        let tokio = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        tokio.block_on(case(Tokio::new(tokio.handle().clone())))
    }
}

pub(crate) struct OnAsyncStd;

impl Column for OnAsyncStd {
    type Runtime = AsyncStd;
    const NAME: &'static str = "async-std";

    fn run<F: Future>(case: impl FnOnce(AsyncStd) -> F) -> F::Output {
        async_std::task::block_on(case(AsyncStd::new()))
    }
}

pub(crate) struct OnSmol;

impl Column for OnSmol {
    type Runtime = Smol;
    const NAME: &'static str = "smol";

    fn run<F: Future>(case: impl FnOnce(Smol) -> F) -> F::Output {
        smol::block_on(case(Smol::default()))
    }
}

pub(crate) struct Simulator;

impl Column for Simulator {
    type Runtime = SimRuntime;
    const NAME: &'static str = "simulator";
    const LACKS: &'static [(Need, &'static str)] = &[
        (Need::Ipv6, "its machines have one address each, of IPv4"),
        (Need::Descriptors, "it has no sockets of the operating system"),
    ];

    fn run<F: Future>(case: impl FnOnce(SimRuntime) -> F) -> F::Output {
        let mut sim = Sim::new(7);
        let machine = sim.node("localhost");
        sim.run(case(machine)).unwrap_or_else(|stuck| panic!("{stuck}"))
    }
}

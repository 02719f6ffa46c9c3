//! A session under load for a long time, whose links are cut again and again.
//!
//! `cargo bench -p exchange-tests --bench soak` runs ten minutes of virtual time and twenty seconds over real sockets, or
//! one of them with `-- virtual` or `-- sockets`; with `-- full`, two hours and ten minutes, and what became of the memory
//! is drawn in `tests/soak`. Everything said has to be heard by everybody once and in its order, the memory must not grow
//! once everything that has a bound has reached it, and nothing may be left behind: no task, no timer, no connection, no
//! descriptor.
#![allow(clippy::unwrap_used, reason = "what fails here fails the soak")]

mod measure;
mod plot;
mod session;

use std::{env, path::Path, time::Duration};

use exchange_sim::driver::{Budget, Sim};
use exchange_tests::{usage::descriptors, watched::Watched};
use exchange_tokio::Tokio;
use tokio::runtime::Builder;

use self::{
    measure::{Growth, Sample},
    session::{Plan, Totals, soak},
};

fn main() {
    let asked = |what: &str| env::args().any(|argument| argument == what);
    let is_full = asked("full");
    let length = |full: u64, brief: u64| Duration::from_secs(if is_full { full * 60 } else { brief });
    let simulated = Plan {
        length: length(120, 600),
        clients: 8,
        messages_each: 50,
        cuts_every: Duration::from_secs(2),
        samples: 240,
    };
    if !asked("sockets") {
        judge("of virtual time", &simulated, &in_virtual_time(&simulated), is_full.then_some("virtual.svg"));
    }
    if !asked("virtual") {
        let real = Plan { length: length(10, 20), messages_each: 300, ..simulated };
        judge("over real sockets", &real, &over_sockets(&real), is_full.then_some("sockets.svg"));
    }
}

fn in_virtual_time(plan: &Plan) -> (Vec<Sample>, Totals) {
    let mut sim = Sim::new(7);
    sim.set_budget(Budget { polls: u64::MAX, time: plan.length * 2, ..Budget::default() });
    let machine = sim.node("localhost");
    sim.run(soak(Watched::new(machine), plan)).unwrap_or_else(|stuck| panic!("{stuck}"))
}

fn over_sockets(plan: &Plan) -> (Vec<Sample>, Totals) {
    let tokio = Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio.block_on(async {
        let before = descriptors();
        let soaked = soak(Watched::new(Tokio::new(tokio.handle().clone())), plan).await;
        assert_eq!(descriptors(), before, "descriptors that are open");
        soaked
    })
}

fn judge(what: &str, plan: &Plan, (samples, totals): &(Vec<Sample>, Totals), picture: Option<&str>) {
    let Totals { said, heard, cuts, reconnects } = totals;
    let seconds = plan.length.as_secs();
    println!("{seconds} s {what}: {said} messages said, {heard} heard, {cuts} cuts, {reconnects} reconnects");
    let growth = Growth::of(samples);
    println!("  resident memory: {growth}");
    // What is brief does not get warm.
    if let Some(name) = picture {
        growth.check();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("soak").join(name);
        plot::draw(&path, &format!("{seconds} s {what}"), samples).unwrap();
    }
}

//! Who is measured when, and where.

mod abuser;
mod addresses;
mod figures;
mod honest;
mod report;
mod server;

use std::{
    env, io,
    os::unix::process::CommandExt as _,
    process::Command,
    time::{Duration, Instant},
};

use exchange_tests::cores;
use tokio::runtime::Builder;

use self::{
    abuser::{Abuse, Abuser},
    figures::{Row, Slice},
    honest::Honest,
    report::Machine,
    server::{Server, State},
};

/// How often everybody is abused, and for how long.
#[derive(Clone, Copy, Debug)]
struct Plan {
    repetitions: usize,
    /// Before it counts.
    lead: Duration,
    slice: Duration,
}

const FULL: Plan = Plan { repetitions: 5, lead: Duration::from_millis(500), slice: Duration::from_secs(5) };
const QUICK: Plan = Plan { repetitions: 1, lead: Duration::from_millis(100), slice: Duration::from_millis(500) };

/// A network of one's own, in which all of `10.78.0.0/16` is this machine.
const ALONE: &str = r#"PATH=$PATH:/usr/sbin:/sbin; ip link set lo up && ip addr add 10.78.0.1/16 dev lo && exec "$@""#;

/// Before whatever else the machine does, where one may.
const FIRST: &str = r#"if chrt --rr 1 true 2>/dev/null; then exec chrt --rr 1 "$@"; else exec "$@"; fi"#;

/// Said to a process that is in there.
const INSIDE: &str = "--inside";

pub(crate) fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match &arguments[..] {
        [role] if role == server::ROLE => server::serve(),
        [role, abuse, host] if role == abuser::ROLE => {
            abuse.parse::<Abuse>()?.go_on(host.parse().map_err(io::Error::other)?)
        }
        [inside, arguments @ ..] if inside == INSIDE => measure_all(arguments),
        _ => {
            let mut command = Command::new("sh");
            command.args(["-c", FIRST, "sh", "unshare", "--user", "--map-root-user", "--net", "sh", "-c", ALONE, "sh"]);
            // It is this process from here on, unless that cannot be.
            Err(command.arg(env::current_exe()?).arg(INSIDE).args(arguments).exec())
        }
    }
}

fn measure_all(arguments: &[String]) -> io::Result<()> {
    let given = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // Cargo says `--bench` when it is to measure, and nothing when it tests.
    let plan = if given("--quick") || given("--test") || !given("--bench") { QUICK } else { FULL };
    let names: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |abuse: &&Abuse| names.is_empty() || names.iter().any(|name| abuse.name().contains(*name));
    let machine = Machine::now()?;
    let tokio = Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for abuse in Abuse::ALL.iter().filter(wanted) {
        let row = tokio.block_on(measure(*abuse, plan))?;
        eprintln!("{row}");
        rows.push(row);
    }
    if given("--json") {
        return report::print_json(&rows);
    }
    report::print_table(&rows);
    if given("--page") { report::write_page(&rows, &machine) } else { Ok(()) }
}

/// A host of its own for each kind of abuse, in turn left alone and abused.
async fn measure(abuse: Abuse, plan: Plan) -> io::Result<Row> {
    let cores = cores::two_cores()?;
    // A process has the cores of whoever starts it.
    cores::pin_to(cores.as_ref().map(|[hosts, _]| hosts))?;
    let mut server = Server::start()?;
    cores::pin_to(cores.as_ref().map(|[_, others]| others))?;
    let mut honest = Honest::join(server.address).await?;
    let mut row = Row::new(abuse);
    row.quiet.push(slice_amid(abuse.harmless(), &mut honest, &mut server, plan).await?.0);
    for _ in 0..plan.repetitions {
        let (slice, deeds) = slice_amid(Some(abuse), &mut honest, &mut server, plan).await?;
        row.abused.push(slice);
        row.deeds.push(deeds);
        row.quiet.push(slice_amid(abuse.harmless(), &mut honest, &mut server, plan).await?.0);
    }
    Ok(row)
}

/// While that goes on, if anything does; and how much of it was done in a second.
async fn slice_amid(
    abuse: Option<Abuse>,
    honest: &mut Honest,
    server: &mut Server,
    plan: Plan,
) -> io::Result<(Slice, f64)> {
    let Some(abuse) = abuse else { return Ok((slice(honest, server, plan).await?, 0.0)) };
    let mut abuser = Abuser::start(abuse, server.address)?;
    let begun = Instant::now();
    let slice = slice(honest, server, plan).await?;
    let lasted = begun.elapsed();
    let deeds = f64::from(abuser.stop()?) / lasted.as_secs_f64();
    server.until_alone_with(honest::PEOPLE)?;
    Ok((slice, deeds))
}

async fn slice(honest: &mut Honest, server: &mut Server, plan: Plan) -> io::Result<Slice> {
    honest.talk(plan.lead).await?;
    let (begun, before) = (Instant::now(), server.state()?);
    let latencies = honest.talk(plan.slice).await?;
    let (lasted, State { cpu_ns, resident, .. }) = (begun.elapsed(), server.state()?);
    let cpu = Duration::from_nanos(cpu_ns - before.cpu_ns).as_secs_f64() / lasted.as_secs_f64();
    Ok(Slice { latencies, cpu, resident })
}

//! A system under measurement, as a process.

use std::{
    env, fs,
    io::{self, BufRead as _, BufReader, Read},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use exchange_tests::usage;
use nix::{
    time::{ClockId, clock_getcpuclockid, clock_gettime},
    unistd::Pid,
};
use tempfile::TempDir;

use super::{calls, serve, system::System};

/// How often links are looked after where nobody shows for those who are not measured just now that they are there.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Server {
    process: Process,
    pub(super) address: SocketAddr,
    /// Where it keeps its files.
    _home: TempDir,
}

/// A process that ends with this.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    clock: ClockId,
}

impl Server {
    /// Starts it for so many links; ready when they can come.
    pub(super) fn start(system: System, links: usize, heartbeat: Duration) -> io::Result<Self> {
        let home = tempfile::tempdir()?;
        let (child, address) = match system.program() {
            None => start_ours(system, links, heartbeat)?,
            Some(program) => {
                let address = free_address()?;
                (start_theirs(system, program, address, &home)?, address)
            }
        };
        Ok(Self { process: Process::new(child)?, address, _home: home })
    }

    /// The CPU time that all of its threads have used so far.
    pub(super) fn cpu(&self) -> io::Result<Duration> {
        self.process.cpu()
    }

    /// Bytes of it that are in memory.
    pub(super) fn resident(&self) -> u64 {
        self.process.resident()
    }

    /// How many system calls it makes while that is done; `None` where they cannot be counted.
    pub(super) fn calls(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<Option<f64>> {
        calls::during(self.process.child.id(), work)
    }
}

impl Process {
    pub(super) fn new(mut child: Child) -> io::Result<Self> {
        let pid = Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?);
        let clock = clock_getcpuclockid(pid).inspect_err(|_| {
            let _ = child.kill();
        })?;
        Ok(Self { child, clock })
    }

    /// The CPU time that all of its threads have used so far.
    pub(super) fn cpu(&self) -> io::Result<Duration> {
        Ok(clock_gettime(self.clock)?.into())
    }

    /// Bytes of it that are in memory.
    pub(super) fn resident(&self) -> u64 {
        usage::resident_of(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // If it has ended by itself, that is just as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start_ours(system: System, links: usize, heartbeat: Duration) -> io::Result<(Child, SocketAddr)> {
    let mut child = Command::new(env::current_exe()?)
        .args([serve::ROLE, system.name(), &links.to_string(), &heartbeat.as_secs().to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let said = child.stdout.take().ok_or_else(|| io::Error::other("it cannot be heard"))?;
    let address = first_line_with(said, "")?.parse().map_err(io::Error::other)?;
    Ok((child, address))
}

/// As light as it can be told to be: nothing is kept, and no message waits for others to fill a packet.
fn start_theirs(system: System, program: &str, address: SocketAddr, home: &TempDir) -> io::Result<Child> {
    let (ip, port) = (address.ip().to_string(), address.port().to_string());
    let [certificate, key] = if system.is_sealed() { certify(home)? } else { Default::default() };
    let arguments = match system {
        System::Redis | System::RedisTls => {
            let by_tls = format!(
                "--port 0 --tls-port {port} --tls-auth-clients no --tls-cert-file {certificate} --tls-key-file {key} \
                 --tls-ca-cert-file {certificate}"
            );
            let ports = if system.is_sealed() { by_tls } else { format!("--port {port}") };
            let least = "--save  --appendonly no --maxclients 20000 --client-output-buffer-limit pubsub 0 0 0";
            format!("--bind {ip} {ports} {least}")
        }
        System::Nats => format!("-a {ip} -p {port}"),
        System::NatsTls => format!("-a {ip} -p {port} --tls --tlscert {certificate} --tlskey {key}"),
        _ => {
            let file: PathBuf = home.path().join("mosquitto.conf");
            let tls = format!("certfile {certificate}\nkeyfile {key}\n");
            let tls = if system.is_sealed() { &tls } else { "" };
            let settings = "allow_anonymous true\npersistence false\nset_tcp_nodelay true\nmax_queued_messages 0\n\
                            log_type information\nlog_dest stderr\nuser root\n";
            fs::write(&file, format!("listener {port} {ip}\n{tls}{settings}"))?;
            format!("-c {}", file.display())
        }
    };
    let (ready, on_stdout) = match system.in_the_clear() {
        System::Redis => ("Ready to accept connections", true),
        System::Nats => ("Server is ready", false),
        _ => ("running", false),
    };
    let mut command = Command::new(program);
    command.args(arguments.split(' ')).current_dir(home.path()).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let said: Option<Box<dyn Read + Send>> =
        if on_stdout { stdout.map(|said| Box::new(said) as _) } else { stderr.map(|said| Box::new(said) as _) };
    first_line_with(said.ok_or_else(|| io::Error::other("it cannot be heard"))?, ready)?;
    Ok(child)
}

/// A certificate that nobody has reason to believe, and its key: where they are.
fn certify(home: &TempDir) -> io::Result<[String; 2]> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(io::Error::other)?;
    let files = ["certificate.pem", "key.pem"].map(|name| home.path().join(name));
    fs::write(&files[0], made.cert.pem())?;
    fs::write(&files[1], made.signing_key.serialize_pem())?;
    Ok(files.map(|file| file.display().to_string()))
}

/// Waits for that line; whatever is said after it nobody hears.
fn first_line_with(said: impl Read + Send + 'static, wanted: &str) -> io::Result<String> {
    let (mut said, mut line) = (BufReader::new(said), String::new());
    while line.trim().is_empty() || !line.contains(wanted) {
        line.clear();
        if said.read_line(&mut line)? == 0 {
            return Err(io::Error::other(format!("it has ended, and never said: {wanted}")));
        }
    }
    thread::spawn(move || io::copy(&mut said, &mut io::sink()));
    Ok(line.trim().to_owned())
}

/// Where nobody listens.
fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

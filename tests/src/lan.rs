//! A local network for one test, and the program `exchange` on its hosts.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, BufRead as _, BufReader, PipeReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use tempfile::TempDir;

pub use self::{avahi::Avahi, program::Program};

mod avahi;
mod program;

/// Before a command that starts others: they end with it, whatever happens to it.
const ALONE: [&str; 4] = ["unshare", "--pid", "--fork", "--kill-child"];

const SCRIPT: &str = include_str!("lan/lan.sh");

/// Hosts `h1`, `h2`, … at `10.77.0.1`, `10.77.0.2`, … on one switch, in a user namespace of their own: nobody hears
/// them, and nothing is left of them.
#[derive(Debug)]
pub struct Lan {
    keeper: Child,
    /// The LAN is there until this is closed.
    _open: ChildStdin,
    /// Where everybody keeps who they are.
    homes: TempDir,
}

impl Lan {
    /// Builds a LAN of this many hosts. Where that cannot be done it says so, and there is none.
    ///
    /// # Panics
    ///
    /// Where it cannot be done and `EXCHANGE_REQUIRE_LAN=1` says that it has to.
    pub fn new(hosts: usize) -> Option<Self> {
        Self::with_tools(hosts, &[])
    }

    /// Builds a LAN for which these commands have to be installed besides.
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new) does.
    pub fn with_tools(hosts: usize, tools: &[&str]) -> Option<Self> {
        match installed(tools).and_then(|()| Self::build(hosts)) {
            Ok(lan) => Some(lan),
            Err(reason) => {
                let is_required = env::var_os("EXCHANGE_REQUIRE_LAN").is_some_and(|value| value == "1");
                assert!(!is_required, "no LAN can be built here: {reason}");
                say(&format!("SKIPPED: no LAN can be built here: {reason}"));
                None
            }
        }
    }

    fn build(hosts: usize) -> io::Result<Self> {
        let (output, writer) = io::pipe()?;
        let mut keeper = Command::new("unshare")
            .args(["--user", "--map-root-user", "--net", "--mount", "bash", "-c", SCRIPT, "lan.sh"])
            .arg(hosts.to_string())
            .stdin(Stdio::piped())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .spawn()?;
        let open = keeper.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
        // From here on it is ended and waited for, whatever happens.
        let lan = Self { keeper, _open: open, homes: tempfile::tempdir()? };
        until_ready(output)?;
        Ok(lan)
    }

    /// Runs `ip` with these arguments, which spaces separate, and returns what it says.
    pub fn ip(&self, arguments: &str) -> String {
        let output = self.command("ip").args(arguments.split(' ')).output().unwrap();
        assert!(output.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The addresses that an interface of a host has.
    pub fn addresses(&self, host: &str, interface: &str) -> Vec<String> {
        let shown = self.ip(&format!("-n {host} -json addr show dev {interface}"));
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let addresses = shown[0]["addr_info"].as_array().unwrap().iter();
        addresses.map(|address| address["local"].as_str().unwrap().to_owned()).collect()
    }

    /// Runs a command at a host to its end.
    pub fn run(&self, host: &str, command: &[&str]) {
        let output = self.command("ip").args(["netns", "exec", host]).args(command).output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Starts `exchange` with these arguments at a host, as the person of this name is going to use it.
    pub fn start(&self, host: &str, person: &str, arguments: &[&str]) -> Program {
        self.launch(host, person, program::exchange(), arguments)
    }

    /// Starts it so that nothing of what it says is read before the first line that it is told, which it does not hear.
    pub fn start_unread(&self, host: &str, person: &str, arguments: &[&str]) -> Program {
        const READ_LATER: &str = r#"{ "$@" </dev/null | { read -r _ <&3; exec cat; }; } 3<&0"#;
        let exchange = program::exchange().to_str().unwrap();
        let read_later = [&ALONE[..], &["bash", "-c", READ_LATER, "bash", exchange], arguments].concat();
        self.launch(host, person, Path::new("unshare"), &read_later[1..])
    }

    /// Starts an example at a host.
    pub fn start_example(&self, host: &str, example: &str, arguments: &[&str]) -> Program {
        self.launch(host, example, &program::example(example), arguments)
    }

    /// Starts some other command at a host.
    pub fn start_tool(&self, host: &str, command: &[&str]) -> Program {
        let [tool, arguments @ ..] = command else { panic!("no command") };
        self.launch(host, tool, Path::new(tool), arguments)
    }

    fn launch(&self, host: &str, person: &str, program: &Path, arguments: &[&str]) -> Program {
        let mut command = self.command("ip");
        // Whatever becomes of the test, the program does not outlive it.
        command.args(["netns", "exec", host, "setpriv", "--pdeathsig", "KILL"]);
        command.arg(program).args(arguments);
        // Whoever comes back is who they were, at whichever host.
        command.env("EXCHANGE_HOME", self.homes.path().join(person));
        Program::start(person, command)
    }

    /// A command in the namespace that all the hosts are in.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--user", "--mount", "--net", "--preserve-credentials", "--target"]);
        command.arg(self.keeper.id().to_string()).arg(program).env("PATH", path());
        command
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        // Its namespaces go with the last process in them.
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

/// Whether these commands can be found where the LAN looks for them.
fn installed(tools: &[&str]) -> io::Result<()> {
    for tool in tools {
        let is_there = |folder: PathBuf| folder.join(tool).exists();
        if !env::split_paths(&path()).any(is_there) {
            return Err(io::Error::other(format!("{tool} is not installed")));
        }
    }
    Ok(())
}

/// Where commands are, those of the system administrator among them.
fn path() -> OsString {
    let mut path = env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/sbin:/sbin");
    path
}

fn until_ready(output: PipeReader) -> io::Result<()> {
    let mut said = Vec::new();
    for line in BufReader::new(output).lines() {
        match line? {
            line if line == "ready" => return Ok(()),
            line => said.push(line),
        }
    }
    Err(io::Error::other(said.join("; ")))
}

/// Says something that is of interest even if the test passes, which is when what it prints is not shown.
pub fn say(what: &str) {
    let _ = writeln!(io::stderr(), "{what}");
}

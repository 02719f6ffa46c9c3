use super::{ALONE, Lan, Program};

const SCRIPT: &str = include_str!("avahi.sh");

/// The daemon of Avahi at one host, on a message bus of its own.
#[derive(Debug)]
pub struct Avahi<'a> {
    lan: &'a Lan,
    host: String,
    _daemon: Program,
}

impl Avahi<'_> {
    /// What has to be installed for it.
    pub const TOOLS: [&'static str; 4] = ["avahi-daemon", "avahi-browse", "avahi-publish", "dbus-daemon"];

    /// Runs one of its commands.
    pub fn run(&self, command: &[&str]) -> Program {
        let bus = format!("DBUS_SYSTEM_BUS_ADDRESS={}", bus(&self.host));
        // What it prints is for people to read at once, or so it believes: to a pipe, it would wait for more.
        self.lan.start_tool(&self.host, &[&["env", &bus, "stdbuf", "--output=L"], command].concat())
    }
}

impl Lan {
    /// Starts it at a host, which has this name for it.
    pub fn avahi(&self, host: &str, name: &str) -> Avahi<'_> {
        let script = ["bash", "-c", SCRIPT, "avahi.sh", &bus(host), name];
        let mut daemon = self.start_tool(host, &[&ALONE[..], &script].concat());
        daemon.says("Server startup complete");
        Avahi { lan: self, host: host.to_owned(), _daemon: daemon }
    }
}

/// Where the message bus of a host is.
fn bus(host: &str) -> String {
    format!("unix:path=/run/bus-{host}")
}

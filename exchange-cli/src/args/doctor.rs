//! What can be typed after `exchange doctor`.

use std::{net::SocketAddr, time::Duration};

use clap::Args;
use exchange_tokio::{Target, core::discovery::DEFAULT_PORT};

use super::seconds;

#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArguments {
    /// The other machine, on which `exchange doctor --wait` runs: its address as it is shown there. What gets from each of
    /// the two to the other is tried as well.
    #[arg(value_name = "ADDRESS", value_parser = machine, conflicts_with = "wait")]
    pub(crate) other: Option<Machine>,
    /// Wait for another machine, on which `exchange doctor ADDRESS` is to be run, with the address that is shown.
    #[arg(long)]
    pub(crate) wait: bool,
    /// The TCP port at which sessions are hosted here. Without it, 27027.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// How long to listen, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
}

/// A machine, and a port of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    At(SocketAddr),
    Called { host: String, port: u16 },
}

/// An address or a host name, with or without a port.
fn machine(text: &str) -> Result<Machine, String> {
    let read = |text: &str| match text.parse() {
        Ok(Target::Address(address)) => Some(Machine::At(address)),
        Ok(Target::HostName { host, port }) => Some(Machine::Called { host, port }),
        _ => None,
    };
    // A name alone is that of a session, elsewhere.
    let machine = read(text).or_else(|| read(&format!("{}:{DEFAULT_PORT}", text.trim())));
    machine.ok_or_else(|| "the address of a machine is needed, such as 192.168.1.7 or 192.168.1.7:27027".into())
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::{Arguments, Command};

    fn doctor(line: &[&str]) -> Option<DoctorArguments> {
        match Arguments::try_parse_from([&["exchange", "doctor"], line].concat()).ok()?.command {
            Some(Command::Doctor(arguments)) => Some(arguments),
            _ => None,
        }
    }

    #[test]
    fn another_machine_is_an_address_or_a_host_name() {
        let other = |text| doctor(&[text]).unwrap().other.unwrap();
        let at = |text: &str| Machine::At(text.parse().unwrap());
        assert_eq!(other("10.0.0.7"), at("10.0.0.7:27027"));
        assert_eq!(other("10.0.0.7:9"), at("10.0.0.7:9"));
        assert_eq!(other("fd00::7"), at("[fd00::7]:27027"));
        for text in ["lab-pc", "lab-pc:27027", " lab-pc "] {
            assert_eq!(other(text), Machine::Called { host: "lab-pc".into(), port: 27027 });
        }
        for text in ["", "Lab 3", "lab-pc:", "$(reboot)"] {
            assert!(doctor(&[text]).is_none(), "{text}");
        }
    }

    #[test]
    fn whoever_waits_does_not_go_to_another() {
        assert!(doctor(&["--wait"]).is_some_and(|arguments| arguments.wait && arguments.other.is_none()));
        assert!(doctor(&["--wait", "10.0.0.7"]).is_none());
    }
}

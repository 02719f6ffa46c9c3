//! What can be typed after `exchange`.

mod config;
mod doctor;
mod id;
mod manual;
mod off;
mod script;
mod settings;
#[cfg(test)]
mod tree;

use std::{
    env,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use clap::{ArgAction, Args, Parser, Subcommand};
use exchange_tokio::{
    Target,
    core::{Limits, NameError, Nick, Rate, RoomName, SessionName, discovery::DEFAULT_PORT},
};

#[cfg(test)]
pub(crate) use self::settings::{HostSettings, JoinSettings};
#[cfg(test)]
pub(crate) use self::tree::{Node, tree};
pub(crate) use self::{
    config::ConfigArguments,
    doctor::{DoctorArguments, Machine},
    id::{IdArguments, IdCommand},
    manual::{CompletionsArguments, ManArguments},
    script::{PipeArguments, RunArguments, SendArguments, TailArguments, Way},
    settings::Settings,
};
use self::{
    config::Which,
    off::{CommonOff, HostOff, JoinOff, TalkOff},
};
use crate::{full::Palette, input, invitation::Invitation};

pub(crate) const EXIT_CODES: &str = "\
Without a terminal, or with --plain, every event is one line on standard output, every line of standard input is a \
message, and what the program has to say of itself goes to standard error. With --json, every event is one JSON object.

Ctrl-C, SIGTERM and SIGHUP end it in order: it says goodbye, waits up to two seconds until everything is delivered, \
and says what was not. Ctrl-C while it is ending ends it at once.

Exit codes: 0 done, 2 wrong usage, 3 not found, 4 refused, 5 timed out or not delivered, 6 network, 7 version \
mismatch, 8 a file, or the folder of --home, cannot be used, 9 somebody else hosts the session than before, \
10 what `exchange run` was to run has failed, 130 told to end before there was a session, or ended at once.";

/// Talk with the people on your network: no server, no account, no Internet.
///
/// Without a command it shows which sessions there are; on a terminal, to join one of them or to host one.
#[derive(Debug, Parser)]
#[command(name = "exchange", version, after_long_help = EXIT_CODES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Host a session that others can join.
    Host(HostArguments),
    /// Join a session, by its name or by its host's address.
    Join(JoinArguments),
    /// Say one thing in a session, and leave when it is delivered.
    ///
    /// The first word is the session and the others are said, as in: exchange send "Lab 3" the build is done. It prints
    /// nothing if all is well, or with --json the receipt.
    Send(SendArguments),
    /// Show what was said last in a room of a session, and with --follow what is said from then on.
    Tail(TailArguments),
    /// Say every line of standard input in a session, as it is, and leave when all are delivered.
    ///
    /// A line that begins with / is said as well. Lines with nothing in them are left out. It prints nothing if all is
    /// well, or with --json the receipts.
    Pipe(PipeArguments),
    /// Run a command that takes part in a session: a bot.
    ///
    /// Its standard input is told what happens, one JSON object a line, as with --json. Each line of its standard output is
    /// said, as it is. What it does not read in time is left out, and "lagged" says how much that was. It ends the program
    /// by ending. When the session is over or the program is told to end, the end of its input tells it, and two seconds
    /// later it is killed.
    Run(RunArguments),
    /// Show which sessions there are.
    Ls(ListArguments),
    /// Write what was said in a session that was kept in a file, as Markdown or, with --json, as one object a line.
    Export(ExportArguments),
    /// Find messages of a session that was kept in a file, and write them as `export` does.
    Search(SearchArguments),
    /// Make a file for `host --store` of what `export --json` has written: another session, with what was said in the
    /// first.
    Import(ImportArguments),
    /// Show who you are and whom you know, and make sure that they are whom you mean.
    ///
    /// Without a command, it shows.
    Id(IdArguments),
    /// Find out why nobody is found, and what to do about it.
    ///
    /// It looks at this machine and listens to its networks. With another machine it finds out more: run
    /// `exchange doctor --wait` on one of the two, and on the other what that shows. Then both say what gets from each to the
    /// other, and on which of them something has to be opened.
    ///
    /// It ends with 6 if it has found a problem, and with 0 if it has not.
    Doctor(DoctorArguments),
    /// Show what is set in the configuration and where it is, or write one to begin with.
    Config(ConfigArguments),
    /// Write what a shell needs to know to complete what is typed after `exchange`.
    Completions(CompletionsArguments),
    /// Write what `exchange help` tells as pages for `man`.
    Man(ManArguments),
}

/// What all commands understand.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct Common {
    /// One JSON object a line on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Lines without colours and times, also on a terminal.
    #[arg(long, global = true, conflicts_with = "json")]
    pub(crate) plain: bool,
    /// Find and announce sessions on this network interface only. Can be repeated.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) interface: Vec<String>,
    /// Neither announce nor look for sessions: they are joined by address.
    #[arg(long, global = true)]
    pub(crate) no_discovery: bool,
    /// Keep in this folder who you are, whom you know and what is set. Without it, in that of `EXCHANGE_HOME`, or where
    /// programs keep their settings.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) home: Option<PathBuf>,
    /// Say what happens inside; twice, say everything. `RUST_LOG` chooses more finely.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
    /// What was set of the colours.
    #[arg(skip)]
    pub(crate) palette: Palette,
    /// Say only what went wrong.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    off: CommonOff,
}

/// What everybody who talks understands.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Talk {
    /// What you are called. Without it, your user name.
    #[arg(long, value_name = "NICK")]
    nick: Option<Nick>,
    /// Join this room as well, and talk there rather than in the lobby.
    #[arg(long, value_name = "NAME")]
    pub(crate) room: Option<RoomName>,
    /// Let others see how far you have read: to the end of a room, whenever you type something there.
    #[arg(long)]
    pub(crate) read_receipts: bool,
    /// Talk in the clear: everybody on the network can read what is said, and change it, and nobody knows whom they talk to.
    /// Host and guests have to want it.
    #[arg(long)]
    pub(crate) insecure: bool,
    #[command(flatten)]
    off: TalkOff,
}

#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct HostArguments {
    /// What the session is called. Without it, your nick tells whose it is.
    name: Option<SessionName>,
    #[command(flatten)]
    pub(crate) talk: Talk,
    /// Listen at this TCP port. Without it, at 27027 or, if that is taken, at any that is free.
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<u16>,
    /// Listen at this address of this machine only, with or without a port. Can be repeated.
    #[arg(long, value_name = "ADDRESS", value_parser = bind_address)]
    bind: Vec<Bind>,
    /// Messages that one person may send in a second, and twice as many at once. Without it, 20; with --strict, 2 and
    /// 5 at once. What is more waits.
    #[arg(long, value_name = "MESSAGES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Allow everybody less of everything, as is wise where people do not know each other: 64 connections, 4 new rooms
    /// each, 2 messages in a second, each of 2 KiB at most.
    #[arg(long)]
    strict: bool,
    /// Let only those in who are told a code, which is drawn and shown. When wrong ones were tried twenty times, there is
    /// another.
    #[arg(long, conflicts_with_all = ["passphrase", "insecure"])]
    pub(crate) code: bool,
    /// Let only those in who know a passphrase: what is in `EXCHANGE_CODE` or, without that, the first line of standard
    /// input.
    #[arg(long, conflicts_with = "insecure")]
    pub(crate) passphrase: bool,
    /// Let only those in of whom you approve: you are told who knocks, and /admit lets them in.
    #[arg(long, conflicts_with_all = ["code", "passphrase", "insecure"])]
    pub(crate) ask: bool,
    /// Show a QR code of a link by which others join, with your id and the code in it.
    #[arg(long, conflicts_with = "insecure")]
    pub(crate) qr: bool,
    /// Keep what happens in this file, and go on with what is in it: the same session, with its rooms and what was said.
    /// Everybody is shown only what is on disk.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    /// Forget what was said so long ago, such as 30d, 12h or 90m, also in the file of --store. Without it, as much is kept
    /// as there is room for.
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub(crate) keep_for: Option<Duration>,
    /// Say every so many seconds what has happened so far: who is connected and who lags, what was moved, and why
    /// connections ended. Without a number, every 60.
    #[arg(
        long,
        value_name = "SECONDS",
        value_parser = pace,
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "60"
    )]
    pub(crate) stats: Option<Duration>,
    #[command(flatten)]
    off: HostOff,
}

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct JoinArguments {
    /// The name of a session, the address of its host, or a link that the host shows. Without it, the only session there is.
    #[arg(value_name = "NAME|ADDRESS|LINK", value_parser = whom)]
    pub(crate) whom: Option<Whom>,
    #[command(flatten)]
    pub(crate) talk: Talk,
    /// Come in by this code or passphrase; - is the first line of standard input. Without it, it is what `EXCHANGE_CODE` has,
    /// or you are asked for it. Everybody on this machine can see what a program is started with.
    #[arg(long, value_name = "CODE", conflicts_with = "insecure")]
    pub(crate) code: Option<String>,
    /// Wait for a session that is not there yet, and for a host that has closed to come back.
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to look for the session, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    /// Keep who you are in this file, and what you say until it has arrived: what could not be sent is sent when you join
    /// with it again.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) off: JoinOff,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ListArguments {
    /// Go on, and show sessions come and go.
    #[arg(long)]
    pub(crate) watch: bool,
    /// How long to look, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, conflicts_with = "watch")]
    pub(crate) timeout: Option<Duration>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ExportArguments {
    /// The file of `exchange host --store`, with which nobody hosts at this moment.
    pub(crate) file: PathBuf,
    /// What was said in this room only.
    #[arg(long, value_name = "NAME")]
    pub(crate) room: Option<RoomName>,
    /// Write what can still be read in a damaged file, and say what cannot. The file is left as it is.
    #[arg(long)]
    pub(crate) salvage: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SearchArguments {
    /// The file of `exchange host --store`, with which nobody hosts at this moment.
    pub(crate) file: PathBuf,
    /// What is looked for: messages in which all of these words are, or words that begin with them.
    #[arg(required = true)]
    pub(crate) words: Vec<String>,
    /// Look in this room only.
    #[arg(long, value_name = "NAME")]
    pub(crate) room: Option<RoomName>,
    /// Show so many messages, the last ones.
    #[arg(long, value_name = "MESSAGES", default_value_t = 20)]
    pub(crate) limit: usize,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ImportArguments {
    /// What `exchange export --json` has written; `-` for standard input.
    pub(crate) file: PathBuf,
    /// The file to make, in which nothing is kept yet.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: PathBuf,
}

impl Talk {
    pub(crate) fn nick(&self) -> Nick {
        let user = || ["USER", "USERNAME"].iter().find_map(|name| Nick::new(&env::var(name).ok()?).ok());
        self.nick.clone().or_else(user).unwrap_or_else(|| "guest".parse().expect("a nick"))
    }
}

impl HostArguments {
    /// A session as usual, of that name or of one's own.
    pub(crate) fn called(name: Option<SessionName>) -> Self {
        Self { name, ..Self::default() }
    }

    pub(crate) fn name(&self) -> SessionName {
        let nick = self.talk.nick();
        let whose = || SessionName::new(&format!("{nick}'s session")).ok();
        self.name.clone().or_else(whose).unwrap_or_else(|| "session".parse().expect("a name"))
    }

    /// What the host bounds.
    pub(crate) fn limits(&self) -> Limits {
        let usual = if self.strict { Limits::strict() } else { Limits::lan() };
        let rate = |per_second: u32| Rate { per_second, burst: per_second.saturating_mul(2) };
        Limits { messages: self.rate.map_or(usual.messages, rate), history_age: self.keep_for, ..usual }
    }

    /// Where to listen; nowhere in particular if that was left open.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        let port = self.port.unwrap_or(DEFAULT_PORT);
        self.bind.iter().map(|bind| SocketAddr::new(bind.ip, bind.port.unwrap_or(port))).collect()
    }
}

#[derive(Clone, Copy, Debug)]
struct Bind {
    ip: IpAddr,
    port: Option<u16>,
}

fn bind_address(text: &str) -> Result<Bind, String> {
    let with_port = |address: SocketAddr| Bind { ip: address.ip(), port: Some(address.port()) };
    let alone = |_| text.parse().map(|ip| Bind { ip, port: None });
    let address = text.parse().map(with_port).or_else(alone);
    address.map_err(|_| "an IP address is needed, such as 192.168.1.7, 192.168.1.7:27027 or [fd00::7]:27027".into())
}

/// Whom somebody wants to join.
#[derive(Clone, Debug)]
pub(crate) enum Whom {
    At(Target),
    By(Invitation),
}

impl Whom {
    pub(crate) fn target(&self) -> Target {
        match self {
            Self::At(target) => target.clone(),
            Self::By(invitation) => invitation.address.into(),
        }
    }

    pub(crate) fn invitation(&self) -> Option<&Invitation> {
        match self {
            Self::At(_) => None,
            Self::By(invitation) => Some(invitation),
        }
    }
}

/// Whom a name, an address or a link means.
pub(crate) fn whom(text: &str) -> Result<Whom, String> {
    if Invitation::is_meant(text) {
        return text.parse().map(Whom::By);
    }
    text.parse().map(Whom::At).map_err(|error: NameError| error.to_string())
}

/// A day is longer than anybody looks, and short enough for every clock.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    const DAY: f64 = 86_400.0;
    let seconds = text.parse().ok().filter(|seconds| (0.0..=DAY).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "a number of seconds is needed, such as 2 or 0.5".into())
}

/// With its unit, lest somebody mean days and lose everything after as many seconds.
pub(crate) fn age(text: &str) -> Result<Duration, String> {
    let seconds = input::seconds(text).filter(|seconds| *seconds > 0 && text.parse::<u32>().is_err());
    let age = seconds.map(|seconds| Duration::from_secs(seconds.into()));
    age.ok_or_else(|| "a time with its unit is needed, such as 30d, 12h or 90m".into())
}

/// Not so often that nothing else is said.
fn pace(text: &str) -> Result<Duration, String> {
    const SHORTEST: Duration = Duration::from_millis(100);
    let pace = seconds(text).ok().filter(|pace| *pace >= SHORTEST);
    pace.ok_or_else(|| "a number of seconds is needed, such as 60 or 0.5, and at least 0.1".into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn host(line: &[&str]) -> HostArguments {
        let Some(Command::Host(host)) = Arguments::try_parse_from(line).unwrap().command else { panic!("no host") };
        host
    }

    #[test]
    fn the_description_of_the_arguments_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_session_is_called_after_its_host_unless_it_has_a_name() {
        assert_eq!(&*host(&["exchange", "host", "--nick", "ana"]).name(), "ana's session");
        assert_eq!(&*host(&["exchange", "host", "Lab 3", "--nick", "ana"]).name(), "Lab 3");
    }

    #[test]
    fn an_address_to_listen_at_has_a_port_of_its_own_or_the_common_one() {
        let at = |line: &[&str]| host(line).addresses().iter().map(SocketAddr::to_string).collect::<Vec<_>>();
        assert!(at(&["exchange", "host"]).is_empty());
        let two = ["exchange", "host", "--port", "9", "--bind", "10.0.0.1", "--bind", "[::1]:7"];
        assert_eq!(at(&two), ["10.0.0.1:9", "[::1]:7"]);
        assert_eq!(at(&["exchange", "host", "--bind", "::1"]), ["[::1]:27027"]);
    }

    #[test]
    fn among_strangers_everybody_may_do_less_but_what_was_said_explicitly_counts() {
        assert_eq!(host(&["exchange", "host"]).limits(), Limits::lan());
        assert_eq!(host(&["exchange", "host", "--strict"]).limits(), Limits::strict());
        let both = host(&["exchange", "host", "--strict", "--rate", "10"]).limits();
        assert_eq!(both, Limits { messages: Rate { per_second: 10, burst: 20 }, ..Limits::strict() });
    }

    #[test]
    fn what_was_said_is_kept_for_ever_or_for_as_long_as_is_said() {
        let age = |line: &[&str]| host(line).limits().history_age.map(|age| age.as_secs());
        assert_eq!(age(&["exchange", "host"]), None);
        assert_eq!(age(&["exchange", "host", "--keep-for", "30d"]), Some(30 * 86_400));
        assert_eq!(age(&["exchange", "host", "--strict", "--keep-for", "1h30m"]), Some(5400));
    }

    #[test]
    fn what_happened_is_said_every_minute_or_as_often_as_is_said() {
        let stats = |line: &[&str]| host(line).stats.map(|pace| pace.as_secs_f64());
        assert_eq!(stats(&["exchange", "host", "Lab 3"]), None);
        assert_eq!(stats(&["exchange", "host", "--stats", "Lab 3"]), Some(60.0));
        assert_eq!(stats(&["exchange", "host", "--stats=0.5"]), Some(0.5));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in [
            &["exchange", "host", "--bind", "here"][..],
            &["exchange", "join", "x", "--timeout", "-1"],
            &["exchange", "join", "x", "--timeout", "NaN"],
            &["exchange", "join", ""],
            &["exchange", "ls", "--json", "--plain"],
            &["exchange", "host", "--nick", "a\u{1b}b"],
            &["exchange", "host", "--stats=0"],
            &["exchange", "host", "--stats=often"],
            &["exchange", "host", "--keep-for", "30"],
            &["exchange", "host", "--keep-for", "0d"],
            &["exchange", "host", "--keep-for", "long"],
        ] {
            assert_eq!(Arguments::try_parse_from(line).unwrap_err().exit_code(), 2, "{line:?}");
        }
    }
}

//! What can be typed after `exchange send`, `tail`, `pipe` and `run`.

use std::{ffi::OsString, time::Duration};

use clap::Args;
use exchange_tokio::core::{Nick, RoomName};

use super::{JoinArguments, Talk, Whom, off::JoinOff, seconds, whom};

/// The way to where something is to be done.
#[derive(Clone, Debug, Args)]
pub(crate) struct Way {
    /// The name of a session, the address of its host, or a link that the host shows. Without it, the only session there is.
    #[arg(value_name = "NAME|ADDRESS|LINK", value_parser = whom)]
    pub(super) whom: Option<Whom>,
    /// What you are called. Without it, your user name.
    #[arg(long, value_name = "NICK")]
    pub(super) nick: Option<Nick>,
    /// Join this room, and do it there rather than in the lobby.
    #[arg(long, value_name = "NAME")]
    pub(crate) room: Option<RoomName>,
    /// Come in by this code or passphrase; - is the first line of standard input. Without it, it is what `EXCHANGE_CODE` has,
    /// or you are asked for it. Everybody on this machine can see what a program is started with.
    #[arg(long, value_name = "CODE", conflicts_with = "insecure")]
    code: Option<String>,
    /// Talk in the clear, in a session whose host wants it.
    #[arg(long)]
    insecure: bool,
    /// Wait for a session that is not there yet, and for a host that has closed to come back.
    #[arg(long)]
    pub(crate) wait: bool,
    /// How long to look for the session, and then how long to wait for an answer of its host, in seconds.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(super) off: JoinOff,
}

impl Way {
    /// How `exchange join` goes there.
    pub(crate) fn joining(&self) -> JoinArguments {
        let Self { whom, nick, room, code, insecure, wait, timeout, off } = self.clone();
        let talk = Talk { nick, room, insecure, ..Talk::default() };
        JoinArguments { whom, talk, code, wait, timeout, store: None, off }
    }
}

#[derive(Clone, Debug, Args)]
pub(crate) struct SendArguments {
    #[command(flatten)]
    pub(crate) way: Way,
    /// What to say. Without it, or with -, all of standard input is one message.
    #[arg(value_name = "TEXT", conflicts_with = "message")]
    pub(crate) text: Vec<String>,
    /// What to say, where the session is not named.
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Say it to this person alone: a nick, a nick~tag or an id.
    #[arg(long, value_name = "WHO", conflicts_with = "room")]
    pub(crate) to: Option<String>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct TailArguments {
    #[command(flatten)]
    pub(crate) way: Way,
    /// Show so many messages of those that were said before.
    #[arg(long = "lines", short = 'n', value_name = "COUNT", default_value_t = 10)]
    pub(crate) count: usize,
    /// Go on with what is said from then on, until the host closes the session.
    #[arg(long, short)]
    pub(crate) follow: bool,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct PipeArguments {
    #[command(flatten)]
    pub(crate) way: Way,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) way: Way,
    /// The command to run, and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use exchange_tokio::Target;

    use super::*;
    use crate::args::{Arguments, Command};

    fn parsed(line: &str) -> Command {
        let words = ["exchange"].into_iter().chain(line.split(' '));
        Arguments::try_parse_from(words).unwrap().command.unwrap()
    }

    /// Which session is meant, and what is to be said there.
    fn sent(line: &str) -> (Option<String>, Vec<String>, Option<String>) {
        let Command::Send(SendArguments { way, text, message, .. }) = parsed(line) else { panic!("nothing is sent") };
        let session = way.joining().whom.and_then(|whom| match whom.target() {
            Target::Session(name) => Some(name.to_string()),
            _ => None,
        });
        (session, text, message)
    }

    #[test]
    fn the_first_word_is_the_session_and_the_others_are_said() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let lab = || Some("lab".to_owned());
        assert_eq!(sent("send lab the build is done"), (lab(), words(&["the", "build", "is", "done"]), None));
        assert_eq!(sent("send lab -- -x is set"), (lab(), words(&["-x", "is", "set"]), None));
        assert_eq!(sent("send lab -"), (lab(), words(&["-"]), None));
        assert_eq!(sent("send"), (None, Vec::new(), None));
        assert_eq!(sent("send -m done"), (None, Vec::new(), Some("done".into())));
    }

    #[test]
    fn what_is_behind_two_dashes_is_run_as_it_is() {
        let Command::Run(RunArguments { way, command }) = parsed("run lab --room den -- bot --json -n 5") else {
            panic!("nothing is run")
        };
        assert_eq!(command, ["bot", "--json", "-n", "5"]);
        assert_eq!(way.room.as_deref(), Some("den"));
        let Command::Run(RunArguments { way, command }) = parsed("run -- bot") else { panic!("nothing is run") };
        assert!(way.joining().whom.is_none() && command == ["bot"]);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for line in ["run lab", "run bot --", "send lab hi -m ho", "send lab hi --to bo --room den", "tail -n few"] {
            let words = ["exchange"].into_iter().chain(line.split(' '));
            assert_eq!(Arguments::try_parse_from(words).unwrap_err().exit_code(), 2, "{line}");
        }
    }
}

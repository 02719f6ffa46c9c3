//! What can be set once and for all, and how it fills in what was not typed.

use std::{num::NonZeroU32, path::PathBuf, time::Duration};

use exchange_tokio::{
    Target,
    core::{Nick, RoomName, SessionName},
};

use super::{Arguments, Command, Common, HostArguments, JoinArguments, Talk, Way, Whom};
use crate::full::Palette;

/// What somebody has set; what they have not is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) nick: Option<Nick>,
    pub(crate) plain: Option<bool>,
    pub(crate) interface: Option<Vec<String>>,
    pub(crate) no_discovery: Option<bool>,
    pub(crate) read_receipts: Option<bool>,
    pub(crate) theme: Option<Palette>,
    pub(crate) colours: Palette,
    pub(crate) host: HostSettings,
    pub(crate) join: JoinSettings,
}

/// For `exchange host`.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostSettings {
    pub(crate) name: Option<SessionName>,
    pub(crate) room: Option<RoomName>,
    pub(crate) port: Option<u16>,
    pub(crate) rate: Option<NonZeroU32>,
    pub(crate) strict: Option<bool>,
    pub(crate) ask: Option<bool>,
    pub(crate) qr: Option<bool>,
    pub(crate) store: Option<PathBuf>,
    pub(crate) keep_for: Option<Duration>,
}

/// For `exchange join`, and for what comes into a session as that does.
#[derive(Clone, Debug, Default)]
pub(crate) struct JoinSettings {
    pub(crate) session: Option<Target>,
    pub(crate) room: Option<RoomName>,
    pub(crate) wait: Option<bool>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) store: Option<PathBuf>,
}

impl Settings {
    /// Fills in what was not typed.
    pub(crate) fn complete(&self, arguments: &mut Arguments) {
        self.complete_common(&mut arguments.common);
        match &mut arguments.command {
            Some(Command::Host(host)) => self.complete_host(host),
            Some(Command::Join(join)) => self.complete_join(join),
            // What is for one person is in no room.
            Some(Command::Send(send)) => self.complete_way(&mut send.way, send.to.is_some()),
            Some(Command::Tail(tail)) => self.complete_way(&mut tail.way, false),
            Some(Command::Pipe(pipe)) => self.complete_way(&mut pipe.way, false),
            Some(Command::Run(run)) => self.complete_way(&mut run.way, false),
            _ => {}
        }
    }

    /// What is typed wins, also over what it does not go with.
    pub(crate) fn complete_host(&self, host: &mut HostArguments) {
        let HostSettings { name, room, port, rate, strict, ask, qr, store, keep_for } = &self.host;
        let off = host.off;
        fill(&mut host.name, name.as_ref());
        fill(&mut host.talk.room, room.as_ref());
        fill(&mut host.port, port.as_ref());
        fill(&mut host.rate, rate.map(NonZeroU32::get).as_ref());
        turn_on(&mut host.strict, *strict, off.no_strict);
        turn_on(&mut host.ask, *ask, off.no_ask || host.code || host.passphrase || host.talk.insecure);
        turn_on(&mut host.qr, *qr, off.no_qr || host.talk.insecure);
        fill(&mut host.store, store.as_ref());
        fill(&mut host.keep_for, keep_for.as_ref());
        self.complete_talk(&mut host.talk);
    }

    pub(crate) fn complete_join(&self, join: &mut JoinArguments) {
        let JoinSettings { session, room, wait, timeout, store } = &self.join;
        fill(&mut join.whom, session.clone().map(Whom::At).as_ref());
        fill(&mut join.talk.room, room.as_ref());
        turn_on(&mut join.wait, *wait, join.off.no_wait);
        fill(&mut join.timeout, timeout.as_ref());
        fill(&mut join.store, store.as_ref());
        self.complete_talk(&mut join.talk);
    }

    /// As `exchange join` goes there, but for the file, which is for somebody who talks.
    fn complete_way(&self, way: &mut Way, has_no_room: bool) {
        let JoinSettings { session, room, wait, timeout, store: _ } = &self.join;
        fill(&mut way.whom, session.clone().map(Whom::At).as_ref());
        fill(&mut way.nick, self.nick.as_ref());
        fill(&mut way.room, room.as_ref().filter(|_| !has_no_room));
        turn_on(&mut way.wait, *wait, way.off.no_wait);
        fill(&mut way.timeout, timeout.as_ref());
    }

    fn complete_talk(&self, talk: &mut Talk) {
        fill(&mut talk.nick, self.nick.as_ref());
        turn_on(&mut talk.read_receipts, self.read_receipts, talk.off.no_read_receipts);
    }

    fn complete_common(&self, common: &mut Common) {
        let off = common.off;
        turn_on(&mut common.plain, self.plain, off.no_plain || common.json);
        turn_on(&mut common.no_discovery, self.no_discovery, off.discovery);
        if common.interface.is_empty() {
            common.interface = self.interface.clone().unwrap_or_default();
        }
        common.palette = self.theme.unwrap_or_default().but(self.colours);
    }
}

fn fill<T: Clone>(typed: &mut Option<T>, set: Option<&T>) {
    *typed = typed.take().or_else(|| set.cloned());
}

fn turn_on(typed: &mut bool, set: Option<bool>, is_out_of_the_question: bool) {
    *typed |= set == Some(true) && !is_out_of_the_question;
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::{
        args::{PipeArguments, RunArguments, SendArguments, TailArguments},
        full::Ink,
    };

    /// What is typed, with everything set that can be.
    fn completed(line: &[&str]) -> Arguments {
        let settings = Settings {
            nick: Some("ana".parse().unwrap()),
            plain: Some(true),
            interface: Some(vec!["eth7".into()]),
            no_discovery: Some(true),
            read_receipts: Some(true),
            theme: Palette::named("dark"),
            colours: Palette { link: Ink::parse("blue"), ..Palette::default() },
            host: HostSettings {
                name: Some("Lab 3".parse().unwrap()),
                room: Some("den".parse().unwrap()),
                port: Some(7),
                rate: NonZeroU32::new(5),
                strict: Some(true),
                ask: Some(true),
                qr: Some(true),
                store: Some("kept".into()),
                keep_for: Some(Duration::from_secs(60)),
            },
            join: JoinSettings {
                session: Some("Lab 3".parse().unwrap()),
                room: Some("den".parse().unwrap()),
                wait: Some(true),
                timeout: Some(Duration::from_secs(9)),
                store: Some("mine".into()),
            },
        };
        let mut arguments = Arguments::try_parse_from(line).unwrap();
        settings.complete(&mut arguments);
        arguments
    }

    fn host(line: &[&str]) -> (Common, HostArguments) {
        let Arguments { common, command: Some(Command::Host(host)) } = completed(line) else { panic!("no host") };
        (common, host)
    }

    fn join(line: &[&str]) -> JoinArguments {
        let Some(Command::Join(join)) = completed(line).command else { panic!("no join") };
        join
    }

    #[test]
    fn what_is_not_typed_is_as_it_was_set() {
        let (common, host) = host(&["exchange", "host"]);
        assert_eq!((&*host.talk.nick(), &*host.name(), host.port), ("ana", "Lab 3", Some(7)));
        assert!(common.plain && common.no_discovery && host.talk.read_receipts && host.strict && host.ask && host.qr);
        assert_eq!((common.interface, host.rate), (vec!["eth7".to_owned()], Some(5)));
        assert_eq!(common.palette.link, Ink::parse("blue"));
        assert_eq!(common.palette.good, Palette::named("dark").unwrap().good);
        assert_eq!((host.store, host.keep_for), (Some("kept".into()), Some(Duration::from_secs(60))));
        let join = join(&["exchange", "join"]);
        assert_eq!((&*join.talk.nick(), join.talk.room), ("ana", Some("den".parse().unwrap())));
        assert!(matches!(join.whom.unwrap().target(), Target::Session(name) if &*name == "Lab 3"));
        assert!(join.wait && join.talk.read_receipts);
        assert_eq!((join.timeout, join.store), (Some(Duration::from_secs(9)), Some("mine".into())));
    }

    #[test]
    fn what_is_typed_wins() {
        let line = ["exchange", "host", "My own", "--nick", "bo", "--port", "9", "--rate", "1", "--interface", "lo"];
        let (common, host) = host(&[&line[..], &["--store", "other", "--keep-for", "2h", "--room", "ops"]].concat());
        assert_eq!((&*host.talk.nick(), &*host.name(), host.port), ("bo", "My own", Some(9)));
        assert_eq!((common.interface, host.rate), (vec!["lo".to_owned()], Some(1)));
        assert_eq!((host.store, host.keep_for), (Some("other".into()), Some(Duration::from_secs(7200))));
        assert_eq!(host.talk.room, Some("ops".parse().unwrap()));
        let join = join(&["exchange", "join", "My own", "--timeout", "1"]);
        assert!(matches!(join.whom.unwrap().target(), Target::Session(name) if &*name == "My own"));
        assert_eq!(join.timeout, Some(Duration::from_secs(1)));
    }

    #[test]
    fn scripts_come_into_a_session_as_it_was_set_for_joining() {
        for line in [&["exchange", "tail"][..], &["exchange", "pipe"], &["exchange", "run", "--", "bot"]] {
            let Some(
                Command::Tail(TailArguments { way, .. })
                | Command::Pipe(PipeArguments { way })
                | Command::Run(RunArguments { way, .. }),
            ) = completed(line).command
            else {
                panic!("{line:?}")
            };
            let join = way.joining();
            assert!(matches!(join.whom.unwrap().target(), Target::Session(name) if &*name == "Lab 3"));
            assert_eq!((&*join.talk.nick(), join.talk.room), ("ana", Some("den".parse().unwrap())));
            assert_eq!((join.wait, join.timeout, join.store), (true, Some(Duration::from_secs(9)), None));
        }
        let line = ["exchange", "send", "-m", "hi", "--to", "bo", "--no-wait"];
        let Some(Command::Send(SendArguments { way, .. })) = completed(&line).command else {
            panic!("nothing is sent")
        };
        assert_eq!((way.room, way.wait), (None, false));
    }

    #[test]
    fn what_is_set_is_taken_back_by_what_is_typed() {
        let (common, taken) = host(&[
            "exchange",
            "host",
            "--no-plain",
            "--discovery",
            "--no-read-receipts",
            "--no-strict",
            "--no-ask",
            "--no-qr",
        ]);
        assert!(!(common.plain || common.no_discovery));
        assert!(!(taken.talk.read_receipts || taken.strict || taken.ask || taken.qr));
        assert!(!join(&["exchange", "join", "--no-wait"]).wait);
        // What comes last counts.
        assert!(host(&["exchange", "host", "--no-ask", "--ask"]).1.ask);
        assert!(!host(&["exchange", "host", "--ask", "--no-ask"]).1.ask);
    }

    #[test]
    fn what_is_set_does_not_get_in_the_way_of_what_is_typed_and_does_not_go_with_it() {
        for typed in ["--code", "--passphrase", "--insecure"] {
            assert!(!host(&["exchange", "host", typed]).1.ask, "{typed}");
        }
        assert!(!host(&["exchange", "host", "--insecure"]).1.qr);
        assert!(!host(&["exchange", "host", "--json"]).0.plain);
    }
}

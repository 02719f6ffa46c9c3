//! A session, for whoever hosts it and whoever joined: events go out, lines come in.

mod deeds;
mod finding;
mod messages;
mod outcomes;
mod people;
mod rooms;
mod safety;

use std::{collections::BTreeMap, mem, time::Duration};

use exchange_tokio::{
    DeliveryError, Events, Farewell,
    core::{Act, CloseReason, Ended, Event, Nick, Outcome, PeerId, RoomName, Seq},
};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use tokio::{
    sync::{
        mpsc::{self, Receiver},
        watch,
    },
    task::JoinHandle,
    time::timeout,
};

pub(crate) use self::finding::search;
use self::outcomes::OnItsWay;
use crate::{
    app::{App, Stage},
    exit::Exit,
    full::Full,
    home::Trust,
    input::{self, Entry, HELP, Mistake, Typed},
    line::{Line, Style},
    output::{Attempt, Format, Ignored, Look, Printer, peers},
    screen::Screen,
    seat::Seat,
};

/// How long messages may take to be delivered when there is nothing more to say.
const PATIENCE: Duration = Duration::from_secs(5);

/// The same for those who want to go.
const HASTE: Duration = Duration::from_secs(2);

/// How long the rest may take: announcements to be taken back, events to be shown.
const AFTERMATH: Duration = Duration::from_secs(2);

/// Messages on their way at once when they are piped in: more than this the outbox might not take.
const WINDOW: usize = 64;

/// Lines that were typed on the whole screen and wait to be taken.
const TYPED: usize = 16;

/// Why a conversation ended.
#[derive(Debug)]
enum Ending {
    /// The user wants to go.
    Quit,
    /// There is nothing more to say.
    EndOfInput,
    /// The host has closed, and is not waited for.
    HostClosed,
    Over(Ended),
    Interrupted,
    /// Nobody reads the output.
    Unread,
}

/// Talks until it is over, on the whole screen if it has that.
pub(crate) async fn run(
    app: App,
    seat: Seat,
    trust: Trust,
    room: Option<RoomName>,
    waits: bool,
    stage: Option<Stage>,
) -> Exit {
    let mut conversation = Conversation {
        events: seat.events(),
        room: RoomName::lobby(),
        shown: watch::Sender::new(RoomName::lobby()),
        lines: None,
        is_typed: app.is_typed,
        is_json: matches!(app.format(), Format::Json),
        ignored: Ignored::default(),
        banned: BTreeMap::new(),
        waits,
        on_their_way: FuturesUnordered::new(),
        undelivered: 0,
        screen: app.screen.clone(),
        seat,
        trust,
    };
    let (ending, printing) = match stage {
        Some(stage) => (conversation.talk_on(stage, &app, room).await, None),
        None => match conversation.talk_in_lines(&app, room).await {
            Some((ending, printing)) => (ending, Some(printing)),
            None => return Exit::Network,
        },
    };
    app.interrupts.insist();
    conversation.end(ending, printing).await
}

struct Conversation {
    seat: Seat,
    trust: Trust,
    screen: Screen,
    events: Events,
    /// Where lines go, and where whoever shows that sees it.
    room: RoomName,
    shown: watch::Sender<RoomName>,
    /// None once there are no more.
    lines: Option<Receiver<Typed>>,
    /// Whether somebody types them.
    is_typed: bool,
    /// Whether answers are for programs.
    is_json: bool,
    ignored: Ignored,
    /// Who was banned, by the nicks they had then: they are not there to be called by them.
    banned: BTreeMap<PeerId, Nick>,
    waits: bool,
    on_their_way: FuturesUnordered<OnItsWay>,
    undelivered: usize,
}

impl Conversation {
    /// Whoever turns events into lines for that screen.
    async fn printer(&self, format: Format, screen: Screen) -> Printer {
        let people = peers(self.seat.people().await.unwrap_or_default());
        let mut format = format;
        if let Format::Text(look) = &mut format {
            look.proves = self.trust != Trust::Insecure;
        }
        let printer = Printer::new(format, self.seat.me().id, &people, screen, self.ignored.clone());
        if self.waits { printer } else { printer.impatient() }
    }

    /// Talks in lines; `None` if none can be read.
    async fn talk_in_lines(&mut self, app: &App, room: Option<RoomName>) -> Option<(Ending, JoinHandle<()>)> {
        self.lines = Some(app.lines().ok()?);
        let printer = self.printer(app.format(), app.screen.clone()).await;
        let printing = tokio::spawn(printer.follow(self.seat.events()));
        let ending = tokio::select! {
            ending = self.talk(room) => ending,
            () = app.interrupts.told() => Ending::Interrupted,
            () = app.screen.closed() => Ending::Unread,
        };
        Some((ending, printing))
    }

    /// Talks on the whole screen, and gives it back.
    async fn talk_on(&mut self, stage: Stage, app: &App, room: Option<RoomName>) -> Ending {
        let (typed, lines) = mpsc::channel(TYPED);
        self.lines = Some(lines);
        let (screen, told) = self.screen.captured();
        let printer = self.printer(Format::Text(Look { own: true, ..Look::default() }), screen).await;
        let full = Full {
            events: self.seat.events(),
            printer,
            told,
            said: stage.said,
            ignored: self.ignored.clone(),
            typed,
            room: self.shown.subscribe(),
            palette: app.common.palette,
            trust: self.trust,
            active: None,
            seat: self.seat.clone(),
        };
        let session = self.seat.session().await.map(|session| session.name.to_string()).unwrap_or_default();
        let ending = tokio::select! {
            ending = self.talk(room) => Ok(ending),
            shown = full.run(session) => shown.map(|()| Ending::Quit),
            () = app.interrupts.told() => Ok(Ending::Interrupted),
        };
        self.screen = stage.before;
        if matches!(ending, Ok(Ending::HostClosed)) {
            self.screen.say(|line| line.ours("The host closed the session.")).await;
        }
        match ending {
            Ok(ending) => ending,
            Err(error) => {
                self.screen.warn(|line| line.ours("The terminal cannot be used: ").theirs(error).ours(".")).await;
                Ending::Unread
            }
        }
    }

    async fn talk(&mut self, room: Option<RoomName>) -> Ending {
        if let Some(room) = room {
            self.join(room).await;
        }
        let mut knows_who_is_there = matches!(self.seat, Seat::Host(_));
        loop {
            // Whoever types wants to be heard, and is told what waits; whoever pipes can wait: for what was said, and
            // for the people that commands may name.
            let may_read = self.is_typed || knows_who_is_there && self.on_their_way.len() < WINDOW;
            tokio::select! {
                event = self.events.next() => match event {
                    Some(Event::Disconnected { cause: Ended::Told(CloseReason::HostClosed), .. }) if !self.waits => {
                        return Ending::HostClosed;
                    }
                    Some(Event::Closed { cause }) => return Ending::Over(cause),
                    // Somebody has something to say to us alone: that is heard without being asked for.
                    Some(Event::Invited { room, .. }) if room.direct_between().is_some() => {
                        let _ = self.seat.room(&room).join().await;
                    }
                    Some(Event::Acted { act: Act::Ban { who, .. }, .. }) => {
                        self.banned.insert(who.id, who.nick);
                    }
                    Some(Event::RoomJoined { .. }) => knows_who_is_there = true,
                    Some(Event::RoomRefused { room, refusal }) => self.refused(&room, refusal).await,
                    Some(Event::Removed { room, why, reason }) => self.removed(&room, why, reason.as_deref()).await,
                    None => return Ending::Over(Ended::Here(CloseReason::Left)),
                    Some(_) => {}
                },
                Some(became) = self.on_their_way.next() => self.settle(became).await,
                line = next(&mut self.lines), if may_read => match line {
                    Some(Typed::Room(room)) => self.talks_in(room),
                    Some(Typed::Line(line)) => {
                        if self.take(&line).await {
                            return Ending::Quit;
                        }
                    }
                    // A host with nothing to say is still a host.
                    None if matches!(self.seat, Seat::Host(_)) && !self.is_typed => self.lines = None,
                    None => return if self.is_typed { Ending::Quit } else { Ending::EndOfInput },
                },
            }
        }
    }

    /// Does what a line asks for; whether that is to end.
    async fn take(&mut self, line: &str) -> bool {
        let screen = self.screen.clone();
        // Where the session is over, that is said soon.
        let _ = self.seat.active().await;
        // Whoever types has seen what is shown.
        let _ = self.seat.room(&self.room).mark_read(Seq(u64::MAX)).await;
        match input::parse(line) {
            Ok(Entry::Blank) => {}
            Ok(Entry::Say(text)) => self.send(&text).await,
            Ok(Entry::Join(room)) => self.join(room).await,
            Ok(Entry::Part(room)) => self.part(room).await,
            Ok(Entry::Room(None)) => self.describe_room().await,
            Ok(Entry::Room(Some(room))) => self.switch(room).await,
            Ok(Entry::Rooms) => self.list_rooms().await,
            Ok(Entry::List) => self.list_all_rooms().await,
            Ok(Entry::Private(room)) => self.open(room).await,
            Ok(Entry::Msg(who, text)) => self.whisper(&who, &text).await,
            Ok(Entry::Do(deed)) => self.carry_out(deed).await,
            Ok(Entry::Who(room)) => self.list_members(room).await,
            Ok(Entry::Whois(who)) => self.whois(&who).await,
            Ok(Entry::Verify(who)) => self.verify(who.as_deref()).await,
            Ok(Entry::Answer(who, may_come)) => self.answer_knock(&who, may_come).await,
            Ok(Entry::Code) => self.tell_code().await,
            Ok(Entry::Ignore(who)) => self.ignore(who.as_deref()).await,
            Ok(Entry::Nick(nick)) => self.rename(&nick).await,
            Ok(Entry::Be(availability, note)) => self.set_status(availability, &note).await,
            Ok(Entry::Reply(which, text)) => self.reply(which, &text).await,
            Ok(Entry::Edit(which, text)) => self.edit(which, &text).await,
            Ok(Entry::Delete(which)) => self.delete(which).await,
            Ok(Entry::React(which, reaction)) => self.react(which, &reaction, true).await,
            Ok(Entry::Unreact(which, reaction)) => self.react(which, &reaction, false).await,
            Ok(Entry::History(stretch)) => self.history(stretch).await,
            Ok(Entry::Search(found)) => self.search(&found).await,
            Ok(Entry::Seen(which)) => self.tell_who_has(which).await,
            Ok(Entry::Unread) => self.list_unread().await,
            // What the screen can do of it, it has done.
            Ok(Entry::Copy(_)) => screen.warn(|line| line.ours("There is nothing to copy.")).await,
            Ok(Entry::Mouse(_)) => {
                screen.warn(|line| line.ours("Only the whole screen has to do with the mouse.")).await;
            }
            Ok(Entry::Help) => screen.explain(help(&screen)).await,
            Ok(Entry::Quit) => return true,
            Err(Mistake::Unknown(name)) => {
                let words = |line: Line| {
                    line.ours("Not sent: there is no command /")
                        .theirs(name)
                        .ours(". To say it, begin with two slashes; /help shows commands.")
                };
                screen.warn(words).await;
            }
            Err(Mistake::Usage(usage)) => screen.warn(|line| line.ours("Not sent: it is ").ours(usage).ours(".")).await,
        }
        false
    }

    /// Says how many messages are left to whoever goes on.
    async fn tell_kept(&mut self) {
        let mut kept = 0_usize;
        while let Some(event) = self.events.try_event() {
            kept += usize::from(matches!(event, Event::Receipt { outcome: Outcome::Kept, .. }));
        }
        if kept > 0 {
            let are = if kept == 1 { " message is" } else { " messages are" };
            let words = |line: Line| {
                line.theirs(kept).ours(are).ours(" kept, and sent when you join with the same --store again.")
            };
            self.screen.warn(words).await;
        }
    }

    async fn send(&mut self, text: &str) {
        let (said, room) = (self.seat.room(&self.room).send(text).await, self.room.clone());
        self.sent(said, Attempt::Say, &room).await;
    }

    /// Says goodbye, and waits until all is said, shown and counted.
    async fn end(mut self, ending: Ending, printing: Option<JoinHandle<()>>) -> Exit {
        let patience = match ending {
            Ending::EndOfInput => PATIENCE,
            Ending::Quit | Ending::Interrupted => HASTE,
            Ending::HostClosed | Ending::Over(_) | Ending::Unread => Duration::ZERO,
        };
        if self.is_typed && matches!(ending, Ending::Interrupted) || !self.on_their_way.is_empty() {
            self.screen.say(|line| line.ours("Leaving; Ctrl-C ends it at once.")).await;
        }
        let farewell = timeout(patience + AFTERMATH, self.seat.shutdown(patience)).await;
        while let Some(Some(became)) = self.on_their_way.next().now_or_never() {
            self.undelivered += usize::from(became.outcome.is_err_and(|error| error != DeliveryError::Kept));
        }
        self.undelivered += mem::take(&mut self.on_their_way).len();
        if let Some(printing) = printing {
            let _ = timeout(AFTERMATH, printing).await;
        }
        self.tell_kept().await;
        if self.undelivered > 0 {
            let are = if self.undelivered == 1 { " message was" } else { " messages were" };
            let words =
                |line: Line| line.theirs(self.undelivered).ours(are).ours(" not delivered, as far as is known.");
            self.screen.warn(words).await;
        }
        if let (Seat::Host(_), Ok(Farewell { undelivered: 1.. })) = (&self.seat, &farewell) {
            self.screen.warn(|line| line.ours("Not everybody has been given the last messages.")).await;
        }
        match ending {
            Ending::Unread => Exit::Done,
            Ending::Over(cause) if Exit::of_end(cause) != Exit::Done => {
                self.screen.warn(|line| line.ours("It is over: ").theirs(cause).ours(".")).await;
                Exit::of_end(cause)
            }
            _ if self.undelivered > 0 => Exit::Undelivered,
            _ => Exit::Done,
        }
    }
}

/// The next line; never, if there are no more and that was said.
async fn next(lines: &mut Option<Receiver<Typed>>) -> Option<Typed> {
    match lines {
        Some(lines) => lines.recv().await,
        None => std::future::pending().await,
    }
}

fn help(screen: &Screen) -> impl Iterator<Item = Line> + '_ {
    HELP.iter().map(|(command, meaning)| {
        let padding = &"                        "[..24_usize.saturating_sub(command.len())];
        screen.line().ours("   ").styled(Style::Bold, |line| line.ours(command)).ours(padding).ours(meaning)
    })
}

//! The chat in a world: hosts, clients and intruders as nodes.

mod disk;
pub(crate) mod intruder;
mod keeping;
pub(crate) mod liar;
mod machine;
mod seen;
pub(crate) mod station;

use exchange_core::{
    Body, Client, ClientConfig, Host, HostConfig, Input, JoinFrom, Mentions, MessageView, Nick, PageFrom, Presence,
    Reaction, RoomName, Seed, Seq, Time,
    host::History,
    message::{Delete, Edit, Post, React},
    wire::{Keyring, Offer},
};

pub(crate) use self::disk::{Disk, Remains};
use self::{
    intruder::{Mangler, Raw},
    liar::Liar,
    station::{Seen, Station},
};
use crate::{
    net::{NodeId, Notice},
    node::{Happening, Io, Node},
    scenario::Change,
};

/// A node of a chat's world.
#[derive(Debug)]
pub struct ChatNode(Kind);

#[derive(Debug)]
pub(crate) enum Kind {
    Host(Box<Station<Host>>),
    Client(Box<Station<Client>>),
    Intruder(Box<Raw>),
}

/// What somebody in a chat can be told to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Posts a message.
    Post {
        /// In which room.
        room: RoomName,
        /// What it says.
        body: Body,
    },
    /// Answers a message that it sees, or changes it; nothing, if it sees none.
    Change {
        /// In which room.
        room: RoomName,
        /// How.
        how: Change,
        /// Which of those that it may be done to: 0 is the newest.
        back: u8,
        /// What is said by it.
        text: String,
    },
    /// Reads everything that it was told of a room.
    Read {
        /// Which room.
        room: RoomName,
    },
    /// Types in a room, or gives it up.
    Type {
        /// Which room.
        room: RoomName,
        /// Whether they do.
        typing: bool,
    },
    /// Fetches a part of a room's log.
    Fetch {
        /// Of which room.
        room: RoomName,
        /// How far before the newest entry that it was told of.
        back: u64,
        /// How many entries at most.
        count: u32,
        /// Whether those after that place, not those before.
        after: bool,
    },
    /// Joins a room.
    Join {
        /// Which.
        room: RoomName,
        /// Where in its log to begin.
        from: JoinFrom,
    },
    /// Opens a private room.
    Open {
        /// Which.
        room: RoomName,
    },
    /// Asks which rooms there are.
    List,
    /// Leaves a room.
    Leave {
        /// Which.
        room: RoomName,
    },
    /// Says that the network may have changed.
    NetworkChanged,
    /// Says how they are.
    Be(Presence),
    /// Wants to be called otherwise.
    Rename(Nick),
    /// Is at the keyboard.
    Active,
    /// Leaves the session, or ends it.
    Close,
}

impl ChatNode {
    /// A host, whose links are given so many bytes at once. It keeps nothing.
    pub fn host(config: HostConfig, seed: &Seed, credit: u32) -> Self {
        let config = HostConfig { store: None, ..config };
        Self::host_with(Host::new(config, seed, Time::ZERO), credit, None)
    }

    /// A host that may keep what happens.
    pub(crate) fn host_with(machine: Host, credit: u32, disk: Option<Disk>) -> Self {
        let mut station = Station::new(machine, Offer::default(), credit, None);
        if let Some(disk) = disk {
            station.keep_on(disk);
        }
        Self(Kind::Host(Box::new(station)))
    }

    /// A client of that host, which begins to dial at once. It keeps nothing.
    pub fn client(config: ClientConfig, seed: &Seed, offer: Offer, credit: u32, host: NodeId) -> Self {
        let config = ClientConfig { keeps: false, ..config };
        Self::client_with(Client::new(config, seed), offer, credit, host, None)
    }

    /// A client that may keep what waits to be sent.
    pub(crate) fn client_with(machine: Client, offer: Offer, credit: u32, host: NodeId, disk: Option<Disk>) -> Self {
        let mut station = Station::new(machine, offer, credit, Some(host));
        if let Some(disk) = disk {
            station.keep_on(disk);
        }
        Self(Kind::Client(Box::new(station)))
    }

    /// Secures its links.
    pub(crate) fn secured(self, keyring: Option<Keyring>) -> Self {
        Self(match self.0 {
            Kind::Host(station) => Kind::Host(Box::new(station.secured(keyring))),
            Kind::Client(station) => Kind::Client(Box::new(station.secured(keyring))),
            Kind::Intruder(raw) => Kind::Intruder(raw),
        })
    }

    pub(crate) fn intruder(raw: Raw) -> Self {
        Self(Kind::Intruder(Box::new(raw)))
    }

    /// Changes what it says on its way out.
    pub(crate) fn mangled(self, mangler: Mangler) -> Self {
        match self.0 {
            Kind::Client(station) => Self(Kind::Client(Box::new(station.mangled(mangler)))),
            other => Self(other),
        }
    }

    /// Tells some of its clients what is not so.
    pub(crate) fn lying(self, liar: Option<Liar>) -> Self {
        match self.0 {
            Kind::Host(station) => Self(Kind::Host(Box::new(station.lying(liar)))),
            other => Self(other),
        }
    }

    /// Keeps what can be seen of it, for whoever looks.
    pub(crate) fn observed(self) -> Self {
        Self(match self.0 {
            Kind::Host(station) => Kind::Host(Box::new(station.observed())),
            Kind::Client(station) => Kind::Client(Box::new(station.observed())),
            Kind::Intruder(raw) => Kind::Intruder(raw),
        })
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }

    pub(crate) fn kind_mut(&mut self) -> &mut Kind {
        &mut self.0
    }

    /// The host's machine, if it is one.
    pub fn as_host(&self) -> Option<&Host> {
        match &self.0 {
            Kind::Host(station) => Some(&station.machine),
            _ => None,
        }
    }

    /// Where it keeps what happens, if it does.
    pub(crate) fn disk(&self) -> Option<&Disk> {
        match &self.0 {
            Kind::Host(station) => station.disk(),
            Kind::Client(station) => station.disk(),
            Kind::Intruder(_) => None,
        }
    }

    pub(crate) fn disk_mut(&mut self) -> Option<&mut Disk> {
        match &mut self.0 {
            Kind::Host(station) => station.disk_mut(),
            Kind::Client(station) => station.disk_mut(),
            Kind::Intruder(_) => None,
        }
    }

    /// What it has kept, when it is gone.
    pub(crate) fn into_disk(self) -> Option<Disk> {
        match self.0 {
            Kind::Host(station) => station.into_disk(),
            Kind::Client(station) => station.into_disk(),
            Kind::Intruder(_) => None,
        }
    }

    /// The client's machine, if it is one.
    pub fn as_client(&self) -> Option<&Client> {
        match &self.0 {
            Kind::Client(station) => Some(&station.machine),
            _ => None,
        }
    }

    /// What was seen since the last time.
    pub(crate) fn take_seen(&mut self, into: &mut Vec<Seen>) {
        into.clear();
        match &mut self.0 {
            Kind::Host(station) => station.seen.swap(into),
            Kind::Client(station) => station.seen.swap(into),
            Kind::Intruder(_) => {}
        }
    }
}

impl Node for ChatNode {
    type Command = Command;

    fn handle(&mut self, happening: Happening<Command>, io: &mut Io<'_>) {
        match &mut self.0 {
            Kind::Host(host) => match happening {
                Happening::Start => {
                    host.lose_all(io);
                    io.listen(!host.machine.is_closed());
                }
                Happening::Alarm => host.alarm(io),
                // It came while the machine slept, and was let in by it only.
                Happening::Notice(Notice::Accepted { socket, .. }) if host.machine.is_closed() => io.release(socket),
                Happening::Notice(notice) => host.notice(notice, io),
                Happening::Command(command) => host_does(host, command, io),
            },
            Kind::Client(client) => match happening {
                Happening::Start => {
                    client.lose_all(io);
                    client.act(io, |round| {
                        round.connect();
                    });
                }
                Happening::Alarm => client.alarm(io),
                Happening::Notice(notice) => client.notice(notice, io),
                Happening::Command(command) => client_does(client, command, io),
            },
            Kind::Intruder(raw) => match happening {
                Happening::Notice(notice) => raw.notice(notice, io),
                Happening::Start | Happening::Alarm | Happening::Command(_) => raw.alarm(io),
            },
        }
    }
}

fn host_does(host: &mut Station<Host>, command: Command, io: &mut Io<'_>) {
    match command {
        Command::Post { room, body } => host.post(io, body, |round, body| round.post(&room, body)),
        Command::Change { room, how, back, text } => {
            let messages: Vec<MessageView> = host.machine.messages(&room).collect();
            match change(messages.iter(), how, back, &text) {
                Some(body) => host.post(io, body, |round, body| round.post(&room, body)),
                // A driver shows its machine the clock with every command.
                None => host.act(io, |_| {}),
            }
        }
        // What it must not do, it is told; the session is none the wiser.
        Command::Read { room } => host.read(io, room, |round, room| round.read(room, Seq(u64::MAX))),
        Command::Type { room, typing } => host.wish(io, Seen::Active, |round| round.typing(&room, typing)),
        Command::Fetch { room, back, count, after } => {
            let head = host.machine.history(&room).map(History::head).unwrap_or_default();
            let from = page_from(head, back, after);
            host.fetch(io, room, from, count, |round, room| round.fetch(room, from, count));
        }
        Command::Join { room, from } => {
            host.wish(io, Seen::Enters { room: room.clone(), is_private: false }, |round| round.join(&room, from));
        }
        Command::Open { room } => {
            host.wish(io, Seen::Enters { room: room.clone(), is_private: true }, |round| round.open(&room));
        }
        Command::List => host.act(io, |round| {
            let _ = round.list_rooms();
        }),
        Command::Leave { room } => drop(host.act(io, |round| round.leave(&room))),
        Command::NetworkChanged => host.network_changed(io),
        Command::Be(presence) => {
            host.wish(io, Seen::Be(presence.clone()), |round| round.set_presence(presence));
        }
        Command::Rename(nick) => host.wish(io, Seen::Rename(nick.clone()), |round| round.rename(&nick)),
        Command::Active => host.wish(io, Seen::Active, |round| round.handle(Input::Activity)),
        Command::Close => {
            io.listen(false);
            host.act(io, |round| {
                round.close();
            });
        }
    }
}

fn client_does(client: &mut Station<Client>, command: Command, io: &mut Io<'_>) {
    match command {
        Command::Post { room, body } => client.post(io, body, |round, body| round.post(&room, body)),
        Command::Change { room, how, back, text } => match change(client.machine.messages(&room), how, back, &text) {
            Some(body) => client.post(io, body, |round, body| round.post(&room, body)),
            None => client.act(io, |_| {}),
        },
        Command::Read { room } => client.read(io, room, |round, room| round.read(room, Seq(u64::MAX))),
        Command::Type { room, typing } => client.wish(io, Seen::Active, |round| round.typing(&room, typing)),
        Command::Fetch { room, back, count, after } => {
            let seq = client.machine.place(&room).map(|(_, seq)| seq).unwrap_or_default();
            let from = page_from(seq, back, after);
            client.fetch(io, room, from, count, |round, room| round.fetch(room, from, count));
        }
        Command::Join { room, from } => drop(client.act(io, |round| round.join(&room, from))),
        Command::Open { room } => drop(client.act(io, |round| round.open(&room))),
        Command::List => client.act(io, |round| {
            let _ = round.list_rooms();
        }),
        Command::Leave { room } => drop(client.act(io, |round| round.leave(&room))),
        Command::NetworkChanged => client.network_changed(io),
        Command::Be(presence) => {
            client.wish(io, Seen::Be(presence.clone()), |round| round.set_presence(presence));
        }
        Command::Rename(nick) => client.wish(io, Seen::Rename(nick.clone()), |round| round.rename(nick)),
        Command::Active => client.wish(io, Seen::Active, |round| round.handle(Input::Activity)),
        Command::Close => client.act(io, |round| {
            round.close();
        }),
    }
}

/// Which part of a log is meant.
fn page_from(newest: Seq, back: u64, after: bool) -> PageFrom {
    let place = newest.back(back);
    if after { PageFrom::After(place) } else { PageFrom::Before(place.next()) }
}

/// What to say to do that to one of these messages, if there is one.
fn change<'a>(
    messages: impl DoubleEndedIterator<Item = &'a MessageView>,
    how: Change,
    back: u8,
    text: &str,
) -> Option<Body> {
    let may_be = |view: &&MessageView| match how {
        Change::Edit | Change::Delete => view.message().is_mine(),
        Change::Meddle => !view.message().is_mine(),
        Change::Reply | Change::React | Change::Unreact => true,
    };
    let message = messages.rev().filter(may_be).nth(back.into())?.message();
    let (seq, text) = (message.seq(), text.into());
    Some(match how {
        Change::Reply => {
            let mentions = [message.sender().id].into_iter().collect();
            Body::Post(Post { reply_to: Some(seq), mentions, text })
        }
        Change::Edit | Change::Meddle => Body::Edit(Edit { of: seq, mentions: Mentions::default(), text }),
        Change::Delete => Body::Delete(Delete { of: seq }),
        Change::React | Change::Unreact => {
            let reaction = Reaction::new("+1").ok()?;
            Body::React(React { to: seq, reaction, add: how == Change::React })
        }
    })
}

//! A machine of the protocol and the byte streams it talks over: what a driver is, without a runtime.

use std::{collections::VecDeque, net::IpAddr, time::Duration};

use bytes::{Bytes, BytesMut};
use exchange_core::{
    Body, Effect, Input, LinkId, LinkLoss, MessageId, Outbox, PageFrom, PageId, Refusal, RoomName, Time,
    message::FRAME_HEADER,
    wire::{Keyring, Offer, Received, Wire},
};

pub(crate) use super::seen::{Cut, Fetched, Seen};
use super::{disk::Disk, intruder::Mangler, keeping::Keeper, liar::Liar, machine::Machine, seen::Sight};
use crate::{
    agenda::earliest,
    net::{Lost, NodeId, Notice, Read, Side, Socket},
    node::Io,
};

/// Chunks of one link that are taken in one round.
const READS: usize = 4;

/// How long a link that was ended may take to pass on its last bytes.
const LINGER: Duration = Duration::from_secs(1);

/// A machine, its links, and what they have not written yet.
#[derive(Debug)]
pub(crate) struct Station<M> {
    pub(crate) machine: M,
    pub(super) out: Outbox,
    offer: Offer,
    /// What its links are secured with, if they are.
    keyring: Option<Keyring>,
    /// How many bytes a link is given at once.
    credit: u32,
    /// How far the machine's wall clock was off when the machine was last told what it shows.
    wall_offset_ms: Option<i64>,
    /// Whom it dials.
    host: Option<NodeId>,
    /// Oldest first; few enough to look through.
    pub(super) links: Vec<Link>,
    next_link: u64,
    /// Links the machine has to be told of: so many bytes of theirs were written, or they are gone.
    owed: Vec<Input<'static>>,
    dirty: Vec<LinkId>,
    /// Links that are ending, and until when they may.
    ending: VecDeque<(Time, Socket)>,
    /// Changes what is said before it is sent, where somebody means no good.
    mangler: Option<Mangler>,
    liar: Option<Liar>,
    /// Where what its machine wants to be kept is kept.
    pub(super) keeper: Option<Keeper>,
    /// What is seen from outside, where somebody looks.
    pub(crate) seen: Sight,
}

#[derive(Debug)]
pub(super) struct Link {
    id: LinkId,
    socket: Socket,
    wire: Wire,
    /// What is to be written, each piece with how many bytes of what the machine has said are in it.
    queue: VecDeque<(Bytes, usize)>,
    /// So many of those.
    queued: usize,
    unreported: u32,
    /// Bytes of a frame that is not whole yet.
    partial: usize,
    is_up: bool,
    is_dirty: bool,
    pub(super) state: State,
}

/// How a link stands with the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Known,
    /// The machine has forgotten it, but that it is to end is held back.
    Forgotten,
    /// The machine has forgotten it, and it passes on what it has.
    Ending,
}

impl<M: Machine> Station<M> {
    pub(crate) fn new(machine: M, offer: Offer, credit: u32, host: Option<NodeId>) -> Self {
        Self {
            machine,
            out: Outbox::new(),
            offer,
            keyring: None,
            credit,
            wall_offset_ms: None,
            host,
            links: Vec::new(),
            next_link: 1,
            owed: Vec::new(),
            dirty: Vec::new(),
            ending: VecDeque::new(),
            mangler: None,
            liar: None,
            keeper: None,
            seen: Sight::default(),
        }
    }

    /// Secures its links.
    pub(crate) fn secured(self, keyring: Option<Keyring>) -> Self {
        Self { keyring, ..self }
    }

    /// Keeps what is seen from outside.
    pub(crate) fn observed(self) -> Self {
        Self { seen: Sight(Some(Vec::new())), ..self }
    }

    /// Changes what it says on its way out.
    pub(crate) fn mangled(self, mangler: Mangler) -> Self {
        Self { mangler: Some(mangler), ..self }
    }

    /// Tells some of those at its links what is not so.
    pub(crate) fn lying(self, liar: Option<Liar>) -> Self {
        Self { liar, ..self }
    }

    /// The sockets of links that the machine knows.
    pub(crate) fn sockets(&self) -> impl Iterator<Item = Socket> + '_ {
        self.links.iter().filter(|link| link.state == State::Known).map(|link| link.socket)
    }

    /// Whether everything the machine had to say is on its way.
    pub(crate) fn is_dry(&self) -> bool {
        self.links.iter().all(|link| link.queue.is_empty()) && self.machine.held().next().is_none()
    }

    pub(super) fn see(&mut self, seen: impl FnOnce() -> Seen) {
        if self.seen.is_on() {
            self.seen.extend([seen()]);
        }
    }

    /// Has the machine do something in a round, then does what it wants done.
    pub(crate) fn act<T>(&mut self, io: &mut Io<'_>, act: impl FnOnce(&mut M::Round<'_>) -> T) -> T {
        let mut round = self.machine.round(io.now(), &mut self.out);
        if let Some(at) = io.wall_clock_set(&mut self.wall_offset_ms) {
            M::input(&mut round, Input::WallClock { at });
        }
        let done = act(&mut round);
        drop(round);
        self.settle(io);
        done
    }

    /// The application wants to post something. It is seen before what comes of it.
    pub(crate) fn post(
        &mut self,
        io: &mut Io<'_>,
        body: Body,
        post: impl FnOnce(&mut M::Round<'_>, Body) -> Result<MessageId, Refusal>,
    ) {
        let place = self.seen.0.as_ref().map_or(0, Vec::len);
        let posted = self.act(io, |round| post(round, body.clone()));
        if let Some(seen) = &mut self.seen.0 {
            seen.insert(place, posted.map_or_else(Seen::TurnedDown, |id| Seen::Posted { id, body }));
        }
    }

    /// The application wishes something, which is seen before what comes of it: whether it is granted shows later.
    pub(crate) fn wish<T>(&mut self, io: &mut Io<'_>, seen: Seen, wish: impl FnOnce(&mut M::Round<'_>) -> T) {
        self.see(|| seen);
        let _ = self.act(io, wish);
    }

    pub(crate) fn read(&mut self, io: &mut Io<'_>, room: RoomName, read: impl FnOnce(&mut M::Round<'_>, &RoomName)) {
        self.act(io, |round| read(round, &room));
        self.see(|| Seen::Read { room });
    }

    /// The application fetches a part of a log. It is seen before what comes of it.
    pub(crate) fn fetch(
        &mut self,
        io: &mut Io<'_>,
        room: RoomName,
        from: PageFrom,
        count: u32,
        fetch: impl FnOnce(&mut M::Round<'_>, &RoomName) -> Result<PageId, Refusal>,
    ) {
        let place = self.seen.0.as_ref().map_or(0, Vec::len);
        let fetched = self.act(io, |round| fetch(round, &room));
        if let (Some(seen), Ok(id)) = (&mut self.seen.0, fetched) {
            seen.insert(place, Seen::Fetched(Fetched { id, room, from, count }));
        }
    }

    pub(crate) fn network_changed(&mut self, io: &mut Io<'_>) {
        self.see(|| Seen::NetworkChanged);
        self.act(io, |round| M::input(round, Input::NetworkChanged));
    }

    /// Something happened at a socket.
    pub(crate) fn notice(&mut self, notice: Notice, io: &mut Io<'_>) {
        let socket = notice.socket();
        match notice {
            Notice::Accepted { from, .. } => {
                let link = LinkId(self.next_link);
                self.next_link += 1;
                if let Some(liar) = &mut self.liar {
                    liar.accepted(link, from);
                }
                let keys = self.keyring.as_mut().map(Keyring::keys);
                self.add(link, socket, Wire::host(self.offer.clone()).secured(keys));
                self.up(link, Some(from.address()), io);
            }
            Notice::Connected { .. } => match find_at(&mut self.links, socket) {
                Some(link) => {
                    link.queue.push_back((link.wire.opening(), 0));
                    link.mark(&mut self.dirty);
                    let link = link.id;
                    self.up(link, None, io);
                }
                None => io.release(socket),
            },
            Notice::Refused { .. } => {
                io.release(socket);
                if let Some(link) = self.forget(socket) {
                    self.see(|| Seen::Lost { socket, loss: LinkLoss::Refused });
                    self.act(io, |round| M::input(round, Input::LinkDown { link, loss: LinkLoss::Refused }));
                }
            }
            Notice::Readable { .. } => self.readable(socket, io),
            Notice::Writable { .. } => {
                if let Some(link) = find_at(&mut self.links, socket) {
                    link.mark(&mut self.dirty);
                    self.settle(io);
                }
            }
        }
    }

    /// All links are gone at once, and the machine is told: its program has been started again, with its memory.
    pub(crate) fn lose_all(&mut self, io: &mut Io<'_>) {
        let gone: Vec<(LinkId, Socket)> =
            self.links.iter().filter(|link| link.state == State::Known).map(|link| (link.id, link.socket)).collect();
        self.links.clear();
        let loss = LinkLoss::Broken;
        for (_, socket) in &gone {
            self.see(|| Seen::Lost { socket: *socket, loss });
        }
        self.act(io, |round| gone.iter().for_each(|(link, _)| M::input(round, Input::LinkDown { link: *link, loss })));
    }

    fn add(&mut self, id: LinkId, socket: Socket, wire: Wire) {
        self.links.push(Link {
            id,
            socket,
            wire,
            queue: VecDeque::new(),
            queued: 0,
            unreported: 0,
            partial: 0,
            is_up: false,
            is_dirty: false,
            state: State::Known,
        });
    }

    fn at(&self, socket: Socket) -> Option<&Link> {
        self.links.iter().find(|link| link.socket == socket)
    }

    fn up(&mut self, link: LinkId, from: Option<IpAddr>, io: &mut Io<'_>) {
        if let Some(state) = find(&mut self.links, link) {
            state.is_up = true;
            let socket = state.socket;
            self.see(|| Seen::Up { link, socket });
        }
        let credit = self.credit;
        self.act(io, |round| M::input(round, Input::LinkUp { link, credit, from }));
    }

    fn forget(&mut self, socket: Socket) -> Option<LinkId> {
        let place = self.links.iter().position(|link| link.socket == socket)?;
        Some(self.links.remove(place).id)
    }

    /// The machine has forgotten a link: it passes on what it has, unless it never came up.
    fn end(&mut self, link: LinkId, io: &mut Io<'_>) {
        let Some(state) = find(&mut self.links, link) else { return };
        let socket = state.socket;
        if !state.is_up {
            self.forget(socket);
            return io.release(socket);
        }
        state.state = State::Ending;
        self.ending.push_back((io.now() + LINGER, socket));
        state.mark(&mut self.dirty);
    }

    /// Has frames go out that are worth so much of the credit that the machine was given.
    fn queue(&mut self, link: LinkId, frames: Bytes, worth: usize) {
        if let Some(state) = find(&mut self.links, link) {
            let bytes = if state.wire.is_sealed() { sealed(&mut state.wire, &frames) } else { frames };
            state.queued += worth;
            state.queue.push_back((bytes, worth));
            state.mark(&mut self.dirty);
        }
    }

    fn readable(&mut self, socket: Socket, io: &mut Io<'_>) {
        let Self { machine, out, links, seen, dirty, wall_offset_ms, .. } = self;
        let Some(link) = find_at(links, socket) else { return };
        let id = link.id;
        if link.state != State::Known {
            return self.drain(socket, io);
        }
        let mut round = machine.round(io.now(), out);
        if let Some(at) = io.wall_clock_set(wall_offset_ms) {
            M::input(&mut round, Input::WallClock { at });
        }
        let mut answers = Vec::new();
        let mut gone = None;
        let mut reads = 0;
        'reading: while reads < READS {
            let data = match io.read(socket) {
                Read::Data(data) => data,
                Read::Dry => break,
                Read::Over(how) => {
                    let loss = if how == Lost::Closed { LinkLoss::Closed } else { LinkLoss::Broken };
                    seen.extend([Seen::Lost { socket, loss }]);
                    M::input(&mut round, Input::LinkDown { link: id, loss });
                    gone = Some(true);
                    break;
                }
            };
            reads += 1;
            let (mut input, mut frames) = (&data[..], 0);
            link.partial += data.len();
            loop {
                if input.is_empty() && frames > 0 && !link.wire.is_sealed() {
                    break;
                }
                match link.wire.receive(&mut input) {
                    Ok(None) if frames == 0 => break M::input(&mut round, Input::Bytes { link: id }),
                    Ok(None) => break,
                    Ok(Some(Received::Frame(body))) => {
                        frames += 1;
                        link.partial = link.partial.saturating_sub(FRAME_HEADER + body.len());
                        if seen.is_on() {
                            seen.extend([Seen::Heard { socket, body: shared(&data, body) }]);
                        }
                        M::input(&mut round, Input::Frame { link: id, body });
                    }
                    Ok(Some(Received::Answer(answer))) => {
                        link.partial = input.len();
                        answers.push(answer);
                    }
                    Ok(Some(Received::Opened { choice, peer, answer })) => {
                        link.partial = input.len();
                        answers.push(answer);
                        seen.extend([Seen::Opened { socket, choice }]);
                        let (encoding, proven) = (choice.encoding, choice.proven(peer));
                        if let Some(liar) = &mut self.liar {
                            liar.opened(id, encoding);
                        }
                        M::input(&mut round, Input::Opened { link: id, encoding, proven });
                    }
                    Err(fault) => {
                        answers.push(fault.answer);
                        let loss = fault.loss;
                        if let LinkLoss::Violation(violation) = loss {
                            M::input(&mut round, Input::Fault { link: id, violation });
                        } else {
                            seen.extend([Seen::Lost { socket, loss }]);
                            M::input(&mut round, Input::LinkDown { link: id, loss });
                        }
                        gone = Some(false);
                        break 'reading;
                    }
                }
            }
            if seen.is_on() && !link.wire.is_sealed() {
                let cut = match link.partial {
                    0 if frames > 1 => Some(Cut::Several),
                    0 => None,
                    1..FRAME_HEADER => Some(Cut::Length),
                    _ => Some(Cut::Body),
                };
                seen.extend(cut.map(Seen::Cut));
            }
        }
        drop(round);
        // What a handshake answers goes out before the machine says anything.
        if !answers.is_empty() {
            link.queue.extend(answers.into_iter().filter(|answer| !answer.is_empty()).map(|answer| (answer, 0)));
            link.mark(dirty);
        }
        match gone {
            None if reads == READS => io.again(socket),
            Some(true) => {
                self.forget(socket);
                io.release(socket);
            }
            Some(false) => self.end(id, io),
            None => {}
        }
        self.settle(io);
    }

    /// A link that is ending reads until the other side has seen it, so that nothing on its way there is destroyed.
    fn drain(&mut self, socket: Socket, io: &mut Io<'_>) {
        for _ in 0..READS {
            match io.read(socket) {
                Read::Data(_) => {}
                Read::Dry => return,
                Read::Over(_) => {
                    self.forget(socket);
                    return io.release(socket);
                }
            }
        }
        io.again(socket);
    }

    /// Does what the machine wants done, writes, and tells it what came of that, until there is nothing more.
    fn settle(&mut self, io: &mut Io<'_>) {
        loop {
            self.perform(io);
            self.write(io);
            if self.owed.is_empty() {
                break;
            }
            let mut round = self.machine.round(io.now(), &mut self.out);
            self.owed.drain(..).for_each(|input| M::input(&mut round, input));
        }
        while let Some((until, socket)) = self.ending.front().copied()
            && (until <= io.now() || self.at(socket).is_none())
        {
            self.ending.pop_front();
            if self.forget(socket).is_some() {
                io.release(socket);
            }
        }
        let lingering = self.ending.front().map(|(until, _)| *until);
        let kept = self.disk().and_then(Disk::next_at);
        io.set_alarm(earliest(earliest(self.out.wake().map(|wake| wake.at), lingering), kept));
    }

    fn perform(&mut self, io: &mut Io<'_>) {
        if self.keeper.is_some() {
            return self.perform_held(io);
        }
        while let Some(effect) = self.out.pop() {
            match effect {
                Effect::Event(event) => self.see(|| Seen::Told(event)),
                effect => {
                    if self.seen.is_on() {
                        let seen = self.sight_of(&effect);
                        self.seen.extend(seen);
                    }
                    self.perform_one(effect, io);
                }
            }
        }
    }

    /// What is seen of an effect.
    pub(super) fn sight_of(&self, effect: &Effect) -> Option<Seen> {
        let at = |link| self.links.iter().find(|other| other.id == link);
        match effect {
            Effect::Send { link, frames } => {
                let Link { socket, queued, .. } = at(*link)?;
                Some(Seen::Sent { socket: *socket, frames: frames.clone(), backlog: *queued })
            }
            Effect::Close { link, reason } => {
                Some(Seen::Closed { link: *link, socket: at(*link).map(|link| link.socket), reason: *reason })
            }
            Effect::Dial { link } => Some(Seen::Dialled { link: *link }),
            Effect::Store { .. } => None,
            Effect::Event(event) => Some(Seen::Told(event.clone())),
        }
    }

    pub(super) fn perform_one(&mut self, effect: Effect, io: &mut Io<'_>) {
        match effect {
            Effect::Send { link, frames } => {
                let worth = frames.len();
                let frames = match &mut self.mangler {
                    Some(mangler) => mangler.mangle(frames),
                    None => frames,
                };
                let (frames, lies) = match &mut self.liar {
                    Some(liar) => liar.tell(link, frames),
                    None => (frames, Vec::new()),
                };
                self.seen.extend(lies.into_iter().map(Seen::Lied));
                self.queue(link, frames, worth);
            }
            Effect::Close { link, .. } => self.end(link, io),
            Effect::Dial { link } => {
                if let Some(host) = self.host {
                    let socket = io.connect(host);
                    let (expected, shows_secret) = (self.machine.expects(), self.machine.shows_secret());
                    let keys = self.keyring.as_mut().map(|keyring| keyring.keys().expecting(expected));
                    let keys = keys.map(|keys| if shows_secret { keys } else { keys.without_secret() });
                    self.add(link, socket, Wire::client(self.offer.clone()).secured(keys));
                }
            }
            // Whoever does not keep asks for nothing to be kept.
            Effect::Store { .. } | Effect::Event(_) => {}
        }
    }

    fn write(&mut self, io: &mut Io<'_>) {
        let mut dirty = std::mem::take(&mut self.dirty);
        for id in dirty.drain(..) {
            let Some(link) = find(&mut self.links, id) else { continue };
            link.is_dirty = false;
            match link.write(io) {
                Ok(()) if link.state == State::Ending && link.queue.is_empty() => {
                    io.finish(link.socket);
                    let socket = link.socket;
                    self.drain(socket, io);
                }
                Ok(()) if link.state == State::Ending => {}
                Ok(()) => {
                    // Well below what it was given, so that it never runs dry with nothing left to write.
                    if link.unreported >= self.credit / 4 && link.unreported > 0 {
                        self.owed.push(Input::Credit { link: id, bytes: std::mem::take(&mut link.unreported) });
                    }
                }
                Err(_) => {
                    let (socket, was_ending) = (link.socket, link.state == State::Ending);
                    if !was_ending {
                        let loss = LinkLoss::Broken;
                        self.owed.push(Input::LinkDown { link: id, loss });
                        self.see(|| Seen::Lost { socket, loss });
                    }
                    self.forget(socket);
                    io.release(socket);
                }
            }
        }
        self.dirty = dirty;
    }
}

impl Link {
    fn mark(&mut self, dirty: &mut Vec<LinkId>) {
        if !std::mem::replace(&mut self.is_dirty, true) {
            dirty.push(self.id);
        }
    }

    fn write(&mut self, io: &mut Io<'_>) -> Result<(), Lost> {
        while let Some((front, worth)) = self.queue.front_mut() {
            let taken = io.write(self.socket, front)?;
            // What sealing has added goes first.
            let passed_on = worth.saturating_sub(front.len());
            *worth -= passed_on;
            self.queued -= passed_on;
            self.unreported = self.unreported.saturating_add(u32::try_from(passed_on).unwrap_or(u32::MAX));
            if !front.is_empty() {
                if taken == 0 {
                    return Ok(());
                }
                continue;
            }
            self.queue.pop_front();
        }
        Ok(())
    }
}

fn sealed(wire: &mut Wire, frames: &[u8]) -> Bytes {
    let mut sealed = BytesMut::new();
    wire.seal(frames, &mut sealed);
    sealed.freeze()
}

pub(super) fn find(links: &mut [Link], id: LinkId) -> Option<&mut Link> {
    links.iter_mut().find(|link| link.id == id)
}

fn find_at(links: &mut [Link], socket: Socket) -> Option<&mut Link> {
    links.iter_mut().find(|link| link.socket == socket)
}

/// A frame that was read, without copying it if it is whole in what was read in one go.
fn shared(data: &Bytes, body: &[u8]) -> Bytes {
    let (whole, part) = (data.as_ptr_range(), body.as_ptr_range());
    if whole.start <= part.start && part.end <= whole.end { data.slice_ref(body) } else { Bytes::copy_from_slice(body) }
}

/// Whether an end is the host's.
pub(crate) fn is_host_end(socket: Socket) -> bool {
    socket.side == Side::Acceptor
}

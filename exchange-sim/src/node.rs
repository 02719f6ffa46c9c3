//! What a simulated machine runs, and what it can do.

use bytes::Bytes;
use exchange_core::{Time, Timestamp};

use crate::{
    clock::Clock,
    digest::Digest,
    net::{Lost, Net, NodeId, Notice, Read, Socket},
};

/// A program on one simulated machine: a state machine that is told what happens and acts on the network.
///
/// It reads no clock but its own machine's ([`Io::now`]), does nothing but through [`Io`], and draws random numbers only
/// from what it was made with: then the same scenario always comes to the same end.
pub trait Node {
    /// What it can be told to do by the scenario.
    type Command;

    /// Something happens.
    fn handle(&mut self, happening: Happening<Self::Command>, io: &mut Io<'_>);
}

/// What can happen to a node.
#[derive(Debug)]
pub enum Happening<C> {
    /// It starts, for the first time or again after a crash.
    Start,
    /// Its alarm rings.
    Alarm,
    /// There is something to look at, at one of its sockets.
    Notice(Notice),
    /// It is told to do something.
    Command(C),
}

/// What a node can do, on its machine and to the network.
#[derive(Debug)]
pub struct Io<'a> {
    pub(crate) net: &'a mut Net,
    pub(crate) node: NodeId,
    pub(crate) world: Time,
    pub(crate) clock: &'a Clock,
    pub(crate) alarm: &'a mut Option<Time>,
    pub(crate) digest: Option<&'a mut Digest>,
}

impl Io<'_> {
    /// Which machine this is.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// What the machine's monotonic clock shows.
    pub fn now(&self) -> Time {
        self.clock.local(self.world)
    }

    /// What its wall clock shows.
    pub fn wall_clock(&self) -> Timestamp {
        self.clock.wall(self.world)
    }

    /// What its wall clock shows, if that does not follow from what it showed when it was off by `known_ms`.
    pub(crate) fn wall_clock_set(&self, known_ms: &mut Option<i64>) -> Option<Timestamp> {
        let offset_ms = self.clock.wall_offset_ms();
        (known_ms.replace(offset_ms) != Some(offset_ms)).then(|| self.wall_clock())
    }

    /// Sets the machine's only alarm, by its own monotonic clock; `None` takes it back.
    pub fn set_alarm(&mut self, at: Option<Time>) {
        *self.alarm = at;
    }

    /// Begins to listen, or stops: only who listens can be connected to.
    pub fn listen(&mut self, listens: bool) {
        self.net.listen(self.node, listens);
    }

    /// Begins to connect to another machine: [`Notice::Connected`] or [`Notice::Refused`] may follow.
    pub fn connect(&mut self, to: NodeId) -> Socket {
        self.net.connect(self.world, self.node, to)
    }

    /// Writes from the front of `data` as much as the socket takes; if some is left, [`Notice::Writable`] follows.
    ///
    /// # Errors
    ///
    /// [`Lost`] if there is nobody to write to any more.
    pub fn write(&mut self, socket: Socket, data: &mut Bytes) -> Result<usize, Lost> {
        let Some(digest) = &mut self.digest else { return self.net.write(self.world, socket, data) };
        let before = data.clone();
        let taken = self.net.write(self.world, socket, data)?;
        digest.sent(self.world, socket, &before[..taken]);
        Ok(taken)
    }

    /// Reads the next bytes.
    pub fn read(&mut self, socket: Socket) -> Read {
        self.net.read(self.world, socket, usize::MAX)
    }

    /// Asks for another [`Notice::Readable`] at once: there may be more to read than is good to read in one go.
    pub fn again(&mut self, socket: Socket) {
        self.net.again(socket);
    }

    /// Ends this side's direction, after everything written.
    pub fn finish(&mut self, socket: Socket) {
        self.net.finish(self.world, socket);
    }

    /// Lets go of a socket.
    pub fn release(&mut self, socket: Socket) {
        self.net.release(self.world, socket);
    }
}

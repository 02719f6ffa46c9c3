//! Situations that have to come up sometimes: a simulation in which one of them never does proves nothing about it.

use std::fmt;

macro_rules! marks {
    ($($name:ident: $says:literal,)*) => {
        /// A situation that has to come up sometimes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mark {
            $(#[doc = $says] $name,)*
        }

        impl Mark {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            const fn says(self) -> &'static str {
                match self {
                    $(Self::$name => $says,)*
                }
            }
        }
    };
}

marks! {
    ResumedWithBacklog: "a room was taken up again with entries waiting",
    ResumedCaughtUp: "a room was taken up again with nothing waiting",
    JoinedWithHistory: "a room was joined with history",
    GapTold: "a client was told of a gap",
    TooOld: "entries went because they were too old",
    NewLogWhilePending: "a log was lost while a client waited for outcomes",
    HistoryLost: "a client was told that a log is lost",
    ResentAndAcknowledged: "a message was sent again and acknowledged again",
    AckedWithoutEntry: "a message was acknowledged before its own entry came back",
    CopyNotDelivered: "a client was given a copy of a message and kept it from its application",
    Takeover: "a link was replaced by a newer one of the same client",
    TakeoverInFlight: "a link was replaced while bytes were on their way in it",
    CutInLength: "a read ended inside the length of a frame",
    CutInFrame: "a read ended inside a frame",
    SeveralInOneRead: "a read gave several frames",
    ReaderLagged: "a link had more waiting for it than its transport would take",
    HalfOpenAtClient: "a client gave up a silent link",
    HalfOpenAtHost: "a host gave up a silent link",
    SurvivedPartition: "a link was older than a partition it had come through",
    LeftAndBackAtOnce: "a room was joined again before it was known to be left",
    HostForgot: "a host was started again without its memory",
    HostRemembered: "a host was started again with its memory",
    ClientForgot: "a client was started again without its memory",
    ClientRestored: "a client was made again of what it had kept",
    OutboxCarriedOver: "a client that was made again had something to send",
    PostNotKept: "a client died before what it had posted was kept",
    ClientRemembered: "a client was started again with its memory",
    PowerFailed: "a machine lost power, and nobody was told",
    SleptWithClock: "a machine slept and its monotonic clock with it",
    SleptWithoutClock: "a machine slept and its monotonic clock did not",
    WallClockSetBack: "the clock on the host's wall was set back",
    SealedByAes: "both ends of a link have instructions for AES",
    SealedByChaCha: "an end of a secured link has no instructions for AES",
    NegotiatedDown: "a client that speaks newer versions settled on ours",
    NoVersionInCommon: "a client had no version in common with its host",
    ShownUnreachable: "somebody was shown as unreachable",
    ShownAway: "somebody was shown as away or busy",
    Renamed: "somebody was called otherwise",
    RenameRefused: "somebody was refused a nick",
    SomebodyTyped: "somebody was told to type",
    ReadTold: "somebody told how far they have read",
    NoSignals: "a room had too many members for signals",
    BothEncodings: "clients of both encodings were in one session",
    DialRefused: "a dial was refused",
    DialHung: "a dial was given up",
    HandshakeTimedOutAtHost: "a host closed a link that said no hello in time",
    Full: "a host was full",
    WrongToken: "a host turned down a token",
    BackWithoutCode: "somebody came back into a locked session without its code",
    AskedForTheCodeAgain: "a client that had come in by the code before was asked for it again",
    WrongCode: "somebody was turned away for a wrong code",
    NoCode: "somebody was turned away who had shown no code",
    Malformed: "a host closed a link for a malformed frame",
    LieFound: "somebody was told that what a host had said was said by nobody",
    ForkFound: "somebody was told that a host shows one this and another that",
    ForgeryFound: "somebody closed a link because of what somebody in between had done",
    Oversize: "a host closed a link for a frame that was too long",
    Unexpected: "a host closed a link for a message that was out of place",
    NotThisProtocol: "a host closed a link that did not speak the protocol",
    Overrun: "a host closed a link that read none of its answers",
    OutcomeUnknown: "a message's outcome could not be known",
    RefusedAfterLeaving: "a message was refused because its room had been left",
    RefusedByHost: "a message was refused by the host",
    OutboxFull: "a client's outbox was full",
    WindowFull: "a client had as many messages on the wire as it may",
    ShownOffline: "somebody was shown as offline",
    ShownBack: "somebody who was offline was shown as online",
    Expired: "somebody's memberships ended because they did not come back",
    BackAsSomebodyNew: "a client came back and its host had forgotten it",
    PageTold: "a client was told a page that it had fetched",
    PageInPieces: "a page came in several pieces",
    PageShortened: "what a page was to hold went from the log while it was told",
    PageAskedAgain: "a page was asked for again on another link",
    PageInVain: "a page was waited for in vain",
    ProbedAfterChange: "a client was told of a change of the network while it had a link",
    DialledAtOnce: "a client was told of a change of the network while it waited to dial",
    TwinRefused: "a client was turned down because its device was there already",
    SessionClosed: "a host ended its session",
    ClientLeft: "a client left the session",
    WelcomeLost: "a link was lost between its welcome and the first word on it",
    MessageEdited: "a message was edited",
    MessageDeleted: "a message was deleted",
    DeletedBeforeGiven: "a client was given the place of a message that was deleted before",
    ReactionTakenBack: "a reaction was taken back",
    ChangeRefused: "a change of a message was refused by the host",
    ChangeWaited: "a change of a message was made without a link",
    RateLimited: "a message was refused because there were too many",
    AskedTooOften: "a room was refused because it was asked for too often",
    Muted: "a message was refused because its author was muted",
    Locked: "a message was refused because its room was locked",
    TooEarly: "a message was refused because it came too early",
    NotAllowed: "an act was refused because it was not its author's to do",
    Private: "somebody was refused a private room",
    Banned: "somebody was refused a room that they were banned from",
    KickedWhileAway: "somebody was told on coming back that they were made to leave",
    ClosedWhileAway: "somebody was told on coming back that their room was closed",
    RoomClosed: "somebody was told that their room was closed",
    PrivateRoomOpened: "a private room was opened",
    RoomOfTwo: "somebody was in a room of two",
    RoomsListed: "a client was told which rooms there are",
    PolicyGap: "a client was told that a room's policy keeps something from it",
    OutOfTheSession: "somebody was removed from the session",
    HostRestored: "a host was made again of what it had kept",
    CrashLostWrite: "a host died with a write on its way that was lost",
    CrashKeptUntold: "a host died when more was kept than it knew",
    BackAtRestoredHost: "a client was known to a host that was made again of what it had kept",
    TornWrite: "the power failed in the middle of a write",
    StoreFailed: "a host ended because nothing could be kept any more",
    DiskFull: "a host ended because its disk was full",
    TwoFaultsAtOnce: "two faults lasted at the same time",
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.says())
    }
}

/// In how many runs each situation came up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks([u64; Mark::ALL.len()]);

impl Default for Marks {
    fn default() -> Self {
        Self([0; Mark::ALL.len()])
    }
}

impl Marks {
    /// It came up in this run.
    pub fn hit(&mut self, mark: Mark) {
        self.0[mark as usize] = 1;
    }

    /// It came up in this run, if `condition` holds.
    pub fn sometimes(&mut self, condition: bool, mark: Mark) {
        if condition {
            self.hit(mark);
        }
    }

    /// In how many runs it came up.
    pub fn count(&self, mark: Mark) -> u64 {
        self.0[mark as usize]
    }

    /// Adds the runs of another set.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }

    /// Those that never came up.
    pub fn missing(&self) -> impl Iterator<Item = Mark> + '_ {
        Mark::ALL.iter().copied().filter(|mark| self.count(*mark) == 0)
    }

    /// Those that came up least, rarest first, and in how many runs.
    pub fn rarest(&self, count: usize) -> Vec<(Mark, u64)> {
        let mut all: Vec<(Mark, u64)> = Mark::ALL.iter().map(|mark| (*mark, self.count(*mark))).collect();
        all.sort_by_key(|(_, count)| *count);
        all.truncate(count);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_situation_counts_once_a_run() {
        let (mut all, mut run) = (Marks::default(), Marks::default());
        run.hit(Mark::GapTold);
        run.hit(Mark::GapTold);
        run.sometimes(false, Mark::Full);
        all.add(&run);
        all.add(&run);
        assert_eq!((all.count(Mark::GapTold), all.count(Mark::Full)), (2, 0));
        assert_eq!(all.missing().count(), Mark::ALL.len() - 1);
    }
}

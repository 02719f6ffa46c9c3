//! What must hold: always, and in the end.

use std::fmt;

macro_rules! invariants {
    ($($name:ident: $says:literal,)*) => {
        /// Something that must hold. Those that begin with an S hold always, those with an L once faults have ended.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Invariant {
            $(#[doc = $says] $name,)*
        }

        impl Invariant {
            /// Every one that is checked.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// What it says.
            pub const fn says(self) -> &'static str {
                match self {
                    $(Self::$name => $says,)*
                }
            }
        }
    };
}

invariants! {
    S1: "a client is given a room's entries in order",
    S2: "one place in one log is the same entry for everybody",
    S3: "what a client is not given, it is told of",
    S4: "what is acknowledged is in the log",
    S5: "a message is in a log once at most",
    S6: "a client is given a message once at most, whatever became of its log",
    S7: "an author's messages are logged in the order in which they were posted",
    S8: "what is logged was posted by its author",
    S9: "what was posted has one outcome, or waits for it",
    S10: "only members write",
    S11: "a client has one link at most, and the newest wins",
    S12: "only the token of the last welcome takes a session up again, and no token does twice",
    S13: "news of people only ever gets newer",
    S14: "history is the log, byte for byte",
    S15: "a room's name is its own",
    S16: "nothing outgrows its bound",
    S17: "nothing panics, and nobody honest is accused",
    S18: "no order depends on a wall clock",
    S19: "a frame arrives as it was sent, however its bytes were cut",
    S21: "whoever stays away for too long is a member no more",
    S22: "a message is what its author made of it, for everybody",
    S23: "what was deleted is given to nobody any more",
    S24: "what is unread is what others have said since it was read",
    S25: "somebody is shown as they last said, or as they are found, and otherwise at most twice a second",
    S26: "nicks that look alike are not had at once",
    S27: "what a room is about, and its rules, are what everybody in it sees",
    S28: "a page is a part of the log, and is told in the end",
    S29: "nobody is told to be further than they are, or to have read what they do not say they have",
    S30: "nobody types for longer than they do, and what a room signals is told twice a second at most",
    S31: "nobody is where they may not be",
    S32: "nobody does what they may not, or is refused what they may",
    S33: "nobody is given what was said before they might hear it",
    S34: "somebody is told of the rooms that they may know of, and of no other",
    S35: "what was shown to anybody is kept, and what is kept is there when its host is started again",
    S36: "what was posted by a client that keeps is sent only once it is kept, and what is kept is sent by whoever goes on",
    S37: "nobody is let into a locked session who does not know its code, and did not before",
    S38: "nobody is given as somebody's what they have not said, and no host that tells the truth is said to lie",
    L1: "every message comes to its outcome",
    L2: "everybody reaches the head of every room",
    L3: "who is there is what everybody sees",
    L4: "a dead link is found in time",
    L5: "whoever can be reached is connected in time",
    L6: "who is idle is quiet, and who fails tries less and less",
    L8: "a slow reader gets there, or is told what it missed",
    L9: "who has a message is what everybody sees",
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

//! What a host bounds, and the times it keeps.

use core::time::Duration;

/// How far answers may go beyond a link's credit, in bytes. Whoever has so many of them unread does not read.
pub(crate) const CONTROL_ALLOWANCE: u32 = 64 * 1024;

/// What one host gives at most. Everything a peer can make grow is in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Links at once; as many members may be away at once whose link broke, before the first of them has to join anew.
    pub links: usize,
    /// Links at once from one address; those of the host's own machine, by its loopback addresses, count for none.
    pub links_per_address: usize,
    /// Links at once whose client has not said who it is. Where there are so many, one more takes the place of the oldest
    /// of whichever address has the most of them.
    pub half_open: usize,
    /// As many of them at once from one address.
    pub half_open_per_address: usize,
    /// People whom nobody has met yet, from one address; those of the host's own machine count for none. To come as somebody
    /// else gives nobody more to say.
    pub newcomers: Rate,
    /// Rooms at once.
    pub rooms: usize,
    /// Rooms at once that one peer has opened.
    pub rooms_per_founder: usize,
    /// Rooms one member is in at once.
    pub rooms_per_member: usize,
    /// Members of one room at once.
    pub members_per_room: usize,
    /// Members of one room up to which they signal how far they are and that they are typing; in a larger one nobody
    /// does. At most [`Limits::MAX_SIGNALLED`].
    pub signalled: usize,
    /// Members that are gone and still recognised when they come back.
    pub remembered: usize,
    /// Entries kept of one room.
    pub history_entries: usize,
    /// Bytes kept of one room, in postcard; the newest entry is kept whatever its length.
    pub history_bytes: usize,
    /// How long an entry is kept, and at most a second longer; `None` for as long as there is room for it.
    ///
    /// It is measured on the [clock that never steps](crate::Time), so that nothing goes early because somebody has set the
    /// time. A host that is [restored](crate::Host::restore) knows how old its entries are by the wall clock only: what
    /// has become too old meanwhile goes at once, and what seems to come from later begins anew.
    pub history_age: Option<Duration>,
    /// Bytes of one message. At most [`Limits::MAX_TEXT`].
    pub text: u32,
    /// Different reactions to one message.
    pub reactions: usize,
    /// Invitations that wait for one peer at once.
    pub invitations: usize,
    /// Peers at once that are banned from one room, and as many that are muted in it.
    pub sanctions: usize,
    /// Entries of one page. At most [`Limits::MAX_PAGE`].
    pub page_entries: u32,
    /// Bytes of one page, in postcard; an entry is told whatever its length. At most [`Limits::MAX_PAGE_BYTES`].
    pub page_bytes: usize,
    /// Messages of one peer.
    pub messages: Rate,
    /// What one peer asks beside: to be in rooms, to be told of them, pages of them. Whoever reconnects asks for all of
    /// its rooms.
    pub requests: Rate,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How often in a second, in the long run; at least once.
    pub per_second: u32,
    /// How often at once, after a while in which it did not.
    pub burst: u32,
}

impl Rate {
    /// As often as you like.
    pub const UNLIMITED: Self = Self { per_second: u32::MAX, burst: u32::MAX };
}

impl Limits {
    /// The longest text that still fits into a frame when JSON has to escape all of it.
    pub const MAX_TEXT: u32 = 8 * 1024;

    /// So many members' signals fit into one frame.
    pub const MAX_SIGNALLED: usize = 256;

    /// The most entries of a page.
    pub const MAX_PAGE: u32 = 200;

    /// The most bytes of a page of several entries, in postcard.
    pub const MAX_PAGE_BYTES: usize = 256 * 1024;

    /// For a network of people who know each other, an office or a home: nobody notices them who does not mean harm.
    /// These are the default.
    ///
    /// At worst, if every room is filled to the last byte, they come to 4 GB of history, and to a few times that while
    /// somebody speaks JSON.
    pub const fn lan() -> Self {
        Self {
            links: 256,
            links_per_address: 16,
            half_open: 32,
            half_open_per_address: 8,
            newcomers: Rate { per_second: 1, burst: 16 },
            rooms: 1000,
            rooms_per_founder: 32,
            rooms_per_member: 100,
            members_per_room: 1000,
            signalled: 64,
            remembered: 1024,
            history_entries: 2048,
            history_bytes: 4 * 1024 * 1024,
            history_age: None,
            text: Self::MAX_TEXT,
            reactions: 20,
            invitations: 32,
            sanctions: 256,
            page_entries: Self::MAX_PAGE,
            page_bytes: Self::MAX_PAGE_BYTES,
            messages: Rate { per_second: 20, burst: 40 },
            requests: Rate { per_second: 20, burst: 200 },
        }
    }

    /// For a network of strangers, as at a conference or in a café: people can still talk, and somebody who means harm
    /// gets little for it.
    ///
    /// 64 links, 8 of one address, of which 8 have not said who they are, 4 of one address; 64 rooms, of which a person opens 4 and is in 16; messages of
    /// 2 KiB at most, 5 at once and 2 in a second. At worst, if every room is filled to the last byte, they come to
    /// 32 MiB of history, and to a few times that while somebody speaks JSON.
    ///
    /// Only bans and mutes are as many as in [`lan`](Self::lan), because those are how one defends oneself.
    pub const fn strict() -> Self {
        Self {
            links: 64,
            links_per_address: 8,
            half_open: 8,
            half_open_per_address: 4,
            newcomers: Rate { per_second: 1, burst: 8 },
            rooms: 64,
            rooms_per_founder: 4,
            rooms_per_member: 16,
            members_per_room: 192,
            signalled: 32,
            remembered: 128,
            history_entries: 512,
            history_bytes: 512 * 1024,
            history_age: None,
            text: 2 * 1024,
            reactions: 8,
            invitations: 8,
            sanctions: 256,
            page_entries: 100,
            page_bytes: 64 * 1024,
            messages: Rate { per_second: 2, burst: 5 },
            // Whoever reconnects asks for all of its rooms, and then for more.
            requests: Rate { per_second: 4, burst: 32 },
        }
    }
}

impl Default for Limits {
    /// Those of [`Limits::lan`].
    fn default() -> Self {
        Self::lan()
    }
}

/// How long a host and its clients wait for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// How often a client asks its host for a sign of life. After two and a half times that, in which a link
    /// was silent in either direction, the host asks too; after three times that the link is dead.
    pub heartbeat: Duration,
    /// From the first byte of a link until its client has said who it is.
    pub handshake: Duration,
    /// From the loss of its link until a peer is shown as unreachable.
    pub unreachable: Duration,
    /// From the loss of its link until a peer is shown as offline.
    pub grace: Duration,
    /// From the loss of its link until a member has to join its rooms anew.
    pub expiry: Duration,
    /// Between two changes of a peer's presence or nick that others are told of, and between two of what a room's
    /// members signal; of those in between, the last counts.
    pub pace: Duration,
    /// Between two times at which all are told who has come and gone, for each of them; those who come in between are
    /// told of together. What is less than a millisecond for all is nothing: in a session of a few nobody waits.
    pub news: Duration,
    /// From when a member said last that it is typing until it is not shown as typing any more.
    pub typing: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(5),
            handshake: Duration::from_secs(5),
            unreachable: Duration::from_millis(1500),
            grace: Duration::from_secs(5),
            expiry: Duration::from_secs(120),
            pace: Duration::from_millis(500),
            news: Duration::from_micros(50),
            typing: Duration::from_secs(6),
        }
    }
}

impl Timing {
    /// How long a host waits for a client to ask before it asks by itself: half a heartbeat beyond two, so that it does
    /// not look just before the second comes.
    pub(crate) fn patience(&self) -> Duration {
        self.heartbeat * 5 / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Taken apart whole, so that a new limit cannot be left out.
    fn figures(limits: &Limits) -> impl Iterator<Item = (&'static str, u64)> {
        let Limits {
            links,
            links_per_address,
            half_open,
            half_open_per_address,
            newcomers,
            rooms,
            rooms_per_founder,
            rooms_per_member,
            members_per_room,
            signalled,
            remembered,
            history_entries,
            history_bytes,
            history_age,
            text,
            reactions,
            invitations,
            sanctions,
            page_entries,
            page_bytes,
            messages,
            requests,
        } = *limits;
        let counts = [
            ("links", links),
            ("links_per_address", links_per_address),
            ("half_open", half_open),
            ("half_open_per_address", half_open_per_address),
            ("rooms", rooms),
            ("rooms_per_founder", rooms_per_founder),
            ("rooms_per_member", rooms_per_member),
            ("members_per_room", members_per_room),
            ("signalled", signalled),
            ("remembered", remembered),
            ("history_entries", history_entries),
            ("history_bytes", history_bytes),
            ("history_age", history_age.map_or(usize::MAX, |age| age.as_secs().try_into().unwrap_or(usize::MAX))),
            ("reactions", reactions),
            ("invitations", invitations),
            ("sanctions", sanctions),
            ("page_bytes", page_bytes),
        ];
        let rates = [
            ("text", text),
            ("page_entries", page_entries),
            ("newcomers a second", newcomers.per_second),
            ("newcomers at once", newcomers.burst),
            ("messages a second", messages.per_second),
            ("messages at once", messages.burst),
            ("requests a second", requests.per_second),
            ("requests at once", requests.burst),
        ];
        let counts = counts.into_iter().map(|(name, count)| (name, count as u64));
        counts.chain(rates.into_iter().map(|(name, count)| (name, count.into())))
    }

    #[test]
    fn strict_is_nowhere_looser_than_lan_which_is_the_default() {
        assert_eq!(Limits::default(), Limits::lan());
        for ((name, strict), (_, lan)) in figures(&Limits::strict()).zip(figures(&Limits::lan())) {
            assert!((1..=lan).contains(&strict), "{name}: {strict} and {lan}");
        }
    }

    #[test]
    fn everybody_fits_into_the_lobby_with_the_host_and_those_who_are_away() {
        for limits in [Limits::lan(), Limits::strict()] {
            assert!(limits.members_per_room > 2 * limits.links);
        }
    }

    #[test]
    fn as_many_as_an_address_has_links_for_may_come_at_once() {
        for limits in [Limits::lan(), Limits::strict()] {
            assert!(limits.newcomers.burst as usize >= limits.links_per_address);
        }
    }

    #[test]
    fn whoever_reconnects_may_ask_for_all_of_its_rooms_at_once() {
        for limits in [Limits::lan(), Limits::strict()] {
            assert!(limits.requests.burst as usize >= limits.rooms_per_member);
        }
    }
}

//! Who gets a link: so many there may be at once, so many of them that have not said who they are, and so many of either
//! from one address. And who comes in: of those whom nobody has met yet, so many of one address in a time.

use alloc::{
    boxed::Box,
    collections::{BTreeMap, btree_map::Entry},
};
use core::net::IpAddr;

use super::{Alarm, Host, budget::Budget, link::Link};
use crate::{
    limits::Rate,
    reason::CloseReason,
    seam::{LinkId, Outbox},
    time::Time,
};

/// The links there are, by how many each address has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Shares {
    half_open: usize,
    addresses: BTreeMap<IpAddr, Share>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    links: usize,
    half_open: usize,
}

impl Shares {
    fn of(&self, address: Option<IpAddr>) -> Share {
        address.and_then(|address| self.addresses.get(&address)).copied().unwrap_or_default()
    }

    fn add(&mut self, address: Option<IpAddr>) {
        self.half_open += 1;
        if let Some(address) = address {
            let share = self.addresses.entry(address).or_default();
            share.links += 1;
            share.half_open += 1;
        }
    }

    /// A link is not half open any more, or is gone and was.
    pub(super) fn opened(&mut self, address: Option<IpAddr>) {
        self.half_open -= 1;
        if let Some(share) = address.and_then(|address| self.addresses.get_mut(&address)) {
            share.half_open -= 1;
        }
    }

    /// A link is gone.
    pub(super) fn remove(&mut self, address: Option<IpAddr>) {
        if let Some(address) = address
            && let Entry::Occupied(mut share) = self.addresses.entry(address)
        {
            share.get_mut().links -= 1;
            if share.get().links == 0 {
                share.remove();
            }
        }
    }

    /// The address that has the most half-open links, if it has more than so many.
    fn greediest(&self, more_than: usize) -> Option<IpAddr> {
        let (address, share) = self.addresses.iter().max_by_key(|(_, share)| share.half_open)?;
        (share.half_open > more_than).then_some(*address)
    }
}

/// What the addresses have left of the new people that they may bring: of those that have spent of it, the ones that it
/// takes longest until they have it back.
#[derive(Debug, Default)]
pub(super) struct Newcomers(BTreeMap<IpAddr, Budget>);

impl Newcomers {
    /// Whether one more may come from there. Of no more addresses than `most` it is kept what they have spent: whoever has
    /// so many is not kept out by counting them.
    fn admit(&mut self, now: Time, from: IpAddr, rate: Rate, most: usize) -> bool {
        let is_admitted = self.0.entry(from).or_default().take(now, rate).is_ok();
        if self.0.len() > most
            && let Some((least, _)) = self.0.iter().min_by_key(|(_, budget)| **budget)
        {
            let least = *least;
            self.0.remove(&least);
        }
        is_admitted
    }
}

impl Host {
    /// Whether somebody whom nobody has met yet may come in over that link.
    pub(super) fn admits_newcomer(&mut self, now: Time, link: LinkId) -> bool {
        let from = self.links.get(&link).and_then(|link| link.from);
        from.is_none_or(|from| self.newcomers.admit(now, from, self.limits.newcomers, self.limits.links))
    }

    pub(super) fn link_up(&mut self, now: Time, link: LinkId, credit: u32, from: Option<IpAddr>, out: &mut Outbox) {
        if self.links.contains_key(&link) {
            return;
        }
        let from = from.map(|address| address.to_canonical()).filter(|address| !address.is_loopback());
        if !self.makes_room(now, from, out) {
            return out.close(link, CloseReason::Full);
        }
        self.links.insert(link, Box::new(Link::new(now, credit, from)));
        self.shares.add(from);
        if !cfg!(exchange_bug = "handshake-without-end") {
            self.timers.set(Alarm::Handshake(link), now + self.timing.handshake);
        }
    }

    /// Whether there is room for one more from there, if need be in the place of the oldest half-open link of an address
    /// that has more of them even then. An address alone can thus keep nobody out, however fast it connects.
    fn makes_room(&mut self, now: Time, from: Option<IpAddr>, out: &mut Outbox) -> bool {
        let (limits, share) = (&self.limits, self.shares.of(from));
        if self.links.len() >= limits.links
            || share.links >= limits.links_per_address
            || share.half_open >= limits.half_open_per_address
        {
            return false;
        }
        if self.shares.half_open < limits.half_open {
            return true;
        }
        let Some(greediest) = self.shares.greediest(share.half_open + 1) else { return false };
        let is_meant = |link: &Link| link.from == Some(greediest) && link.member().is_none();
        let oldest = self.links.iter().find(|(_, link)| is_meant(link)).map(|(link, _)| *link);
        oldest.inspect(|oldest| self.close_link(now, *oldest, CloseReason::Full, out)).is_some()
    }

    #[cfg(test)]
    pub(super) fn check_newcomers(&self) {
        assert!(self.newcomers.0.len() <= self.limits.links);
    }

    #[cfg(test)]
    pub(super) fn check_shares(&self) {
        let mut counted = Shares::default();
        for link in self.links.values() {
            counted.add(link.from);
            if link.member().is_some() {
                counted.opened(link.from);
            }
        }
        assert_eq!(self.shares, counted);
        for share in counted.addresses.values() {
            assert!(share.links <= self.limits.links_per_address);
            assert!(share.half_open <= self.limits.half_open_per_address);
        }
    }
}

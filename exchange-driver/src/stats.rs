//! What has happened so far, in numbers.

use bytes::Bytes;
use exchange_core::{CloseReason, Ended, LinkLoss, wire};

/// What a host or a client has done since it was started, and how it stands; of one moment.
///
/// What is counted never goes down, so that of two of them the difference says what happened in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Links there are now. A client has one at most.
    pub links: usize,
    /// Links there have been, those of now included; whoever comes back does so on another one.
    pub links_ever: u64,
    /// Those that have ended, by why they did.
    pub closes: Closes,
    /// What would be [undelivered](crate::Farewell::undelivered) if it ended now: at a host, how many links have not
    /// been given everything there is for them; at a client, how many of its messages have no outcome.
    pub undelivered: usize,
    /// Entries that the logs of the rooms have come to: of all there are at a host, of those it is in at a client, as
    /// far as it was told. Unlike what is counted, it goes down with a room that is closed or left.
    pub entries: u64,
    /// Requests that were turned down: at a host those of its clients, at a client its own, by the host.
    pub refusals: u64,
    /// Those of them that only came too soon, [`RateLimited`](exchange_core::Refusal::RateLimited), with the messages
    /// behind them, [`SendGap`](exchange_core::Refusal::SendGap): clients make them again by themselves.
    pub postponed: u64,
    /// Frames that came.
    pub frames_in: u64,
    /// Frames for links; what waits to be written is among them.
    pub frames_out: u64,
    /// Bytes that came, from the first byte of a link on.
    pub bytes_in: u64,
    /// Bytes that were written.
    pub bytes_out: u64,
}

/// How many links have ended, by why they did, whichever side said so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closes {
    /// [`CloseReason::Left`]: of its own accord.
    pub left: u64,
    /// [`CloseReason::HostClosed`] and [`CloseReason::StoreFailed`]: with the session.
    pub host_closed: u64,
    /// Without a word: the connection was ended or broke.
    pub lost: u64,
    /// [`CloseReason::Silent`]: for want of a sign of life.
    pub silent: u64,
    /// [`CloseReason::Replaced`]: for a newer one of the same client.
    pub replaced: u64,
    /// [`CloseReason::Full`]: there were too many already.
    pub full: u64,
    /// [`CloseReason::HandshakeTimeout`]: it did not say in time whose it is.
    pub handshake_timeout: u64,
    /// The protocol was broken or another one spoken, or there is no version or encoding in common.
    pub violation: u64,
    /// [`CloseReason::Flood`] and [`CloseReason::Overrun`]: too much was asked without waiting, or without reading the
    /// answers.
    pub flood: u64,
    /// Whoever it was may not be there, or not like that: with a name that is none, a token that is somebody else's, a wrong
    /// code or none, or at all.
    pub not_allowed: u64,
}

impl Closes {
    /// How many links have ended.
    pub fn total(&self) -> u64 {
        let Self { left, host_closed, lost, silent, replaced, full, handshake_timeout, .. } = self;
        let Self { violation, flood, not_allowed, .. } = self;
        left + host_closed + lost + silent + replaced + full + handshake_timeout + violation + flood + not_allowed
    }

    pub(crate) fn count(&mut self, cause: Ended) {
        *match cause {
            Ended::Told(reason) | Ended::Here(reason) => match reason {
                CloseReason::Left => &mut self.left,
                CloseReason::HostClosed | CloseReason::StoreFailed => &mut self.host_closed,
                CloseReason::Silent => &mut self.silent,
                CloseReason::Replaced => &mut self.replaced,
                CloseReason::Full => &mut self.full,
                CloseReason::HandshakeTimeout => &mut self.handshake_timeout,
                CloseReason::Violation(_) => &mut self.violation,
                CloseReason::Flood | CloseReason::Overrun => &mut self.flood,
                _ => &mut self.not_allowed,
            },
            Ended::Lost(
                LinkLoss::Violation(_)
                | LinkLoss::Versions { .. }
                | LinkLoss::NothingInCommon
                | LinkLoss::NotEncrypted
                | LinkLoss::OnlyEncrypted
                | LinkLoss::Stranger { .. },
            ) => &mut self.violation,
            Ended::Lost(LinkLoss::NotLocked | LinkLoss::WrongSecret | LinkLoss::NoGuess) => &mut self.not_allowed,
            Ended::Lost(_) => &mut self.lost,
        } += 1;
    }
}

/// Counts the frames in what is sent, as long as all of that is there: what goes to many links is the same bytes for
/// each, and is looked through once.
#[derive(Debug, Default)]
pub(crate) struct FrameCounter {
    last: (usize, usize),
    frames: u64,
}

impl FrameCounter {
    pub(crate) fn count(&mut self, frames: &Bytes) -> u64 {
        let place = (frames.as_ptr().addr(), frames.len());
        if place != self.last {
            (self.last, self.frames) = (place, wire::frames(frames).map(|_| 1).sum());
        }
        self.frames
    }
}

#[cfg(test)]
mod tests {
    use exchange_core::{NameError, Violation};

    use super::*;

    #[test]
    fn every_end_is_counted_once_and_where_it_belongs() {
        let mut closes = Closes::default();
        let reasons = [
            CloseReason::Left,
            CloseReason::HostClosed,
            CloseReason::StoreFailed,
            CloseReason::Silent,
            CloseReason::Replaced,
            CloseReason::Full,
            CloseReason::HandshakeTimeout,
            CloseReason::Flood,
            CloseReason::Overrun,
            CloseReason::Kicked,
            CloseReason::Banned { retry_after_ms: None },
            CloseReason::WrongToken,
            CloseReason::Locked,
            CloseReason::Name(NameError::Empty),
            CloseReason::Violation(Violation::Malformed),
        ];
        for reason in reasons {
            closes.count(Ended::Here(reason));
            closes.count(Ended::Told(reason));
        }
        closes.count(Ended::Lost(LinkLoss::Broken));
        closes.count(Ended::Lost(LinkLoss::NothingInCommon));
        closes.count(Ended::Lost(LinkLoss::WrongSecret));
        let expected = Closes {
            left: 2,
            host_closed: 4,
            lost: 1,
            silent: 2,
            replaced: 2,
            full: 2,
            handshake_timeout: 2,
            violation: 3,
            flood: 4,
            not_allowed: 11,
        };
        assert_eq!((closes, closes.total()), (expected, 33));
    }

    #[test]
    fn frames_are_counted_for_each_link_that_gets_them() {
        let (mut counter, mut sent) = (FrameCounter::default(), bytes::BytesMut::new());
        wire::put_frame(b"one", &mut sent);
        let one = sent.clone().freeze();
        wire::put_frame(b"two", &mut sent);
        let two = sent.freeze();
        let found = [&two, &two, &one, &two].map(|frames| counter.count(frames));
        assert_eq!(found, [2, 2, 1, 2]);
    }
}

//! How often something was turned down.

use crate::reason::Refusal;

/// How many requests a host has turned down, or a client was told that its host has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refusals {
    /// All of them.
    pub all: u64,
    /// Those of them that only came too soon, [`Refusal::RateLimited`], with the messages behind them,
    /// [`Refusal::SendGap`]: the client asks again by itself.
    pub postponed: u64,
}

impl Refusals {
    pub(crate) fn count(&mut self, refusal: Refusal) {
        self.all += 1;
        self.postponed += u64::from(matches!(refusal, Refusal::RateLimited { .. } | Refusal::SendGap));
    }
}

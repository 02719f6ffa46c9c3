//! What a station needs of a machine.

use exchange_core::{Client, Effect, Host, Input, Outbox, PeerId, Time, client, host};

pub(crate) trait Machine {
    type Round<'a>
    where
        Self: 'a;

    fn round<'a>(&'a mut self, now: Time, out: &'a mut Outbox) -> Self::Round<'a>;

    fn input(round: &mut Self::Round<'_>, input: Input<'_>);

    /// What it holds back, oldest first.
    fn held(&self) -> impl Iterator<Item = &Effect>;

    /// Who has to be at the other end of the next link, if that matters.
    fn expects(&self) -> Option<PeerId>;

    /// Whether the next link has to prove that it knows the session's secret.
    fn shows_secret(&self) -> bool;
}

impl Machine for Host {
    type Round<'a> = host::Round<'a>;

    fn round<'a>(&'a mut self, now: Time, out: &'a mut Outbox) -> host::Round<'a> {
        Self::round(self, now, out)
    }

    fn input(round: &mut host::Round<'_>, input: Input<'_>) {
        round.handle(input);
    }

    fn held(&self) -> impl Iterator<Item = &Effect> {
        Self::held(self)
    }

    fn expects(&self) -> Option<PeerId> {
        None
    }

    fn shows_secret(&self) -> bool {
        false
    }
}

impl Machine for Client {
    type Round<'a> = client::Round<'a>;

    fn round<'a>(&'a mut self, now: Time, out: &'a mut Outbox) -> client::Round<'a> {
        Self::round(self, now, out)
    }

    fn input(round: &mut client::Round<'_>, input: Input<'_>) {
        round.handle(input);
    }

    fn held(&self) -> impl Iterator<Item = &Effect> {
        Self::held(self)
    }

    fn expects(&self) -> Option<PeerId> {
        self.host()
    }

    fn shows_secret(&self) -> bool {
        Self::shows_secret(self)
    }
}

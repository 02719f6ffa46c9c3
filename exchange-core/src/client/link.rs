//! A client's link: dialling, the heartbeat, what to do when it is gone.

use core::time::Duration;

use bytes::BytesMut;

use super::{Alarm, Client, State};
use crate::{
    event::{Ended, Event},
    ids::PeerId,
    limits::CONTROL_ALLOWANCE,
    message::{Encoding, Hello, Presence, ToHost, Welcome},
    name::Nick,
    reason::{CloseReason, Refusal},
    seam::{LinkId, LinkLoss, Outbox, Proven},
    time::{Time, Timestamp, WallClock},
};

/// How long a link that may have been cut off has to answer.
const PROBE_PATIENCE: Duration = Duration::from_secs(2);

/// By how much the clock on the wall has to run ahead to be a sign of sleep, and not of its being set right.
const SLEEP: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(super) struct Link {
    pub(super) id: LinkId,
    stage: Stage,
    /// Who hosts, where a handshake has proven that, and whether also that both know the secret.
    pub(super) proven: Option<PeerId>,
    by_secret: bool,
    window: u32,
    outstanding: u32,
    heard: Time,
    heartbeat: Duration,
    /// When it was last asked for a sign of life, if it still owes one, and how often it was.
    pinged: Option<Time>,
    pings: u64,
    /// Whether the link has to prove that it is still there.
    suspected: bool,
    pub(super) round_trip: Option<Duration>,
    /// What the host was told last of whose link this is: how it is called, and how it is.
    pub(super) told: Option<(Nick, Presence)>,
    /// What this round has to say.
    saying: BytesMut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Dialing,
    Preamble,
    Greeting(Encoding),
    Live(Encoding),
}

impl Link {
    fn dialing(id: LinkId, now: Time) -> Self {
        Self {
            id,
            stage: Stage::Dialing,
            proven: None,
            by_secret: false,
            window: 0,
            outstanding: 0,
            heard: now,
            heartbeat: Duration::MAX,
            pinged: None,
            pings: 0,
            suspected: false,
            round_trip: None,
            told: None,
            saying: BytesMut::new(),
        }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.stage, Stage::Live(_))
    }

    pub(super) fn encoding(&self) -> Option<Encoding> {
        match self.stage {
            Stage::Dialing | Stage::Preamble => None,
            Stage::Greeting(encoding) | Stage::Live(encoding) => Some(encoding),
        }
    }

    pub(super) fn has_credit(&self) -> bool {
        (self.outstanding as usize).saturating_add(self.saying.len()) < self.window as usize
    }

    pub(super) fn is_overrun(&self) -> bool {
        self.outstanding > self.window.saturating_add(CONTROL_ALLOWANCE)
    }

    pub(super) fn say(&mut self, message: &ToHost) {
        if let Some(encoding) = self.encoding() {
            encoding.encode(message, &mut self.saying);
        }
    }

    pub(super) fn flush(&mut self, out: &mut Outbox) {
        if !self.saying.is_empty() {
            let frames = self.saying.split().freeze();
            self.outstanding = self.outstanding.saturating_add(u32::try_from(frames.len()).unwrap_or(u32::MAX));
            out.send(self.id, frames);
        }
    }

    pub(super) fn goodbye(mut self, reason: CloseReason, out: &mut Outbox) {
        self.say(&ToHost::Bye { reason });
        self.flush(out);
        out.close(self.id, reason);
    }

    pub(super) fn heard(&mut self, now: Time) {
        self.heard = now;
        self.suspected = false;
    }

    pub(super) fn pong(&mut self, now: Time, nonce: u64) {
        if let Some(pinged) = self.pinged.take_if(|_| nonce == self.pings) {
            self.round_trip = Some(now.since(pinged));
        }
    }

    fn ping(&mut self, now: Time) {
        self.pinged = Some(now);
        self.pings += 1;
        self.say(&ToHost::Ping { nonce: self.pings });
    }
}

impl Client {
    /// Whether whoever hosts has proven to this client that it knows the session's secret too.
    pub fn host_has_secret(&self) -> bool {
        self.host_has_secret
    }

    /// Whether the next link has to prove that this client knows the secret. Once a host has let it in, it knows who comes.
    pub fn shows_secret(&self) -> bool {
        self.config.has_secret && (self.session.is_none() || self.is_locked_out)
    }

    pub(super) fn dial(&mut self, now: Time, out: &mut Outbox) {
        self.alarms.cancel(Alarm::Redial);
        self.attempt = self.attempt.saturating_add(1);
        self.changes_identity();
        let link = LinkId(u64::from(self.attempt));
        self.state = State::Linked(Link::dialing(link, now));
        self.alarms.set(Alarm::Handshake, now + self.config.handshake);
        out.dial(link);
    }

    pub(super) fn link_up(&mut self, link: LinkId, credit: u32) {
        if let Some(link) = self.link(link)
            && link.stage == Stage::Dialing
        {
            link.stage = Stage::Preamble;
            link.window = credit;
        }
    }

    pub(super) fn opened(
        &mut self,
        now: Time,
        link: LinkId,
        encoding: Encoding,
        proven: Option<Proven>,
        out: &mut Outbox,
    ) {
        let told = (self.nick.clone(), self.own.shown());
        let nick = if cfg!(exchange_bug = "rename-lost-over-reconnect") { &self.config.nick } else { &self.nick };
        let is_lost = self.session.is_some() && cfg!(exchange_bug = "presence-lost-over-resume");
        let hello = Hello {
            peer: self.peer,
            producer: self.producer,
            token: self.session.as_ref().map(|joint| joint.token),
            attempt: self.attempt,
            nick: nick.as_str().into(),
            presence: if is_lost { Presence::default() } else { told.1.clone() },
        };
        if let Some(link) = self.link(link)
            && link.stage == Stage::Preamble
        {
            link.stage = Stage::Greeting(encoding);
            link.proven = proven.map(|host| host.peer());
            link.by_secret = proven.is_some_and(|host| host.by_secret);
            link.heard(now);
            link.say(&ToHost::Hello(hello));
            link.told = Some(told);
            link.flush(out);
            let (peer, by_secret) = (link.proven, link.by_secret);
            self.host = self.host.or(peer);
            self.host_has_secret |= by_secret;
        }
    }

    /// A frame may take longer to come than a dead host would be waited for.
    pub(super) fn hears(&mut self, now: Time, link: LinkId) {
        if let Some(link) = self.link(link) {
            link.heard(now);
        }
    }

    pub(super) fn credit(&mut self, link: LinkId, bytes: u32) {
        if let Some(link) = self.link(link) {
            link.outstanding = link.outstanding.saturating_sub(bytes);
        }
    }

    /// The host has let this client in: the link is live.
    pub(super) fn enliven(&mut self, now: Time, welcome: &Welcome) {
        let heartbeat = Duration::from_millis(u64::from(welcome.heartbeat_ms)).max(Duration::from_millis(100));
        if let State::Linked(link) = &mut self.state
            && let Stage::Greeting(encoding) = link.stage
        {
            link.stage = Stage::Live(encoding);
            link.heartbeat = heartbeat;
            link.ping(now);
        }
        self.is_locked_out = false;
        self.alarms.cancel(Alarm::Handshake);
        self.alarms.set(Alarm::Heartbeat, now + heartbeat);
        self.alarms.set(Alarm::Healthy, now + self.config.healthy_after);
    }

    pub(super) fn beat(&mut self, now: Time, out: &mut Outbox) {
        let State::Linked(link) = &mut self.state else { return };
        let dead_at = link.heard + link.heartbeat * 3;
        if link.suspected || now >= dead_at {
            return self.give_up(now, CloseReason::Silent, out);
        }
        link.ping(now);
        if !cfg!(exchange_bug = "client-heartbeat-stops") {
            self.alarms.set(Alarm::Heartbeat, dead_at.min(now + link.heartbeat));
        }
    }

    /// While a machine sleeps, its monotonic clock stands still and the one on its wall does not: where the latter jumps
    /// ahead, the network may be another by now, and the host may have given this client up.
    pub(super) fn wall_clock(&mut self, now: Time, at: Timestamp, out: &mut Outbox) {
        let before = self.wall.replace(WallClock::showing(now, at));
        if before.is_some_and(|before| before.lags(now, at) > SLEEP) {
            self.network_changed(now, out);
        }
    }

    pub(super) fn network_changed(&mut self, now: Time, out: &mut Outbox) {
        match &mut self.state {
            State::Waiting => {
                self.failures = 0;
                self.dial(now, out);
            }
            State::Linked(link) if link.is_live() && !link.suspected => {
                link.suspected = true;
                link.ping(now);
                self.alarms.set(Alarm::Heartbeat, now + PROBE_PATIENCE);
            }
            State::Idle | State::Linked(_) | State::Closed => {}
        }
    }

    /// Ends the link for a reason of this side's, and tries again.
    pub(super) fn give_up(&mut self, now: Time, reason: CloseReason, out: &mut Outbox) {
        match core::mem::replace(&mut self.state, State::Waiting) {
            State::Linked(link) => {
                link.goodbye(reason, out);
                self.lost(now, Ended::Here(reason), out);
            }
            other => self.state = other,
        }
    }

    pub(super) fn fault(&mut self, now: Time, link: LinkId, reason: CloseReason, out: &mut Outbox) {
        if self.link(link).is_some() {
            self.give_up(now, reason, out);
        }
    }

    pub(super) fn link_down(&mut self, now: Time, link: LinkId, loss: LinkLoss, out: &mut Outbox) {
        if self.link(link).is_some() {
            // Whoever was in a session whose host it knows goes on looking for it: whoever else is there, and whatever is
            // said before a handshake, which anybody in between can change. With a secret, there are only so many guesses.
            let is_detour = self.session.is_some() && self.host.is_some() && loss != LinkLoss::WrongSecret;
            if loss.is_final() && !is_detour {
                return self.close(Ended::Lost(loss), out);
            }
            self.state = State::Waiting;
            self.lost(now, Ended::Lost(loss), out);
        }
    }

    /// The host says goodbye.
    pub(super) fn dismissed(&mut self, now: Time, reason: CloseReason, out: &mut Outbox) {
        if let CloseReason::Name(error) = reason
            && self.nick != self.agreed
        {
            // It wanted to be called otherwise meanwhile, and comes back by the nick that nobody minded.
            let nick = core::mem::replace(&mut self.nick, self.agreed.clone());
            out.event(Event::RenameRefused { nick, refusal: Refusal::Name(error) });
        } else if reason == CloseReason::Locked
            && self.config.has_secret
            && !self.has_shown_secret()
            && !cfg!(exchange_bug = "locked-out-stays-out")
        {
            self.is_locked_out = true;
        } else if reason.is_final() && !(reason == CloseReason::Replaced && cfg!(exchange_bug = "replaced-comes-back"))
        {
            return self.close(Ended::Told(reason), out);
        }
        if let State::Linked(link) = core::mem::replace(&mut self.state, State::Waiting) {
            out.close(link.id, reason);
        }
        self.lost(now, Ended::Told(reason), out);
    }

    /// Whether the present link has proven that this client knows the secret.
    fn has_shown_secret(&self) -> bool {
        matches!(&self.state, State::Linked(link) if link.by_secret)
    }

    fn lost(&mut self, now: Time, cause: Ended, out: &mut Outbox) {
        self.alarms.clear();
        self.unlink_signals(out);
        self.unlink_rooms();
        let ceiling = self.config.backoff_min.saturating_mul(1 << self.failures.min(16)).min(self.config.backoff_max);
        self.failures = self.failures.saturating_add(1);
        let nanos = self.random.up_to(u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX));
        let retry_in = Duration::from_nanos(nanos);
        let retry_in = if cfg!(exchange_bug = "backoff-never-grows") { self.config.backoff_min } else { retry_in };
        self.alarms.set(Alarm::Redial, now + retry_in);
        out.event(Event::Disconnected { cause, retry_in });
    }
}

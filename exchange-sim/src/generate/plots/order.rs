//! What somebody misses who is away while order is kept.

use exchange_core::{HistoryPolicy, Rule};

use super::Plot;
use crate::{
    random::Random,
    scenario::{Act, Allowance, From, Measure, Trouble},
};

/// A room in which the host's owner is.
fn room(random: &mut Random) -> u8 {
    1 + u8::try_from(random.up_to(2)).unwrap_or(0)
}

impl Plot<'_> {
    fn takes(&mut self, after_ms: u32, who: usize, room: u8, how: Measure) {
        self.step(after_ms, who, Act::Moderate { room, how });
    }

    fn says(&mut self, after_ms: u32, who: usize, room: u8) {
        self.step(after_ms, who, Act::Post { room, count: 1, bytes: 10 });
    }

    fn joins(&mut self, after_ms: u32, who: usize, room: u8, from: From) {
        self.step(after_ms, who, Act::Join { room, from });
    }

    /// The client has no link for a while.
    fn is_away(&mut self, after_ms: u32, for_ms: u32) {
        self.fault(after_ms, 0, Trouble::Break { client: self.client, client_ms: Some(0), host_ms: Some(0) });
        self.fault(after_ms, for_ms, Trouble::Door { dead: false });
    }
}

/// Somebody is removed from a room while they are away, and comes back to it.
pub(super) fn removed_while_away(plot: &mut Plot<'_>, random: &mut Random) {
    let (room, who) = (room(random), plot.client);
    let bans = random.chance(400);
    plot.joins(0, who, room, From::Start);
    plot.is_away(2000, 2000);
    if bans {
        plot.takes(3000, 0, room, Measure::Ban(who, Some(3)));
    } else {
        plot.step(3000, 0, Act::Kick { room, whom: who });
    }
    plot.says(3100, 0, room);
    plot.joins(8000, who, room, From::Start);
    plot.says(8100, who, room);
}

/// A room is closed while somebody is away, and opened anew by somebody else.
pub(super) fn closed_while_away(plot: &mut Plot<'_>, random: &mut Random) {
    let (room, who) = (room(random), plot.client);
    let opener = plot.other(random).unwrap_or(0);
    plot.joins(0, who, room, From::Start);
    plot.says(1500, who, room);
    plot.is_away(2000, 2000);
    plot.takes(3000, 0, room, Measure::Close);
    plot.joins(3200, opener, room, From::Start);
    plot.says(3300, opener, room);
    plot.joins(8000, who, room, From::Start);
}

/// Somebody comes back to a room whose newcomers may not read what was said before.
pub(super) fn stricter_meanwhile(plot: &mut Plot<'_>, random: &mut Random) {
    let (room, who) = (room(random), plot.client);
    let policy = random.pick(&[HistoryPolicy::SinceJoin, HistoryPolicy::Last(2)]);
    plot.scenario.host.history = 200;
    plot.joins(0, who, room, From::Start);
    plot.says(1000, who, room);
    let times_out = random.chance(500);
    if times_out {
        plot.scenario.host.expiry_ms = 6000;
        plot.is_away(2000, 9000);
    } else {
        plot.step(2000, who, Act::Leave { room });
    }
    plot.takes(3000, 0, room, Measure::Rule(Rule::History(policy)));
    plot.step(3100, 0, Act::Post { room, count: 5, bytes: 10 });
    plot.joins(10_000, who, room, From::Start);
}

/// Somebody is muted, loses the link, and speaks on the next one.
pub(super) fn muted_over_a_reconnect(plot: &mut Plot<'_>, random: &mut Random) {
    let (in_room, who) = (room(random), plot.client);
    let muted_in = if random.chance(500) { in_room } else { 0 };
    plot.joins(0, who, in_room, From::Start);
    plot.takes(1000, 0, muted_in, Measure::Mute(who, random.pick(&[None, Some(4)])));
    plot.is_away(1500, 700);
    plot.says(1600, who, in_room);
    plot.says(3000, who, in_room);
    plot.takes(9000, 0, muted_in, Measure::Unmute(who));
    plot.says(9500, who, in_room);
}

/// Somebody moderates for a while, and tries to afterwards.
pub(super) fn moderator_for_a_while(plot: &mut Plot<'_>, random: &mut Random) {
    let (room, who) = (room(random), plot.client);
    plot.joins(0, who, room, From::Head);
    for (after_ms, moderates) in [(1000, true), (4000, false)] {
        plot.takes(after_ms, 0, 0, Measure::Appoint(who, moderates));
        plot.takes(after_ms + 1500, who, room, Measure::Rule(Rule::Slow(u32::from(moderates))));
    }
}

/// Somebody is asked in, has to leave, and is at the door again.
pub(super) fn out_of_a_private_room(plot: &mut Plot<'_>, random: &mut Random) {
    let Some(other) = plot.other(random) else { return };
    let (room, who) = (4, plot.client);
    plot.step(0, who, Act::Open { room });
    plot.joins(1500, other, room, From::Start);
    plot.takes(3000, who, room, Measure::Invite(other));
    plot.joins(4500, other, room, From::Start);
    plot.step(6000, other, Act::List);
    plot.step(7000, who, Act::Kick { room, whom: other });
    plot.step(8500, other, Act::List);
    plot.joins(8600, other, room, From::Start);
}

/// Somebody is removed from the session, and may come back sometimes.
pub(super) fn out_of_the_session(plot: &mut Plot<'_>, random: &mut Random) {
    let who = plot.client;
    if random.chance(500) {
        plot.is_away(500, 2000);
    }
    if random.chance(500) {
        plot.takes(1500, 0, 0, Measure::Ban(who, random.pick(&[None, Some(2)])));
    } else {
        plot.step(1500, 0, Act::Kick { room: 0, whom: who });
    }
}

/// Somebody says more than they may at once, and goes on at once on another link.
pub(super) fn spent_and_back(plot: &mut Plot<'_>, random: &mut Random) {
    plot.scenario.host.messages = Some(Allowance { per_second: random.pick(&[10, 20]), burst: 8 });
    let client = plot.client;
    plot.step(0, client, Act::Post { room: 0, count: 25, bytes: 10 });
    for after_ms in [200, 600] {
        plot.fault(after_ms, 0, Trouble::Break { client, client_ms: Some(0), host_ms: Some(0) });
        plot.step(after_ms + 10, client, Act::NetworkChanged);
    }
    plot.step(1000, client, Act::Post { room: 0, count: 25, bytes: 10 });
}

//! Who keeps order in rooms, and how: rules, invitations, bans; and what those do who are met by them.

use exchange_core::{HistoryPolicy, Rule};

use super::{from, pick, posters, sometime};
use crate::{
    random::Random,
    scenario::{Act, Allowance, ClientSetup, HostSetup, Measure, Step},
};

/// Rooms in which the host's owner is not from the start: whoever comes first moderates them.
const CLIENTS_ROOMS: [u8; 2] = [4, 5];

/// How often a host lets its peers say and ask something: mostly as often as they like.
pub(super) fn allowances(random: &mut Random, host: &mut HostSetup) {
    let allowance = |(per_second, burst)| Allowance { per_second, burst };
    host.messages = random.chance(200).then(|| allowance(pick(random, &[(20, 8), (20, 40), (100, 10)])));
    host.requests = random.chance(200).then(|| allowance(pick(random, &[(2, 2), (5, 8), (20, 200)])));
}

/// What is done to keep order: in two of three scenarios, in some of them much.
pub(super) fn measures(random: &mut Random, clients: &[ClientSetup]) -> Vec<Step> {
    let mut script = Script { random, clients: clients.len(), posts: posters(clients), steps: Vec::new() };
    for _ in 0..pick(script.random, &[0, 5, 14]) {
        let at_ms = sometime(script.random);
        // The owner may, whoever opened the room may, and others mostly may not.
        let who = if script.random.chance(500) { 0 } else { script.somebody() };
        script.measure(at_ms, who);
    }
    for _ in 0..pick(script.random, &[0, 4, 10]) {
        script.visit();
    }
    script.steps
}

struct Script<'a> {
    random: &'a mut Random,
    clients: usize,
    posts: Vec<usize>,
    steps: Vec<Step>,
}

impl Script<'_> {
    fn after(&mut self, at_ms: u32, most_ms: u64) -> u32 {
        at_ms + u32::try_from(self.random.up_to(most_ms)).unwrap_or(0)
    }

    fn somebody(&mut self) -> usize {
        pick(self.random, &self.posts)
    }

    fn step(&mut self, at_ms: u32, who: usize, act: Act) {
        self.steps.push(Step { at_ms, who, act });
    }

    fn says(&mut self, at_ms: u32, who: usize, room: u8) {
        if !self.posts.contains(&who) {
            return;
        }
        let count = u16::try_from(self.random.between(1, 3)).unwrap_or(1);
        self.step(at_ms, who, Act::Post { room, count, bytes: 10 });
    }

    /// One measure, and mostly what follows from it.
    fn measure(&mut self, at_ms: u32, who: usize) {
        let room = u8::try_from(self.random.up_to(5)).unwrap_or(0);
        let whom = self.random.index(self.clients + 1);
        let again_ms = self.after(at_ms, 12_000);
        let soon_ms = self.after(at_ms, 4000);
        let take = |how| Act::Moderate { room, how };
        let how = match self.random.up_to(9) {
            0..=3 => return self.rule(at_ms, who, room),
            4 => Measure::Invite(whom),
            // Whoever is banned from the lobby is in the session no more.
            5 | 6 if room > 0 || self.random.chance(100) => {
                let seconds = pick(self.random, &[None, Some(1), Some(5)]);
                if self.random.chance(700) {
                    self.step(again_ms, who, take(Measure::Unban(whom)));
                }
                for _ in 0..2 {
                    let (at_ms, from) = (self.after(at_ms, 14_000), from(self.random));
                    self.step(at_ms, whom, Act::Join { room: room.max(1), from });
                }
                Measure::Ban(whom, seconds)
            }
            7 => {
                let moderates = self.random.chance(600);
                let act = Act::Moderate { room: 0, how: Measure::Appoint(whom, moderates) };
                let by = if self.random.chance(900) { 0 } else { who };
                self.step(at_ms, by, act);
                return self.measure_of(soon_ms, whom);
            }
            8 if room > 0 => {
                if self.random.chance(700) {
                    let (who, from) = (self.somebody(), from(self.random));
                    self.step(soon_ms, who, Act::Join { room, from });
                }
                Measure::Close
            }
            _ => {
                let seconds = pick(self.random, &[None, Some(1), Some(8)]);
                self.says(soon_ms, whom, room);
                if self.random.chance(700) {
                    self.step(again_ms, who, take(Measure::Unmute(whom)));
                    self.says(again_ms + 200, whom, room);
                }
                Measure::Mute(whom, seconds)
            }
        };
        self.step(at_ms, who, take(how));
    }

    /// What somebody does who may moderate, or may not any more. Whoever shares a device leaves that to the other.
    fn measure_of(&mut self, at_ms: u32, who: usize) {
        if self.posts.contains(&who) {
            let (room, whom) = (u8::try_from(self.random.up_to(5)).unwrap_or(0), self.random.index(self.clients + 1));
            let how =
                pick(self.random, &[Measure::Mute(whom, Some(2)), Measure::Rule(Rule::Slow(1)), Measure::Unmute(whom)]);
            self.step(at_ms, who, Act::Moderate { room, how });
        }
    }

    fn rule(&mut self, at_ms: u32, who: usize, room: u8) {
        let (on, again_ms) = (self.random.chance(700), self.after(at_ms, 8000));
        let (rule, undone) = match self.random.up_to(6) {
            0 | 1 => {
                let policy = pick(self.random, &[HistoryPolicy::SinceJoin, HistoryPolicy::Last(3), HistoryPolicy::All]);
                return self.step(at_ms, who, Act::Moderate { room, how: Measure::Rule(Rule::History(policy)) });
            }
            2 => (Rule::Private(on), Rule::Private(!on)),
            3 => (Rule::FixedTopic(on), Rule::FixedTopic(!on)),
            4 => (Rule::Locked(on), Rule::Locked(!on)),
            _ => (Rule::Slow(pick(self.random, &[1, 3, 20])), Rule::Slow(0)),
        };
        self.step(at_ms, who, Act::Moderate { room, how: Measure::Rule(rule) });
        for _ in 0..2 {
            let (who, at_ms) = (self.somebody(), self.after(at_ms, 4000));
            self.says(at_ms, who, room);
        }
        if self.random.chance(600) {
            self.step(again_ms, who, Act::Moderate { room, how: Measure::Rule(undone) });
        }
    }

    /// Somebody opens a room, goes there and speaks, asks which there are, or has something to say to one other only.
    fn visit(&mut self) {
        let (at_ms, who, room) = (sometime(self.random), self.somebody(), pick(self.random, &CLIENTS_ROOMS));
        match self.random.up_to(9) {
            0 | 1 => {
                let whom = self.random.index(self.clients + 1);
                let (knocks_ms, invites_ms) = (self.after(at_ms, 2000), self.after(at_ms, 3000));
                self.step(at_ms, who, Act::Open { room });
                for (at_ms, from) in [(knocks_ms, from(self.random)), (invites_ms + 500, from(self.random))] {
                    self.step(at_ms, whom, Act::Join { room, from });
                }
                self.step(invites_ms, who, Act::Moderate { room, how: Measure::Invite(whom) });
                self.says(at_ms + 10, who, room);
            }
            2..=4 => {
                let from = from(self.random);
                self.step(at_ms, who, Act::Join { room, from });
                self.says(at_ms + 10, who, room);
            }
            5 => self.step(at_ms, who, Act::Leave { room }),
            6 => {
                let whom = self.random.index(self.clients + 1);
                self.step(at_ms, who, Act::Whisper { whom });
                if self.posts.contains(&whom) {
                    let at_ms = self.after(at_ms, 2000);
                    self.step(at_ms, whom, Act::Whisper { whom: who });
                }
            }
            _ => self.step(at_ms, who, Act::List),
        }
    }
}

//! Who lets others see how far they have read, and who types.

use super::{pick, posters, room, sometime};
use crate::{
    random::Random,
    scenario::{Act, ClientSetup, HostSetup, Step},
};

/// Every other lets others see how far they have read; in some sessions, rooms are soon too large for that.
pub(super) fn set_up(random: &mut Random, host: &mut HostSetup, clients: &mut [ClientSetup]) {
    host.read_receipts = random.chance(500);
    host.signalled = random.chance(150).then(|| pick(random, &[1, 2, 3, 4]));
    for client in clients {
        client.read_receipts = random.chance(500);
    }
}

/// In two of three scenarios people type, and read what the others say.
pub(super) fn steps(random: &mut Random, clients: &[ClientSetup]) -> Vec<Step> {
    let who = posters(clients);
    let mut steps = Vec::new();
    for _ in 0..pick(random, &[0, 4, 12]) {
        let mut at_ms = sometime(random);
        let (who, room) = (pick(random, &who), room(random));
        if random.chance(400) {
            steps.push(Step { at_ms, who, act: Act::Read { room } });
            continue;
        }
        steps.push(Step { at_ms, who, act: Act::Type { room, typing: true } });
        // Some go on, some say what they have written, and some give it up.
        while random.chance(500) {
            at_ms += u32::try_from(random.between(1, 4000)).unwrap_or(1);
            let act = match random.up_to(3) {
                0 => Act::Post { room, count: 1, bytes: 10 },
                1 => Act::Type { room, typing: false },
                _ => Act::Type { room, typing: true },
            };
            steps.push(Step { at_ms, who, act });
        }
    }
    steps
}

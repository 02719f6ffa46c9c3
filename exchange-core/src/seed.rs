//! All randomness comes from one seed that the driver hands in, so that a run can be had again.

use core::fmt;

use chacha20::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

/// Thirty-two bytes from which a machine draws every random number it will ever use.
///
/// A driver fills it from the operating system; a simulator or a test chooses it. Two machines with the same seed
/// and the same inputs have the same outputs, byte for byte.
#[derive(Clone, PartialEq, Eq)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A seed of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A seed for tests and examples, told apart by a number.
    pub fn from_number(number: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Self(bytes)
    }

    /// The random stream for one use. Streams of different names are independent, so that a new use does not
    /// disturb the others.
    pub(crate) fn fork(&self, name: &str) -> Random {
        let mut rng = ChaCha8Rng::from_seed(self.0);
        rng.set_stream(fnv1a(name.as_bytes()));
        Random(rng)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// One named stream of random numbers.
pub(crate) struct Random(ChaCha8Rng);

impl Random {
    pub(crate) fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    pub(crate) fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// Uniform in `0..=max`, by the multiply-shift method; its bias is below 2⁻³² for the spans used here.
    pub(crate) fn up_to(&mut self, max: u64) -> u64 {
        let wide = u128::from(self.0.next_u64()) * (u128::from(max) + 1);
        u64::try_from(wide >> 64).unwrap_or(max)
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random(..)")
    }
}

const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_repeats_itself_and_differs_from_forks_of_other_names() {
        let seed = Seed::from_number(7);
        assert_eq!(seed.fork("a").bytes::<16>(), seed.fork("a").bytes::<16>());
        assert_ne!(seed.fork("a").bytes::<16>(), seed.fork("b").bytes::<16>());
    }

    #[test]
    fn a_bounded_draw_reaches_both_ends_and_stays_inside() {
        let mut random = Seed::from_number(1).fork("draws");
        let draws: alloc::collections::BTreeSet<u64> = (0..200).map(|_| random.up_to(3)).collect();
        assert_eq!(draws.into_iter().collect::<alloc::vec::Vec<_>>(), [0, 1, 2, 3]);
    }
}

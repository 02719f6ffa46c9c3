//! Every random number comes from one seed, through a stream of its own for every use.
//!
//! What happens on one link never draws from the stream of another. So a scenario from which a step was taken away goes
//! on as before wherever that step had no part: without that, nothing could be made smaller without becoming another.

use std::{hash::Hasher as _, time::Duration};

use rand::{RngExt as _, SeedableRng as _};
use rand_xoshiro::Xoshiro256PlusPlus;
use rustc_hash::FxHasher;

/// One stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random(Xoshiro256PlusPlus);

impl Random {
    /// The stream for the `n`th thing of that name.
    pub fn new(seed: u64, name: &str, n: u64) -> Self {
        let mut hash = FxHasher::default();
        hash.write(name.as_bytes());
        hash.write_u64(seed);
        hash.write_u64(n);
        Self(Xoshiro256PlusPlus::seed_from_u64(hash.finish()))
    }

    /// Any number.
    pub fn any(&mut self) -> u64 {
        self.0.random()
    }

    /// Any number in `0..=max`.
    pub fn up_to(&mut self, max: u64) -> u64 {
        self.0.random_range(0..=max)
    }

    /// Any number from `min` to `max`, or `min` if that is larger.
    pub fn between(&mut self, min: u64, max: u64) -> u64 {
        self.0.random_range(min..=max.max(min))
    }

    /// Any index of something that has `len` elements; zero if it has none.
    pub fn index(&mut self, len: usize) -> usize {
        self.0.random_range(0..len.max(1))
    }

    /// One of these.
    ///
    /// # Panics
    ///
    /// If there are none.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// True as often as `permille` in a thousand.
    pub fn chance(&mut self, permille: u16) -> bool {
        permille > 0 && self.0.random_range(0..1000) < permille
    }

    /// Any duration up to that long.
    pub fn duration(&mut self, max: Duration) -> Duration {
        Duration::from_nanos(self.up_to(u64::try_from(max.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// Fills a buffer.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    pub(crate) fn sample(&mut self, distribution: &impl rand_distr::Distribution<f64>) -> f64 {
        distribution.sample(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_repeats_itself_and_differs_from_all_others() {
        let draw = |seed, name, n| Random::new(seed, name, n).any();
        assert_eq!(draw(1, "link", 2), draw(1, "link", 2));
        assert_ne!(draw(1, "link", 2), draw(1, "link", 3));
        assert_ne!(draw(1, "link", 2), draw(1, "kiln", 2));
        assert_ne!(draw(1, "link", 2), draw(2, "link", 2));
    }

    #[test]
    fn a_chance_of_none_never_comes_and_one_of_all_always() {
        let mut random = Random::new(1, "chance", 0);
        assert!((0..1000).all(|_| !random.chance(0) && random.chance(1000)));
    }
}

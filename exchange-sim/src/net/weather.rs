//! How a network is on an ordinary day: latency, bandwidth, windows, and how bytes are cut.

use std::time::Duration;

use rand_distr::{Exp, LogNormal};
use serde::{Deserialize, Serialize};

use crate::random::Random;

/// What is the same for all connections of a network. All times are in microseconds, all chances in a thousandth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weather {
    /// How long a segment takes from one machine to another.
    pub latency: Latency,
    /// Each pair of machines is further apart by up to this much, always the same for a pair and direction.
    pub spread_us: u32,
    /// Bytes per second in each direction of a connection; zero is no bound.
    pub bandwidth: u32,
    /// How many bytes one direction of a connection holds: those on their way and those that were not read yet.
    pub window: u32,
    /// How often a write is taken in part only, and how often a segment is cut in two.
    pub cut_writes: u16,
    /// How often a read gives less than there is.
    pub cut_reads: u16,
    /// What a retransmission adds, at most, once a path that was blocked is open again.
    pub retransmission_us: u32,
}

/// How long segments take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Latency {
    /// Always the same.
    Constant(u32),
    /// Anything between the two.
    Uniform(u32, u32),
    /// Exponentially distributed around this mean.
    Exponential(u32),
    /// The first; but one in a thousand takes as long as the second.
    Bimodal(u32, u32),
    /// Log-normally distributed: its median, and the scale of its logarithm in hundredths.
    LogNormal(u32, u32),
}

/// Whatever a distribution gives, nothing takes longer than this.
const LONGEST_US: f64 = 10_000_000.0;

impl Weather {
    /// A network on which nothing ever goes wrong: 200 µs, no bound on bandwidth, 64 KiB windows, nothing is cut.
    pub fn calm() -> Self {
        Self {
            latency: Latency::Constant(200),
            spread_us: 0,
            bandwidth: 0,
            window: 64 * 1024,
            cut_writes: 0,
            cut_reads: 0,
            retransmission_us: 0,
        }
    }
}

impl Default for Weather {
    fn default() -> Self {
        Self::calm()
    }
}

impl Latency {
    /// How long the next one takes.
    pub(crate) fn draw(self, random: &mut Random) -> Duration {
        let micros = match self {
            Self::Constant(micros) => u64::from(micros),
            Self::Uniform(from, to) => random.between(from.into(), to.into()),
            Self::Exponential(mean) => {
                Exp::new(1.0 / f64::from(mean.max(1))).map_or(0, |exp| whole(random.sample(&exp)))
            }
            Self::Bimodal(usual, rare) => u64::from(if random.chance(1) { rare } else { usual }),
            Self::LogNormal(median, scale) => {
                let distribution = LogNormal::new(f64::from(median.max(1)).ln(), f64::from(scale) / 100.0);
                distribution.map_or(0, |log_normal| whole(random.sample(&log_normal)))
            }
        };
        Duration::from_micros(micros)
    }

    /// What most segments take at most: for whoever has to say how long something may last.
    pub fn typical(self) -> Duration {
        Duration::from_micros(match self {
            Self::Constant(micros) | Self::Bimodal(micros, _) => u64::from(micros),
            Self::Uniform(_, to) => u64::from(to),
            Self::Exponential(mean) => u64::from(mean) * 7,
            Self::LogNormal(median, scale) => {
                whole(f64::from(median) * (f64::from(scale) / 100.0 * 3.0).exp().min(LONGEST_US))
            }
        })
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits, and never negative")]
fn whole(micros: f64) -> u64 {
    micros.clamp(0.0, LONGEST_US) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(latency: Latency) -> u128 {
        let mut random = Random::new(1, "latency", 0);
        (0..20_000).map(|_| latency.draw(&mut random).as_micros()).sum::<u128>() / 20_000
    }

    #[test]
    fn each_distribution_is_about_where_it_says() {
        assert_eq!(mean_of(Latency::Constant(70)), 70);
        assert!((95..=105).contains(&mean_of(Latency::Uniform(50, 150))));
        assert!((950..=1050).contains(&mean_of(Latency::Exponential(1000))));
        assert!((100..=120).contains(&mean_of(Latency::Bimodal(100, 10_000))));
        assert!((1000..=1300).contains(&mean_of(Latency::LogNormal(1000, 50))));
    }
}

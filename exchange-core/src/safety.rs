//! A number by which two people find out that nobody stands between them.

use core::fmt;

use sha2::{Digest as _, Sha256};

use crate::ids::PeerId;

/// How often is hashed. Whoever stands between two people has to show each of them some peer of its own, and may choose
/// both: a pair with the same number is found after the root of what there are, 2⁵⁰ tries on each side. Each is to cost.
const ROUNDS: u32 = 1 << 16;

/// One more than the largest there is.
const NUMBERS: u128 = 10_u128.pow(30);

/// What two peers read to each other, by voice or side by side, to be sure that each talks to the other: thirty digits
/// that are the same for both if each has proven to the other who it is, and not if somebody stands in between.
///
/// It tells apart as much as the [`PeerId`]s do that are put into it, which are made of keys. Where they are only claimed,
/// as in the clear, it says nothing. It is no secret.
///
/// ```
/// use exchange_core::{Identity, SafetyNumber};
///
/// let (ana, ben) = (Identity::from_seed([1; 32]).peer(), Identity::from_seed([2; 32]).peer());
/// let number = SafetyNumber::of(ana, ben);
/// assert_eq!(number, SafetyNumber::of(ben, ana));
/// println!("Does {ben} see {number} as well?");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SafetyNumber(u128);

impl SafetyNumber {
    /// The number of these two, whichever is named first. It takes some milliseconds, on purpose.
    pub fn of(a: PeerId, b: PeerId) -> Self {
        let (first, second) = (a.min(b), a.max(b));
        let label = Sha256::new().chain_update(b"exchange safety number 1");
        let mut hash = label.chain_update(first.as_bytes()).chain_update(second.as_bytes()).finalize();
        for _ in 1..ROUNDS {
            hash = Sha256::digest(hash);
        }
        // The rest of a long division, byte by byte. Some are more likely than others, by one part in 2¹⁵⁵ or so.
        Self(hash.iter().fold(0, |rest, byte| (rest * 256 + u128::from(*byte)) % NUMBERS))
    }
}

/// Six groups of five digits.
impl fmt::Display for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for group in (0..6).rev() {
            let digits = self.0 / 100_000_u128.pow(group) % 100_000;
            write!(f, "{digits:05}{}", if group > 0 { " " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for SafetyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SafetyNumber({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    const ANA: PeerId = PeerId::from_bytes([0xa1; 16]);
    const BEN: PeerId = PeerId::from_bytes([0x05; 16]);

    #[test]
    fn it_is_the_one_that_the_protocol_says_whoever_asks() {
        for number in [SafetyNumber::of(ANA, BEN), SafetyNumber::of(BEN, ANA)] {
            assert_eq!(number.to_string(), "32295 83014 38316 18282 91864 90158");
        }
    }

    #[test]
    fn it_is_another_for_another_peer() {
        let number = SafetyNumber::of(ANA, BEN);
        for bit in (0..128).step_by(17) {
            let mut bytes = *BEN.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(SafetyNumber::of(ANA, PeerId::from_bytes(bytes)), number);
        }
        assert_ne!(SafetyNumber::of(ANA, ANA), SafetyNumber::of(BEN, BEN));
    }

    #[test]
    fn all_its_digits_are_shown_also_where_they_are_zeros() {
        assert_eq!(SafetyNumber(7).to_string(), "00000 00000 00000 00000 00000 00007");
        assert_eq!(SafetyNumber(NUMBERS - 1).to_string(), ["99999"; 6].join(" "));
    }
}

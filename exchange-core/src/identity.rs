//! Who somebody is: two key pairs out of one seed, and an id out of what is public of them.

use alloc::sync::Arc;
use core::fmt;

use curve25519_dalek::montgomery::MontgomeryPoint;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize as _, ZeroizeOnDrop};

use crate::{
    digest::{Pair, Signature},
    ids::PeerId,
    seed::Seed,
};

/// What everybody may know of an [`Identity`]. It is sent as both keys, that for handshakes first: 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Pair", from = "Pair")]
pub struct PublicIdentity {
    agreement: [u8; 32],
    signing: [u8; 32],
}

/// The secret by which a peer proves that it is itself. Copies share their memory, which is overwritten with the last.
///
/// One seed makes all of it: an X25519 key for handshakes and an Ed25519 key for signatures. The same seed is the same
/// peer, on whichever machine, so that it belongs where nobody else can read it.
///
/// ```
/// use exchange_core::Identity;
///
/// let (ana, ben) = (Identity::from_seed([1; 32]), Identity::from_seed([2; 32]));
/// assert_eq!(ana.peer(), Identity::from_seed(*ana.seed()).peer());
/// assert_ne!(ana.peer(), ben.peer());
/// ```
#[derive(Clone)]
pub struct Identity {
    secret: Arc<Secret>,
    public: PublicIdentity,
}

#[derive(ZeroizeOnDrop)]
struct Secret {
    seed: [u8; 32],
    agreement: [u8; 32],
    /// It overwrites itself.
    #[zeroize(skip)]
    signing: SigningKey,
}

impl Identity {
    /// The identity that these random bytes make.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let agreement = derived(&seed, b"exchange agreement 1");
        let mut secret = derived(&seed, b"exchange signing 1");
        let signing = SigningKey::from_bytes(&secret);
        secret.zeroize();
        let public = PublicIdentity {
            agreement: MontgomeryPoint::mul_base_clamped(agreement).to_bytes(),
            signing: signing.verifying_key().to_bytes(),
        };
        Self { secret: Arc::new(Secret { seed, agreement, signing }), public }
    }

    /// Somebody whom nobody has met before, if nobody has seen the seed.
    pub fn anybody(seed: &Seed) -> Self {
        Self::from_seed(seed.fork("identity").bytes())
    }

    /// The bytes it was made of. Whoever has them is this peer.
    pub fn seed(&self) -> &[u8; 32] {
        &self.secret.seed
    }

    /// What everybody may know of it.
    pub fn public(&self) -> PublicIdentity {
        self.public
    }

    /// The id it is known by.
    pub fn peer(&self) -> PeerId {
        self.public.peer()
    }

    pub(crate) fn agreement_key(&self) -> &[u8; 32] {
        &self.secret.agreement
    }

    pub(crate) fn sign(&self, statement: &[u8]) -> Signature {
        Signature::from_bytes(self.secret.signing.sign(statement).to_bytes())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, ..)", self.peer())
    }
}

impl PublicIdentity {
    pub(crate) fn new(agreement: [u8; 32], signing: [u8; 32]) -> Self {
        Self { agreement, signing }
    }

    /// The id that belongs to these keys, and to no others that anybody could find: the first half of a SHA-256.
    pub fn peer(&self) -> PeerId {
        let hash =
            Sha256::new().chain_update(b"exchange peer 1").chain_update(self.agreement).chain_update(self.signing);
        let mut id = [0; 16];
        id.copy_from_slice(&hash.finalize()[..16]);
        PeerId::from_bytes(id)
    }

    /// The X25519 key that handshakes are made with.
    pub fn agreement_key(&self) -> &[u8; 32] {
        &self.agreement
    }

    /// The Ed25519 key that signatures are checked with.
    pub fn signing_key(&self) -> &[u8; 32] {
        &self.signing
    }

    /// Whether it has signed that.
    pub(crate) fn has_signed(&self, statement: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.to_bytes());
        VerifyingKey::from_bytes(&self.signing).is_ok_and(|key| key.verify_strict(statement, &signature).is_ok())
    }
}

impl From<Pair> for PublicIdentity {
    fn from(Pair([agreement, signing]): Pair) -> Self {
        Self { agreement, signing }
    }
}

impl From<PublicIdentity> for Pair {
    fn from(public: PublicIdentity) -> Self {
        Self([public.agreement, public.signing])
    }
}

impl fmt::Debug for PublicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicIdentity({})", self.peer())
    }
}

fn derived(seed: &[u8; 32], label: &[u8]) -> [u8; 32] {
    let mut key = [0; 32];
    // It fails where more than 255 hashes are asked for.
    let _ = Hkdf::<Sha256>::new(None, seed).expand(label, &mut key);
    key
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn one_seed_is_one_peer_and_nothing_of_it_is_shown() {
        let ana = Identity::from_seed([1; 32]);
        assert_eq!(ana.public(), Identity::from_seed(*ana.seed()).public());
        assert_ne!(ana.agreement_key(), ana.seed());
        let shown = format!("{ana:?} {:?}", ana.public());
        assert_eq!(shown.matches(&format!("{}", ana.peer())).count(), 2);
        assert!(!shown.contains("[1"), "{shown}");
    }

    #[test]
    fn whoever_has_signed_is_known_by_it_and_nobody_else() {
        let (ana, ben) = (Identity::from_seed([1; 32]), Identity::from_seed([2; 32]));
        let signature = ana.sign(b"so be it");
        assert!(ana.public().has_signed(b"so be it", &signature));
        assert!(!ana.public().has_signed(b"so be it not", &signature));
        assert!(!ben.public().has_signed(b"so be it", &signature));
        for bit in 0..512 {
            let mut bytes = signature.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!ana.public().has_signed(b"so be it", &Signature::from_bytes(bytes)), "{bit}");
        }
    }

    #[test]
    fn every_bit_of_a_seed_and_of_either_key_makes_another_peer() {
        let ana = Identity::from_seed([0; 32]);
        for bit in 0..256 {
            let flipped = |mut bytes: [u8; 32]| {
                bytes[bit / 8] ^= 1 << (bit % 8);
                bytes
            };
            let PublicIdentity { agreement, signing } = ana.public();
            assert_ne!(Identity::from_seed(flipped([0; 32])).peer(), ana.peer());
            assert_ne!(PublicIdentity::new(flipped(agreement), signing).peer(), ana.peer());
            assert_ne!(PublicIdentity::new(agreement, flipped(signing)).peer(), ana.peer());
        }
    }
}

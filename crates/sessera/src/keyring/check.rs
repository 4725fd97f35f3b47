//! Public keys that must not be believed, though they can be parsed.

use curve25519_dalek::edwards::CompressedEdwardsY;
use ring::agreement::{self, ECDH_P256, EphemeralPrivateKey};
use ring::rand::SystemRandom;

use super::invalid;
use super::material::Point;
use crate::error::Result;

/// Refuses a point that is not on the curve, that is spelled in a second way, or whose order is small: under
/// such a key, one signature holds for many messages.
pub(crate) fn ed25519(public: &[u8; 32]) -> Result<()> {
    let compressed = CompressedEdwardsY(*public);
    let point = compressed.decompress().ok_or_else(|| invalid("its point is not on the curve"))?;
    if point.compress() != compressed {
        return Err(invalid("its point is not in canonical form"));
    }
    if point.is_small_order() {
        return Err(invalid("its point is of small order"));
    }
    Ok(())
}

/// Refuses a point that is not on P-256, or is at infinity (NIST SP 800-56A §5.6.2.3.4).
///
/// ring checks a peer's point before it agrees on a key with it, so an agreement is made and thrown away.
pub(crate) fn p256(public: &Point) -> Result<()> {
    let ours = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())
        .map_err(|_| crate::random::unavailable())?;
    let theirs = agreement::UnparsedPublicKey::new(&ECDH_P256, public);
    agreement::agree_ephemeral(ours, &theirs, |_| ()).map_err(|_| invalid("its point is not on the curve"))
}

/// Refuses a modulus outside 2048 to 8192 bits and an exponent that is even, below 3 or above 2^33 - 1, ring's
/// own bound. Both numbers come big-endian, as RFC 7518 §6.3.1 writes them: without leading zeros.
pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Result<()> {
    if n.first().is_none_or(|first| *first == 0) || e.first().is_none_or(|first| *first == 0) {
        return Err(invalid("its numbers begin with a zero, or are empty"));
    }
    let bits = n.len() * 8 - n[0].leading_zeros() as usize;
    if !(2048..=8192).contains(&bits) {
        return Err(invalid("an RSA modulus has 2048 to 8192 bits"));
    }
    if n[n.len() - 1] & 1 == 0 {
        return Err(invalid("an RSA modulus is odd"));
    }
    if e.len() > 5 || (e.len() == 5 && e[0] > 1) {
        return Err(invalid("its RSA exponent is too large"));
    }
    if e[e.len() - 1] & 1 == 0 || e == [1] {
        return Err(invalid("an RSA exponent is odd, and at least 3"));
    }
    Ok(())
}

//! Table keys that nobody can choose.

/// A permutation of 128 bits under two secret numbers.
///
/// Ids and names are as good as random, so their own bits could be the hash. But whoever may choose among many of
/// their own could fill one place of a table; like this nobody knows which are neighbours.
pub(super) struct Scramble {
    mask: u128,
    /// Odd, so that no two become one.
    factor: u128,
    inverse: u128,
}

impl Scramble {
    pub(super) fn new([mask, factor]: [u128; 2]) -> Self {
        let factor = factor | 1;
        // Each step doubles the bits that are right, of which there are 3 at first.
        let step = |inverse: u128, _| inverse.wrapping_mul(2_u128.wrapping_sub(factor.wrapping_mul(inverse)));
        Self { mask, factor, inverse: (0..6).fold(factor, step) }
    }

    #[inline]
    pub(super) const fn key(&self, bytes: [u8; 16]) -> u128 {
        (u128::from_be_bytes(bytes) ^ self.mask).wrapping_mul(self.factor)
    }

    /// What has this key.
    pub(super) const fn bytes(&self, key: u128) -> [u8; 16] {
        (key.wrapping_mul(self.inverse) ^ self.mask).to_be_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_scrambled_comes_back(secrets in any::<[u128; 2]>(), bytes in any::<[u8; 16]>()) {
            let scramble = Scramble::new(secrets);
            prop_assert_eq!(scramble.bytes(scramble.key(bytes)), bytes);
        }
    }
}

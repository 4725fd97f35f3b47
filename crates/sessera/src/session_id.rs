//! The name of a session: 128 random bits.

use std::fmt;

use crate::codec::base64url;
use crate::error::{ErrorKind, Result, SessionError};
use crate::random;

/// A session's id (`sid`): 128 bits from a CSPRNG, written as 22 characters of base64url.
///
/// Stores and marks use it; everywhere else an id is that text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(u128);

impl SessionId {
    /// Characters of the text form.
    pub const TEXT_LENGTH: usize = 22;

    /// The id of these 128 bits.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }

    /// The 128 bits.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`InvalidClaim`](ErrorKind::InvalidClaim) for anything but 22 characters of canonical base64url.
    pub fn parse(text: &str) -> Result<Self> {
        base64url::decode_array(text).map(Self::from_bytes).map_err(|_| {
            SessionError::new(ErrorKind::InvalidClaim, "a session id is 22 characters of base64url")
        })
    }

    /// A new id.
    pub(crate) fn generate() -> Result<Self> {
        random::array().map(Self::from_bytes)
    }

    pub(crate) fn to_text(self) -> SessionIdText {
        let mut text = [0; Self::TEXT_LENGTH];
        base64url::encode_slice(self.to_bytes(), &mut text);
        SessionIdText(text)
    }
}

/// The text form of an id, without an allocation.
pub(crate) struct SessionIdText([u8; SessionId::TEXT_LENGTH]);

impl SessionIdText {
    pub(crate) fn as_str(&self) -> &str {
        // Base64url is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text().as_str())
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_do_not_repeat() {
        // Of ids with 32 random bits behind them, about ten pairs of so many would be equal.
        let ids: HashSet<_> = (0..300_000).map(|_| SessionId::generate().unwrap().0).collect();
        assert_eq!(ids.len(), 300_000);
    }

    #[test]
    fn all_128_bits_of_an_id_are_independent() {
        // Of bits that follow from fewer others by shifts and xors, the rank would be that of those others.
        let mut basis = [0_u128; 128];
        for _ in 0..256 {
            let mut id = SessionId::generate().unwrap().0;
            for (bit, held) in basis.iter_mut().enumerate().rev() {
                if id >> bit & 1 == 0 {
                    continue;
                }
                if *held == 0 {
                    *held = id;
                    break;
                }
                id ^= *held;
            }
        }
        assert!(basis.iter().all(|held| *held != 0));
    }

    #[test]
    fn every_bit_of_an_id_is_set_half_of_the_time() {
        let mut set = [0_u32; 128];
        for _ in 0..10_000 {
            let id = SessionId::generate().unwrap().0;
            set.iter_mut().enumerate().for_each(|(bit, set)| *set += u32::from(id >> bit & 1 == 1));
        }
        // Ten standard deviations.
        assert!(set.iter().all(|set| (4500..5500).contains(set)), "{set:?}");
    }
}

//! The name of a session: 128 random bits.

use std::fmt;

use crate::codec::base64url;
use crate::error::{ErrorKind, Result, SessionError};

/// A session's id (`sid`): 128 bits from a CSPRNG, written as 22 characters of base64url.
///
/// Stores and marks use it; everywhere else an id is that text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 16]);

impl SessionId {
    /// Characters of the text form.
    pub const TEXT_LENGTH: usize = 22;

    /// The id of these 128 bits.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The 128 bits.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// [`InvalidClaim`](ErrorKind::InvalidClaim) for anything but 22 characters of canonical base64url.
    pub fn parse(text: &str) -> Result<Self> {
        base64url::decode_array(text).map(Self).map_err(|_| {
            SessionError::new(ErrorKind::InvalidClaim, "a session id is 22 characters of base64url")
        })
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

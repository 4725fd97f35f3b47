//! What a ring may hold, when it is read.

use super::Keyring;
use super::{file, jwk, pem};
use crate::error::Result;

/// How keys are read, where [`Keyring::from_jwks`], [`Keyring::from_pem`] and [`Keyring::load`] are too strict
/// or not strict enough.
///
/// ```
/// use sessera::KeyringOptions;
///
/// let secret = r#"{"keys":[{"kty":"oct","alg":"HS256","kid":"a","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}"#;
/// let error = KeyringOptions::new().public_only().from_jwks(secret).unwrap_err();
/// assert_eq!(error.to_string(), r#"key "a": private key: only public keys are accepted here"#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyringOptions {
    pub(crate) rs256: bool,
    pub(crate) public_only: bool,
}

impl KeyringOptions {
    /// Private and public keys, and no RSA.
    pub const fn new() -> Self {
        Self { rs256: false, public_only: false }
    }

    /// Takes RS256 keys too, for verifying only: 2048 to 8192 bits, and never a private part.
    #[must_use]
    pub const fn allow_rs256(mut self) -> Self {
        self.rs256 = true;
        self
    }

    /// Refuses every secret: private keys, MAC keys and the root. For keys that come from someone else.
    #[must_use]
    pub const fn public_only(mut self) -> Self {
        self.public_only = true;
        self
    }

    /// As [`Keyring::from_jwks`].
    ///
    /// # Errors
    /// [`InvalidKey`](crate::ErrorKind::InvalidKey), as there.
    pub fn from_jwks(self, text: &str) -> Result<Keyring> {
        let jwk::KeySet { keys, root, skipped } = jwk::read(text, self)?;
        Keyring::assemble(keys, root, skipped)
    }

    /// As [`Keyring::from_pem`].
    ///
    /// # Errors
    /// [`InvalidKey`](crate::ErrorKind::InvalidKey), as there.
    pub fn from_pem<'a>(self, kid: impl Into<Option<&'a str>>, text: &str) -> Result<Keyring> {
        let key = pem::read(kid.into(), text, self)?;
        Keyring::assemble(vec![key], None, Vec::new())
    }

    /// As [`Keyring::load`].
    ///
    /// # Errors
    /// [`InvalidKey`](crate::ErrorKind::InvalidKey), as there.
    pub fn load(self, path: impl AsRef<std::path::Path>) -> Result<Keyring> {
        file::load(path.as_ref(), self).map(|(keyring, _)| keyring)
    }
}

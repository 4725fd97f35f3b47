//! The keys: exactly one signs, several verify.

use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

pub use self::algorithm::Algorithm;
pub(crate) use self::key::{Key, Life};
pub use self::key::{KeyInfo, KeyState};
pub(crate) use self::material::Material;
pub(crate) use self::purposes::Purposes;
use self::purposes::Root;
pub(crate) use self::thumbprint::thumbprint;
use crate::error::{ErrorKind, Result, SessionError};

mod algorithm;
mod check;
mod key;
mod material;
mod pem;
mod purposes;
mod signature;
mod thumbprint;

/// The keys of a deployment. Clones share them.
#[derive(Clone)]
pub struct Keyring(Arc<Ring>);

struct Ring {
    keys: Vec<Key>,
    secrets: Option<Secrets>,
}

struct Secrets {
    root: Root,
    purposes: Purposes,
}

impl Keyring {
    /// A ring of one new key, which signs at once and never retires, and a new random root secret.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) for [`Algorithm::Rs256`], which only verifies, and when the
    /// system gives no random bytes.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        let key = Key::generate(algorithm, Life::default())?;
        let root = Zeroizing::new(material::random_secret()?.to_vec());
        Self::assemble(vec![key], Some(root))
    }

    /// Puts a ring together from keys that are checked one by one already, and checks them as a set.
    fn assemble(keys: Vec<Key>, root: Option<Root>) -> Result<Self> {
        let secrets = match root {
            Some(root) => Some(Secrets { purposes: Purposes::derive(&root)?, root }),
            None => None,
        };
        Ok(Self(Arc::new(Ring { keys, secrets })))
    }

    /// The key of that name.
    pub(crate) fn find(&self, kid: &str) -> Option<&Key> {
        self.0.keys.iter().find(|key| key.kid() == kid)
    }

    /// The key whose session header a token begins with, dot included.
    pub(crate) fn find_by_header(&self, header_and_dot: &str) -> Option<&Key> {
        self.0.keys.iter().find(|key| key.header() == header_and_dot)
    }

    /// The key that signs at that moment: of the private keys whose time has come and is not over, the one
    /// that began last; of several, the first in the ring.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) when there is none, as in a ring of public keys.
    pub(crate) fn signing_key(&self, unix_millis: u64) -> Result<&Key> {
        let may_sign = self.0.keys.iter().filter(|key| key.may_sign_at(unix_millis));
        may_sign
            .reduce(|best, key| if key.life().signs_from > best.life().signs_from { key } else { best })
            .ok_or_else(|| {
                SessionError::new(ErrorKind::InvalidKey, "the keyring has no key that may sign now")
            })
    }

    /// The keys for binding, CSRF, logs and sealing; `None` in a ring of public keys without a root.
    pub(crate) fn purposes(&self) -> Option<&Purposes> {
        self.0.secrets.as_ref().map(|secrets| &secrets.purposes)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.0.keys).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNING: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Hs256];

    #[test]
    fn a_generated_key_signs_at_once_and_verifies_what_it_signed_only() {
        for algorithm in SIGNING {
            let keyring = Keyring::generate(algorithm).unwrap();
            let key = keyring.signing_key(0).unwrap();
            assert_eq!(key.algorithm(), algorithm);
            assert!(keyring.find(key.kid()).is_some());
            assert!(keyring.find("other").is_none());
            let signature = key.sign(b"message").unwrap();
            assert!(key.verify(b"message", signature.as_ref()));
            assert!(!key.verify(b"massage", signature.as_ref()));
            for bit in 0..signature.as_ref().len() * 8 {
                let mut forged = signature.as_ref().to_vec();
                forged[bit / 8] ^= 1 << (bit % 8);
                assert!(!key.verify(b"message", &forged), "{algorithm}: bit {bit}");
            }
            for length in 0..signature.as_ref().len() {
                assert!(
                    !key.verify(b"message", &signature.as_ref()[..length]),
                    "{algorithm}: {length} bytes"
                );
            }
        }
    }

    #[test]
    fn a_key_that_only_verifies_is_never_generated() {
        assert_eq!(Keyring::generate(Algorithm::Rs256).unwrap_err().kind(), ErrorKind::InvalidKey);
    }

    #[test]
    fn the_header_is_ready_in_its_one_spelling() {
        let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
        let key = keyring.signing_key(0).unwrap();
        let encoded = key.header().strip_suffix('.').unwrap();
        let header = String::from_utf8(crate::codec::base64url::decode(encoded).unwrap()).unwrap();
        assert_eq!(header, format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"session+jwt"}}"#, key.kid()));
    }
}

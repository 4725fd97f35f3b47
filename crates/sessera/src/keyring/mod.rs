//! The keys: exactly one signs, several verify.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

pub use self::algorithm::Algorithm;
pub use self::file::KeyringFile;
pub(crate) use self::key::Key;
pub use self::key::{KeyInfo, KeyState};
pub use self::key_id::KeyId;
pub(crate) use self::material::Material;
pub use self::options::KeyringOptions;
pub(crate) use self::pem::rsa_numbers;
pub(crate) use self::purposes::Purposes;
use self::purposes::Root;
pub use self::rotation::RotationSchedule;
pub(crate) use self::signature::Signature;
pub use self::skipped::SkippedKey;
pub(crate) use self::thumbprint::thumbprint;
pub(crate) use self::token_type::TokenType;
use crate::error::{ErrorKind, Result, SessionError};

mod algorithm;
mod check;
mod file;
mod jwk;
mod key;
mod key_id;
mod material;
mod options;
mod pem;
mod purposes;
mod rotation;
mod signature;
mod skipped;
#[cfg(test)]
mod tests;
mod thumbprint;
mod token_type;

/// The most keys of a ring.
pub(crate) const MOST_KEYS: usize = 32;

/// Refuses a private key where [`KeyringOptions::public_only`] is set.
const PRIVATE_REFUSED: &str = "private key: only public keys are accepted here";

/// Refuses an RSA key where [`KeyringOptions::allow_rs256`] is not set.
const RS256_IS_OFF: &str = "RS256 is off: set allow_rs256 to verify with it";

/// The keys of a deployment: exactly one signs at a time, several verify. Clones share them.
///
/// Every key has one algorithm and a life that its times decide (see [`KeyState`]), so that all processes
/// which hold the same ring change over from one key to the next at the same moment. A ring with secrets also
/// has a root secret, from which the keys for binding, CSRF, sealing and logs are derived.
///
/// ```
/// use sessera::{Algorithm, Keyring};
/// # fn main() -> Result<(), sessera::SessionError> {
/// let keyring = Keyring::generate(Algorithm::EdDsa)?;
/// let public = Keyring::from_public_jwks(&keyring.jwks())?;      // for those who only verify
/// let copy = Keyring::from_jwks(&keyring.private_jwks())?;       // for those who sign
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Keyring(Arc<Ring>);

struct Ring {
    keys: Vec<Key>,
    secrets: Option<Secrets>,
    skipped: Vec<SkippedKey>,
}

struct Secrets {
    root: Root,
    /// Whether the ring came with this root, or derived it from one of its keys.
    own: bool,
    purposes: Purposes,
}

impl Keyring {
    /// A ring of one new key, which signs at once and never retires, and a new random root secret.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) for [`Algorithm::Rs256`], which only verifies, and when the
    /// system gives no random bytes.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        let key = Key::generate(algorithm, key::Life::default())?;
        let root = Zeroizing::new(material::random_secret()?.to_vec());
        Self::assemble(vec![key], Some(root), Vec::new())
    }

    /// Reads a JWK Set (RFC 7517), or a single JWK, of at most 64 KiB and 32 keys, public or private.
    ///
    /// `iat`, `nbf` and `exp` of a key, in seconds since the Unix epoch, say when it was made, from when it
    /// signs and until when it verifies. The member `root` of the set is the root secret; a set without one
    /// derives it from its oldest private key. The `alg` of an Ed25519 key is `EdDSA` or `Ed25519` (RFC 9864).
    ///
    /// In a set of public keys, keys that can't be used here are skipped, as RFC 7517 §5 says: those of another
    /// `kty` or `alg` (RS256 too, unless [`KeyringOptions::allow_rs256`] allows it), without `alg`, whose `use` or
    /// `key_ops` forbid verifying, and whose `kid` is not `[A-Za-z0-9_-]{1,64}`. [`skipped`](Self::skipped) lists
    /// them. In a set with secrets such a key is an error, since the next [`save`](Self::save) would lose it.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) for text that is not strict JSON, for a set without a usable key, and
    /// for a key
    /// - whose `alg` is not that of its `kty` and `crv`, or one of whose members is missing or ill-formed;
    /// - whose `kid` is that of another key of the set, or missing on a MAC key;
    /// - for MACs of fewer than 32 bytes, or beside public keys;
    /// - whose point is not on its curve, of small order, or not in canonical form;
    /// - whose private part does not belong to its public part;
    /// - for RSA, where that is allowed: with a private part, a modulus outside 2048 to 8192 bits, an exponent
    ///   that is even or 1.
    pub fn from_jwks(text: &str) -> Result<Self> {
        KeyringOptions::new().from_jwks(text)
    }

    /// Reads a JWK Set of public keys, as another party publishes it.
    ///
    /// # Errors
    /// As [`from_jwks`](Self::from_jwks), and for every private key, MAC key or root secret.
    pub fn from_public_jwks(text: &str) -> Result<Self> {
        KeyringOptions::new().public_only().from_jwks(text)
    }

    /// Reads one key in PEM, Ed25519 or P-256: PKCS#8 or SEC1 of a private key, SPKI of a public one. A private
    /// key signs at once. The name is the key's RFC 7638 thumbprint if none is given.
    ///
    /// Text around the block, white space within, any line length and line ends written as `\n` (as in variables of
    /// the environment) make no difference.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) as for [`from_jwks`](Self::from_jwks), and for text that is not one key
    /// in one of these forms. The message says what the text is, and the command that converts it.
    pub fn from_pem<'a>(kid: impl Into<Option<&'a str>>, text: &str) -> Result<Self> {
        KeyringOptions::new().from_pem(kid, text)
    }

    /// This ring with the keys of another at its end. The root secret stays this ring's, if it has one.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) for a `kid` that both have, more than 32 keys, or MAC keys beside
    /// public keys.
    pub fn joined(&self, other: &Self) -> Result<Self> {
        let keys = self.0.keys.iter().chain(&other.0.keys).cloned().collect();
        let skipped = self.0.skipped.iter().chain(&other.0.skipped).cloned().collect();
        let secrets = self.0.secrets.as_ref().or(other.0.secrets.as_ref());
        Self::inheriting(keys, secrets, skipped)
    }

    /// The keys of the public set that are not in this ring, because they can't be used here; see
    /// [`from_jwks`](Self::from_jwks).
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.0.skipped
    }

    /// Whether the ring has a key of that name, in whatever state of its life.
    pub fn has(&self, kid: &str) -> bool {
        self.find(kid).is_some()
    }

    /// The public keys as a JWK Set, to be published. Never holds a private part, a MAC key or the root.
    pub fn jwks(&self) -> String {
        jwk::public(&self.0.keys)
    }

    /// The whole ring as a JWK Set, secrets included: what [`save`](Self::save) writes.
    pub fn private_jwks(&self) -> Zeroizing<String> {
        jwk::private(&self.0.keys, self.root().map(|root| root.as_slice()))
    }

    /// The secret by which a store that others can read names and seals what it holds: the `secret` of
    /// `RedisOptions`. It is derived from the root secret, so it is the same on every machine that has the ring,
    /// and stays what it is when the ring is rotated.
    ///
    /// `None` in a ring that came without a root: the one that it derives is that of its oldest key, and a file
    /// with the same keys but for that one would lead to another. Such a ring has a root of its own once it was
    /// [saved](Self::save) and loaded again.
    pub fn store_secret(&self) -> Option<Zeroizing<[u8; 32]>> {
        let secrets = self.0.secrets.as_ref().filter(|secrets| secrets.own)?;
        Some(secrets.purposes.store.clone())
    }

    /// The public part of a key in PEM (SPKI).
    ///
    /// # Errors
    /// [`UnknownKey`](ErrorKind::UnknownKey) for a name that the ring does not have,
    /// [`InvalidKey`](ErrorKind::InvalidKey) for a MAC key.
    pub fn public_pem(&self, kid: &str) -> Result<String> {
        pem::public(self.known(kid)?.material())
    }

    /// The private part of a key in PEM (PKCS#8).
    ///
    /// # Errors
    /// [`UnknownKey`](ErrorKind::UnknownKey) for a name that the ring does not have,
    /// [`InvalidKey`](ErrorKind::InvalidKey) for a public key and for a MAC key, which PEM has no form for.
    pub fn private_pem(&self, kid: &str) -> Result<Zeroizing<String>> {
        pem::private(self.known(kid)?.material())
    }

    /// The key of that name, whatever its life.
    pub(crate) fn find(&self, kid: &str) -> Option<&Key> {
        self.0.keys.iter().find(|key| key.kid() == kid)
    }

    /// The key and the type whose prepared header a token begins with, dot included.
    pub(crate) fn find_by_header(&self, header_and_dot: &str) -> Option<(&Key, TokenType)> {
        let of_type = |token_type| {
            let key = self.0.keys.iter().find(|key| key.header(token_type) == header_and_dot);
            key.map(|key| (key, token_type))
        };
        of_type(TokenType::Session).or_else(|| of_type(TokenType::Visitor))
    }

    /// The key that signs at that moment: of the private keys whose time has come and is not over, the one
    /// that began last; of several, the first in the ring.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) when there is none, as in a ring of public keys.
    pub(crate) fn signing_key(&self, unix_millis: u64) -> Result<&Key> {
        self.signing_key_unless(unix_millis, |_| false)
    }

    /// The same, passing over the keys that were revoked.
    pub(crate) fn signing_key_unless(
        &self,
        unix_millis: u64,
        is_revoked: impl Fn(&str) -> bool,
    ) -> Result<&Key> {
        let may_sign = || self.0.keys.iter().filter(|key| key.may_sign_at(unix_millis));
        newest(may_sign().filter(|key| !is_revoked(key.kid()))).ok_or_else(|| {
            if may_sign().next().is_some() {
                invalid("the signing key was revoked: rotate the keyring, then load it again")
            } else {
                invalid("the keyring has no key that may sign now")
            }
        })
    }

    /// The keys for binding, CSRF, logs and sealing; `None` in a ring of public keys without a root.
    pub(crate) fn purposes(&self) -> Option<&Purposes> {
        self.0.secrets.as_ref().map(|secrets| &secrets.purposes)
    }

    /// Puts a ring together from keys that are checked one by one already, and checks them as a set.
    fn assemble(keys: Vec<Key>, root: Option<Root>, skipped: Vec<SkippedKey>) -> Result<Self> {
        Self::assemble_with(keys, root.map(|root| (root, true)), skipped)
    }

    /// The same with the root of an earlier ring, which is as much this one's own as it was that one's.
    fn inheriting(keys: Vec<Key>, earlier: Option<&Secrets>, skipped: Vec<SkippedKey>) -> Result<Self> {
        Self::assemble_with(keys, earlier.map(|secrets| (secrets.root.clone(), secrets.own)), skipped)
    }

    fn assemble_with(keys: Vec<Key>, root: Option<(Root, bool)>, skipped: Vec<SkippedKey>) -> Result<Self> {
        check_set(&keys)?;
        let root = match root {
            Some(root) => Some(root),
            None => oldest_secret(&keys).map(purposes::root_of).transpose()?.map(|root| (root, false)),
        };
        let secrets = match root {
            Some((root, own)) => Some(Secrets { purposes: Purposes::derive(&root)?, root, own }),
            None => None,
        };
        Ok(Self(Arc::new(Ring { keys, secrets, skipped })))
    }

    fn root(&self) -> Option<&Root> {
        self.0.secrets.as_ref().map(|secrets| &secrets.root)
    }

    fn known(&self, kid: &str) -> Result<&Key> {
        let unknown = || SessionError::new(ErrorKind::UnknownKey, "the keyring has no key of that name");
        self.find(kid).ok_or_else(unknown)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring").field("keys", &self.0.keys).finish_non_exhaustive()
    }
}

fn check_set(keys: &[Key]) -> Result<()> {
    let Some(first) = keys.first() else {
        return Err(invalid("a keyring has at least one key"));
    };
    if keys.len() > MOST_KEYS {
        return Err(invalid("a keyring has at most 32 keys"));
    }
    let mut earlier = std::collections::HashSet::new();
    for key in keys {
        let kid = key.kid();
        if !earlier.insert(kid) {
            return Err(invalid(format!(r#"key "{kid}": another key has the same kid"#)));
        }
        if key.algorithm().is_symmetric() != first.algorithm().is_symmetric() {
            return Err(invalid(format!(r#"key "{kid}": a keyring holds either MAC keys or public keys"#)));
        }
    }
    Ok(())
}

/// The key that began, or begins, to sign last; of several, the first.
fn newest<'a>(keys: impl Iterator<Item = &'a Key>) -> Option<&'a Key> {
    keys.reduce(|best, key| if key.life().signs_from > best.life().signs_from { key } else { best })
}

/// The private part that a ring without a root derives it from: that of the key which began to sign first, so
/// that a newer key changes nothing.
fn oldest_secret(keys: &[Key]) -> Option<&[u8]> {
    let private = keys.iter().filter(|key| key.is_private());
    private.min_by_key(|key| (key.life().signs_from, key.life().made))?.material().secret()
}

fn invalid(message: impl Into<Cow<'static, str>>) -> SessionError {
    SessionError::new(ErrorKind::InvalidKey, message)
}

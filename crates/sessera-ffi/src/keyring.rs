//! The keys.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sessera::{Algorithm, KeyState, KeyringOptions};

use crate::{Duration, Instant, Result};

/// What a key signs and verifies with. One key has one algorithm.
#[uniffi::remote(Enum)]
pub enum Algorithm {
    /// Ed25519: the default.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// HMAC with SHA-256: whoever verifies can also sign.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256: verifies only, and only where it is allowed explicitly.
    Rs256,
}

/// The JOSE name of an algorithm, as in a header's `alg`.
#[uniffi::export]
pub fn algorithm_name(algorithm: Algorithm) -> String {
    algorithm.name().to_owned()
}

/// Where a key is in its life.
#[uniffi::remote(Enum)]
pub enum KeyState {
    /// Known to all, so that they verify with it, but it does not sign yet.
    Published,
    /// The one key that signs.
    Signing,
    /// Does not sign, still verifies what it signed.
    Verifying,
    /// Neither signs nor verifies.
    Retired,
}

/// What may be told about a key.
#[derive(uniffi::Record)]
pub struct KeyInfo {
    /// The name of the key, as in a token's header.
    pub kid: String,
    /// What the key signs and verifies with.
    pub algorithm: Algorithm,
    /// Where the key is in its life.
    pub state: KeyState,
    /// Whether this ring holds the private part, or the secret of a MAC.
    pub private: bool,
    /// When the key was made, if that is known.
    pub made_at: Option<Instant>,
    /// From when the key signs, if that was set.
    pub signs_from: Option<Instant>,
    /// Until when the key verifies; none is for ever.
    pub verifies_until: Option<Instant>,
}

impl From<sessera::KeyInfo> for KeyInfo {
    fn from(info: sessera::KeyInfo) -> Self {
        let sessera::KeyInfo { kid, algorithm, state, private, made_at, signs_from, verifies_until } = info;
        Self {
            kid,
            algorithm,
            state,
            private,
            made_at: made_at.map(Into::into),
            signs_from: signs_from.map(Into::into),
            verifies_until: verifies_until.map(Into::into),
        }
    }
}

/// A key of a public JWK Set that is not in the ring: of another key type or algorithm, for encryption, or without
/// `alg`.
#[derive(uniffi::Record)]
pub struct SkippedKey {
    /// The `kid` as the set has it, if the key has one. Another party chose it: escape it where it is shown.
    pub kid: Option<String>,
    /// Why the key can't be used here, as text for people.
    pub reason: String,
}

impl From<sessera::SkippedKey> for SkippedKey {
    fn from(skipped: sessera::SkippedKey) -> Self {
        let sessera::SkippedKey { kid, reason } = skipped;
        Self { kid, reason }
    }
}

/// How long a rotation takes. What is not given is the default.
#[derive(Default, uniffi::Record)]
pub struct RotationSchedule {
    /// How long the next key is known to all before it signs; default 10 minutes.
    #[uniffi(default)]
    pub publish_for: Option<Duration>,
    /// How long the last key still verifies after it signed for the last time; default 24 hours.
    #[uniffi(default)]
    pub keep_verifying: Option<Duration>,
}

impl From<RotationSchedule> for sessera::RotationSchedule {
    fn from(schedule: RotationSchedule) -> Self {
        let RotationSchedule { publish_for, keep_verifying } = schedule;
        let default = Self::default();
        Self {
            publish_for: publish_for.map_or(default.publish_for, Into::into),
            keep_verifying: keep_verifying.map_or(default.keep_verifying, Into::into),
        }
    }
}

/// The keys of a deployment: exactly one signs at a time, several verify.
///
/// Every key has one algorithm and a life that its times decide, so that all processes which hold the same ring
/// change over from one key to the next at the same moment. A ring with secrets also has a root secret, from
/// which the keys for binding, CSRF, sealing and logs are derived.
#[derive(uniffi::Object)]
pub struct Keyring(Mutex<sessera::Keyring>);

impl From<sessera::Keyring> for Keyring {
    fn from(keyring: sessera::Keyring) -> Self {
        Self(Mutex::new(keyring))
    }
}

impl Keyring {
    /// The ring as it is now: it shares its keys, so it is cheap.
    pub(crate) fn now(&self) -> sessera::Keyring {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, sessera::Keyring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn options(allow_rs256: bool) -> KeyringOptions {
    if allow_rs256 { KeyringOptions::new().allow_rs256() } else { KeyringOptions::new() }
}

#[uniffi::export]
impl Keyring {
    /// A ring of one new key, which signs at once and never retires, and a new random root secret.
    ///
    /// Fails with `invalid_key` for RS256, which only verifies.
    #[uniffi::constructor]
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        Ok(sessera::Keyring::generate(algorithm)?.into())
    }

    /// Reads a JWK Set (RFC 7517), or a single JWK, of at most 64 KiB and 32 keys, public or private.
    ///
    /// `iat`, `nbf` and `exp` of a key, in seconds since the Unix epoch, say when it was made, from when it signs
    /// and until when it verifies. The member `root` of the set is the root secret. `allow_rs256` takes RSA keys
    /// too, for verifying only.
    ///
    /// In a set of public keys, keys that can't be used here are skipped: those of another `kty` or `alg`, without
    /// `alg`, or for encryption. `skipped` lists them. In a set with secrets they are an error. Fails with
    /// `invalid_key` for a set without a usable key, and for a key that is weak or ill-formed.
    #[uniffi::constructor(default(allow_rs256 = false))]
    pub fn from_jwks(text: &str, allow_rs256: bool) -> Result<Self> {
        Ok(options(allow_rs256).from_jwks(text)?.into())
    }

    /// Reads a JWK Set of public keys, as another party publishes it: every secret in it is refused. Keys that can't be
    /// used here are skipped, as by `from_jwks`.
    #[uniffi::constructor(default(allow_rs256 = false))]
    pub fn from_public_jwks(text: &str, allow_rs256: bool) -> Result<Self> {
        Ok(options(allow_rs256).public_only().from_jwks(text)?.into())
    }

    /// Reads one key in PEM, Ed25519 or P-256: PKCS#8 or SEC1 of a private key, SPKI of a public one. The name is the
    /// key's RFC 7638 thumbprint if none is given. Fails with `invalid_key` for other text; the message holds the
    /// command that converts it.
    #[uniffi::constructor(default(allow_rs256 = false))]
    pub fn from_pem(kid: Option<String>, text: &str, allow_rs256: bool) -> Result<Self> {
        Ok(options(allow_rs256).from_pem(kid.as_deref(), text)?.into())
    }

    /// Reads a JWK Set file, as `from_jwks`. On Unix a file with secrets that anyone but its owner may read or
    /// write is refused.
    #[uniffi::constructor(default(allow_rs256 = false))]
    pub fn load(path: &str, allow_rs256: bool) -> Result<Self> {
        Ok(options(allow_rs256).load(path)?.into())
    }

    /// Writes the whole ring, secrets included, to a JWK Set file that only its owner may read and write. A
    /// process that reads meanwhile sees the file as it was or as it will be.
    pub fn save(&self, path: &str) -> Result<()> {
        Ok(self.now().save(path)?)
    }

    /// The public keys as a JWK Set, to be published. Never holds a private part, a MAC key or the root.
    pub fn jwks(&self) -> String {
        self.now().jwks()
    }

    /// The whole ring as a JWK Set, secrets included: what `save` writes.
    pub fn private_jwks(&self) -> String {
        self.now().private_jwks().to_string()
    }

    /// The public part of a key in PEM (SPKI). Fails with `unknown_key`, and `invalid_key` for a MAC key.
    pub fn public_pem(&self, kid: &str) -> Result<String> {
        Ok(self.now().public_pem(kid)?)
    }

    /// The private part of a key in PEM (PKCS#8). Fails with `unknown_key`, and `invalid_key` for a public key
    /// and for a MAC key, which PEM has no form for.
    pub fn private_pem(&self, kid: &str) -> Result<String> {
        Ok(self.now().private_pem(kid)?.to_string())
    }

    /// This ring with the keys of another at its end, as a new one. The root secret stays this ring's, if it has
    /// one.
    pub fn joined(&self, other: Arc<Keyring>) -> Result<Self> {
        let other = other.now();
        Ok(self.now().joined(&other)?.into())
    }

    /// The keys of the public set that are not in this ring, because they can't be used here.
    pub fn skipped(&self) -> Vec<SkippedKey> {
        self.now().skipped().iter().cloned().map(Into::into).collect()
    }

    /// Whether the ring has a key of that name, in whatever state of its life.
    pub fn has(&self, kid: &str) -> bool {
        self.now().has(kid)
    }

    /// Adds the next key, of the algorithm that signs now, and returns its name: it is published at once, signs
    /// after `publish_for`, and the private keys before it verify for `keep_verifying` from then on.
    ///
    /// This ring changes, and neither a `Sessions` that was made with it nor a file: `replace_keyring` and `save`
    /// do that. `now` is the present moment if it is not given.
    #[uniffi::method(default(now = None, schedule))]
    pub fn rotate(&self, schedule: RotationSchedule, now: Option<Instant>) -> Result<String> {
        Ok(self.lock().rotate_with(crate::time::now(now), &schedule.into())?)
    }

    /// The keys and where they are in their lives, now or at `now`.
    #[uniffi::method(default(now = None))]
    pub fn keys(&self, now: Option<Instant>) -> Vec<KeyInfo> {
        self.now().keys(crate::time::now(now)).into_iter().map(Into::into).collect()
    }
}

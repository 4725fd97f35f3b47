//! The keys.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sessera::{Algorithm, KeyringOptions, RotationSchedule};
use time::OffsetDateTime;

use crate::clock::present;
use crate::error::Result;
use crate::span::Span;

/// The keys of a deployment: exactly one signs at a time, several verify.
///
/// Every key has one algorithm and a life that its times decide, so that all processes which hold the same
/// ring change over from one key to the next at the same moment. A ring with secrets also has a root secret,
/// from which the keys for binding, CSRF, sealing and logs are derived.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct Keyring(Mutex<sessera::Keyring>);

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

    /// Held for an instant only, and never while Python is called.
    fn lock(&self) -> MutexGuard<'_, sessera::Keyring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether signing takes no longer than a microsecond.
pub(crate) fn signs_at_once(keyring: &sessera::Keyring) -> bool {
    keyring.keys(OffsetDateTime::UNIX_EPOCH).iter().all(|key| key.algorithm.is_symmetric())
}

fn options(allow_rs256: bool, public_only: bool) -> KeyringOptions {
    let mut options = KeyringOptions::new();
    if allow_rs256 {
        options = options.allow_rs256();
    }
    if public_only {
        options = options.public_only();
    }
    options
}

#[pymethods]
impl Keyring {
    /// A ring of one new key, which signs at once and never retires, and a new root secret.
    ///
    /// `algorithm` is `EdDSA`, `ES256` or `HS256`.
    #[staticmethod]
    #[pyo3(signature = (algorithm="EdDSA"))]
    fn generate(py: Python<'_>, algorithm: &str) -> Result<Self> {
        let algorithm = Algorithm::parse(algorithm)?;
        Ok(py.detach(|| sessera::Keyring::generate(algorithm))?.into())
    }

    /// Reads a JWK Set (RFC 7517), or a single JWK, of at most 64 KiB and 32 keys, public or private.
    ///
    /// `iat`, `nbf` and `exp` of a key say when it was made, from when it signs and until when it verifies.
    /// The member `root` of the set is the root secret. `allow_rs256` takes RSA keys too, for verifying only.
    ///
    /// In a set of public keys, keys that can't be used here are skipped: those of another `kty` or `alg`, without
    /// `alg`, or for encryption. `skipped` lists them. In a set with secrets they are an error.
    ///
    /// Raises `InvalidKey` for a set without a usable key, and for a key that is weak or ill-formed.
    #[staticmethod]
    #[pyo3(signature = (text, *, allow_rs256=false))]
    fn from_jwks(py: Python<'_>, text: &str, allow_rs256: bool) -> Result<Self> {
        Ok(py.detach(|| options(allow_rs256, false).from_jwks(text))?.into())
    }

    /// Reads a JWK Set of public keys, as another party publishes it: every secret in it is refused. Keys that can't be
    /// used here are skipped, as by `from_jwks`.
    ///
    /// Raises `InvalidKey`.
    #[staticmethod]
    #[pyo3(signature = (text, *, allow_rs256=false))]
    fn from_public_jwks(py: Python<'_>, text: &str, allow_rs256: bool) -> Result<Self> {
        Ok(py.detach(|| options(allow_rs256, true).from_jwks(text))?.into())
    }

    /// Reads one key in PEM, Ed25519 or P-256: PKCS#8 or SEC1 of a private key, SPKI of a public one.
    ///
    /// The name is the key's RFC 7638 thumbprint if `kid` is None. `allow_rs256` takes an RSA public key too;
    /// `public_only` refuses a private key. Text around the block, white space within and line ends written as `\n` make
    /// no difference. Raises `InvalidKey` for other text; the message holds the command that converts it.
    #[staticmethod]
    #[pyo3(signature = (kid, text, *, allow_rs256=false, public_only=false))]
    fn from_pem(
        py: Python<'_>,
        kid: Option<&str>,
        text: &str,
        allow_rs256: bool,
        public_only: bool,
    ) -> Result<Self> {
        Ok(py.detach(|| options(allow_rs256, public_only).from_pem(kid, text))?.into())
    }

    /// Reads a JWK Set file, as `from_jwks`; with `public_only`, as `from_public_jwks`.
    ///
    /// Raises `InvalidKey` as there, for a file that can't be read, and on Unix for a file with secrets that
    /// anyone but its owner may read or write.
    #[staticmethod]
    #[pyo3(signature = (path, *, allow_rs256=false, public_only=false))]
    fn load(py: Python<'_>, path: PathBuf, allow_rs256: bool, public_only: bool) -> Result<Self> {
        Ok(py.detach(|| options(allow_rs256, public_only).load(path))?.into())
    }

    /// Writes the whole ring, secrets included, to a JWK Set file that only its owner may read and write.
    ///
    /// A process that reads meanwhile sees the file as it was or as it will be. Raises `InvalidKey` when the
    /// file can't be written; it then is as it was.
    fn save(&self, py: Python<'_>, path: PathBuf) -> Result<()> {
        let keyring = self.now();
        Ok(py.detach(|| keyring.save(path))?)
    }

    /// The public keys as a JWK Set, to be published. Never holds a private part, a MAC key or the root.
    fn jwks(&self) -> String {
        self.now().jwks()
    }

    /// The whole ring as a JWK Set, secrets included: what `save` writes.
    fn private_jwks(&self) -> String {
        self.now().private_jwks().to_string()
    }

    /// The `secret` for a `RedisStore`, 32 bytes: derived from the root secret, so the same on every machine that
    /// has the ring, and after each rotation.
    ///
    /// None in a ring that came without a root secret, which has nothing of its own to derive it from.
    fn store_secret<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        Some(PyBytes::new(py, &*self.now().store_secret()?))
    }

    /// The public part of a key in PEM (SPKI).
    ///
    /// Raises `UnknownKey` for a name that the ring does not have, `InvalidKey` for a MAC key.
    fn public_pem(&self, kid: &str) -> Result<String> {
        Ok(self.now().public_pem(kid)?)
    }

    /// The private part of a key in PEM (PKCS#8).
    ///
    /// Raises `UnknownKey` for a name that the ring does not have, `InvalidKey` for a public key and for a
    /// MAC key.
    fn private_pem(&self, kid: &str) -> Result<String> {
        Ok(self.now().private_pem(kid)?.to_string())
    }

    /// This ring with the keys of another at its end, as a new one. The root secret stays this ring's.
    ///
    /// Raises `InvalidKey` for a `kid` that both have, more than 32 keys, or MAC keys beside public keys.
    fn joined(&self, other: &Self) -> Result<Self> {
        let other = other.now();
        Ok(self.now().joined(&other)?.into())
    }

    /// The keys of the public set that are not in this ring, because they can't be used here.
    fn skipped(&self) -> Vec<SkippedKey> {
        self.now().skipped().iter().cloned().map(SkippedKey).collect()
    }

    /// Whether the ring has a key of that name, in whatever state of its life.
    fn has(&self, kid: &str) -> bool {
        self.now().has(kid)
    }

    /// Adds the next key, of the algorithm that signs now, and returns its name.
    ///
    /// It is published at once and signs after `publish_for`, 10 minutes by default; the private keys before
    /// it verify for `keep_verifying` from then on, a day by default. Retired keys leave the ring. `now` is a
    /// datetime with a time zone; by default the present.
    ///
    /// This ring changes, and neither a file nor a `Sessions`: `save` it, and give it to `replace_keyring`.
    /// Raises `InvalidKey` in a ring without a private key.
    #[pyo3(signature = (now=None, *, publish_for=None, keep_verifying=None))]
    fn rotate(
        &self,
        now: Option<OffsetDateTime>,
        publish_for: Option<Span>,
        keep_verifying: Option<Span>,
    ) -> Result<String> {
        let mut schedule = RotationSchedule::default();
        if let Some(span) = publish_for {
            schedule.publish_for = span.0;
        }
        if let Some(span) = keep_verifying {
            schedule.keep_verifying = span.0;
        }
        Ok(self.lock().rotate_with(now.unwrap_or_else(present), &schedule)?)
    }

    /// The keys and where they are in their lives at `now`, a datetime with a time zone; by default the
    /// present.
    #[pyo3(signature = (now=None))]
    fn keys(&self, now: Option<OffsetDateTime>) -> Vec<KeyInfo> {
        self.now().keys(now.unwrap_or_else(present)).into_iter().map(KeyInfo).collect()
    }

    fn __repr__(&self) -> String {
        let keys = self.now().keys(present());
        let keys: Vec<_> = keys.iter().map(describe).collect();
        format!("<Keyring {}>", keys.join(", "))
    }
}

/// What may be told about a key.
#[pyclass(module = "sessera", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct KeyInfo(sessera::KeyInfo);

#[pymethods]
impl KeyInfo {
    /// The name of the key, as in a token's header.
    #[getter]
    fn kid(&self) -> &str {
        &self.0.kid
    }

    /// What the key signs and verifies with: `EdDSA`, `ES256`, `HS256` or `RS256`.
    #[getter]
    fn algorithm(&self) -> &'static str {
        self.0.algorithm.name()
    }

    /// Where the key is in its life: `published`, `signing`, `verifying` or `retired`.
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state.name()
    }

    /// Whether this ring holds the private part, or the secret of a MAC.
    #[getter]
    fn private(&self) -> bool {
        self.0.private
    }

    /// When the key was made, if that is known.
    #[getter]
    fn made_at(&self) -> Option<OffsetDateTime> {
        self.0.made_at
    }

    /// From when the key signs, if that was set.
    #[getter]
    fn signs_from(&self) -> Option<OffsetDateTime> {
        self.0.signs_from
    }

    /// Until when the key verifies; None is for ever.
    #[getter]
    fn verifies_until(&self) -> Option<OffsetDateTime> {
        self.0.verifies_until
    }

    fn __repr__(&self) -> String {
        format!("<KeyInfo {}>", describe(&self.0))
    }
}

/// A key of a public JWK Set that is not in the `Keyring`: of another key type or algorithm, for encryption, or
/// without `alg`.
#[pyclass(module = "sessera", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct SkippedKey(sessera::SkippedKey);

#[pymethods]
impl SkippedKey {
    /// The `kid` as the set has it, or None. Another party chose it: escape it where it is shown.
    #[getter]
    fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// Why the key can't be used here, as text for people.
    #[getter]
    fn reason(&self) -> &str {
        &self.0.reason
    }

    fn __repr__(&self) -> String {
        match &self.0.kid {
            Some(kid) => format!("<SkippedKey {kid:?}: {}>", self.0.reason),
            None => format!("<SkippedKey: {}>", self.0.reason),
        }
    }
}

fn describe(key: &sessera::KeyInfo) -> String {
    format!("{} {} {}", key.algorithm, key.kid, key.state)
}

/// A key file that a running process watches, so that it picks up a rotation.
///
/// Raises `InvalidKey`, as `Keyring.load`.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct KeyringFile(Mutex<Watched>);

struct Watched {
    file: sessera::KeyringFile,
    keyring: sessera::Keyring,
}

impl KeyringFile {
    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl KeyringFile {
    #[new]
    #[pyo3(signature = (path, *, allow_rs256=false, public_only=false))]
    fn new(py: Python<'_>, path: PathBuf, allow_rs256: bool, public_only: bool) -> Result<Self> {
        let open = || sessera::KeyringFile::open_with(path, options(allow_rs256, public_only));
        let (file, keyring) = py.detach(open)?;
        Ok(Self(Mutex::new(Watched { file, keyring })))
    }

    /// The ring, as it was loaded last.
    #[getter]
    fn keyring(&self, py: Python<'_>) -> Keyring {
        py.detach(|| self.lock().keyring.clone()).into()
    }

    /// The ring, if the file is another one than at the last call; else None. Costs one `stat` then.
    ///
    /// Raises `InvalidKey`, as `Keyring.load`, again at each call until the file is good: keep the ring that
    /// you have.
    fn reload_if_changed(&self, py: Python<'_>) -> Result<Option<Keyring>> {
        let newer = py.detach(|| -> sessera::Result<_> {
            let mut watched = self.lock();
            let newer = watched.file.reload_if_changed()?;
            if let Some(keyring) = &newer {
                watched.keyring = keyring.clone();
            }
            Ok(newer)
        })?;
        Ok(newer.map(Keyring::from))
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        format!("<KeyringFile {}>", self.keyring(py).__repr__())
    }
}

//! Settings of a store.

use std::fmt;
use std::time::Duration;

use sessera::{RevocationIndex, Wait};
use zeroize::Zeroizing;

/// How a [`RedisStore`](crate::RedisStore) is opened.
///
/// ```
/// use sessera::Wait;
/// use sessera_redis::RedisOptions;
///
/// let options = RedisOptions {
///     name: "shop-7".to_owned(),
///     secret: Some("the same on every machine, and nowhere in Redis".into()),
///     wait: Wait::Replicated(1),
///     ..RedisOptions::default()
/// };
/// ```
#[derive(Debug, Clone)]
pub struct RedisOptions {
    /// What all keys begin with, in braces: `{sessera}:log`. Deployments that share a server have one each.
    /// Letters, digits and `_.:-`, at most 64. Default `sessera`.
    pub namespace: String,
    /// What this verifier calls itself to others, who see it where it has not
    /// [confirmed](Wait::Confirmed) a revocation. Letters, digits and `_.-`, at most 64; process id and 4
    /// hexadecimal digits are added. Default `verifier`.
    pub name: String,
    /// Keys the names of subjects, data and lists in Redis, so that nobody who reads it can try subjects. The
    /// same in the whole fleet: a process with another one refuses to open.
    /// [`Keyring::store_secret`](sessera::Keyring::store_secret) is one that all machines have. Default: none.
    pub secret: Option<Secret>,
    /// What happens where Redis can't be reached at the start. Default [`Start::Require`].
    pub start: Start,
    /// What a revocation waits for, where its call does not say. Default [`Wait::Stored`]. Rotations are
    /// stored, and wait for nothing more.
    pub wait: Wait,
    /// How long a revocation waits for replicas or verifiers before it fails with `store_unavailable`; it is
    /// stored or pending all the same, as the error says. Default 2 s.
    pub wait_timeout: Duration,
    /// How long anything else may take: to connect, to write, to answer. Default 2 s. A Redis that is silent for
    /// longer than `beat_interval` (500 ms where that is shorter) is given up before: calls fail at once until it
    /// answers again.
    pub timeout: Duration,
    /// How often this process writes that it lives, and learns that it has missed nothing. Default 500 ms; what
    /// the policy calls fresh must be a multiple of it.
    pub beat_interval: Duration,
    /// Of how many replicas a beat must be acknowledged to count, so that a primary that is cut off from them
    /// makes its verifiers stale. Default 0, which leaves a fleet working while no replica is there.
    pub min_replicas: u32,
    /// Whether a beat counts only where most of the sentinels name the same primary after it was sent, so that a
    /// former primary that was frozen or cut off is left at once. It matters where the URL names sentinels and
    /// `min_replicas` is 0. Name all sentinels in the URL: without most of them no beat counts. Default `true`.
    pub ask_sentinels: bool,
    /// The issuer of the sessions. A process with another issuer on the same namespace is refused, since a
    /// revocation of a subject, or of everything, would reach the sessions of both. Default: none, which checks
    /// nothing.
    pub issuer: Option<String>,
    /// How many connections there may be besides that of the tail. Default 4.
    pub connections: usize,
    /// How many entries of the log are kept at most. A verifier that was away for longer reads the whole state
    /// instead. Default 100,000.
    pub log_entries: usize,
    /// After how long a verifier that was killed is no longer waited for by [`Wait::Confirmed`]. At least
    /// `Policy::stale_after`, after which it would know itself that it is stale. Default 30 s.
    pub verifier_lease: Duration,
    /// How many marks of sessions and subjects this process holds at most; see [`RevocationIndex`]. Default
    /// [`RevocationIndex::DEFAULT_QUOTA`].
    pub quota: usize,
    /// Certificates, in PEM, that the server's must be signed by, in place of the system's.
    pub root_certificates: Option<Vec<u8>>,
}

/// What to do where Redis can't be reached when a store is opened. Settings that can't work fail either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// Fail with `store_unavailable`.
    #[default]
    Require,
    /// Start without marks, which is not ready ([`Freshness::Loading`](sessera::Freshness::Loading)), and load
    /// them as soon as Redis is there.
    Stale,
}

/// A text or bytes that nobody else knows.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            namespace: "sessera".to_owned(),
            name: "verifier".to_owned(),
            secret: None,
            start: Start::default(),
            wait: Wait::default(),
            wait_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(2),
            beat_interval: Duration::from_millis(500),
            min_replicas: 0,
            ask_sentinels: true,
            issuer: None,
            connections: 4,
            log_entries: 100_000,
            verifier_lease: Duration::from_secs(30),
            quota: RevocationIndex::DEFAULT_QUOTA,
            root_certificates: None,
        }
    }
}

impl Secret {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<T: Into<Vec<u8>>> From<T> for Secret {
    fn from(secret: T) -> Self {
        Self(Zeroizing::new(secret.into()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

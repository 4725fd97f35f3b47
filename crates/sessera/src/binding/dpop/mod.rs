//! Proof that the caller holds a key which never leaves its device (DPoP, RFC 9449).

mod claims;
mod der;
mod header;
mod key;
mod replay;
mod signer;
mod target;

use std::fmt;
use std::time::Duration;

use ring::digest::{SHA256, digest};
use time::OffsetDateTime;

use self::claims::ProofClaims;
pub use self::key::DpopKey;
use self::replay::ReplayCache;
pub use self::signer::ProofSigner;
use crate::clock::{instant, unix_millis};
use crate::codec::base64url;
use crate::error::{ErrorKind, Result, SessionError};
use crate::jose::jws::{Compact, LONGEST_PAYLOAD};
use crate::keyring::thumbprint;

/// The type of a proof, by which it can't be taken for another token, nor another token for it.
const TYP: &str = "dpop+jwt";

/// Most characters of a proof's header. It holds a key, so it may be longer than a session's.
const MOST_HEADER: usize = 2048;

/// How long a proof is good, and how many are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DpopSettings {
    /// How old a proof may be. Default 60 s; from 1 s to 1 h. Until then its `jti` is remembered.
    pub max_age: Duration,
    /// How far a client's clock may be ahead. Default 5 s; at most 5 min.
    pub leeway: Duration,
    /// How many proofs are remembered at once, at some 70 bytes each. Default 262,144, which is 4,000 a second.
    /// Beyond that, proofs are refused: one that can't be remembered could be used twice.
    pub capacity: usize,
}

impl Default for DpopSettings {
    fn default() -> Self {
        Self { max_age: Duration::from_secs(60), leeway: Duration::from_secs(5), capacity: 1 << 18 }
    }
}

/// What a proof must fit.
#[derive(Clone, Copy, Default)]
pub struct ProofRequest<'a> {
    /// The value of the `DPoP` header. A request with two of them is to be refused unseen (RFC 9449 §4.3).
    pub proof: &'a str,
    /// The request's method, as it came.
    pub method: &'a str,
    /// The request's URL as the client wrote it: behind a proxy, the public one. Query and fragment do not
    /// count.
    pub url: &'a str,
    /// The token that came beside the proof, which must then name it (`ath`). None only where none is due yet,
    /// as at a login.
    pub access_token: Option<&'a str>,
    /// The thumbprint of the key that the proof must be of. It is checked before the proof is remembered, so
    /// that strangers can't fill the memory: set it wherever it is known.
    pub thumbprint: Option<&'a str>,
    /// The nonce that the server gave out last, where it gives out any (RFC 9449 §8).
    pub nonce: Option<&'a str>,
}

impl fmt::Debug for ProofRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProofRequest").field("method", &self.method).finish_non_exhaustive()
    }
}

/// A proof that held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DpopProof {
    /// The RFC 7638 thumbprint of the key, for [`Client::key`](crate::Client::key).
    pub thumbprint: String,
    /// The proof's own id (`jti`), as the client chose it.
    pub id: String,
    /// When the client made it (`iat`), by the client's clock.
    pub issued_at: OffsetDateTime,
}

/// Checks proofs, and remembers them so that each is good only once.
///
/// It remembers in this process: where several serve the same URL, a stolen proof could be used once at each
/// while it lasts.
///
/// ```
/// use sessera::binding::{DpopKey, DpopSettings, DpopVerifier, ProofRequest};
/// use sessera::Algorithm;
/// use time::OffsetDateTime;
/// # fn main() -> Result<(), sessera::SessionError> {
/// let now = OffsetDateTime::now_utc();
/// let key = DpopKey::generate(Algorithm::Es256)?;
/// let proof = key.proof("GET", "https://api.example/me", Some("a.b.c"), None, now)?;
///
/// let verifier = DpopVerifier::new(DpopSettings::default())?;
/// let request = ProofRequest {
///     proof: &proof,
///     method: "GET",
///     url: "https://api.example/me?full=1",
///     access_token: Some("a.b.c"),
///     ..Default::default()
/// };
/// assert_eq!(verifier.verify(&request, now)?.thumbprint, key.thumbprint());
/// assert_eq!(verifier.verify(&request, now).unwrap_err().code(), "reused");
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct DpopVerifier {
    max_age: u64,
    leeway: u64,
    seen: ReplayCache,
}

impl DpopVerifier {
    /// A verifier that has seen no proof yet.
    ///
    /// # Errors
    /// [`InvalidConfig`](ErrorKind::InvalidConfig) for settings outside their ranges.
    pub fn new(settings: DpopSettings) -> Result<Self> {
        let (max_age, leeway) = (settings.max_age.as_secs(), settings.leeway.as_secs());
        if !(1..=3600).contains(&max_age) || leeway > 300 || settings.capacity == 0 {
            return Err(SessionError::new(
                ErrorKind::InvalidConfig,
                "a proof's age is from 1 s to 1 h, its leeway at most 5 min, and some must be remembered",
            ));
        }
        Ok(Self { max_age, leeway, seen: ReplayCache::new(settings.capacity) })
    }

    /// Checks a proof by RFC 9449 §4.3, and remembers it.
    ///
    /// # Errors
    /// [`TooLarge`](ErrorKind::TooLarge), [`Malformed`](ErrorKind::Malformed): not a proof, or its key is
    /// private, weak or of no use.
    /// [`WrongType`](ErrorKind::WrongType), [`UnsupportedAlgorithm`](ErrorKind::UnsupportedAlgorithm): another
    /// token, or none of EdDSA and ES256.
    /// [`BadSignature`](ErrorKind::BadSignature).
    /// [`InvalidClaim`](ErrorKind::InvalidClaim): made for another request, token or nonce.
    /// [`Expired`](ErrorKind::Expired), [`NotYetValid`](ErrorKind::NotYetValid): made too long ago, or later
    /// than now.
    /// [`BindingMismatch`](ErrorKind::BindingMismatch): of another key.
    /// [`Reused`](ErrorKind::Reused): shown before. A client that repeats a request makes a new proof.
    /// [`StoreUnavailable`](ErrorKind::StoreUnavailable): too many proofs to remember this one.
    pub fn verify(&self, request: &ProofRequest<'_>, now: OffsetDateTime) -> Result<DpopProof> {
        let parts = Compact::split_within(request.proof, MOST_HEADER)?;
        let key = header::read(parts.header())?;
        let mut buffer = [0; LONGEST_PAYLOAD];
        let payload = parts.decode_payload(&mut buffer)?;
        parts.check_signature(|message, signature| key.verify(message, signature))?;
        // Only now is anything said of the claims.
        let claims = ProofClaims::read(payload)?;
        claims.check_request(request)?;
        let now = unix_millis(now) / 1000;
        let good_until = self.check_time(claims.issued_at, now)?;
        let thumbprint = thumbprint(&key)
            .ok_or_else(|| SessionError::new(ErrorKind::Malformed, "the proof's key is not a public key"))?;
        if request.thumbprint.is_some_and(|bound| bound != thumbprint) {
            return Err(SessionError::new(ErrorKind::BindingMismatch, "the proof is of another key"));
        }
        self.seen.remember(&thumbprint, &claims.id, good_until, now)?;
        Ok(DpopProof {
            thumbprint,
            id: claims.id.into_owned(),
            issued_at: instant(claims.issued_at.saturating_mul(1000)),
        })
    }

    /// Returns the last second in which the proof passes.
    fn check_time(&self, issued_at: u64, now: u64) -> Result<u64> {
        if issued_at > now.saturating_add(self.leeway) {
            return Err(SessionError::new(ErrorKind::NotYetValid, "the proof was made later than now"));
        }
        let good_until = issued_at.saturating_add(self.max_age);
        if good_until < now {
            return Err(SessionError::new(ErrorKind::Expired, "the proof was made too long ago"));
        }
        Ok(good_until)
    }
}

/// The `ath` claim of a token: the hash that names it.
fn access_token_hash(token: &str) -> String {
    base64url::encode(digest(&SHA256, token.as_bytes()))
}

#[cfg(test)]
mod tests;

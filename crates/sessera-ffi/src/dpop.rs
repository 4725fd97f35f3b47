//! Proof that the caller holds a key which never leaves its device (DPoP, RFC 9449).

use std::sync::Arc;

use sessera::binding;
use sessera::{Algorithm, ErrorKind};

use crate::{Duration, Instant, Result};

/// Why a key store did not sign.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ProofKeyError {
    /// The key is gone: the device was reset, or what protects the key was changed. A proof then fails with
    /// `invalid_key`.
    #[error("the proof key is lost")]
    Lost,
    /// The key can't be used now: the device is locked, or the user refused. A proof then fails with
    /// `store_unavailable`.
    #[error("the proof key can't be used now")]
    Unavailable,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ProofKeyError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Unavailable
    }
}

/// Signs with a key that never leaves its place: the Secure Enclave, the Android Keystore.
#[uniffi::export(foreign)]
pub trait ProofSigner: Send + Sync {
    /// The signature of `message`. With Ed25519 the 64 bytes of RFC 8032; with P-256 the one of ECDSA with
    /// SHA-256, as `r` and `s` of 32 bytes each or in DER.
    fn sign(&self, message: Vec<u8>) -> std::result::Result<Vec<u8>, ProofKeyError>;
}

/// A signer of the other language.
struct ForeignSigner(Arc<dyn ProofSigner>);

impl binding::ProofSigner for ForeignSigner {
    fn sign(&self, message: &[u8]) -> sessera::Result<Vec<u8>> {
        self.0.sign(message.to_vec()).map_err(|error| {
            let kind = match error {
                ProofKeyError::Lost => ErrorKind::InvalidKey,
                ProofKeyError::Unavailable => ErrorKind::StoreUnavailable,
            };
            sessera::SessionError::new(kind, error.to_string())
        })
    }
}

/// A client's key for proofs: one that this process holds (`generate`), or one that a key store keeps and only
/// signs with (`kept`).
#[derive(uniffi::Object)]
pub struct DpopKey(binding::DpopKey);

#[uniffi::export]
impl DpopKey {
    /// A new key, for EdDSA or ES256. It lives as long as this object.
    #[uniffi::constructor]
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        Ok(Self(binding::DpopKey::generate(algorithm)?))
    }

    /// The key that `signer` signs with, by its public part: a JWK of Ed25519 or P-256 (RFC 7517). Fails with
    /// `invalid_key` for anything else.
    #[uniffi::constructor]
    pub fn kept(public_jwk: &str, signer: Arc<dyn ProofSigner>) -> Result<Self> {
        Ok(Self(binding::DpopKey::kept(public_jwk, ForeignSigner(signer))?))
    }

    /// The RFC 7638 thumbprint, to which a session is bound.
    pub fn thumbprint(&self) -> String {
        self.0.thumbprint().to_owned()
    }

    /// A proof for one request: the value of its `DPoP` header. Each request needs its own, a repeated one too.
    ///
    /// `access_token` is the token that goes beside it, `nonce` the one that the server gave out last, and `now`
    /// the server's time as the client knows it; the present moment if it is not given.
    #[uniffi::method(default(access_token = None, nonce = None, now = None))]
    pub fn proof(
        &self,
        method: &str,
        url: &str,
        access_token: Option<String>,
        nonce: Option<String>,
        now: Option<Instant>,
    ) -> Result<String> {
        let now = crate::time::now(now);
        Ok(self.0.proof(method, url, access_token.as_deref(), nonce.as_deref(), now)?)
    }
}

/// How long a proof is good, and how many are remembered. What is not given is the default.
#[derive(Default, uniffi::Record)]
pub struct DpopSettings {
    /// How old a proof may be. Default 60 s; from 1 s to 1 h.
    #[uniffi(default)]
    pub max_age: Option<Duration>,
    /// How far a client's clock may be ahead. Default 5 s; at most 5 min.
    #[uniffi(default)]
    pub leeway: Option<Duration>,
    /// How many proofs are remembered at once. Default 262,144. Beyond that, proofs are refused.
    #[uniffi(default)]
    pub capacity: Option<u32>,
}

impl From<DpopSettings> for binding::DpopSettings {
    fn from(settings: DpopSettings) -> Self {
        let DpopSettings { max_age, leeway, capacity } = settings;
        let default = Self::default();
        Self {
            max_age: max_age.map_or(default.max_age, Into::into),
            leeway: leeway.map_or(default.leeway, Into::into),
            capacity: capacity.map_or(default.capacity, |most| usize::try_from(most).unwrap_or(usize::MAX)),
        }
    }
}

/// What a proof must fit.
#[derive(uniffi::Record)]
pub struct ProofRequest {
    /// The value of the `DPoP` header. A request with two of them is to be refused unseen.
    pub proof: String,
    /// The request's method, as it came.
    pub method: String,
    /// The request's URL as the client wrote it: behind a proxy, the public one. Query and fragment do not count.
    pub url: String,
    /// The token that came beside the proof, which must then name it. None only where none is due yet, as at a
    /// login.
    #[uniffi(default)]
    pub access_token: Option<String>,
    /// The thumbprint of the key that the proof must be of: set it wherever it is known.
    #[uniffi(default)]
    pub thumbprint: Option<String>,
    /// The nonce that the server gave out last, where it gives out any.
    #[uniffi(default)]
    pub nonce: Option<String>,
}

/// A proof that held.
#[derive(uniffi::Record)]
pub struct DpopProof {
    /// The RFC 7638 thumbprint of the key, for `Client.key`.
    pub thumbprint: String,
    /// The proof's own id, as the client chose it.
    pub id: String,
    /// When the client made it, by the client's clock.
    pub issued_at: Instant,
}

impl From<binding::DpopProof> for DpopProof {
    fn from(proof: binding::DpopProof) -> Self {
        let binding::DpopProof { thumbprint, id, issued_at } = proof;
        Self { thumbprint, id, issued_at: issued_at.into() }
    }
}

/// Checks proofs, and remembers them so that each is good only once.
#[derive(uniffi::Object)]
pub struct DpopVerifier(binding::DpopVerifier);

#[uniffi::export]
impl DpopVerifier {
    /// A verifier that has seen no proof yet. Fails with `invalid_config` for settings outside their ranges.
    #[uniffi::constructor(default(settings))]
    pub fn new(settings: DpopSettings) -> Result<Self> {
        Ok(Self(binding::DpopVerifier::new(settings.into())?))
    }

    /// Checks a proof by RFC 9449 §4.3, and remembers it. `now` is the present moment if it is not given.
    #[uniffi::method(default(now = None))]
    pub fn verify(&self, request: ProofRequest, now: Option<Instant>) -> Result<DpopProof> {
        let ProofRequest { proof, method, url, access_token, thumbprint, nonce } = &request;
        let request = binding::ProofRequest {
            proof,
            method,
            url,
            access_token: access_token.as_deref(),
            thumbprint: thumbprint.as_deref(),
            nonce: nonce.as_deref(),
        };
        Ok(self.0.verify(&request, crate::time::now(now))?.into())
    }
}

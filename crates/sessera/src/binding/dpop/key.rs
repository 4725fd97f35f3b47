//! The client's side: a key of the device, and its proofs.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;

use super::signer::{Kept, ProofSigner};
use super::target::without_query;
use super::{TYP, access_token_hash, header};
use crate::clock::unix_millis;
use crate::codec::base64url;
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::{Algorithm, Material, thumbprint};
use crate::random;

/// A client's key for proofs: one that this process holds ([`generate`](Self::generate)), or one that a key
/// store keeps and only signs with ([`kept`](Self::kept)).
pub struct DpopKey {
    holder: Holder,
    /// The encoded header of its proofs, with the dot that ends it.
    header: String,
    thumbprint: String,
}

enum Holder {
    Own(Material),
    Kept(Kept),
}

#[derive(Serialize)]
struct Claims<'a> {
    jti: &'a str,
    htm: &'a str,
    htu: &'a str,
    iat: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ath: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
}

impl DpopKey {
    /// A new key, for EdDSA or ES256.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) for another algorithm, or if the system gives no random bytes.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        Self::of(Holder::Own(Material::generate(algorithm)?))
    }

    /// The key that `signer` signs with, by its public part: a JWK of Ed25519 or P-256 (RFC 7517).
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) for anything but such a public key.
    pub fn kept(public_jwk: &str, signer: impl ProofSigner) -> Result<Self> {
        let public = header::read_jwk(public_jwk).map_err(|cause| {
            SessionError::new(ErrorKind::InvalidKey, "this is not a public JWK of Ed25519 or P-256")
                .caused_by(cause)
        })?;
        Self::of(Holder::Kept(Kept::new(public, signer)))
    }

    fn of(holder: Holder) -> Result<Self> {
        let material = match &holder {
            Holder::Own(material) => material,
            Holder::Kept(kept) => kept.public(),
        };
        let jwk = match material {
            Material::Ed25519 { public, .. } => {
                format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, base64url::encode(public))
            }
            Material::P256 { public, .. } => format!(
                r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"}}"#,
                base64url::encode(&public[1..33]),
                base64url::encode(&public[33..])
            ),
            Material::Hmac { .. } | Material::Rsa(_) => return Err(unfit()),
        };
        let algorithm = material.algorithm();
        let mut header = base64url::encode(format!(r#"{{"typ":"{TYP}","alg":"{algorithm}","jwk":{jwk}}}"#));
        header.push('.');
        let thumbprint = thumbprint(material).ok_or_else(unfit)?;
        Ok(Self { holder, header, thumbprint })
    }

    /// The RFC 7638 thumbprint, to which a session is bound.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }

    /// A proof for one request: the value of its `DPoP` header. Each request needs its own, a repeated one
    /// too.
    ///
    /// # Errors
    /// [`InvalidKey`](ErrorKind::InvalidKey) if the key could not sign, or what its store signed does not hold;
    /// of a key store, the error that it told,
    /// [`StoreUnavailable`](ErrorKind::StoreUnavailable) if the system gives no random bytes.
    pub fn proof(
        &self,
        method: &str,
        url: &str,
        access_token: Option<&str>,
        nonce: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<String> {
        let access_token_hash = access_token.map(access_token_hash);
        let claims = Claims {
            jti: &base64url::encode(random::array::<16>()?),
            htm: method,
            htu: without_query(url),
            iat: unix_millis(now) / 1000,
            ath: access_token_hash.as_deref(),
            nonce,
        };
        let claims = serde_json::to_string(&claims).map_err(|source| {
            SessionError::new(ErrorKind::Malformed, "the proof can't be written as JSON").caused_by(source)
        })?;
        let mut proof = self.header.clone();
        base64url::encode_into(claims, &mut proof);
        let signature = match &self.holder {
            Holder::Own(material) => material.sign(proof.as_bytes())?,
            Holder::Kept(kept) => kept.sign(proof.as_bytes())?,
        };
        proof.push('.');
        base64url::encode_into(signature, &mut proof);
        Ok(proof)
    }
}

impl fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.holder {
            Holder::Own(material) => write!(f, "DpopKey({})", material.algorithm()),
            Holder::Kept(kept) => write!(f, "DpopKey({}, kept)", kept.public().algorithm()),
        }
    }
}

fn unfit() -> SessionError {
    SessionError::new(ErrorKind::InvalidKey, "a proof is signed with EdDSA or ES256")
}

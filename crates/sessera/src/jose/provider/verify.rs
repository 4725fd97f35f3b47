//! Public keys of `jsonwebtoken` to verifiers.

use jsonwebtoken::crypto::JwtVerifier;
use jsonwebtoken::errors::Result;
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use signature::Verifier;

use super::{keys, unsupported, wrong_family};

/// A key for one algorithm.
struct RingVerifier {
    algorithm: Algorithm,
    key: VerifyingKey,
}

enum VerifyingKey {
    Hmac(hmac::Key),
    /// A point: uncompressed on a NIST curve, or of Ed25519.
    Point(UnparsedPublicKey<Vec<u8>>),
    Rsa(RsaPublicKeyComponents<Vec<u8>>, &'static RsaParameters),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's field has this type")]
pub(super) fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let algorithm = *algorithm;
    if key.family() != algorithm.family() {
        return Err(wrong_family());
    }
    let key = match algorithm {
        Algorithm::HS256 => hmac_key(hmac::HMAC_SHA256, key)?,
        Algorithm::HS384 => hmac_key(hmac::HMAC_SHA384, key)?,
        Algorithm::HS512 => hmac_key(hmac::HMAC_SHA512, key)?,
        Algorithm::ES256 => point(&ECDSA_P256_SHA256_FIXED, key)?,
        Algorithm::ES384 => point(&ECDSA_P384_SHA384_FIXED, key)?,
        Algorithm::EdDSA => point(&ED25519, key)?,
        Algorithm::RS256 => rsa_key(&RSA_PKCS1_2048_8192_SHA256, key)?,
        Algorithm::RS384 => rsa_key(&RSA_PKCS1_2048_8192_SHA384, key)?,
        Algorithm::RS512 => rsa_key(&RSA_PKCS1_2048_8192_SHA512, key)?,
        Algorithm::PS256 => rsa_key(&RSA_PSS_2048_8192_SHA256, key)?,
        Algorithm::PS384 => rsa_key(&RSA_PSS_2048_8192_SHA384, key)?,
        Algorithm::PS512 => rsa_key(&RSA_PSS_2048_8192_SHA512, key)?,
        _ => return Err(unsupported()),
    };
    Ok(Box::new(RingVerifier { algorithm, key }))
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> signature::Result<()> {
        match &self.key {
            VerifyingKey::Hmac(key) => hmac::verify(key, message, signature),
            VerifyingKey::Point(key) => key.verify(message, signature),
            VerifyingKey::Rsa(key, parameters) => key.verify(parameters, message, signature),
        }
        .map_err(|_| signature::Error::new())
    }
}

fn hmac_key(algorithm: hmac::Algorithm, key: &DecodingKey) -> Result<VerifyingKey> {
    Ok(VerifyingKey::Hmac(hmac::Key::new(algorithm, key.try_get_as_bytes()?)))
}

fn point(algorithm: &'static dyn VerificationAlgorithm, key: &DecodingKey) -> Result<VerifyingKey> {
    Ok(VerifyingKey::Point(UnparsedPublicKey::new(algorithm, key.try_get_as_bytes()?.to_vec())))
}

fn rsa_key(parameters: &'static RsaParameters, key: &DecodingKey) -> Result<VerifyingKey> {
    let (n, e) = match key.kind() {
        DecodingKeyKind::SecretOrDer(der) => keys::rsa_public(der)?,
        DecodingKeyKind::RsaModulusExponent { n, e } => (n.clone(), e.clone()),
    };
    Ok(VerifyingKey::Rsa(RsaPublicKeyComponents { n, e }, parameters))
}

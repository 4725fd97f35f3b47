//! Private keys of `jsonwebtoken` to signers.

use jsonwebtoken::crypto::JwtSigner;
use jsonwebtoken::errors::{ErrorKind, Result, new_error};
use jsonwebtoken::{Algorithm, EncodingKey};
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use signature::Signer;

use super::{invalid_rsa_key, unsupported, wrong_family};

/// A key that is parsed already, for one algorithm.
struct RingSigner {
    algorithm: Algorithm,
    key: SigningKey,
}

enum SigningKey {
    Hmac(hmac::Key),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the provider's field has this type")]
pub(super) fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let algorithm = *algorithm;
    if key.family() != algorithm.family() {
        return Err(wrong_family());
    }
    let key = match algorithm {
        Algorithm::HS256 => hmac_key(hmac::HMAC_SHA256, key),
        Algorithm::HS384 => hmac_key(hmac::HMAC_SHA384, key),
        Algorithm::HS512 => hmac_key(hmac::HMAC_SHA512, key),
        Algorithm::ES256 => SigningKey::Ecdsa(ecdsa_pair(&ECDSA_P256_SHA256_FIXED_SIGNING, key.as_bytes())?),
        Algorithm::ES384 => SigningKey::Ecdsa(ecdsa_pair(&ECDSA_P384_SHA384_FIXED_SIGNING, key.as_bytes())?),
        Algorithm::EdDSA => SigningKey::Ed25519(ed25519_pair(key.as_bytes())?),
        Algorithm::RS256 => rsa_key(&RSA_PKCS1_SHA256, key)?,
        Algorithm::RS384 => rsa_key(&RSA_PKCS1_SHA384, key)?,
        Algorithm::RS512 => rsa_key(&RSA_PKCS1_SHA512, key)?,
        Algorithm::PS256 => rsa_key(&RSA_PSS_SHA256, key)?,
        Algorithm::PS384 => rsa_key(&RSA_PSS_SHA384, key)?,
        Algorithm::PS512 => rsa_key(&RSA_PSS_SHA512, key)?,
        _ => return Err(unsupported()),
    };
    Ok(Box::new(RingSigner { algorithm, key }))
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> signature::Result<Vec<u8>> {
        let random = SystemRandom::new();
        let failed = |_| signature::Error::new();
        match &self.key {
            SigningKey::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            SigningKey::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            SigningKey::Ecdsa(pair) => {
                pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()).map_err(failed)
            }
            SigningKey::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

/// A P-256 or P-384 key in PKCS#8, with its public part.
pub(super) fn ecdsa_pair(algorithm: &'static EcdsaSigningAlgorithm, der: &[u8]) -> Result<EcdsaKeyPair> {
    EcdsaKeyPair::from_pkcs8(algorithm, der, &SystemRandom::new())
        .map_err(|_| new_error(ErrorKind::InvalidEcdsaKey))
}

/// An Ed25519 key in PKCS#8. OpenSSL leaves the public part out; where it is in, ring checks it.
pub(super) fn ed25519_pair(der: &[u8]) -> Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| new_error(ErrorKind::InvalidEddsaKey))
}

/// An RSA key in PKCS#1, as `jsonwebtoken` takes it out of PEM, or in PKCS#8.
pub(super) fn rsa_pair(der: &[u8]) -> Result<RsaKeyPair> {
    RsaKeyPair::from_der(der)
        .or_else(|error| RsaKeyPair::from_pkcs8(der).map_err(|_| invalid_rsa_key(error.to_string())))
}

fn hmac_key(algorithm: hmac::Algorithm, key: &EncodingKey) -> SigningKey {
    SigningKey::Hmac(hmac::Key::new(algorithm, key.as_bytes()))
}

fn rsa_key(encoding: &'static dyn RsaEncoding, key: &EncodingKey) -> Result<SigningKey> {
    rsa_pair(key.as_bytes()).map(|pair| SigningKey::Rsa(pair, encoding))
}

//! What a key computes with: parsed, checked and prepared once, when it is loaded.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use ring::{hmac, rand};
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::check;
use super::signature::Signature;
use super::{invalid, pem};
use crate::error::Result;

/// 32 bytes that nobody else may see: an Ed25519 seed or a P-256 scalar.
pub(crate) type Secret = Zeroizing<[u8; 32]>;

/// The fewest bytes of an HMAC key: those of its hash (RFC 7518 §3.2).
pub(crate) const HMAC_LENGTH: usize = 32;

/// A P-256 point, uncompressed: 4, x, y.
pub(crate) type Point = [u8; 65];

/// A key of one of the algorithms. The private half, where there is one, is kept beside its prepared form
/// because ring's key pairs do not give it back and a keyring must be able to save it.
pub(crate) enum Material {
    Ed25519 { public: [u8; 32], private: Option<Private<Ed25519KeyPair>> },
    P256 { public: Point, private: Option<Private<EcdsaKeyPair>> },
    Hmac { key: hmac::Key, secret: Zeroizing<Vec<u8>> },
    Rsa(RsaPublicKeyComponents<Box<[u8]>>),
}

pub(crate) struct Private<P> {
    pub(crate) pair: P,
    pub(crate) secret: Secret,
}

impl Material {
    /// A new key from the system's random numbers.
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self> {
        match algorithm {
            Algorithm::EdDsa => Self::ed25519_of_seed(random_secret()?),
            Algorithm::Es256 => pem::generate_p256(),
            Algorithm::Hs256 => Self::hmac(Zeroizing::new(random_secret()?.to_vec())),
            Algorithm::Rs256 => Err(invalid("RS256 keys only verify: generate EdDSA, ES256 or HS256")),
        }
    }

    pub(crate) fn ed25519_public(public: [u8; 32]) -> Result<Self> {
        check::ed25519(&public)?;
        Ok(Self::Ed25519 { public, private: None })
    }

    pub(crate) fn ed25519_of_seed(seed: Secret) -> Result<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&*seed)
            .map_err(|_| invalid("the Ed25519 seed is unusable"))?;
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Ok(Self::Ed25519 { public, private: Some(Private { pair, secret: seed }) })
    }

    pub(crate) fn ed25519_pair(seed: Secret, public: &[u8; 32]) -> Result<Self> {
        check::ed25519(public)?;
        match Self::ed25519_of_seed(seed)? {
            Self::Ed25519 { public: derived, .. } if derived != *public => {
                Err(invalid("its private part does not belong to its public part"))
            }
            material => Ok(material),
        }
    }

    pub(crate) fn p256_public(public: Point) -> Result<Self> {
        check::p256(&public)?;
        Ok(Self::P256 { public, private: None })
    }

    pub(crate) fn p256_pair(scalar: Secret, public: Point) -> Result<Self> {
        check::p256(&public)?;
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &*scalar,
            &public,
            &random,
        )
        .map_err(|_| invalid("its private part does not belong to its public part"))?;
        Ok(Self::P256 { public, private: Some(Private { pair, secret: scalar }) })
    }

    pub(crate) fn hmac(secret: Zeroizing<Vec<u8>>) -> Result<Self> {
        if secret.len() < HMAC_LENGTH {
            return Err(invalid("an HMAC key has at least 32 bytes"));
        }
        Ok(Self::Hmac { key: hmac::Key::new(hmac::HMAC_SHA256, &secret), secret })
    }

    /// Modulus and exponent, both big-endian without leading zeros.
    pub(crate) fn rsa_public(n: Vec<u8>, e: Vec<u8>) -> Result<Self> {
        check::rsa(&n, &e)?;
        Ok(Self::Rsa(RsaPublicKeyComponents { n: n.into(), e: e.into() }))
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519 { .. } => Algorithm::EdDsa,
            Self::P256 { .. } => Algorithm::Es256,
            Self::Hmac { .. } => Algorithm::Hs256,
            Self::Rsa(_) => Algorithm::Rs256,
        }
    }

    /// The private part, of a key that can sign.
    pub(crate) fn secret(&self) -> Option<&[u8]> {
        match self {
            Self::Ed25519 { private, .. } => private.as_ref().map(|private| private.secret.as_slice()),
            Self::P256 { private, .. } => private.as_ref().map(|private| private.secret.as_slice()),
            Self::Hmac { secret, .. } => Some(secret),
            Self::Rsa(_) => None,
        }
    }

    /// # Errors
    /// `InvalidKey` for a public key.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Signature> {
        match self {
            Self::Ed25519 { private: Some(private), .. } => {
                Ok(Signature::copy(private.pair.sign(message).as_ref()))
            }
            Self::P256 { private: Some(private), .. } => private
                .pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| Signature::copy(signature.as_ref()))
                .map_err(|_| invalid("the key could not sign")),
            Self::Hmac { key, .. } => Ok(Signature::copy(hmac::sign(key, message).as_ref())),
            Self::Ed25519 { private: None, .. } | Self::P256 { private: None, .. } | Self::Rsa(_) => {
                Err(invalid("a public key can't sign"))
            }
        }
    }

    /// Whether the signature holds. MACs are compared in constant time.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519 { public, .. } => {
                UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
            }
            Self::P256 { public, .. } => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public).verify(message, signature).is_ok()
            }
            Self::Hmac { key, .. } => hmac::verify(key, message, signature).is_ok(),
            Self::Rsa(public) => public.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok(),
        }
    }
}

/// 32 bytes for a key that lives long: straight from the system, not from a buffer.
pub(crate) fn random_secret() -> Result<Secret> {
    let mut secret = Secret::default();
    rand::SecureRandom::fill(&SystemRandom::new(), &mut *secret).map_err(|_| crate::random::unavailable())?;
    Ok(secret)
}

//! What `jsonwebtoken` 11 asks of a cryptography provider, done by ring.

mod keys;
mod sign;
mod verify;

use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::errors::{Error, ErrorKind, new_error};

/// A [`CryptoProvider`] for `jsonwebtoken` that is backed by ring: HS, ES, RS and PS with every hash that both
/// know, EdDSA, and what JWKs and their thumbprints need.
///
/// The provider of `jsonwebtoken` is one for the whole process, so this library never installs it, and does not
/// need it: that is for the application, before its first token. Private keys are DER as `jsonwebtoken` holds
/// them: PKCS#8 for EC, where the public part must be in it, and Ed25519; PKCS#1 or PKCS#8 for RSA.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use jsonwebtoken::{EncodingKey, Header, encode};
///
/// // An error here means that another provider was installed before, which is then in use.
/// let _ = sessera::jose::ring_provider().install_default();
/// let token = encode(&Header::default(), &[1, 2, 3], &EncodingKey::from_secret(&[7; 32]))?;
/// # assert_eq!(token.split('.').count(), 3);
/// # Ok(()) }
/// ```
pub fn ring_provider() -> &'static CryptoProvider {
    static PROVIDER: CryptoProvider = CryptoProvider {
        signer_factory: sign::signer,
        verifier_factory: verify::verifier,
        key_utils: keys::UTILS,
    };
    &PROVIDER
}

/// The key is for another family of algorithms than the one asked for.
fn wrong_family() -> Error {
    new_error(ErrorKind::InvalidKeyFormat)
}

fn unsupported() -> Error {
    new_error(ErrorKind::UnsupportedAlgorithm)
}

fn invalid_rsa_key(reason: impl Into<String>) -> Error {
    new_error(ErrorKind::InvalidRsaKey(reason.into()))
}

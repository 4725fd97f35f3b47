//! Public parts of keys, and digests, for JWKs and their thumbprints.

use jsonwebtoken::Algorithm;
use jsonwebtoken::crypto::KeyUtils;
use jsonwebtoken::errors::{ErrorKind, Result, new_error};
use jsonwebtoken::jwk::{EllipticCurve, ThumbprintHash};
use ring::digest::{SHA256, SHA384, SHA512, digest};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, KeyPair as _, RsaPublicKeyComponents,
};

use super::sign::{ecdsa_pair, ed25519_pair, rsa_pair};
use super::{invalid_rsa_key, unsupported};
use crate::keyring::rsa_numbers;

pub(super) const UTILS: KeyUtils = KeyUtils {
    rsa_pub_components_from_private_key: rsa_private,
    rsa_pub_components_from_public_key: rsa_public,
    ec_pub_components_from_private_key: ec_private,
    ed_pub_components_from_private_key: ed_private,
    compute_digest: hash,
};

/// Modulus and exponent of an RSA public key in PKCS#1, as `jsonwebtoken` takes it out of PEM.
pub(super) fn rsa_public(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    rsa_numbers(der).map_err(|_| invalid_rsa_key("the public key is not DER of PKCS#1"))
}

fn rsa_private(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>)> {
    let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::from(rsa_pair(der)?.public_key());
    Ok((n, e))
}

fn ec_private(der: &[u8], algorithm: Algorithm) -> Result<(EllipticCurve, Vec<u8>, Vec<u8>)> {
    let (signing, curve) = match algorithm {
        Algorithm::ES256 => (&ECDSA_P256_SHA256_FIXED_SIGNING, EllipticCurve::P256),
        Algorithm::ES384 => (&ECDSA_P384_SHA384_FIXED_SIGNING, EllipticCurve::P384),
        _ => return Err(new_error(ErrorKind::InvalidEcdsaKey)),
    };
    let pair = ecdsa_pair(signing, der)?;
    // ring's points are uncompressed: 4, x, y.
    let coordinates = &pair.public_key().as_ref()[1..];
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    Ok((curve, x.to_vec(), y.to_vec()))
}

fn ed_private(der: &[u8], curve: &EllipticCurve) -> Result<Vec<u8>> {
    match curve {
        EllipticCurve::Ed25519 => Ok(ed25519_pair(der)?.public_key().as_ref().to_vec()),
        _ => Err(new_error(ErrorKind::InvalidAlgorithm)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the provider's field has this type")]
fn hash(data: &[u8], function: ThumbprintHash) -> Result<Vec<u8>> {
    let algorithm = match function {
        ThumbprintHash::SHA256 => &SHA256,
        ThumbprintHash::SHA384 => &SHA384,
        ThumbprintHash::SHA512 => &SHA512,
        _ => return Err(unsupported()),
    };
    Ok(digest(algorithm, data).as_ref().to_vec())
}

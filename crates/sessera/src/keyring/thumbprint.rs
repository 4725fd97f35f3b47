//! Names of keys.

use ring::digest::{SHA256, digest};

use super::material::Material;
use crate::codec::base64url;
use crate::error::Result;
use crate::random;

/// The name of a key that was given none: the thumbprint of a public key, a random one for a MAC.
pub(crate) fn default_kid(material: &Material) -> Result<String> {
    Ok(match thumbprint(material) {
        Some(thumbprint) => thumbprint,
        None => base64url::encode(random::array::<16>()?),
    })
}

/// The RFC 7638 thumbprint of the public key; a MAC has none.
pub(crate) fn thumbprint(material: &Material) -> Option<String> {
    canonical(material).map(|members| base64url::encode(digest(&SHA256, members.as_bytes())))
}

/// The required members of the public key, in the order and without the spaces of RFC 7638 §3.
fn canonical(material: &Material) -> Option<String> {
    let b64 = |bytes: &[u8]| base64url::encode(bytes);
    match material {
        Material::Ed25519 { public, .. } => {
            Some(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(public)))
        }
        Material::P256 { public, .. } => Some(format!(
            r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#,
            b64(&public[1..33]),
            b64(&public[33..])
        )),
        Material::Rsa(public) => {
            Some(format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(&public.e), b64(&public.n)))
        }
        Material::Hmac { .. } => None,
    }
}

/// Whether a `kid` is one that a token's header can carry: `[A-Za-z0-9_-]{1,64}`.
pub(crate) fn is_kid(kid: &str) -> bool {
    (1..=64).contains(&kid.len())
        && kid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

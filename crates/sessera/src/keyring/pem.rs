//! Keys in PEM: PKCS#8 for private keys, SPKI for public ones.

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef};
use pkcs8::der::{self, Decode as _, Reader as _, SliceReader, TagMode, TagNumber};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

use super::material::{Material, Point, Secret};
use crate::error::{ErrorKind, Result, SessionError};

/// A new P-256 key. ring makes it as PKCS#8, and its key pair gives the scalar back in no other way.
pub(crate) fn generate_p256() -> Result<Material> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| invalid("the system gave no random bytes"))?;
    let info = PrivateKeyInfoRef::try_from(document.as_ref())
        .map_err(|_| invalid("the generated key is unreadable"))?;
    p256_private(info.private_key.as_bytes())
}

/// Reads an `ECPrivateKey` (RFC 5915 §3), the private part of a P-256 key in PKCS#8.
fn p256_private(ec_private_key: &[u8]) -> Result<Material> {
    let (scalar, public) =
        ec_parts(ec_private_key).map_err(|_| invalid("its EC private key is not DER of RFC 5915"))?;
    let public =
        public.ok_or_else(|| invalid("its PKCS#8 holds no public part: export it with openssl pkey"))?;
    Material::p256_pair(scalar, public)
}

fn ec_parts(ec_private_key: &[u8]) -> der::Result<(Secret, Option<Point>)> {
    let mut reader = SliceReader::new(ec_private_key)?;
    let parts = reader.sequence(|body| -> der::Result<_> {
        let _version = u8::decode(body)?;
        let scalar = <&OctetStringRef>::decode(body)?;
        let _curve: Option<ObjectIdentifier> = body.context_specific(TagNumber(0), TagMode::Explicit)?;
        let public = ContextSpecific::<BitStringRef<'_>>::decode_explicit(body, TagNumber(1))?;
        let wrong = || der::Error::from(der::ErrorKind::Failed);
        let scalar = scalar.as_bytes().try_into().map(Secret::new).map_err(|_| wrong())?;
        let public = match public {
            Some(bits) => {
                let bytes = bits.value.as_bytes().ok_or_else(wrong)?;
                Some(Point::try_from(bytes).map_err(|_| wrong())?)
            }
            None => None,
        };
        Ok((scalar, public))
    })?;
    reader.finish()?;
    Ok(parts)
}

fn invalid(message: &'static str) -> SessionError {
    SessionError::new(ErrorKind::InvalidKey, message)
}

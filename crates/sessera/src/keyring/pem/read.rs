//! PEM to keys.

use pkcs8::der::asn1::{BitStringRef, OctetStringRef, UintRef};
use pkcs8::der::pem::decode_label;
use pkcs8::der::{self, Decode as _, Document, Reader as _, SecretDocument, SliceReader};
use pkcs8::{AlgorithmIdentifierRef, PrivateKeyInfoRef};
use spki::SubjectPublicKeyInfoRef;

use super::{EC, ED25519, P256, RSA, ec_private_key};
use crate::error::Result;
use crate::keyring::key::{Key, Life};
use crate::keyring::material::{Material, Point, Secret};
use crate::keyring::options::KeyringOptions;
use crate::keyring::{invalid, thumbprint};

/// The longest PEM, in bytes.
const LONGEST: usize = 64 * 1024;

/// Reads one key, which signs at once if it can.
pub(in crate::keyring) fn read(kid: Option<&str>, text: &str, options: KeyringOptions) -> Result<Key> {
    if kid.is_some_and(|kid| !thumbprint::is_kid(kid)) {
        return Err(invalid("the kid is not 1 to 64 letters, digits, underscores or hyphens"));
    }
    let material = material(text, options).map_err(|error| match kid {
        Some(kid) => invalid(format!(r#"key "{kid}": {error}"#)),
        None => error,
    })?;
    let kid = match kid {
        Some(kid) => kid.to_owned(),
        None => thumbprint::default_kid(&material)?,
    };
    Ok(Key::new(&kid, Life::default(), material))
}

fn material(text: &str, options: KeyringOptions) -> Result<Material> {
    if text.len() > LONGEST {
        return Err(invalid("a PEM key has at most 64 KiB"));
    }
    match decode_label(text.as_bytes()).map_err(|_| invalid("it is not one PEM block of RFC 7468"))? {
        "PRIVATE KEY" if options.public_only => {
            Err(invalid("it is private, and only public keys are expected here"))
        }
        "PRIVATE KEY" => {
            let (_, document) = SecretDocument::from_pem(text).map_err(|_| not_der())?;
            private(&document.decode_msg().map_err(|_| invalid("it is not PKCS#8"))?)
        }
        "PUBLIC KEY" => {
            let (_, document) = Document::from_pem(text).map_err(|_| not_der())?;
            public(&document.decode_msg().map_err(|_| invalid("it is not a SubjectPublicKeyInfo"))?, options)
        }
        other => Err(invalid(advice(other))),
    }
}

/// What to do with PEM that holds something else.
fn advice(label: &str) -> &'static str {
    match label {
        "EC PRIVATE KEY" | "EC PARAMETERS" => {
            "it is in the SEC1 form; convert it to PKCS#8: openssl pkcs8 -topk8 -nocrypt -in key.pem -out pkcs8.pem"
        }
        "RSA PRIVATE KEY" => {
            "RSA only verifies here; take the public part: openssl rsa -in key.pem -pubout -out public.pem"
        }
        "RSA PUBLIC KEY" => {
            "it is in the PKCS#1 form; convert it: openssl rsa -RSAPublicKey_in -in key.pem -pubout -out public.pem"
        }
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => {
            "it is a certificate; take its key: openssl x509 -in certificate.pem -noout -pubkey -out public.pem"
        }
        "ENCRYPTED PRIVATE KEY" => "it is encrypted; decrypt it: openssl pkey -in key.pem -out plain.pem",
        "OPENSSH PRIVATE KEY" => {
            "it is in OpenSSH's own form; generate a key with: openssl genpkey -algorithm ed25519"
        }
        _ => "a PEM key is labelled PRIVATE KEY or PUBLIC KEY",
    }
}

fn private(info: &PrivateKeyInfoRef<'_>) -> Result<Material> {
    let secret = info.private_key.as_bytes();
    let material = match info.algorithm.oid {
        ED25519 => {
            let seed =
                <&OctetStringRef>::from_der(secret).ok().and_then(|seed| seed.as_bytes().try_into().ok());
            Material::ed25519_of_seed(Secret::new(
                seed.ok_or_else(|| invalid("its Ed25519 seed is not 32 bytes"))?,
            ))?
        }
        EC => {
            check_curve(info.algorithm)?;
            ec_private_key::read(secret)?
        }
        RSA => return Err(invalid(advice("RSA PRIVATE KEY"))),
        _ => return Err(unsupported()),
    };
    match (&material, info.public_key.and_then(|public| public.as_bytes())) {
        (Material::Ed25519 { public, .. }, Some(stated)) if stated != public => {
            Err(invalid("its private part does not belong to its public part"))
        }
        _ => Ok(material),
    }
}

fn public(info: &SubjectPublicKeyInfoRef<'_>, options: KeyringOptions) -> Result<Material> {
    let bits: BitStringRef<'_> = info.subject_public_key;
    let bytes = bits.as_bytes().ok_or_else(not_der)?;
    match info.algorithm.oid {
        ED25519 => {
            let point = bytes.try_into().map_err(|_| invalid("its Ed25519 point is not 32 bytes"))?;
            Material::ed25519_public(point)
        }
        EC => {
            check_curve(info.algorithm)?;
            let point =
                Point::try_from(bytes).map_err(|_| invalid("its P-256 point is not an uncompressed one"))?;
            Material::p256_public(point)
        }
        RSA if options.rs256 => {
            let (n, e) = rsa_numbers(bytes).map_err(|_| not_der())?;
            Material::rsa_public(n, e)
        }
        RSA => Err(invalid("RS256 keys are taken only where KeyringOptions::allow_rs256 says so")),
        _ => Err(unsupported()),
    }
}

fn check_curve(algorithm: AlgorithmIdentifierRef<'_>) -> Result<()> {
    match algorithm.parameters_oid() {
        Ok(P256) => Ok(()),
        _ => Err(invalid("its curve is not P-256")),
    }
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 appendix A.1.1).
pub(crate) fn rsa_numbers(der: &[u8]) -> der::Result<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(der)?;
    let numbers = reader.sequence(|body| -> der::Result<_> {
        let (n, e) = (UintRef::decode(body)?, UintRef::decode(body)?);
        Ok((n.as_bytes().to_vec(), e.as_bytes().to_vec()))
    })?;
    reader.finish()?;
    Ok(numbers)
}

fn not_der() -> crate::SessionError {
    invalid("its content is not DER")
}

fn unsupported() -> crate::SessionError {
    invalid("its algorithm is none of Ed25519, EC on P-256 and RSA")
}

//! PEM to keys.

use pkcs8::der::asn1::{BitStringRef, OctetStringRef, UintRef};
use pkcs8::der::{self, Decode as _, Reader as _, SliceReader};
use pkcs8::{AlgorithmIdentifierRef, PrivateKeyInfoRef};
use spki::SubjectPublicKeyInfoRef;

use super::{EC, ED25519, P256, RSA, advice, ec_private_key, text};
use crate::error::{Result, SessionError};
use crate::keyring::key::{Key, Life};
use crate::keyring::material::{Material, Point, Secret};
use crate::keyring::options::KeyringOptions;
use crate::keyring::{PRIVATE_REFUSED, RS256_IS_OFF, invalid, thumbprint};

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
        return Err(invalid("the PEM text is over 64 KiB"));
    }
    let block = text::key_block(text)?;
    if options.public_only && block.label.ends_with("PRIVATE KEY") {
        return Err(invalid(format!(
            "{PRIVATE_REFUSED}; extract the public key: openssl pkey -in key.pem -pubout -out public.pem"
        )));
    }
    if block.is_encrypted() {
        return Err(invalid(advice::encrypted()));
    }
    match block.label {
        "PRIVATE KEY" => {
            let der = block.decode()?;
            private(&PrivateKeyInfoRef::try_from(der.as_slice()).map_err(|_| damaged("PKCS#8"))?)
        }
        "EC PRIVATE KEY" => ec_private_key::read_sec1(&block.decode()?),
        "RSA PRIVATE KEY" => Err(invalid(advice::rsa_private())),
        "PUBLIC KEY" => {
            let der = block.decode()?;
            let info = SubjectPublicKeyInfoRef::try_from(der.as_slice());
            public(&info.map_err(|_| damaged("SubjectPublicKeyInfo"))?, options)
        }
        "RSA PUBLIC KEY" => rsa(&block.decode()?, options),
        "OPENSSH PRIVATE KEY" => Err(invalid(advice::of_openssh_key(&block.decode()?))),
        other => Err(invalid(advice::of_label(other))),
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
            check_curve(info.algorithm, false)?;
            ec_private_key::read(secret)?
        }
        RSA => return Err(invalid(advice::rsa_private())),
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
    let bytes = bits.as_bytes().ok_or_else(|| damaged("SubjectPublicKeyInfo"))?;
    match info.algorithm.oid {
        ED25519 => {
            let point = bytes.try_into().map_err(|_| invalid("its Ed25519 point is not 32 bytes"))?;
            Material::ed25519_public(point)
        }
        EC => {
            check_curve(info.algorithm, true)?;
            let compressed = || {
                invalid(
                    "its point is compressed; write it in full: openssl pkey -pubin -in key.pem -ec_conv_form uncompressed -pubout -out public.pem",
                )
            };
            Material::p256_public(Point::try_from(bytes).map_err(|_| compressed())?)
        }
        RSA => rsa(bytes, options),
        _ => Err(unsupported()),
    }
}

fn rsa(der: &[u8], options: KeyringOptions) -> Result<Material> {
    if !options.rs256 {
        return Err(invalid(RS256_IS_OFF));
    }
    let (n, e) = rsa_numbers(der).map_err(|_| damaged("PKCS#1"))?;
    Material::rsa_public(n, e)
}

fn check_curve(algorithm: AlgorithmIdentifierRef<'_>, public: bool) -> Result<()> {
    match algorithm.parameters_oid() {
        Ok(P256) => Ok(()),
        Ok(_) => Err(ec_private_key::unsupported_curve()),
        Err(_) => Err(ec_private_key::unnamed_curve(public)),
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

fn damaged(form: &str) -> SessionError {
    invalid(format!("the PEM block is damaged: its content is not {form}"))
}

fn unsupported() -> SessionError {
    invalid(
        "unsupported key: expected Ed25519 or EC on P-256 (for ES256); generate one: openssl genpkey -algorithm ed25519 -out key.pem",
    )
}

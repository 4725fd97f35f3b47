//! Keys to PEM.

use pkcs8::der::asn1::{AnyRef, BitStringRef, Null, OctetStringRef, UintRef};
use pkcs8::der::pem::LineEnding;
use pkcs8::der::{self, Document, Encode as _, SecretDocument};
use pkcs8::{AlgorithmIdentifierRef, PrivateKeyInfoRef};
use spki::SubjectPublicKeyInfoRef;
use zeroize::Zeroizing;

use super::{EC, ED25519, P256, RSA, ec_private_key};
use crate::error::Result;
use crate::keyring::invalid;
use crate::keyring::material::Material;

/// The public part.
pub(in crate::keyring) fn public(material: &Material) -> Result<String> {
    let (algorithm, bytes) = match material {
        Material::Ed25519 { public, .. } => (ed25519(), public.to_vec()),
        Material::P256 { public, .. } => (p256(), public.to_vec()),
        Material::Rsa(public) => {
            let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::from(Null)) };
            (algorithm, rsa_numbers(&public.n, &public.e).map_err(|_| unwritable())?)
        }
        Material::Hmac { .. } => return Err(invalid("a MAC key has no public part")),
    };
    let encode = || -> der::Result<String> {
        let subject_public_key = BitStringRef::from_bytes(&bytes)?;
        let info = SubjectPublicKeyInfoRef { algorithm, subject_public_key };
        Document::encode_msg(&info)?.to_pem("PUBLIC KEY", LineEnding::LF)
    };
    encode().map_err(|_| unwritable())
}

/// The private part, with the public one beside it.
pub(in crate::keyring) fn private(material: &Material) -> Result<Zeroizing<String>> {
    let (algorithm, key) = match material {
        Material::Ed25519 { private: Some(private), .. } => {
            let seed = OctetStringRef::new(private.secret.as_slice()).and_then(|seed| seed.to_der());
            (ed25519(), Zeroizing::new(seed.map_err(|_| unwritable())?))
        }
        Material::P256 { private: Some(private), public } => {
            (p256(), ec_private_key::write(private.secret.as_slice(), public).map_err(|_| unwritable())?)
        }
        Material::Ed25519 { private: None, .. } | Material::P256 { private: None, .. } | Material::Rsa(_) => {
            return Err(invalid("the key is public"));
        }
        Material::Hmac { .. } => return Err(invalid("PEM has no form for a MAC key: save it as JWK")),
    };
    let encode = || -> der::Result<Zeroizing<String>> {
        let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&key)?);
        SecretDocument::encode_msg(&info)?.to_pem("PRIVATE KEY", LineEnding::LF)
    };
    encode().map_err(|_| unwritable())
}

const fn ed25519() -> AlgorithmIdentifierRef<'static> {
    AlgorithmIdentifierRef { oid: ED25519, parameters: None }
}

fn p256() -> AlgorithmIdentifierRef<'static> {
    AlgorithmIdentifierRef { oid: EC, parameters: Some(AnyRef::from(&P256)) }
}

fn rsa_numbers(n: &[u8], e: &[u8]) -> der::Result<Vec<u8>> {
    let (n, e) = (UintRef::new(n)?, UintRef::new(e)?);
    let length = (n.encoded_len()? + e.encoded_len()?)?;
    let mut der = Vec::new();
    der::Header::new(der::Tag::Sequence, length).encode_to_vec(&mut der)?;
    n.encode_to_vec(&mut der)?;
    e.encode_to_vec(&mut der)?;
    Ok(der)
}

fn unwritable() -> crate::SessionError {
    invalid("the key can't be written as PEM")
}

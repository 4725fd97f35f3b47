//! The private part of an EC key within PKCS#8 (RFC 5915).

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{AnyRef, BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef};
use pkcs8::der::{
    self, Decode as _, DecodeValue, Encode as _, EncodeValue, Header, Length, Reader, Tag, TagMode,
    TagNumber, Writer,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use zeroize::Zeroizing;

use super::P256;
use crate::error::{Result, SessionError};
use crate::keyring::invalid;
use crate::keyring::material::{Material, Point, Secret};

/// `ECPrivateKey`. Within PKCS#8, which names the curve, it needs no name of its own.
struct EcPrivateKey<'a> {
    scalar: &'a OctetStringRef,
    curve: Option<AnyRef<'a>>,
    public: Option<BitStringRef<'a>>,
}

/// A new key. ring makes it as PKCS#8, and its key pair gives the scalar back in no other way.
pub(in crate::keyring) fn generate() -> Result<Material> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| crate::random::unavailable())?;
    let info = PrivateKeyInfoRef::try_from(document.as_ref());
    read(info.map_err(|_| invalid("the new key can't be read"))?.private_key.as_bytes())
}

/// The key within PKCS#8.
pub(super) fn read(der: &[u8]) -> Result<Material> {
    material(&EcPrivateKey::from_der(der).map_err(|_| unreadable())?)
}

/// The key in a PEM block of its own, as OpenSSL writes it by default: it names its curve itself.
pub(super) fn read_sec1(der: &[u8]) -> Result<Material> {
    let key = EcPrivateKey::from_der(der).map_err(|_| unreadable())?;
    match key.curve.map(ObjectIdentifier::try_from) {
        Some(Ok(P256)) => material(&key),
        Some(Ok(_)) => Err(unsupported_curve()),
        Some(Err(_)) => Err(unnamed_curve(false)),
        None => Err(invalid("it does not name its curve, so that it can't be told which key it is")),
    }
}

fn material(key: &EcPrivateKey<'_>) -> Result<Material> {
    let scalar: Secret = key.scalar.as_bytes().try_into().map(Zeroizing::new).map_err(|_| unreadable())?;
    // ring can't compute the public part, and RFC 5915 makes it optional.
    let public = key.public.ok_or_else(|| {
        invalid("its public part is missing; add it: openssl ec -in key.pem -out whole.pem")
    })?;
    let public = public.as_bytes().and_then(|point| Point::try_from(point).ok()).ok_or_else(|| {
        invalid("its public part is compressed; write it in full: openssl ec -in key.pem -conv_form uncompressed -out whole.pem")
    })?;
    Material::p256_pair(scalar, public)
}

pub(super) fn unsupported_curve() -> SessionError {
    invalid(
        "unsupported curve: expected P-256 (for ES256); generate a key: openssl genpkey -algorithm ec -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
    )
}

pub(super) fn unnamed_curve(public: bool) -> SessionError {
    let options = if public { "-pubin -in key.pem -pubout" } else { "-in key.pem" };
    invalid(format!(
        "its curve is given by parameters instead of by name; name it: openssl ec {options} -param_enc named_curve -out named.pem"
    ))
}

fn unreadable() -> SessionError {
    invalid("the PEM block is damaged: its content is not an EC private key (RFC 5915) of 32 bytes")
}

pub(super) fn write(scalar: &[u8], public: &Point) -> der::Result<Zeroizing<Vec<u8>>> {
    let key = EcPrivateKey {
        scalar: OctetStringRef::new(scalar)?,
        curve: None,
        public: Some(BitStringRef::from_bytes(public)?),
    };
    key.to_der().map(Zeroizing::new)
}

impl<'a> DecodeValue<'a> for EcPrivateKey<'a> {
    type Error = der::Error;

    fn decode_value<R: Reader<'a>>(reader: &mut R, _: Header) -> der::Result<Self> {
        if u8::decode(reader)? != 1 {
            return Err(reader.error(Tag::Integer.value_error()));
        }
        let scalar = <&OctetStringRef>::decode(reader)?;
        let curve = ContextSpecific::<AnyRef<'a>>::decode_explicit(reader, TagNumber(0))?;
        let public = reader.context_specific(TagNumber(1), TagMode::Explicit)?;
        Ok(Self { scalar, curve: curve.map(|curve| curve.value), public })
    }
}

impl EcPrivateKey<'_> {
    fn tagged_public(&self) -> Option<ContextSpecific<BitStringRef<'_>>> {
        let tagged = |value| ContextSpecific { tag_number: TagNumber(1), tag_mode: TagMode::Explicit, value };
        self.public.map(tagged)
    }
}

impl EncodeValue for EcPrivateKey<'_> {
    fn value_len(&self) -> der::Result<Length> {
        1u8.encoded_len()? + self.scalar.encoded_len()? + self.tagged_public().encoded_len()?
    }

    fn encode_value(&self, writer: &mut impl Writer) -> der::Result<()> {
        1u8.encode(writer)?;
        self.scalar.encode(writer)?;
        self.tagged_public().encode(writer)
    }
}

impl<'a> der::Sequence<'a> for EcPrivateKey<'a> {}

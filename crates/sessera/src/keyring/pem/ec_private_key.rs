//! The private part of an EC key within PKCS#8 (RFC 5915).

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::asn1::{BitStringRef, ContextSpecific, ObjectIdentifier, OctetStringRef};
use pkcs8::der::{
    self, Decode as _, DecodeValue, Encode as _, EncodeValue, Header, Length, Reader, Tag, TagMode,
    TagNumber, Writer,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use zeroize::Zeroizing;

use crate::error::Result;
use crate::keyring::invalid;
use crate::keyring::material::{Material, Point, Secret};

/// `ECPrivateKey` without the name of its curve, which PKCS#8 holds already.
struct EcPrivateKey<'a> {
    scalar: &'a OctetStringRef,
    public: Option<BitStringRef<'a>>,
}

/// A new key. ring makes it as PKCS#8, and its key pair gives the scalar back in no other way.
pub(in crate::keyring) fn generate() -> Result<Material> {
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .map_err(|_| crate::random::unavailable())?;
    let info = PrivateKeyInfoRef::try_from(document.as_ref());
    read(info.map_err(|_| invalid("the new key can't be read"))?.private_key.as_bytes())
}

pub(super) fn read(der: &[u8]) -> Result<Material> {
    let unreadable = || invalid("its EC private key is not DER of RFC 5915");
    let key = EcPrivateKey::from_der(der).map_err(|_| unreadable())?;
    let scalar: Secret = key.scalar.as_bytes().try_into().map(Zeroizing::new).map_err(|_| unreadable())?;
    // ring can't compute the public part, and RFC 5915 makes it optional.
    let public = key.public.ok_or_else(|| {
        invalid("it lacks its public part; add it: openssl ec -in key.pem | openssl pkcs8 -topk8 -nocrypt -out whole.pem")
    })?;
    let public = public.as_bytes().and_then(|point| Point::try_from(point).ok()).ok_or_else(unreadable)?;
    Material::p256_pair(scalar, public)
}

pub(super) fn write(scalar: &[u8], public: &Point) -> der::Result<Zeroizing<Vec<u8>>> {
    let key = EcPrivateKey {
        scalar: OctetStringRef::new(scalar)?,
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
        let _curve: Option<ObjectIdentifier> = reader.context_specific(TagNumber(0), TagMode::Explicit)?;
        let public = reader.context_specific(TagNumber(1), TagMode::Explicit)?;
        Ok(Self { scalar, public })
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

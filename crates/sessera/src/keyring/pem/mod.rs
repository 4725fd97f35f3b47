//! Keys in PEM: PKCS#8 (RFC 5958) for private keys, SPKI (RFC 5280 §4.1) for public ones. The older forms of OpenSSL
//! are read too: SEC1 (RFC 5915) and the public part of PKCS#1 (RFC 8017 appendix A.1.1).

mod advice;
mod ec_private_key;
mod read;
mod text;
mod write;

pub(super) use ec_private_key::generate as generate_p256;
pub(super) use read::read;
pub(crate) use read::rsa_numbers;
pub(super) use write::{private, public};

use pkcs8::der::asn1::ObjectIdentifier;

/// id-Ed25519 (RFC 8410 §3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// id-ecPublicKey (RFC 5480 §2.1.1).
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// secp256r1, the curve that JOSE calls P-256 (RFC 5480 §2.1.1.1).
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// rsaEncryption (RFC 8017 appendix A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

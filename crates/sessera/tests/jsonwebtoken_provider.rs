//! `jsonwebtoken` over the provider of ring: what it does by itself, for every algorithm.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use pkcs8::Document;
use serde_json::{Value, json};

const ALL: [Algorithm; 12] = [
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

macro_rules! der {
    ($name:literal) => {
        Document::from_pem(include_str!(concat!("keys/", $name, ".pem"))).unwrap().1.into_vec()
    };
}

/// The bit string of a `SubjectPublicKeyInfo`, which is what `jsonwebtoken` takes out of PEM.
fn bits(der: &[u8]) -> Vec<u8> {
    spki::SubjectPublicKeyInfoRef::try_from(der).unwrap().subject_public_key.raw_bytes().to_vec()
}

fn install() {
    // Tests share the process: all but the first find it installed.
    let _ = sessera::jose::ring_provider().install_default();
}

fn encoding_key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => EncodingKey::from_secret(&[7; 64]),
        Algorithm::ES256 => EncodingKey::from_ec_der(&der!("p256")),
        Algorithm::ES384 => EncodingKey::from_ec_der(&der!("p384")),
        Algorithm::EdDSA => EncodingKey::from_ed_der(&der!("ed25519")),
        _ => EncodingKey::from_rsa_der(&der!("rsa2048.pkcs1")),
    }
}

fn decoding_key(algorithm: Algorithm) -> DecodingKey {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => DecodingKey::from_secret(&[7; 64]),
        Algorithm::ES256 => DecodingKey::from_ec_der(&bits(&der!("p256.public"))),
        Algorithm::ES384 => DecodingKey::from_ec_der(&bits(&der!("p384.public"))),
        Algorithm::EdDSA => DecodingKey::from_ed_der(&bits(&der!("ed25519.public"))),
        _ => DecodingKey::from_rsa_der(&der!("rsa2048.public.pkcs1")),
    }
}

fn claims() -> Value {
    json!({ "sub": "user-42" })
}

fn token(algorithm: Algorithm) -> String {
    install();
    encode(&Header::new(algorithm), &claims(), &encoding_key(algorithm)).unwrap()
}

fn read(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Value, ErrorKind> {
    install();
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    decode(token, key, &validation).map(|data| data.claims).map_err(jsonwebtoken::errors::Error::into_kind)
}

#[test]
fn every_algorithm_reads_what_it_wrote() {
    for algorithm in ALL {
        assert_eq!(
            read(&token(algorithm), &decoding_key(algorithm), algorithm),
            Ok(claims()),
            "{algorithm:?}"
        );
    }
}

#[test]
fn every_algorithm_reads_what_openssl_signed() {
    let algorithm_of = |token: &str| jsonwebtoken::decode_header(token).unwrap().alg;
    for algorithm in ALL {
        let mut tokens = include_str!("keys/openssl.tokens.txt").lines();
        let token = tokens.find(|token| algorithm_of(token) == algorithm).unwrap();
        assert_eq!(read(token, &decoding_key(algorithm), algorithm), Ok(claims()), "{algorithm:?}");
    }
}

#[test]
fn signatures_without_chance_in_them_are_those_of_openssl() {
    install();
    for theirs in include_str!("keys/openssl.tokens.txt").lines() {
        let algorithm = jsonwebtoken::decode_header(theirs).unwrap().alg;
        if ["PS", "ES"].contains(&&format!("{algorithm:?}")[..2]) {
            continue;
        }
        let (message, signature) = theirs.rsplit_once('.').unwrap();
        let ours =
            jsonwebtoken::crypto::sign(message.as_bytes(), &encoding_key(algorithm), algorithm).unwrap();
        assert_eq!(ours, signature, "{algorithm:?}");
    }
}

#[test]
fn no_change_of_a_token_verifies() {
    for algorithm in ALL {
        let good = token(algorithm);
        let payload = good.find('.').unwrap() + 1;
        for at in (payload..good.len()).filter(|at| good.as_bytes()[*at] != b'.') {
            let mut spoiled = good.clone().into_bytes();
            spoiled[at] = if spoiled[at] == b'A' { b'B' } else { b'A' };
            let spoiled = String::from_utf8(spoiled).unwrap();
            assert!(read(&spoiled, &decoding_key(algorithm), algorithm).is_err(), "{algorithm:?}: {at}");
        }
        let signature = good.rfind('.').unwrap() + 1;
        for end in signature..good.len() {
            assert!(
                read(&good[..end], &decoding_key(algorithm), algorithm).is_err(),
                "{algorithm:?}: to {end}"
            );
        }
    }
}

#[test]
fn another_key_of_the_same_type_does_not_verify() {
    let others = [
        (Algorithm::HS256, DecodingKey::from_secret(&[8; 64])),
        (Algorithm::ES256, fresh_p256_key()),
        (Algorithm::ES384, DecodingKey::from_ec_der(&bits(&der!("p256.public")))),
        (Algorithm::EdDSA, DecodingKey::from_ed_der(&[9; 32])),
        (Algorithm::RS256, DecodingKey::from_rsa_raw_components(&[0xff; 256], &[1, 0, 1])),
        (Algorithm::PS512, DecodingKey::from_rsa_raw_components(&[0xff; 256], &[1, 0, 1])),
    ];
    for (algorithm, key) in others {
        assert_eq!(
            read(&token(algorithm), &key, algorithm),
            Err(ErrorKind::InvalidSignature),
            "{algorithm:?}"
        );
    }
}

fn fresh_p256_key() -> DecodingKey {
    let keyring = sessera::Keyring::generate(sessera::Algorithm::Es256).unwrap();
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&keyring.jwks()).unwrap();
    DecodingKey::from_jwk(&set.keys[0]).unwrap()
}

#[test]
fn a_hash_or_padding_of_another_algorithm_does_not_verify() {
    for algorithm in ALL {
        for other in
            ALL.into_iter().filter(|other| *other != algorithm && other.family() == algorithm.family())
        {
            // The header of the other algorithm, with this one's signature.
            let (ours, theirs) = (token(algorithm), token(other));
            let header = theirs.split('.').next().unwrap();
            let (_, rest) = ours.split_once('.').unwrap();
            let mixed = format!("{header}.{rest}");
            assert!(read(&mixed, &decoding_key(other), other).is_err(), "{algorithm:?} as {other:?}");
        }
    }
}

#[test]
fn a_key_of_another_family_is_refused_before_any_cryptography() {
    let provider = sessera::jose::ring_provider();
    for algorithm in ALL {
        for other in ALL.into_iter().filter(|other| other.family() != algorithm.family()) {
            let signer = (provider.signer_factory)(&algorithm, &encoding_key(other)).err();
            assert_eq!(signer.map(jsonwebtoken::errors::Error::into_kind), Some(ErrorKind::InvalidKeyFormat));
            let verifier = (provider.verifier_factory)(&algorithm, &decoding_key(other)).err();
            assert_eq!(
                verifier.map(jsonwebtoken::errors::Error::into_kind),
                Some(ErrorKind::InvalidKeyFormat)
            );
        }
    }
}

#[test]
fn ill_formed_keys_are_errors_and_not_panics() {
    let provider = sessera::jose::ring_provider();
    for der in
        [&b""[..], b"\0", b"0\x82\xff\xff", b"-----BEGIN PRIVATE KEY-----", &[0x30; 48], &[4; 65], &[4; 97]]
    {
        for algorithm in ALL {
            let (private, public) = match format!("{:?}", algorithm.family()).as_str() {
                "Hmac" => continue,
                "Rsa" => (EncodingKey::from_rsa_der(der), DecodingKey::from_rsa_der(der)),
                "Ec" => (EncodingKey::from_ec_der(der), DecodingKey::from_ec_der(der)),
                _ => (EncodingKey::from_ed_der(der), DecodingKey::from_ed_der(der)),
            };
            assert!((provider.signer_factory)(&algorithm, &private).is_err(), "{algorithm:?}: {der:?}");
            assert!(read(&token(algorithm), &public, algorithm).is_err(), "{algorithm:?}: {der:?}");
            assert!(Jwk::from_encoding_key(&private, algorithm).is_err(), "{algorithm:?}: {der:?}");
        }
    }
}

#[test]
fn a_key_on_another_curve_is_refused() {
    let provider = sessera::jose::ring_provider();
    let p256 = encoding_key(Algorithm::ES256);
    assert!((provider.signer_factory)(&Algorithm::ES384, &p256).is_err());
    assert!(Jwk::from_encoding_key(&p256, Algorithm::ES384).is_err());
}

#[test]
fn rsa_below_2048_bits_never_verifies() {
    let der = der!("rsa1024.public");
    let key = DecodingKey::from_rsa_der(&bits(&der));
    assert_eq!(read(&token(Algorithm::RS256), &key, Algorithm::RS256), Err(ErrorKind::InvalidSignature));
}

#[test]
fn rsa_keys_are_read_in_pkcs8_too() {
    install();
    let key = EncodingKey::from_rsa_der(&der!("rsa2048"));
    let token = encode(&Header::new(Algorithm::PS256), &claims(), &key).unwrap();
    assert_eq!(read(&token, &decoding_key(Algorithm::PS256), Algorithm::PS256), Ok(claims()));
}

#[test]
fn a_jwk_made_of_a_private_key_verifies_what_the_key_signs() {
    install();
    for algorithm in ALL {
        let jwk = Jwk::from_encoding_key(&encoding_key(algorithm), algorithm).unwrap();
        let key = DecodingKey::from_jwk(&jwk).unwrap();
        assert_eq!(read(&token(algorithm), &key, algorithm), Ok(claims()), "{algorithm:?}");
        let public = Jwk::from_decoding_key(&decoding_key(algorithm), Some(algorithm)).unwrap();
        assert_eq!(jwk, public, "{algorithm:?}");
        if let AlgorithmParameters::EllipticCurve(parameters) = &jwk.algorithm {
            let curve = if algorithm == Algorithm::ES256 { EllipticCurve::P256 } else { EllipticCurve::P384 };
            assert_eq!(parameters.curve, curve);
        }
    }
}

#[test]
fn thumbprints_are_those_of_the_rfcs_and_of_our_own_keyring() {
    install();
    // RFC 7638 §3.1.
    let jwk: Jwk = serde_json::from_value(json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    }))
    .unwrap();
    assert_eq!(
        jwk.thumbprint(ThumbprintHash::SHA256).unwrap(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    assert_eq!(jwk.thumbprint(ThumbprintHash::SHA384).unwrap().len(), 64);
    assert_eq!(jwk.thumbprint(ThumbprintHash::SHA512).unwrap().len(), 86);
    // RFC 8037 appendix A.3.
    let jwk: Jwk = serde_json::from_value(json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    }))
    .unwrap();
    assert_eq!(
        jwk.thumbprint(ThumbprintHash::SHA256).unwrap(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );

    for algorithm in [sessera::Algorithm::EdDsa, sessera::Algorithm::Es256] {
        let keyring = sessera::Keyring::generate(algorithm).unwrap();
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&keyring.jwks()).unwrap();
        let jwk = &set.keys[0];
        assert_eq!(Some(jwk.thumbprint(ThumbprintHash::SHA256).unwrap()), jwk.common.key_id);
    }
}

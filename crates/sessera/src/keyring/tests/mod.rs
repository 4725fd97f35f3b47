//! The ring as its users see it.

use zeroize::ZeroizeOnDrop;

use super::material::Material;
use super::*;

mod file;
mod foreign;
mod jwk;
mod jwk_refused;
mod pem;
mod rotation;

const SIGNING: [Algorithm; 3] = [Algorithm::EdDsa, Algorithm::Es256, Algorithm::Hs256];

/// The message of an error that must be `invalid_key`.
fn refused(result: Result<Keyring>) -> String {
    let error = result.expect_err("the ring must be refused");
    assert_eq!(error.kind(), ErrorKind::InvalidKey);
    error.to_string()
}

/// Whether what one ring signs, the other verifies.
fn agree(signer: &Keyring, verifier: &Keyring) -> bool {
    let key = signer.signing_key(0).unwrap();
    let signature = key.sign(b"message").unwrap();
    verifier.find(key.kid()).is_some_and(|key| key.verify(b"message", signature.as_ref()))
}

fn tag(keyring: &Keyring) -> Vec<u8> {
    ring::hmac::sign(&keyring.purposes().unwrap().binding, b"message").as_ref().to_vec()
}

#[test]
fn a_generated_key_signs_at_once_and_verifies_what_it_signed_only() {
    for algorithm in SIGNING {
        let keyring = Keyring::generate(algorithm).unwrap();
        let key = keyring.signing_key(0).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert!(keyring.find(key.kid()).is_some());
        assert!(keyring.find("other").is_none());
        let signature = key.sign(b"message").unwrap();
        assert!(key.verify(b"message", signature.as_ref()));
        assert!(!key.verify(b"massage", signature.as_ref()));
        for bit in 0..signature.as_ref().len() * 8 {
            let mut forged = signature.as_ref().to_vec();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.verify(b"message", &forged), "{algorithm}: bit {bit}");
        }
        for length in 0..signature.as_ref().len() {
            assert!(!key.verify(b"message", &signature.as_ref()[..length]), "{algorithm}: {length} bytes");
        }
    }
}

#[test]
fn a_key_that_only_verifies_is_never_generated() {
    assert_eq!(
        refused(Keyring::generate(Algorithm::Rs256)),
        "RS256 keys only verify: generate EdDSA, ES256 or HS256"
    );
}

#[test]
fn a_ring_of_public_keys_neither_signs_nor_has_purpose_keys() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let private = Keyring::generate(algorithm).unwrap();
        let public = Keyring::from_public_jwks(&private.jwks()).unwrap();
        assert!(agree(&private, &public));
        assert_eq!(public.signing_key(0).map(Key::kid).unwrap_err().kind(), ErrorKind::InvalidKey);
        assert!(public.0.keys[0].sign(b"message").is_err());
        assert!(public.purposes().is_none());
    }
}

#[test]
fn the_header_is_ready_in_its_one_spelling() {
    let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    let key = keyring.signing_key(0).unwrap();
    let encoded = key.header(TokenType::Session).strip_suffix('.').unwrap();
    let header = String::from_utf8(crate::codec::base64url::decode(encoded).unwrap()).unwrap();
    assert_eq!(header, format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"session+jwt"}}"#, key.kid()));
}

#[test]
fn joined_rings_sign_with_the_first_and_verify_with_both() {
    let (first, second) =
        (Keyring::generate(Algorithm::EdDsa).unwrap(), Keyring::generate(Algorithm::Es256).unwrap());
    let both = first.joined(&second).unwrap();
    assert_eq!(both.signing_key(0).unwrap().kid(), first.signing_key(0).unwrap().kid());
    assert!(agree(&first, &both) && agree(&second, &both));
    assert_eq!(tag(&both), tag(&first));
    let verifier = Keyring::from_public_jwks(&first.jwks()).unwrap().joined(&second).unwrap();
    assert_eq!(tag(&verifier), tag(&second));
    assert!(refused(first.joined(&first)).contains("the same kid"));
    let secret = Keyring::generate(Algorithm::Hs256).unwrap();
    assert!(refused(first.joined(&secret)).ends_with("a keyring holds either MAC keys or public keys"));
}

#[test]
fn the_secret_of_a_store_is_the_rings_own_and_outlives_its_keys() {
    for algorithm in SIGNING {
        let mut keyring = Keyring::generate(algorithm).unwrap();
        let secret = keyring.store_secret().unwrap();
        assert_ne!(Keyring::generate(algorithm).unwrap().store_secret().unwrap(), secret);
        keyring.rotate(at_zero() + time::Duration::days(1)).unwrap();
        keyring.rotate(at_zero() + time::Duration::days(9)).unwrap();
        assert_eq!(keyring.store_secret(), Some(secret.clone()));
        assert_eq!(Keyring::from_jwks(&keyring.private_jwks()).unwrap().store_secret(), Some(secret.clone()));
        if !algorithm.is_symmetric() {
            assert_eq!(Keyring::from_public_jwks(&keyring.jwks()).unwrap().store_secret(), None);
        }
    }
}

#[test]
fn a_root_that_is_derived_from_a_key_gives_no_store_a_secret_until_it_was_saved() {
    let pem = Keyring::generate(Algorithm::EdDsa).unwrap();
    let pem = pem.private_pem(&pem.keys(at_zero())[0].kid).unwrap();
    let mut keyring = Keyring::from_pem(None, &pem).unwrap();
    assert!(keyring.purposes().is_some(), "it has a root");
    assert_eq!(keyring.store_secret(), None);
    keyring.rotate(at_zero()).unwrap();
    assert_eq!(keyring.store_secret(), None);
    let with_its_own = Keyring::generate(Algorithm::EdDsa).unwrap();
    assert_eq!(keyring.joined(&with_its_own).unwrap().store_secret(), None, "its root is that of the first");
    assert_eq!(with_its_own.joined(&keyring).unwrap().store_secret(), with_its_own.store_secret());
    assert!(Keyring::from_jwks(&keyring.private_jwks()).unwrap().store_secret().is_some());
}

fn at_zero() -> time::OffsetDateTime {
    time::OffsetDateTime::UNIX_EPOCH
}

#[test]
fn no_secret_shows_in_debug() {
    for algorithm in SIGNING {
        let keyring = Keyring::generate(algorithm).unwrap();
        let key = &keyring.0.keys[0];
        let shown =
            format!("{keyring:?} {keyring:#?} {key:?} {:?}", keyring.keys(time::OffsetDateTime::UNIX_EPOCH));
        assert!(shown.contains(key.kid()) && shown.contains("verifies_until"), "{shown}");
        for secret in [key.material().secret().unwrap(), keyring.root().unwrap().as_slice()] {
            assert!(!shown.contains(&crate::codec::base64url::encode(secret)));
            for bytes in [format!("{:?}", &secret[..4]), format!("{:02x?}", &secret[..4])] {
                assert!(!shown.contains(bytes.trim_end_matches(']')));
                assert!(!shown.contains(&bytes.replace([',', ' ', '[', ']'], "")));
            }
        }
    }
}

#[test]
fn secrets_are_wiped_when_they_are_dropped() {
    fn wiped<T: ZeroizeOnDrop>(_: &T) {}
    for algorithm in SIGNING {
        let keyring = Keyring::generate(algorithm).unwrap();
        wiped(keyring.root().unwrap());
        wiped(&keyring.private_jwks());
        match keyring.0.keys[0].material() {
            Material::Ed25519 { private: Some(private), .. } => wiped(&private.secret),
            Material::P256 { private: Some(private), .. } => wiped(&private.secret),
            Material::Hmac { secret, .. } => wiped(secret),
            _ => panic!("a generated key is private"),
        }
    }
    let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    wiped(&keyring.private_pem(keyring.0.keys[0].kid()).unwrap());
}

//! Keys that are kept elsewhere.

use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair as _,
};

use super::*;

/// A key store that answers with a fixed key, in the form that it is made with.
struct Elsewhere {
    key: EcdsaKeyPair,
}

impl Elsewhere {
    /// The store, and the public JWK of its key.
    fn new(form: &'static EcdsaSigningAlgorithm) -> (Self, String) {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(form, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(form, key.as_ref(), &random).unwrap();
        let point = key.public_key().as_ref();
        let (x, y) = (base64url::encode(&point[1..33]), base64url::encode(&point[33..]));
        let jwk = format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}"#);
        (Self { key }, jwk)
    }
}

impl ProofSigner for Elsewhere {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        Ok(self.key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec())
    }
}

#[test]
fn a_key_that_a_key_store_keeps_makes_proofs_in_either_form_of_its_signatures() {
    for form in [&ECDSA_P256_SHA256_ASN1_SIGNING, &ECDSA_P256_SHA256_FIXED_SIGNING] {
        let (store, jwk) = Elsewhere::new(form);
        let key = DpopKey::kept(&jwk, store).unwrap();
        let now = OffsetDateTime::now_utc();
        let proof = key.proof("GET", "https://api.example/me", None, None, now).unwrap();
        let request = ProofRequest {
            proof: &proof,
            method: "GET",
            url: "https://api.example/me",
            ..Default::default()
        };
        let verifier = DpopVerifier::new(DpopSettings::default()).unwrap();
        assert_eq!(verifier.verify(&request, now).unwrap().thumbprint, key.thumbprint());
    }
}

#[test]
fn a_key_store_that_signs_with_another_key_is_told_at_once() {
    let (store, _) = Elsewhere::new(&ECDSA_P256_SHA256_ASN1_SIGNING);
    let (_, other) = Elsewhere::new(&ECDSA_P256_SHA256_ASN1_SIGNING);
    let key = DpopKey::kept(&other, store).unwrap();
    let refused = key.proof("GET", "https://a.example", None, None, OffsetDateTime::now_utc()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidKey);
}

#[test]
fn only_a_public_key_for_proofs_can_be_kept_elsewhere() {
    let (_, good) = Elsewhere::new(&ECDSA_P256_SHA256_ASN1_SIGNING);
    let zero = base64url::encode([0; 32]);
    for jwk in [
        String::new(),
        "{}".to_owned(),
        good.replace("P-256", "P-384"),
        good.replace('}', r#","d":"AA"}"#),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{zero}"}}"#),
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{zero}","y":"{zero}"}}"#),
        format!(r#"{{"kty":"oct","k":"{zero}"}}"#),
    ] {
        let (store, _) = Elsewhere::new(&ECDSA_P256_SHA256_ASN1_SIGNING);
        assert_eq!(DpopKey::kept(&jwk, store).unwrap_err().kind(), ErrorKind::InvalidKey, "{jwk}");
    }
}

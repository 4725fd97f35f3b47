//! Any text as a proof of possession, and any claims in one that is signed.
//!
//! The input is a header, a line break, and claims. The header is used as it is, and once more with our key.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sessera::binding::{DpopSettings, DpopVerifier, ProofRequest};
use sessera_fuzz::{NOW, halves};
use time::OffsetDateTime;

static KEY: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("any seed is one"));

fuzz_target!(|data: &[u8]| {
    let (header, claims) = halves(data);
    let public = BASE64_URL_SAFE_NO_PAD.encode(KEY.public_key());
    let ours =
        format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{public}"}}}}"#);
    for header in [header, ours.as_bytes()] {
        let mut proof = BASE64_URL_SAFE_NO_PAD.encode(header);
        proof.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut proof);
        let signature = KEY.sign(proof.as_bytes());
        proof.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut proof);
        check(&proof);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        check(text);
    }
});

fn check(proof: &str) {
    let now = OffsetDateTime::from_unix_timestamp(NOW.cast_signed()).expect("within the years");
    let verifier = DpopVerifier::new(DpopSettings { capacity: 4, ..DpopSettings::default() })
        .expect("these settings work");
    let request = ProofRequest { proof, method: "GET", url: "https://api.example/me", ..Default::default() };
    if let Ok(held) = verifier.verify(&request, now) {
        assert_eq!(held.thumbprint.len(), 43);
        assert_eq!(verifier.verify(&request, now).expect_err("once only").code(), "reused");
        let elsewhere = ProofRequest { url: "https://api.example/you", ..request };
        assert_eq!(verifier.verify(&elsewhere, now).expect_err("for one URL").code(), "invalid_claim");
    }
}

mod hostile;
mod kept;

use serde_json::{Value, json};

use super::*;
use crate::keyring::{Algorithm, Material};

const URL: &str = "https://api.example/me";
const TOKEN: &str = "header.payload.signature";
const NOW: u64 = 1_700_000_000;

fn at(seconds: u64) -> OffsetDateTime {
    instant(seconds * 1000)
}

fn verifier() -> DpopVerifier {
    DpopVerifier::new(DpopSettings::default()).unwrap()
}

fn request(proof: &str) -> ProofRequest<'_> {
    ProofRequest { proof, method: "POST", url: URL, access_token: Some(TOKEN), ..Default::default() }
}

fn refusal(proof: &str) -> ErrorKind {
    verifier().verify(&request(proof), at(NOW)).unwrap_err().kind()
}

fn key(algorithm: Algorithm) -> Material {
    Material::generate(algorithm).unwrap()
}

fn jwk(key: &Material) -> Value {
    match key {
        Material::Ed25519 { public, .. } => {
            json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode(public) })
        }
        Material::P256 { public, .. } => json!({
            "kty": "EC",
            "crv": "P-256",
            "x": base64url::encode(&public[1..33]),
            "y": base64url::encode(&public[33..]),
        }),
        _ => panic!("no key for proofs"),
    }
}

fn header(key: &Material) -> Value {
    json!({ "typ": "dpop+jwt", "alg": key.algorithm().name(), "jwk": jwk(key) })
}

fn claims() -> Value {
    json!({ "jti": "1", "htm": "POST", "htu": URL, "iat": NOW, "ath": access_token_hash(TOKEN) })
}

fn sign(header: &str, claims: &str, key: &Material) -> String {
    let message = [base64url::encode(header), base64url::encode(claims)].join(".");
    let signature = base64url::encode(key.sign(message.as_bytes()).unwrap());
    [message, signature].join(".")
}

/// A proof whose header or claims were changed before it was signed.
fn changed(member: &str, value: Value) -> String {
    let key = key(Algorithm::EdDsa);
    let (mut header, mut claims) = (header(&key), claims());
    let target = if header.get(member).is_some() { &mut header } else { &mut claims };
    if value.is_null() {
        target.as_object_mut().unwrap().remove(member);
    } else {
        target[member] = value;
    }
    sign(&header.to_string(), &claims.to_string(), &key)
}

fn with_jwk(key: &Material, change: impl FnOnce(&mut Value)) -> String {
    let mut header = header(key);
    change(&mut header["jwk"]);
    sign(&header.to_string(), &claims().to_string(), key)
}

#[test]
fn a_proof_of_either_algorithm_holds_and_names_its_key() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let key = DpopKey::generate(algorithm).unwrap();
        let proof = key.proof("POST", &format!("{URL}?q#f"), Some(TOKEN), Some("n"), at(NOW)).unwrap();
        let request =
            ProofRequest { nonce: Some("n"), thumbprint: Some(key.thumbprint()), ..request(&proof) };
        let held = verifier().verify(&request, at(NOW)).unwrap();
        assert_eq!(held.thumbprint, key.thumbprint());
        assert_eq!(held.issued_at, at(NOW));
        assert_eq!(held.id.len(), 22);
    }
}

/// The proof of RFC 9449 §4.1 (figure 2), whose key has the thumbprint of §6.1.
#[test]
fn the_proof_of_the_rfc_holds() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZ\
        OXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6Il\
        AtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3\
        Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfb\
        V37xRZT3Lg";
    let request = ProofRequest {
        proof,
        method: "POST",
        url: "https://server.example.com/token",
        thumbprint: Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
        ..Default::default()
    };
    assert_eq!(verifier().verify(&request, at(1_562_262_616)).unwrap().id, "-BwC3ESc6acc2lTc");
}

#[test]
fn a_proof_is_good_only_once() {
    let (verifier, proof) = (verifier(), changed("jti", json!("x")));
    verifier.verify(&request(&proof), at(NOW)).unwrap();
    for later in [0, 1, 60] {
        assert_eq!(verifier.verify(&request(&proof), at(NOW + later)).unwrap_err().kind(), ErrorKind::Reused);
    }
    assert_eq!(verifier.verify(&request(&proof), at(NOW + 61)).unwrap_err().kind(), ErrorKind::Expired);
}

#[test]
fn a_refused_proof_is_not_remembered() {
    let (verifier, proof) = (verifier(), changed("jti", json!("x")));
    for wrong in [
        ProofRequest { method: "GET", ..request(&proof) },
        ProofRequest { thumbprint: Some("other"), ..request(&proof) },
        ProofRequest { access_token: Some("other"), ..request(&proof) },
    ] {
        verifier.verify(&wrong, at(NOW)).unwrap_err();
    }
    verifier.verify(&request(&proof), at(NOW)).unwrap();
}

#[test]
fn the_time_window_is_exact() {
    let passes = |issued_at: u64| {
        verifier().verify(&request(&changed("iat", json!(issued_at))), at(NOW)).map_err(|error| error.kind())
    };
    assert_eq!(passes(NOW - 61), Err(ErrorKind::Expired));
    passes(NOW - 60).unwrap();
    passes(NOW + 5).unwrap();
    assert_eq!(passes(NOW + 6), Err(ErrorKind::NotYetValid));
    for iat in [
        json!("1700000000"),
        json!(-1),
        json!(-0.5),
        json!(true),
        json!(1_u64 << 53),
        json!(9.1e15),
        json!([NOW]),
        Value::Null,
    ] {
        assert_eq!(refusal(&changed("iat", iat.clone())), ErrorKind::InvalidClaim, "{iat}");
    }
}

#[test]
fn a_fraction_of_a_second_in_iat_is_cut() {
    // As JavaScript and Python write it, and as Java does.
    for (written, seconds) in [
        ("1700000000.0", NOW),
        ("1700000000.999", NOW),
        ("1.7E9", NOW),
        ("1.700000000123e+9", NOW),
        ("1699999999.999999", NOW - 1),
    ] {
        let key = key(Algorithm::Es256);
        let claims = claims().to_string().replace(&format!(r#""iat":{NOW}"#), &format!(r#""iat":{written}"#));
        assert!(claims.contains(written));
        let proof = sign(&header(&key).to_string(), &claims, &key);
        let held = verifier().verify(&request(&proof), at(NOW)).unwrap();
        assert_eq!(held.issued_at, at(seconds), "{written}");
    }
    let edge = |iat: f64, now: u64| {
        verifier()
            .verify(&request(&changed("iat", json!(iat))), at(now))
            .map(drop)
            .map_err(|error| error.kind())
    };
    let iat = 1_700_000_000.9;
    assert_eq!(edge(iat, NOW + 61), Err(ErrorKind::Expired));
    assert_eq!(edge(iat, NOW + 60), Ok(()));
    assert_eq!(edge(iat, NOW - 5), Ok(()));
    assert_eq!(edge(iat, NOW - 6), Err(ErrorKind::NotYetValid));
}

#[test]
fn any_clock_is_safe() {
    let proof = changed("iat", json!((1_u64 << 53) - 1));
    for now in [
        OffsetDateTime::UNIX_EPOCH,
        instant(0),
        instant(u64::MAX),
        time::macros::datetime!(1900-01-01 0:00 UTC),
    ] {
        assert!(verifier().verify(&request(&proof), now).is_err());
    }
}

#[test]
fn a_proof_for_another_method_url_token_or_nonce_is_refused() {
    for (member, value) in [
        ("htm", json!("GET")),
        ("htm", json!("post")),
        ("htm", json!(["POST"])),
        ("htu", json!("https://api.example/you")),
        ("htu", json!("http://api.example/me")),
        ("htu", json!("/me")),
        ("htu", json!({})),
        ("ath", json!(access_token_hash("other"))),
        ("ath", json!(TOKEN)),
        ("ath", json!("")),
        ("htm", Value::Null),
        ("htu", Value::Null),
        ("ath", Value::Null),
        ("jti", Value::Null),
        ("jti", json!("")),
        ("jti", json!(1)),
        ("jti", json!("x".repeat(129))),
    ] {
        assert_eq!(refusal(&changed(member, value.clone())), ErrorKind::InvalidClaim, "{member} {value}");
    }
    verifier().verify(&request(&changed("jti", json!("x".repeat(128)))), at(NOW)).unwrap();
    for nonce in [Value::Null, json!("other")] {
        let proof = changed("nonce", nonce);
        let request = ProofRequest { nonce: Some("n"), ..request(&proof) };
        assert_eq!(verifier().verify(&request, at(NOW)).unwrap_err().kind(), ErrorKind::InvalidClaim);
    }
}

#[test]
fn a_proof_of_another_key_than_the_sessions_is_a_binding_mismatch() {
    let (key, other) =
        (DpopKey::generate(Algorithm::EdDsa).unwrap(), DpopKey::generate(Algorithm::EdDsa).unwrap());
    let proof = key.proof("POST", URL, Some(TOKEN), None, at(NOW)).unwrap();
    let request = ProofRequest { thumbprint: Some(other.thumbprint()), ..request(&proof) };
    assert_eq!(verifier().verify(&request, at(NOW)).unwrap_err().kind(), ErrorKind::BindingMismatch);
}

#[test]
fn settings_outside_their_ranges_are_refused() {
    let refused =
        |settings| DpopVerifier::new(settings).is_err_and(|error| error.kind() == ErrorKind::InvalidConfig);
    let default = DpopSettings::default();
    for max_age in [Duration::ZERO, Duration::from_millis(999), Duration::from_secs(3601), Duration::MAX] {
        assert!(refused(DpopSettings { max_age, ..default }));
    }
    assert!(refused(DpopSettings { leeway: Duration::from_secs(301), ..default }));
    assert!(refused(DpopSettings { capacity: 0, ..default }));
}

#[test]
fn a_key_for_macs_or_rsa_makes_no_proofs() {
    for algorithm in [Algorithm::Hs256, Algorithm::Rs256] {
        assert_eq!(DpopKey::generate(algorithm).unwrap_err().kind(), ErrorKind::InvalidKey);
    }
}

#[test]
fn neither_key_nor_request_prints_a_secret() {
    let key = DpopKey::generate(Algorithm::EdDsa).unwrap();
    assert_eq!(format!("{key:?}"), "DpopKey(EdDSA)");
    let printed = format!("{:?}", request("the-proof"));
    assert!(!printed.contains("the-proof") && !printed.contains(TOKEN), "{printed}");
}

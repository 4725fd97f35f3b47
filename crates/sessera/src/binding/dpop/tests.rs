use proptest::prelude::*;
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
        json!(1.7e9),
        json!(-1),
        json!(true),
        json!(1_u64 << 53),
        json!([NOW]),
        Value::Null,
    ] {
        assert_eq!(refusal(&changed("iat", iat.clone())), ErrorKind::InvalidClaim, "{iat}");
    }
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
fn another_type_is_refused() {
    for typ in ["session+jwt", "JWT", "DPOP+JWT", "application/dpop+jwt", ""] {
        assert_eq!(refusal(&changed("typ", json!(typ))), ErrorKind::WrongType, "{typ:?}");
    }
    assert_eq!(refusal(&changed("typ", Value::Null)), ErrorKind::WrongType);
    assert_eq!(refusal(&changed("typ", json!(1))), ErrorKind::WrongType);
}

#[test]
fn another_algorithm_is_refused() {
    for alg in ["none", "None", "HS256", "RS256", "PS256", "ES384", "EdDSA ", "eddsa", ""] {
        assert_eq!(refusal(&changed("alg", json!(alg))), ErrorKind::UnsupportedAlgorithm, "{alg:?}");
    }
    assert_eq!(refusal(&changed("alg", Value::Null)), ErrorKind::UnsupportedAlgorithm);
    assert_eq!(refusal(&changed("alg", json!("ES256"))), ErrorKind::Malformed, "the key is Ed25519");
}

#[test]
fn any_other_header_member_is_refused() {
    for member in ["kid", "jku", "x5u", "x5c", "x5t", "crit", "b64", "zip", "cty", "nonce", ""] {
        let key = key(Algorithm::EdDsa);
        let mut header = header(&key);
        header[member] = json!([]);
        let proof = sign(&header.to_string(), &claims().to_string(), &key);
        assert_eq!(refusal(&proof), ErrorKind::Malformed, "{member}");
    }
}

#[test]
fn a_private_key_in_the_header_is_refused() {
    for key in [key(Algorithm::EdDsa), key(Algorithm::Es256)] {
        for member in ["d", "k", "p", "q", "dp", "dq", "qi", "oth"] {
            for value in [json!("AAAA"), json!(""), Value::Null] {
                let proof = with_jwk(&key, |jwk| jwk[member] = value.clone());
                assert_eq!(refusal(&proof), ErrorKind::Malformed, "{member} {value}");
            }
        }
    }
}

#[test]
fn a_key_that_is_ill_formed_or_of_another_kind_is_refused() {
    let ed25519 = key(Algorithm::EdDsa);
    for (member, value) in [
        ("kty", json!("EC")),
        ("kty", json!("oct")),
        ("kty", json!("okp")),
        ("crv", json!("X25519")),
        ("crv", json!("Ed448")),
        ("crv", json!("P-256")),
        ("x", json!("AAAA")),
        ("x", json!(1)),
        ("x", json!(format!("{}=", base64url::encode([9; 32])))),
        ("y", json!(base64url::encode([9; 32]))),
        ("alg", json!("ES256")),
        ("alg", json!("none")),
        ("alg", json!(1)),
        ("n", json!("AQAB")),
        ("x5c", json!([])),
    ] {
        let proof = with_jwk(&ed25519, |jwk| jwk[member] = value.clone());
        assert_eq!(refusal(&proof), ErrorKind::Malformed, "{member} {value}");
    }
    for member in ["kty", "crv", "x"] {
        let proof = with_jwk(&ed25519, |jwk| drop(jwk.as_object_mut().unwrap().remove(member)));
        assert_eq!(refusal(&proof), ErrorKind::Malformed, "without {member}");
    }
    for value in [json!("x"), json!([]), json!(1), json!({})] {
        assert_eq!(refusal(&changed("jwk", value.clone())), ErrorKind::Malformed, "{value}");
    }
    assert_eq!(refusal(&changed("jwk", Value::Null)), ErrorKind::Malformed);
}

#[test]
fn what_browsers_write_beside_a_public_key_is_let_be() {
    let key = key(Algorithm::Es256);
    let proof = with_jwk(&key, |jwk| {
        jwk["alg"] = json!("ES256");
        jwk["use"] = json!("sig");
        jwk["kid"] = json!("x");
        jwk["ext"] = json!(true);
        jwk["key_ops"] = json!(["verify"]);
    });
    verifier().verify(&request(&proof), at(NOW)).unwrap();
}

#[test]
fn a_small_order_or_non_canonical_ed25519_key_is_refused() {
    let mut two = [0; 32];
    two[0] = 2;
    let mut non_canonical = [0xFF; 32];
    (non_canonical[0], non_canonical[31]) = (0xEE, 0x7F);
    let mut identity = [0; 32];
    identity[0] = 1;
    let order_8: [u8; 32] = [
        0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F, 0x2A,
        0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
    ];
    for point in [identity, [0; 32], order_8, non_canonical, two] {
        let mut header = header(&key(Algorithm::EdDsa));
        header["jwk"]["x"] = json!(base64url::encode(point));
        let message =
            [base64url::encode(header.to_string()), base64url::encode(claims().to_string())].join(".");
        // R is the identity and S is zero: it holds for any message under the identity as key.
        let mut signature = [0; 64];
        signature[0] = 1;
        assert_eq!(
            refusal(&[message, base64url::encode(signature)].join(".")),
            ErrorKind::Malformed,
            "{point:?}"
        );
    }
}

#[test]
fn a_p256_key_off_the_curve_is_refused() {
    let key = key(Algorithm::Es256);
    for y in [[0; 32], [1; 32], [0xFF; 32]] {
        let proof = with_jwk(&key, |jwk| jwk["y"] = json!(base64url::encode(y)));
        assert_eq!(refusal(&proof), ErrorKind::BadSignature);
    }
    let proof = with_jwk(&key, |jwk| {
        (jwk["x"], jwk["y"]) = (json!(base64url::encode([0; 32])), json!(base64url::encode([0; 32])));
    });
    assert_eq!(refusal(&proof), ErrorKind::BadSignature);
}

#[test]
fn the_key_in_the_header_must_be_the_one_that_signed() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let (mine, theirs) = (key(algorithm), key(algorithm));
        let proof = sign(&header(&theirs).to_string(), &claims().to_string(), &mine);
        assert_eq!(refusal(&proof), ErrorKind::BadSignature);
    }
}

#[test]
fn every_changed_or_cut_proof_is_refused() {
    let key = DpopKey::generate(Algorithm::EdDsa).unwrap();
    let proof = key.proof("POST", URL, Some(TOKEN), None, at(NOW)).unwrap();
    let verifier = verifier();
    for at_byte in 0..proof.len() {
        let mut bytes = proof.clone().into_bytes();
        bytes[at_byte] = if bytes[at_byte] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        verifier.verify(&request(&changed), at(NOW)).unwrap_err();
        verifier.verify(&request(&proof[..at_byte]), at(NOW)).unwrap_err();
    }
    verifier.verify(&request(&proof), at(NOW)).unwrap();
}

#[test]
fn duplicate_members_and_other_text_than_one_object_are_refused() {
    let key = key(Algorithm::EdDsa);
    let (header, claims) = (header(&key).to_string(), claims().to_string());
    for (header, claims) in [
        (header.replacen('{', r#"{"alg":"EdDSA","#, 1), claims.clone()),
        (header.replacen(r#""kty""#, r#""kty":"OKP","kty""#, 1), claims.clone()),
        (header.clone(), claims.replacen('{', r#"{"htm":"POST","#, 1)),
        (header.clone(), claims.replacen('{', r#"{"\u0068tm":"POST","#, 1)),
        (header.clone(), format!("[{claims}]")),
        (header.clone(), format!("{claims} x")),
        (header.clone(), String::new()),
        (format!("\u{feff}{header}"), claims.clone()),
        (format!("[{header}]"), claims.clone()),
    ] {
        assert_eq!(refusal(&sign(&header, &claims, &key)), ErrorKind::Malformed, "{header} {claims}");
    }
}

#[test]
fn two_proofs_in_one_value_and_other_parts_than_three_are_refused() {
    let proof = changed("jti", json!("x"));
    for text in [
        format!("{proof},{proof}"),
        format!("{proof}, {proof}"),
        format!("{proof}."),
        format!(".{proof}"),
        format!(" {proof}"),
        format!("{proof}="),
        format!("{proof}\n"),
        proof.replacen('.', "..", 1),
        String::new(),
        "..".into(),
        ".".repeat(4096),
    ] {
        assert_eq!(refusal(&text), ErrorKind::Malformed, "{text:?}");
    }
}

#[test]
fn a_proof_over_its_limits_is_refused_before_it_is_decoded() {
    assert_eq!(refusal(&"*".repeat(4097)), ErrorKind::TooLarge);
    assert_eq!(refusal(&format!("{}..", "*".repeat(1025))), ErrorKind::TooLarge);
    let proof = changed("extra", json!("x".repeat(2000)));
    assert_eq!(refusal(&proof), ErrorKind::TooLarge);
    verifier().verify(&request(&changed("extra", json!({ "a": [1] }))), at(NOW)).unwrap();
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

proptest! {
    #[test]
    fn no_text_makes_verifying_panic(header in ".{0,80}", claims in ".{0,80}", signature in ".{0,80}") {
        let parts = [header.as_str(), &claims, &signature];
        prop_assert!(verifier().verify(&request(&parts.join(".")), at(NOW)).is_err());
        let encoded = parts.map(base64url::encode).join(".");
        prop_assert!(verifier().verify(&request(&encoded), at(NOW)).is_err());
    }
}

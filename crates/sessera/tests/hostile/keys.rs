//! Keys that must not be loaded.

use sessera::Keyring;

use crate::forge::{EDDSA, ES256, HS256, encode};

const fn point(bytes: &str) -> [u8; 32] {
    let text = bytes.as_bytes();
    let mut point = [0; 32];
    let mut at = 0;
    while at < 32 {
        point[at] = digit(text[2 * at]) << 4 | digit(text[2 * at + 1]);
        at += 1;
    }
    point
}

const fn digit(digit: u8) -> u8 {
    if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 }
}

/// Every point of small order, and every spelling of it that a lenient reader takes.
pub(crate) const SMALL_ORDER: [[u8; 32]; 14] = [
    point("0100000000000000000000000000000000000000000000000000000000000000"),
    point("0100000000000000000000000000000000000000000000000000000000000080"),
    point("0000000000000000000000000000000000000000000000000000000000000000"),
    point("0000000000000000000000000000000000000000000000000000000000000080"),
    point("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
    point("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
    point("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    point("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
    point("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    point("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    point("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    point("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
    point("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    point("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"),
];

fn mac(length: usize) -> String {
    format!(r#"{{"kty":"oct","alg":"HS256","kid":"m","k":"{}"}}"#, encode(vec![7; length]))
}

#[track_caller]
fn refused(jwk: &str) {
    for text in [jwk.to_owned(), format!(r#"{{"keys":[{jwk}]}}"#)] {
        let error = Keyring::from_jwks(&text).expect_err(jwk);
        assert_eq!(error.code(), "invalid_key", "{jwk}");
        let told = format!("{error} {error:?}");
        for secret in [r#""k":""#, r#""d":""#] {
            if let Some((_, rest)) = jwk.split_once(secret) {
                let value = rest.split('"').next().unwrap();
                assert!(value.len() < 8 || !told.contains(&value[..8]), "the error repeats a secret");
            }
        }
    }
}

#[test]
fn an_empty_a_one_byte_and_a_31_byte_mac_key_are_load_errors() {
    for length in [0, 1, 16, 31] {
        refused(&mac(length));
    }
    Keyring::from_jwks(&mac(32)).unwrap();
}

#[test]
fn a_small_order_or_non_canonical_ed25519_key_is_a_load_error() {
    for point in SMALL_ORDER {
        refused(&format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"{}"}}"#, encode(point)));
    }
    // y = p + 3, which is on the curve as y = 3.
    let raised = point("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
    refused(&format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","x":"{}"}}"#, encode(raised)));
}

#[test]
fn a_point_off_the_curve_is_a_load_error() {
    let x = encode([7; 32]);
    for y in [[7; 32], [0; 32], [0xFF; 32]] {
        let y = encode(y);
        refused(&format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES256","x":"{x}","y":"{y}"}}"#));
    }
    let zero = encode([0; 32]);
    refused(&format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES256","x":"{zero}","y":"{zero}"}}"#));
}

#[test]
fn a_key_without_an_algorithm_or_with_anothers_is_a_load_error() {
    for forge in [HS256, EDDSA, ES256] {
        let jwk = forge.jwk();
        let alg = format!(r#""alg":"{}","#, forge.algorithm().name());
        refused(&jwk.replace(&alg, ""));
        for other in ["HS256", "HS512", "EdDSA", "ES256", "RS256", "none", "", "ES384"] {
            if other != forge.algorithm().name() {
                refused(&jwk.replace(&alg, &format!(r#""alg":"{other}","#)));
            }
        }
    }
}

#[test]
fn a_name_that_no_header_may_carry_is_a_load_error() {
    let long = "k".repeat(65);
    for kid in
        ["", &long, "a b", "a\\u0000", "a\\r\\n", "../../etc/passwd", "a/b", "a\\\"b", "' OR 1=1", "é", "a.b"]
    {
        refused(&mac(32).replace(r#""kid":"m""#, &format!(r#""kid":"{kid}""#)));
    }
    for raw in ["1", "[]", "[\"m\"]", "null", "true", "{}"] {
        refused(&mac(32).replace(r#""kid":"m""#, &format!(r#""kid":{raw}"#)));
    }
}

#[test]
fn a_repeated_name_is_a_load_error_that_tells_it() {
    let twice = format!(r#"{{"keys":[{},{}]}}"#, HS256.jwk(), HS256.jwk());
    let error = Keyring::from_jwks(&twice).unwrap_err();
    assert_eq!(error.code(), "invalid_key");
    assert!(error.to_string().contains(HS256.kid()), "{error}");
}

#[test]
fn a_private_key_where_a_public_one_is_due_is_a_load_error() {
    for forge in [HS256, EDDSA, ES256] {
        let error = Keyring::from_public_jwks(&forge.jwk()).unwrap_err();
        assert_eq!(error.code(), "invalid_key");
        assert!(error.to_string().contains(forge.kid()), "{error}");
    }
}

#[test]
fn an_rsa_key_is_a_load_error_unless_it_is_asked_for_and_then_if_it_is_weak() {
    let rsa = |bytes: usize, e: &str| {
        format!(r#"{{"kty":"RSA","alg":"RS256","kid":"r","n":"{}","e":"{e}"}}"#, encode(vec![0xFF; bytes]))
    };
    let allow = |text: &str| sessera::KeyringOptions::new().allow_rs256().from_jwks(text);
    refused(&rsa(256, "AQAB"));
    allow(&rsa(256, "AQAB")).unwrap();
    for weak in
        [rsa(128, "AQAB"), rsa(255, "AQAB"), rsa(256, "AQ"), rsa(256, "Ag"), rsa(256, ""), rsa(0, "AQAB")]
    {
        assert_eq!(allow(&weak).unwrap_err().code(), "invalid_key", "{weak}");
    }
}

#[test]
fn a_key_set_that_is_not_strict_json_is_a_load_error() {
    let good = HS256.jwk();
    for text in [
        String::new(),
        "null".into(),
        "[]".into(),
        "{}".into(),
        r#"{"keys":[]}"#.into(),
        r#"{"keys":{}}"#.into(),
        r#"{"keys":[1]}"#.into(),
        format!("\u{FEFF}{good}"),
        format!("{good}{good}"),
        good.replacen('{', r#"{"k":"AAAA","#, 1),
        good.replacen('{', r#"{"\u006b":"AAAA","#, 1),
        good.replace('}', ",}"),
        good.replace('"', "'"),
        format!(r#"{{"keys":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000)),
        format!(r#"{{"keys":[{}]}}"#, vec![good.clone(); 1000].join(",")),
        " ".repeat(1_000_000),
    ] {
        let error = Keyring::from_jwks(&text).expect_err(&text[..text.len().min(80)]);
        assert_eq!(error.code(), "invalid_key");
    }
}

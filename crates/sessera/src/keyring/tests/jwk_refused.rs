//! Every key that must not be loaded, by its reason.

use super::*;
use crate::codec::base64url;

pub(super) const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
pub(super) const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const EC_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const EC_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const EC_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

pub(super) fn ed25519(more: &str) -> String {
    format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","x":"{X}"{more}}}"#)
}

pub(super) fn p256(more: &str) -> String {
    format!(r#"{{"kty":"EC","crv":"P-256","alg":"ES256","kid":"b","x":"{EC_X}","y":"{EC_Y}"{more}}}"#)
}

pub(super) fn hmac(kid: &str, length: usize) -> String {
    format!(r#"{{"kty":"oct","alg":"HS256","kid":"{kid}","k":"{}"}}"#, base64url::encode(vec![7; length]))
}

pub(super) fn rsa(n: &[u8], e: &[u8]) -> String {
    let (n, e) = (base64url::encode(n), base64url::encode(e));
    format!(r#"{{"kty":"RSA","alg":"RS256","kid":"r","n":"{n}","e":"{e}"}}"#)
}

pub(super) fn set(keys: &[String]) -> String {
    format!(r#"{{"keys":[{}]}}"#, keys.join(","))
}

fn load(keys: &[String]) -> Result<Keyring> {
    Keyring::from_jwks(&set(keys))
}

fn load_rsa(n: &[u8], e: &[u8]) -> Result<Keyring> {
    KeyringOptions::new().allow_rs256().from_jwks(&set(&[rsa(n, e)]))
}

#[track_caller]
fn check(key: &str, message: &str) {
    assert_eq!(refused(load(&[key.to_owned()])), message, "{key}");
}

#[test]
fn the_keys_of_this_file_are_good_before_they_are_spoiled() {
    load(&[ed25519(""), p256("")]).unwrap();
    load(&[ed25519(&format!(r#","d":"{D}""#)), p256(&format!(r#","d":"{EC_D}""#))]).unwrap();
    load(&[hmac("a", 32), hmac("b", 64)]).unwrap();
    load_rsa(&[0xff; 256], &[1, 0, 1]).unwrap();
}

#[test]
fn a_key_without_alg() {
    check(
        &ed25519("").replace(r#""alg":"EdDSA","#, ""),
        r#"key "a": no "alg"; for signatures of this key add "alg":"EdDSA""#,
    );
}

#[test]
fn a_key_of_an_unknown_alg() {
    for alg in ["none", "eddsa", "ed25519", "Ed448", "ESP256", "HS512", "RSA-OAEP", ""] {
        let message = r#"key "a": unsupported "alg": expected EdDSA (or Ed25519), ES256, HS256 or RS256"#;
        check(&ed25519("").replace("EdDSA", alg), message);
    }
}

#[test]
fn a_key_whose_alg_is_not_that_of_its_type_and_curve() {
    let message = r#"key "a": "alg" does not match "kty" and "crv""#;
    for alg in ["ES256", "HS256"] {
        check(&ed25519("").replace("EdDSA", alg), message);
    }
    let rs256 = set(&[ed25519("").replace("EdDSA", "RS256")]);
    assert_eq!(refused(KeyringOptions::new().allow_rs256().from_jwks(&rs256)), message);
    for crv in ["X25519", "P-256", "ed25519"] {
        check(&ed25519("").replace(r#""crv":"Ed25519""#, &format!(r#""crv":"{crv}""#)), message);
    }
    check(&ed25519("").replace(r#""kty":"OKP","#, ""), message);
    check(&p256("").replace("P-256", "P-384").replace(r#""b""#, r#""a""#), message);
    check(&hmac("a", 32).replace("HS256", "EdDSA"), message);
    check(&hmac("a", 32).replace(r#""kty""#, r#""crv":"P-256","kty""#), message);
}

#[test]
fn a_repeated_kid() {
    let message = r#"key "a": another key has the same kid"#;
    assert_eq!(refused(load(&[ed25519(""), p256("").replace(r#""b""#, r#""a""#)])), message);
    assert_eq!(refused(load(&[hmac("a", 32), hmac("b", 32), hmac("a", 33)])), message);
}

#[test]
fn an_ill_formed_kid_which_the_message_does_not_repeat() {
    let long = "k".repeat(65);
    for kid in ["", &long, "a b", "a.b", "a/../b", "a'b", "é", "a+b", "a=", r"a\u0000b"] {
        let key = ed25519("").replace(r#""kid":"a""#, &format!(r#""kid":"{kid}""#));
        let message = r#"key 1 of the set: "kid" is not 1 to 64 letters, digits, "_" or "-""#;
        assert_eq!(refused(load(&[key])), message, "{kid:?}");
    }
    for kid in ["1", "[]", "null", "true", "{}"] {
        let key = ed25519("").replace(r#""kid":"a""#, &format!(r#""kid":{kid}"#));
        assert_eq!(refused(load(&[key])), r#"key 1 of the set: "kid" is not a string"#, "{kid:?}");
    }
    let escaped = load(&[ed25519("").replace(r#""kid":"a""#, r#""kid":"\u0061""#)]).unwrap();
    assert!(escaped.has("a"));
    let longest = "k".repeat(64);
    load(&[ed25519("").replace(r#""kid":"a""#, &format!(r#""kid":"{longest}""#))]).unwrap();
}

#[test]
fn a_mac_key_without_kid() {
    check(&hmac("a", 32).replace(r#""kid":"a","#, ""), r#"key 1 of the set: a MAC key needs a "kid""#);
}

#[test]
fn mac_keys_beside_public_keys() {
    let message = r#"key "m": a keyring holds either MAC keys or public keys"#;
    assert_eq!(refused(load(&[ed25519(""), hmac("m", 32)])), message);
    let message = r#"key "a": a keyring holds either MAC keys or public keys"#;
    assert_eq!(refused(load(&[hmac("m", 32), ed25519("")])), message);
}

#[test]
fn a_mac_key_of_fewer_than_32_bytes() {
    for length in [0, 1, 31] {
        check(&hmac("m", length), r#"key "m": an HMAC key has at least 32 bytes"#);
    }
}

#[test]
fn an_ed25519_key_of_small_order() {
    // The eight points of order 1, 2, 4 and 8.
    let points = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];
    for point in points {
        let bytes: Vec<u8> =
            (0..32).map(|at| u8::from_str_radix(&point[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let key = ed25519("").replace(X, &base64url::encode(bytes));
        check(&key, r#"key "a": its point is of small order"#);
    }
}

#[test]
fn an_ed25519_key_in_a_second_spelling() {
    // y + p for each y below 19, with both signs of x; and x = 0 with a sign.
    let mut spellings = vec![];
    for first in 0xed..=0xffu8 {
        for last in [0x7f, 0xff] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (first, last);
            spellings.push(point);
        }
    }
    let mut minus_zero = [0; 32];
    (minus_zero[0], minus_zero[31]) = (1, 0x80);
    spellings.push(minus_zero);
    let refusals: Vec<String> = spellings
        .iter()
        .map(|point| refused(load(&[ed25519("").replace(X, &base64url::encode(point))])))
        .collect();
    let second =
        refusals.iter().filter(|message| message.ends_with("its point is not in canonical form")).count();
    let nowhere =
        refusals.iter().filter(|message| message.ends_with("its point is not on the curve")).count();
    assert_eq!(second + nowhere, spellings.len());
    assert!(second > 8, "{second} of the spellings are on the curve");
}

#[test]
fn a_public_key_that_is_not_on_its_curve() {
    let mut nowhere = [0; 32];
    nowhere[0] = 2;
    check(&ed25519("").replace(X, &base64url::encode(nowhere)), r#"key "a": its point is not on the curve"#);
    let message = r#"key "b": its point is not on the curve"#;
    check(&p256("").replace(EC_Y, EC_X), message);
    check(
        &p256("").replace(EC_X, &base64url::encode([0; 32])).replace(EC_Y, &base64url::encode([0; 32])),
        message,
    );
    check(&p256("").replace(EC_X, &base64url::encode([0xff; 32])), message);
}

#[test]
fn a_part_that_is_missing_too_short_too_long_or_not_base64url() {
    check(&ed25519("").replace(r#","x""#, r#","z""#), r#"key "a": "x" is missing"#);
    check(&p256("").replace(r#","y""#, r#","z""#), r#"key "b": "y" is missing"#);
    check(&hmac("m", 32).replace(r#","k""#, r#","z""#), r#"key "m": "k" is missing"#);
    for length in [0, 31, 33] {
        let wrong = base64url::encode(vec![1; length]);
        let rest = format!("is {length} bytes long instead of 32");
        check(&ed25519("").replace(X, &wrong), &format!(r#"key "a": "x" {rest}"#));
        check(&p256("").replace(EC_X, &wrong), &format!(r#"key "b": "x" {rest}"#));
        check(&ed25519(&format!(r#","d":"{wrong}""#)), &format!(r#"key "a": "d" {rest}"#));
    }
    for text in [format!("{X}="), X.replace('o', "+"), X.replace("URo", "URp"), format!(" {X}")] {
        check(&ed25519("").replace(X, &text), r#"key "a": "x" is not base64url without padding"#);
    }
}

#[test]
fn a_private_part_that_does_not_belong_to_its_public_part() {
    let message = "its private part does not belong to its public part";
    check(&ed25519(&format!(r#","d":"{EC_D}""#)), &format!(r#"key "a": {message}"#));
    for d in [D, &base64url::encode([0; 32]), &base64url::encode([0xff; 32])] {
        check(&p256(&format!(r#","d":"{d}""#)), &format!(r#"key "b": {message}"#));
    }
}

#[test]
fn the_secret_of_another_type_of_key() {
    let message = "it has the private member of another key type";
    for member in ["k", "p", "q", "dp", "dq", "qi", "oth", "priv"] {
        check(&ed25519(&format!(r#","{member}":"AA""#)), &format!(r#"key "a": {message}"#));
        check(&p256(&format!(r#","{member}":"AA""#)), &format!(r#"key "b": {message}"#));
    }
    for member in ["d", "p", "priv"] {
        let key = hmac("m", 32).replace(r#""kid""#, &format!(r#""{member}":"AA","kid""#));
        check(&key, &format!(r#"key "m": {message}"#));
    }
}

#[test]
fn an_rsa_key_where_it_is_not_allowed() {
    let message = r#"key "r": RS256 is off: set allow_rs256 to verify with it"#;
    check(&rsa(&[0xff; 256], &[1, 0, 1]), message);
}

#[test]
fn an_rsa_modulus_of_fewer_than_2048_or_more_than_8192_bits() {
    let mut short = vec![0xff; 256];
    short[0] = 0x7f;
    let mut long = vec![0xff; 1025];
    long[0] = 1;
    for n in [&[0xff][..], &[0xff; 128], &short, &long] {
        assert_eq!(refused(load_rsa(n, &[1, 0, 1])), r#"key "r": an RSA modulus has 2048 to 8192 bits"#);
    }
    load_rsa(&[0xff; 1024], &[3]).unwrap();
}

#[test]
fn an_rsa_modulus_that_is_even_or_begins_with_zero() {
    let mut even = vec![0xff; 256];
    even[255] = 0xfe;
    assert_eq!(refused(load_rsa(&even, &[1, 0, 1])), r#"key "r": an RSA modulus is odd"#);
    let mut zero = vec![0xff; 257];
    zero[0] = 0;
    for (n, e) in
        [(&zero[..], &[1, 0, 1][..]), (&[], &[3]), (&[0xff; 256], &[0, 1, 0, 1]), (&[0xff; 256], &[])]
    {
        assert_eq!(refused(load_rsa(n, e)), r#"key "r": its numbers begin with a zero, or are empty"#);
    }
}

#[test]
fn an_rsa_exponent_that_is_1_even_or_too_large() {
    for e in [&[1][..], &[2], &[4], &[1, 0, 0]] {
        assert_eq!(refused(load_rsa(&[0xff; 256], e)), r#"key "r": an RSA exponent is odd, and at least 3"#);
    }
    for e in [&[2, 0, 0, 0, 1][..], &[1, 0, 0, 0, 0, 1]] {
        assert_eq!(refused(load_rsa(&[0xff; 256], e)), r#"key "r": its RSA exponent is too large"#);
    }
}

#[test]
fn an_rsa_private_key_even_where_rsa_is_allowed() {
    let public = rsa(&[0xff; 256], &[1, 0, 1]);
    for member in ["d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"] {
        let key = public.replace(r#""kid""#, &format!(r#""{member}":"AQ","kid""#));
        let message = r#"key "r": RSA private key: RS256 only verifies here; put its public key in the set"#;
        check(&key, message);
        assert_eq!(refused(KeyringOptions::new().allow_rs256().from_jwks(&set(&[key]))), message);
    }
}

#[test]
fn a_secret_where_only_public_keys_are_expected() {
    let public = |keys: &[String]| refused(Keyring::from_public_jwks(&set(keys)));
    let message = "private key: only public keys are accepted here";
    assert_eq!(public(&[ed25519(&format!(r#","d":"{D}""#))]), format!(r#"key "a": {message}"#));
    assert_eq!(public(&[p256(&format!(r#","d":"{EC_D}""#))]), format!(r#"key "b": {message}"#));
    assert_eq!(public(&[hmac("m", 32)]), format!(r#"key "m": {message}"#));
    let rooted = set(&[ed25519("")]).replace("]}", &format!(r#"],"root":"{X}"}}"#));
    let message = "the key set has a root secret: only public keys are accepted here";
    assert_eq!(refused(Keyring::from_public_jwks(&rooted)), message);
}

#[test]
fn a_root_that_is_short_or_not_base64url() {
    let short = base64url::encode([1; 31]);
    for root in [r#""""#, &format!(r#""{short}""#), r#""++++""#, "1", "null", "[]"] {
        let rooted = set(&[ed25519("")]).replace("]}", &format!(r#"],"root":{root}}}"#));
        let message = "the root secret is not base64url of at least 32 bytes";
        assert_eq!(refused(Keyring::from_jwks(&rooted)), message, "{root}");
    }
}

#[test]
fn a_use_or_key_ops_that_forbid_what_the_key_is_for() {
    for other in ["enc", "", "SIG"] {
        let message = r#"key "a": "use" is not "sig", so the key is not for signatures"#;
        check(&ed25519(&format!(r#","use":"{other}""#)), message);
    }
    for operations in ["[]", r#"["sign"]"#, r#"["encrypt","deriveKey"]"#] {
        let key = ed25519(&format!(r#","key_ops":{operations}"#));
        check(&key, r#"key "a": "key_ops" lacks "verify""#);
    }
    check(&ed25519(&format!(r#","d":"{D}","key_ops":["verify"]"#)), r#"key "a": "key_ops" lacks "sign""#);
    for operations in [r#"["sign"]"#, r#"["verify"]"#] {
        let key = hmac("m", 32).replace(r#""kid""#, &format!(r#""key_ops":{operations},"kid""#));
        check(&key, r#"key "m": "key_ops" lacks "sign" or "verify""#);
    }
    load(&[hmac("m", 32).replace(r#""kid""#, r#""key_ops":["verify","sign"],"kid""#)]).unwrap();
    load(&[ed25519(r#","key_ops":["verify"],"use":"sig""#)]).unwrap();
}

#[test]
fn a_member_of_the_wrong_type() {
    let (text, times) = ("is not a string", "is not in whole seconds");
    for (name, value, rest) in [
        ("use", "1", text),
        ("use", "null", text),
        ("y", "{}", text),
        ("key_ops", r#""verify""#, "is not an array of strings"),
        ("key_ops", "[1]", "is not an array of strings"),
        ("key_ops", "{}", "is not an array of strings"),
        ("iat", r#""1""#, times),
        ("nbf", "1.5", times),
        ("exp", "-1", times),
        ("exp", "1e3", times),
        ("exp", "9007199254740992", times),
        ("exp", "null", times),
        ("d", "1", "is not a string without escapes"),
        ("d", r#""\u0041""#, "is not a string without escapes"),
    ] {
        check(&ed25519(&format!(r#","{name}":{value}"#)), &format!(r#"key "a": "{name}" {rest}"#));
    }
    check(&ed25519("").replace(r#""EdDSA""#, "1"), r#"key "a": "alg" is not a string"#);
}

#[test]
fn more_than_32_keys_or_none() {
    let keys = |count: usize| (0..count).map(|number| hmac(&format!("k{number}"), 32)).collect::<Vec<_>>();
    load(&keys(32)).unwrap();
    assert_eq!(refused(load(&keys(33))), "a keyring has at most 32 keys");
    assert_eq!(refused(load(&[])), "the key set has no keys");
}

#[test]
fn more_than_64_kib() {
    let padded =
        |length: usize| format!("{}{}", set(&[ed25519("")]), " ".repeat(length - set(&[ed25519("")]).len()));
    Keyring::from_jwks(&padded(64 * 1024)).unwrap();
    assert_eq!(refused(Keyring::from_jwks(&padded(64 * 1024 + 1))), "the key set is over 64 KiB");
}

#[test]
fn text_that_is_not_a_strict_key_set() {
    let duplicate = "a member name stands twice in a JSON object";
    for text in [
        set(&[ed25519(r#","kid":"b""#)]),
        set(&[ed25519(r#","\u006bid":"b""#)]),
        set(&[ed25519(r#","z":{"a":1,"a":2}"#)]),
        set(&[ed25519("")]).replace("]}", r#"],"keys":[]}"#),
    ] {
        assert_eq!(
            refused(Keyring::from_jwks(&text)),
            format!("the key set is not strict JSON: {duplicate}"),
            "{text}"
        );
    }
    for text in ["", "[]", "null", "{\"keys\":[}", "{\"keys\":[]} x"] {
        assert!(refused(Keyring::from_jwks(text)).starts_with("the key set is not strict JSON: "), "{text}");
    }
    let message = "the key set begins with a byte order mark: save it as UTF-8 without one";
    assert_eq!(refused(Keyring::from_jwks(&format!("\u{feff}{}", set(&[ed25519("")])))), message);
    let message = "the text is PEM and not a JWK Set: read it with from_pem";
    assert_eq!(refused(Keyring::from_jwks("\n-----BEGIN PRIVATE KEY-----")), message);
    assert_eq!(refused(Keyring::from_jwks("{}")), r#"not a JWK Set: the array "keys" is missing"#);
    for text in [r#"{"keys":{}}"#, r#"{"keys":null}"#, r#"{"keys":"[]"}"#] {
        assert_eq!(refused(Keyring::from_jwks(text)), r#"not a JWK Set: "keys" is not an array"#, "{text}");
    }
    for text in [r#"{"keys":[1]}"#, r#"{"keys":[[]]}"#, r#"{"keys":[null]}"#] {
        assert!(refused(Keyring::from_jwks(text)).starts_with("the key set is not strict JSON: "), "{text}");
    }
}

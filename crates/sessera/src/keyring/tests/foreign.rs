//! Public sets of other parties, with keys that are for something else.

use super::jwk_refused::{D, X, ed25519, hmac, p256, rsa, set};
use super::*;
use crate::codec::base64url;

/// Each key that a public set may hold beside ours, its `kid`, and why it is skipped.
fn foreign() -> Vec<(String, &'static str, &'static str)> {
    let rsa = |alg: &str, more: &str| {
        let n = base64url::encode([0xff; 256]);
        format!(r#"{{"kty":"RSA","kid":"f"{alg},"n":"{n}","e":"AQAB"{more}}}"#)
    };
    let ec = |crv: &str, alg: &str| {
        let x = base64url::encode([1; 48]);
        format!(r#"{{"kty":"EC","crv":"{crv}","alg":"{alg}","kid":"f","x":"{x}","y":"{x}"}}"#)
    };
    let okp = |crv: &str, alg: &str| format!(r#"{{"kty":"OKP","crv":"{crv}"{alg},"kid":"f","x":"{X}"}}"#);
    let unsupported = r#"unsupported "alg": expected EdDSA (or Ed25519), ES256, HS256 or RS256"#;
    let unknown = r#"unsupported "kty": expected OKP, EC, RSA or oct"#;
    let encryption = r#""use" is not "sig", so the key is not for signatures"#;
    let kid = r#""kid" is not 1 to 64 letters, digits, "_" or "-""#;
    let named = |key: String, kid: &str| key.replace(r#""kid":"a""#, &format!(r#""kid":"{kid}""#));
    vec![
        // Keycloak's default, which also holds a certificate.
        (
            rsa(r#","alg":"RSA-OAEP""#, &format!(r#","use":"enc","x5c":["{}"]"#, "A".repeat(6000))),
            "f",
            encryption,
        ),
        (rsa(r#","alg":"RSA-OAEP""#, ""), "f", unsupported),
        (rsa(r#","alg":"PS256""#, r#","use":"sig""#), "f", unsupported),
        (rsa(r#","alg":"RS256""#, r#","use":"sig""#), "f", "RS256 is off: set allow_rs256 to verify with it"),
        (rsa("", ""), "f", r#"no "alg"; for signatures of this key add "alg":"RS256""#),
        (ec("P-384", "ES384"), "f", unsupported),
        (ec("P-521", "ES512"), "f", unsupported),
        (ec("secp256k1", "ES256K"), "f", unsupported),
        (ec("P-256", "ECDH-ES"), "f", unsupported),
        (okp("X25519", r#","alg":"ECDH-ES""#), "f", unsupported),
        (okp("X25519", ""), "f", r#"no "alg""#),
        (okp("Ed448", r#","alg":"EdDSA""#), "f", r#"unsupported "crv": EdDSA needs Ed25519 here"#),
        (okp("Ed448", r#","alg":"Ed448""#), "f", unsupported),
        (okp("Ed25519", ""), "f", r#"no "alg"; for signatures of this key add "alg":"EdDSA""#),
        (
            p256("").replace(r#""alg":"ES256","#, ""),
            "b",
            r#"no "alg"; for signatures of this key add "alg":"ES256""#,
        ),
        (
            format!(r#"{{"kty":"AKP","alg":"ML-DSA-87","kid":"f","pub":"{}"}}"#, "A".repeat(3456)),
            "f",
            unknown,
        ),
        (r#"{"kty":"LWE","kid":"f","more":{"a":{"b":{"c":[{"d":1}]}}}}"#.to_owned(), "f", unknown),
        (ed25519(r#","use":"enc""#), "a", encryption),
        (ed25519(r#","key_ops":["deriveBits"]"#), "a", r#""key_ops" lacks "verify""#),
        (named(ed25519(""), "AQ+/Zg=="), "AQ+/Zg==", kid),
        (named(ed25519(""), "https://idp.example/keys/1"), "https://idp.example/keys/1", kid),
    ]
}

#[test]
fn foreign_keys_of_a_public_set_are_skipped_with_a_reason() {
    for (key, kid, reason) in foreign() {
        let text = set(&[key.clone(), p256("").replace(r#""b""#, r#""ours""#)]);
        for keyring in [Keyring::from_public_jwks(&text).unwrap(), Keyring::from_jwks(&text).unwrap()] {
            assert_eq!(keyring.0.keys.len(), 1, "{key}");
            assert!(keyring.has("ours") && !keyring.has(kid));
            let expected = SkippedKey { kid: Some(kid.to_owned()), reason: reason.to_owned() };
            assert_eq!(keyring.skipped(), [expected], "{key}");
            assert!(!keyring.jwks().contains(&format!("{kid:?}")), "what is skipped is not published");
        }
    }
}

#[test]
fn a_set_without_a_usable_key_is_refused_with_the_reasons() {
    for (key, kid, reason) in foreign() {
        let which =
            if thumbprint::is_kid(kid) { format!(r#"key "{kid}""#) } else { "key 1 of the set".into() };
        for text in [set(std::slice::from_ref(&key)), key] {
            assert_eq!(refused(Keyring::from_public_jwks(&text)), format!("{which}: {reason}"));
        }
    }
    let some = |count: usize| {
        let keys: Vec<_> = (0..count).map(|at| format!(r#"{{"kty":"AKP","kid":"{at}"}}"#)).collect();
        refused(Keyring::from_public_jwks(&set(&keys)))
    };
    let reason = r#"unsupported "kty": expected OKP, EC, RSA or oct"#;
    let two = format!(r#"no key of the set can be used: key "0": {reason}; key "1": {reason}"#);
    assert_eq!(some(2), two);
    assert!(some(4).ends_with(&format!(r#"key "3": {reason}"#)));
    assert!(some(6).ends_with(&format!(r#"key "3": {reason}; and 2 more"#)));
}

#[test]
fn a_weak_or_broken_key_spoils_a_public_set() {
    let good = p256("");
    for (key, message) in [
        (ed25519("").replace(X, &base64url::encode([0; 32])), r#"key "a": its point is of small order"#),
        (ed25519("").replace(X, &X[1..]), r#"key "a": "x" is not base64url without padding"#),
        (ed25519("").replace(r#""x""#, r#""z""#), r#"key "a": "x" is missing"#),
        (ed25519(r#","exp":"never""#), r#"key "a": "exp" is not in whole seconds"#),
        (ed25519("").replace("EdDSA", "ES256"), r#"key "a": "alg" does not match "kty" and "crv""#),
        (
            good.replace(r#""kid":"b""#, r#""kid":"a""#).replace("x_FE", "x_FF"),
            r#"key "a": its point is not on the curve"#,
        ),
        (good.clone(), r#"key "b": another key has the same kid"#),
    ] {
        assert_eq!(refused(Keyring::from_public_jwks(&set(&[good.clone(), key]))), message);
    }
    let weak = set(&[good, rsa(&[0xff; 128], &[1, 0, 1])]);
    let allowed = KeyringOptions::new().allow_rs256();
    assert_eq!(refused(allowed.from_jwks(&weak)), r#"key "r": an RSA modulus has 2048 to 8192 bits"#);
    assert_eq!(Keyring::from_jwks(&weak).unwrap().skipped().len(), 1, "no RSA key is looked at");
}

#[test]
fn no_key_is_skipped_in_a_set_with_secrets() {
    let private = ed25519(&format!(r#","d":"{D}""#)).replace(r#""kid":"a""#, r#""kid":"ours""#);
    let rule = " (every key of a set with secrets must be usable)";
    for (key, kid, reason) in foreign() {
        let which =
            if thumbprint::is_kid(kid) { format!(r#"key "{kid}""#) } else { "key 2 of the set".into() };
        let message = format!("{which}: {reason}{rule}");
        assert_eq!(refused(Keyring::from_jwks(&set(&[private.clone(), key.clone()]))), message);
        let rooted = set(&[ed25519("").replace(r#""kid":"a""#, r#""kid":"ours""#), key]);
        let rooted = rooted.replace("]}", &format!(r#"],"root":"{X}"}}"#));
        assert_eq!(refused(Keyring::from_jwks(&rooted)), message, "a root secret makes the set one of ours");
    }
    // A signing key that can't be used is never lost silently.
    let other = ed25519(&format!(r#","d":"{D}","use":"enc""#));
    assert!(refused(Keyring::from_jwks(&set(&[p256(""), other]))).starts_with(r#"key "a": "use""#));
    let mac = hmac("m", 32).replace("HS256", "HS512");
    assert!(refused(Keyring::from_jwks(&set(&[p256(""), mac]))).starts_with(r#"key "m": unsupported "alg""#));
}

#[test]
fn a_secret_of_any_key_type_is_refused_in_a_public_set() {
    let message = "private key: only public keys are accepted here";
    for key in [
        r#"{"kty":"RSA","alg":"RSA-OAEP","use":"enc","kid":"f","n":"AQAB","e":"AQAB","d":"AQAB"}"#,
        r#"{"kty":"RSA","kid":"f","n":"AQAB","e":"AQAB","p":"AQAB"}"#,
        r#"{"kty":"oct","alg":"A256GCM","kid":"f","k":"AQAB"}"#,
        r#"{"kty":"AKP","alg":"ML-DSA-44","kid":"f","pub":"AQAB","priv":"AQAB"}"#,
        r#"{"kty":"EC","crv":"P-384","alg":"ES384","kid":"f","d":"AQAB"}"#,
    ] {
        let text = set(&[p256(""), key.to_owned()]);
        assert_eq!(refused(Keyring::from_public_jwks(&text)), format!(r#"key "f": {message}"#), "{key}");
    }
}

#[test]
fn the_newer_name_of_ed25519_is_read_and_the_older_written() {
    let named = ed25519("").replace(r#""alg":"EdDSA""#, r#""alg":"Ed25519""#);
    let keyring = Keyring::from_public_jwks(&set(&[named])).unwrap();
    assert_eq!(keyring.find("a").unwrap().algorithm(), Algorithm::EdDsa);
    assert!(keyring.jwks().contains(r#""alg":"EdDSA""#) && !keyring.jwks().contains(r#""alg":"Ed25519""#));
    // As WebCrypto exports a key.
    let exported = format!(
        r#"{{"key_ops":["verify"],"ext":true,"alg":"Ed25519","crv":"Ed25519","x":"{X}","kty":"OKP"}}"#
    );
    let keyring = Keyring::from_public_jwks(&exported).unwrap();
    assert!(keyring.has("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"), "RFC 8037 appendix A.3");
}

#[test]
fn skipped_keys_count_toward_the_limit_of_a_set_only() {
    let with = |count: usize| {
        let mut keys = vec![r#"{"kty":"AKP"}"#.to_owned(); count];
        keys.push(ed25519(""));
        Keyring::from_public_jwks(&set(&keys))
    };
    let keyring = with(255).unwrap();
    assert_eq!(keyring.skipped().len(), 255);
    assert_eq!(keyring.skipped()[0].kid, None);
    assert_eq!(refused(with(256)), "a key set has at most 256 keys");
}

#[test]
fn what_was_skipped_stays_known_when_rings_are_joined() {
    let public =
        Keyring::from_public_jwks(&set(&[p256(""), r#"{"kty":"AKP","kid":"f"}"#.to_owned()])).unwrap();
    let mut joined = Keyring::generate(Algorithm::EdDsa).unwrap().joined(&public).unwrap();
    joined.rotate(time::OffsetDateTime::UNIX_EPOCH).unwrap();
    assert_eq!(joined.skipped(), public.skipped());
    assert!(Keyring::from_jwks(&joined.private_jwks()).unwrap().skipped().is_empty());
}

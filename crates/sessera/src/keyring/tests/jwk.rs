//! JWK in and out.

use proptest::prelude::*;

use super::*;
use crate::codec::base64url;

/// RFC 8037 appendix A.1.
const ED25519: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"a","use":"sig","key_ops":["sign"],
    "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
/// RFC 7515 appendix A.3.1.
const P256: &str = r#"{"kty":"EC","crv":"P-256","alg":"ES256","kid":"b","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
/// RFC 7515 appendix A.1.1.
const HMAC: &str = r#"{"kty":"oct","alg":"HS256","kid":"c",
    "k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"}"#;
/// RFC 7638 §3.1; the key is also that of RFC 7515 appendix A.2.1.
const RSA: &str = r#"{"kty":"RSA","alg":"RS256","e":"AQAB","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}"#;

fn without(text: &str, member: &str) -> String {
    let start = text.find(&format!("\"{member}\"")).unwrap();
    let end = start + text[start..].find(',').unwrap() + 1;
    format!("{}{}", &text[..start], &text[end..])
}

#[test]
fn the_thumbprints_are_those_of_the_rfcs() {
    let ed25519 = Keyring::from_jwks(&without(ED25519, "kid")).unwrap();
    assert_eq!(
        ed25519.0.keys[0].kid(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "RFC 8037 appendix A.3"
    );
    let rsa = KeyringOptions::new().allow_rs256().from_jwks(RSA).unwrap();
    assert_eq!(rsa.0.keys[0].kid(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "RFC 7638 §3.1");
    // Computed apart from this code, with Python's hashlib.
    let p256 = Keyring::from_jwks(&without(P256, "kid")).unwrap();
    assert_eq!(p256.0.keys[0].kid(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
}

#[test]
fn the_signatures_are_those_of_the_rfcs() {
    let signs = |keyring: &Keyring, message: &str| {
        base64url::encode(keyring.signing_key(0).unwrap().sign(message.as_bytes()).unwrap())
    };
    let verifies = |keyring: &Keyring, message: &str, signature: &str| {
        keyring.0.keys[0].verify(message.as_bytes(), &base64url::decode(signature).unwrap())
    };
    let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let expected = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(signs(&Keyring::from_jwks(ED25519).unwrap(), message), expected, "RFC 8037 appendix A.4");

    let payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let message = format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{payload}");
    let expected = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    assert_eq!(signs(&Keyring::from_jwks(HMAC).unwrap(), &message), expected, "RFC 7515 appendix A.1");

    let expected = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let p256 = Keyring::from_jwks(P256).unwrap();
    assert!(verifies(&p256, &format!("eyJhbGciOiJFUzI1NiJ9.{payload}"), expected), "RFC 7515 appendix A.3");
}

#[test]
fn rs256_verifies_where_it_is_allowed_and_never_signs() {
    let payload =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    // RFC 7515 appendix A.2.
    let n = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let text = format!(r#"{{"keys":[{{"kty":"RSA","alg":"RS256","kid":"r","e":"AQAB","n":"{n}"}}]}}"#);
    let keyring = KeyringOptions::new().allow_rs256().public_only().from_jwks(&text).unwrap();
    let key = keyring.find("r").unwrap();
    let message = format!("eyJhbGciOiJSUzI1NiJ9.{payload}");
    let signature = base64url::decode(signature).unwrap();
    assert!(key.verify(message.as_bytes(), &signature));
    assert!(!key.verify(b"other", &signature));
    assert!(!key.verify(message.as_bytes(), &signature[1..]));
    assert!(key.sign(b"message").is_err() && keyring.signing_key(0).is_err());
    let again = KeyringOptions::new().allow_rs256().from_jwks(&keyring.jwks()).unwrap();
    assert_eq!(again.jwks(), keyring.jwks());
}

#[test]
fn a_saved_ring_reads_back_as_the_same_ring() {
    for algorithm in SIGNING {
        let keyring = Keyring::generate(algorithm).unwrap();
        let text = keyring.private_jwks();
        let again = Keyring::from_jwks(&text).unwrap();
        assert_eq!(*again.private_jwks(), *text);
        assert!(agree(&keyring, &again) && agree(&again, &keyring));
        assert_eq!(tag(&again), tag(&keyring));
    }
}

#[test]
fn the_times_of_a_key_are_read_and_written() {
    let timed = ED25519.replace(r#""use":"sig""#, r#""iat":1,"nbf":2,"exp":3"#);
    let keyring = Keyring::from_jwks(&timed).unwrap();
    assert!(keyring.jwks().contains(r#""iat":1,"nbf":2,"exp":3"#));
    assert!(keyring.signing_key(1_999).is_err());
    assert!(keyring.signing_key(2_000).is_ok() && keyring.signing_key(2_999).is_ok());
    assert!(keyring.signing_key(3_000).is_err());
    assert!(keyring.0.keys[0].verifies_at(2_999) && !keyring.0.keys[0].verifies_at(3_000));
}

#[test]
fn the_public_set_never_holds_a_secret() {
    for algorithm in SIGNING {
        let mut keyring = Keyring::generate(algorithm).unwrap();
        keyring.rotate(time::OffsetDateTime::UNIX_EPOCH).unwrap();
        let text = keyring.jwks();
        for member in ["\"d\"", "\"k\"", "root", "oct"] {
            assert!(!text.contains(member), "{algorithm}: {member}");
        }
        let keys = if algorithm.is_symmetric() { 0 } else { 2 };
        assert_eq!(text.matches("kty").count(), keys);
        let whole = keyring.private_jwks();
        assert!(
            whole.contains("\"root\"")
                && whole.matches(r#""d":""#).count() + whole.matches(r#""k":""#).count() == 2
        );
    }
}

#[test]
fn jsonwebtoken_reads_the_public_set_as_it_is() {
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let keyring = Keyring::generate(algorithm).unwrap();
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&keyring.jwks()).unwrap();
        let jwk = set.find(keyring.0.keys[0].kid()).unwrap();
        assert_eq!(jwk.common.key_algorithm.unwrap().to_string(), algorithm.name());
    }
}

#[test]
fn a_ring_without_a_root_derives_its_purposes_from_its_oldest_private_key() {
    let one = Keyring::from_jwks(ED25519).unwrap();
    let with_newer = format!(
        r#"{{"keys":[{},{}]}}"#,
        P256.replace(r#""kid""#, r#""nbf":9,"kid""#),
        &ED25519[9..ED25519.len() - 2]
    );
    let two = Keyring::from_jwks(&with_newer).unwrap();
    assert_eq!(tag(&one), tag(&two));
    assert_ne!(tag(&one), tag(&Keyring::from_jwks(P256).unwrap()));
    // What is saved states the root, so that the key may leave.
    let saved = Keyring::from_jwks(&one.private_jwks()).unwrap();
    assert_eq!(tag(&one), tag(&saved));
    assert!(one.private_jwks().contains("\"root\""));
}

#[test]
fn a_root_beside_public_keys_makes_a_verifier_that_checks_bindings() {
    let private = Keyring::generate(Algorithm::EdDsa).unwrap();
    let root = base64url::encode(private.root().unwrap().as_slice());
    let verifier = private.jwks().replace("\n]", &format!("],\"root\":\"{root}\""));
    let verifier = Keyring::from_jwks(&verifier).unwrap();
    assert_eq!(tag(&verifier), tag(&private));
    assert!(verifier.signing_key(0).is_err());
}

#[test]
fn unknown_members_and_a_single_key_are_read() {
    let text = ED25519.replace(r#""use":"sig""#, r#""x5t":"abc","ext":true,"more":{"a":[1]}"#);
    assert!(Keyring::from_jwks(&text).is_ok());
    assert!(Keyring::from_jwks(P256).is_ok());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>(), at in 0..2000usize, byte in any::<u8>()) {
        let _ = Keyring::from_jwks(&text);
        for valid in [ED25519, P256, HMAC, RSA] {
            let mut bytes = valid.as_bytes().to_vec();
            let length = bytes.len();
            bytes[at % length] = byte & 0x7f;
            let _ = KeyringOptions::new().allow_rs256().from_jwks(std::str::from_utf8(&bytes).unwrap());
            let _ = Keyring::from_jwks(&valid[..at % length]);
        }
    }
}

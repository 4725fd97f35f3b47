//! `alg`: only the key's own, in its exact spelling (RFC 8725 §3.1).

use crate::forge::{ALL, EDDSA, ES256, Forge, HS256, encode, refused};
use crate::payload::Payload;

fn header(forge: Forge, raw_alg: &str) -> String {
    format!(r#"{{"alg":{raw_alg},"kid":"{}","typ":"session+jwt"}}"#, forge.kid())
}

#[test]
fn the_forge_makes_tokens_that_are_accepted() {
    for forge in ALL {
        refused(forge, &forge.good(), "ok");
        refused(forge, &forge.carrying(Payload::good().reversed().text()), "ok");
    }
}

#[test]
fn alg_none_in_any_case_is_refused_with_an_empty_and_with_a_kept_signature() {
    for forge in ALL {
        for none in ["none", "None", "NONE", "nOnE", "NonE", " none", "none ", "none\\u0000", "\\u006eone"] {
            let header = header(forge, &format!("\"{none}\""));
            let kept = forge.token(&header, Payload::good().text());
            let (message, signature) = kept.rsplit_once('.').unwrap();
            for signature in ["", signature] {
                refused(forge, &format!("{message}.{signature}"), "unsupported_algorithm");
            }
        }
    }
}

#[test]
fn an_algorithm_that_is_not_the_keys_own_is_refused_though_the_signature_holds() {
    for forge in ALL {
        for other in [
            "HS256",
            "HS384",
            "HS512",
            "EdDSA",
            "Ed25519",
            "Ed448",
            "ES256",
            "ES256K",
            "ES384",
            "ES512",
            "RS256",
            "RS512",
            "PS256",
            "dir",
            "A256GCM",
            "PBES2-HS256+A128KW",
            "hs256",
            "Hs256",
            "eddsa",
            "es256",
            "HS256 ",
            "HS256\\u0000",
            "",
        ] {
            if other == forge.algorithm().name() {
                continue;
            }
            let token = forge.token(header(forge, &format!("\"{other}\"")), Payload::good().text());
            refused(forge, &token, "unsupported_algorithm");
        }
    }
}

#[test]
fn an_escaped_spelling_of_the_keys_own_algorithm_is_the_same_name() {
    let token = HS256.token(header(HS256, r#""H\u0053256""#), Payload::good().text());
    refused(HS256, &token, "ok");
}

#[test]
fn alg_must_be_there_and_a_string() {
    for forge in ALL {
        let alg = forge.algorithm().name();
        for raw in
            ["null".to_owned(), "0".into(), "true".into(), "{}".into(), "[]".into(), format!("[\"{alg}\"]")]
        {
            refused(forge, &forge.token(header(forge, &raw), Payload::good().text()), "malformed");
        }
        let without = format!(r#"{{"kid":"{}","typ":"session+jwt"}}"#, forge.kid());
        refused(forge, &forge.token(without, Payload::good().text()), "malformed");
    }
}

#[test]
fn a_key_of_the_ring_is_used_with_its_own_algorithm_only() {
    let both = EDDSA.keyring().joined(&ES256.keyring()).unwrap();
    let sessions = EDDSA.sessions();
    sessions.replace_keyring(both).unwrap();
    let verdict = |token: &str| crate::forge::verdict(&sessions, token);
    assert_eq!((verdict(&EDDSA.good()), verdict(&ES256.good())), ("ok", "ok"));
    for (named, signer) in [(EDDSA, ES256), (ES256, EDDSA)] {
        let foreign = signer.token(
            format!(
                r#"{{"alg":"{}","kid":"{}","typ":"session+jwt"}}"#,
                signer.algorithm().name(),
                named.kid()
            ),
            Payload::good().text(),
        );
        assert_eq!(verdict(&foreign), "unsupported_algorithm");
        let kept_header =
            signer.signed(&format!("{}.{}", encode(named.header()), encode(Payload::good().text())));
        assert_eq!(verdict(&kept_header), "bad_signature");
    }
}

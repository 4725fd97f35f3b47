//! Sealed tokens: a JWE of `dir` and `A256GCM`, and nothing else (RFC 7516).

use sessera::jose::jwe;
use sessera::{ManualClock, Sessions};

use crate::forge::{AUDIENCE, HS256, ISSUER, NOW, encode, verdict};
use crate::payload::Payload;

const HEADER: &str = r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#;

fn sessions() -> Sessions {
    Sessions::builder(ISSUER, AUDIENCE)
        .keyring(HS256.keyring())
        .sealed(true)
        .clock(ManualClock::at_unix(NOW))
        .build()
        .unwrap()
}

fn sealed(signed: &str) -> String {
    jwe::seal(signed.as_bytes(), "JWT", &HS256.keyring()).unwrap()
}

/// A good sealed token with one part replaced.
fn with_part(part: usize, text: &str) -> String {
    let token = sealed(&HS256.good());
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[part] = text;
    parts.join(".")
}

#[track_caller]
fn refused(token: &str, code: &str) {
    assert_eq!(verdict(&sessions(), token), code, "{}", token.chars().take(120).collect::<String>());
}

#[test]
fn a_good_sealed_token_is_accepted() {
    refused(&sealed(&HS256.good()), "ok");
}

#[test]
fn another_algorithm_or_encryption_is_refused() {
    for header in [
        HEADER.replace("dir", "none"),
        HEADER.replace("dir", "DIR"),
        HEADER.replace("dir", "A256KW"),
        HEADER.replace("dir", "RSA1_5"),
        HEADER.replace("dir", "RSA-OAEP"),
        HEADER.replace("dir", "ECDH-ES"),
        HEADER.replace("dir", "PBES2-HS512+A256KW"),
        HEADER.replace("A256GCM", "A128GCM"),
        HEADER.replace("A256GCM", "A192GCM"),
        HEADER.replace("A256GCM", "A128CBC-HS256"),
        HEADER.replace("A256GCM", "A256CBC-HS512"),
        HEADER.replace("A256GCM", "a256gcm"),
        HEADER.replace("A256GCM", "none"),
        HEADER.replace("A256GCM", ""),
    ] {
        refused(&with_part(0, &encode(header)), "unsupported_algorithm");
    }
}

#[test]
fn a_password_that_costs_minutes_is_never_computed() {
    for count in ["2147483648", "9007199254740991", "1"] {
        let header = HEADER
            .replace("dir", "PBES2-HS256+A128KW")
            .replace('}', &format!(r#","p2c":{count},"p2s":"AAAAAAAAAAA"}}"#));
        refused(&with_part(0, &encode(header)), "malformed");
    }
}

#[test]
fn any_other_header_member_is_refused() {
    for member in [
        r#""zip":"DEF""#,
        r#""crit":[]"#,
        r#""crit":["exp"]"#,
        r#""kid":"mac""#,
        r#""typ":"session+jwt""#,
        r#""epk":{"kty":"OKP","crv":"X25519","x":"AA"}"#,
        r#""jku":"https://app.example""#,
        r#""jwk":{}"#,
        r#""x5u":"https://app.example""#,
        r#""iv":"AAAA""#,
        r#""tag":"AAAA""#,
        r#""alg":"dir""#,
        r#""e\u006ec":"A256GCM""#,
    ] {
        refused(&with_part(0, &encode(HEADER.replace('}', &format!(",{member}}}")))), "malformed");
    }
}

#[test]
fn a_header_that_is_changed_in_any_way_does_not_open() {
    for header in [
        r#"{"enc":"A256GCM","alg":"dir","cty":"JWT"}"#,
        r#"{"alg":"dir","enc":"A256GCM","cty":"JWT" }"#,
        r#"{"alg":"dir","enc":"A256GCM"}"#,
        r#"{"alg":"dir","enc":"A256GCM","cty":"jwt"}"#,
    ] {
        refused(&with_part(0, &encode(header)), "bad_signature");
    }
    for header in ["", "{}", "[]", "null", "{", "\u{FEFF}{}"] {
        refused(&with_part(0, &encode(header)), "malformed");
    }
    refused(&with_part(0, &encode(" ".repeat(400))), "too_large");
}

#[test]
fn an_encrypted_key_is_refused() {
    for key in ["A", "AAAA", &encode([7; 32]), "="] {
        refused(&with_part(1, key), "malformed");
    }
}

#[test]
fn an_iv_of_another_length_is_refused() {
    for length in [0, 8, 11, 13, 16, 1000] {
        refused(&with_part(2, &encode(vec![0; length])), "malformed");
    }
    refused(&with_part(2, &encode([0; 12])), "bad_signature");
}

#[test]
fn a_tag_that_is_shortened_or_longer_is_refused() {
    let token = sealed(&HS256.good());
    let tag = crate::forge::decode(token.rsplit_once('.').unwrap().1);
    for length in 0..16 {
        refused(&with_part(4, &encode(&tag[..length])), "malformed");
    }
    refused(&with_part(4, &encode([&tag[..], &[0]].concat())), "malformed");
    refused(&with_part(4, &encode([0; 16])), "bad_signature");
}

#[test]
fn parts_that_are_not_canonical_base64url_are_refused() {
    let token = sealed(&HS256.good());
    let parts: Vec<&str> = token.split('.').collect();
    for part in [0, 2, 3, 4] {
        for text in [
            format!("{}=", parts[part]),
            format!(" {}", parts[part]),
            format!("{}\n", parts[part]),
            format!("+{}", &parts[part][1..]),
            format!("/{}", &parts[part][1..]),
        ] {
            refused(&with_part(part, &text), "malformed");
        }
    }
}

#[test]
fn other_than_five_parts_are_refused() {
    let token = sealed(&HS256.good());
    let parts: Vec<&str> = token.split('.').collect();
    for count in [0, 1, 2, 3, 4, 6] {
        let cut: Vec<&str> = parts.iter().copied().cycle().take(count).collect();
        refused(&cut.join("."), "malformed");
    }
    refused(&".".repeat(8192), "malformed");
    refused(&".".repeat(8193), "too_large");
    refused(&".".repeat(1_000_000), "too_large");
    refused(&with_part(3, &"A".repeat(8192)), "too_large");
}

#[test]
fn what_is_within_is_read_as_strictly_as_without_a_seal() {
    for (signed, code) in [
        (String::new(), "malformed"),
        ("not a token".to_owned(), "malformed"),
        ("..".to_owned(), "malformed"),
        (sealed(&HS256.good()), "malformed"),
        (HS256.good()[1..].to_owned(), "malformed"),
        (HS256.carrying("[]"), "malformed"),
        (HS256.carrying(Payload::good().with("exp", "1").text()), "expired"),
        (HS256.token(HS256.header().replace("session+", "other+"), "{}"), "wrong_type"),
        (HS256.good().replace('.', "..."), "malformed"),
        ("A".repeat(4097), "too_large"),
    ] {
        refused(&sealed(&signed), code);
    }
    let not_text = jwe::seal(b"\xFF\xFE", "JWT", &HS256.keyring()).unwrap();
    refused(&not_text, "malformed");
    let note = jwe::seal(HS256.good().as_bytes(), "note", &HS256.keyring()).unwrap();
    refused(&note, "wrong_type");
}

#[test]
fn every_single_byte_of_a_sealed_token_counts() {
    let sessions = sessions();
    let token = sealed(&HS256.good());
    for at in 0..token.len() {
        for replacement in ["A", "_", "9", "=", ".", " ", "\0"] {
            let mut changed = token.clone();
            changed.replace_range(at..=at, replacement);
            assert!(changed == token || verdict(&sessions, &changed) != "ok", "byte {at}: {replacement:?}");
        }
        assert_ne!(verdict(&sessions, &token[..at]), "ok");
        assert!(at == 0 || verdict(&sessions, &token[at..]) != "ok");
    }
}

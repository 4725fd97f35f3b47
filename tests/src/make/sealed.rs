use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sessera::jose::jwe;

use super::rings::Ring;
use super::steps::{case, step, verify};
use super::stored::Stored;
use super::token::Claims;
use super::{LEEWAY_MS, NOW_MS, Result};
use crate::format::{Case, Verb};

pub(super) fn cases(ring: &Ring, stored: &Stored) -> Result<Vec<Case>> {
    let claims = Claims::fresh();
    let signed = ring.sign(&claims.payload())?;
    let token = seal(ring, &signed, "JWT", stored)?;
    let note = seal(ring, &signed, "note", stored)?;
    let twice = seal(ring, &token, "JWT", stored)?;
    let parts: Vec<&str> = token.split('.').collect();
    let with_part = |part: usize, text: &str| {
        let mut parts = parts.clone();
        parts[part] = text;
        parts.join(".")
    };
    let header = |text: &str| with_part(0, &BASE64_URL_SAFE_NO_PAD.encode(text));
    let bytes = |count: usize| BASE64_URL_SAFE_NO_PAD.encode(vec![0; count]);
    let expires = claims.expires_at * 1000 + LEEWAY_MS;
    let mut cases = vec![
        case(
            "a_sealed_token_is_a_signed_one",
            [verify(NOW_MS, &token).session(claims.session(NOW_MS)), verify(expires, &token).code("expired")],
        )
        .sealed(),
        case(
            "a_sealed_token_is_renewed_and_rotated_as_a_signed_one",
            [
                step(Verb::Renew, NOW_MS + 5000, &token)
                    .session(claims.clone().renewed(NOW_MS + 5000).session(NOW_MS + 5000)),
                step(Verb::Rotate, NOW_MS + 5000, &token)
                    .session(claims.clone().rotated(NOW_MS + 5000).session(NOW_MS + 5000)),
            ],
        )
        .sealed(),
        case("a_sealed_token_is_refused_where_tokens_are_signed", [verify(NOW_MS, &token).code("malformed")]),
    ];
    for (name, tokens, code) in [
        ("a_signed_token_is_refused_where_tokens_are_sealed", vec![signed], "malformed"),
        ("a_seal_within_a_seal_is_refused", vec![twice], "malformed"),
        ("what_is_sealed_but_no_token_is_refused", vec![note], "wrong_type"),
        (
            "another_algorithm_is_refused_before_it_costs_anything",
            vec![
                header(r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","cty":"JWT"}"#),
                header(r#"{"alg":"none","enc":"A256GCM","cty":"JWT"}"#),
                header(r#"{"alg":"dir","enc":"A128GCM","cty":"JWT"}"#),
                header(r#"{"alg":"dir","enc":"A128CBC-HS256","cty":"JWT"}"#),
            ],
            "unsupported_algorithm",
        ),
        (
            "another_header_member_is_refused",
            vec![
                header(
                    r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","cty":"JWT","p2c":2147483648,"p2s":"AA"}"#,
                ),
                header(r#"{"alg":"dir","enc":"A256GCM","cty":"JWT","zip":"DEF"}"#),
                header(r#"{"alg":"dir","enc":"A256GCM","cty":"JWT","crit":[]}"#),
                header(r#"{"alg":"dir","alg":"dir","enc":"A256GCM","cty":"JWT"}"#),
            ],
            "malformed",
        ),
        (
            "every_part_has_its_length",
            vec![
                with_part(1, "AAAA"),
                with_part(2, ""),
                with_part(2, &bytes(8)),
                with_part(2, &bytes(13)),
                with_part(4, ""),
                with_part(4, &bytes(15)),
                with_part(4, &bytes(17)),
                format!("{token}."),
                parts[..4].join("."),
            ],
            "malformed",
        ),
        (
            "a_changed_part_does_not_open",
            vec![
                header(r#"{"enc":"A256GCM","alg":"dir","cty":"JWT"}"#),
                with_part(2, &bytes(12)),
                with_part(3, &bytes(100)),
                with_part(3, ""),
                with_part(4, &bytes(16)),
            ],
            "bad_signature",
        ),
        ("a_sealed_token_over_8192_bytes_is_too_large", vec![".".repeat(8193)], "too_large"),
    ] {
        cases.push(case(name, tokens.iter().map(|token| verify(NOW_MS, token).code(code))).sealed());
    }
    Ok(cases)
}

/// The sealed token of old if it holds this, else a new one.
pub(super) fn seal(ring: &Ring, content: &str, cty: &str, stored: &Stored) -> Result<String> {
    let holds =
        |token: &str| jwe::open(token, cty, ring.keyring()).is_ok_and(|opened| opened == content.as_bytes());
    stored.keep_or(holds, || Ok(jwe::seal(content.as_bytes(), cty, ring.keyring())?))
}

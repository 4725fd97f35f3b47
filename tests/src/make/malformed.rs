use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::rings::Ring;
use super::steps::{case, verify};
use super::token::Claims;
use super::{NOW_MS, Result};
use crate::format::Case;

pub(super) fn cases(ring: &Ring) -> Result<Vec<Case>> {
    let token = ring.sign(&Claims::fresh().payload())?;
    let parts: Vec<&str> = token.split('.').collect();
    let with_part = |part: usize, text: String| {
        let mut parts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        parts[part] = text;
        parts.join(".")
    };
    let each_part = |change: &dyn Fn(&str) -> String| -> Vec<String> {
        (0..3).map(|part| with_part(part, change(parts[part]))).collect()
    };
    let header = |text: &str| with_part(0, BASE64_URL_SAFE_NO_PAD.encode(text));
    let mut cases = Vec::new();
    for (name, tokens) in [
        (
            "a_token_has_three_parts",
            vec![
                String::new(),
                ".".to_owned(),
                "..".to_owned(),
                "...".to_owned(),
                parts[0].to_owned(),
                parts[..2].join("."),
                format!("{token}.AAAA"),
                format!(".{token}"),
                "a.b.c.d.e".to_owned(),
                ".".repeat(4096),
            ],
        ),
        ("padding_is_refused", each_part(&|text| format!("{text}="))),
        ("the_other_alphabet_is_refused", each_part(&|text| format!("+/{}", &text[2..]))),
        ("white_space_is_refused", each_part(&|text| format!("{text}\n"))),
        ("characters_of_no_alphabet_are_refused", each_part(&|text| format!("é{}", &text[2..]))),
        ("unused_bits_must_be_zero", vec![format!("{}{}", &token[..token.len() - 1], next(&token))]),
        (
            "text_around_a_token_is_refused",
            vec![
                format!("Bearer {token}"),
                format!(" {token}"),
                format!("\"{token}\""),
                format!("{token}\0"),
            ],
        ),
        (
            "the_json_serialisation_is_refused",
            vec![format!(
                r#"{{"payload":"{}","protected":"{}","signature":"{}"}}"#,
                parts[1], parts[0], parts[2]
            )],
        ),
        (
            "a_header_is_one_json_object_with_alg",
            ["", "{}", "[]", "null", "\"HS256\"", "{", r#"{"kid":"vectors"}"#, r#"{"alg":1}"#]
                .map(header)
                .into(),
        ),
    ] {
        cases.push(case(name, tokens.iter().map(|token| verify(NOW_MS, token).code("malformed"))));
    }
    for (name, token) in [
        ("a_token_over_4096_bytes_is_too_large", format!("{token}{}", "A".repeat(4097 - token.len()))),
        ("ten_thousand_dots_are_too_large", ".".repeat(10_000)),
        ("a_header_over_512_characters_is_too_large", with_part(0, "A".repeat(513))),
        ("a_header_too_large_is_not_read", with_part(0, "=".repeat(513))),
    ] {
        cases.push(case(name, [verify(NOW_MS, &token).code("too_large")]));
    }
    Ok(cases)
}

/// The last character with one unused bit set: 43 characters hold 32 bytes and two bits that are zero.
fn next(token: &str) -> char {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = token.chars().next_back().and_then(|last| ALPHABET.find(last)).unwrap_or_default();
    ALPHABET.chars().nth(last + 1).unwrap_or('A')
}

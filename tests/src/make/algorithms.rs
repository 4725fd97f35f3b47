use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;

use super::rings::Ring;
use super::steps::{case, step, verify};
use super::stored::Stored;
use super::token::Claims;
use super::{MINUTE_MS, NOW_MS, Result};
use crate::format::{Arguments, Case, Verb};

pub(super) fn cases(ring: &Ring, stored: &Stored) -> Result<Vec<Case>> {
    let mut cases = good(ring, stored)?;
    cases.extend(verbs(ring, stored)?);
    cases.extend(bad(ring, stored)?);
    Ok(cases)
}

fn good(ring: &Ring, stored: &Stored) -> Result<Vec<Case>> {
    let fresh = Claims::fresh();
    let mut full = fresh
        .clone()
        .claim("list", json!([1, -2, 0.5, 1e300, "x", [], {}]))
        .claim("literals", json!([null, true, false]))
        .claim("nested", json!({"a": {"b": {"c": ["d"]}}}))
        .claim("text", "Zoë \u{1F600} \"\\/\u{8}\u{c}\n\r\t\u{7f}\u{2028}");
    full.subject = String::from("u\u{308}ser \u{10FFFF}");
    full.acr = Some("aal2".to_owned());
    full.amr = vec!["pwd".to_owned(), "otp".to_owned()];
    let mut cases = Vec::new();
    for (name, claims, payload) in [
        ("a_fresh_token_is_accepted", &fresh, fresh.payload()),
        ("claims_of_every_json_type_come_back_as_they_were", &full, full.payload()),
        ("claims_may_stand_in_any_order", &full, full.payload().reversed()),
        ("an_audience_may_be_one_of_several", &fresh, fresh.payload().with("aud", r#"["api","web"]"#)),
        ("claims_may_be_written_with_escapes", &fresh, fresh.payload().with("sub", r#""\u0075ser\u002d42""#)),
        (
            "white_space_between_members_is_no_matter",
            &fresh,
            fresh.payload().with("sub", " \t\"user-42\"\r\n "),
        ),
    ] {
        let token = ring.sign_once(&payload, stored)?;
        cases.push(case(name, [verify(NOW_MS, &token).session(claims.session(NOW_MS))]));
    }
    Ok(cases)
}

fn verbs(ring: &Ring, stored: &Stored) -> Result<Vec<Case>> {
    let login = Claims::fresh().claim("roles", json!(["editor"]));
    let token = ring.sign_once(&login.payload(), stored)?;
    let at = NOW_MS + MINUTE_MS + 789;
    let mut cases = Vec::new();
    let replaced = Claims { application: [("cart".to_owned(), json!([1, 2]))].into(), ..login.clone() };
    let with_cart = Arguments { claims: Some(replaced.application.clone()), ..Arguments::default() };
    for (name, verb, with, next) in [
        ("a_renewal_moves_only_the_idle_limit", Verb::Renew, Arguments::default(), login.clone().renewed(at)),
        ("a_renewal_may_replace_the_claims", Verb::Renew, with_cart, replaced.renewed(at)),
        ("a_rotation_is_one_generation_on", Verb::Rotate, Arguments::default(), login.clone().rotated(at)),
    ] {
        let issued = ring.sign_once(&next.payload(), stored)?;
        let mut made = step(verb, at, &token).with(with).session(next.session(at));
        if ring.is_deterministic() {
            made = made.token(&issued);
        }
        cases.push(case(name, [made, verify(at, &issued).session(next.session(at))]));
    }
    Ok(cases)
}

fn bad(ring: &Ring, stored: &Stored) -> Result<Vec<Case>> {
    let token = ring.sign_once(&Claims::fresh().payload(), stored)?;
    let mut other = Claims::fresh();
    other.subject = String::from("root");
    let other = ring.sign_once(&other.payload(), stored)?;
    let parts = |token: &str| -> Result<[String; 3]> {
        let parts: Vec<String> = token.split('.').map(ToOwned::to_owned).collect();
        parts.try_into().map_err(|_| "a token has three parts".into())
    };
    let ([header, payload, signature], [_, other_payload, other_signature]) =
        (parts(&token)?, parts(&other)?);
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let header_text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(&header)?)?;
    let with_header =
        |from: &str, to: &str| format!("{}.{payload}.{signature}", encode(&header_text.replace(from, to)));
    let name = ring.algorithm().name();
    let foreign = if name == "HS256" { "EdDSA" } else { "HS256" };
    let mut cases = vec![case(
        "two_good_tokens_make_no_third",
        [
            verify(NOW_MS, &token),
            verify(NOW_MS, &other),
            verify(NOW_MS, &format!("{header}.{other_payload}.{signature}")).code("bad_signature"),
            verify(NOW_MS, &format!("{header}.{payload}.{other_signature}")).code("bad_signature"),
        ],
    )];
    for (name, token, code) in [
        ("a_missing_signature_is_refused", format!("{header}.{payload}."), "bad_signature"),
        (
            "a_shortened_signature_is_refused",
            format!("{header}.{payload}.{}", &signature[..40]),
            "bad_signature",
        ),
        (
            "a_null_signature_is_refused",
            format!("{header}.{payload}.{}", "A".repeat(signature.len())),
            "bad_signature",
        ),
        ("alg_none_is_refused_though_signed", with_header(name, "none"), "unsupported_algorithm"),
        (
            "alg_none_is_refused_without_a_signature",
            format!("{}.{payload}.", encode(&header_text.replace(name, "None"))),
            "unsupported_algorithm",
        ),
        ("an_algorithm_that_is_not_the_keys_is_refused", with_header(name, foreign), "unsupported_algorithm"),
        (
            "an_algorithm_in_another_case_is_refused",
            with_header(name, &name.to_lowercase()),
            "unsupported_algorithm",
        ),
        ("an_unknown_key_is_refused", with_header(r#""kid":""#, r#""kid":"x"#), "unknown_key"),
        ("a_kid_that_is_a_path_is_unknown", with_header(r#""kid":""#, r#""kid":"../../"#), "unknown_key"),
        ("a_changed_type_breaks_the_signature", with_header("session+jwt", "JWT"), "bad_signature"),
        (
            "a_key_in_the_header_is_refused",
            with_header("{", r#"{"jwk":{"kty":"oct","k":"AAAA"},"#),
            "malformed",
        ),
        ("crit_is_refused", with_header("{", r#"{"crit":[],"#), "malformed"),
        ("a_header_member_twice_is_refused", with_header("{", r#"{"\u0061lg":"none","#), "malformed"),
    ] {
        cases.push(case(name, [verify(NOW_MS, &token).code(code)]));
    }
    for (name, typ) in [
        ("a_plain_jwt_is_no_session", "JWT"),
        ("a_refresh_token_is_no_session", "refresh+jwt"),
        ("a_type_in_another_case_is_another", "Session+JWT"),
    ] {
        let token = signed_as(ring, typ, stored)?;
        cases.push(case(name, [verify(NOW_MS, &token).code("wrong_type")]));
    }
    Ok(cases)
}

/// A token of another type, signed by our key.
fn signed_as(ring: &Ring, typ: &str, stored: &Stored) -> Result<String> {
    let payload = Claims::fresh().payload().text();
    ring.sign_text_once(&payload, typ, stored)
}

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::NOW_MS;
use super::steps::{at, case};
use super::token::Claims;
use crate::format::{Arguments, Case, Step, Verb};

fn login(subject: &str, claims: impl IntoIterator<Item = (String, Value)>) -> Step {
    let claims: BTreeMap<_, _> = claims.into_iter().collect();
    at(Verb::Issue, NOW_MS).with(Arguments {
        subject: Some(subject.to_owned()),
        claims: Some(claims),
        ..Arguments::default()
    })
}

fn one(name: &str, value: Value) -> [(String, Value); 1] {
    [(name.to_owned(), value)]
}

pub(super) fn cases() -> Vec<Case> {
    let reserved = [
        "iss",
        "aud",
        "sub",
        "iat",
        "nbf",
        "exp",
        "jti",
        "sid",
        "auth_time",
        "gen",
        "sat",
        "sxp",
        "fpr",
        "acr",
        "amr",
        "cnf",
    ];
    let numbered = |count: usize| (0..count).map(|nth| (format!("c{nth:02}"), json!(0)));
    let large = |count: usize| (0..count).map(|nth| (format!("c{nth}"), json!("x".repeat(1000))));
    let deep = |levels: usize| (0..levels).fold(json!(0), |inner, _| json!([inner]));
    let accepted = |claims: Vec<(String, Value)>| {
        let mut session =
            Claims { application: claims.iter().cloned().collect(), ..Claims::fresh() }.session(NOW_MS);
        session.id = None;
        login("user-42", claims).session(session)
    };
    let refused = |step: Step| step.code("invalid_claim");
    vec![
        case("a_login_starts_a_session", [accepted(one("roles", json!(["editor"])).into())]),
        case(
            "a_subject_is_not_empty_and_within_1024_bytes",
            [refused(login("", [])), refused(login(&"x".repeat(1025), [])), login(&"x".repeat(1024), [])],
        ),
        case(
            "a_name_of_the_tokens_own_is_refused",
            reserved.map(|name| refused(login("user-42", one(name, json!(1))))),
        ),
        case("a_name_that_only_looks_like_one_is_not", [accepted(one("Sub", json!("root")).into())]),
        case(
            "the_number_of_claims_is_limited",
            [accepted(numbered(48).collect()), refused(login("user-42", numbered(49)))],
        ),
        case(
            "the_depth_of_claims_is_limited",
            [accepted(one("deep", deep(7)).into()), refused(login("user-42", one("deep", deep(8))))],
        ),
        case(
            "the_length_of_texts_is_limited",
            [
                accepted(one("text", json!("x".repeat(1024))).into()),
                refused(login("user-42", one("text", json!("x".repeat(1025))))),
                refused(login("user-42", one(&"x".repeat(1025), json!(1)))),
            ],
        ),
        case(
            "integers_fit_in_64_bits",
            [accepted(vec![("least".to_owned(), json!(i64::MIN)), ("most".to_owned(), json!(u64::MAX))])],
        ),
        case("what_is_over_a_token_is_too_large", [login("user-42", large(5)).code("too_large")]),
    ]
}

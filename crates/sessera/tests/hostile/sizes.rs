//! Over a limit: refused before it is decoded.

use crate::forge::{ALL, HS256, encode, refused, verdict};
use crate::payload::Payload;

/// A good token of exactly this many bytes, filled with white space in its payload.
fn of_length(length: usize) -> String {
    (0..4000)
        .map(|spaces| HS256.carrying(format!("{}{}", Payload::good().text(), " ".repeat(spaces))))
        .find(|token| token.len() >= length)
        .unwrap()
}

#[test]
fn a_token_of_4096_bytes_is_read_and_a_longer_one_is_too_large() {
    let most = of_length(4095);
    assert!(most.len() <= 4096);
    refused(HS256, &most, "ok");
    let over = of_length(4097);
    assert!(over.len() < 4100);
    refused(HS256, &over, "too_large");
}

#[test]
fn whatever_is_over_4096_bytes_is_too_large_without_a_look_inside() {
    let token = HS256.good();
    for huge in [
        ".".repeat(4097),
        ".".repeat(1_000_000),
        "A".repeat(1_000_000),
        " ".repeat(1_000_000),
        "\0".repeat(5000),
        "é".repeat(3000),
        "=".repeat(5000),
        "{".repeat(1_000_000),
        format!("{token}{}", "=".repeat(4096)),
        format!("{token}.{}", "A".repeat(1_000_000)),
        format!("{}.{token}", "A".repeat(1_000_000)),
        format!("{}..", encode(vec![b'['; 100_000])),
    ] {
        for forge in ALL {
            assert_eq!(forge.verdict(&huge), "too_large");
        }
    }
}

#[test]
fn dots_within_the_limit_are_malformed() {
    for dots in [3, 10, 100, 1000, 4096] {
        refused(HS256, &".".repeat(dots), "malformed");
    }
}

#[test]
fn what_the_verbs_would_not_read_they_do_not_make() {
    let sessions = HS256.sessions();
    let client = sessera::Client::new();
    let full = |bytes: usize| {
        let claims = (0..bytes / 1000).fold(sessera::NewSession::new("user-42"), |login, nth| {
            login.claim(&format!("c{nth}"), "x".repeat(990))
        });
        sessions.issue(claims, &client)
    };
    let issued = full(2000).unwrap();
    assert_eq!(verdict(&sessions, &issued.token), "ok");
    assert_eq!(full(3000).unwrap_err().code(), "too_large");
}

#[test]
fn a_claim_may_be_an_object_of_64_members() {
    let sessions = HS256.sessions();
    let object = |count: usize| -> std::collections::BTreeMap<String, usize> {
        (0..count).map(|nth| (format!("m{nth}"), nth)).collect()
    };
    let issue = |count: usize| {
        let login = sessera::NewSession::new("user-42").claim("app", object(count));
        sessions.issue(login, &sessera::Client::new())
    };
    let issued = issue(64).unwrap();
    let session = sessions.verify(&issued.token, &sessera::Client::new()).unwrap();
    assert_eq!(session.claims.get("app").unwrap(), Some(object(64)));
    assert_eq!(issue(65).unwrap_err().code(), "invalid_claim");
}

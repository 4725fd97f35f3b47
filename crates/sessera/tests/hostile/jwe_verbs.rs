//! No verb takes a token that a verify refuses: not one of another kind, sealed or not.

use sessera::csrf::FetchMetadata;
use sessera::jose::{jwe, jws};
use sessera::{Client, Elevation, ManualClock, MemoryStore, Sessions};
use time::OffsetDateTime;

use crate::forge::{AUDIENCE, EDDSA, HS256, ISSUER, NOW, encode};
use crate::payload::Payload;

fn sessions(sealed: bool) -> Sessions {
    Sessions::builder(ISSUER, AUDIENCE)
        .keyring(HS256.keyring())
        .store(MemoryStore::new())
        .sealed(sealed)
        .clock(ManualClock::at_unix(NOW))
        .build()
        .unwrap()
}

/// What every verb that takes a token makes of this one.
fn codes(sessions: &Sessions, token: &str) -> [&'static str; 7] {
    let client = Client::new();
    let code = |error: sessera::SessionError| error.code();
    [
        sessions.verify(token, &client).map_or_else(code, |_| "ok"),
        sessions.verify_live(token, &client).map_or_else(code, |_| "ok"),
        sessions.renew(token, &client).map_or_else(code, |_| "ok"),
        sessions.renew_with(token, &client, "{}").map_or_else(code, |_| "ok"),
        sessions.rotate(token, &client).map_or_else(code, |_| "ok"),
        sessions.elevate(token, &client, Elevation::new()).map_or_else(code, |_| "ok"),
        sessions.revoke_others(token, &client).map_or_else(code, |_| "ok"),
    ]
}

fn typed(typ: &str) -> String {
    let now = OffsetDateTime::from_unix_timestamp(i64::try_from(NOW).unwrap()).unwrap();
    jws::sign(Payload::good().text().as_bytes(), typ, &HS256.keyring(), now).unwrap()
}

fn seal(signed: &str) -> String {
    jwe::seal(signed.as_bytes(), "JWT", &HS256.keyring()).unwrap()
}

#[test]
fn every_verb_refuses_refresh_and_proof_tokens_though_our_key_signed_them() {
    for typ in ["refresh+jwt", "csrf+jwt", "dpop+jwt", "at+jwt", "JWT"] {
        assert_eq!(codes(&sessions(false), &typed(typ)), ["wrong_type"; 7], "{typ}");
        assert_eq!(codes(&sessions(true), &seal(&typed(typ))), ["wrong_type"; 7], "{typ}, sealed");
    }
}

#[test]
fn every_verb_refuses_a_csrf_token() {
    for sealed in [false, true] {
        let sessions = sessions(sealed);
        let good = if sealed { seal(&HS256.good()) } else { HS256.good() };
        let session = sessions.verify(&good, &Client::new()).unwrap();
        let csrf = sessions.csrf_token(&session).unwrap();
        assert_eq!(codes(&sessions, &csrf), ["malformed"; 7]);
        let request = FetchMetadata { method: "POST", ..FetchMetadata::default() };
        let taken = sessions.check_csrf(&session, &request, Some(&good));
        assert_eq!(taken.unwrap_err().code(), "csrf_invalid", "nor is a session a CSRF token");
    }
}

#[test]
fn every_verb_refuses_a_sealed_token_where_tokens_are_signed_and_the_other_way_round() {
    assert_eq!(codes(&sessions(false), &seal(&HS256.good())), ["malformed"; 7]);
    assert_eq!(codes(&sessions(true), &HS256.good()), ["malformed"; 7]);
    assert_eq!(codes(&sessions(true), &seal(&seal(&HS256.good()))), ["malformed"; 7], "sealed twice");
}

#[test]
fn every_verb_refuses_a_sealed_header_that_would_cost_minutes() {
    let token = seal(&HS256.good());
    let (_, rest) = token.split_once('.').unwrap();
    let costly =
        r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","cty":"JWT","p2s":"AAAAAAAAAAA","p2c":2147483648}"#;
    for (header, code) in [
        (costly, "malformed"),
        (r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","cty":"JWT"}"#, "unsupported_algorithm"),
        (r#"{"alg":"dir","enc":"A128CBC-HS256","cty":"JWT"}"#, "unsupported_algorithm"),
    ] {
        assert_eq!(codes(&sessions(true), &format!("{}.{rest}", encode(header))), [code; 7]);
    }
}

#[test]
fn every_verb_refuses_what_another_ring_made() {
    let other = sessera::Keyring::generate(sessera::Algorithm::Hs256).unwrap();
    let sealed = jwe::seal(HS256.good().as_bytes(), "JWT", &other).unwrap();
    assert_eq!(codes(&sessions(true), &sealed), ["bad_signature"; 7]);
    assert_eq!(codes(&sessions(true), &seal(&EDDSA.good())), ["unknown_key"; 7]);
    assert_eq!(codes(&sessions(false), &EDDSA.good()), ["unknown_key"; 7]);
}

#[test]
fn no_verb_leaves_a_trace_of_a_token_that_it_refused() {
    let sessions = sessions(false);
    let before = sessions.verify(&HS256.good(), &Client::new()).unwrap();
    for token in [typed("refresh+jwt"), seal(&HS256.good()), HS256.good()[1..].to_owned()] {
        assert!(codes(&sessions, &token).iter().all(|code| *code != "ok"));
    }
    assert_eq!(sessions.verify(&HS256.good(), &Client::new()).unwrap(), before);
}

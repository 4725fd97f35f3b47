//! One kind of token is never taken for another (RFC 8725 §3.11 and §3.12).

use sessera::csrf::FetchMetadata;
use sessera::jose::{jwe, jws};
use sessera::{Client, Sessions};
use time::OffsetDateTime;

use crate::forge::{ALL, AUDIENCE, EDDSA, HS256, ISSUER, NOW, refused, verdict};
use crate::payload::Payload;

fn now() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(i64::try_from(NOW).unwrap()).unwrap()
}

fn sealing() -> Sessions {
    Sessions::builder(ISSUER, AUDIENCE)
        .keyring(HS256.keyring())
        .sealed(true)
        .clock(sessera::ManualClock::at_unix(NOW))
        .build()
        .unwrap()
}

#[test]
fn a_token_of_another_kind_is_no_session_though_our_key_signed_it() {
    for forge in ALL {
        for typ in ["refresh+jwt", "csrf+jwt", "dpop+jwt", "at+jwt", "logout+jwt", "secevent+jwt", "JWT", ""]
        {
            let payload = Payload::good().text();
            let token = jws::sign(payload.as_bytes(), typ, &forge.keyring(), now()).unwrap();
            refused(forge, &token, "wrong_type");
        }
    }
}

#[test]
fn a_session_is_no_token_of_another_kind() {
    for forge in ALL {
        for typ in ["refresh+jwt", "dpop+jwt", "JWT", "session+JWT", "session", ""] {
            let error = jws::verify(&forge.good(), typ, &forge.keyring(), now()).unwrap_err();
            assert_eq!(error.code(), "wrong_type");
        }
        assert!(jws::verify(&forge.good(), "session+jwt", &forge.keyring(), now()).is_ok());
    }
}

#[test]
fn a_csrf_token_is_no_session_and_a_session_no_csrf_token() {
    let sessions = HS256.sessions();
    let session = sessions.verify(&HS256.good(), &Client::new()).unwrap();
    let csrf = sessions.csrf_token(&session).unwrap();
    refused(HS256, &csrf, "malformed");
    let request = FetchMetadata { method: "POST", ..FetchMetadata::default() };
    assert!(sessions.check_csrf(&session, &request, Some(&csrf)).is_ok());
    for other in [HS256.good(), session.id.clone(), String::new()] {
        let error = sessions.check_csrf(&session, &request, Some(&other)).unwrap_err();
        assert_eq!(error.code(), "csrf_invalid");
    }
}

#[test]
fn a_proof_is_no_session() {
    let jwk = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    let header = format!(r#"{{"typ":"dpop+jwt","alg":"EdDSA","jwk":{jwk}}}"#);
    let claims = format!(r#"{{"jti":"x","htm":"GET","htu":"https://app.example/","iat":{NOW}}}"#);
    refused(EDDSA, &EDDSA.token(header, claims), "malformed");
}

#[test]
fn a_sealed_token_is_refused_where_tokens_are_signed_and_a_signed_one_where_they_are_sealed() {
    let sealed = jwe::seal(HS256.good().as_bytes(), "JWT", &HS256.keyring()).unwrap();
    refused(HS256, &sealed, "malformed");
    assert_eq!(verdict(&sealing(), &HS256.good()), "malformed");
    assert_eq!(verdict(&sealing(), &sealed), "ok");
}

#[test]
fn the_parts_of_a_sealed_token_are_no_signed_one() {
    let sealed = jwe::seal(HS256.good().as_bytes(), "JWT", &HS256.keyring()).unwrap();
    let parts: Vec<&str> = sealed.split('.').collect();
    for three in [[0, 1, 2], [0, 2, 3], [0, 3, 4], [0, 2, 4]] {
        let token = three.map(|part| parts[part]).join(".");
        // `enc` and `cty` are no members of a signed token's header.
        refused(HS256, &token, "malformed");
    }
}

//! Visitors: a token of their own kind, which no verifier takes for a session.

use sessera::jose::jws;
use sessera::{Algorithm, ErrorKind, Keyring, NewSession, Policy, Sessions};

use crate::bench::{Bench, MINUTE, SIGNING};

#[test]
fn a_visitors_token_is_no_session_to_any_verifier() {
    for algorithm in SIGNING {
        let bench = Bench::with(algorithm, Policy::default());
        let issued = bench.sessions.issue_visitor(r#"{"basket":["tea"]}"#, &bench.client).unwrap();
        for _ in 0..3 {
            assert_eq!(bench.refusal(&issued.token), ErrorKind::WrongType);
            let visitor = bench.sessions.verify_visitor(&issued.token, &bench.client).unwrap();
            assert_eq!((visitor.subject.as_str(), visitor.id.len()), ("~anonymous", 22));
            assert_eq!(visitor.claims.to_json(), r#"{"basket":["tea"]}"#);
            assert!(!visitor.rotation_due);
        }
        // Libraries that ignore `typ` see another audience.
        let payload =
            jws::verify(&issued.token, "visitor+jwt", &bench.sessions.keyring(), issued.session.issued_at);
        assert!(String::from_utf8(payload.unwrap()).unwrap().contains(r#""aud":"web#visitor""#));
    }
}

#[test]
fn a_sessions_token_is_no_visitors() {
    let bench = Bench::new();
    let issued = bench.login();
    let refused = bench.sessions.verify_visitor(&issued.token, &bench.client).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WrongType);
    let login = bench.sessions.issue(NewSession::new("~anonymous"), &bench.client).unwrap_err();
    assert_eq!(login.kind(), ErrorKind::InvalidClaim);
    let renewal = bench.sessions.renew_visitor(&issued.token, &bench.client, None).unwrap_err();
    assert_eq!(renewal.kind(), ErrorKind::WrongType);
}

#[test]
fn a_visitor_keeps_its_id_and_slides_its_idle_limit() {
    let bench = Bench::new();
    let issued = bench.sessions.issue_visitor("{}", &bench.client).unwrap();
    bench.clock.advance(29 * MINUTE);
    let renewed = bench.sessions.renew_visitor(&issued.token, &bench.client, Some(r#"{"a":1}"#)).unwrap();
    assert_eq!(renewed.session.id, issued.session.id);
    assert_eq!(renewed.session.claims.to_json(), r#"{"a":1}"#);
    bench.clock.advance(29 * MINUTE);
    assert!(bench.sessions.verify_visitor(&renewed.token, &bench.client).is_ok());
    let old = bench.sessions.verify_visitor(&issued.token, &bench.client).unwrap_err();
    assert_eq!(old.kind(), ErrorKind::Expired);
}

#[test]
fn cuts_of_everything_and_revoked_keys_end_visitors_and_nothing_else_does() {
    let bench = Bench::new();
    let visitor = |bench: &Bench| bench.sessions.issue_visitor("{}", &bench.client).unwrap();
    let code = |bench: &Bench, token: &str| {
        bench.sessions.verify_visitor(token, &bench.client).map_or_else(|error| error.code(), |_| "ok")
    };
    let first = visitor(&bench);
    bench.sessions.revoke_subject("~anonymous").unwrap();
    assert_eq!(code(&bench, &first.token), "ok");
    bench.sessions.revoke_all().unwrap();
    assert_eq!(code(&bench, &first.token), "revoked");
    let second = visitor(&bench);
    assert_eq!(code(&bench, &second.token), "ok");
    let kid = bench.sessions.keyring().keys(second.session.issued_at)[0].kid.clone();
    bench.sessions.revoke_key(&kid).unwrap();
    assert_eq!(code(&bench, &second.token), "revoked");
}

#[test]
fn a_sealed_visitor_is_none_of_the_sealed_sessions() {
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::EdDsa).unwrap())
        .sealed(true)
        .build()
        .unwrap();
    let client = sessera::Client::new();
    let issued = sessions.issue_visitor("{}", &client).unwrap();
    assert!(sessions.verify_visitor(&issued.token, &client).is_ok());
    assert_eq!(sessions.verify(&issued.token, &client).unwrap_err().kind(), ErrorKind::WrongType);
}

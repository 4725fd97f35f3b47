//! What a login leads to.

use std::collections::HashSet;

use sessera::{Algorithm, Client, ErrorKind, Keyring, MemoryStore, NewSession, Policy, Sessions};

use crate::bench::{Bench, SIGNING};

#[test]
fn what_is_issued_is_what_is_verified() {
    for algorithm in SIGNING {
        let bench = Bench::with(algorithm, Policy::default());
        let login = NewSession::new("user-42")
            .claim("roles", ["editor"])
            .claim("n\"ame", "Zoë \u{1F600}\n")
            .acr("aal2")
            .amr(["pwd", "otp"]);
        let issued = bench.sessions.issue(login, &bench.client).unwrap();
        let session = bench.sessions.verify(&issued.token, &bench.client).unwrap();
        assert_eq!(session, issued.session);
        assert_eq!((session.subject.as_str(), session.generation), ("user-42", 0));
        assert_eq!(session.id.len(), 22);
        assert_eq!(session.issued_at.unix_timestamp(), 1_700_000_000);
        assert_eq!(session.expires_at.unix_timestamp(), 1_700_000_000 + 30 * 60);
        assert_eq!(session.ends_at.unix_timestamp(), 1_700_000_000 + 12 * 3600);
        assert_eq!((session.acr.as_deref(), session.amr.len()), (Some("aal2"), 2));
        assert_eq!(session.claims.get::<String>("n\"ame").unwrap().unwrap(), "Zoë \u{1F600}\n");
        assert_eq!(session.claims.names(), ["roles", "n\"ame"]);
        assert!(!session.superseded && !session.renew_due);
    }
}

#[test]
fn every_login_has_a_new_id() {
    let bench = Bench::new();
    let ids: HashSet<_> = (0..1000).map(|_| bench.login().session.id).collect();
    assert_eq!(ids.len(), 1000);
}

#[test]
fn a_login_ends_the_session_that_it_replaces() {
    let bench = Bench::new();
    let replaced = bench.login();
    let login = NewSession::new("user-42").replaces(&replaced.token);
    let issued = bench.sessions.issue(login, &bench.client).unwrap();
    assert_ne!(issued.session.id, replaced.session.id);
    assert_eq!(bench.refusal(&replaced.token), ErrorKind::Revoked);
    assert!(bench.holds(&issued.token));
}

#[test]
fn what_no_token_may_carry_is_refused_at_the_login() {
    let bench = Bench::new();
    let login = || NewSession::new("user-42");
    for (what, refused) in [
        ("an empty subject", NewSession::new("")),
        ("a long subject", NewSession::new("x".repeat(1025))),
        ("a name of the token's", login().claim("sid", "mine")),
        ("a name of the token's", login().claims_json(r#"{"s\u0069d":"mine"}"#)),
        ("a name twice", login().claim("a", 1).claim("a", 2)),
        ("a long string", login().claim("a", "x".repeat(1025))),
        ("too many claims", (0..49).fold(login(), |login, n| login.claim(&n.to_string(), n))),
        ("an integer that readers round", login().claims_json(r#"{"a":[18446744073709551616]}"#)),
        ("no object", login().claims_json("[1]")),
        ("no JSON", login().claims_json("{")),
    ] {
        let error = bench.sessions.issue(refused, &bench.client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidClaim, "{what}: {error}");
    }
    let large = (0..5).fold(login(), |login, n| login.claim(&n.to_string(), "x".repeat(1000)));
    assert_eq!(bench.sessions.issue(large, &bench.client).unwrap_err().kind(), ErrorKind::TooLarge);
    let most = (0..48).fold(login(), |login, n| login.claim(&n.to_string(), n)).acr("x").amr(["pwd"]);
    let issued = bench.sessions.issue(most, &bench.client.clone().ip([127, 0, 0, 1].into())).unwrap();
    assert!(bench.holds(&issued.token));
}

#[test]
fn a_sealed_token_is_a_signed_one_that_only_the_ring_can_read() {
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let build = |sealed| {
        Sessions::builder("https://app.example", "web")
            .keyring(keyring.clone())
            .sealed(sealed)
            .store(MemoryStore::new())
            .build()
            .unwrap()
    };
    let (sealed, signed) = (build(true), build(false));
    let client = Client::new();
    let issued = sealed.issue(NewSession::new("user-42").claim("a", "b"), &client).unwrap();
    assert_eq!(issued.token.split('.').count(), 5);
    assert_eq!(sealed.verify(&issued.token, &client).unwrap(), issued.session);
    let rotated = sealed.rotate(&issued.token, &client).unwrap();
    assert_eq!(sealed.verify(&rotated.token, &client).unwrap().generation, 1);
    assert_eq!(signed.verify(&issued.token, &client).unwrap_err().kind(), ErrorKind::Malformed);
    let open = signed.issue(NewSession::new("user-42"), &client).unwrap();
    assert_eq!(sealed.verify(&open.token, &client).unwrap_err().kind(), ErrorKind::Malformed);
}

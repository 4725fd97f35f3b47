//! The idle limit, the absolute end, and renewal between them.

use std::time::Duration;

use sessera::{ErrorKind, Issued, NewSession};

use crate::bench::{Bench, MINUTE};

#[test]
fn an_idle_session_expires_and_the_leeway_is_exact() {
    let bench = Bench::new();
    let issued = bench.login();
    bench.clock.advance(30 * MINUTE + Duration::from_millis(29_999));
    assert!(bench.holds(&issued.token));
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.refusal(&issued.token), ErrorKind::Expired);
}

#[test]
fn a_session_ends_however_much_it_is_used() {
    let bench = Bench::new();
    let mut issued = bench.login();
    for _ in 0..12 * 3 {
        bench.clock.advance(20 * MINUTE);
        if sessera::Clock::unix_millis(&bench.clock) < (1_700_000_000 + 12 * 3600) * 1000 {
            issued = bench.sessions.rotate(&issued.token, &bench.client).unwrap();
        }
    }
    assert_eq!(issued.session.expires_at, issued.session.ends_at);
    bench.clock.advance(Duration::from_millis(29_999));
    assert!(bench.holds(&issued.token));
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.refusal(&issued.token), ErrorKind::Ended);
    assert_eq!(bench.sessions.renew(&issued.token, &bench.client).unwrap_err().kind(), ErrorKind::Ended);
}

#[test]
fn a_token_from_the_future_is_not_yet_valid() {
    let bench = Bench::new();
    let issued = bench.login();
    bench.clock.set_unix_millis(1_700_000_000_000 - 30_000);
    assert!(bench.holds(&issued.token));
    bench.clock.set_unix_millis(1_700_000_000_000 - 30_001);
    assert_eq!(bench.refusal(&issued.token), ErrorKind::NotYetValid);
}

#[test]
fn a_token_is_due_for_renewal_after_a_sixth_of_its_idle_time() {
    let bench = Bench::new();
    let issued = bench.login();
    let due = || bench.sessions.verify(&issued.token, &bench.client).unwrap().renew_due;
    bench.clock.advance(Duration::from_millis(299_999));
    assert!(!due());
    bench.clock.advance(Duration::from_millis(1));
    assert!(due());
}

#[test]
fn renewing_moves_only_the_idle_limit() {
    let bench = Bench::new();
    let issued = bench.login();
    bench.clock.advance(10 * MINUTE);
    let renewed = bench.sessions.renew(&issued.token, &bench.client).unwrap();
    assert_eq!(renewed.session.expires_at - issued.session.expires_at, time::Duration::minutes(10));
    let unmoved = |of: &Issued| {
        let session = of.session.clone();
        (session.id, session.generation, session.started_at, session.authenticated_at, session.ends_at)
    };
    assert_eq!(unmoved(&renewed), unmoved(&issued));
    assert_eq!(renewed.session.claims, issued.session.claims);
    assert!(bench.holds(&issued.token), "a renewal supersedes nothing");
}

#[test]
fn renewing_may_replace_the_claims() {
    let bench = Bench::new();
    let issued = bench.login();
    let renewed = bench.sessions.renew_with(&issued.token, &bench.client, r#"{"cart":[1,2]}"#).unwrap();
    let session = bench.sessions.verify(&renewed.token, &bench.client).unwrap();
    assert_eq!(session.claims.to_json(), r#"{"cart":[1,2]}"#);
}

#[test]
fn the_clock_may_stand_anywhere() {
    let bench = Bench::new();
    let issued = bench.login();
    bench.clock.set_unix_millis(0);
    assert_eq!(bench.refusal(&issued.token), ErrorKind::NotYetValid);
    let first = bench.login();
    assert!(bench.holds(&first.token));
    bench.clock.set_unix_millis(u64::MAX);
    assert_eq!(bench.refusal(&issued.token), ErrorKind::Ended);
    let refused = bench.sessions.issue(NewSession::new("user-42"), &bench.client).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidClaim);
}

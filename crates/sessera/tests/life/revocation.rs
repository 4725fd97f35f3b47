//! What is ended: sessions, subjects, keys.

use std::sync::Arc;
use std::time::Duration;

use sessera::{
    Algorithm, Client, Elevation, ErrorKind, Keyring, ManualClock, MemoryStore, NewSession, Policy,
    SessionError, Sessions,
};

use crate::bench::{Bench, MINUTE};

#[test]
fn what_was_revoked_just_now_says_that_something_may_be_on_its_way() {
    use std::error::Error as _;

    let bench = Bench::new();
    let on_its_way = |token: &str| {
        let error = bench.sessions.verify(token, &bench.client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Revoked);
        let cause = error.source().and_then(|source| source.downcast_ref::<SessionError>());
        cause.map(SessionError::kind) == Some(ErrorKind::Superseded)
    };
    let first = bench.login();
    let kept = bench.sessions.issue(NewSession::new("user-44"), &bench.client).unwrap();
    let replaced = bench.sessions.rotate(&first.token, &bench.client).unwrap();
    bench.clock.advance(MINUTE);
    let again = NewSession::new("user-43").replaces(&replaced.token);
    bench.sessions.issue(again, &bench.client).unwrap();
    bench.sessions.revoke_others(&kept.token, &bench.client).unwrap();
    for (after, expected) in [(0, true), (9_999, true), (1, false)] {
        bench.clock.advance(Duration::from_millis(after));
        assert_eq!(on_its_way(&replaced.token), expected);
        assert_eq!(on_its_way(&kept.token), expected);
    }
}

#[test]
fn who_logged_out_a_moment_ago_is_not_told_of_a_newer_token_as_if_there_were_one() {
    use std::error::Error as _;

    let bench = Bench::new();
    let (ended, elevated) = (bench.login(), bench.login());
    bench.sessions.revoke_session(&ended.session.id).unwrap();
    bench.sessions.elevate(&elevated.token, &bench.client, Elevation::new()).unwrap();
    let error = bench.sessions.verify(&ended.token, &bench.client).unwrap_err();
    let replaced = bench.sessions.verify(&elevated.token, &bench.client).unwrap_err();
    assert_ne!(error.source().unwrap().to_string(), replaced.to_string());
}

#[test]
fn one_session_is_revoked_alone() {
    let bench = Bench::new();
    let (one, other) = (bench.login(), bench.login());
    bench.sessions.revoke_session(&one.session.id).unwrap();
    assert_eq!(bench.refusal(&one.token), ErrorKind::Revoked);
    assert!(bench.holds(&other.token));
    assert_eq!(bench.sessions.rotate(&one.token, &bench.client).unwrap_err().kind(), ErrorKind::Revoked);
    assert_eq!(bench.sessions.renew(&one.token, &bench.client).unwrap_err().kind(), ErrorKind::Revoked);
    assert_eq!(bench.sessions.revoke_session("nonsense").unwrap_err().kind(), ErrorKind::InvalidClaim);
}

#[test]
fn a_login_in_the_millisecond_of_log_out_everywhere_lives() {
    let bench = Bench::new();
    let before = bench.login();
    let stranger = bench.sessions.issue(NewSession::new("user-43"), &bench.client).unwrap();
    bench.sessions.revoke_subject("user-42").unwrap();
    let after = bench.login();
    assert_eq!(bench.refusal(&before.token), ErrorKind::Revoked);
    assert!(bench.holds(&after.token) && bench.holds(&stranger.token));
    bench.sessions.revoke_all().unwrap();
    assert_eq!(bench.refusal(&after.token), ErrorKind::Revoked);
    assert_eq!(bench.refusal(&stranger.token), ErrorKind::Revoked);
    assert!(bench.holds(&bench.login().token));
}

#[test]
fn all_others_are_revoked_and_this_one_goes_on_under_a_new_id() {
    let bench = Bench::new();
    let (here, elsewhere) = (bench.login(), bench.login());
    bench.clock.advance(MINUTE);
    let kept = bench.sessions.revoke_others(&here.token, &bench.client).unwrap();
    assert_eq!(bench.refusal(&elsewhere.token), ErrorKind::Revoked);
    assert_eq!(bench.refusal(&here.token), ErrorKind::Revoked);
    assert!(bench.holds(&kept.token));
    assert_ne!(kept.session.id, here.session.id);
    assert_eq!(kept.session.ends_at, here.session.ends_at, "the absolute end stays");
    assert_eq!(kept.session.authenticated_at, here.session.authenticated_at);
    assert_eq!(kept.session.claims, here.session.claims);
}

#[test]
fn a_session_of_a_longer_policy_stays_revoked_and_outlives_no_knowledge_of_revocations() {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    let (clock, store) = (ManualClock::at_unix(1_700_000_000), Arc::new(MemoryStore::new()));
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let sharing = |policy: Policy, longest: Duration| {
        Sessions::builder("https://app.example", "web")
            .keyring(keyring.clone())
            .policy(policy)
            .store(Arc::clone(&store))
            .clock(clock.clone())
            .longest_session(longest)
            .build()
    };
    let (usual, client) = (sharing(Policy::default(), 30 * DAY).unwrap(), Client::new());
    let long = sharing(Policy::aal1(), Duration::ZERO).unwrap();
    let (revoked, lives) = [(); 2].map(|()| long.issue(NewSession::new("user-42"), &client).unwrap()).into();
    usual.revoke_session(&revoked.session.id).unwrap();
    let refusal = |sessions: &Sessions, token: &str| sessions.verify(token, &client).unwrap_err().kind();
    // What is old is forgotten as others write, and as far as time was seen to pass.
    for write in 0..64 * 80 {
        clock.advance(if write < 29 * 24 { 60 * MINUTE } else { Duration::ZERO });
        usual.revoke_subject("another").unwrap();
    }
    assert_eq!(refusal(&usual, &revoked.token), ErrorKind::Revoked);
    assert!(usual.verify(&lives.token, &client).is_ok());
    // A policy that became shorter keeps marks for less time, so it ends what is older than that.
    let shorter = sharing(Policy::default(), Duration::ZERO).unwrap();
    assert_eq!(refusal(&shorter, &lives.token), ErrorKind::Ended);
    assert_eq!(sharing(Policy::default(), 401 * DAY).unwrap_err().kind(), ErrorKind::InvalidConfig);
}

#[test]
fn a_leaked_key_is_revoked() {
    let bench = Bench::new();
    let issued = bench.login();
    let header = issued.token.split('.').next().unwrap();
    let header = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, header).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap();
    let kid = header["kid"].as_str().unwrap();
    bench.sessions.revoke_key(kid).unwrap();
    assert_eq!(bench.refusal(&issued.token), ErrorKind::Revoked);
}

#[test]
fn without_a_store_what_cannot_be_seen_is_an_error_and_no_pretence() {
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .build()
        .unwrap();
    let client = Client::new();
    let issued = sessions.issue(NewSession::new("user-42"), &client).unwrap();
    assert!(sessions.verify(&issued.token, &client).is_ok());
    assert!(sessions.renew(&issued.token, &client).is_ok());
    for refused in [
        sessions.rotate(&issued.token, &client).map(|_| ()),
        sessions.elevate(&issued.token, &client, Elevation::new()).map(|_| ()),
        sessions.revoke_session(&issued.session.id).map(drop),
        sessions.revoke_subject("user-42").map(drop),
        sessions.revoke_all().map(drop),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidConfig);
    }
}

//! The life of a session through the public API: the verbs and their rules.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::HashSet;
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use sessera::{
    Algorithm, Client, Elevation, ErrorKind, Event, EventKind, Issued, Keyring, ManualClock, MemoryStore,
    NewSession, OnReuse, Policy, SessionError, Sessions,
};

const MINUTE: Duration = Duration::from_secs(60);
const SIGNING: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256];

struct Bench {
    sessions: Sessions,
    clock: ManualClock,
    client: Client,
}

impl Bench {
    fn new() -> Self {
        Self::with(Algorithm::Hs256, Policy::default())
    }

    fn with(algorithm: Algorithm, policy: Policy) -> Self {
        let clock = ManualClock::at_unix(1_700_000_000);
        let sessions = Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(algorithm).unwrap())
            .policy(policy)
            .store(MemoryStore::new())
            .clock(clock.clone())
            .build()
            .unwrap();
        Self { sessions, clock, client: Client::new() }
    }

    fn login(&self) -> Issued {
        self.sessions.issue(NewSession::new("user-42").claim("roles", ["editor"]), &self.client).unwrap()
    }

    fn refusal(&self, token: &str) -> ErrorKind {
        self.sessions.verify(token, &self.client).unwrap_err().kind()
    }

    fn holds(&self, token: &str) -> bool {
        self.sessions.verify(token, &self.client).is_ok()
    }
}

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
    let anonymous = bench.login();
    let login = NewSession::new("user-42").replaces(&anonymous.session.id);
    let issued = bench.sessions.issue(login, &bench.client).unwrap();
    assert_ne!(issued.session.id, anonymous.session.id);
    assert_eq!(bench.refusal(&anonymous.token), ErrorKind::Revoked);
    assert!(bench.holds(&issued.token));
}

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
    let again = NewSession::new("user-43").replaces(&replaced.session.id);
    bench.sessions.issue(again, &bench.client).unwrap();
    bench.sessions.revoke_others(&kept.token, &bench.client).unwrap();
    for (after, expected) in [(0, true), (9_999, true), (1, false)] {
        bench.clock.advance(Duration::from_millis(after));
        assert_eq!(on_its_way(&replaced.token), expected);
        assert_eq!(on_its_way(&kept.token), expected);
    }
}

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
fn a_rotated_token_dies_after_the_grace() {
    let bench = Bench::new();
    let parent = bench.login();
    let child = bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    assert_eq!((child.session.generation, &child.session.id), (1, &parent.session.id));
    bench.clock.advance(Duration::from_millis(9_999));
    let in_grace = bench.sessions.verify(&parent.token, &bench.client).unwrap();
    assert!(in_grace.superseded && in_grace.renew_due);
    assert!(!bench.sessions.verify(&child.token, &bench.client).unwrap().superseded);
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
    assert_eq!(
        bench.refusal(&child.token),
        ErrorKind::Revoked,
        "the thief and the owner can't be told apart"
    );
}

#[test]
fn a_reuse_may_be_refused_only() {
    let bench = Bench::with(Algorithm::Hs256, Policy { on_reuse: OnReuse::Refuse, ..Policy::default() });
    let parent = bench.login();
    let child = bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    bench.clock.advance(MINUTE);
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
    assert!(bench.holds(&child.token));
}

#[test]
fn a_grandparent_is_a_reuse_even_inside_the_grace() {
    let bench = Bench::new();
    let first = bench.login();
    let second = bench.sessions.rotate(&first.token, &bench.client).unwrap();
    let third = bench.sessions.rotate(&second.token, &bench.client).unwrap();
    assert_eq!(bench.sessions.rotate(&first.token, &bench.client).unwrap_err().kind(), ErrorKind::Reused);
    assert_eq!(bench.refusal(&third.token), ErrorKind::Revoked);
}

#[test]
fn without_grace_a_rotated_token_dies_at_once() {
    let bench = Bench::with(Algorithm::Hs256, Policy { grace: Duration::ZERO, ..Policy::default() });
    let parent = bench.login();
    let child = bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    assert!(bench.holds(&child.token));
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
}

#[test]
fn fifty_parallel_rotations_give_one_successor() {
    for algorithm in SIGNING {
        let bench = Bench::with(algorithm, Policy::default());
        let parent = bench.login();
        let barrier = Barrier::new(50);
        let children: Vec<Issued> = std::thread::scope(|scope| {
            let rotate = || {
                barrier.wait();
                // Each caller has its own time, all of them within the grace.
                bench.clock.advance(Duration::from_millis(100));
                bench.sessions.rotate(&parent.token, &bench.client).unwrap()
            };
            let threads: Vec<_> = (0..50).map(|_| scope.spawn(rotate)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let tokens: HashSet<_> = children.iter().map(|child| &child.token).collect();
        let sessions: Vec<_> = children
            .iter()
            .map(|child| bench.sessions.verify(&child.token, &bench.client).unwrap())
            .collect();
        assert!(sessions.iter().all(|session| *session == sessions[0]), "the same claims");
        assert_eq!(sessions[0].generation, 1);
        if algorithm == Algorithm::Es256 {
            continue; // Its signatures are random.
        }
        assert_eq!(tokens.len(), 1, "{algorithm}: the same bytes");
        bench.clock.advance(Duration::from_secs(10));
        assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
        assert_eq!(bench.refusal(&children[0].token), ErrorKind::Revoked);
    }
}

#[test]
fn a_renewal_in_the_grace_joins_the_current_generation() {
    let bench = Bench::new();
    let parent = bench.login();
    bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    let late = bench.sessions.renew_with(&parent.token, &bench.client, r#"{"cart":[1]}"#).unwrap();
    assert_eq!(late.session.generation, 1);
    bench.clock.advance(MINUTE);
    assert!(bench.holds(&late.token));
}

#[test]
fn an_elevation_gives_no_grace_and_is_no_trap() {
    let bench = Bench::new();
    let parent = bench.login();
    bench.clock.advance(MINUTE);
    let elevation = Elevation::new().claim("role", "admin").claim("roles", ["editor", "admin"]).acr("aal2");
    let admin = bench.sessions.elevate(&parent.token, &bench.client, elevation).unwrap();
    assert_eq!(admin.session.generation, 1);
    assert_eq!(admin.session.authenticated_at - parent.session.authenticated_at, time::Duration::minutes(1));
    assert_eq!(admin.session.claims.to_json(), r#"{"role":"admin","roles":["editor","admin"]}"#);
    assert_eq!(admin.session.acr.as_deref(), Some("aal2"));
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Superseded);
    assert!(bench.holds(&admin.token), "a request that was on its way ends nothing");
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
    assert_eq!(bench.refusal(&admin.token), ErrorKind::Revoked);
}

#[test]
fn an_elevation_of_a_token_that_was_just_rotated_is_superseded() {
    let bench = Bench::new();
    let parent = bench.login();
    let child = bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    let refused = bench.sessions.elevate(&parent.token, &bench.client, Elevation::new()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Superseded);
    assert!(bench.holds(&child.token));
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
        sessions.revoke_session(&issued.session.id),
        sessions.revoke_subject("user-42"),
        sessions.revoke_all(),
    ] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::InvalidConfig);
    }
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

#[test]
fn what_happens_is_told_without_the_id() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&seen);
    let clock = ManualClock::at_unix(1_700_000_000);
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(MemoryStore::new())
        .clock(clock.clone())
        .observer(move |event: &Event<'_>| {
            tell.lock().unwrap().push((event.kind, event.session.clone(), event.reason));
        })
        .build()
        .unwrap();
    let client = Client::new();
    let issued = sessions.issue(NewSession::new("user-42"), &client).unwrap();
    let child = sessions.rotate(&issued.token, &client).unwrap();
    clock.advance(MINUTE);
    sessions.verify(&issued.token, &client).unwrap_err();
    sessions.verify(&child.token, &client).unwrap_err();
    sessions.verify("x.y.z", &client).unwrap_err();
    let seen = seen.lock().unwrap();
    let kinds: Vec<_> = seen.iter().map(|(kind, _, reason)| (*kind, *reason)).collect();
    assert_eq!(
        kinds,
        [
            (EventKind::SessionCreated, None),
            (EventKind::SessionRotated, None),
            (EventKind::TokenReuse, None),
            (EventKind::SessionRefused, Some(ErrorKind::Revoked)),
            (EventKind::SessionRefused, Some(ErrorKind::Malformed)),
        ]
    );
    assert_eq!(seen[0].1, seen[2].1, "one session has one name");
    assert_ne!(seen[0].1.as_deref(), Some(issued.session.id.as_str()));
    assert_eq!(seen[4].1, None);
}

#[test]
fn more_revocations_than_the_index_holds_end_older_sessions_and_are_told_once() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&seen);
    let clock = ManualClock::at_unix(1_700_000_000);
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(MemoryStore::with_quota(10))
        .clock(clock.clone())
        .observer(move |event: &Event<'_>| tell.lock().unwrap().push(event.kind))
        .build()
        .unwrap();
    let client = Client::new();
    let login = || sessions.issue(NewSession::new("user-42"), &client).unwrap();
    let (bystander, mut revoked) = (login(), Vec::new());
    for _ in 0..11 {
        let issued = login();
        sessions.revoke_session(&issued.session.id).unwrap();
        revoked.push(issued);
        clock.advance(MINUTE);
    }
    // The older half of the marks went; its cut lies some minutes after the last of them.
    let young = login();
    let refusal = |issued: &Issued| sessions.verify(&issued.token, &client).unwrap_err().kind();
    assert!(revoked.iter().all(|issued| refusal(issued) == ErrorKind::Revoked));
    assert_eq!(refusal(&bystander), ErrorKind::Revoked);
    assert!(sessions.verify(&young.token, &client).is_ok());
    let seen = seen.lock().unwrap();
    assert_eq!(seen.iter().filter(|kind| **kind == EventKind::RevocationsOverflowed).count(), 1);
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

#[test]
fn a_token_seen_before_is_judged_anew_each_time() {
    for algorithm in SIGNING {
        judge_a_token_seen_before(algorithm);
    }
}

fn judge_a_token_seen_before(algorithm: Algorithm) {
    let bench = Bench::with(algorithm, Policy::default());
    let secret = sessera::new_device_secret().unwrap();
    let client = Client::new().device(secret.as_str()).ip([203, 0, 113, 7].into());
    let issued = bench.sessions.issue(NewSession::new("user-42").claim("a", 1), &client).unwrap();
    let verify = |client: &Client| bench.sessions.verify(&issued.token, client);
    for _ in 0..4 {
        assert_eq!(verify(&client).unwrap().claims, issued.session.claims);
    }
    let stranger = Client::new().device(sessera::new_device_secret().unwrap());
    assert_eq!(verify(&stranger).unwrap_err().kind(), ErrorKind::BindingMismatch);
    assert_eq!(verify(&bench.client).unwrap_err().kind(), ErrorKind::BindingMismatch);
    assert!(verify(&client).is_ok());
    for at in [10, 100, issued.token.len() - 2] {
        let mut forged = issued.token.clone();
        let other = if &forged[at..=at] == "A" { "B" } else { "A" };
        forged.replace_range(at..=at, other);
        assert!(bench.sessions.verify(&forged, &client).is_err());
    }
    let ours = bench.sessions.keyring();
    bench.sessions.replace_keyring(Keyring::generate(algorithm).unwrap()).unwrap();
    assert_eq!(verify(&client).unwrap_err().kind(), ErrorKind::UnknownKey);
    bench.sessions.replace_keyring(ours).unwrap();
    assert!(verify(&client).is_ok());
    bench.sessions.revoke_session(&issued.session.id).unwrap();
    assert_eq!(verify(&client).unwrap_err().kind(), ErrorKind::Revoked);
    bench.clock.advance(31 * MINUTE);
    assert_eq!(verify(&client).unwrap_err().kind(), ErrorKind::Expired);
}

#[test]
fn a_token_is_remembered_once_its_signature_was_checked() {
    for (algorithm, sights) in [(Algorithm::EdDsa, 1), (Algorithm::Es256, 1), (Algorithm::Hs256, 2)] {
        let bench = Bench::with(algorithm, Policy::default());
        let token = bench.login().token;
        for _ in 0..sights {
            assert!(!bench.sessions.remembers(&token));
            assert!(bench.holds(&token));
        }
        assert!(bench.sessions.remembers(&token));
        assert!(!bench.sessions.remembers(&token[..token.len() - 1]));
        bench.sessions.replace_keyring(bench.sessions.keyring()).unwrap();
        assert!(!bench.sessions.remembers(&token), "under other keys");
    }
}

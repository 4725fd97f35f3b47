//! What a verified session is worth later, without its token.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use sessera::{
    Algorithm, Client, Elevation, ErrorKind, Event, Issued, Keyring, ManualClock, MemoryStore, NewSession,
    Policy, Session, Sessions, SessionsBuilder,
};

const MINUTE: Duration = Duration::from_secs(60);
const IDLE: Duration = Duration::from_secs(30 * 60);
const LEEWAY: Duration = Duration::from_secs(30);

struct Bench {
    sessions: Sessions,
    clock: ManualClock,
    client: Client,
}

impl Bench {
    fn new() -> Self {
        Self::with(|builder| builder.store(MemoryStore::new()))
    }

    fn with(settings: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        let clock = ManualClock::at_unix(1_700_000_000);
        let builder = Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
            .clock(clock.clone());
        Self { sessions: settings(builder).build().unwrap(), clock, client: Client::new() }
    }

    fn login(&self) -> Issued {
        self.sessions.issue(NewSession::new("user-42"), &self.client).unwrap()
    }

    fn left(&self, session: &Session) -> Duration {
        self.sessions.recheck(session).unwrap()
    }

    fn refusal(&self, session: &Session) -> ErrorKind {
        self.sessions.recheck(session).unwrap_err().kind()
    }
}

#[test]
fn a_session_is_accepted_for_as_long_as_its_token() {
    for settings in [|builder| builder, |builder: SessionsBuilder| builder.store(MemoryStore::new())] {
        let bench = Bench::with(settings);
        let issued = bench.login();
        let session = bench.sessions.verify(&issued.token, &bench.client).unwrap();
        for session in [&issued.session, &session] {
            assert_eq!(bench.left(session), IDLE + LEEWAY);
        }
        bench.clock.advance(IDLE + Duration::from_millis(29_999));
        assert_eq!(bench.left(&session), Duration::from_millis(1));
        assert!(bench.sessions.verify(&issued.token, &bench.client).is_ok());
        bench.clock.advance(Duration::from_millis(1));
        assert_eq!(bench.refusal(&session), ErrorKind::Expired);
        let refused = bench.sessions.verify(&issued.token, &bench.client).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Expired);
        bench.clock.advance(12 * 60 * MINUTE);
        assert_eq!(bench.refusal(&session), ErrorKind::Ended);
    }
}

#[test]
fn whatever_revokes_a_session_is_seen() {
    type Revoke = fn(&Bench, &Issued);
    let ways: [Revoke; 5] = [
        |bench, issued| assert!(bench.sessions.revoke_session(&issued.session.id).is_ok()),
        |bench, _| assert!(bench.sessions.revoke_subject("user-42").is_ok()),
        |bench, _| assert!(bench.sessions.revoke_all().is_ok()),
        |bench, _| {
            let kid = bench.sessions.keyring().keys(time::OffsetDateTime::UNIX_EPOCH)[0].kid.clone();
            bench.sessions.revoke_key(&kid).unwrap();
        },
        |bench, issued| {
            let next = bench.sessions.rotate(&issued.token, &bench.client).unwrap();
            bench.sessions.verify(&next.token, &bench.client).unwrap();
            bench.clock.advance(MINUTE);
            assert!(bench.sessions.verify(&issued.token, &bench.client).is_err(), "a reuse");
        },
    ];
    for revoke in ways {
        let bench = Bench::new();
        let issued = bench.login();
        let verified = bench.sessions.verify(&issued.token, &bench.client).unwrap();
        bench.left(&issued.session);
        revoke(&bench, &issued);
        for session in [&issued.session, &verified] {
            assert_eq!(bench.refusal(session), ErrorKind::Revoked);
        }
    }
}

#[test]
fn the_revocation_of_another_session_is_not_ours() {
    let bench = Bench::new();
    let (one, other) = (bench.login(), bench.login());
    bench.sessions.revoke_session(&other.session.id).unwrap();
    bench.sessions.revoke_subject("user-7").unwrap();
    bench.sessions.revoke_key("another-key").unwrap();
    assert_eq!(bench.left(&one.session), IDLE + LEEWAY);
}

#[test]
fn a_rotated_session_lives_as_long_as_its_newest_token() {
    let bench = Bench::new();
    let first = bench.login();
    bench.clock.advance(10 * MINUTE);
    let second = bench.sessions.rotate(&first.token, &bench.client).unwrap();
    bench.clock.advance(10 * MINUTE);
    let third = bench.sessions.rotate(&second.token, &bench.client).unwrap();
    bench.clock.advance(25 * MINUTE);
    for session in [&first.session, &second.session, &third.session] {
        assert_eq!(bench.left(session), 5 * MINUTE + LEEWAY);
    }
    assert!(bench.sessions.verify(&third.token, &bench.client).is_ok(), "no reuse was seen");
    bench.clock.advance(5 * MINUTE + LEEWAY);
    assert_eq!(bench.refusal(&first.session), ErrorKind::Expired);
}

#[test]
fn no_rotation_takes_a_session_past_its_absolute_end() {
    let bench = Bench::new();
    let first = bench.login();
    let mut token = first.token;
    for _ in 0..71 {
        bench.clock.advance(10 * MINUTE);
        token = bench.sessions.rotate(&token, &bench.client).unwrap().token;
    }
    assert_eq!(bench.left(&first.session), 10 * MINUTE + LEEWAY);
    bench.clock.advance(10 * MINUTE + LEEWAY);
    assert_eq!(bench.refusal(&first.session), ErrorKind::Ended);
}

#[test]
fn a_session_that_is_older_than_any_may_become_is_ended_as_its_token() {
    let (keyring, clock) =
        (Keyring::generate(Algorithm::Hs256).unwrap(), ManualClock::at_unix(1_700_000_000));
    let of_hours = |hours: u32| {
        let policy =
            Policy { idle_timeout: IDLE, absolute_timeout: 60 * MINUTE * hours, ..Policy::default() };
        let settings = |builder: SessionsBuilder| {
            builder.keyring(keyring.clone()).policy(policy).store(MemoryStore::new()).clock(clock.clone())
        };
        Bench::with(settings).sessions
    };
    let (issuer, verifier, client) = (of_hours(12), of_hours(1), Client::new());
    let login = issuer.issue(NewSession::new("user-42"), &client).unwrap();
    let second = Duration::from_secs(1);
    clock.advance(IDLE + second);
    let Issued { token, session, .. } = issuer.renew(&login.token, &client).unwrap();
    assert_eq!(issuer.recheck(&session).unwrap(), IDLE + LEEWAY);
    assert_eq!(verifier.recheck(&session).unwrap() + second, IDLE + LEEWAY);
    clock.advance(IDLE + Duration::from_secs(29));
    assert!(issuer.recheck(&session).is_ok());
    assert_eq!(verifier.verify(&token, &client).unwrap_err().kind(), ErrorKind::Ended);
    assert_eq!(verifier.recheck(&session).unwrap_err().kind(), ErrorKind::Ended);
}

#[test]
fn an_elevation_ends_what_was_verified_before_it() {
    let bench = Bench::new();
    let before = bench.login();
    let after = bench.sessions.elevate(&before.token, &bench.client, Elevation::new()).unwrap();
    for _ in 0..2 {
        assert_eq!(bench.refusal(&before.session), ErrorKind::Superseded);
        assert!(bench.sessions.recheck(&after.session).is_ok());
        bench.clock.advance(MINUTE);
    }
}

#[test]
fn nothing_is_written_and_nothing_told() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let bench = Bench::with(|builder| {
        builder
            .store(MemoryStore::new())
            .observer(move |event: &Event<'_>| sink.lock().unwrap().push(event.kind))
    });
    let first = bench.login();
    let second = bench.sessions.rotate(&first.token, &bench.client).unwrap();
    told.lock().unwrap().clear();
    bench.clock.advance(MINUTE);
    bench.left(&first.session);
    bench.sessions.recheck_live(&first.session).unwrap();
    assert!(bench.sessions.verify(&second.token, &bench.client).is_ok());
    bench.clock.advance(IDLE + LEEWAY);
    bench.refusal(&first.session);
    assert!(told.lock().unwrap().is_empty());
}

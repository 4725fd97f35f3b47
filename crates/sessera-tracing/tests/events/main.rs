//! What a subscriber of `tracing` is told of a session's life.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod subscriber;

use std::time::Duration;

use sessera::csrf::FetchMetadata;
use sessera::{
    Advance, Advanced, Algorithm, Client, Elevation, Keyring, ManualClock, Mark, MemoryStore, NewSession,
    Result, RevocationIndex, RevocationState, SessionData, SessionId, SessionRecord, Sessions,
    SessionsBuilder, Store,
};
use sessera_tracing::TracingObserver;
use subscriber::{Told, told};

const SUBJECT: &str = "user-42";

fn builder(clock: &ManualClock) -> SessionsBuilder {
    Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(MemoryStore::new())
        .clock(clock.clone())
}

/// A store whose marks are always of ten seconds ago.
struct TenSecondsBehind(MemoryStore);

impl Store for TenSecondsBehind {
    fn index(&self) -> &RevocationIndex {
        self.0.index()
    }

    fn refresh(&self, now: u64) -> u64 {
        self.0.refresh(now) + 10_000
    }

    fn sync(&self, now: u64) -> Result<()> {
        self.0.sync(now)
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        self.0.advance(advance)
    }

    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState> {
        self.0.append(mark, now)
    }

    fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        self.0.put_data(data, now)
    }

    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        self.0.data(id, now)
    }

    fn remove_data(&self, id: SessionId, now: u64) -> Result<()> {
        self.0.remove_data(id, now)
    }

    fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        self.0.record(record, now)
    }

    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        self.0.records(subject, now)
    }
}

/// Everything that can happen to a session, and the ids and tokens that nobody may be told.
fn a_whole_life(observer: TracingObserver) -> (Vec<Told>, Vec<String>) {
    let mut secrets = Vec::new();
    let told = told(|| {
        let clock = ManualClock::at_unix(1_700_000_000);
        let sessions = builder(&clock).observer(observer).build().unwrap();
        let at_home = Client::new().ip("203.0.113.7".parse().unwrap());
        let issued = sessions.issue(NewSession::new(SUBJECT), &at_home).unwrap();
        let away = Client::new().ip("198.51.100.1".parse().unwrap());
        sessions.verify(&issued.token, &away).unwrap();
        let request = FetchMetadata { method: "POST", ..FetchMetadata::default() };
        sessions.check_csrf(&issued.session, &request, None).unwrap_err();
        let renewed = sessions.renew(&issued.token, &at_home).unwrap();
        let rotated = sessions.rotate(&renewed.token, &at_home).unwrap();
        let elevated = sessions.elevate(&rotated.token, &at_home, Elevation::new()).unwrap();
        sessions.verify(&elevated.token, &at_home).unwrap();
        clock.advance(Duration::from_secs(60));
        sessions.verify(&rotated.token, &at_home).unwrap_err();
        sessions.verify(&elevated.token, &at_home).unwrap_err();
        sessions.revoke_session(&issued.session.id).unwrap();
        clock.advance(Duration::from_secs(24 * 3600));
        sessions.verify(&elevated.token, &at_home).unwrap_err();
        sessions.verify("not.a.token", &at_home).unwrap_err();
        secrets.push(issued.session.id);
        secrets.extend([issued.token, renewed.token, rotated.token, elevated.token]);
    });
    (told, secrets)
}

#[test]
fn every_event_is_told_once_at_its_level_with_its_reason() {
    let (told, _) = a_whole_life(TracingObserver::new());
    let shown: Vec<_> =
        told.iter().map(|told| (told.level.as_str(), told.field("event"), told.field("reason"))).collect();
    assert_eq!(
        shown,
        [
            ("INFO", Some("session_created"), None),
            ("WARN", Some("session_binding_changed"), None),
            ("WARN", Some("malicious_csrf"), Some("csrf_invalid")),
            ("INFO", Some("session_renewed"), None),
            ("INFO", Some("session_rotated"), None),
            ("INFO", Some("privilege_permissions_changed"), None),
            ("WARN", Some("authn_token_reuse"), None),
            ("WARN", Some("session_refused"), Some("revoked")),
            ("INFO", Some("authn_token_revoked"), None),
            ("INFO", Some("session_use_after_expire"), Some("ended")),
            ("WARN", Some("session_refused"), Some("malformed")),
        ]
    );
    assert!(told.iter().all(|told| told.target == "sessera"));
}

#[test]
fn revocations_that_were_not_fresh_are_told() {
    let told = told(|| {
        let clock = ManualClock::at_unix(1_700_000_000);
        let sessions = builder(&clock)
            .store(TenSecondsBehind(MemoryStore::new()))
            .observer(TracingObserver::new())
            .build()
            .unwrap();
        let issued = sessions.issue(NewSession::new(SUBJECT), &Client::new()).unwrap();
        sessions.verify(&issued.token, &Client::new()).unwrap();
    });
    assert_eq!(told.last().unwrap().field("event"), Some("session_accepted_stale"));
    assert_eq!(told.last().unwrap().level, tracing::Level::INFO);
}

#[test]
fn all_events_of_a_session_have_its_one_name() {
    let (told, _) = a_whole_life(TracingObserver::new());
    let names: Vec<_> = told.iter().map(|told| told.field("session")).collect();
    assert_eq!(names[0].unwrap().len(), 22);
    assert!(names[..10].iter().all(|name| *name == names[0]));
    assert_eq!(names[10], None, "nothing is known of who showed what is no token");
}

#[test]
fn the_subject_is_told_only_where_that_is_asked_for() {
    let (told, _) = a_whole_life(TracingObserver::new());
    assert!(told.iter().all(|told| told.field("subject").is_none()));
    let (told, _) = a_whole_life(TracingObserver::new().with_subject(true));
    assert_eq!(told[0].field("subject"), Some(SUBJECT));
    assert_eq!(told[10].field("subject"), None);
}

#[test]
fn no_token_id_or_address_is_told() {
    let (told, secrets) = a_whole_life(TracingObserver::new().with_subject(true));
    let everything = format!("{told:?}");
    for secret in secrets.iter().map(String::as_str).chain(["203.0.113", "198.51.100", "not.a.token"]) {
        assert!(!everything.contains(secret));
    }
}

#[test]
fn a_refusal_of_another_client_is_told_as_the_change_and_as_the_refusal() {
    let told = told(|| {
        let clock = ManualClock::at_unix(1_700_000_000);
        let sessions = builder(&clock).observer(TracingObserver::new()).build().unwrap();
        let issued = sessions.issue(NewSession::new(SUBJECT), &Client::new().device("secret")).unwrap();
        sessions.verify(&issued.token, &Client::new()).unwrap_err();
    });
    let shown: Vec<_> = told.iter().skip(1).map(|told| (told.field("event"), told.field("reason"))).collect();
    assert_eq!(
        shown,
        [(Some("session_binding_changed"), None), (Some("session_refused"), Some("binding_mismatch")),]
    );
}

#[test]
fn a_kind_that_is_not_ordinary_is_a_warning_with_its_name() {
    let told = told(|| {
        let clock = ManualClock::at_unix(1_700_000_000);
        let store = MemoryStore::with_quota(1);
        let sessions = builder(&clock).store(store).observer(TracingObserver::new()).build().unwrap();
        for _ in 0..3 {
            let issued = sessions.issue(NewSession::new(SUBJECT), &Client::new()).unwrap();
            sessions.revoke_session(&issued.session.id).unwrap();
        }
    });
    let overflow = told.iter().find(|told| told.field("event") == Some("revocations_overflowed")).unwrap();
    assert_eq!((overflow.level, overflow.field("session")), (tracing::Level::WARN, None));
}

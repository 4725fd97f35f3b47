//! What a verifier does that knows too little: closed, unless the policy says otherwise, and never a 401.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sessera::{
    Advance, Advanced, Algorithm, Client, Elevation, ErrorKind, Event, EventKind, Freshness, Issued, Keyring,
    ManualClock, Mark, MemoryStore, NewSession, OnStale, Policy, Result, RevocationIndex, RevocationState,
    Revoke, SessionData, SessionError, SessionId, SessionRecord, Sessions, Store, Wait,
};

/// A store that is behind, or away.
#[derive(Default)]
struct Troubled {
    store: MemoryStore,
    behind: AtomicU64,
    away: AtomicBool,
}

impl Troubled {
    fn reached(&self) -> Result<()> {
        if self.away.load(Relaxed) {
            return Err(SessionError::new(ErrorKind::StoreUnavailable, "the store is away"));
        }
        Ok(())
    }
}

impl Store for Troubled {
    fn index(&self) -> &RevocationIndex {
        self.store.index()
    }

    fn refresh(&self, _: u64) -> u64 {
        self.behind.load(Relaxed)
    }

    fn sync(&self, now: u64) -> Result<()> {
        self.reached().and_then(|()| self.store.sync(now))
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        self.reached().and_then(|()| self.store.advance(advance))
    }

    /// In force here whether the store is away or not.
    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState> {
        let stored = self.store.append(mark, now)?;
        Ok(if self.away.load(Relaxed) { RevocationState::Pending } else { stored })
    }

    fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        self.reached().and_then(|()| self.store.put_data(data, now))
    }

    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        self.reached().and_then(|()| self.store.data(id, now))
    }

    fn remove_data(&self, id: SessionId, now: u64) -> Result<()> {
        self.reached().and_then(|()| self.store.remove_data(id, now))
    }

    fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        self.reached().and_then(|()| self.store.record(record, now))
    }

    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        self.reached().and_then(|()| self.store.records(subject, now))
    }
}

struct Bench {
    sessions: Sessions,
    store: Arc<Troubled>,
    clock: ManualClock,
    events: Arc<Mutex<Vec<EventKind>>>,
}

impl Bench {
    fn new(on_stale: OnStale) -> Self {
        let (store, clock) = (Arc::new(Troubled::default()), ManualClock::at_unix(1_700_000_000));
        let events = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&events);
        let sessions = Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
            .policy(Policy { on_stale, ..Policy::default() })
            .store(Arc::clone(&store))
            .clock(clock.clone())
            .observer(move |event: &Event<'_>| tell.lock().unwrap().push(event.kind))
            .build()
            .unwrap();
        Self { sessions, store, clock, events }
    }

    fn login(&self) -> Issued {
        self.sessions.issue(NewSession::new("user-42"), &Client::new()).unwrap()
    }

    /// The code of a verify by marks of that age, which is also that of another look at the session.
    fn verdict(&self, issued: &Issued, behind: u64) -> &'static str {
        self.store.behind.store(behind, Relaxed);
        let verified = self.sessions.verify(&issued.token, &Client::new());
        let verdict = verified.map_or_else(|error| error.code(), |_| "ok");
        let again = self.sessions.recheck(&issued.session).map_or_else(|error| error.code(), |_| "ok");
        assert_eq!(again, verdict);
        verdict
    }

    fn told(&self, kind: EventKind) -> usize {
        self.events.lock().unwrap().iter().filter(|other| **other == kind).count()
    }
}

const MODES: [OnStale; 3] = [OnStale::YoungOnly, OnStale::Refuse, OnStale::Accept];

#[test]
fn fresh_marks_are_not_worth_a_word_and_stale_ones_are_an_event() {
    for mode in MODES {
        let bench = Bench::new(mode);
        let issued = bench.login();
        for (behind, told) in [(0, 0), (2000, 0), (2001, 1), (30_000, 2)] {
            assert_eq!(bench.verdict(&issued, behind), "ok", "{mode:?} {behind}");
            assert_eq!(bench.told(EventKind::SessionAcceptedStale), told, "{mode:?} {behind}");
        }
    }
}

#[test]
fn marks_that_are_too_old_do_what_the_policy_says() {
    for (mode, young, old) in [
        (OnStale::YoungOnly, "ok", "revocations_stale"),
        (OnStale::Refuse, "revocations_stale", "revocations_stale"),
        (OnStale::Accept, "ok", "ok"),
    ] {
        let bench = Bench::new(mode);
        let issued = bench.login();
        assert_eq!(bench.verdict(&issued, 30_001), young, "{mode:?}");
        let never_loaded = if mode == OnStale::Accept { "ok" } else { "revocations_stale" };
        assert_eq!(bench.verdict(&issued, u64::MAX), never_loaded, "{mode:?}");
        bench.clock.advance(Duration::from_secs(5 * 60) - Duration::from_millis(1));
        assert_eq!(bench.verdict(&issued, 30_001), young, "{mode:?}");
        bench.clock.advance(Duration::from_millis(1));
        assert_eq!(bench.verdict(&issued, 30_001), old, "{mode:?}");
        assert_eq!(bench.verdict(&issued, 30_000), "ok", "{mode:?}");
    }
}

#[test]
fn what_is_known_to_be_revoked_is_revoked_however_old_the_marks_are() {
    for mode in MODES {
        let bench = Bench::new(mode);
        let issued = bench.login();
        bench.sessions.revoke_session(&issued.session.id).unwrap();
        for behind in [0, 10_000, 60_000, u64::MAX] {
            assert_eq!(bench.verdict(&issued, behind), "revoked", "{mode:?} {behind}");
        }
    }
}

#[test]
fn a_store_that_is_away_fails_what_it_is_needed_for_and_changes_nothing() {
    let bench = Bench::new(OnStale::default());
    let (issued, client) = (bench.login(), Client::new());
    bench.store.away.store(true, Relaxed);
    let kinds = [
        bench.sessions.put_data(&issued.session, b"cart").unwrap_err().kind(),
        bench.sessions.data(&issued.session).unwrap_err().kind(),
        bench.sessions.verify_live(&issued.token, &client).unwrap_err().kind(),
        bench.sessions.recheck_live(&issued.session).unwrap_err().kind(),
        bench.sessions.rotate(&issued.token, &client).unwrap_err().kind(),
        bench.sessions.elevate(&issued.token, &client, Elevation::new()).unwrap_err().kind(),
        bench.sessions.revoke_others(&issued.token, &client).unwrap_err().kind(),
        bench.sessions.revoke(Revoke::All, Wait::Confirmed).unwrap_err().kind(),
    ];
    assert_eq!(kinds, [ErrorKind::StoreUnavailable; 8]);
}

#[test]
fn a_revocation_in_an_outage_is_in_force_and_pending() {
    type Revoking = fn(&Bench, &Issued) -> RevocationState;
    let client = Client::new();
    let ways: [Revoking; 4] = [
        |bench, issued| bench.sessions.revoke_session(&issued.session.id).unwrap(),
        |bench, _| bench.sessions.revoke_subject("user-42").unwrap(),
        |bench, _| bench.sessions.revoke_all().unwrap(),
        |bench, issued| bench.sessions.end(&issued.token).unwrap().unwrap(),
    ];
    for revoke in ways {
        let bench = Bench::new(OnStale::default());
        let issued = bench.login();
        bench.store.away.store(true, Relaxed);
        assert_eq!(revoke(&bench, &issued), RevocationState::Pending);
        assert_eq!(bench.sessions.verify(&issued.token, &client).unwrap_err().kind(), ErrorKind::Revoked);
        assert_eq!(bench.told(EventKind::RevocationPending), 1);
        bench.store.away.store(false, Relaxed);
        let other = bench.sessions.issue(NewSession::new("user-43"), &client).unwrap();
        assert_eq!(bench.sessions.revoke_session(&other.session.id).unwrap(), RevocationState::Stored);
        assert_eq!(bench.told(EventKind::RevocationPending), 1);
    }
}

#[test]
fn nothing_is_rotated_or_elevated_on_stale_knowledge() {
    let bench = Bench::new(OnStale::Accept);
    let (issued, client) = (bench.login(), Client::new());
    for behind in [2001, 60_000] {
        bench.store.behind.store(behind, Relaxed);
        let kinds = [
            bench.sessions.rotate(&issued.token, &client).unwrap_err().kind(),
            bench.sessions.elevate(&issued.token, &client, Elevation::new()).unwrap_err().kind(),
            bench.sessions.revoke_others(&issued.token, &client).unwrap_err().kind(),
        ];
        assert_eq!(kinds, [ErrorKind::RevocationsStale; 3]);
        assert!(bench.sessions.renew(&issued.token, &client).is_ok());
    }
}

#[test]
fn a_renewal_makes_no_token_younger() {
    let bench = Bench::new(OnStale::YoungOnly);
    let (mut issued, client) = (bench.login(), Client::new());
    bench.store.behind.store(60_000, Relaxed);
    for minute in 0..10 {
        let renewed = bench.sessions.renew(&issued.token, &client);
        assert_eq!(renewed.is_ok(), minute < 5, "after {minute} minutes");
        if let Ok(renewed) = renewed {
            issued = renewed;
        }
        bench.clock.advance(Duration::from_secs(60));
    }
}

#[test]
fn a_reuse_is_refused_though_the_session_cannot_be_ended() {
    let bench = Bench::new(OnStale::default());
    let (issued, client) = (bench.login(), Client::new());
    let next = bench.sessions.rotate(&issued.token, &client).unwrap();
    bench.sessions.verify(&next.token, &client).unwrap();
    bench.clock.advance(Duration::from_secs(11));
    bench.store.away.store(true, Relaxed);
    let error = bench.sessions.verify(&issued.token, &client).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Reused);
    assert_eq!(bench.told(EventKind::RevocationPending), 1);
    assert_eq!(bench.sessions.verify(&next.token, &client).unwrap_err().kind(), ErrorKind::Revoked);
}

#[test]
fn a_change_of_freshness_is_told_once_and_by_whoever_sees_it_first() {
    let bench = Bench::new(OnStale::Accept);
    let token = bench.login().token;
    let kinds = [EventKind::RevocationsFresh, EventKind::RevocationsStale, EventKind::RevocationsExpired];
    let steps = [
        (0, [0, 0, 0]),
        (2001, [0, 1, 0]),
        (30_000, [0, 1, 0]),
        (30_001, [0, 1, 1]),
        (0, [1, 1, 1]),
        (u64::MAX, [1, 1, 2]),
        (5000, [1, 2, 2]),
        (2000, [2, 2, 2]),
    ];
    for (nth, (behind, told)) in steps.into_iter().enumerate() {
        bench.store.behind.store(behind, Relaxed);
        for _ in 0..3 {
            if nth % 2 == 0 {
                bench.sessions.verify(&token, &Client::new()).unwrap();
            }
            bench.sessions.status();
        }
        assert_eq!(kinds.map(|kind| bench.told(kind)), told, "{behind}");
    }
}

#[test]
fn a_status_says_how_old_the_knowledge_is_and_whether_to_send_requests() {
    for mode in MODES {
        let bench = Bench::new(mode);
        let accept = mode == OnStale::Accept;
        for (behind, freshness, ready) in [
            (0, Freshness::Fresh, true),
            (2001, Freshness::Stale, true),
            (30_001, Freshness::Expired, accept),
            (u64::MAX, Freshness::Loading, false),
        ] {
            bench.store.behind.store(behind, Relaxed);
            let status = bench.sessions.status();
            assert_eq!((status.freshness, status.ready), (freshness, ready), "{mode:?} {behind}");
            let age = (behind != u64::MAX).then_some(Duration::from_millis(behind));
            assert_eq!(status.age, age);
        }
        bench.sessions.revoke_session(&bench.login().session.id).unwrap();
        let status = bench.sessions.status();
        assert!(status.marks == 1 && status.memory > 0);
    }
}

#[test]
fn a_wait_that_the_store_does_not_know_is_refused_before_anything_is_written() {
    let bench = Bench::new(OnStale::default());
    let id = bench.login().session.id;
    let error = bench.sessions.revoke(Revoke::Session(&id), Wait::Replicated(1)).unwrap_err();
    assert_eq!((error.kind(), bench.sessions.status().marks), (ErrorKind::InvalidConfig, 0));
    for wait in [Wait::Stored, Wait::Confirmed] {
        bench.sessions.revoke(Revoke::Session(&id), wait).unwrap();
    }
    assert_eq!(bench.told(EventKind::TokenRevoked), 2);
}

#[test]
fn the_servers_own_trouble_is_503_and_signs_nobody_out() {
    for kind in [ErrorKind::RevocationsStale, ErrorKind::StoreUnavailable] {
        assert_eq!(kind.http_status(), 503);
    }
}

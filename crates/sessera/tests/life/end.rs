//! Logout: what ends, and what cannot be started again.

use std::time::Duration;

use sessera::{
    Algorithm, Client, Elevation, ErrorKind, Keyring, ManualClock, Mark, MemoryStore, NewSession, Policy,
    RevocationIndex, RevocationState, Sessions, Store,
};

use crate::bench::{Bench, MINUTE};

#[test]
fn a_token_that_is_refused_by_now_still_ends_its_session() {
    type Meanwhile = fn(&Bench, &str) -> String;
    let cases: [(&str, Meanwhile); 4] = [
        ("idle", |bench, token| {
            let mut kept = token.to_owned();
            for _ in 0..4 {
                bench.clock.advance(10 * MINUTE);
                kept = bench.sessions.renew(&kept, &bench.client).unwrap().token;
            }
            assert_eq!(bench.refusal(token), ErrorKind::Expired);
            kept
        }),
        ("rotated away", |bench, token| {
            let kept = bench.sessions.rotate(token, &bench.client).unwrap().token;
            bench.clock.advance(MINUTE);
            kept
        }),
        ("two generations behind", |bench, token| {
            let kept = bench.sessions.rotate(token, &bench.client).unwrap().token;
            bench.sessions.rotate(&kept, &bench.client).unwrap().token
        }),
        ("elevated", |bench, token| {
            bench.sessions.elevate(token, &bench.client, Elevation::new()).unwrap().token
        }),
    ];
    for (what, meanwhile) in cases {
        let bench = Bench::new();
        let own = bench.login().token;
        let kept = meanwhile(&bench, &own);
        assert_eq!(bench.sessions.end(&own).unwrap(), Some(RevocationState::Stored), "{what}");
        assert_eq!(bench.refusal(&kept), ErrorKind::Revoked, "{what}");
        assert_eq!(bench.sessions.end(&own).unwrap(), None, "{what}: nothing is left");
    }
}

#[test]
fn a_login_ends_an_idle_session_that_it_replaces() {
    let bench = Bench::new();
    let own = bench.login().token;
    bench.clock.advance(29 * MINUTE);
    let kept = bench.sessions.renew(&own, &bench.client).unwrap().token;
    bench.clock.advance(5 * MINUTE);
    assert_eq!(bench.refusal(&own), ErrorKind::Expired);
    bench.sessions.issue(NewSession::new("user-42").replaces(&own), &bench.client).unwrap();
    assert_eq!(bench.refusal(&kept), ErrorKind::Revoked);
}

#[test]
fn a_token_that_is_bound_elsewhere_still_ends_its_session() {
    let bench = Bench::new();
    let device = Client::new().device("secret of the device");
    let issued = bench.sessions.issue(NewSession::new("user-42"), &device).unwrap();
    assert_eq!(bench.refusal(&issued.token), ErrorKind::BindingMismatch);
    assert!(bench.sessions.end(&issued.token).unwrap().is_some());
    assert_eq!(bench.sessions.verify(&issued.token, &device).unwrap_err().kind(), ErrorKind::Revoked);
}

#[test]
fn nothing_is_ended_by_a_token_that_nobody_signed() {
    let bench = Bench::new();
    let issued = bench.login();
    let mut forged = issued.token.clone();
    forged.truncate(forged.len() - 2);
    forged.push_str("AA");
    let visitor = bench.sessions.issue_visitor("{}", &bench.client).unwrap().token;
    for (token, kind) in [
        (forged.as_str(), ErrorKind::BadSignature),
        ("x.y.z", ErrorKind::Malformed),
        (visitor.as_str(), ErrorKind::WrongType),
    ] {
        assert_eq!(bench.sessions.end(token).unwrap_err().kind(), kind);
        let login = NewSession::new("user-42").replaces(token);
        assert!(bench.sessions.issue(login, &bench.client).is_ok(), "no login fails by it");
    }
    assert!(bench.holds(&issued.token));
    assert_eq!(bench.sessions.status().marks, 0);
}

#[test]
fn after_its_absolute_end_a_session_has_nothing_left_to_end() {
    let bench = Bench::new();
    let issued = bench.login();
    bench.clock.advance(12 * 60 * MINUTE + MINUTE);
    assert_eq!(bench.sessions.end(&issued.token).unwrap(), None);
    assert_eq!(bench.sessions.status().marks, 0);
}

#[test]
fn the_mark_of_a_logout_is_kept_until_the_session_would_end() {
    let clock = ManualClock::at_unix(1_700_000_000);
    let store = std::sync::Arc::new(MemoryStore::new());
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(std::sync::Arc::clone(&store))
        .longest_session(Duration::from_secs(30 * 24 * 3600))
        .clock(clock.clone())
        .build()
        .unwrap();
    let issued = sessions.issue(NewSession::new("user-42"), &Client::new()).unwrap();
    sessions.end(&issued.token).unwrap();
    let end = 1_700_000_000_000 + 12 * 3_600_000 + 30_000;
    store.index().sweep(end - 1);
    assert_eq!(sessions.status().marks, 1);
    store.index().sweep(end);
    assert_eq!(sessions.status().marks, 0);
}

#[test]
fn no_clock_and_no_writer_of_the_store_makes_a_session_longer() {
    const NOW: u64 = 1_700_000_000_000;
    const YEAR: u64 = 365 * 24 * 3_600_000;
    for cut in [NOW + YEAR, RevocationIndex::LAST_CUT - 1, RevocationIndex::LAST_CUT + 1, u64::MAX] {
        let bench = Bench::new();
        let clock = bench.clock.clone();
        let store = std::sync::Arc::new(MemoryStore::new());
        let sessions = Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
            .store(std::sync::Arc::clone(&store))
            .clock(clock.clone())
            .build()
            .unwrap();
        let client = Client::new();
        store.append(&Mark::Everything { cut, keep_until: u64::MAX }, NOW).unwrap();
        store
            .append(&Mark::Subject { subject: "user-42".to_owned(), cut, keep_until: u64::MAX }, NOW)
            .unwrap();
        let issued = sessions.issue(NewSession::new("user-42"), &client).unwrap();
        assert_eq!(issued.session.ends_at.unix_timestamp(), 1_700_000_000 + 12 * 3600);
        assert!(sessions.verify(&issued.token, &client).is_ok(), "a login after the cut lives");
        sessions.revoke_subject("user-42").unwrap();
        assert_eq!(sessions.verify(&issued.token, &client).unwrap_err().kind(), ErrorKind::Revoked);
        assert_eq!(sessions.status().refused, if cut > RevocationIndex::LAST_CUT { 2 } else { 0 });
    }
}

#[test]
fn a_server_that_lags_gives_no_new_life_to_a_revoked_session() {
    let lagging = std::sync::Arc::new(Lagging::default());
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(std::sync::Arc::clone(&lagging))
        .clock(ManualClock::at_unix(1_700_000_000))
        .build()
        .unwrap();
    let client = Client::new();
    let issued = sessions.issue(NewSession::new("user-42"), &client).unwrap();
    lagging.revoke_elsewhere(&issued.session.id);
    assert!(sessions.verify(&issued.token, &client).is_ok(), "this server does not know it yet");
    let refused = sessions.revoke_others(&issued.token, &client).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Revoked);
}

#[test]
fn the_order_of_settings_does_not_matter() {
    let builder = || {
        Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
            .store(MemoryStore::new())
    };
    for wrong in
        [builder().max_sessions(5).list_sessions(false), builder().list_sessions(false).max_sessions(5)]
    {
        assert_eq!(wrong.build().unwrap_err().kind(), ErrorKind::InvalidConfig);
    }
    for right in
        [builder().max_sessions(1).list_sessions(true), builder().list_sessions(true).max_sessions(1)]
    {
        let sessions = right.build().unwrap();
        let client = Client::new();
        let first = sessions.issue(NewSession::new("user-42"), &client).unwrap();
        sessions.issue(NewSession::new("user-42"), &client).unwrap();
        assert_eq!(sessions.verify(&first.token, &client).unwrap_err().kind(), ErrorKind::Revoked);
    }
}

#[test]
fn a_revoked_key_signs_nothing() {
    let bench = Bench::with(Algorithm::EdDsa, Policy::default());
    let issued = bench.login();
    let kid = bench.sessions.keyring().keys(issued.session.issued_at)[0].kid.clone();
    bench.sessions.revoke_key(&kid).unwrap();
    assert_eq!(bench.refusal(&issued.token), ErrorKind::Revoked);
    let login = bench.sessions.issue(NewSession::new("user-42"), &bench.client).unwrap_err();
    assert_eq!(login.kind(), ErrorKind::InvalidKey);
    assert!(bench.sessions.keyring().has(&kid) && !bench.sessions.keyring().has("misspelt"));
}

#[test]
fn data_of_one_session_has_a_limit_and_a_visitors_a_smaller_one() {
    let bench = Bench::new();
    let session = bench.login().session;
    let visitor = bench.sessions.issue_visitor("{}", &bench.client).unwrap().session;
    for (session, limit) in [(&session, 1024 * 1024), (&visitor, 64 * 1024)] {
        bench.sessions.put_data(session, &vec![0; limit]).unwrap();
        let error = bench.sessions.put_data(session, &vec![0; limit + 1]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(error.to_string().contains(&limit.to_string()));
    }
    // A visitor's data go with the idle limit.
    bench.clock.advance(31 * MINUTE);
    assert!(bench.sessions.data(&visitor).unwrap().is_none());
    assert!(bench.sessions.data(&session).unwrap().is_some());
}

/// A store that another process has written to, which this one has not read yet.
#[derive(Default)]
struct Lagging {
    known: MemoryStore,
    elsewhere: std::sync::Mutex<Vec<Mark>>,
}

impl Lagging {
    fn revoke_elsewhere(&self, id: &str) {
        let (id, state) = (sessera::SessionId::parse(id).unwrap(), sessera::SessionMark::REVOKED);
        self.elsewhere.lock().unwrap().push(Mark::Session { id, state, keep_until: u64::MAX });
    }
}

impl Store for Lagging {
    fn index(&self) -> &RevocationIndex {
        self.known.index()
    }
    fn refresh(&self, now: u64) -> u64 {
        self.known.refresh(now)
    }
    fn sync(&self, now: u64) -> sessera::Result<()> {
        let marks = std::mem::take(&mut *self.elsewhere.lock().unwrap());
        marks.iter().try_for_each(|mark| self.known.append(mark, now).map(drop))
    }
    fn advance(&self, advance: &sessera::Advance) -> sessera::Result<sessera::Advanced> {
        self.known.advance(advance)
    }
    fn append(&self, mark: &Mark, now: u64) -> sessera::Result<RevocationState> {
        self.known.append(mark, now)
    }
    fn put_data(&self, data: &sessera::SessionData, now: u64) -> sessera::Result<()> {
        self.known.put_data(data, now)
    }
    fn data(&self, id: sessera::SessionId, now: u64) -> sessera::Result<Option<Vec<u8>>> {
        self.known.data(id, now)
    }
    fn remove_data(&self, id: sessera::SessionId, now: u64) -> sessera::Result<()> {
        self.known.remove_data(id, now)
    }
    fn record(&self, record: &sessera::SessionRecord, now: u64) -> sessera::Result<()> {
        self.known.record(record, now)
    }
    fn records(&self, subject: &str, now: u64) -> sessera::Result<Vec<sessera::SessionRecord>> {
        self.known.records(subject, now)
    }
}

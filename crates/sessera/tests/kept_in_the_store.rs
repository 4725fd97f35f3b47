//! What the store keeps of sessions besides marks: data, and lists that follow every verb.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use sessera::{
    Algorithm, Client, Clock as _, Elevation, ErrorKind, Issued, Keyring, ListedSession, ManualClock,
    MemoryStore, NewSession, Sessions, SessionsBuilder,
};

const MINUTE: Duration = Duration::from_secs(60);
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

struct Bench {
    sessions: Sessions,
    clock: ManualClock,
    client: Client,
}

impl Bench {
    fn with(settings: impl FnOnce(SessionsBuilder) -> SessionsBuilder) -> Self {
        let clock = ManualClock::at_unix(1_700_000_000);
        let builder = Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
            .store(MemoryStore::new())
            .clock(clock.clone());
        let client = Client::new().user_agent(FIREFOX).ip([203, 0, 113, 7].into());
        Self { sessions: settings(builder).build().unwrap(), clock, client }
    }

    fn login(&self) -> Issued {
        self.sessions.issue(NewSession::new("user-42"), &self.client).unwrap()
    }

    fn list(&self) -> Vec<ListedSession> {
        self.sessions.sessions_of("user-42").unwrap()
    }

    fn ids(&self) -> Vec<String> {
        self.list().into_iter().map(|listed| listed.id).collect()
    }
}

#[test]
fn data_live_in_the_store_as_long_as_their_session() {
    let bench = Bench::with(|builder| builder);
    let (issued, other) = (bench.login(), bench.login());
    assert_eq!(bench.sessions.data(&issued.session).unwrap(), None);
    bench.sessions.put_data(&issued.session, b"cart").unwrap();
    assert_eq!(bench.sessions.data(&issued.session).unwrap().as_deref(), Some(&b"cart"[..]));
    assert_eq!(bench.sessions.data(&other.session).unwrap(), None);
    let rotated = bench.sessions.rotate(&issued.token, &bench.client).unwrap();
    assert!(bench.sessions.data(&rotated.session).unwrap().is_some(), "every generation has the same");
    bench.clock.advance(12 * 60 * MINUTE + Duration::from_millis(29_999));
    assert!(bench.sessions.data(&issued.session).unwrap().is_some());
    bench.clock.advance(Duration::from_millis(1));
    assert!(bench.sessions.data(&issued.session).unwrap().is_none());
}

#[test]
fn data_go_when_they_are_removed_or_their_session_is_revoked() {
    let bench = Bench::with(|builder| builder);
    let (one, other) = (bench.login(), bench.login());
    for session in [&one.session, &other.session] {
        bench.sessions.put_data(session, b"cart").unwrap();
    }
    bench.sessions.remove_data(&one.session).unwrap();
    assert!(bench.sessions.data(&one.session).unwrap().is_none());
    bench.sessions.revoke_session(&other.session.id).unwrap();
    assert!(bench.sessions.data(&other.session).unwrap().is_none());
    let late = bench.sessions.put_data(&other.session, b"cart").unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Revoked);
    bench.sessions.revoke_subject("user-42").unwrap();
    assert_eq!(bench.sessions.put_data(&one.session, b"").unwrap_err().kind(), ErrorKind::Revoked);
}

#[test]
fn the_list_follows_renewals_rotations_and_elevations() {
    let bench = Bench::with(|builder| builder.list_networks(true));
    let issued = bench.login();
    assert_eq!(bench.list()[0].network.as_deref(), Some("203.0.113.0/24"));
    let sessions = &bench.sessions;
    let mut now = issued;
    for nth in 0..3_u8 {
        bench.clock.advance(MINUTE);
        let client = bench.client.clone().ip([198, 51, 100 + nth, 7].into());
        let next = match nth {
            0 => sessions.renew(&now.token, &client),
            1 => sessions.rotate(&now.token, &client),
            _ => sessions.elevate(&now.token, &client, Elevation::new()),
        };
        now = next.unwrap();
        let list = bench.list();
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].last_seen, now.session.issued_at);
        assert_eq!(list[0].network, Some(format!("198.51.{}.0/24", 100 + nth)));
    }
    bench.clock.advance(30 * MINUTE + Duration::from_secs(30));
    assert!(bench.list().is_empty(), "an expired session is on no list");
}

#[test]
fn however_many_log_in_at_once_the_limit_holds_and_someone_is_in() {
    let bench = Bench::with(|builder| builder.max_sessions(3));
    let logins: Vec<Issued> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(|| bench.login())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let lives = |issued: &&Issued| bench.sessions.verify(&issued.token, &bench.client).is_ok();
    assert_eq!(logins.iter().filter(lives).count(), 3);
    assert_eq!(bench.list().len(), 3);
}

#[test]
fn all_others_are_off_the_list_and_this_one_is_on_it_under_its_new_id() {
    let bench = Bench::with(|builder| builder.list_sessions(true));
    let here = bench.login();
    bench.login();
    let kept = bench.sessions.revoke_others(&here.token, &bench.client).unwrap();
    assert_eq!(bench.ids(), [kept.session.id]);
}

#[test]
fn a_cut_is_set_ahead_by_twice_the_skew_of_the_clocks() {
    let skew = Duration::from_millis(500);
    let bench = Bench::with(|builder| builder.clock_skew(skew));
    let store: Arc<MemoryStore> = Arc::default();
    let fast = ManualClock::default();
    fast.set_unix_millis(bench.clock.unix_millis() + 1000);
    let build = |clock: &ManualClock| {
        Sessions::builder("https://app.example", "web")
            .keyring(bench.sessions.keyring())
            .store(Arc::clone(&store))
            .clock(clock.clone())
            .clock_skew(skew)
            .build()
            .unwrap()
    };
    let (slow, fast) = (build(&bench.clock), build(&fast));
    let login = |sessions: &Sessions| sessions.issue(NewSession::new("user-42"), &bench.client).unwrap();
    let before = login(&fast);
    slow.revoke_subject("user-42").unwrap();
    let refused = slow.verify(&before.token, &bench.client).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Revoked, "issued a second ahead of the cut's clock");
    for sessions in [&slow, &fast] {
        let after = login(sessions);
        assert!(slow.verify(&after.token, &bench.client).is_ok());
        assert!(fast.verify(&after.token, &bench.client).is_ok());
    }
}

#[test]
fn settings_that_cannot_work_are_named() {
    let builder = || {
        let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
        Sessions::builder("https://app.example", "web").keyring(keyring)
    };
    for (name, wrong) in [
        ("without a store", builder().list_sessions(true)),
        ("without a store", builder().max_sessions(1)),
        ("max_sessions", builder().store(MemoryStore::new()).max_sessions(0)),
        ("clock_skew", builder().clock_skew(Duration::from_secs(31))),
    ] {
        let error = wrong.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig);
        assert!(error.to_string().contains(name), "{error}");
    }
    let unlisted = builder().store(MemoryStore::new()).build().unwrap();
    assert_eq!(unlisted.sessions_of("user-42").unwrap_err().kind(), ErrorKind::InvalidConfig);
    let storeless = builder().build().unwrap();
    let issued = storeless.issue(NewSession::new("user-42"), &Client::new()).unwrap();
    assert_eq!(storeless.put_data(&issued.session, b"").unwrap_err().kind(), ErrorKind::InvalidConfig);
    assert_eq!(storeless.data(&issued.session).unwrap_err().kind(), ErrorKind::InvalidConfig);
}

//! Asking for a stronger or more recent login (RFC 9470), over the life of a session.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::time::Duration;

use sessera::{
    Algorithm, Client, Elevation, ErrorKind, Issued, Keyring, ManualClock, MemoryStore, NewSession, Session,
    Sessions, StepUp,
};

const MINUTE: Duration = Duration::from_secs(60);

struct Bench {
    sessions: Sessions,
    clock: ManualClock,
    client: Client,
}

impl Bench {
    fn new() -> Self {
        let clock = ManualClock::at_unix(1_700_000_000);
        let sessions = Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
            .store(MemoryStore::new())
            .clock(clock.clone())
            .build()
            .unwrap();
        Self { sessions, clock, client: Client::new() }
    }

    fn login(&self) -> Issued {
        let login = NewSession::new("user-42").acr("aal1").amr(["pwd"]);
        self.sessions.issue(login, &self.client).unwrap()
    }

    fn meets(&self, session: &Session, step_up: &StepUp) -> bool {
        match self.sessions.require(session, step_up) {
            Ok(()) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::ReauthenticationRequired);
                false
            }
        }
    }
}

fn recent() -> StepUp {
    StepUp::new().max_age(5 * MINUTE)
}

#[test]
fn an_old_login_must_authenticate_again_and_then_is_recent() {
    let bench = Bench::new();
    let issued = bench.login();
    assert!(bench.meets(&issued.session, &recent()));
    bench.clock.advance(6 * MINUTE);
    let session = bench.sessions.verify(&issued.token, &bench.client).unwrap();
    assert!(!bench.meets(&session, &recent()), "the session is good, its authentication too old");
    let elevated = bench.sessions.elevate(&issued.token, &bench.client, Elevation::new()).unwrap();
    assert!(bench.meets(&elevated.session, &recent()));
}

#[test]
fn neither_use_nor_renewal_nor_rotation_makes_an_authentication_younger() {
    let bench = Bench::new();
    let issued = bench.login();
    bench.clock.advance(6 * MINUTE);
    let renewed = bench.sessions.renew(&issued.token, &bench.client).unwrap();
    let rotated = bench.sessions.rotate(&renewed.token, &bench.client).unwrap();
    for session in [&renewed.session, &rotated.session] {
        assert_eq!(session.authenticated_at, issued.session.authenticated_at);
        assert!(!bench.meets(session, &recent()));
    }
}

#[test]
fn acr_and_amr_change_only_with_an_authentication() {
    let bench = Bench::new();
    let issued = bench.login();
    let renewed = bench.sessions.renew(&issued.token, &bench.client).unwrap();
    let rotated = bench.sessions.rotate(&renewed.token, &bench.client).unwrap();
    for session in [&renewed.session, &rotated.session] {
        assert_eq!((session.acr.as_deref(), &session.amr[..]), (Some("aal1"), &["pwd".to_owned()][..]));
        assert!(!bench.meets(session, &StepUp::new().acr(["aal2"])));
    }
    for name in ["acr", "amr", "auth_time"] {
        let forged = bench.sessions.issue(NewSession::new("user-42").claim(name, "aal3"), &bench.client);
        assert_eq!(forged.unwrap_err().kind(), ErrorKind::InvalidClaim, "{name} as an application's claim");
    }
    let stronger = Elevation::new().acr("aal2").amr(["pwd", "otp"]);
    let elevated = bench.sessions.elevate(&rotated.token, &bench.client, stronger).unwrap();
    assert!(bench.meets(&elevated.session, &StepUp::new().acr(["aal2", "aal3"]).amr(["otp", "pwd"])));
    assert!(!bench.meets(&elevated.session, &StepUp::new().amr(["hwk"])));
}

#[test]
fn names_are_compared_as_bytes() {
    let bench = Bench::new();
    let session = bench.login().session;
    for acr in ["AAL1", "aal", "aal11", " aal1", "aal1 ", ""] {
        assert!(!bench.meets(&session, &StepUp::new().acr([acr])), "{acr:?}");
    }
    for amr in ["PWD", "pw", "pwd ", "pwd,otp", ""] {
        assert!(!bench.meets(&session, &StepUp::new().amr([amr])), "{amr:?}");
    }
}

#[test]
fn a_login_that_says_nothing_of_its_strength_is_too_weak_for_any() {
    let bench = Bench::new();
    let session = bench.sessions.issue(NewSession::new("user-42"), &bench.client).unwrap().session;
    assert!(!bench.meets(&session, &StepUp::new().acr(["aal1"])));
    assert!(!bench.meets(&session, &StepUp::new().amr(["pwd"])));
    assert!(bench.meets(&session, &StepUp::new()));
}

#[test]
fn all_that_is_asked_for_must_be_met_at_once() {
    let bench = Bench::new();
    let session = bench.login().session;
    let all = recent().acr(["aal1"]).amr(["pwd"]);
    assert!(bench.meets(&session, &all));
    assert!(!bench.meets(&session, &all.clone().acr(["aal2"])));
    assert!(!bench.meets(&session, &all.clone().amr(["pwd", "otp"])));
    bench.clock.advance(6 * MINUTE);
    assert!(!bench.meets(&session, &all));
}

#[test]
fn any_age_and_any_clock_are_safe() {
    let bench = Bench::new();
    let session = bench.login().session;
    assert!(bench.meets(&session, &StepUp::new().max_age(Duration::MAX)));
    assert!(bench.meets(&session, &StepUp::new().max_age(Duration::ZERO)));
    for (now, meets) in [(0, true), (u64::MAX, false)] {
        bench.clock.set_unix_millis(now);
        assert_eq!(bench.meets(&session, &recent()), meets);
    }
}

#[test]
fn to_ask_for_more_is_an_error_of_its_own_and_ends_no_session() {
    let bench = Bench::new();
    let issued = bench.login();
    let error = bench.sessions.require(&issued.session, &StepUp::new().acr(["aal3"])).unwrap_err();
    assert_eq!(error.code(), "reauthentication_required");
    assert_eq!(error.kind().http_status(), 401);
    assert!(bench.sessions.verify(&issued.token, &bench.client).is_ok());
}

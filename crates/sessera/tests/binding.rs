//! What a changed client leads to: each fact, each mode, each verdict.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::sync::{Arc, Mutex};

use sessera::binding::client_address;
use sessera::{
    Algorithm, Binding, BindingMode, BindingPolicy, Client, ErrorKind, Event, EventKind, Fact, Issued,
    Keyring, ManualClock, MemoryStore, NewSession, Policy, Sessions, SessionsBuilder, Verdict,
};

const FACTS: [Fact; 4] = [Fact::Device, Fact::UserAgent, Fact::Ip, Fact::Key];
const MODES: [BindingMode; 4] =
    [BindingMode::Off, BindingMode::Report, BindingMode::StepUp, BindingMode::Enforce];

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

/// Binds nothing but this fact.
fn only(fact: Fact, mode: BindingMode) -> Policy {
    let mut binding = BindingPolicy::off();
    match fact {
        Fact::Device => binding.device = mode,
        Fact::UserAgent => binding.user_agent = mode,
        Fact::Ip => binding.ip = mode,
        Fact::Key => binding.key = mode,
    }
    Policy { binding, ..Policy::default() }
}

/// The client that logs in, or another, by one fact alone.
fn showing(fact: Fact, same: bool) -> Client {
    let client = Client::new();
    match fact {
        Fact::Device => client.device(if same { "secret of the one" } else { "secret of the other" }),
        Fact::UserAgent => client.user_agent(if same { FIREFOX } else { SAFARI }),
        Fact::Ip => client.ip(if same { "203.0.113.7" } else { "198.51.100.7" }.parse().unwrap()),
        Fact::Key => client.key(if same { THUMBPRINTS[0] } else { THUMBPRINTS[1] }),
    }
}

const THUMBPRINTS: [&str; 2] =
    ["0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"];

fn showing_all(same: bool) -> Client {
    showing(Fact::Device, same)
        .user_agent(if same { FIREFOX } else { SAFARI })
        .ip(if same { "203.0.113.7" } else { "198.51.100.7" }.parse().unwrap())
        .key(if same { THUMBPRINTS[0] } else { THUMBPRINTS[1] })
}

fn builder(keyring: &Keyring, policy: Policy) -> SessionsBuilder {
    Sessions::builder("https://app.example", "web")
        .keyring(keyring.clone())
        .policy(policy)
        .clock(ManualClock::at_unix(1_700_000_000))
}

fn hs256(policy: Policy) -> Sessions {
    builder(&Keyring::generate(Algorithm::Hs256).unwrap(), policy).store(MemoryStore::new()).build().unwrap()
}

fn login(sessions: &Sessions, client: &Client) -> Issued {
    sessions.issue(NewSession::new("user-42"), client).unwrap()
}

fn verdict(binding: &Binding, fact: Fact) -> Verdict {
    binding.verdicts().into_iter().find(|(other, _)| *other == fact).unwrap().1
}

/// What a mismatch leads to in this mode.
fn refusal(mode: BindingMode) -> Option<ErrorKind> {
    match mode {
        BindingMode::Off | BindingMode::Report => None,
        BindingMode::StepUp => Some(ErrorKind::ReauthenticationRequired),
        BindingMode::Enforce => Some(ErrorKind::BindingMismatch),
    }
}

#[test]
fn the_same_client_matches_in_every_mode() {
    for fact in FACTS {
        for mode in MODES {
            let sessions = hs256(only(fact, mode));
            let client = showing(fact, true);
            let issued = login(&sessions, &client);
            let found = sessions.verify(&issued.token, &client).unwrap().binding;
            let expected = if mode == BindingMode::Off { Verdict::Unbound } else { Verdict::Matched };
            assert_eq!(verdict(&found, fact), expected, "{fact:?} {mode:?}");
        }
    }
}

#[test]
fn another_client_and_one_that_shows_nothing_are_what_the_mode_makes_of_them() {
    for fact in FACTS {
        for mode in MODES {
            let sessions = hs256(only(fact, mode));
            let issued = login(&sessions, &showing(fact, true));
            for (client, changed) in
                [(showing(fact, false), Verdict::Differed), (Client::new(), Verdict::Absent)]
            {
                let verified = sessions.verify(&issued.token, &client);
                if let Some(kind) = refusal(mode) {
                    assert_eq!(verified.unwrap_err().kind(), kind, "{fact:?} {mode:?}");
                    continue;
                }
                let expected = if mode == BindingMode::Off { Verdict::Unbound } else { changed };
                assert_eq!(verdict(&verified.unwrap().binding, fact), expected, "{fact:?} {mode:?}");
            }
        }
    }
}

#[test]
fn a_fact_that_was_not_shown_at_the_login_is_never_asked_for() {
    for fact in FACTS {
        for mode in MODES {
            let sessions = hs256(only(fact, mode));
            let issued = login(&sessions, &Client::new());
            for client in [Client::new(), showing(fact, true), showing_all(false)] {
                let found = sessions.verify(&issued.token, &client).unwrap().binding;
                assert_eq!(found, Binding::default(), "{fact:?} {mode:?}");
            }
        }
    }
}

#[test]
fn one_changed_fact_does_not_hide_that_the_others_matched() {
    let report =
        BindingPolicy { device: BindingMode::Report, key: BindingMode::Report, ..Default::default() };
    let sessions = hs256(Policy { binding: report, ..Policy::default() });
    let issued = login(&sessions, &showing_all(true));
    for changed in FACTS {
        let client = match changed {
            Fact::Device => showing_all(true).device("secret of the other"),
            Fact::UserAgent => showing_all(true).user_agent(SAFARI),
            Fact::Ip => showing_all(true).ip("198.51.100.7".parse().unwrap()),
            Fact::Key => showing_all(true).key(THUMBPRINTS[1]),
        };
        let found = sessions.verify(&issued.token, &client).unwrap().binding;
        for fact in FACTS {
            let expected = if fact == changed { Verdict::Differed } else { Verdict::Matched };
            assert_eq!(verdict(&found, fact), expected, "{fact:?} where {changed:?} changed");
        }
    }
}

/// Issued by a ring with its root, verified by its public keys alone.
fn by_public_keys(policy: Policy) -> (Issued, sessera::Result<Sessions>) {
    let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    let everything = builder(&keyring, Policy::default()).build().unwrap();
    let issued = login(&everything, &showing_all(true));
    let public = Keyring::from_jwks(&keyring.jwks()).unwrap();
    (issued, builder(&public, policy).build())
}

#[test]
fn public_keys_alone_leave_the_keyed_facts_unchecked_and_check_the_proof_key() {
    let report = BindingPolicy { device: BindingMode::Report, ..BindingPolicy::default() };
    let (issued, sessions) = by_public_keys(Policy { binding: report, ..Policy::default() });
    let sessions = sessions.unwrap();
    for same in [true, false] {
        let found = sessions.verify(&issued.token, &showing_all(same).key(THUMBPRINTS[0])).unwrap().binding;
        assert_eq!(found.key, Verdict::Matched);
        for fact in [Fact::Device, Fact::UserAgent, Fact::Ip] {
            assert_eq!(verdict(&found, fact), Verdict::Unchecked, "{fact:?}");
        }
        assert!(!found.changed(), "what was not checked has not changed");
    }
    for client in [showing_all(true).key(THUMBPRINTS[1]), showing(Fact::Device, true)] {
        let error = sessions.verify(&issued.token, &client).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BindingMismatch, "the proof key needs no secret");
    }
}

#[test]
fn with_public_keys_alone_a_keyed_fact_cannot_decide() {
    for fact in FACTS {
        for mode in MODES {
            let (_, sessions) = by_public_keys(only(fact, mode));
            let decides = matches!(mode, BindingMode::StepUp | BindingMode::Enforce);
            let expected = (decides && fact != Fact::Key).then_some(ErrorKind::InvalidConfig);
            assert_eq!(sessions.err().map(|error| error.kind()), expected, "{fact:?} {mode:?}");
        }
    }
}

#[test]
fn keys_that_cannot_check_the_binding_are_not_taken_into_use_later() {
    let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    let sessions = builder(&keyring, Policy::default()).build().unwrap();
    let issued = login(&sessions, &showing_all(true));
    let public = Keyring::from_jwks(&keyring.jwks()).unwrap();
    assert_eq!(sessions.replace_keyring(public).unwrap_err().kind(), ErrorKind::InvalidConfig);
    let error = sessions.verify(&issued.token, &showing_all(false)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BindingMismatch);
}

#[test]
fn every_verb_asks_who_shows_the_token() {
    let sessions = hs256(Policy::default());
    let client = showing_all(true);
    let issued = login(&sessions, &client);
    for thief in [Client::new(), showing_all(false), showing_all(true).device("secret of the other")] {
        for refused in [
            sessions.renew(&issued.token, &thief),
            sessions.rotate(&issued.token, &thief),
            sessions.elevate(&issued.token, &thief, sessera::Elevation::new()),
        ] {
            assert_eq!(refused.unwrap_err().kind(), ErrorKind::BindingMismatch);
        }
    }
    assert_eq!(sessions.verify(&issued.token, &client).unwrap().generation, 0, "nothing was written");
}

#[test]
fn the_binding_stays_through_renewal_rotation_and_elevation() {
    let sessions = hs256(Policy::default());
    let client = showing_all(true);
    let holds = |issued: &Issued| {
        assert!(!sessions.verify(&issued.token, &client).unwrap().binding.changed());
        let error = sessions.verify(&issued.token, &showing_all(false)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BindingMismatch);
    };
    let issued = login(&sessions, &client);
    let renewed = sessions.renew(&issued.token, &client).unwrap();
    holds(&renewed);
    let rotated = sessions.rotate(&renewed.token, &client).unwrap();
    holds(&rotated);
    holds(&sessions.elevate(&rotated.token, &client, sessera::Elevation::new()).unwrap());
}

#[test]
fn a_remembered_token_is_bound_as_well() {
    let keyring = Keyring::generate(Algorithm::EdDsa).unwrap();
    let sessions = builder(&keyring, Policy::default()).build().unwrap();
    let issued = login(&sessions, &showing_all(true));
    for _ in 0..3 {
        assert!(sessions.verify(&issued.token, &showing_all(true)).is_ok());
        let error = sessions.verify(&issued.token, &showing_all(false)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BindingMismatch);
    }
}

#[test]
fn each_change_is_told_whatever_it_leads_to() {
    for mode in MODES {
        let kinds = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&kinds);
        let sessions = builder(&Keyring::generate(Algorithm::Hs256).unwrap(), only(Fact::Ip, mode))
            .observer(move |event: &Event<'_>| tell.lock().unwrap().push(event.kind))
            .build()
            .unwrap();
        let issued = login(&sessions, &showing(Fact::Ip, true));
        sessions.verify(&issued.token, &showing(Fact::Ip, true)).unwrap();
        let _ = sessions.verify(&issued.token, &showing(Fact::Ip, false));
        let changes =
            kinds.lock().unwrap().iter().filter(|kind| **kind == EventKind::SessionBindingChanged).count();
        assert_eq!(changes, usize::from(mode != BindingMode::Off), "{mode:?}");
    }
}

#[test]
fn tags_link_no_two_sessions_and_hold_nothing_of_the_client() {
    let sessions = hs256(Policy::default());
    let payload = || {
        let token = login(&sessions, &showing_all(true)).token;
        let text = base64::Engine::decode(
            &base64::prelude::BASE64_URL_SAFE_NO_PAD,
            token.split('.').nth(1).unwrap(),
        );
        String::from_utf8(text.unwrap()).unwrap()
    };
    let (one, other) = (payload(), payload());
    let tags = |payload: &str| -> Vec<String> {
        let (_, rest) = payload.split_once(r#""fpr":""#).unwrap();
        rest.split_once('"').unwrap().0.split('.').map(str::to_owned).collect()
    };
    assert_eq!(tags(&one).len(), 4);
    assert!(tags(&one).iter().all(|tag| !tags(&other).contains(tag)));
    for told in ["secret", "203.0.113", "Firefox", "Linux"] {
        assert!(!one.contains(told));
    }
}

#[test]
fn an_address_that_the_client_wrote_itself_is_not_the_one_that_is_bound() {
    let sessions = hs256(only(Fact::Ip, BindingMode::Enforce));
    let (owner, thief, proxy) = ("203.0.113.7", "198.51.100.7", "10.0.0.1".parse().unwrap());
    let behind_the_proxy = |headers: &[&str]| Client::new().ip(client_address(proxy, headers, 1).unwrap());
    let issued = login(&sessions, &behind_the_proxy(&[owner]));
    // The thief names the owner's address; the proxy appends the thief's.
    for headers in [&[owner, thief][..], &[&format!("{owner}, {thief}")], &[&format!("{owner},{thief}")]] {
        let error = sessions.verify(&issued.token, &behind_the_proxy(headers)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BindingMismatch);
    }
    // Without a trusted proxy the header is nothing at all.
    let direct = client_address(thief.parse().unwrap(), &[owner], 0).unwrap();
    let error = sessions.verify(&issued.token, &Client::new().ip(direct)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BindingMismatch);
    let mapped = behind_the_proxy(&["::ffff:203.0.113.7"]);
    assert_eq!(sessions.verify(&issued.token, &mapped).unwrap().binding.ip, Verdict::Matched);
}

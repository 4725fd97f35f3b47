//! What observers are told.

use std::sync::{Arc, Mutex};

use sessera::{
    Algorithm, Client, ErrorKind, Event, EventKind, Issued, Keyring, ManualClock, Mark, MemoryStore,
    NewSession, Sessions, Store as _,
};

use crate::bench::MINUTE;

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
    sessions.verify(&child.token, &client).unwrap();
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
fn a_quota_warns_at_its_half() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&seen);
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(MemoryStore::with_quota(10))
        .observer(move |event: &Event<'_>| tell.lock().unwrap().push(event.kind))
        .build()
        .unwrap();
    let warnings =
        || seen.lock().unwrap().iter().filter(|kind| **kind == EventKind::RevocationsNearQuota).count();
    for (revoked, expected) in [(4, 0), (5, 1), (6, 1), (9, 1)] {
        while sessions.status().marks < revoked {
            let issued = sessions.issue(NewSession::new("user-42"), &Client::new()).unwrap();
            sessions.revoke_session(&issued.session.id).unwrap();
        }
        assert_eq!(warnings(), expected, "{revoked} of 10");
    }
}

#[test]
fn a_cut_that_lies_far_ahead_is_reported_once() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let tell = Arc::clone(&seen);
    let store = Arc::new(MemoryStore::new());
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(Arc::clone(&store))
        .clock(ManualClock::at_unix(1_700_000_000))
        .observer(move |event: &Event<'_>| tell.lock().unwrap().push(event.kind))
        .build()
        .unwrap();
    let ahead =
        |seconds: u64| Mark::Everything { cut: (1_700_000_000 + seconds) * 1000, keep_until: u64::MAX };
    let login = || sessions.issue(NewSession::new("user-42"), &Client::new()).unwrap();
    let reported = || seen.lock().unwrap().iter().filter(|kind| **kind == EventKind::CutoffAhead).count();
    store.append(&ahead(30), 0).unwrap();
    login();
    assert_eq!(reported(), 0, "as far as clocks may differ");
    store.append(&ahead(31), 0).unwrap();
    login();
    login();
    assert_eq!(reported(), 1);
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

//! The list of a subject's sessions: who is on it, and how many may be.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use sessera::{
    Algorithm, Client, ErrorKind, Issued, Keyring, ManualClock, MemoryStore, NewSession, Sessions,
    SessionsBuilder,
};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

fn builder(clock: &ManualClock) -> SessionsBuilder {
    Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(MemoryStore::new())
        .clock(clock.clone())
}

fn client() -> Client {
    Client::new().user_agent(FIREFOX).ip("203.0.113.7".parse().unwrap())
}

fn login(sessions: &Sessions, subject: &str) -> Issued {
    sessions.issue(NewSession::new(subject), &client()).unwrap()
}

fn listed(sessions: &Sessions, subject: &str) -> Vec<String> {
    sessions.sessions_of(subject).unwrap().into_iter().map(|line| line.id).collect()
}

#[test]
fn a_subject_sees_its_own_live_sessions_and_ends_any() {
    let clock = ManualClock::at_unix(1_700_000_000);
    let sessions = builder(&clock).list_sessions(true).build().unwrap();
    let (phone, laptop, _) =
        (login(&sessions, "user-42"), login(&sessions, "user-42"), login(&sessions, "user-43"));
    let mut both = [phone.session.id.clone(), laptop.session.id.clone()];
    both.sort();
    let mut seen = listed(&sessions, "user-42");
    seen.sort();
    assert_eq!(seen, both);
    sessions.revoke_session(&phone.session.id).unwrap();
    assert_eq!(listed(&sessions, "user-42"), [laptop.session.id]);
    assert_eq!(sessions.verify(&phone.token, &client()).unwrap_err().kind(), ErrorKind::Revoked);
    assert!(sessions.verify(&laptop.token, &client()).is_ok());
    sessions.revoke_subject("user-42").unwrap();
    assert!(listed(&sessions, "user-42").is_empty());
    assert_eq!(listed(&sessions, "user-43").len(), 1);
}

#[test]
fn a_session_that_ran_out_is_on_no_list() {
    let clock = ManualClock::at_unix(1_700_000_000);
    let sessions = builder(&clock).list_sessions(true).build().unwrap();
    login(&sessions, "user-42");
    clock.advance(Duration::from_secs(31 * 60));
    assert!(listed(&sessions, "user-42").is_empty());
}

#[test]
fn a_login_beyond_the_limit_ends_the_oldest_session_and_only_that() {
    let clock = ManualClock::at_unix(1_700_000_000);
    let sessions = builder(&clock).max_sessions(2).build().unwrap();
    let other = login(&sessions, "user-43");
    let issued = [(); 3].map(|()| {
        clock.advance(Duration::from_secs(1));
        login(&sessions, "user-42")
    });
    let kept: Vec<bool> =
        issued.iter().map(|issued| sessions.verify(&issued.token, &client()).is_ok()).collect();
    assert_eq!(kept, [false, true, true]);
    assert_eq!(
        listed(&sessions, "user-42"),
        [&issued[1], &issued[2]].map(|issued| issued.session.id.clone())
    );
    assert!(sessions.verify(&other.token, &client()).is_ok());
}

#[test]
fn a_lowered_limit_ends_as_many_as_are_over_it() {
    let clock = ManualClock::at_unix(1_700_000_000);
    let (store, keyring) = (Arc::new(MemoryStore::new()), Keyring::generate(Algorithm::Hs256).unwrap());
    let [before, after] = [5, 2].map(|most| {
        let builder = builder(&clock).keyring(keyring.clone()).store(Arc::clone(&store)).max_sessions(most);
        builder.build().unwrap()
    });
    let mut issued: Vec<_> = (0..5)
        .map(|_| {
            clock.advance(Duration::from_secs(1));
            login(&before, "user-42")
        })
        .collect();
    clock.advance(Duration::from_secs(1));
    issued.push(login(&after, "user-42"));
    let kept: Vec<bool> =
        issued.iter().map(|issued| after.verify(&issued.token, &client()).is_ok()).collect();
    assert_eq!(kept, [false, false, false, false, true, true]);
}

#[test]
fn neither_renewal_nor_rotation_counts_as_another_session() {
    let clock = ManualClock::at_unix(1_700_000_000);
    let sessions = builder(&clock).max_sessions(1).build().unwrap();
    let issued = login(&sessions, "user-42");
    let renewed = sessions.renew(&issued.token, &client()).unwrap();
    let rotated = sessions.rotate(&renewed.token, &client()).unwrap();
    assert_eq!(listed(&sessions, "user-42"), [issued.session.id]);
    assert!(sessions.verify(&rotated.token, &client()).is_ok());
}

#[test]
fn the_list_says_what_a_client_is_and_where_only_if_asked_to() {
    let clock = ManualClock::at_unix(1_700_000_000);
    for (networks, network) in [(false, None), (true, Some("203.0.113.0/24"))] {
        let builder = builder(&clock).list_sessions(true);
        let sessions = if networks { builder.list_networks(true) } else { builder }.build().unwrap();
        login(&sessions, "user-42");
        let line = sessions.sessions_of("user-42").unwrap().remove(0);
        assert_eq!((line.label.as_deref(), line.network.as_deref()), (Some("firefox/linux"), network));
    }
}

#[test]
fn several_servers_of_one_store_keep_one_list() {
    let clock = ManualClock::at_unix(1_700_000_000);
    let (store, keyring) = (Arc::new(MemoryStore::new()), Keyring::generate(Algorithm::Hs256).unwrap());
    let [one, other] = [(); 2].map(|()| {
        let builder = builder(&clock).keyring(keyring.clone()).store(Arc::clone(&store)).max_sessions(1);
        builder.build().unwrap()
    });
    let first = login(&one, "user-42");
    clock.advance(Duration::from_secs(1));
    let second = login(&other, "user-42");
    assert_eq!(listed(&one, "user-42"), [second.session.id]);
    assert_eq!(one.verify(&first.token, &client()).unwrap_err().kind(), ErrorKind::Revoked);
}

#[test]
fn without_a_list_there_is_none_and_no_pretence() {
    let clock = ManualClock::at_unix(1_700_000_000);
    let sessions = builder(&clock).build().unwrap();
    assert_eq!(sessions.sessions_of("user-42").unwrap_err().kind(), ErrorKind::InvalidConfig);
    let storeless = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .max_sessions(2);
    assert_eq!(storeless.build().unwrap_err().kind(), ErrorKind::InvalidConfig);
    assert_eq!(builder(&clock).max_sessions(0).build().unwrap_err().kind(), ErrorKind::InvalidConfig);
}

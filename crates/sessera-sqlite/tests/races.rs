//! What happens at the same moment, through two handles of one file.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use sessera::{
    Algorithm, Client, Elevation, ErrorKind, Keyring, ManualClock, NewSession, Sessions, SessionsBuilder,
};
use sessera_sqlite::SqliteStore;
use tempfile::tempdir;

const NOW: u64 = 1_700_000_000_000;
const ROUNDS: usize = 20;

fn builder(path: &Path, keyring: &Keyring, now: u64) -> SessionsBuilder {
    let clock = ManualClock::default();
    clock.set_unix_millis(now);
    Sessions::builder("https://app.example", "web")
        .keyring(keyring.clone())
        .store(SqliteStore::open(path).unwrap())
        .clock(clock)
}

/// Calls both with the same moment to begin at.
fn race<A: Send, B: Send>(one: impl FnOnce() -> A + Send, other: impl FnOnce() -> B + Send) -> (A, B) {
    let barrier = Barrier::new(2);
    thread::scope(|scope| {
        let one = scope.spawn(|| {
            barrier.wait();
            one()
        });
        barrier.wait();
        let other = other();
        (one.join().unwrap(), other)
    })
}

fn login(sessions: &Sessions) -> String {
    sessions.issue(NewSession::new("user-42"), &Client::new()).unwrap().token
}

#[test]
fn of_an_elevation_and_a_rotation_one_wins_and_the_session_lives() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let (one, other) = (builder(&path, &keyring, NOW), builder(&path, &keyring, NOW + 1));
    let (one, other) = (one.build().unwrap(), other.build().unwrap());
    let client = Client::new();
    for _ in 0..ROUNDS {
        let token = login(&one);
        let (rotated, elevated) = race(
            || one.rotate(&token, &client),
            || other.elevate(&token, &client, Elevation::new().claim("role", "admin")),
        );
        let (winner, loser) = match (rotated, elevated) {
            (Ok(rotated), Err(refused)) => (rotated, refused),
            (Err(refused), Ok(elevated)) => (elevated, refused),
            both => panic!("one of the two wins: {both:?}"),
        };
        assert_eq!(loser.kind(), ErrorKind::Superseded);
        for sessions in [&one, &other] {
            assert_eq!(sessions.verify(&winner.token, &client).unwrap().generation, 1);
        }
    }
}

#[test]
fn a_rotation_saves_no_session_that_is_revoked() {
    let directory = tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let (one, other) = (builder(&path, &keyring, NOW), builder(&path, &keyring, NOW));
    let (one, other) = (one.build().unwrap(), other.build().unwrap());
    let client = Client::new();
    for _ in 0..ROUNDS {
        let token = login(&one);
        let id = one.verify(&token, &client).unwrap().id;
        let (rotated, revoked) = race(|| one.rotate(&token, &client), || other.revoke_session(&id));
        revoked.unwrap();
        let tokens = [Some(token), rotated.ok().map(|rotated| rotated.token)];
        for token in tokens.iter().flatten() {
            for sessions in [&one, &other] {
                assert_eq!(sessions.verify(token, &client).unwrap_err().kind(), ErrorKind::Revoked);
                assert_eq!(sessions.rotate(token, &client).unwrap_err().kind(), ErrorKind::Revoked);
            }
        }
    }
}

#[test]
fn log_out_everywhere_ends_what_was_before_and_nothing_after_though_clocks_differ() {
    const SKEW: u64 = 500;
    let client = Client::new();
    for (early, late) in [(SKEW, 0), (0, SKEW), (0, 0)] {
        let directory = tempdir().unwrap();
        let path = directory.path().join("sessions.db");
        let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
        let build = |now| {
            let skew = Duration::from_millis(SKEW);
            builder(&path, &keyring, now).clock_skew(skew).build().unwrap()
        };
        // One clock is half a second slow, the other half a second fast, and neither moves.
        let (one, other) = (build(NOW - SKEW + 2 * early), build(NOW - SKEW + 2 * late));
        for _ in 0..ROUNDS {
            let before = [login(&one), login(&other)];
            let (during, revoked) = race(|| login(&one), || other.revoke_subject("user-42"));
            revoked.unwrap();
            let after = [login(&one), login(&other)];
            for sessions in [&one, &other] {
                for token in &before {
                    let refused = sessions.verify(token, &client).map(|session| session.started_at);
                    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Revoked, "an escape");
                }
                for token in &after {
                    assert!(sessions.verify(token, &client).is_ok(), "refused though it is newer");
                }
            }
            let verdicts = [&one, &other].map(|sessions| sessions.verify(&during, &client).is_ok());
            assert_eq!(verdicts[0], verdicts[1], "whatever it is, all see the same");
        }
    }
}

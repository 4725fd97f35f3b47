//! How often verifying and issuing ask for memory: a count, so that no machine's speed is in it.

#![allow(clippy::unwrap_used, reason = "a test's helpers are test code too")]

use allocation_counter::{AllocationInfo, measure};
use sessera::{Algorithm, Client, Keyring, MemoryStore, NewSession, Sessions};

fn sessions(algorithm: Algorithm) -> Sessions {
    Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(algorithm).unwrap())
        .store(MemoryStore::new())
        .build()
        .unwrap()
}

fn client() -> Client {
    Client::new()
        .ip([203, 0, 113, 7].into())
        .user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        .device("x".repeat(43))
}

/// A token with claims, bound to the client, of sessions that know of revocations.
fn token(sessions: &Sessions) -> String {
    let other = sessions.issue(NewSession::new("user-43"), &client()).unwrap();
    sessions.revoke_subject("user-43").unwrap();
    sessions.revoke_session(&other.session.id).unwrap();
    let login = NewSession::new("user-42").claim("roles", ["editor", "admin"]).claim("theme", "dark");
    sessions.issue(login, &client()).unwrap().token
}

/// What a verify asks for once this thread has verified before and remembers what it remembers of a token.
/// Also counts what the caller gets.
fn of_verify(sessions: &Sessions, token: &str) -> AllocationInfo {
    let client = client();
    for _ in 0..3 {
        let _ = sessions.verify(token, &client);
    }
    measure(|| drop(sessions.verify(token, &client)))
}

#[test]
fn a_verify_of_hs256_takes_at_most_four_allocations() {
    let sessions = sessions(Algorithm::Hs256);
    let token = token(&sessions);
    assert!(sessions.verify(&token, &client()).is_ok());
    let counted = of_verify(&sessions, &token);
    assert!((1..=4).contains(&counted.count_total), "{counted:?}");
    assert_eq!(counted.count_current, 0);
}

#[test]
fn an_issue_of_hs256_takes_at_most_five_allocations() {
    let sessions = sessions(Algorithm::Hs256);
    // The id, what is claimed, the payload and the token; and the application's claims, where there are any.
    for (login, most) in [
        (NewSession::new("user-42"), 4),
        (NewSession::new("user-42").claim("roles", ["editor", "admin"]).claim("theme", "dark"), 5),
    ] {
        let client = client();
        drop(sessions.issue(NewSession::new("user-43"), &client));
        let counted = measure(|| drop(sessions.issue(login, &client)));
        assert!((1..=most).contains(&counted.count_total), "{counted:?}");
    }
}

#[test]
fn a_verify_leaves_nothing_behind_with_any_algorithm() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
        let sessions = sessions(algorithm);
        let token = token(&sessions);
        for token in [token.clone(), format!("{}A", &token[..token.len() - 1]), String::new()] {
            let counted = of_verify(&sessions, &token);
            assert_eq!((counted.count_current, counted.bytes_current), (0, 0), "{algorithm}");
        }
    }
}

#[test]
fn what_is_too_long_is_refused_without_any_memory() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa] {
        let sessions = sessions(algorithm);
        let good = token(&sessions);
        for token in [
            "A".repeat(4097),
            ".".repeat(1_000_000),
            format!("{good}.{}", "A".repeat(1_000_000)),
            "é".repeat(1_000_000),
        ] {
            assert_eq!(of_verify(&sessions, &token).count_total, 0);
        }
        for dots in [0, 1, 3, 4096] {
            assert_eq!(of_verify(&sessions, &".".repeat(dots)).count_total, 0, "{dots} dots");
        }
    }
}

#[test]
fn a_forged_token_costs_no_more_memory_than_a_good_one() {
    let sessions = sessions(Algorithm::Hs256);
    let good = token(&sessions);
    let (message, _) = good.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", "A".repeat(43));
    assert_eq!(of_verify(&sessions, &forged).count_total, 0);
    let foreign_header = format!("eyJhbGciOiJub25lIn0{}", &good[good.find('.').unwrap()..]);
    assert!(of_verify(&sessions, &foreign_header).count_total <= 4);
}

//! Theft is found, and a lost answer is no theft.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use sessera::{
    Algorithm, BindingMode, BindingPolicy, Client, Elevation, ErrorKind, Event, EventKind, Issued, Keyring,
    ManualClock, MemoryStore, NewSession, Policy, Reuse, Sessions, Verdict,
};

use crate::bench::{Bench, MINUTE};

/// Takes a token to the server as a web layer does, and returns the token of the answer: rotated where that is
/// due, renewed where the view writes, as it was otherwise.
fn request(bench: &Bench, token: &str, writes: bool) -> Result<String, ErrorKind> {
    let session = bench.sessions.verify(token, &bench.client).map_err(|error| error.kind())?;
    let mut token = token.to_owned();
    if session.rotation_due {
        token = bench.sessions.rotate(&token, &bench.client).map_err(|error| error.kind())?.token;
    } else if session.renew_due {
        token = bench.sessions.renew(&token, &bench.client).map_err(|error| error.kind())?.token;
    }
    if writes {
        let renewed = bench.sessions.renew_with(&token, &bench.client, r#"{"cart":[1]}"#);
        token = renewed.map_err(|error| error.kind())?.token;
    }
    Ok(token)
}

/// The owner of a session pauses; a thief with a copy of the token goes on every 5 minutes. Returns what the owner
/// is told at the return, and what the thief is told after that.
fn pause(minutes: u32, owner_writes: bool, thief_writes: bool) -> [Option<ErrorKind>; 2] {
    let bench = Bench::new();
    let mut owner = bench.login().token;
    let mut thief = owner.clone();
    for minute in 1..=minutes {
        bench.clock.advance(MINUTE);
        if minute % 5 == 0 || minute == minutes {
            thief = request(&bench, &thief, thief_writes).unwrap();
        }
    }
    // The grace after the thief's latest rotation.
    bench.clock.advance(Duration::from_secs(11));
    let first = request(&bench, &owner, owner_writes).map(|token| owner = token).err();
    [first, request(&bench, &thief, thief_writes).err()]
}

#[test]
fn a_theft_is_found_after_every_pause_of_the_owner() {
    // A rotation is due after 5 minutes, and its token is shown a minute later.
    for minutes in 6..12 * 60 {
        for (owner, thief) in [(false, false), (false, true), (true, false), (true, true)] {
            let [first, then] = pause(minutes, owner, thief);
            assert_eq!(first, Some(ErrorKind::Reused), "after {minutes} minutes, writing: {owner}, {thief}");
            assert_eq!(then, Some(ErrorKind::Revoked), "after {minutes} minutes, writing: {owner}, {thief}");
        }
    }
}

#[test]
fn a_thief_whose_token_was_never_shown_is_found_one_rotation_later() {
    let bench = Bench::new();
    let mut owner = bench.login().token;
    bench.clock.advance(6 * MINUTE);
    let thief = bench.sessions.rotate(&owner, &bench.client).unwrap().token;
    bench.clock.advance(MINUTE);
    owner = request(&bench, &owner, false).unwrap();
    assert_eq!(owner, thief, "the same successor");
    bench.clock.advance(6 * MINUTE);
    owner = request(&bench, &owner, false).unwrap();
    request(&bench, &owner, false).unwrap();
    bench.clock.advance(MINUTE);
    assert_eq!(request(&bench, &thief, false), Err(ErrorKind::Reused));
    assert_eq!(request(&bench, &owner, false), Err(ErrorKind::Revoked));
}

#[test]
fn a_lost_answer_gives_the_same_successor_for_hours() {
    let bench = Bench::with(
        Algorithm::Hs256,
        Policy { idle_timeout: 600 * MINUTE, renew_after: Some(5 * MINUTE), ..Policy::default() },
    );
    let old = bench.login();
    bench.clock.advance(5 * MINUTE);
    let lost = bench.sessions.rotate(&old.token, &bench.client).unwrap();
    for _ in 0..9 {
        bench.clock.advance(60 * MINUTE);
        let session = bench.sessions.verify(&old.token, &bench.client).unwrap();
        assert!(session.superseded && session.rotation_due);
        assert_eq!(bench.sessions.rotate(&old.token, &bench.client).unwrap().token, lost.token);
        assert_eq!(bench.sessions.renew(&old.token, &bench.client).unwrap().session.generation, 1);
    }
    assert!(bench.holds(&lost.token));
    assert_eq!(bench.refusal(&old.token), ErrorKind::Reused);
}

#[test]
fn lost_answers_never_look_like_a_theft() {
    // 400 sessions of 250 requests: 100,000 answers, each of them lost or not.
    let config = ProptestConfig { cases: 400, ..ProptestConfig::default() };
    let requests = prop::collection::vec((0..900_u64, any::<bool>(), 0..10_u8, any::<bool>()), 250);
    proptest!(config, |(requests in requests)| {
        let bench = Bench::new();
        let mut held = bench.login().token;
        for (seconds, writes, what, lost) in requests {
            bench.clock.advance(Duration::from_secs(seconds));
            let answer = if what == 0 {
                bench.sessions.elevate(&held, &bench.client, Elevation::new()).map(|issued| issued.token)
                    .map_err(|error| error.kind())
            } else {
                request(&bench, &held, writes)
            };
            match answer {
                Ok(token) => if !lost { held = token },
                // The session ended as it should, or an elevation's answer was lost: log in again.
                Err(ErrorKind::Ended | ErrorKind::Expired | ErrorKind::Superseded) => held = bench.login().token,
                Err(kind) => prop_assert!(false, "{kind}"),
            }
        }
    });
}

#[test]
fn a_reuse_shows_also_when_the_token_went_idle() {
    let bench = Bench::new();
    let owner = bench.login();
    bench.clock.advance(5 * MINUTE);
    let mut thief = bench.sessions.rotate(&owner.token, &bench.client).unwrap();
    for _ in 0..3 {
        bench.clock.advance(10 * MINUTE);
        thief = bench.sessions.rotate(&thief.token, &bench.client).unwrap();
    }
    assert_eq!(bench.refusal(&owner.token), ErrorKind::Reused);
    assert_eq!(bench.refusal(&thief.token), ErrorKind::Revoked);
}

#[test]
fn a_late_request_of_an_older_generation_ends_no_elevated_session() {
    let bench = Bench::new();
    let first = bench.login();
    let second = bench.sessions.rotate(&first.token, &bench.client).unwrap();
    let third = bench.sessions.elevate(&second.token, &bench.client, Elevation::new()).unwrap();
    bench.clock.advance(Duration::from_secs(1));
    assert_eq!(bench.refusal(&first.token), ErrorKind::Superseded);
    assert_eq!(bench.refusal(&second.token), ErrorKind::Superseded);
    assert!(bench.holds(&third.token));
}

#[test]
fn a_lost_answer_of_an_elevation_raises_no_alarm() {
    let bench = Bench::new();
    let old = bench.login();
    let lost = bench.sessions.elevate(&old.token, &bench.client, Elevation::new()).unwrap();
    bench.clock.advance(MINUTE);
    assert_eq!(bench.refusal(&old.token), ErrorKind::Superseded);
    assert!(bench.holds(&lost.token));
    assert_eq!(bench.refusal(&old.token), ErrorKind::Reused);
}

#[test]
fn a_token_is_judged_by_the_arrival_of_its_request() {
    let bench = Bench::new();
    let old = bench.login();
    bench.clock.advance(5 * MINUTE);
    let new = bench.sessions.rotate(&old.token, &bench.client).unwrap();
    assert!(bench.holds(&new.token));
    bench.clock.advance(MINUTE);
    let verify = |waited| bench.sessions.verify(&old.token, &Client::new().waited(waited));
    // It arrived in the grace, and asks after it: it is served, and gets no successor.
    let early = Client::new().waited(Duration::from_secs(51));
    assert!(verify(Duration::from_secs(51)).unwrap().superseded);
    for refused in [bench.sessions.rotate(&old.token, &early), bench.sessions.renew(&old.token, &early)] {
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Superseded);
    }
    assert!(bench.holds(&new.token));
    // It arrived after the grace, however slow its body was.
    assert_eq!(verify(Duration::from_secs(50)).unwrap_err().kind(), ErrorKind::Reused);
    assert_eq!(bench.refusal(&new.token), ErrorKind::Revoked);
}

#[test]
fn clocks_apart_within_the_leeway_raise_no_alarm() {
    let (store, keyring) = (Arc::new(MemoryStore::new()), Keyring::generate(Algorithm::Hs256).unwrap());
    let server = |clock: &ManualClock| {
        Sessions::builder("https://app.example", "web")
            .keyring(keyring.clone())
            .store(Arc::clone(&store))
            .clock_skew(Duration::from_secs(30))
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    for apart in [5, 11, 20, 29] {
        let (slow, fast) = (ManualClock::at_unix(1_700_000_000), ManualClock::at_unix(1_700_000_000 + apart));
        let (one, other) = (server(&slow), server(&fast));
        let client = Client::new();
        let old = one.issue(NewSession::new("user-42"), &client).unwrap();
        let new = one.rotate(&old.token, &client).unwrap();
        assert!(one.verify(&new.token, &client).is_ok());
        let verdict = other.verify(&old.token, &client).map(|session| session.superseded);
        match verdict {
            Ok(superseded) => assert!(superseded && apart < 10),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Superseded, "{apart} s apart"),
        }
        assert!(other.verify(&new.token, &client).is_ok(), "{apart} s apart");
        fast.advance(2 * MINUTE);
        assert_eq!(other.verify(&old.token, &client).unwrap_err().kind(), ErrorKind::Reused);
    }
}

/// A session whose token was rotated away a moment ago, bound to all facts, and its client.
fn bound() -> (Bench, Issued, Client) {
    let binding = BindingPolicy { device: BindingMode::Report, ..BindingPolicy::default() };
    let bench = Bench::with(Algorithm::Hs256, Policy { binding, ..Policy::default() });
    let client = client("203.0.113.7", "Firefox/140.0", "secret");
    let old = bench.sessions.issue(NewSession::new("user-42"), &client).unwrap();
    bench.sessions.rotate(&old.token, &client).unwrap();
    (bench, old, client)
}

fn client(ip: &str, browser: &str, device: &str) -> Client {
    Client::new()
        .ip(ip.parse().unwrap())
        .user_agent(format!("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 {browser}"))
        .device(device)
}

#[test]
fn what_looks_like_another_client_gets_no_successor() {
    let (bench, old, own) = bound();
    let (ip, browser, device) = ("203.0.113.7", "Firefox/140.0", "secret");
    let other = "Chrome/140.0 Safari/537.36";
    for (client, gets_one) in [
        (own, true),
        (client("198.51.100.1", browser, device), true),
        (client(ip, other, device), true),
        (client("198.51.100.1", other, device), false),
        (client(ip, browser, "another"), false),
    ] {
        assert!(bench.sessions.verify(&old.token, &client).unwrap().superseded, "it is served");
        assert_eq!(bench.sessions.rotate(&old.token, &client).is_ok(), gets_one);
        assert_eq!(bench.sessions.renew(&old.token, &client).is_ok(), gets_one);
    }
}

#[test]
fn a_reuse_is_reported_with_what_is_known_of_it() {
    let told: Arc<Mutex<Vec<Reuse>>> = Arc::default();
    let tell = Arc::clone(&told);
    let clock = ManualClock::at_unix(1_700_000_000);
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(MemoryStore::new())
        .clock(clock.clone())
        .observer(move |event: &Event<'_>| {
            assert_eq!(event.reuse.is_some(), event.kind == EventKind::TokenReuse);
            tell.lock().unwrap().extend(event.reuse);
        })
        .build()
        .unwrap();
    let own = client("203.0.113.7", "Firefox/140.0", "secret");
    let old = sessions.issue(NewSession::new("user-42"), &own).unwrap();
    let next = sessions.rotate(&old.token, &own).unwrap();
    let next = sessions.rotate(&next.token, &own).unwrap();
    sessions.verify(&next.token, &own).unwrap();
    clock.advance(3 * MINUTE);
    let thief = client("198.51.100.1", "Firefox/140.0", "secret");
    assert_eq!(sessions.verify(&old.token, &thief).unwrap_err().kind(), ErrorKind::Reused);
    let told = told.lock().unwrap();
    assert_eq!((told[0].replaced_ago, told[0].generations), (3 * MINUTE, 2));
    assert_eq!((told[0].binding.ip, told[0].binding.user_agent), (Verdict::Differed, Verdict::Matched));
}

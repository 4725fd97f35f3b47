//! Generations: rotation, its grace, reuse, and elevation.

use std::collections::HashSet;
use std::sync::Barrier;
use std::time::Duration;

use sessera::{Algorithm, Elevation, ErrorKind, Issued, OnReuse, Policy};

use crate::bench::{Bench, MINUTE, SIGNING};

#[test]
fn a_rotated_token_dies_after_the_grace() {
    let bench = Bench::new();
    let parent = bench.login();
    let child = bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    assert_eq!((child.session.generation, &child.session.id), (1, &parent.session.id));
    bench.clock.advance(Duration::from_millis(9_999));
    let in_grace = bench.sessions.verify(&parent.token, &bench.client).unwrap();
    assert!(in_grace.superseded && in_grace.renew_due);
    assert!(!bench.sessions.verify(&child.token, &bench.client).unwrap().superseded);
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
    assert_eq!(
        bench.refusal(&child.token),
        ErrorKind::Revoked,
        "the thief and the owner can't be told apart"
    );
}

#[test]
fn a_reuse_may_be_refused_only() {
    let bench = Bench::with(Algorithm::Hs256, Policy { on_reuse: OnReuse::Refuse, ..Policy::default() });
    let parent = bench.login();
    let child = bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    assert!(bench.holds(&child.token));
    bench.clock.advance(MINUTE);
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
    assert!(bench.holds(&child.token));
}

#[test]
fn a_grandparent_is_a_reuse_even_inside_the_grace() {
    let bench = Bench::new();
    let first = bench.login();
    let second = bench.sessions.rotate(&first.token, &bench.client).unwrap();
    let third = bench.sessions.rotate(&second.token, &bench.client).unwrap();
    assert_eq!(bench.sessions.rotate(&first.token, &bench.client).unwrap_err().kind(), ErrorKind::Reused);
    assert_eq!(bench.refusal(&third.token), ErrorKind::Revoked);
}

#[test]
fn without_grace_a_rotated_token_dies_at_once() {
    let bench = Bench::with(Algorithm::Hs256, Policy { grace: Duration::ZERO, ..Policy::default() });
    let parent = bench.login();
    let child = bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    assert!(bench.holds(&child.token));
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
}

#[test]
fn fifty_parallel_rotations_give_one_successor() {
    for algorithm in SIGNING {
        let bench = Bench::with(algorithm, Policy::default());
        let parent = bench.login();
        let barrier = Barrier::new(50);
        let children: Vec<Issued> = std::thread::scope(|scope| {
            let rotate = || {
                barrier.wait();
                // Each caller has its own time, all of them within the grace.
                bench.clock.advance(Duration::from_millis(100));
                bench.sessions.rotate(&parent.token, &bench.client).unwrap()
            };
            let threads: Vec<_> = (0..50).map(|_| scope.spawn(rotate)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let tokens: HashSet<_> = children.iter().map(|child| &child.token).collect();
        let sessions: Vec<_> = children
            .iter()
            .map(|child| bench.sessions.verify(&child.token, &bench.client).unwrap())
            .collect();
        assert!(sessions.iter().all(|session| *session == sessions[0]), "the same claims");
        assert_eq!(sessions[0].generation, 1);
        if algorithm == Algorithm::Es256 {
            continue; // Its signatures are random.
        }
        assert_eq!(tokens.len(), 1, "{algorithm}: the same bytes");
        bench.clock.advance(Duration::from_secs(10));
        assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
        assert_eq!(bench.refusal(&children[0].token), ErrorKind::Revoked);
    }
}

#[test]
fn a_renewal_in_the_grace_joins_the_current_generation() {
    let bench = Bench::new();
    let parent = bench.login();
    bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    let late = bench.sessions.renew_with(&parent.token, &bench.client, r#"{"cart":[1]}"#).unwrap();
    assert_eq!(late.session.generation, 1);
    bench.clock.advance(MINUTE);
    assert!(bench.holds(&late.token));
}

#[test]
fn an_elevation_gives_no_grace_and_is_no_trap() {
    let bench = Bench::new();
    let parent = bench.login();
    bench.clock.advance(MINUTE);
    let elevation = Elevation::new().claim("role", "admin").claim("roles", ["editor", "admin"]).acr("aal2");
    let admin = bench.sessions.elevate(&parent.token, &bench.client, elevation).unwrap();
    assert_eq!(admin.session.generation, 1);
    assert_eq!(admin.session.authenticated_at - parent.session.authenticated_at, time::Duration::minutes(1));
    assert_eq!(admin.session.claims.to_json(), r#"{"role":"admin","roles":["editor","admin"]}"#);
    assert_eq!(admin.session.acr.as_deref(), Some("aal2"));
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Superseded);
    assert!(bench.holds(&admin.token), "a request that was on its way ends nothing");
    bench.clock.advance(Duration::from_secs(10));
    assert_eq!(bench.refusal(&parent.token), ErrorKind::Reused);
    assert_eq!(bench.refusal(&admin.token), ErrorKind::Revoked);
}

#[test]
fn an_elevation_of_a_token_that_was_just_rotated_is_superseded() {
    let bench = Bench::new();
    let parent = bench.login();
    let child = bench.sessions.rotate(&parent.token, &bench.client).unwrap();
    let refused = bench.sessions.elevate(&parent.token, &bench.client, Elevation::new()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Superseded);
    assert!(bench.holds(&child.token));
}

//! Redis hangs: it takes connections and bytes, and answers nothing.

use std::thread;
use std::time::{Duration, Instant};

use sessera::{Advance, ErrorKind, Mark, RevocationState, SessionMark, Store as _, Wait};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Redis, until};

use crate::outage::report;
use crate::{LATER, NOW, age, all_know, id, knows, options, revoked, verifier};

fn advance(number: u64) -> Advance {
    Advance { id: id(number), from: 0, now: NOW, elevated: false, keep_until: LATER }
}

#[test]
fn a_rotation_that_redis_executes_too_late_does_nothing() {
    let redis = Redis::start();
    let store = verifier(&redis.url());
    // By a connection that is kept, so that the server has all of the next one when it goes on.
    store.advance(&advance(1)).unwrap();
    let entries = || redis.command::<u64>(&["XLEN", "{sessera}:log"]);
    let executed = || {
        let calls = redis.info("commandstats");
        let calls = calls.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        calls.and_then(|calls| calls.split(',').next()?.parse::<u64>().ok()).unwrap()
    };
    let (before, calls) = (entries(), executed());
    redis.freeze();
    assert_eq!(store.advance(&advance(2)).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    until("that the caller has given up long ago", || age(&store) > 1500);
    redis.thaw();
    until("that what it had received is executed", || executed() >= calls + 2);
    until("a fresh one", || age(&store) < 500);
    store.sync(NOW).unwrap();
    assert_eq!((store.index().session(id(2)), entries()), (None, before));
    assert!(store.advance(&advance(2)).unwrap().won);
}

#[test]
fn a_server_whose_clock_was_set_anew_rotates_all_the_same() {
    let clock = sessera_servers::WallClock::right();
    let redis = Redis::start_with(sessera_servers::RedisOptions {
        clock: Some(clock.clone()),
        ..sessera_servers::RedisOptions::default()
    });
    let store = verifier(&redis.url());
    for (number, hours) in (0..).zip([0, 5, -5, 0]) {
        clock.set_hours(hours);
        assert!(store.advance(&advance(number)).unwrap().won, "{hours} hours");
    }
}

#[test]
fn calls_fail_at_once_while_redis_hangs() {
    let redis = Redis::start();
    // Each call that waited would wait for as long as the test may take.
    let options = RedisOptions { timeout: Duration::from_secs(30), ..RedisOptions::default() };
    let store = RedisStore::open_with(&redis.url(), options).unwrap();
    store.advance(&advance(1)).unwrap();
    redis.freeze();
    thread::scope(|scope| {
        let calls = scope.spawn(|| {
            let first = Instant::now();
            assert_eq!(store.append(&revoked(0), NOW).unwrap(), RevocationState::Pending);
            let (first, began) = (first.elapsed(), Instant::now());
            for number in 0..40 {
                assert_eq!(store.append(&revoked(number), NOW).unwrap(), RevocationState::Pending);
                assert!(knows(&store, number));
                let failed = [
                    store.advance(&advance(2)).map(drop),
                    store.sync(NOW),
                    store.data(id(1), NOW).map(drop),
                    store.append_and_wait(&revoked(number), NOW, Some(Wait::Confirmed)).map(drop),
                ];
                for failed in failed {
                    assert_eq!(failed.unwrap_err().kind(), ErrorKind::StoreUnavailable);
                }
            }
            (first, began.elapsed() / 200)
        });
        until("an end of all calls", || calls.is_finished());
        let (first, next) = calls.join().unwrap();
        report(&format!("a call while Redis hangs: {first:?} the first, {next:?} each of the next"));
    });
    redis.thaw();
    until("that all is written", || store.pending() == 0);
    all_know(&[&verifier(&redis.url())], 0..40);
    until("a rotation", || store.advance(&advance(2)).is_ok());
}

#[test]
fn a_generation_that_was_shown_is_written_in_the_background() {
    let redis = Redis::start();
    let (one, other) = (verifier(&redis.url()), verifier(&redis.url()));
    let rotated = one.advance(&advance(1)).unwrap().mark;
    let shown = |number| Mark::Session {
        id: id(number),
        state: SessionMark { shown: true, ..rotated },
        keep_until: LATER,
    };
    let is_shown =
        |store: &RedisStore, number| store.index().session(id(number)).is_some_and(|mark| mark.shown);
    one.append_later(&shown(1), NOW);
    assert!(is_shown(&one, 1), "here at once");
    until("that the other one knows", || is_shown(&other, 1));
    redis.freeze();
    until("a beat that is overdue", || age(&one) > 1500);
    (2..500).for_each(|number| one.append_later(&shown(number), NOW));
    assert!(is_shown(&one, 499));
    assert_eq!(one.pending(), 0, "it is no revocation that could be lost");
    redis.thaw();
    until("that the other one knows all", || (2..500).all(|number| is_shown(&other, number)));
}

#[test]
fn a_wait_that_can_not_be_had_says_where_the_revocation_is() {
    let mut redis = Redis::start();
    let options = RedisOptions { wait_timeout: Duration::from_millis(100), ..options() };
    let store = RedisStore::open_with(&redis.url(), options).unwrap();
    let waits = |number, wait| store.append_and_wait(&revoked(number), NOW, Some(wait)).unwrap_err();
    let stored = waits(1, Wait::Replicated(1));
    assert!(stored.to_string().contains("in force here and stored"), "{stored}");
    redis.kill();
    for (number, wait) in [(2, Wait::Replicated(1)), (3, Wait::Confirmed)] {
        let pending = waits(number, wait);
        assert_eq!(pending.kind(), ErrorKind::StoreUnavailable);
        assert!(pending.to_string().contains("in force here and pending"), "{pending}");
        assert!(knows(&store, number));
    }
    assert_eq!(store.status(NOW).pending, 2);
}

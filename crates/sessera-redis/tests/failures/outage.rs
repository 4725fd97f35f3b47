//! Redis is away for a while, or connections end.

use std::thread;
use std::time::{Duration, Instant};

use sessera::{ErrorKind, Mark, RevocationState, Store as _};
use sessera_redis::{RedisOptions, RedisStore, Start};
use sessera_servers::{Disk, Redis, RedisOptions as ServerOptions, until};

use crate::{NOW, age, all_know, knows, knows_all, options, revoke, revoked, verifier};

#[test]
fn revocations_that_were_made_in_an_outage_are_known_to_all_after_it() {
    outage(20, 300, &[]);
}

#[test]
#[ignore = "takes half a minute"]
fn revocations_that_were_made_in_an_outage_of_half_a_minute_are_known_to_all_after_it() {
    outage(300, 20, &[15, 30]);
}

/// So many calls that revoke so many sessions each, and so many seconds.
fn outage(calls: u64, size: u64, seconds: &[u64]) {
    let total = 1 + calls * size;
    let mut redis = Redis::start_with(ServerOptions { disk: Disk::Always, ..ServerOptions::default() });
    let impatient = RedisOptions { timeout: Duration::from_millis(100), ..options() };
    let writer = RedisStore::open_with(&redis.url(), impatient).unwrap();
    let reader = verifier(&redis.url());
    revoke(&writer, 0);
    all_know(&[&reader], 0..1);
    redis.kill();
    let began = Instant::now();
    for call in 0..calls {
        let numbers = 1 + call * size..1 + (call + 1) * size;
        let marks: Vec<Mark> = numbers.clone().map(revoked).collect();
        assert_eq!(writer.append_all(&marks, NOW).unwrap(), RevocationState::Pending);
        assert!(knows_all(&writer, numbers), "it is in force where it was made");
    }
    for seconds in seconds {
        until("the end of the outage", || age(&reader) > seconds * 1000);
    }
    let lasted = began.elapsed();
    redis.restart();
    let back = Instant::now();
    all_know(&[&reader], 0..total);
    report(&format!(
        "{} revocations in an outage of {lasted:?}: all known {:?} after the return",
        total - 1,
        back.elapsed()
    ));
    all_know(&[&verifier(&redis.url())], 0..total);
}

#[test]
fn connections_that_end_miss_nothing() {
    const MARKS: u64 = 5000;
    let redis = Redis::start();
    let (writer, readers) = (verifier(&redis.url()), [verifier(&redis.url()), verifier(&redis.url())]);
    thread::scope(|scope| {
        scope.spawn(|| (0..MARKS).for_each(|number| revoke(&writer, number)));
        for kill in 1..=20 {
            until("the next part of them", || knows(&readers[0], kill * MARKS / 25));
            // Those that it ended last are perhaps not back yet.
            until("a connection that it can end", || redis.kill_connections() > 0);
        }
    });
    all_know(&[&readers[0], &readers[1]], 0..MARKS);
}

#[test]
fn knowledge_grows_old_while_nothing_is_heard_and_is_fresh_again_after_it() {
    let mut redis = Redis::start_with(ServerOptions { disk: Disk::Always, ..ServerOptions::default() });
    let store = verifier(&redis.url());
    until("a fresh one", || age(&store) < 1000);
    redis.freeze();
    until("an old one, of a server that says nothing", || age(&store) > 1500);
    redis.thaw();
    until("a fresh one", || age(&store) < 1000);
    redis.kill();
    until("an old one, of a server that is gone", || age(&store) > 1500);
    assert!(store.status(NOW).problem.is_some());
    redis.restart();
    until("a fresh one", || age(&store) < 1000);
    until("no problem", || store.status(NOW).problem.is_none());
}

#[test]
fn who_starts_without_redis_refuses_or_is_not_ready_until_it_is_there() {
    let mut redis = Redis::start_with(ServerOptions { disk: Disk::Always, ..ServerOptions::default() });
    revoke(&verifier(&redis.url()), 1);
    redis.kill();
    let refused = RedisStore::open_with(&redis.url(), options()).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::StoreUnavailable);
    let waiting =
        RedisStore::open_with(&redis.url(), RedisOptions { start: Start::Stale, ..options() }).unwrap();
    assert_eq!(age(&waiting), u64::MAX, "nothing was loaded");
    redis.restart();
    until("that it is ready", || age(&waiting) < 1000);
    assert!(knows(&waiting, 1));
}

#[expect(clippy::print_stderr, reason = "a figure, never asserted")]
pub(crate) fn report(figure: &str) {
    eprintln!("{figure}");
}

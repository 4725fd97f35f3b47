//! What a revocation waits for.

use std::time::Duration;

use sessera::{ErrorKind, Mark, SessionId, SessionMark, Store, Wait};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::{Redis, eventually, until};

const NOW: u64 = 1_700_000_000_000;

fn revoked(nth: u8) -> Mark {
    Mark::Session { id: SessionId::from_bytes([nth; 16]), state: SessionMark::REVOKED, keep_until: u64::MAX }
}

fn knows(store: &RedisStore, nth: u8) -> bool {
    store.index().session(SessionId::from_bytes([nth; 16])).is_some_and(|mark| mark.revoked)
}

fn named(name: &str) -> RedisOptions {
    RedisOptions {
        name: name.to_owned(),
        wait_timeout: Duration::from_millis(400),
        beat_interval: Duration::from_millis(100),
        ..RedisOptions::default()
    }
}

fn verifiers(redis: &Redis) -> u64 {
    redis.command(&["HLEN", "{sessera}:verifiers"])
}

#[test]
fn a_confirmed_revocation_is_in_force_everywhere_when_its_call_returns() {
    let redis = Redis::start();
    let patient = || RedisOptions { wait_timeout: Duration::from_secs(20), ..RedisOptions::default() };
    let stores: Vec<_> = (0..5).map(|_| RedisStore::open_with(&redis.url(), patient()).unwrap()).collect();
    for nth in 0..50 {
        let writer = &stores[usize::from(nth) % stores.len()];
        writer.append_and_wait(&revoked(nth), NOW, Some(Wait::Confirmed)).unwrap();
        assert!(stores.iter().all(|store| knows(store, nth)));
    }
    // What is there already is confirmed as well.
    stores[0].append_and_wait(&revoked(7), NOW, Some(Wait::Confirmed)).unwrap();
}

#[test]
fn who_has_not_confirmed_in_time_is_named_and_the_mark_is_stored_all_the_same() {
    let redis = Redis::start();
    let (writer, other) = (
        RedisStore::open_with(&redis.url(), named("writer")).unwrap(),
        RedisStore::open_with(&redis.url(), named("other")).unwrap(),
    );
    // One that has registered and died.
    redis.command::<u64>(&["HSET", "{sessera}:verifiers", "dead-7-abcd", "1:1:1"]);
    let error = eventually("only the dead missing", || {
        let error = writer.append_and_wait(&revoked(1), NOW, Some(Wait::Confirmed)).unwrap_err();
        let message = error.to_string();
        assert!(message.contains("dead-7-abcd"), "{message}");
        (!message.contains(&other.name())).then_some(error)
    });
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
    until("the mark everywhere", || knows(&writer, 1) && knows(&other, 1));
    redis.command::<u64>(&["HDEL", "{sessera}:verifiers", "dead-7-abcd"]);
    until("all confirmed", || writer.append_and_wait(&revoked(2), NOW, Some(Wait::Confirmed)).is_ok());
}

#[test]
fn who_was_killed_is_waited_for_as_long_as_its_lease_and_who_left_is_not() {
    let redis = Redis::start();
    let options = RedisOptions { verifier_lease: Duration::from_millis(1500), ..named("writer") };
    let writer = RedisStore::open_with(&redis.url(), options).unwrap();
    let other = RedisStore::open_with(&redis.url(), named("other")).unwrap();
    until("both registered", || verifiers(&redis) == 2);
    drop(other);
    until("one that has left", || verifiers(&redis) == 1);
    redis.command::<u64>(&["HSET", "{sessera}:verifiers", "dead-7-abcd", "1:1:1"]);
    until("the dead buried", || verifiers(&redis) == 1);
    until("all confirmed", || writer.append_and_wait(&revoked(1), NOW, Some(Wait::Confirmed)).is_ok());
}

#[test]
fn a_revocation_that_waits_for_replicas_says_how_many_have_it() {
    let primary = Redis::start();
    let options = || RedisOptions { wait: Wait::Replicated(2), ..named("writer") };
    let writer = RedisStore::open_with(&primary.url(), options()).unwrap();
    let _replica = Redis::replica_of(primary.port());
    // By what the store was opened with. On a busy machine even the one there is takes its time.
    let error = eventually("one of two", || {
        let error = writer.append_and_wait(&revoked(1), NOW, None).unwrap_err();
        error.to_string().contains("1 of 2").then_some(error)
    });
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
    assert!(knows(&writer, 1));
    let patient = RedisOptions { wait_timeout: Duration::from_secs(20), ..named("patient") };
    let writer = RedisStore::open_with(&primary.url(), patient).unwrap();
    // By what the call says; also where there is nothing new to write.
    for nth in [2, 1] {
        writer.append_and_wait(&revoked(nth), NOW, Some(Wait::Replicated(1))).unwrap();
    }
    writer.append_and_wait(&revoked(3), NOW, Some(Wait::Stored)).unwrap();
}

#[test]
fn a_store_that_is_dropped_leaves_no_thread_and_no_connection() {
    let redis = Redis::start();
    let clients = || redis.command::<String>(&["CLIENT", "LIST"]).lines().count();
    let stores: Vec<_> = (0..5).map(|_| RedisStore::open(&redis.url()).unwrap()).collect();
    for store in &stores {
        store.sync(NOW).unwrap();
    }
    assert!(clients() > 5);
    drop(stores);
    // The one that asks.
    until("nobody there", || clients() == 1);
    until("nobody registered", || verifiers(&redis) == 0);
    // Neither of those that are dropped before they have followed anything.
    for _ in 0..20 {
        drop(RedisStore::open(&redis.url()).unwrap());
    }
    until("nobody registered, and nobody there", || verifiers(&redis) == 0 && clients() == 1);
}

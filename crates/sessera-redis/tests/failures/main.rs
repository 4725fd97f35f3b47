//! What can go wrong between a fleet and its Redis, done to real servers.
//!
//! Those that take long run by `make soak`.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on has failed")]

mod clocks;
mod dump;
mod failover;
mod hang;
mod hostile;
mod impostors;
mod outage;
mod pending;
mod processes;
mod reach;
mod refused;
mod topology;

use std::time::Duration;

use sessera::{Mark, SessionId, SessionMark, Store};
use sessera_redis::{RedisOptions, RedisStore};
use sessera_servers::until;

const NOW: u64 = 1_700_000_000_000;
const LATER: u64 = NOW + 12 * 3_600_000;

/// Quick to notice, so that tests are quick.
fn options() -> RedisOptions {
    RedisOptions { beat_interval: Duration::from_millis(100), ..RedisOptions::default() }
}

/// A process of the fleet, as far as one test can be several.
fn verifier(url: &str) -> RedisStore {
    RedisStore::open_with(url, options()).unwrap()
}

fn id(number: u64) -> SessionId {
    SessionId::from_bytes((u128::from(number) << 64 | u128::from(!number)).to_be_bytes())
}

fn revoked(number: u64) -> Mark {
    Mark::Session { id: id(number), state: SessionMark::REVOKED, keep_until: LATER }
}

fn revoke(store: &RedisStore, number: u64) {
    store.append(&revoked(number), NOW).unwrap();
}

fn knows(store: &RedisStore, number: u64) -> bool {
    store.index().session(id(number)).is_some_and(|mark| mark.revoked)
}

fn knows_all(store: &RedisStore, mut numbers: std::ops::Range<u64>) -> bool {
    numbers.all(|number| knows(store, number))
}

/// How old the knowledge is, in milliseconds.
fn age(store: &RedisStore) -> u64 {
    store.refresh(NOW)
}

/// Waits until everybody knows all of these.
#[track_caller]
fn all_know(verifiers: &[&RedisStore], numbers: std::ops::Range<u64>) {
    until("that everybody knows every mark", || {
        verifiers.iter().all(|store| knows_all(store, numbers.clone()))
    });
}

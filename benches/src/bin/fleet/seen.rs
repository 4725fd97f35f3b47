//! From a revocation to its refusal.

use std::time::{Duration, Instant};

use sessera::{Algorithm, Client, Keyring, NewSession, Sessions, Store as _, Wait};
use sessera_redis::RedisStore;
use sessera_servers::{Disk, Redis, until};

use crate::processes::{self, Verifier};
use crate::{NOW, revoked, server, show, timed};

/// From the call until every one of so many processes refuses; and, for comparison, until every one of as many that
/// only read has the entry: what Redis, the loopback and the machine take for it.
pub(crate) fn everywhere(verifiers: u32, times: u64) {
    println!("revoke with {verifiers} processes, AOF everysec; load {}", load());
    let (_, read) = each(processes::READER, verifiers, times);
    show("the floor: the entry merely read by all", read);
    let (stored, refused) = each(processes::VERIFIER, verifiers, times);
    show("stored", stored);
    show("refused by all of them", refused);
}

/// How many wait for a processor, over the last minute.
fn load() -> String {
    std::fs::read_to_string("/proc/loadavg")
        .unwrap_or_default()
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// How long it took until each of some marks was stored, and until all processes had it.
fn each(what: &str, verifiers: u32, times: u64) -> (Vec<Duration>, Vec<Duration>) {
    let redis = server(Disk::Everysec);
    let writer = RedisStore::open(&redis.url()).unwrap();
    let start = |_| Verifier::start(what, &redis.url(), times, verifiers);
    let mut fleet: Vec<_> = (0..verifiers).map(start).collect();
    fleet.iter_mut().for_each(Verifier::ready);
    let (mut all, mut stored) = (Vec::new(), Vec::new());
    for number in 0..times {
        let began = processes::clock();
        stored.push(timed(|| writer.append(&revoked(number), NOW).unwrap()));
        let last = fleet.iter_mut().map(Verifier::refused_at).max().unwrap();
        all.push(last.saturating_sub(began));
        // People do not log out back to back, and threads that just ran are still awake.
        std::thread::park_timeout(Duration::from_millis(2));
    }
    if what == processes::READER {
        show("for comparison: a PING", pings(&redis, times));
    }
    (stored, all)
}

/// What the machine and the loopback take.
fn pings(redis: &Redis, times: u64) -> Vec<Duration> {
    let mut connection = redis.connect();
    let mut ping = || timed(|| assert!(redis::ConnectionLike::check_connection(&mut connection)));
    (0..times).map(|_| ping()).collect()
}

/// From the call until a replica has it, and until every one of eight verifiers has told that it has applied it.
pub(crate) fn replicated(times: u64) {
    let primary = server(Disk::Everysec);
    let _replica = Redis::replica_of(primary.port());
    let stores: Vec<_> = (0..8).map(|_| RedisStore::open(&primary.url()).unwrap()).collect();
    println!("revoke with a replica and 8 verifiers, AOF everysec");
    let acknowledged = |wait, from: u64, times: u64| {
        (from..from + times)
            .map(|number| timed(|| stores[0].append_and_wait(&revoked(number), NOW, Some(wait)).unwrap()))
            .collect::<Vec<_>>()
    };
    show("acknowledged, stored", acknowledged(Wait::Stored, 0, times));
    show("acknowledged, replicated(1)", acknowledged(Wait::Replicated(1), times, times));
    show("acknowledged, confirmed", acknowledged(Wait::Confirmed, 2 * times, times / 10));
}

/// What verifying says to Redis: nothing.
pub(crate) fn verify(span: Duration) {
    let redis = server(Disk::Nothing);
    let store = RedisStore::open(&redis.url()).unwrap();
    store.append_all(&(0..1000).map(revoked).collect::<Vec<_>>(), NOW).unwrap();
    let sessions = Sessions::builder("https://app.example", "web")
        .keyring(Keyring::generate(Algorithm::Hs256).unwrap())
        .store(store)
        .build()
        .unwrap();
    let client = Client::new();
    let token = sessions.issue(NewSession::new("user-42"), &client).unwrap().token;
    let commands = || redis.figure("stats", "total_commands_processed");
    let beats = |work: &mut dyn FnMut()| {
        let before = commands();
        work();
        commands() - before
    };
    // What the compactor does at first is over.
    until("nothing to fold", || redis.command::<u64>(&["HLEN", "{sessera}:recent"]) == 1);
    let idle = beats(&mut || std::thread::park_timeout(span));
    let mut verified = 0_u64;
    let mut verify = || {
        let began = Instant::now();
        while began.elapsed() < span {
            for _ in 0..1000 {
                sessions.verify(&token, &client).unwrap();
            }
            verified += 1000;
        }
    };
    let busy = beats(&mut verify);
    let each = span.as_secs_f64() * 1e6 / verified as f64;
    println!("commands in {span:?}: {idle} while idle, {busy} during {verified} verifies of {each:.2} µs");
}

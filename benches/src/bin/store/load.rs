//! What a verify costs with a store, and what it feels of marks that arrive.

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sessera::{Algorithm, Client, Keyring, MemoryStore, NewSession, Sessions, Store};
use sessera_sqlite::SqliteStore;

use crate::{millis, revoked, show};

const RATE: u64 = 10_000;
/// Marks of one transaction: a disk that syncs in a few milliseconds takes no 10,000 of them in a second.
const BATCH: u64 = 100;

pub(crate) fn verify_while_marks_arrive(path: &Path) {
    println!("\nA verify (HS256), and one refresh of the store");
    let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
    let store = std::sync::Arc::new(SqliteStore::open(path).unwrap());
    let sqlite = sessions(&keyring, std::sync::Arc::clone(&store));
    let memory = sessions(&keyring, MemoryStore::new());
    let now = millis();
    store.refresh(now);
    let mut refreshes = Vec::new();
    for _ in 0..2000 {
        let started = Instant::now();
        for _ in 0..100 {
            black_box(store.refresh(black_box(now)));
        }
        refreshes.push(started.elapsed().as_nanos() as f64 / 100.0);
    }
    show("refresh: nothing is new", refreshes);
    time("verify, marks in memory", &memory);
    let idle = time("verify, marks in SQLite", &sqlite);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| arrive(&store, 0, || done.load(Ordering::Relaxed)));
        let busy = time("while another thread writes 10,000 marks/s", &sqlite);
        done.store(true, Ordering::Relaxed);
        println!("  {:<52} {:.2}×", "ratio to idle", busy / idle);
    });
    let mut other = Command::new(std::env::current_exe().unwrap())
        .args(["write", path.to_str().unwrap()])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let busy = time("while another process writes 10,000 marks/s", &sqlite);
    other.kill().unwrap();
    other.wait().unwrap();
    println!("  {:<52} {:.2}×", "ratio to idle", busy / idle);
}

/// The other process.
pub(crate) fn write(path: &str) {
    arrive(&SqliteStore::open(path).unwrap(), 1 << 40, || false);
}

#[expect(clippy::disallowed_methods, reason = "a bench keeps to a rate")]
fn arrive(store: &SqliteStore, first: u64, done: impl Fn() -> bool) {
    let started = Instant::now();
    for batch in 0.. {
        if done() {
            return;
        }
        let marks: Vec<_> = (0..BATCH).map(|number| revoked(first + batch * BATCH + number)).collect();
        store.append_all(&marks, millis()).unwrap();
        let due = started + Duration::from_micros(1_000_000 * BATCH / RATE * (batch + 1));
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
}

fn sessions(keyring: &Keyring, store: impl Store) -> Sessions {
    Sessions::builder("https://app.example", "web").keyring(keyring.clone()).store(store).build().unwrap()
}

/// The times of single verifies for three seconds.
fn time(name: &str, sessions: &Sessions) -> f64 {
    let client = Client::new();
    let token = sessions.issue(NewSession::new("user-42").claim("roles", ["editor"]), &client).unwrap().token;
    let begin = Instant::now();
    let mut nanos = Vec::new();
    while begin.elapsed() < Duration::from_secs(3) {
        let started = Instant::now();
        for _ in 0..10 {
            black_box(sessions.verify(&token, &client).unwrap());
        }
        nanos.push(started.elapsed().as_nanos() as f64 / 10.0);
    }
    show(name, nanos)
}

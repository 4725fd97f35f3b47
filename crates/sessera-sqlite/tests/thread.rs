//! The thread that writes what is pending. Alone in its process, so that every thread of that name is its own.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs;
use std::time::{Duration, Instant};

use sessera::{Mark, RevocationState, SessionId, SessionMark, Store};
use sessera_sqlite::SqliteStore;

const NOW: u64 = 1_700_000_000_000;

fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let name =
        |task: std::io::Result<fs::DirEntry>| fs::read_to_string(task.unwrap().path().join("comm")).ok();
    tasks.filter_map(name).filter(|name| name.starts_with("sessera-sqlite")).count()
}

fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::yield_now();
    }
}

#[test]
fn the_thread_exists_only_while_marks_wait() {
    let directory = tempfile::tempdir().unwrap();
    let (path, away) = (directory.path().join("sessions.db"), directory.path().join("away.db"));
    let store = SqliteStore::open(&path).unwrap();
    let revoked = |nth: u8| {
        let id = SessionId::from_bytes([nth; 16]);
        Mark::Session { id, state: SessionMark::REVOKED, keep_until: NOW + 3_600_000 }
    };
    assert_eq!(store.append(&revoked(1), NOW).unwrap(), RevocationState::Stored);
    assert_eq!(threads(), 0, "an open store has none");
    for nth in 2..4 {
        fs::rename(&path, &away).unwrap();
        assert_eq!(store.append(&revoked(nth), NOW).unwrap(), RevocationState::Pending);
        store.append_later(&revoked(nth + 10), NOW);
        wait_until("a thread runs", || threads() == 1);
        assert_eq!(store.append(&revoked(nth + 20), NOW).unwrap(), RevocationState::Pending);
        assert_eq!(threads(), 1, "one for all of them");
        fs::rename(&away, &path).unwrap();
        wait_until("nothing is pending", || store.status(NOW).pending == 0);
        wait_until("the thread ends", || threads() == 0);
        assert_eq!(store.status(NOW).problem, None);
    }
    fs::rename(&path, &away).unwrap();
    store.append(&revoked(9), NOW).unwrap();
    wait_until("a thread runs", || threads() == 1);
    drop(store);
    wait_until("the thread ends with its store", || threads() == 0);
}

//! A process that starts with a million marks, and with the most that the default quota allows.

use std::path::Path;
use std::time::Instant;

use sessera::Store as _;
use sessera_sqlite::SqliteStore;

use crate::{millis, revoked, show};

const BATCH: u64 = 100_000;

pub(crate) fn warm_start(path: &Path, marks: u64) {
    println!("\nA start with {marks} marks");
    let store = SqliteStore::open(path).unwrap();
    for batch in 0..marks / BATCH {
        let marks: Vec<_> = (0..BATCH).map(|number| revoked(batch * BATCH + number)).collect();
        store.append_all(&marks, millis()).unwrap();
    }
    drop(store);
    let mut nanos = Vec::new();
    for _ in 0..10 {
        let started = Instant::now();
        let store = SqliteStore::open(path).unwrap();
        assert_eq!(store.refresh(millis()), 0);
        nanos.push(started.elapsed().as_nanos() as f64);
        assert_eq!(store.index().len() as u64, marks);
        if nanos.len() == 1 {
            println!("  {:<52} {:.1} MB", "memory of the marks", store.index().memory() as f64 / 1e6);
            println!("  {:<52} {}", "memory of the process since it started, at most", peak());
        }
    }
    show("SqliteStore::open", nanos);
    let size = std::fs::metadata(path).unwrap().len();
    println!("  {:<52} {:.1} MB", "the file", size as f64 / 1e6);
}

/// The most memory that this process has taken, as Linux says.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "unknown".to_owned(), |peak| peak.trim().to_owned())
}

//! A process that starts with a million marks.

use std::path::Path;
use std::time::Instant;

use sessera::Store as _;
use sessera_sqlite::SqliteStore;

use crate::{millis, revoked, show};

const MARKS: u64 = 1_000_000;

pub(crate) fn warm_start(path: &Path) {
    println!("\nA start with 1,000,000 marks");
    let store = SqliteStore::open(path).unwrap();
    for batch in 0..MARKS / 10_000 {
        let marks: Vec<_> = (0..10_000).map(|number| revoked(batch * 10_000 + number)).collect();
        store.append_all(&marks, millis()).unwrap();
    }
    drop(store);
    let mut nanos = Vec::new();
    for _ in 0..10 {
        let started = Instant::now();
        let store = SqliteStore::open(path).unwrap();
        assert_eq!(store.refresh(millis()), 0);
        nanos.push(started.elapsed().as_nanos() as f64);
        assert_eq!(store.index().len() as u64, MARKS);
        if nanos.len() == 1 {
            println!("  {:<52} {:.1} MB", "memory of the marks", store.index().memory() as f64 / 1e6);
        }
    }
    show("SqliteStore::open", nanos);
    let size = std::fs::metadata(path).unwrap().len();
    println!("  {:<52} {:.1} MB", "the file", size as f64 / 1e6);
}

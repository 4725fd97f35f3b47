//! A revocation from the call to the disk, and to the verify of another process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use rusqlite::Connection;
use sessera::Store as _;
use sessera_sqlite::SqliteStore;

use crate::{id, millis, revoked, show, wall};

const MARKS: u64 = 1000;

/// A durable revoke against the least that SQLite does for a durable row, in turn.
pub(crate) fn durable_revoke(path: &Path, plain: &Path) {
    println!("\nA durable revoke");
    let store = SqliteStore::open(path).unwrap();
    let plain = Connection::open(plain).unwrap();
    plain.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).unwrap();
    plain
        .execute_batch("PRAGMA synchronous = FULL; CREATE TABLE marks (id INTEGER PRIMARY KEY, name BLOB)")
        .unwrap();
    let (mut ours, mut theirs, mut data) = (Vec::new(), Vec::new(), Vec::new());
    for number in 0..MARKS {
        let started = Instant::now();
        let mut insert = plain.prepare_cached("INSERT INTO marks (name) VALUES (?1)").unwrap();
        insert.execute([id(number).to_bytes()]).unwrap();
        theirs.push(started.elapsed().as_nanos() as f64);
        let started = Instant::now();
        store.append(&revoked(number), millis()).unwrap();
        ours.push(started.elapsed().as_nanos() as f64);
        let session = sessera::SessionData {
            id: id(number + MARKS),
            subject: "user-42".to_owned(),
            started_at: millis(),
            expires_at: crate::FOREVER,
            bytes: vec![7; 500],
        };
        let started = Instant::now();
        store.put_data(&session, millis()).unwrap();
        data.push(started.elapsed().as_nanos() as f64);
    }
    let theirs = show("SQLite: one row, one commit, synced", theirs);
    let ours = show("sessera: revoke, synced, known to all", ours);
    show("sessera: put 500 bytes of session data", data);
    println!("  {:<52} {:.2}×", "ratio", ours / theirs);
}

/// From the end of the call that revokes to the end of the refresh that sees it, in another process.
pub(crate) fn revoke_to_seen(path: &Path) {
    println!("\nA revoke until another process sees it");
    let store = SqliteStore::open(path).unwrap();
    let mut watcher = Command::new(std::env::current_exe().unwrap())
        .args(["watch", path.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut input, mut seen) =
        (watcher.stdin.take().unwrap(), BufReader::new(watcher.stdout.take().unwrap()).lines());
    assert_eq!(seen.next().unwrap().unwrap(), "ready");
    let (mut called, mut committed) = (Vec::new(), Vec::new());
    for number in 0..MARKS {
        let begin = wall();
        store.append(&revoked(number), millis()).unwrap();
        let end = wall();
        let at: u64 = seen.next().unwrap().unwrap().parse().unwrap();
        called.push(at as f64 - begin.as_nanos() as f64);
        committed.push((at as f64 - end.as_nanos() as f64).max(0.0));
    }
    writeln!(input, "end").unwrap();
    watcher.wait().unwrap();
    show("from the call", called);
    show("from its return", committed);
}

/// The other process: looks without a pause, and says when it saw each mark.
pub(crate) fn watch(path: &str) {
    let store = SqliteStore::open(path).unwrap();
    let mut output = std::io::stdout();
    writeln!(output, "ready").unwrap();
    for number in 0..MARKS {
        while store.index().session(id(number)).is_none() {
            store.refresh(millis());
        }
        writeln!(output, "{}", wall().as_nanos()).unwrap();
    }
}

//! A file that is replaced by an older copy: running processes write back what they know.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sessera::{Advance, Mark, SessionData, SessionId, SessionMark, Store};
use sessera_sqlite::SqliteStore;
use tempfile::TempDir;

const NOW: u64 = 1_700_000_000_000;
const HOUR: u64 = 3_600_000;
const KEEP_UNTIL: u64 = NOW + 12 * HOUR;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    (directory, path)
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}

fn id(number: u64) -> SessionId {
    SessionId::from_bytes(u128::from(number).to_be_bytes())
}

fn revoked(number: u64) -> Mark {
    Mark::Session { id: id(number), state: SessionMark::REVOKED, keep_until: KEEP_UNTIL }
}

fn cut(subject: &str) -> Mark {
    Mark::Subject { subject: subject.to_owned(), cut: NOW, keep_until: KEEP_UNTIL }
}

fn knows(store: &SqliteStore, numbers: impl IntoIterator<Item = u64>) -> bool {
    let revoked = |number| store.index().session(id(number)).is_some_and(|mark| mark.revoked);
    numbers.into_iter().all(revoked)
}

/// Copies the database, as a backup does.
fn back_up(path: &Path) -> PathBuf {
    let copy = path.with_file_name("copy.db");
    let connection = Connection::open(path).unwrap();
    connection.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    copy
}

/// Puts the copy in the place of the database.
fn put_back(copy: &Path, path: &Path) {
    for ending in ["-wal", "-shm", "-bell"] {
        fs::remove_file(format!("{}{ending}", path.display())).unwrap();
    }
    fs::rename(copy, path).unwrap();
}

/// Puts marks and their numbers back to where they were, as SQLite's backup interface does, in the same file.
fn roll_back(path: &Path, to: u64) {
    let connection = Connection::open(path).unwrap();
    let back = format!(
        "BEGIN; DELETE FROM marks WHERE seq > {to}; UPDATE sqlite_sequence SET seq = {to};
         DELETE FROM meta WHERE name = 'restores'; COMMIT"
    );
    connection.execute_batch(&back).unwrap();
}

/// Refreshes stores, as verifies do while time passes, until a store that is opened now satisfies a condition.
fn refresh_until(stores: &[&SqliteStore], path: &Path, holds: impl Fn(&SqliteStore) -> bool) {
    let began = Instant::now();
    let mut now = NOW;
    while !holds(&open(path)) {
        let statuses: Vec<_> = stores.iter().map(|store| store.status(now)).collect();
        assert!(began.elapsed() < Duration::from_secs(30), "{statuses:?}");
        now += 1000;
        for store in stores {
            store.refresh(now);
        }
        std::thread::yield_now();
    }
}

#[test]
fn every_kind_of_mark_is_written_back_after_a_restore() {
    for is_other_file in [true, false] {
        let (_directory, path) = place();
        let store = open(&path);
        store.append(&revoked(1), NOW).unwrap();
        let copy = back_up(&path);
        store.append(&cut("user-42"), NOW).unwrap();
        store.append(&Mark::Key { kid: "leaked".to_owned() }, NOW).unwrap();
        store.append(&Mark::Everything { cut: 5, keep_until: KEEP_UNTIL }, NOW).unwrap();
        let advance = Advance { id: id(2), from: 6, now: NOW, elevated: true, keep_until: KEEP_UNTIL };
        let rotated = store.advance(&advance).unwrap().mark;
        // Another process wrote this one, so that it was read and not written here.
        open(&path).append(&cut("user-43"), NOW).unwrap();
        assert_eq!(store.refresh(NOW), 0);
        if is_other_file {
            put_back(&copy, &path);
        } else {
            roll_back(&path, 1);
        }
        assert!(open(&path).index().cut("user-42") < NOW, "this test would show nothing");
        refresh_until(&[&store], &path, |new| {
            let index = new.index();
            knows(new, [1])
                && (index.cut("user-42"), index.cut("user-43"), index.cut("user-44")) == (NOW, NOW, 5)
                && index.is_dead_key("leaked")
                && index.session(id(2)) == Some(rotated)
        });
        assert_eq!(open(&path).index().len(), store.index().len());
    }
}

#[test]
fn data_of_a_session_revoked_since_the_copy_are_removed() {
    let (_directory, path) = place();
    let store = open(&path);
    let subject = "user-42".to_owned();
    let data = SessionData { id: id(1), subject, started_at: NOW, expires_at: KEEP_UNTIL, bytes: vec![1] };
    store.put_data(&data, NOW).unwrap();
    let copy = back_up(&path);
    store.append(&cut("user-42"), NOW).unwrap();
    put_back(&copy, &path);
    assert!(open(&path).data(id(1), NOW).unwrap().is_some(), "this test would show nothing");
    refresh_until(&[&store], &path, |new| new.data(id(1), NOW).unwrap().is_none());
}

#[test]
fn a_copy_that_is_restored_takes_nothing_back() {
    let (_directory, path) = place();
    let store = open(&path);
    store.append(&revoked(1), NOW).unwrap();
    for number in 2..=6 {
        store.append(&revoked(number), NOW).unwrap();
    }
    assert_eq!(store.refresh(NOW), 0);
    roll_back(&path, 1);
    open(&path).append(&revoked(7), NOW).unwrap();
    assert_eq!(store.refresh(NOW + 1000), 0);
    assert!(knows(&store, 1..=7));
    assert!(
        !store
            .advance(&Advance { id: id(3), from: 0, now: NOW, elevated: false, keep_until: KEEP_UNTIL })
            .unwrap()
            .won
    );
    store.append(&revoked(8), NOW).unwrap();
    let new = open(&path);
    refresh_until(&[&store], &path, |new| knows(new, 1..=8));
    new.append(&revoked(9), NOW).unwrap();
    assert_eq!(store.refresh(NOW + 1000), 0);
    assert!(knows(&store, [9]), "the bell is right again");
}

#[test]
fn rows_that_pass_the_known_number_are_told_from_new_ones() {
    let (_directory, path) = place();
    let store = open(&path);
    for number in 1..=5 {
        store.append(&revoked(number), NOW).unwrap();
    }
    assert_eq!(store.refresh(NOW), 0);
    roll_back(&path, 2);
    // A process that did not know what was lost.
    let other = open(&path);
    for number in 11..=19 {
        other.append(&revoked(number), NOW).unwrap();
    }
    assert_eq!(store.refresh(NOW + 1000), 0);
    assert!(knows(&store, (1..=5).chain(11..=19)), "none is skipped");
    refresh_until(&[&store, &other], &path, |new| knows(new, (1..=5).chain(11..=19)));
}

#[test]
fn a_process_that_looks_later_is_told_of_the_restore() {
    let (_directory, path) = place();
    let (early, late) = (open(&path), open(&path));
    early.append(&revoked(1), NOW).unwrap();
    assert_eq!(late.refresh(NOW), 0);
    // What only the late one knows: it was read by it alone before it was lost.
    open(&path).append(&revoked(2), NOW).unwrap();
    assert_eq!(late.refresh(NOW), 0);
    assert!(knows(&late, [1, 2]) && !knows(&early, [2]));
    roll_back(&path, 0);
    refresh_until(&[&early], &path, |new| knows(new, [1]));
    // The numbers pass what the late one knows, and no row has the number that it read last.
    let rotated = SessionMark { generation: 1, rotated_at: NOW, ..SessionMark::default() };
    early.append(&Mark::Session { id: id(3), state: rotated, keep_until: KEEP_UNTIL }, NOW).unwrap();
    early.append(&revoked(3), NOW).unwrap();
    early.append(&revoked(4), NOW).unwrap();
    refresh_until(&[&late], &path, |new| knows(new, 1..=4));
}

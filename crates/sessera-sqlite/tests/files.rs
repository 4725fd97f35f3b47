//! What happens to the files: foreign and newer ones, deleted, cut short, replaced and restored ones.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use sessera::{Advance, ErrorKind, Mark, RevocationState, SessionId, SessionMark, Store};
use sessera_sqlite::{Doorbell, SqliteOptions, SqliteStore};
use tempfile::TempDir;

const NOW: u64 = 1_700_000_000_000;
const HOUR: u64 = 3_600_000;
/// After that much time the file itself is looked at.
const SECOND: u64 = 1000;

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
    Mark::Session { id: id(number), state: SessionMark::REVOKED, keep_until: NOW + 12 * HOUR }
}

fn knows(store: &SqliteStore, numbers: impl IntoIterator<Item = u64>) -> bool {
    let revoked = |number| store.index().session(id(number)).is_some_and(|mark| mark.revoked);
    numbers.into_iter().all(revoked)
}

fn refused(path: &Path) -> (ErrorKind, String) {
    let error = SqliteStore::open(path).unwrap_err();
    (error.kind(), error.to_string())
}

/// Writes a mark as another process would that is killed between its commit and the bell.
fn write_without_ringing(path: &Path, number: u64) {
    let row = "INSERT INTO marks (kind, name, generation, at, flags, keep_until) VALUES (0, ?1, 0, 0, 2, ?2)";
    let keep_until = i64::try_from(NOW + 12 * HOUR).unwrap();
    let connection = Connection::open(path).unwrap();
    connection.execute(row, (id(number).to_bytes(), keep_until)).unwrap();
}

fn bell(path: &Path) -> PathBuf {
    path.with_file_name("sessions.db-bell")
}

#[test]
fn however_many_make_the_file_at_once_they_share_one_store() {
    let (_directory, path) = place();
    let barrier = std::sync::Barrier::new(8);
    let stores: Vec<_> = std::thread::scope(|scope| {
        let (path, barrier) = (&path, &barrier);
        let start = |number| {
            scope.spawn(move || {
                barrier.wait();
                let store = open(path);
                store.append(&revoked(number), NOW).unwrap();
                store
            })
        };
        let threads: Vec<_> = (1..=8).map(start).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for store in stores {
        assert_eq!(store.refresh(NOW), 0);
        assert!(knows(&store, 1..=8));
        assert_eq!(store.doorbell(), Doorbell::Mapped);
    }
}

#[test]
fn a_new_file_that_another_is_writing_is_waited_for() {
    let (_directory, path) = place();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let impatient = SqliteOptions { busy_timeout: Duration::ZERO, ..SqliteOptions::default() };
    let error = SqliteStore::open_with(&path, impatient).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
    assert!(error.to_string().contains("locked by another process"), "{error}");

    std::thread::scope(|scope| {
        let opening = scope.spawn(|| SqliteStore::open(&path).map(drop));
        let began = Instant::now();
        while !opening.is_finished() && began.elapsed() < Duration::from_millis(50) {
            std::thread::yield_now();
        }
        other.execute_batch("COMMIT").unwrap();
        opening.join().unwrap().unwrap();
    });
}

#[test]
fn the_database_of_another_application_is_refused_and_left_alone() {
    let (_directory, path) = place();
    let foreign = Connection::open(&path).unwrap();
    foreign.execute_batch("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('x');").unwrap();
    drop(foreign);
    let before = fs::read(&path).unwrap();
    let (kind, message) = refused(&path);
    assert_eq!(kind, ErrorKind::InvalidConfig);
    assert!(message.contains("another application"), "{message}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn what_is_no_database_is_refused() {
    let (directory, path) = place();
    fs::write(&path, "x".repeat(5000)).unwrap();
    let (kind, message) = refused(&path);
    assert_eq!(kind, ErrorKind::StoreUnavailable);
    assert!(message.contains("not an SQLite file"), "{message}");
    assert_eq!(refused(directory.path()).0, ErrorKind::StoreUnavailable);
    assert_eq!(refused(&directory.path().join("no/such/directory.db")).0, ErrorKind::StoreUnavailable);
}

#[test]
fn a_newer_version_is_refused_unless_it_says_that_it_need_not_be() {
    let (_directory, path) = place();
    open(&path).append(&revoked(1), NOW).unwrap();
    let database = Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    assert!(knows(&open(&path), [1]), "version 99 still serves this one");
    database.execute("UPDATE meta SET value = 98 WHERE name = 'oldest'", []).unwrap();
    let (kind, message) = refused(&path);
    assert_eq!(kind, ErrorKind::InvalidConfig);
    assert!(message.contains("newer version"), "{message}");
}

#[test]
fn a_directory_that_cannot_be_written_is_a_clear_error() {
    let (directory, path) = place();
    let mut permissions = fs::metadata(directory.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(directory.path(), permissions.clone()).unwrap();
    // Nothing is read-only to root.
    if fs::write(directory.path().join("probe"), "").is_err() {
        let (kind, message) = refused(&path);
        assert_eq!(kind, ErrorKind::StoreUnavailable);
        assert!(message.contains("writable"), "{message}");
    }
    #[expect(clippy::permissions_set_readonly_false, reason = "the directory of this test")]
    permissions.set_readonly(false);
    fs::set_permissions(directory.path(), permissions).unwrap();
}

#[test]
fn when_the_file_is_deleted_nothing_is_written_and_knowledge_grows_old() {
    let (_directory, path) = place();
    let store = open(&path);
    store.append(&revoked(1), NOW).unwrap();
    assert_eq!(store.refresh(NOW), 0);
    fs::remove_file(&path).unwrap();
    assert_eq!(store.append(&revoked(2), NOW).unwrap(), RevocationState::Pending);
    let problem = store.status(NOW).problem.unwrap();
    assert!(problem.contains("gone"), "{problem}");
    assert_eq!(store.advance(&advance(3)).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    assert_eq!(store.data(id(1), NOW).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    assert_eq!(store.sync(NOW).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    let ages: Vec<_> = [1, 2, 5, 60].map(|seconds| store.refresh(NOW + seconds * SECOND)).into();
    assert_eq!(ages, [SECOND, 2 * SECOND, 5 * SECOND, 60 * SECOND]);
    assert_eq!(store.refresh(NOW - HOUR), 60 * SECOND, "a clock that is set back makes nothing young");
    assert!(knows(&store, [1, 2]), "and what was known holds");
    assert!(!path.exists(), "no empty store takes its place");
}

fn advance(number: u64) -> Advance {
    let keep_until = NOW + 12 * HOUR;
    Advance { id: id(number), from: 0, now: NOW, elevated: false, keep_until }
}

#[test]
fn when_the_file_is_cut_short_nothing_is_written_and_knowledge_grows_old() {
    for length in [0, 1, 4096, 10_000] {
        let (_directory, path) = place();
        let store = open(&path);
        for number in 1..=3 {
            store.append(&revoked(number), NOW).unwrap();
        }
        assert_eq!(store.refresh(NOW), 0);
        // So that the database itself holds the tables, and not its log.
        let checkpoint = Connection::open(&path).unwrap();
        checkpoint.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(checkpoint);
        assert_eq!(store.refresh(NOW + SECOND), 0);
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        assert_eq!(store.append(&revoked(4), NOW).unwrap(), RevocationState::Pending, "{length}");
        assert_eq!(store.refresh(NOW + 9 * SECOND), 8 * SECOND, "{length}");
        assert!(knows(&store, [1, 2, 3, 4]), "{length}");
    }
}

#[test]
fn a_file_that_is_back_is_read_again() {
    let (directory, path) = place();
    let store = open(&path);
    store.append(&revoked(1), NOW).unwrap();
    assert_eq!(store.refresh(NOW), 0);
    let away = directory.path().join("away.db");
    fs::rename(&path, &away).unwrap();
    assert_eq!(store.refresh(NOW + SECOND), SECOND);
    fs::rename(&away, &path).unwrap();
    assert_eq!(store.refresh(NOW + 2 * SECOND), 0);
    store.append(&revoked(2), NOW).unwrap();
    assert!(knows(&open(&path), [1, 2]));
}

#[test]
fn a_file_that_takes_the_place_of_another_is_read_and_what_was_known_holds() {
    let (directory, path) = place();
    let store = open(&path);
    for number in 1..=5 {
        store.append(&revoked(number), NOW).unwrap();
    }
    assert_eq!(store.refresh(NOW), 0);
    let other = directory.path().join("other.db");
    open(&other).append(&revoked(9), NOW).unwrap();
    for ending in ["-wal", "-shm", "-bell"] {
        fs::remove_file(format!("{}{ending}", path.display())).unwrap();
        fs::rename(format!("{}{ending}", other.display()), format!("{}{ending}", path.display())).unwrap();
    }
    fs::rename(&other, &path).unwrap();
    assert_eq!(store.refresh(NOW + SECOND), 0);
    assert!(knows(&store, [1, 2, 3, 4, 5, 9]));
    assert_eq!(store.doorbell(), Doorbell::Mapped);
    let neighbour = open(&path);
    neighbour.append(&revoked(10), NOW).unwrap();
    assert_eq!(store.refresh(NOW + SECOND), 0);
    assert!(knows(&store, [10]), "by the bell of the new file");
    assert!(!store.advance(&advance(1)).unwrap().won, "a session that was revoked stays so");
}

#[test]
fn a_mark_whose_writer_was_killed_before_the_bell_is_seen_within_a_second() {
    let (_directory, path) = place();
    let store = open(&path);
    assert_eq!(store.refresh(NOW), 0);
    write_without_ringing(&path, 1);
    store.refresh(NOW + SECOND - 1);
    assert!(!knows(&store, [1]), "this test would show nothing");
    assert_eq!(store.refresh(NOW + SECOND), 0);
    assert!(knows(&store, [1]));
}

#[test]
fn a_bell_that_was_not_rung_is_repaired_by_the_next_who_opens_or_writes() {
    let (_directory, path) = place();
    let store = open(&path);
    assert_eq!(store.refresh(NOW), 0);
    write_without_ringing(&path, 1);
    let other = open(&path);
    store.refresh(NOW);
    assert!(knows(&store, [1]));
    write_without_ringing(&path, 2);
    other.append(&revoked(3), NOW).unwrap();
    store.refresh(NOW);
    assert!(knows(&store, [2, 3]));
}

#[test]
fn a_bell_that_rings_for_nothing_is_set_right() {
    let (_directory, path) = place();
    let (store, other) = (open(&path), open(&path));
    store.append(&revoked(1), NOW).unwrap();
    let mut file = fs::OpenOptions::new().write(true).open(bell(&path)).unwrap();
    std::io::Write::write_all(&mut file, &[0xFF; 8]).unwrap();
    assert_eq!(other.refresh(NOW), 0);
    assert!(knows(&other, [1]));
    let rung = u64::from_ne_bytes(fs::read(bell(&path)).unwrap()[..8].try_into().unwrap());
    assert_eq!(rung, 1);
    store.append(&revoked(2), NOW).unwrap();
    assert_eq!(other.refresh(NOW), 0);
    assert!(knows(&other, [2]));
}

#[test]
fn a_bell_that_was_deleted_is_hung_again() {
    let (_directory, path) = place();
    let (store, other) = (open(&path), open(&path));
    assert_eq!((store.refresh(NOW), other.refresh(NOW)), (0, 0));
    fs::remove_file(bell(&path)).unwrap();
    store.append(&revoked(1), NOW).unwrap();
    assert_eq!(other.refresh(NOW + SECOND), 0);
    assert!(knows(&other, [1]));
    store.append(&revoked(2), NOW).unwrap();
    assert_eq!(other.refresh(NOW + SECOND), 0);
    assert!(knows(&other, [2]), "at once");
    assert_eq!((store.doorbell(), other.doorbell()), (Doorbell::Mapped, Doorbell::Mapped));
}

#[test]
fn where_no_bell_can_hang_the_file_is_polled() {
    let (_directory, path) = place();
    fs::create_dir(bell(&path)).unwrap();
    let (store, other) = (open(&path), open(&path));
    assert_eq!(store.doorbell(), Doorbell::Polling);
    store.append(&revoked(1), NOW).unwrap();
    assert_eq!(other.refresh(NOW), 0);
    assert!(knows(&other, [1]));
}

#[test]
fn a_store_with_a_bell_and_one_without_hear_each_other() {
    let (_directory, path) = place();
    let options = SqliteOptions { doorbell: false, ..SqliteOptions::default() };
    let (mapped, polling) = (open(&path), SqliteStore::open_with(&path, options).unwrap());
    assert_eq!((mapped.refresh(NOW), polling.refresh(NOW)), (0, 0));
    mapped.append(&revoked(1), NOW).unwrap();
    assert_eq!(polling.refresh(NOW), 0);
    assert!(knows(&polling, [1]));
    polling.append(&revoked(2), NOW).unwrap();
    assert_eq!(mapped.refresh(NOW), 0);
    assert!(knows(&mapped, [2]));
}

#[test]
fn a_locked_file_is_an_error_after_the_busy_timeout() {
    let (_directory, path) = place();
    let options = SqliteOptions { busy_timeout: Duration::ZERO, ..SqliteOptions::default() };
    let store = SqliteStore::open_with(&path, options).unwrap();
    let holder = Connection::open(&path).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.advance(&advance(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
    assert!(error.to_string().contains("locked"), "{error}");
    assert!(error.source().is_some());
    assert_eq!(store.refresh(NOW + SECOND), 0, "who reads waits for nobody");
    holder.execute_batch("ROLLBACK").unwrap();
    assert!(store.advance(&advance(1)).unwrap().won);
}

#[test]
fn what_nothing_can_need_any_more_is_forgotten() {
    let (_directory, path) = place();
    let store = open(&path);
    store.append(&revoked(1), NOW).unwrap();
    store.append(&Mark::Key { kid: "leaked".to_owned() }, NOW).unwrap();
    for hour in 1..=12 + 26 {
        store.append(&revoked(100), NOW + hour * HOUR).unwrap();
        assert!(knows(&open(&path), [1]) || hour >= 12 + 25, "hour {hour}");
    }
    let last = NOW + 39 * HOUR;
    store
        .append(&Mark::Subject { subject: "user-42".to_owned(), cut: last, keep_until: u64::MAX }, last)
        .unwrap();
    assert_eq!(open(&path).index().len(), 2, "the key and the subject");
}

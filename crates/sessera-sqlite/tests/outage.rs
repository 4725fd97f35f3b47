//! Marks that could not be written: by the next write, at the end, within the quota.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use sessera::{
    ErrorKind, Mark, RevocationIndex, RevocationState, SessionData, SessionId, SessionMark, Store,
};
use sessera_sqlite::{SqliteOptions, SqliteStore};

const NOW: u64 = 1_700_000_000_000;
const KEEP_UNTIL: u64 = NOW + 12 * 3_600_000;

fn id(number: u64) -> SessionId {
    SessionId::from_bytes(u128::from(number).to_be_bytes())
}

fn mark(number: u64, state: SessionMark) -> Mark {
    Mark::Session { id: id(number), state, keep_until: KEEP_UNTIL }
}

fn revoked(number: u64) -> Mark {
    mark(number, SessionMark::REVOKED)
}

fn knows(path: &Path, number: u64) -> bool {
    SqliteStore::open(path).unwrap().index().session(id(number)).is_some_and(|mark| mark.revoked)
}

/// Takes the database away, until the call of what it returns.
fn take_away(path: &Path) -> impl Fn() {
    let (path, away): (PathBuf, PathBuf) = (path.to_owned(), path.with_file_name("away.db"));
    fs::rename(&path, &away).unwrap();
    move || fs::rename(&away, &path).unwrap()
}

#[test]
fn the_next_write_of_any_kind_writes_pending_marks_first() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let store = SqliteStore::open(&path).unwrap();
    let data = |number, subject: &str| {
        let subject = subject.to_owned();
        SessionData { id: id(number), subject, started_at: NOW, expires_at: KEEP_UNTIL, bytes: vec![1] }
    };
    store.put_data(&data(1, "user-42"), NOW).unwrap();
    let bring_back = take_away(&path);
    assert_eq!(store.append(&revoked(1), NOW).unwrap(), RevocationState::Pending);
    assert_eq!(store.put_data(&data(2, "user-43"), NOW).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    bring_back();
    store.put_data(&data(2, "user-43"), NOW).unwrap();
    assert!(knows(&path, 1));
    assert_eq!(store.data(id(1), NOW).unwrap(), None, "and its data went with it");
    assert_eq!(store.status(NOW).pending, 0);
}

#[test]
fn a_store_that_is_dropped_tries_once_more() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let store = SqliteStore::open(&path).unwrap();
    let bring_back = take_away(&path);
    store.append(&revoked(1), NOW).unwrap();
    bring_back();
    drop(store);
    assert!(knows(&path, 1));

    let store = SqliteStore::open(&path).unwrap();
    store.append_later(&revoked(2), NOW);
    drop(store);
    assert!(knows(&path, 2));
}

#[test]
fn more_than_the_quota_are_not_kept_pending() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let options = SqliteOptions { quota: 2, ..SqliteOptions::default() };
    let store = SqliteStore::open_with(&path, options).unwrap();
    assert_eq!(store.index().quota(), 2);
    let bring_back = take_away(&path);
    store.append(&revoked(1), NOW).unwrap();
    store.append(&revoked(2), NOW).unwrap();
    let error = store.append(&revoked(3), NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StoreUnavailable);
    assert_eq!(store.index().session(id(3)), None, "what can't be kept is not in force");
    assert_eq!(store.append(&revoked(2), NOW).unwrap(), RevocationState::Pending);
    assert_eq!(store.status(NOW).pending, 2);
    bring_back();
    assert_eq!(SqliteOptions::default().quota, RevocationIndex::DEFAULT_QUOTA);
}

#[test]
fn a_late_mark_that_says_nothing_new_writes_no_row() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sessions.db");
    let (one, other) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    let shown = SessionMark { generation: 1, rotated_at: NOW, shown: true, ..SessionMark::default() };
    // Both see the token before either has heard of the other's mark.
    one.append_later(&mark(1, shown), NOW);
    other.append_later(&mark(1, shown), NOW);
    drop((one, other));
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!((store.index().session(id(1)), store.status(NOW).applied), (Some(shown), 1));
}

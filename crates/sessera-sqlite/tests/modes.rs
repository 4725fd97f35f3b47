//! Who may read and write the files.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use sessera::{ErrorKind, Mark, SessionId, SessionMark, Store};
use sessera_sqlite::{SqliteOptions, SqliteStore};

const NOW: u64 = 1_700_000_000_000;
const FILES: [&str; 4] = ["sessions.db", "sessions.db-bell", "sessions.db-shm", "sessions.db-wal"];
const GROUP: SqliteOptions = SqliteOptions { group_access: true, ..DEFAULT };
const DEFAULT: SqliteOptions = SqliteOptions {
    busy_timeout: std::time::Duration::from_secs(5),
    doorbell: true,
    quota: 1000,
    group_access: false,
};

fn open(directory: &Path, options: SqliteOptions) -> SqliteStore {
    let store = SqliteStore::open_with(directory.join("sessions.db"), options).unwrap();
    let mark = Mark::Session {
        id: SessionId::from_bytes([1; 16]),
        state: SessionMark::REVOKED,
        keep_until: NOW + 3_600_000,
    };
    store.append(&mark, NOW).unwrap();
    store
}

fn modes(directory: &Path) -> Vec<u32> {
    let mode = |name: &&str| fs::metadata(directory.join(name)).unwrap().permissions().mode() & 0o777;
    FILES.iter().map(mode).collect()
}

#[test]
fn only_the_owner_may_read_new_files() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), SqliteOptions::default());
    let mut names: Vec<_> =
        fs::read_dir(directory.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, FILES);
    assert_eq!(modes(directory.path()), [0o600; 4]);
    assert_eq!(store.status(NOW).problem, None);
}

#[test]
fn a_file_open_to_other_users_is_narrowed_and_reported() {
    for (name, mode) in FILES.into_iter().zip([0o644, 0o620, 0o666, 0o604]) {
        let directory = tempfile::tempdir().unwrap();
        let kept = open(directory.path(), DEFAULT);
        fs::set_permissions(directory.path().join(name), Permissions::from_mode(mode)).unwrap();
        let store = open(directory.path(), DEFAULT);
        assert_eq!(modes(directory.path()), [0o600; 4], "{name}");
        let problem = store.status(NOW).problem.unwrap();
        assert!(problem.contains(name) && problem.contains(&format!("{mode:04o}")), "{problem}");
        assert!(problem.contains("group_access"), "and what to do where that was wanted: {problem}");
        assert_eq!(kept.status(NOW).problem, None, "it has not seen it");
    }
}

#[test]
fn the_group_may_use_the_files_where_that_is_set() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), GROUP);
    assert_eq!(modes(directory.path()), [0o660; 4]);
    assert_eq!(open(directory.path(), GROUP).status(NOW).problem, None);
    for name in FILES {
        fs::set_permissions(directory.path().join(name), Permissions::from_mode(0o664)).unwrap();
    }
    let problem = open(directory.path(), GROUP).status(NOW).problem.unwrap();
    assert!(problem.contains("0664"), "{problem}");
    assert_eq!(modes(directory.path()), [0o660; 4], "all others still may not");
    drop(store);
    let private = tempfile::tempdir().unwrap();
    let _store = open(private.path(), DEFAULT);
    let _store = open(private.path(), GROUP);
    assert_eq!(modes(private.path()), [0o660; 4], "files from before the setting");
}

#[test]
fn a_symbolic_link_is_refused() {
    for name in FILES {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        fs::write(&victim, "").unwrap();
        symlink(&victim, directory.path().join(name)).unwrap();
        let error = SqliteStore::open(directory.path().join("sessions.db")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidConfig, "{name}");
        assert!(error.to_string().contains(name) && error.to_string().contains("link"), "{error}");
        assert_eq!(fs::read(&victim).unwrap(), b"");
    }
}

#[test]
fn a_link_that_takes_the_place_of_the_database_is_not_followed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path(), DEFAULT);
    let (path, away) = (directory.path().join("sessions.db"), directory.path().join("away.db"));
    fs::rename(&path, &away).unwrap();
    symlink(&away, &path).unwrap();
    let error = store.sync(NOW + 1000).unwrap_err();
    assert!(error.to_string().contains("symbolic link"), "{error}");
}

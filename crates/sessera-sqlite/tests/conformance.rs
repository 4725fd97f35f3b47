//! The rules that every store keeps, with and without a mapped doorbell.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use sessera::Store;
use sessera_sqlite::{Doorbell, SqliteOptions, SqliteStore};
use sessera_testkit::Breakable;
use tempfile::TempDir;

fn store(options: SqliteOptions, doorbell: Doorbell) -> impl Fn() -> Arc<dyn Store> {
    let directory = tempfile::tempdir().unwrap();
    move || {
        let store = SqliteStore::open_with(directory.path().join("sessions.db"), options).unwrap();
        assert_eq!(store.doorbell(), doorbell);
        Arc::new(store)
    }
}

mod mapped {
    use super::*;

    sessera_testkit::conformance!(store(SqliteOptions::default(), Doorbell::Mapped));
}

mod polling {
    use super::*;

    sessera_testkit::conformance!(store(
        SqliteOptions { doorbell: false, ..SqliteOptions::default() },
        Doorbell::Polling
    ));
}

/// A store whose file a test takes away, or locks.
fn breakable(
    break_it: impl Fn(&TempDir) + 'static,
    mend: impl Fn(&TempDir) + 'static,
    options: SqliteOptions,
) -> Breakable {
    let directory = Arc::new(tempfile::tempdir().unwrap());
    let (to_open, to_mend) = (Arc::clone(&directory), Arc::clone(&directory));
    Breakable {
        open: Box::new(move || {
            Arc::new(SqliteStore::open_with(to_open.path().join("sessions.db"), options).unwrap())
        }),
        break_it: Box::new(move || break_it(&directory)),
        mend: Box::new(move || mend(&to_mend)),
    }
}

mod gone {
    use super::*;

    fn rename(directory: &TempDir, from: &str, to: &str) {
        fs::rename(directory.path().join(from), directory.path().join(to)).unwrap();
    }

    sessera_testkit::outage_conformance!(breakable(
        |directory| rename(directory, "sessions.db", "away.db"),
        |directory| rename(directory, "away.db", "sessions.db"),
        SqliteOptions::default(),
    ));
}

mod locked {
    use super::*;

    fn locked() -> Breakable {
        let holder = Arc::new(Mutex::new(None));
        let held = Arc::clone(&holder);
        breakable(
            move |directory| {
                let connection = Connection::open(directory.path().join("sessions.db")).unwrap();
                connection.busy_timeout(Duration::from_secs(10)).unwrap();
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                *holder.lock().unwrap() = Some(connection);
            },
            move |_| drop(held.lock().unwrap().take()),
            SqliteOptions { busy_timeout: Duration::ZERO, ..SqliteOptions::default() },
        )
    }

    sessera_testkit::outage_conformance!(locked());
}

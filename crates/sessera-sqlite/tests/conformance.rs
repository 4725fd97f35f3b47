//! The rules that every store keeps, with and without a mapped doorbell.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::sync::Arc;

use sessera::Store;
use sessera_sqlite::{Doorbell, SqliteOptions, SqliteStore};

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

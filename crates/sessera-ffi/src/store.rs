//! Where revocations, data and lists of sessions live.

use std::path::{Path, absolute};
use std::sync::Arc;

use sessera::{ErrorKind, MemoryStore, RevocationState};
use sessera_sqlite::{Doorbell, SqliteOptions, SqliteStore};

use crate::{Duration, Result};

/// How far a revocation has come when its call returns. It is in force in this process in every case.
#[uniffi::remote(Enum)]
pub enum RevocationState {
    /// The store has it. Every verifier applies it as soon as it can.
    Stored,
    /// The store could not be written. The revocation is written as soon as that is possible, and is lost if this
    /// process ends before. Other processes do not know it yet.
    Pending,
    /// The store has it, and so have as many of its replicas as the call waited for.
    Replicated,
    /// Every live verifier has applied it.
    Confirmed,
}

/// Where revocations live, and data and lists of sessions. Several `Sessions` may share one.
#[derive(uniffi::Object)]
pub struct Store {
    pub(crate) store: Arc<dyn sessera::Store>,
    doorbell: Option<Doorbell>,
}

#[uniffi::export]
impl Store {
    /// A store in the memory of one process: for tests, and for servers of one process that may forget which
    /// sessions were revoked when they restart.
    #[uniffi::constructor]
    pub fn memory() -> Self {
        Self { store: Arc::new(MemoryStore::new()), doorbell: None }
    }

    /// A store in one SQLite file, which all processes of a host share: a session that is revoked in one of them
    /// is refused by the next verify in every other. It outlives restarts, and `kill -9`.
    ///
    /// The file is made, readable by its owner only, when it is not there. `busy_timeout` is how long a write
    /// waits for those of other processes; default 5 s. Fails with `invalid_config` when the file is another
    /// application's database or was written by a newer version, with `store_unavailable` when it can't be opened.
    #[uniffi::constructor(default(busy_timeout = None))]
    pub fn sqlite(path: &str, busy_timeout: Option<Duration>) -> Result<Self> {
        if path == ":memory:" {
            return Err(sessera::SessionError::new(
                ErrorKind::InvalidConfig,
                "a store in memory is made with `memory`",
            )
            .into());
        }
        let mut options = SqliteOptions::default();
        if let Some(span) = busy_timeout {
            options.busy_timeout = span.into();
        }
        // A process may change its directory later, and the file is looked for again.
        let path = absolute(Path::new(path)).map_err(|cause| {
            sessera::SessionError::new(ErrorKind::StoreUnavailable, "the path of the store is unusable")
                .caused_by(cause)
        })?;
        let store = SqliteStore::open_with(path, options)?;
        let doorbell = Some(store.doorbell());
        Ok(Self { store: Arc::new(store), doorbell })
    }

    /// How this process learns of what others write: `mapped`, by one load from a mapped file, or `polling`, by
    /// asking SQLite at every verify; none of a store in memory, which no other process writes to.
    pub fn doorbell(&self) -> Option<String> {
        self.doorbell.as_ref().map(|doorbell| match doorbell {
            Doorbell::Mapped => "mapped".to_owned(),
            _ => "polling".to_owned(),
        })
    }
}

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
    ///
    /// It holds at most `quota` marks of sessions and subjects; 4,000,000 by default.
    #[uniffi::constructor(default(quota = None))]
    pub fn memory(quota: Option<u32>) -> Self {
        let store = quota.map_or_else(MemoryStore::new, |quota| MemoryStore::with_quota(marks(quota)));
        Self { store: Arc::new(store), doorbell: None }
    }

    /// A store in one SQLite file, which all processes of a host share: a session that is revoked in one of them
    /// is refused by the next verify in every other. It outlives restarts, and `kill -9`.
    ///
    /// The file is made, readable by its owner only, when it is not there. `busy_timeout` is how long a write
    /// waits for those of other processes; default 5 s. `quota` is how many marks of sessions and subjects a process
    /// holds at most; 4,000,000 by default. With `group_access` the group of the file may read and write it, for
    /// another process of the host. Fails with `invalid_config` when the file is another
    /// application's database or was written by a newer version, with `store_unavailable` when it can't be opened.
    #[uniffi::constructor(default(busy_timeout = None, quota = None, group_access = false))]
    pub fn sqlite(
        path: &str,
        busy_timeout: Option<Duration>,
        quota: Option<u32>,
        group_access: bool,
    ) -> Result<Self> {
        if path == ":memory:" {
            return Err(sessera::SessionError::new(
                ErrorKind::InvalidConfig,
                "a store in memory is made with `memory`",
            )
            .into());
        }
        let mut options = SqliteOptions { group_access, ..SqliteOptions::default() };
        if let Some(quota) = quota {
            options.quota = marks(quota);
        }
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

/// A number of marks, as many as the machine can count.
fn marks(quota: u32) -> usize {
    usize::try_from(quota).unwrap_or(usize::MAX)
}

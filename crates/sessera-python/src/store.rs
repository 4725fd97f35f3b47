//! The stores that Python can name.

use std::path::{Path, PathBuf, absolute};
use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use sessera::{ErrorKind, Store};
use sessera_sqlite::{Doorbell, SqliteOptions};

use crate::error::{Error, Result};
use crate::redis_store::RedisStore;
use crate::span::Span;

/// A store in the memory of one process: for tests, and for servers of one process that may forget which
/// sessions were revoked when they restart.
///
/// Several `Sessions` may share one. It holds at most `quota` marks of sessions and subjects, 4,000,000 by default:
/// beyond that the older half gives way to one cut that ends all that they ended, and older sessions with it.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct MemoryStore(Arc<sessera::MemoryStore>);

#[pymethods]
impl MemoryStore {
    #[new]
    #[pyo3(signature = (*, quota=None), text_signature = "(*, quota=4000000)")]
    fn new(quota: Option<usize>) -> Self {
        Self(Arc::new(quota.map_or_else(sessera::MemoryStore::new, sessera::MemoryStore::with_quota)))
    }

    #[expect(clippy::unused_self, reason = "Python calls it on an object")]
    fn __repr__(&self) -> &'static str {
        "<MemoryStore>"
    }
}

/// A store in one SQLite file, which all processes of a host share: a session that is revoked in one of them
/// is refused by the next verify in every other. It outlives restarts, and `kill -9`.
///
/// The file is made, readable by its owner only, when it is not there; SQLite's `-wal` and `-shm` and a
/// `-bell` lie beside it. It must be on a local file system. `busy_timeout` is how long a write waits for
/// those of other processes: a timedelta or seconds. After that a revocation is pending, and every other write fails
/// with `StoreUnavailable`. Without `doorbell` every verify asks SQLite whether the file changed, which takes a few
/// microseconds; see the property. `quota` is how many marks a process holds at most. With `group_access` the group
/// of the files may read and write them, for processes that run as another user, such as a web server's workers.
///
/// Several `Sessions` may share one, and it may be opened before or after `os.fork()`. Fork while no other
/// thread is using it, as with everything that has a lock.
///
/// Don't open the same file with the module `sqlite3` in a process that uses this store: closing it there
/// would drop the locks that are held here.
///
/// Raises `InvalidConfig` when the file is another application's database, or was written by a newer version,
/// and `StoreUnavailable` when it can't be opened, read or written.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct SqliteStore {
    store: Arc<sessera_sqlite::SqliteStore>,
    path: PathBuf,
}

#[pymethods]
impl SqliteStore {
    #[new]
    #[pyo3(
        signature = (path, *, busy_timeout=None, doorbell=true, quota=None, group_access=false),
        text_signature = "(path, *, busy_timeout=5, doorbell=True, quota=4000000, group_access=False)"
    )]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        busy_timeout: Option<Span>,
        doorbell: bool,
        quota: Option<usize>,
        group_access: bool,
    ) -> Result<Self> {
        if path == Path::new(":memory:") {
            return Err(Error::new(ErrorKind::InvalidConfig, "a store in memory is a MemoryStore"));
        }
        // A process may change its directory later, and the file is looked for again.
        let path = absolute(path).map_err(PyErr::from)?;
        let mut options = SqliteOptions { doorbell, group_access, ..SqliteOptions::default() };
        if let Some(busy_timeout) = busy_timeout {
            options.busy_timeout = busy_timeout.0;
        }
        if let Some(quota) = quota {
            options.quota = quota;
        }
        let store = py.detach(|| sessera_sqlite::SqliteStore::open_with(&path, options))?;
        Ok(Self { store: Arc::new(store), path })
    }

    /// The file.
    #[getter]
    fn path(&self) -> &Path {
        &self.path
    }

    /// How this process learns of what others write: `"mapped"`, by one load from a mapped file, or
    /// `"polling"`, by asking SQLite at every verify, where the file system can't map a file for all.
    #[getter]
    fn doorbell(&self) -> &'static str {
        match self.store.doorbell() {
            Doorbell::Mapped => "mapped",
            _ => "polling",
        }
    }

    fn __repr__(&self) -> String {
        format!("<SqliteStore {}>", self.path.display())
    }
}

/// The store behind a Python object.
pub(crate) fn of(store: &Bound<'_, PyAny>) -> Result<Arc<dyn Store>> {
    if let Ok(store) = store.cast::<MemoryStore>() {
        return Ok(store.get().0.clone());
    }
    if let Ok(store) = store.cast::<SqliteStore>() {
        return Ok(store.get().store.clone());
    }
    if let Ok(store) = store.cast::<RedisStore>() {
        return Ok(store.get().store.clone());
    }
    let message = "the store is none of those that sessera has: MemoryStore, SqliteStore, RedisStore";
    Err(PyTypeError::new_err(message).into())
}

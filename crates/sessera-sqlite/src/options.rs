//! Settings of a store.

use std::time::Duration;

/// How a [`SqliteStore`](crate::SqliteStore) is opened.
///
/// ```
/// use std::time::Duration;
/// use sessera_sqlite::SqliteOptions;
///
/// let options = SqliteOptions { busy_timeout: Duration::from_secs(1), ..SqliteOptions::default() };
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqliteOptions {
    /// How long a write waits for those of other processes before it fails with `store_unavailable`.
    /// Default 5 s.
    pub busy_timeout: Duration,
    /// Whether a verify trusts the mapped doorbell, where the file system can map one. Without it, it asks
    /// SQLite each time whether the file changed, which takes a few microseconds. Default: yes.
    pub doorbell: bool,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), doorbell: true }
    }
}

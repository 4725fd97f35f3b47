//! Settings of a store.

use std::time::Duration;

use sessera::RevocationIndex;

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
    /// How long a write waits for the writes of other processes. After that a revocation is pending, and every
    /// other write fails with `store_unavailable`. Default 5 s.
    pub busy_timeout: Duration,
    /// Whether a verify trusts the mapped doorbell, where the file system can map one. Without it, it asks
    /// SQLite each time whether the file changed, which takes a few microseconds. Default: yes.
    pub doorbell: bool,
    /// How many marks of sessions and subjects a process holds at most, and how many it keeps pending while the file
    /// can't be written. Default [`RevocationIndex::DEFAULT_QUOTA`]; see [`RevocationIndex`] for what happens beyond
    /// it. A mark takes about 45 bytes.
    pub quota: usize,
    /// Whether the group of the files may read and write them (mode 0660), for processes that run as another user,
    /// such as the workers of a web server. Set it in all processes that share the file, and give the directory a
    /// group that has both users, with the set-group-ID bit. Default: no (mode 0600).
    pub group_access: bool,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self {
            busy_timeout: Duration::from_secs(5),
            doorbell: true,
            quota: RevocationIndex::DEFAULT_QUOTA,
            group_access: false,
        }
    }
}

//! The database file as the file system sees it.

use std::fs::{self, Metadata, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sessera::Result;

use crate::access::Access;
use crate::unavailable::broken;

/// Watches whether the path still leads to the file that was opened.
///
/// SQLite keeps reading and writing a file that was deleted, replaced or cut short under it; what it then
/// acknowledges, nobody else will ever see.
#[derive(Debug)]
pub(crate) struct DatabaseFile {
    path: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    /// Device and inode.
    identity: (u64, u64),
    /// The file never shrinks, unless someone cuts it or packs it.
    length: u64,
    epoch: u16,
}

impl DatabaseFile {
    /// What the path leads to; an empty file for these users only, where there was none.
    pub(crate) fn open_or_create(path: &Path, access: Access) -> Result<Self> {
        // Closing a file drops every lock that this process has on it. So while one thread makes it, no other
        // may have gone on to open it with SQLite.
        static MAKING: Mutex<()> = Mutex::new(());
        let unmade = |error: std::io::Error| {
            broken("the session database can't be made: is its directory there and writable?")
                .caused_by(error)
        };
        let making = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
        match private_file().create_new(true).open(path) {
            Ok(_) => access.admit(path).map_err(unmade)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(unmade(error)),
        }
        drop(making);
        let found = metadata(path)?;
        let known = Known { identity: identity(&found), length: found.len(), epoch: 0 };
        Ok(Self { path: path.to_owned(), known: Mutex::new(known) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The epoch as it was when the path was last looked at.
    pub(crate) fn known_epoch(&self) -> u16 {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).epoch
    }

    /// The epoch of the file: another when it is another file, or shorter than it was. Then nothing that is
    /// remembered of it holds.
    ///
    /// # Errors
    /// `store_unavailable` when there is none.
    pub(crate) fn epoch(&self) -> Result<u16> {
        // Within the lock: of two threads that look while the file grows, one must not see it shrink.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let found = metadata(&self.path)?;
        let is_new = identity(&found) != known.identity || found.len() < known.length;
        known.epoch = known.epoch.wrapping_add(u16::from(is_new));
        known.identity = identity(&found);
        known.length = found.len();
        Ok(known.epoch)
    }
}

fn metadata(path: &Path) -> Result<Metadata> {
    let found = fs::symlink_metadata(path)
        .map_err(|error| broken("the session database is gone from its path").caused_by(error))?;
    if found.is_symlink() {
        return Err(broken("a symbolic link took the place of the session database: remove it"));
    }
    Ok(found)
}

/// The path of a file that belongs to the database: its own with this ending.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// How a file is opened for reading and writing that only its owner may read.
pub(crate) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
pub(crate) fn identity(file: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt as _;
    (file.dev(), file.ino())
}

#[cfg(not(unix))]
pub(crate) fn identity(_file: &Metadata) -> (u64, u64) {
    (0, 0)
}

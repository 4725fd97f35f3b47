//! Who may read and write the files of a store.

use std::io;
use std::path::Path;

use sessera::{ErrorKind, Result, SessionError};

use crate::file::beside;

/// The users that the files are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Their owner only: mode 0600.
    Owner,
    /// Their group too: mode 0660.
    Group,
}

impl Access {
    pub(crate) fn new(group_access: bool) -> Self {
        if group_access { Self::Group } else { Self::Owner }
    }

    const fn mode(self) -> u32 {
        match self {
            Self::Owner => 0o600,
            Self::Group => 0o660,
        }
    }

    const fn setting(self) -> &'static str {
        match self {
            Self::Owner => "; set group_access if a process of another user shares the store",
            Self::Group => "",
        }
    }

    /// Takes the access of all other users away from the database and the files beside it. Returns a sentence for an
    /// operator where a file was open to them.
    ///
    /// # Errors
    /// `invalid_config` for a symbolic link, and where the access can't be taken away.
    pub(crate) fn restrict_all(self, database: &Path) -> Result<Option<String>> {
        let mut opened = None;
        for ending in ["", "-wal", "-shm", "-bell"] {
            opened = opened.or(self.restrict(&beside(database, ending))?);
        }
        Ok(opened)
    }

    /// As [`restrict_all`](Self::restrict_all), for one file, which may be missing. A file whose group lacks access
    /// gets it where that is to be so.
    #[cfg(unix)]
    fn restrict(self, path: &Path) -> Result<Option<String>> {
        let Some(mode) = mode(path)? else { return Ok(None) };
        let (wanted, name) = (self.mode(), name(path));
        if !is_open(mode, wanted) {
            if mode & wanted != wanted {
                // Only the owner can. Another user who can't open the file now finds that out next.
                let _ = set_mode(path, wanted);
            }
            return Ok(None);
        }
        let changed = set_mode(path, wanted);
        if changed.is_err() || self::mode(path)?.is_some_and(|mode| is_open(mode, wanted)) {
            let message = format!(
                "{name} has mode {mode:04o}, so that other users may read or write sessions, and the mode can't be \
                 changed: chmod {wanted:o} it, on a file system that has modes{}",
                self.setting()
            );
            let error = SessionError::new(ErrorKind::InvalidConfig, message);
            return Err(match changed {
                Ok(()) => error,
                Err(cause) => error.caused_by(cause),
            });
        }
        let setting = self.setting();
        Ok(Some(format!(
            "{name} had mode {mode:04o}, so that other users could read or write sessions; its mode is \
             {wanted:04o} now{setting}"
        )))
    }

    #[cfg(not(unix))]
    fn restrict(self, _path: &Path) -> Result<Option<String>> {
        let _ = (self.mode(), self.setting());
        Ok(None)
    }

    /// Gives a file that this process has just made the mode that it is to have, whatever the umask.
    #[cfg(unix)]
    pub(crate) fn admit(self, path: &Path) -> io::Result<()> {
        match self {
            Self::Owner => Ok(()),
            Self::Group => set_mode(path, self.mode()),
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn admit(self, _path: &Path) -> io::Result<()> {
        Ok(())
    }
}

/// The mode of a file. None for what is missing or no file; that is found out when it is opened.
#[cfg(unix)]
fn mode(path: &Path) -> Result<Option<u32>> {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(found) = path.symlink_metadata() else { return Ok(None) };
    if found.is_symlink() {
        let message = format!(
            "{} is a symbolic link, and session data are written to no link: give the path that it leads to",
            name(path)
        );
        return Err(SessionError::new(ErrorKind::InvalidConfig, message));
    }
    Ok(found.is_file().then(|| found.permissions().mode() & 0o7777))
}

/// Whether users may read, write or execute who are not to.
#[cfg(unix)]
const fn is_open(mode: u32, wanted: u32) -> bool {
    mode & 0o777 & !wanted != 0
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// The name of a file, without the directories, which say more of a machine than an error may.
#[cfg(unix)]
fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

//! A ring in a file: private, replaced in one step. The only place of the core that touches files.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use zeroize::Zeroizing;

use super::jwk::LONGEST;
use super::{Keyring, KeyringOptions, invalid};
use crate::codec::base64url;
use crate::error::{Result, SessionError};
use crate::random;

impl Keyring {
    /// Reads a JWK Set file, as [`from_jwks`](Self::from_jwks).
    ///
    /// # Errors
    /// [`InvalidKey`](crate::ErrorKind::InvalidKey) as there; for a file that can't be read; and on Unix for a
    /// file with secrets that others may read, for a public one that all may write. The group may read secrets
    /// where root or the user of this process owns the file, which is how Kubernetes mounts secrets.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        KeyringOptions::new().load(path)
    }

    /// Writes the whole ring, secrets included, to a JWK Set file that only its owner may read and write (mode
    /// 0600). A process that reads meanwhile sees the file as it was or as it will be, and after a power
    /// failure it is one of the two. A file that is replaced keeps its owner, and its group may still read it
    /// if it could (mode 0640).
    ///
    /// # Errors
    /// [`InvalidKey`](crate::ErrorKind::InvalidKey) when the file can't be written; it then is as it was.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        // A symbolic link stays one: what it points to is replaced.
        let path = path.as_ref();
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let temporary = temporary_name(&target)?;
        let written = write_new(&temporary, self.private_jwks().as_bytes(), &target)
            .and_then(|()| fs::rename(&temporary, &target))
            .and_then(|()| sync_folder(&target));
        written.map_err(|error| {
            // What is left of the attempt holds secrets; if it can't be removed, the first error says more.
            let _ = fs::remove_file(&temporary);
            failed("the key file can't be written", error)
        })
    }
}

/// A key file that a running process watches, so that it picks up a rotation.
///
/// ```no_run
/// use sessera::KeyringFile;
/// # fn main() -> Result<(), sessera::SessionError> {
/// let (mut file, keyring) = KeyringFile::open("keys.json")?;
/// if let Some(newer) = file.reload_if_changed()? {
///     // use it from now on
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct KeyringFile {
    path: PathBuf,
    options: KeyringOptions,
    seen: Stamp,
}

impl KeyringFile {
    /// Loads the ring, and remembers the file as it was then.
    ///
    /// # Errors
    /// As [`Keyring::load`].
    pub fn open(path: impl Into<PathBuf>) -> Result<(Self, Keyring)> {
        Self::open_with(path, KeyringOptions::new())
    }

    /// Loads the ring by these options, now and at each change.
    ///
    /// # Errors
    /// As [`Keyring::load`].
    pub fn open_with(path: impl Into<PathBuf>, options: KeyringOptions) -> Result<(Self, Keyring)> {
        let path = path.into();
        let (keyring, seen) = load(&path, options)?;
        Ok((Self { path, options, seen }, keyring))
    }

    /// The ring, if the file is another one than at the last call. Costs one `stat` if it is not.
    ///
    /// # Errors
    /// As [`Keyring::load`], and again at each call until the file is good. Keep the ring that you have.
    pub fn reload_if_changed(&mut self) -> Result<Option<Keyring>> {
        let metadata = fs::metadata(&self.path).map_err(unreadable)?;
        if Stamp::of(&metadata) == self.seen {
            return Ok(None);
        }
        let (keyring, seen) = load(&self.path, self.options)?;
        self.seen = seen;
        Ok(Some(keyring))
    }
}

/// What tells a file from the one that was there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// Device, inode, and when the inode changed last, in seconds and nanoseconds.
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            inode: (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// The stamp is taken before the file is read: what changes meanwhile is seen at the next look.
pub(super) fn load(path: &Path, options: KeyringOptions) -> Result<(Keyring, Stamp)> {
    let file = File::open(path).map_err(unreadable)?;
    let metadata = file.metadata().map_err(unreadable)?;
    // One byte more than is allowed tells a file that is too long, and leaves no need to grow.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| invalid("the key file is not UTF-8"))?;
    let keyring = options.from_jwks(text)?;
    check_mode(&metadata, keyring.root().is_some())?;
    Ok((keyring, Stamp::of(&metadata)))
}

/// What the mode lets others do: anything, and the group: more than reading.
#[cfg(unix)]
const ANY_OTHER: u32 = 0o007;
#[cfg(unix)]
const GROUP_WRITES: u32 = 0o030;
#[cfg(unix)]
const GROUP_READS: u32 = 0o040;

#[cfg(unix)]
fn check_mode(metadata: &Metadata, secret: bool) -> Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let mode = metadata.permissions().mode() & 0o7777;
    if !secret {
        return if mode & 0o002 == 0 {
            Ok(())
        } else {
            Err(invalid(format!("the key file has mode {mode:04o}, so that anyone may replace the keys")))
        };
    }
    if mode & ANY_OTHER != 0 {
        return Err(invalid(format!(
            "the key file holds secrets, but has mode {mode:04o}, which lets every user of the system read or \
             write it. chmod 600 it. A mounted secret: set defaultMode: 0440 and fsGroup in Kubernetes, mode: \
             0440 and the gid of the service in Docker"
        )));
    }
    if mode & GROUP_WRITES != 0 {
        return Err(invalid(format!(
            "the key file holds secrets, but has mode {mode:04o}: its group may read it and no more. chmod 600 \
             or 640 it"
        )));
    }
    if mode & GROUP_READS != 0 && metadata.uid() != 0 && Some(metadata.uid()) != own_uid() {
        return Err(invalid(format!(
            "the key file holds secrets, has mode {mode:04o} and belongs to uid {}: a file that its group may \
             read must belong to root or to the user of this process. chown it, or chmod 600 it",
            metadata.uid()
        )));
    }
    Ok(())
}

/// The user of this process, as the kernel shows it in `/proc`; None where there is no such folder. A process
/// that the kernel protects from its own user is shown as root's.
#[cfg(unix)]
fn own_uid() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata("/proc/self").ok().map(|metadata| metadata.uid())
}

#[cfg(not(unix))]
fn check_mode(_: &Metadata, _: bool) -> Result<()> {
    Ok(())
}

/// A name beside the target, so that both are on one file system, and that nobody can guess.
fn temporary_name(target: &Path) -> Result<PathBuf> {
    let name = target.file_name().ok_or_else(|| invalid("the path of the key file names no file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.tmp", base64url::encode(random::array::<12>()?)));
    Ok(target.with_file_name(hidden))
}

fn write_new(temporary: &Path, bytes: &[u8], target: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(temporary)?;
    keep_access(&file, target)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives the new file to the owner of the one that it replaces, and lets its group read it if it could: an
/// operator who rotates as root must not lock the service out.
#[cfg(unix)]
fn keep_access(file: &File, target: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let Ok(old) = fs::metadata(target) else { return Ok(()) };
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    if old.mode() & (ANY_OTHER | GROUP_WRITES | GROUP_READS) == GROUP_READS {
        file.set_permissions(fs::Permissions::from_mode(0o640))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn keep_access(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

/// Makes the new name in the folder last.
#[cfg(unix)]
fn sync_folder(target: &Path) -> io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn unreadable(error: io::Error) -> SessionError {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return invalid("the key file can't be read by the user of this process: chown it, or give its group to it and chmod 640 it")
            .caused_by(error);
    }
    failed("the key file can't be read", error)
}

fn failed(what: &str, error: io::Error) -> SessionError {
    invalid(format!("{what}: {}", error.kind())).caused_by(error)
}

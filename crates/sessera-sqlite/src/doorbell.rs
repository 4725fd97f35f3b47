//! The doorbell: a mapped file that tells whether there is anything new in the database.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use memmap2::{MmapOptions, MmapRaw};

use crate::access::Access;
use crate::file::{beside, identity, private_file};

/// How a process learns that another one wrote to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doorbell {
    /// By one atomic load from a mapped file.
    Mapped,
    /// By asking SQLite at every verify: the file system can't map a file so that all processes see the same,
    /// or the options say so.
    Polling,
}

/// The mapped file: `<database>-bell`.
///
/// Its first word is the number of the last mark, the second is for trying whether the mapping is coherent. It
/// only ever says that it is worth looking; what is true is in the database. A bell that was not rung (the
/// writer was killed between its commit and the bell) or that is wrong costs time, never a mark.
#[derive(Debug)]
pub(crate) struct Bell {
    path: PathBuf,
    identity: (u64, u64),
    map: MmapRaw,
}

/// The bell that hangs now.
///
/// Nearly always it is the first one for as long as the process runs; that one takes no lock to hear.
#[derive(Debug, Default)]
pub(crate) struct Belfry {
    first: OnceLock<Bell>,
    is_first: AtomicBool,
    other: RwLock<Option<Arc<Bell>>>,
}

impl Belfry {
    /// Whether one hangs there.
    pub(crate) fn has_bell(&self) -> bool {
        self.with(|_| ()).is_some()
    }

    /// Hangs another bell in place of the one that hung there, or none.
    pub(crate) fn hang(&self, bell: Option<Bell>) {
        let mut other = self.other.write().unwrap_or_else(PoisonError::into_inner);
        self.is_first.store(false, Ordering::Release);
        let Some(bell) = bell else {
            *other = None;
            return;
        };
        match self.first.set(bell) {
            Ok(()) => self.is_first.store(true, Ordering::Release),
            Err(bell) => *other = Some(Arc::new(bell)),
        }
    }

    /// What `ask` says of the bell, if there is one.
    #[inline]
    pub(crate) fn with<T>(&self, ask: impl FnOnce(&Bell) -> T) -> Option<T> {
        if self.is_first.load(Ordering::Acquire) {
            return self.first.get().map(ask);
        }
        let other = self.other.read().unwrap_or_else(PoisonError::into_inner).clone();
        other.as_deref().map(ask)
    }
}

const WORD: usize = size_of::<u64>();
const LENGTH: usize = 2 * WORD;

impl Bell {
    /// Maps the file, or says that it is not there or too short.
    ///
    /// # Errors
    /// As the file system has them; `Unsupported` when the mapping is not coherent.
    pub(crate) fn open(database: &Path) -> io::Result<Self> {
        let path = beside(database, "-bell");
        let mut file = private_file().open(&path)?;
        let found = file.metadata()?;
        if found.len() < LENGTH as u64 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let map = MmapOptions::new().len(LENGTH).map_raw(&file)?;
        let bell = Self { path, identity: identity(&found), map };
        // Another process may be trying the same word at the same moment.
        for _ in 0..3 {
            if bell.is_coherent_with(&mut file)? {
                return Ok(bell);
            }
        }
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Makes the file, or makes it as long as it must be. Call it while the database is locked for writing.
    pub(crate) fn create(database: &Path, access: Access) -> io::Result<()> {
        let path = beside(database, "-bell");
        if path.is_symlink() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let mut file = private_file().create(true).truncate(false).open(&path)?;
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        // Written, and not only made longer: a page of a hole can turn out to have no place on the disk when
        // it is too late for an error.
        if let Some(missing) = LENGTH.checked_sub(length) {
            file.seek(SeekFrom::End(0))?;
            file.write_all(&[0; LENGTH][..missing])?;
            // Whoever has made it. Another user's file has its mode already.
            let _ = access.admit(&path);
        }
        Ok(())
    }

    /// The number that was last rung.
    #[inline]
    pub(crate) fn rung(&self) -> u64 {
        self.word(0).load(Ordering::Acquire)
    }

    /// Tells all processes that there are marks up to this number. Late and early calls don't undo others.
    pub(crate) fn ring(&self, number: u64) {
        self.word(0).fetch_max(number, Ordering::AcqRel);
    }

    /// Sets the number, because it is wrong. Call it while the database is locked for writing.
    pub(crate) fn repair(&self, number: u64) {
        self.word(0).store(number, Ordering::Release);
    }

    /// Whether the path still leads to the file that is mapped.
    pub(crate) fn is_in_place(&self) -> bool {
        fs::metadata(&self.path).is_ok_and(|found| identity(&found) == self.identity)
    }

    /// Writes through the file and reads through the map, and back.
    fn is_coherent_with(&self, file: &mut File) -> io::Result<bool> {
        let probe = self.word(1);
        let other = probe.load(Ordering::Acquire).wrapping_add(u64::from(std::process::id()) | 1);
        file.seek(SeekFrom::Start(WORD as u64))?;
        file.write_all(&other.to_ne_bytes())?;
        let there = probe.load(Ordering::Acquire) == other;
        probe.store(!other, Ordering::Release);
        let mut read = [0; WORD];
        file.seek(SeekFrom::Start(WORD as u64))?;
        file.read_exact(&mut read)?;
        Ok(there && u64::from_ne_bytes(read) == !other)
    }

    /// The only unsafe code of the project.
    ///
    /// `AtomicU64::from_ptr` asks for a pointer that is valid and aligned for as long as the reference lives, and
    /// for no access that is not atomic and could race with it:
    /// - Valid: the map covers `LENGTH` bytes, lives as long as `self`, and the reference no longer than that.
    ///   The file was at least this long when it was mapped, and no code of ours ever shortens it. Who may write
    ///   the file (its owner: mode 0600) could cut it short, and would kill the processes that touch it then
    ///   (`SIGBUS`), as is so for the file that SQLite itself maps for its WAL.
    /// - Aligned: a map begins at a page, and `word` is 0 or 1 words behind it.
    /// - Atomic: this process reads and writes the mapped bytes through this function only. Other processes, and
    ///   the probe through the file, are outside of what the language defines; the hardware keeps their aligned
    ///   words whole.
    #[allow(unsafe_code)]
    #[expect(clippy::cast_ptr_alignment, reason = "a map begins at a page")]
    #[inline]
    fn word(&self, word: usize) -> &AtomicU64 {
        debug_assert!((word + 1) * WORD <= LENGTH);
        let place = self.map.as_mut_ptr().cast::<u64>().wrapping_add(word);
        // SAFETY: see above.
        unsafe { AtomicU64::from_ptr(place) }
    }
}

//! The store: an index, a doorbell, and two connections to the file.

use std::fmt;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sessera::{
    Advance, Advanced, ErrorKind, Mark, Result, RevocationIndex, RevocationState, SessionData, SessionError,
    SessionId, SessionRecord, Store,
};

use crate::connection::Link;
use crate::doorbell::{Belfry, Doorbell};
use crate::file::DatabaseFile;
use crate::follow::{NEVER, Reach, Reading};
use crate::options::SqliteOptions;
use crate::progress::Progress;
use crate::unavailable::unavailable;
use crate::upkeep::Upkeep;
use crate::write::Durability;
use crate::{marks, records};

/// Marks, session data and lists of sessions in an SQLite file that all processes of a host share.
///
/// A mark is on the disk before the call that made it returns, and every process sees it at its next verify.
/// Session data and lists outlive a process that is killed; when the power fails, the last of them can be lost.
///
/// The file is made, readable by its owner only, when it is not there; three more lie beside it (`-wal`, `-shm`
/// and `-bell`). It must be on a local file system. No other code of a process that uses it may open it with
/// another copy of SQLite: closing it there would drop the locks that are held here.
pub struct SqliteStore {
    pub(crate) index: RevocationIndex,
    pub(crate) file: DatabaseFile,
    /// None where the file system can't map one.
    pub(crate) bell: Belfry,
    pub(crate) progress: Progress,
    /// When the file itself was last looked at, by the clock of the callers.
    pub(crate) checked: AtomicU64,
    /// Readers never wait for the commit of a writer.
    pub(crate) reading: Mutex<Reading>,
    pub(crate) writing: Link,
    pub(crate) upkeep: Mutex<Upkeep>,
    pub(crate) listens: bool,
}

impl SqliteStore {
    /// Opens the database at `path`, or makes it, and loads its marks.
    ///
    /// A process that forks may open it before or after. Each child uses connections of its own, and shares the
    /// doorbell.
    ///
    /// # Errors
    /// `invalid_config` when the file is another application's database, or one that was written by a newer
    /// version; `store_unavailable` when it can't be opened, read or written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// As [`open`](Self::open), with settings.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self> {
        let path = path.as_ref();
        let file = DatabaseFile::open_or_create(path)?;
        let writing = Link::new(path, options.busy_timeout);
        writing.create()?;
        let store = Self {
            index: RevocationIndex::new(),
            file,
            bell: Belfry::default(),
            progress: Progress::default(),
            checked: AtomicU64::new(NEVER),
            reading: Mutex::new(Reading::new(path, options)),
            writing,
            upkeep: Mutex::default(),
            listens: options.doorbell,
        };
        store.writing.with(0, |opened| store.hang_bell(&mut opened.connection))?;
        store.read(&mut lock(&store.reading), Reach::All)?;
        Ok(store)
    }

    /// How this process learns of what others write.
    pub fn doorbell(&self) -> Doorbell {
        if self.listens && self.bell.has_bell() { Doorbell::Mapped } else { Doorbell::Polling }
    }

    /// Adds many marks in one transaction: all of them, or none. See [`Store::append`].
    ///
    /// # Errors
    /// `store_unavailable`.
    pub fn append_all(&self, marks: &[Mark], now: u64) -> Result<()> {
        self.write(now, Durability::Full, |writer| marks.iter().try_for_each(|mark| writer.add(mark)))
    }
}

impl Store for SqliteStore {
    fn index(&self) -> &RevocationIndex {
        &self.index
    }

    #[inline]
    fn refresh(&self, now: u64) -> u64 {
        if self.is_quiet(now) { 0 } else { self.look(now) }
    }

    fn sync(&self, now: u64) -> Result<()> {
        self.look_live(now)
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        // Who has lost has lost for good, and need not wait for the writers.
        if self.refresh(advance.now) == 0 {
            let known = advance.against(self.index.session(advance.id));
            if !known.won {
                return Ok(known);
            }
        }
        self.write(advance.now, Durability::Full, |writer| {
            let held = marks::session(writer.transaction, advance.id).map_err(unavailable)?;
            // What this process knows beyond the file, from before a copy was restored, counts as well.
            let known = self.index.session(advance.id);
            let held = held.zip(known).map(|(held, known)| held.join(known)).or(held).or(known);
            let advanced = advance.against(held);
            if advanced.won {
                writer.add(&advanced.mark_of(advance))?;
            }
            Ok(advanced)
        })
    }

    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState> {
        self.write(now, Durability::Full, |writer| writer.add(mark))?;
        Ok(RevocationState::Stored)
    }

    fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        self.write(now, Durability::Process, |writer| {
            if self.is_dead(data.id, &data.subject, data.started_at) {
                return Err(SessionError::new(ErrorKind::Revoked, "the session was revoked"));
            }
            records::put_data(writer.transaction, data).map_err(unavailable)
        })
    }

    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        self.query(|connection| records::data(connection, id, now))
    }

    fn remove_data(&self, id: SessionId, now: u64) -> Result<()> {
        self.write(now, Durability::Process, |writer| {
            records::remove_data(writer.transaction, id).map_err(unavailable)
        })
    }

    fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        self.write(now, Durability::Process, |writer| {
            if self.is_dead(record.id, &record.subject, record.started_at) {
                return Ok(());
            }
            records::put_record(writer.transaction, record).map_err(unavailable)
        })
    }

    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        self.query(|connection| records::records(connection, subject, now))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.file.path())
            .field("doorbell", &self.doorbell())
            .field("applied", &self.progress.number())
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// What a panic of a holder leaves behind is whole: every step of it is.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

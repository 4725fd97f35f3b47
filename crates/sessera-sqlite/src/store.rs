//! The store: an index, a doorbell, and two connections to the file.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use sessera::{
    Advance, Advanced, ErrorKind, Mark, Result, RevocationIndex, RevocationState, SessionData, SessionError,
    SessionId, SessionRecord, Store, StoreStatus,
};

use crate::access::Access;
use crate::anchor::Anchor;
use crate::background::Background;
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

/// How long a write waits for those of other processes while an earlier one could not be written.
pub(crate) const PATIENCE_IN_OUTAGE: Duration = Duration::from_millis(250);

/// Marks, session data and lists of sessions in an SQLite file that all processes of a host share.
///
/// A mark is on the disk before the call that made it returns, and every process sees it at its next verify.
/// Session data and lists outlive a process that is killed; when the power fails, the last of them can be lost.
///
/// A revocation that can't be written, for whatever reason, is in force in its process and
/// [`Pending`](RevocationState::Pending). The next write that succeeds writes it too; a thread, which exists only
/// while there is something to write, retries. When the store is dropped it tries once more, and what can't be
/// written then is lost.
///
/// When the file is replaced by an older copy, the processes that run write back what they know and the copy lacks.
///
/// The file is made, readable by its owner only, when it is not there; three more lie beside it (`-wal`, `-shm`
/// and `-bell`). Files that other users may read or write are narrowed to mode 0600, and
/// [`status`](Store::status) says so; see [`SqliteOptions::group_access`]. The file must be on a local file system. No
/// other code of a process that uses it may open it with another copy of SQLite: closing it there would drop the
/// locks that are held here.
pub struct SqliteStore {
    shared: Arc<Shared>,
}

/// The store, as its thread shares it.
pub(crate) struct Shared {
    pub(crate) index: RevocationIndex,
    pub(crate) file: DatabaseFile,
    pub(crate) access: Access,
    /// None where the file system can't map one.
    pub(crate) bell: Belfry,
    pub(crate) progress: Progress,
    pub(crate) anchor: Anchor,
    /// How often the file says that it was replaced by an older copy.
    pub(crate) restores: AtomicU64,
    /// When the file itself was last looked at, by the clock of the callers.
    pub(crate) checked: AtomicU64,
    /// What the clock of the callers said last.
    pub(crate) now: AtomicU64,
    /// Readers never wait for the commit of a writer.
    pub(crate) reading: Mutex<Reading>,
    pub(crate) writing: Link,
    pub(crate) busy_timeout: Duration,
    pub(crate) upkeep: Mutex<Upkeep>,
    pub(crate) background: Background,
    /// What an operator should know of the files' modes.
    modes: Mutex<Option<String>>,
    pub(crate) listens: bool,
    /// For the thread, which keeps the store until its marks are written.
    pub(crate) me: Weak<Self>,
}

impl SqliteStore {
    /// Opens the database at `path`, or makes it, and loads its marks.
    ///
    /// A process that forks may open it before or after. Each child uses connections of its own, and shares the
    /// doorbell. Marks that are pending at the fork are written by the parent.
    ///
    /// # Errors
    /// `invalid_config` when the file is another application's database, or one that was written by a newer
    /// version, and when a file of it is a symbolic link, or is open to other users and can't be narrowed;
    /// `store_unavailable` when it can't be opened, read or written.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, SqliteOptions::default())
    }

    /// As [`open`](Self::open), with settings.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self> {
        let path = path.as_ref();
        let SqliteOptions { busy_timeout, doorbell, quota, group_access } = options;
        let access = Access::new(group_access);
        let modes = access.restrict_all(path)?;
        let file = DatabaseFile::open_or_create(path, access)?;
        let writing = Link::new(path, busy_timeout);
        writing.create()?;
        let shared = Arc::new_cyclic(|me| Shared {
            index: RevocationIndex::listing(quota),
            file,
            access,
            bell: Belfry::default(),
            progress: Progress::default(),
            anchor: Anchor::default(),
            restores: AtomicU64::new(NEVER),
            checked: AtomicU64::new(NEVER),
            now: AtomicU64::new(0),
            reading: Mutex::new(Reading::new(path, busy_timeout)),
            writing,
            busy_timeout,
            upkeep: Mutex::default(),
            background: Background::new(quota),
            modes: Mutex::new(modes),
            listens: doorbell,
            me: me.clone(),
        });
        shared.writing.with(0, |opened| shared.hang_bell(&mut opened.connection))?;
        shared.read(&mut lock(&shared.reading), Reach::All)?;
        Ok(Self { shared })
    }

    /// How this process learns of what others write.
    pub fn doorbell(&self) -> Doorbell {
        if self.shared.listens && self.shared.bell.has_bell() { Doorbell::Mapped } else { Doorbell::Polling }
    }

    /// Adds many marks in one transaction: all are stored, or all are pending. See [`Store::append`].
    ///
    /// # Errors
    /// `store_unavailable` when they can't be kept pending either; then some may be in force.
    pub fn append_all(&self, marks: &[Mark], now: u64) -> Result<RevocationState> {
        self.shared.append(marks, now)
    }
}

impl Shared {
    pub(crate) fn append(&self, marks: &[Mark], now: u64) -> Result<RevocationState> {
        let written =
            self.write(now, Durability::Full, |writer| marks.iter().try_for_each(|mark| writer.add(mark)));
        let Err(reason) = written else { return Ok(RevocationState::Stored) };
        for mark in marks {
            let mark = lock(&self.upkeep).extend(mark, now);
            self.keep_pending(&mark, &reason)?;
        }
        Ok(RevocationState::Pending)
    }

    /// Takes the access of users that are not to have it away from the files.
    pub(crate) fn restrict_access(&self) -> Result<()> {
        let opened = self.access.restrict_all(self.file.path())?;
        let mut modes = lock(&self.modes);
        *modes = opened.or(modes.take());
        Ok(())
    }

    fn is_dead(&self, id: SessionId, subject: &str, started_at: u64) -> bool {
        let cut = self.index.cut(subject);
        (cut > 0 && started_at <= cut) || self.index.session(id).is_some_and(|mark| mark.revoked)
    }
}

impl Store for SqliteStore {
    fn index(&self) -> &RevocationIndex {
        &self.shared.index
    }

    #[inline]
    fn refresh(&self, now: u64) -> u64 {
        if self.shared.is_quiet(now) { 0 } else { self.shared.look(now) }
    }

    fn sync(&self, now: u64) -> Result<()> {
        self.shared.look_live(now)
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        let shared = &*self.shared;
        // Who has lost has lost for good, and need not wait for the writers.
        if self.refresh(advance.now) == 0 {
            let known = advance.against(shared.index.session(advance.id));
            if !known.won {
                return Ok(known);
            }
        }
        shared.write(advance.now, Durability::Full, |writer| {
            let held = marks::session(writer.transaction, advance.id).map_err(unavailable)?;
            // What this process knows beyond the file counts as well: marks that are pending, and those from before
            // a copy was restored.
            let known = shared.index.session(advance.id);
            let held = held.zip(known).map(|(held, known)| held.join(known)).or(held).or(known);
            let advanced = advance.against(held);
            if advanced.won {
                writer.add(&advanced.mark_of(advance))?;
            }
            Ok(advanced)
        })
    }

    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState> {
        self.shared.append(std::slice::from_ref(mark), now)
    }

    fn append_later(&self, mark: &Mark, now: u64) {
        self.shared.now.store(now, Ordering::Release);
        self.shared.keep_for_later(mark);
    }

    fn status(&self, now: u64) -> StoreStatus {
        let shared = &*self.shared;
        StoreStatus {
            age: self.refresh(now),
            epoch: u64::from(shared.file.known_epoch()),
            applied: shared.progress.number(),
            refused: 0,
            pending: shared.background.pending_marks(),
            problem: shared.background.problem().or_else(|| lock(&shared.modes).clone()),
        }
    }

    fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        self.shared.write(now, Durability::Process, |writer| {
            if self.shared.is_dead(data.id, &data.subject, data.started_at) {
                return Err(SessionError::new(ErrorKind::Revoked, "the session was revoked"));
            }
            records::put_data(writer.transaction, data).map_err(unavailable)
        })
    }

    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        self.shared.query(|connection| records::data(connection, id, now))
    }

    fn remove_data(&self, id: SessionId, now: u64) -> Result<()> {
        self.shared.write(now, Durability::Process, |writer| {
            records::remove_data(writer.transaction, id).map_err(unavailable)
        })
    }

    fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        self.shared.write(now, Durability::Process, |writer| {
            if self.shared.is_dead(record.id, &record.subject, record.started_at) {
                return Ok(());
            }
            records::put_record(writer.transaction, record).map_err(unavailable)
        })
    }

    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        self.shared.query(|connection| records::records(connection, subject, now))
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.shared.file.path())
            .field("doorbell", &self.doorbell())
            .field("applied", &self.shared.progress.number())
            .field("index", &self.shared.index)
            .finish_non_exhaustive()
    }
}

/// Poisoning is ignored: every critical section leaves valid state.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

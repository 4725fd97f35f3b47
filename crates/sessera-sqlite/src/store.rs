//! The store: an index, a doorbell, and two connections to the file.

use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use sessera::{Advance, Advanced, Mark, Result, RevocationIndex, Store};

use crate::connection::Link;
use crate::doorbell::{Bell, Doorbell};
use crate::file::DatabaseFile;
use crate::marks;
use crate::options::SqliteOptions;
use crate::unavailable::{broken, unavailable};

/// Marks in an SQLite file that all processes of a host share.
///
/// A mark is on the disk before the call that made it returns, and every process sees it at its next verify. The
/// file is made, readable by its owner only, when it is not there; three more lie beside it (`-wal`, `-shm` and
/// `-bell`). It must be on a local file system.
///
/// It may be opened before a fork: see [`open`](Self::open). No other code of the process may open the same file
/// with another copy of SQLite, because closing it there would drop the locks that are held here.
pub struct SqliteStore {
    index: RevocationIndex,
    file: DatabaseFile,
    /// None where the file is polled.
    bell: ArcSwapOption<Bell>,
    /// Every mark up to this number is in the index.
    applied: AtomicU64,
    /// When the file itself was last looked at, by the clock of the callers.
    checked: AtomicU64,
    /// Readers and writers never wait for each other.
    reading: Mutex<Reading>,
    writing: Link,
}

struct Reading {
    link: Link,
    /// SQLite's number for what it has seen of the file.
    data_version: Option<i64>,
    epoch: u64,
    failing: Option<Failing>,
}

/// The file could not be read since a while.
#[derive(Clone, Copy)]
struct Failing {
    /// How old the knowledge is.
    age: u64,
    /// When that was reckoned. The age only grows, even if the clock is set back.
    at: u64,
    /// The milliseconds since the last attempt.
    waited: u64,
}

/// How long a mark can stay unseen whose writer was killed between its commit and the bell, in milliseconds.
const CHECK_EVERY: u64 = 1000;
/// How long a file that can't be read is left alone, in milliseconds.
const RETRY_AFTER: u64 = 100;
/// `checked`, when the file can't be read.
const NEVER: u64 = u64::MAX;
/// A verify must not wait long: its knowledge can be a little old.
const READ_TIMEOUT: Duration = Duration::from_millis(250);

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
            bell: ArcSwapOption::empty(),
            applied: AtomicU64::new(0),
            checked: AtomicU64::new(NEVER),
            reading: Mutex::new(Reading {
                link: Link::new(path, READ_TIMEOUT.min(options.busy_timeout)),
                data_version: None,
                epoch: 0,
                failing: None,
            }),
            writing,
        };
        if options.map_doorbell {
            store.writing.with(0, |connection| store.hang_bell(connection))?;
        }
        store.read(&mut lock(&store.reading))?;
        Ok(store)
    }

    /// How this process learns of what others write.
    pub fn doorbell(&self) -> Doorbell {
        if self.bell.load().is_some() { Doorbell::Mapped } else { Doorbell::Polling }
    }

    /// Whether nothing is new, as far as that can be told without reading the file.
    fn is_quiet(&self, now: u64) -> bool {
        let bell = self.bell.load();
        let quiet = bell.as_ref().is_some_and(|bell| bell.rung() <= self.applied.load(Ordering::Acquire));
        let since = now.checked_sub(self.checked.load(Ordering::Acquire));
        quiet && since.is_some_and(|since| since < CHECK_EVERY)
    }

    #[cold]
    fn look(&self, now: u64) -> u64 {
        let mut reading = lock(&self.reading);
        // Another thread may have looked while this one waited.
        if self.is_quiet(now) {
            return 0;
        }
        if let Some(failing) = &mut reading.failing {
            failing.reckon(now);
            if failing.waited < RETRY_AFTER {
                return failing.age;
            }
            failing.waited = 0;
        }
        if self.read(&mut reading).is_ok() {
            reading.failing = None;
            self.checked.store(now, Ordering::Release);
            return 0;
        }
        let checked = self.checked.swap(NEVER, Ordering::AcqRel);
        let age = if checked == NEVER { 1 } else { now.saturating_sub(checked).max(1) };
        reading.failing.get_or_insert(Failing { age, at: now, waited: 0 }).age
    }

    /// Brings the index up to what the file holds.
    fn read(&self, reading: &mut Reading) -> Result<()> {
        let epoch = self.epoch()?;
        if reading.epoch != epoch {
            reading.data_version = None;
            reading.epoch = epoch;
        }
        let bell = self.bell.load_full();
        let rung = bell.as_ref().map(|bell| bell.rung());
        let Reading { link, data_version, .. } = reading;
        let last = link.with(epoch, |connection| {
            let version = connection.query_row("PRAGMA data_version", [], |row| row.get(0));
            let version = Some(version.map_err(unavailable)?);
            let applied = self.applied.load(Ordering::Acquire);
            if *data_version == version && rung.is_none_or(|rung| rung <= applied) {
                return Ok(applied);
            }
            let transaction = connection.transaction().map_err(unavailable)?;
            let last = self.catch_up(&transaction)?;
            transaction.commit().map_err(unavailable)?;
            *data_version = version;
            Ok(last)
        })?;
        // Nobody rings before the mark is there to be read.
        let is_wrong = |bell: &Bell| rung.is_some_and(|rung| rung > last) || !bell.is_in_place();
        if bell.as_deref().is_some_and(is_wrong) {
            self.writing.with(epoch, |connection| self.hang_bell(connection))?;
        }
        Ok(())
    }

    /// Brings the index up to what a transaction sees, and returns the number of the last mark.
    fn catch_up(&self, transaction: &Transaction<'_>) -> Result<u64> {
        let applied = self.applied.load(Ordering::Acquire);
        let last = marks::tail(transaction, &self.index, applied).map_err(unavailable)?;
        if last < applied {
            // A copy was restored: the numbers that were known will be given to other marks.
            self.applied.store(last, Ordering::Release);
        } else {
            self.applied.fetch_max(last, Ordering::AcqRel);
        }
        Ok(last)
    }

    fn epoch(&self) -> Result<u64> {
        let (epoch, is_new) = self.file.epoch()?;
        if is_new {
            self.applied.store(0, Ordering::Release);
        }
        Ok(epoch)
    }

    /// Maps the doorbell, makes it if it is not there, and sets it right. Where that can't be, the file is
    /// polled.
    fn hang_bell(&self, connection: &mut Connection) -> Result<()> {
        let transaction = immediate(connection)?;
        let last = marks::last(&transaction).map_err(unavailable)?;
        let path = self.file.path();
        let bell = Bell::create(path).and_then(|()| Bell::open(path)).ok();
        if let Some(bell) = &bell {
            bell.repair(last);
        }
        self.bell.store(bell.map(Arc::new));
        transaction.rollback().map_err(unavailable)
    }

    /// Writes, alone among all processes, on top of all that they wrote.
    ///
    /// `work` returns the marks that it added, and the number of the last of them if there is any.
    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<Written<T>>) -> Result<T> {
        let epoch = self.epoch()?;
        let written = self.writing.with(epoch, |connection| {
            if self.bell.load().as_ref().is_some_and(|bell| !bell.is_in_place()) {
                self.hang_bell(connection)?;
            }
            let transaction = immediate(connection)?;
            self.catch_up(&transaction)?;
            let written = work(&transaction).map_err(unavailable)?;
            transaction.commit().map_err(unavailable)?;
            Ok(written)
        })?;
        if self.epoch()? != epoch {
            return Err(broken("the session database was replaced during a write"));
        }
        // First what is to be seen, then that it can be.
        for mark in &written.marks {
            self.index.apply(mark);
        }
        if let Some(last) = written.last {
            self.applied.fetch_max(last, Ordering::AcqRel);
            if let Some(bell) = self.bell.load().as_ref() {
                bell.ring(last);
            }
        }
        Ok(written.result)
    }
}

/// What a transaction did.
struct Written<T> {
    result: T,
    marks: Vec<Mark>,
    last: Option<u64>,
}

impl Store for SqliteStore {
    fn index(&self) -> &RevocationIndex {
        &self.index
    }

    fn refresh(&self, now: u64) -> u64 {
        if self.is_quiet(now) { 0 } else { self.look(now) }
    }

    fn sync(&self, now: u64) -> Result<()> {
        let mut reading = lock(&self.reading);
        self.read(&mut reading)?;
        reading.failing = None;
        self.checked.store(now, Ordering::Release);
        Ok(())
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        // Who has lost has lost for good, and need not wait for the writers.
        if self.refresh(advance.now) == 0 {
            let known = advance.against(self.index.session(advance.id));
            if !known.won {
                return Ok(known);
            }
        }
        self.write(|transaction| {
            let held = marks::session(transaction, advance.id)?;
            // What this process knows beyond the file, from before a copy was restored, counts as well.
            let known = self.index.session(advance.id);
            let held = held.zip(known).map(|(held, known)| held.join(known)).or(held).or(known);
            let advanced = advance.against(held);
            if !advanced.won {
                return Ok(Written { result: advanced, marks: Vec::new(), last: None });
            }
            let mark = Mark::Session { id: advance.id, state: advanced.mark, keep_until: advance.keep_until };
            let last = marks::add(transaction, &mark)?;
            Ok(Written { result: advanced, marks: vec![mark], last })
        })
    }

    fn append(&self, mark: &Mark, _now: u64) -> Result<()> {
        self.write(|transaction| {
            let last = marks::add(transaction, mark)?;
            Ok(Written { result: (), marks: vec![mark.clone()], last })
        })
    }
}

impl Failing {
    fn reckon(&mut self, now: u64) {
        let passed = now.saturating_sub(self.at);
        self.age = self.age.saturating_add(passed);
        self.waited = self.waited.saturating_add(passed);
        self.at = now;
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.file.path())
            .field("doorbell", &self.doorbell())
            .field("applied", &self.applied)
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

fn immediate(connection: &mut Connection) -> Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)
}

/// What a panic of a holder leaves behind is whole: every step of it is.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Following what other processes write.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::{Connection, Transaction};
use sessera::{Mark, Result, RevocationIndex, Store as _};

use crate::connection::Link;
use crate::doorbell::Bell;
use crate::options::SqliteOptions;
use crate::store::{SqliteStore, lock};
use crate::unavailable::unavailable;
use crate::write::immediate;
use crate::{marks, upkeep};

/// How long a mark can stay unseen whose writer was killed between its commit and the bell, in milliseconds.
const CHECK_EVERY: u64 = 1000;
/// How long a file that can't be read is left alone, in milliseconds.
const RETRY_AFTER: u64 = 100;
/// How far a clock may be set back before the marks that were swept are read again, in milliseconds.
const SMALL_STEP: u64 = 60_000;
/// When the file was last looked at, while it can't be read.
pub(crate) const NEVER: u64 = u64::MAX;

/// The reading side.
pub(crate) struct Reading {
    link: Link,
    /// SQLite's number for what it has seen of the file.
    data_version: Option<i64>,
    epoch: u64,
    failing: Option<Failing>,
    /// The next shard of the index to sweep.
    shard: usize,
    /// No mark whose term ends after this was swept.
    swept: u64,
    /// The latest term of the marks that the file has forgotten.
    forgotten: u64,
    /// The time that was seen to come.
    reached: u64,
}

/// The file can't be read.
#[derive(Debug, Clone, Copy)]
struct Failing {
    /// How old the knowledge is.
    age: u64,
    /// When that was reckoned. The age only grows, even if the clock is set back.
    at: u64,
    /// The milliseconds since the last attempt.
    waited: u64,
}

impl Reading {
    pub(crate) fn new(path: &Path, options: SqliteOptions) -> Self {
        // A verify must not wait for long: better that its knowledge is a little old.
        let timeout = Duration::from_millis(250).min(options.busy_timeout);
        Self {
            link: Link::new(path, timeout),
            data_version: None,
            epoch: 0,
            failing: None,
            shard: 0,
            swept: 0,
            forgotten: 0,
            reached: 0,
        }
    }

    pub(crate) fn succeeded(&mut self) {
        self.failing = None;
    }
}

impl SqliteStore {
    /// Whether nothing is new, as far as that can be told without reading the file.
    #[inline]
    pub(crate) fn is_quiet(&self, now: u64) -> bool {
        let bell = self.bell.load();
        let quiet = bell.as_ref().is_some_and(|bell| bell.rung() <= self.applied.load(Ordering::Acquire));
        quiet && self.listens && !self.is_due(now)
    }

    /// Whether the file itself must be looked at again.
    fn is_due(&self, now: u64) -> bool {
        let since = now.checked_sub(self.checked.load(Ordering::Acquire));
        since.is_none_or(|since| since >= CHECK_EVERY)
    }

    /// Reads what is new, and returns the age of what is known then.
    #[cold]
    pub(crate) fn look(&self, now: u64) -> u64 {
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
        if now < reading.swept {
            // Marks that were over are needed again.
            self.applied.store(0, Ordering::Release);
            reading.data_version = None;
            reading.swept = 0;
        }
        let due = self.is_due(now);
        if self.read(&mut reading, due).is_err() {
            let checked = self.checked.swap(NEVER, Ordering::AcqRel);
            let age = if checked == NEVER { 1 } else { now.saturating_sub(checked).max(1) };
            return reading.failing.get_or_insert(Failing { age, at: now, waited: 0 }).age;
        }
        reading.succeeded();
        self.checked.store(now, Ordering::Release);
        if due {
            reading.sweep(&self.index, now);
            let forgotten = reading.forgotten;
            drop(reading);
            self.mend(forgotten, now);
        }
        0
    }

    /// Brings the index up to what the file holds; `all` also what it says of time.
    pub(crate) fn read(&self, reading: &mut Reading, all: bool) -> Result<()> {
        let epoch = self.epoch()?;
        if reading.epoch != epoch {
            reading.data_version = None;
            reading.epoch = epoch;
        }
        let bell = self.bell.load_full();
        let rung = bell.as_ref().map(|bell| bell.rung());
        let Reading { link, data_version, forgotten, reached, .. } = reading;
        let last = link.with(epoch, |connection| {
            let version = connection.query_row("PRAGMA data_version", [], |row| row.get(0));
            let version = Some(version.map_err(unavailable)?);
            let applied = self.applied.load(Ordering::Acquire);
            if !all && *data_version == version && rung.is_none_or(|rung| rung <= applied) {
                return Ok(applied);
            }
            let transaction = connection.transaction().map_err(unavailable)?;
            let last = self.catch_up(&transaction)?;
            if all {
                (*forgotten, *reached) = upkeep::forgotten_and_reached(&transaction).map_err(unavailable)?;
            }
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
    pub(crate) fn catch_up(&self, transaction: &Transaction<'_>) -> Result<u64> {
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

    /// Reads something else from the file.
    pub(crate) fn query<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let epoch = self.epoch()?;
        lock(&self.reading).link.with(epoch, |connection| query(connection).map_err(unavailable))
    }

    pub(crate) fn epoch(&self) -> Result<u64> {
        let (epoch, is_new) = self.file.epoch()?;
        if is_new {
            self.applied.store(0, Ordering::Release);
        }
        Ok(epoch)
    }

    /// Maps the doorbell, makes it if it is not there, and sets it right. Where that can't be, the file is
    /// polled.
    pub(crate) fn hang_bell(&self, connection: &mut Connection) -> Result<()> {
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

    /// Ends all sessions of which the file may have forgotten a mark, where the clock was set back so far that
    /// it is needed again: tokens that had expired are accepted at this time.
    fn mend(&self, forgotten: u64, now: u64) {
        if now < forgotten && self.index.everything() < forgotten {
            let cut = Mark::Everything { cut: forgotten, keep_until: u64::MAX };
            // For this process it holds even if the file can't be written.
            self.index.apply(&cut);
            let _ = self.append(&cut, now);
        }
    }
}

impl Reading {
    /// Sweeps one shard of what this process need not hold any more.
    fn sweep(&mut self, index: &RevocationIndex, now: u64) {
        let before = self.reached.min(now).saturating_sub(SMALL_STEP);
        index.sweep_shard(self.shard, before);
        self.shard = self.shard.wrapping_add(1);
        self.swept = self.swept.max(before);
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

//! Following what other processes write.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rusqlite::Connection;
use sessera::{Mark, Result, RevocationIndex};

use crate::anchor::Row;
use crate::connection::{Link, Opened};
use crate::doorbell::Bell;
use crate::store::{Shared, lock};
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
    epoch: u16,
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

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The new marks, where there may be any.
    New,
    /// The new marks; and the file is looked at as a file, and at what it says of time.
    All,
    /// All marks, and the rest.
    Again,
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
    pub(crate) fn new(path: &Path, busy_timeout: Duration) -> Self {
        // A verify must not wait for long: better that its knowledge is a little old.
        let timeout = Duration::from_millis(250).min(busy_timeout);
        Self {
            link: Link::new(path, timeout),
            epoch: 0,
            failing: None,
            shard: 0,
            swept: 0,
            forgotten: 0,
            reached: 0,
        }
    }

    /// Marks that were over are needed again where the clock was set back.
    fn everything(&self, now: u64) -> Reach {
        if now < self.swept { Reach::Again } else { Reach::All }
    }
}

impl Shared {
    /// Whether nothing is new, as far as that can be told without reading the file.
    #[inline]
    pub(crate) fn is_quiet(&self, now: u64) -> bool {
        let rung = self.bell.with(Bell::rung);
        let quiet = rung.is_some_and(|rung| rung <= self.progress.number());
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
        self.now.store(now, Ordering::Release);
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
        let reach = if self.is_due(now) { reading.everything(now) } else { Reach::New };
        if self.follow(&mut reading, reach, now).is_ok() {
            return 0;
        }
        let checked = self.checked.swap(NEVER, Ordering::AcqRel);
        let age = if checked == NEVER { 1 } else { now.saturating_sub(checked).max(1) };
        reading.failing.get_or_insert(Failing { age, at: now, waited: 0 }).age
    }

    /// Reads all that is new, whatever it costs.
    pub(crate) fn look_live(&self, now: u64) -> Result<()> {
        let mut reading = lock(&self.reading);
        let reach = reading.everything(now);
        self.follow(&mut reading, reach, now)
    }

    fn follow(&self, reading: &mut Reading, reach: Reach, now: u64) -> Result<()> {
        self.read(reading, reach)?;
        reading.failing = None;
        if reach != Reach::New {
            self.checked.store(now, Ordering::Release);
            reading.sweep(&self.index, now);
            self.mend(reading.forgotten, now);
        }
        Ok(())
    }

    /// Brings the index up to what the file holds.
    pub(crate) fn read(&self, reading: &mut Reading, reach: Reach) -> Result<()> {
        let all = reach != Reach::New;
        if all || reading.epoch != self.file.known_epoch() {
            reading.epoch = self.file.epoch()?;
        }
        let rung = self.bell.with(Bell::rung);
        let Reading { link, epoch, forgotten, reached, swept, .. } = reading;
        let applied = link.with(*epoch, |Opened { connection, data_version }| {
            let applied = self.progress.number();
            if !all && rung.is_none_or(|rung| rung <= applied) {
                // Nothing has rung, but perhaps nothing would.
                let mut version = connection.prepare_cached("PRAGMA data_version").map_err(unavailable)?;
                let version = version.query_row([], |row| row.get(0)).map_err(unavailable)?;
                if data_version.replace(version) == Some(version) {
                    return Ok(applied);
                }
            }
            let applied = self.catch_up(connection, *epoch, reach == Reach::Again)?;
            if all {
                (*forgotten, *reached) = upkeep::forgotten_and_reached(connection).map_err(unavailable)?;
                self.compare_restores(upkeep::restores(connection).map_err(unavailable)?);
            }
            Ok(applied)
        })?;
        if reach == Reach::Again {
            *swept = 0;
        }
        // Nobody rings before the mark is there to be read.
        let is_wrong = rung.is_some_and(|rung| rung > applied);
        if is_wrong || all && self.bell.with(Bell::is_in_place) == Some(false) {
            self.writing.with(*epoch, |opened| self.hang_bell(&mut opened.connection))?;
        }
        Ok(())
    }

    /// Brings the index up to what a connection to the file of this epoch sees, and returns the number up to
    /// which all is applied.
    pub(crate) fn catch_up(&self, connection: &Connection, epoch: u16, again: bool) -> Result<u64> {
        let is_other_file = !self.progress.is_of(epoch);
        let applied = self.progress.within(epoch);
        let was_replaced = is_other_file || self.anchor.was_replaced(connection).map_err(unavailable)?;
        let after = if again || was_replaced { 0 } else { applied };
        let last = marks::tail(connection, &self.index, after).map_err(unavailable)?;
        if last > applied {
            self.progress.advance(epoch, last);
        } else if last < applied {
            // The numbers that were known will be given to other marks.
            self.progress.go_back(epoch, applied, last);
        }
        if was_replaced || last < applied {
            self.anchor.replace(Row::newest(connection).map_err(unavailable)?);
            self.expect_lost_marks();
        } else if last > applied {
            self.anchor.advance(Row::newest(connection).map_err(unavailable)?);
        }
        Ok(last)
    }

    /// Takes note of how often the file was replaced by an older copy, as another process has found.
    fn compare_restores(&self, restores: u64) {
        let known = self.restores.swap(restores, Ordering::AcqRel);
        if known != restores && known != NEVER {
            self.expect_lost_marks();
        }
    }

    /// Reads something else from the file.
    pub(crate) fn query<T>(&self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        let epoch = self.file.epoch()?;
        lock(&self.reading).link.with(epoch, |opened| query(&opened.connection).map_err(unavailable))
    }

    /// Sets the doorbell right; maps it, and makes it, where it does not hang. Where that can't be, the file is
    /// polled.
    pub(crate) fn hang_bell(&self, connection: &mut Connection) -> Result<()> {
        let transaction = immediate(connection)?;
        let last = marks::last(&transaction).map_err(unavailable)?;
        if self.bell.with(Bell::is_in_place) != Some(true) {
            let path = self.file.path();
            self.bell.hang(Bell::create(path, self.access).and_then(|()| Bell::open(path)).ok());
        }
        self.bell.with(|bell| bell.repair(last));
        transaction.rollback().map_err(unavailable)
    }

    /// Ends all sessions of which the file may have forgotten a mark, where the clock was set back so far that
    /// it is needed again: tokens that had expired are accepted at this time.
    fn mend(&self, forgotten: u64, now: u64) {
        if now < forgotten && self.index.everything() < forgotten {
            let cut = Mark::Everything { cut: forgotten, keep_until: u64::MAX };
            // For this process it holds even if the file can't be written.
            self.index.apply(&cut);
            let _ = self.append(&[cut], now);
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

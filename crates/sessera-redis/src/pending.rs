//! Marks that are in force here and not in Redis yet.

use std::time::{Duration, Instant};

use redis::cmd;
use sessera::{Outbox, Result, SharedMark, Wait};

use crate::breaker::Circuit;
use crate::connection::Connection;
use crate::record::MOST;
use crate::shared::{Shared, lock};

/// More pending marks than these are for one process at a time.
const MANY: usize = 10_000;

impl Shared {
    /// Puts marks in force in this process, and keeps them to be written as soon as Redis can be.
    ///
    /// # Errors
    /// `store_unavailable` when there are too many; the rest is not in force then.
    pub(crate) fn keep_pending(&self, marks: &[SharedMark]) -> Result<()> {
        let kept = marks.iter().try_for_each(|mark| {
            self.outbox.add(mark.clone())?;
            self.index.apply_shared(mark);
            Ok(())
        });
        self.wake();
        kept
    }

    /// Puts a mark in force in this process, and has it written in the background. It is lost with this process, and
    /// where too many of its kind wait.
    pub(crate) fn note_later(&self, mark: SharedMark) {
        self.index.apply_shared(&mark);
        let first = self.shown.is_empty();
        // Those that come within a moment are written together.
        if self.shown.add(mark).is_ok() && first {
            self.wake();
        }
    }

    /// How many marks are in force here and not in Redis yet.
    pub(crate) fn pending(&self) -> u64 {
        u64::try_from(self.outbox.len()).unwrap_or(u64::MAX)
    }

    /// Whether anything waits to be written.
    pub(crate) fn has_unwritten(&self) -> bool {
        !self.outbox.is_empty() || !self.shown.is_empty()
    }

    /// Writes what waits to be written.
    pub(crate) fn flush(&self) -> Result<()> {
        let flushed = self.flush_all();
        let _inside = self.gate.enter();
        *lock(&self.flush_problem) = flushed.as_ref().err().map(ToString::to_string);
        flushed
    }

    fn flush_all(&self) -> Result<()> {
        if !self.has_unwritten() {
            return Ok(());
        }
        if self.breaker.circuit() != Circuit::Closed {
            // Nothing is taken out while Redis does not answer.
            self.probe(|connection, _| Ok(cmd("PING").exec(connection)?))?;
        }
        self.flush_outbox(&self.outbox)?;
        self.flush_outbox(&self.shown)
    }

    fn flush_outbox(&self, outbox: &Outbox<SharedMark>) -> Result<()> {
        let mut taken = {
            let _inside = self.gate.enter();
            outbox.take()
        };
        let flushed = self.write_taken(&mut taken, outbox);
        if !taken.is_empty() {
            let _inside = self.gate.enter();
            outbox.put_back(taken);
        }
        flushed
    }

    /// Writes marks that were taken out. Those that are left were not written.
    fn write_taken(&self, taken: &mut Vec<SharedMark>, outbox: &Outbox<SharedMark>) -> Result<()> {
        while !taken.is_empty() {
            if taken.len() > MANY && !self.holds(&self.keys.repair)? {
                // Another process writes many at the moment, and perhaps the same.
                self.drop_known(taken, outbox)?;
                continue;
            }
            let rest = taken.len().saturating_sub(MOST * 16);
            let marks = taken.get(rest..).unwrap_or_default();
            let _inside = self.gate.enter();
            let write = |connection: &mut Connection, _| self.write(connection, marks, Wait::Stored);
            let written = self.probe(write)?;
            let _ = self.step(|follower| follower.wrote(written.head));
            outbox.written(marks.len());
            taken.truncate(rest);
        }
        Ok(())
    }

    /// Drops those that Redis holds by now.
    fn drop_known(&self, taken: &mut Vec<SharedMark>, outbox: &Outbox<SharedMark>) -> Result<()> {
        std::thread::park_timeout(Duration::from_millis(500));
        let held = self.scratch();
        // Of its own: a load that fails leaves answers unread.
        self.load(&mut self.connector.connect()?, &[&held])?;
        let _inside = self.gate.enter();
        let before = taken.len();
        taken.retain(|mark| !held.knows(mark));
        outbox.written(before - taken.len());
        Ok(())
    }

    /// Keeps what Redis has lost, to write it again.
    pub(crate) fn put_back(&self, lacking: Vec<SharedMark>) -> Result<()> {
        let kept = lacking.into_iter().try_for_each(|mark| self.outbox.add(mark));
        self.wake();
        kept
    }

    /// Tries once to write what is pending, and returns how many marks still are.
    pub(crate) fn flush_once(&self) -> u64 {
        let deadline = Instant::now() + self.options.timeout;
        if self.flush().is_ok() {
            // The thread that tends may be writing the rest.
            while self.pending() > 0 && Instant::now() < deadline {
                std::thread::park_timeout(Duration::from_millis(2));
            }
        }
        self.pending()
    }

    /// Counts anew in a process that was just forked: what the threads of the other one had taken out to write is
    /// that process's.
    pub(crate) fn recount_pending(&self) {
        for outbox in [&self.outbox, &self.shown] {
            let held = outbox.take();
            outbox.written(outbox.len().saturating_sub(held.len()));
            outbox.put_back(held);
        }
    }

    /// What is in the way of pending marks, in a sentence for an operator.
    pub(crate) fn pending_problem(&self, known: Option<String>) -> Option<String> {
        let problem = known.or_else(|| lock(&self.flush_problem).clone())?;
        match self.pending() {
            0 => Some(problem),
            1 => Some(format!(
                "{problem}; 1 revocation is in force in this process only until it can be written"
            )),
            many => Some(format!(
                "{problem}; {many} revocations are in force in this process only until they can be written"
            )),
        }
    }
}

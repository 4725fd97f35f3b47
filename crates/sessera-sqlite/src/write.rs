//! Writing: one transaction, then what it added is told to everybody.

use std::sync::atomic::Ordering;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use sessera::{Mark, Result};

use crate::anchor::Row;
use crate::connection::Opened;
use crate::doorbell::Bell;
use crate::store::{PATIENCE_IN_OUTAGE, Shared, lock};
use crate::unavailable::{broken, unavailable};
use crate::upkeep::Upkeep;
use crate::{marks, records};

/// What a write outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Power failures, too: it is on the disk.
    Full,
    /// The process.
    Process,
}

/// A transaction under way.
pub(crate) struct Writer<'a> {
    pub(crate) transaction: &'a Transaction<'a>,
    upkeep: &'a Upkeep,
    now: u64,
    added: Vec<Mark>,
    last: Option<u64>,
}

impl Writer<'_> {
    /// Adds a mark, and lets go of what is kept of the sessions that it ends.
    pub(crate) fn add(&mut self, mark: &Mark) -> Result<()> {
        let mark = self.upkeep.extend(mark, self.now);
        let number = marks::add(self.transaction, &mark).map_err(unavailable)?;
        records::end(self.transaction, &mark).map_err(unavailable)?;
        self.last = number.or(self.last);
        self.added.push(mark);
        Ok(())
    }
}

/// What a transaction led to.
struct Written<T> {
    result: T,
    added: Vec<Mark>,
    last: Option<u64>,
    newest: Option<Row>,
}

impl Shared {
    /// Writes, alone among all processes, on top of all that they wrote, and with it what is still to be written.
    pub(crate) fn write<T>(
        &self,
        now: u64,
        durability: Durability,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T>,
    ) -> Result<T> {
        self.now.store(now, Ordering::Release);
        let taken = self.background.take();
        let durability = if taken.pending.is_empty() { durability } else { Durability::Full };
        let result = self.write_marks(now, durability, |writer| {
            taken.pending.iter().chain(&taken.later).try_for_each(|mark| writer.add(mark))?;
            work(writer)
        });
        match &result {
            Ok(_) => self.background.written(&taken),
            Err(_) => self.background.put_back(taken),
        }
        result
    }

    /// Writes what is still to be written.
    pub(crate) fn flush(&self) -> Result<()> {
        if self.background.is_flushed() {
            return Ok(());
        }
        self.write(self.now.load(Ordering::Acquire), Durability::Process, |_| Ok(()))
    }

    fn write_marks<T>(
        &self,
        now: u64,
        durability: Durability,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T>,
    ) -> Result<T> {
        let epoch = self.file.epoch()?;
        let written = self.writing.with(epoch, |Opened { connection, .. }| {
            // Callers of other threads wait as long for this one.
            let in_outage = !self.background.pending.is_empty();
            let patience =
                if in_outage { PATIENCE_IN_OUTAGE.min(self.busy_timeout) } else { self.busy_timeout };
            connection.busy_timeout(patience).map_err(unavailable)?;
            if self.bell.with(Bell::is_in_place) == Some(false) {
                self.hang_bell(connection)?;
            }
            if durability == Durability::Full {
                return self.transact(connection, epoch, now, work);
            }
            connection.pragma_update(None, "synchronous", "NORMAL").map_err(unavailable)?;
            let result = self.transact(connection, epoch, now, work);
            connection.pragma_update(None, "synchronous", "FULL").map_err(unavailable)?;
            result
        })?;
        if self.file.epoch()? != epoch {
            return Err(broken("the session database was replaced during a write"));
        }
        // First what is to be seen, then that it can be.
        for mark in &written.added {
            self.index.apply(mark);
        }
        if let Some(last) = written.last {
            self.progress.advance(epoch, last);
            self.anchor.advance(written.newest);
            self.bell.with(|bell| bell.ring(last));
        }
        Ok(written.result)
    }

    fn transact<T>(
        &self,
        connection: &mut Connection,
        epoch: u16,
        now: u64,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T>,
    ) -> Result<Written<T>> {
        let transaction = immediate(connection)?;
        self.catch_up(&transaction, epoch, false)?;
        let mut upkeep = lock(&self.upkeep);
        upkeep.see_to(&transaction, now).map_err(unavailable)?;
        let (added, last) = (Vec::new(), None);
        let mut writer = Writer { transaction: &transaction, upkeep: &upkeep, now, added, last };
        let result = work(&mut writer)?;
        let Writer { added, last, .. } = writer;
        let newest = if last.is_some() { Row::newest(&transaction).map_err(unavailable)? } else { None };
        transaction.commit().map_err(unavailable)?;
        Ok(Written { result, added, last, newest })
    }
}

pub(crate) fn immediate(connection: &mut Connection) -> Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)
}

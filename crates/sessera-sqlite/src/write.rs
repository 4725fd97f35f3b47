//! Writing: one transaction, then what it added is told to everybody.

use rusqlite::{Connection, Transaction, TransactionBehavior};
use sessera::{Mark, Result};

use crate::connection::Opened;
use crate::doorbell::Bell;
use crate::store::{SqliteStore, lock};
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

impl SqliteStore {
    /// Writes, alone among all processes, on top of all that they wrote.
    pub(crate) fn write<T>(
        &self,
        now: u64,
        durability: Durability,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T>,
    ) -> Result<T> {
        let epoch = self.file.epoch()?;
        let (result, added, last) = self.writing.with(epoch, |Opened { connection, .. }| {
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
        for mark in &added {
            self.index.apply(mark);
        }
        if let Some(last) = last {
            self.progress.advance(epoch, last);
            self.bell.with(|bell| bell.ring(last));
        }
        Ok(result)
    }

    fn transact<T>(
        &self,
        connection: &mut Connection,
        epoch: u16,
        now: u64,
        work: impl FnOnce(&mut Writer<'_>) -> Result<T>,
    ) -> Result<(T, Vec<Mark>, Option<u64>)> {
        let transaction = immediate(connection)?;
        self.catch_up(&transaction, epoch, false)?;
        let mut upkeep = lock(&self.upkeep);
        upkeep.see_to(&transaction, now).map_err(unavailable)?;
        let (added, last) = (Vec::new(), None);
        let mut writer = Writer { transaction: &transaction, upkeep: &upkeep, now, added, last };
        let result = work(&mut writer)?;
        let Writer { added, last, .. } = writer;
        transaction.commit().map_err(unavailable)?;
        Ok((result, added, last))
    }
}

pub(crate) fn immediate(connection: &mut Connection) -> Result<Transaction<'_>> {
    connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)
}

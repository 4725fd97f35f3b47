//! A row that was read last, by which a file that lost rows is told from one that has only grown.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, Result};

use crate::marks::{from_sql, to_sql};

/// The newest row that was applied.
///
/// The numbers of a restored copy go on from where the copy was made. Where another process has written so many marks
/// since that they pass the number that is known here, only a row shows that they are other marks.
#[derive(Debug, Default)]
pub(crate) struct Anchor(Mutex<Option<Row>>);

/// A row's number, and what its mark is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    number: u64,
    kind: i64,
    name: Vec<u8>,
}

impl Row {
    /// The newest row of a file.
    pub(crate) fn newest(connection: &Connection) -> Result<Option<Self>> {
        let newest = "SELECT seq, kind, name FROM marks ORDER BY seq DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Self { number: from_sql(row.get(0)?), kind: row.get(1)?, name: row.get(2)? })
        };
        connection.prepare_cached(newest)?.query_row([], read).optional()
    }
}

impl Anchor {
    /// Whether another mark has the number of the row that was read last. A row that is gone has said nothing: its
    /// mark has changed and has a new number, or was forgotten.
    pub(crate) fn was_replaced(&self, connection: &Connection) -> Result<bool> {
        let Some(anchor) = self.row().clone() else { return Ok(false) };
        let find = "SELECT kind, name FROM marks WHERE seq = ?1";
        let found: Option<(i64, Vec<u8>)> = connection
            .prepare_cached(find)?
            .query_row([to_sql(anchor.number)], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.is_some_and(|found| found != (anchor.kind, anchor.name)))
    }

    /// Sets the row that was read last, unless a later one is set.
    pub(crate) fn advance(&self, newest: Option<Row>) {
        let mut row = self.row();
        let known = row.as_ref().map_or(0, |row| row.number);
        if newest.as_ref().is_some_and(|newest| newest.number > known) {
            *row = newest;
        }
    }

    /// Sets the row that was read last in another file, or in one that lost rows.
    pub(crate) fn replace(&self, newest: Option<Row>) {
        *self.row() = newest;
    }

    /// Poisoning is ignored: every critical section leaves a valid row.
    fn row(&self) -> MutexGuard<'_, Option<Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

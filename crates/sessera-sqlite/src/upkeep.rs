//! Forgetting what nothing can need any more.

use rusqlite::{Connection, OptionalExtension as _, Result, params};
use sessera::{Mark, Retention};

use crate::marks::{self, from_sql, to_sql};
use crate::records;

/// What a process knows of how far the file may forget.
///
/// The file holds it too, so that the time that passed is known across processes and restarts.
#[derive(Debug, Default)]
pub(crate) struct Upkeep {
    retention: Option<Retention>,
    /// When it was last seen to.
    done_at: u64,
    writes: u32,
    /// The number of the mark that was looked at last.
    cursor: u64,
}

impl Upkeep {
    /// How often the file is seen to, in milliseconds.
    const EVERY: u64 = 60_000;
    /// And in writes.
    const WRITES: u32 = 4096;
    /// How many marks are looked at each time: more than were added.
    const MARKS: u32 = 2 * Self::WRITES;

    /// Sees to the file where that is due, within a write to it.
    pub(crate) fn see_to(&mut self, connection: &Connection, now: u64) -> Result<()> {
        self.writes += 1;
        let since = now.checked_sub(self.done_at).filter(|_| self.retention.is_some());
        if self.writes < Self::WRITES && since.is_some_and(|since| since < Self::EVERY) {
            return Ok(());
        }
        self.writes = 0;
        self.done_at = now;
        let mut retention = match (meta(connection, "reached")?, meta(connection, "seen")?) {
            (Some(reached), Some(seen)) => Retention::restored(reached, seen),
            _ => Retention::new(now),
        };
        retention.observe(now);
        set_meta(connection, "reached", retention.reached())?;
        set_meta(connection, "seen", retention.seen())?;
        self.retention = Some(retention);
        let forgotten = meta(connection, "forgotten")?.unwrap_or(0);
        let (cursor, newly) = marks::forget(connection, self.cursor, Self::MARKS, retention.forget_before())?;
        self.cursor = cursor;
        if newly > forgotten {
            set_meta(connection, "forgotten", newly)?;
        }
        records::expire(connection, retention.certain().saturating_sub(Retention::LONGEST_STEP))
    }

    /// A mark as it is written at `now`.
    pub(crate) fn extend(&self, mark: &Mark, now: u64) -> Mark {
        self.retention.map_or_else(|| mark.clone(), |retention| retention.extend(mark, now))
    }
}

/// The latest term of all marks that the file has forgotten, and the time that was seen to come.
pub(crate) fn forgotten_and_reached(connection: &Connection) -> Result<(u64, u64)> {
    Ok((meta(connection, "forgotten")?.unwrap_or(0), meta(connection, "reached")?.unwrap_or(0)))
}

/// How often running processes have found that the file was replaced by an older copy, and have written back what
/// they knew.
pub(crate) fn restores(connection: &Connection) -> Result<u64> {
    Ok(meta(connection, "restores")?.unwrap_or(0))
}

/// Counts one more of the [`restores`], and returns how many there are then.
pub(crate) fn count_restore(connection: &Connection) -> Result<u64> {
    let restores = restores(connection)?.saturating_add(1);
    set_meta(connection, "restores", restores)?;
    Ok(restores)
}

fn meta(connection: &Connection, name: &str) -> Result<Option<u64>> {
    let mut find = connection.prepare_cached("SELECT value FROM meta WHERE name = ?1")?;
    Ok(find.query_row([name], |row| row.get(0)).optional()?.map(from_sql))
}

fn set_meta(connection: &Connection, name: &str, value: u64) -> Result<()> {
    let mut set = connection.prepare_cached("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")?;
    set.execute(params![name, to_sql(value)]).map(drop)
}

//! The format of the file: its version, and the way from an older one to this.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use sessera::{ErrorKind, Result, SessionError};

use crate::unavailable::unavailable;

/// "Sess": what `file` and others tell our databases from foreign ones by.
const APPLICATION: i64 = 0x5365_7373;

/// The version that this code writes: the number of steps below.
#[expect(clippy::cast_possible_wrap)]
const VERSION: i64 = STEPS.len() as i64;

/// The oldest version whose code can still read and write what this code writes. A step that only adds tables or
/// columns leaves it; so two versions run side by side, and a new one can be rolled back.
const OLDEST: i64 = 1;

/// Each step leads from one version to the next. A step that was released never changes.
const STEPS: [&str; 1] = ["
    CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    -- One row for each session, subject or key that there is a mark of. A mark that changes gets a new number,
    -- so that who has read up to a number finds everything else behind it.
    CREATE TABLE marks (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        kind INTEGER NOT NULL,
        name BLOB NOT NULL,
        generation INTEGER NOT NULL,
        at INTEGER NOT NULL,
        flags INTEGER NOT NULL,
        keep_until INTEGER NOT NULL,
        UNIQUE (kind, name)
    ) STRICT;
    CREATE TABLE data (
        id BLOB PRIMARY KEY,
        subject TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        bytes BLOB NOT NULL
    ) STRICT;
    CREATE INDEX data_by_subject ON data (subject);
    CREATE INDEX data_by_expiry ON data (expires_at);
    CREATE TABLE sessions (
        id BLOB PRIMARY KEY,
        subject TEXT NOT NULL,
        started_at INTEGER NOT NULL,
        last_seen INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        label TEXT,
        network TEXT
    ) STRICT;
    CREATE INDEX sessions_by_subject ON sessions (subject);
    CREATE INDEX sessions_by_expiry ON sessions (expires_at);
"];

/// Makes the tables in an empty database, brings older ones to this version, and refuses all others.
///
/// # Errors
/// `invalid_config` for a foreign database and for one of a newer version; `store_unavailable`.
pub(crate) fn prepare(connection: &mut Connection) -> Result<()> {
    if is_current(connection)? {
        return Ok(());
    }
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(unavailable)?;
    // Another process may have been here first.
    if !judge(&transaction)? {
        migrate(&transaction).map_err(unavailable)?;
    }
    transaction.commit().map_err(unavailable)
}

/// Whether the tables are those of this version.
///
/// # Errors
/// As [`prepare`].
pub(crate) fn is_current(connection: &mut Connection) -> Result<bool> {
    // All of it at one moment: another process may be making the tables.
    let transaction = connection.transaction().map_err(unavailable)?;
    let is_current = judge(&transaction)?;
    transaction.commit().map_err(unavailable)?;
    Ok(is_current)
}

fn judge(transaction: &Transaction<'_>) -> Result<bool> {
    let refuse = |message| Err(SessionError::new(ErrorKind::InvalidConfig, message));
    let tables = integer(transaction, "SELECT count(*) FROM sqlite_schema")?;
    let application = integer(transaction, "PRAGMA application_id")?;
    let version = integer(transaction, "PRAGMA user_version")?;
    if application != APPLICATION {
        return if (application, version, tables) == (0, 0, 0) {
            Ok(false)
        } else {
            refuse("the file is the database of another application")
        };
    }
    if version > VERSION {
        let oldest = "SELECT value FROM meta WHERE name = 'oldest'";
        let oldest: Option<i64> =
            transaction.query_row(oldest, [], |row| row.get(0)).optional().map_err(unavailable)?;
        return match oldest {
            Some(oldest) if oldest <= VERSION => Ok(true),
            _ => refuse("the session database was written by a newer version of Sessera"),
        };
    }
    Ok(version == VERSION)
}

fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for step in STEPS.iter().skip(usize::try_from(version).unwrap_or(0)) {
        connection.execute_batch(step)?;
    }
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('oldest', ?1)", [OLDEST])?;
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", VERSION)
}

fn integer(connection: &Connection, query: &str) -> Result<i64> {
    connection.query_row(query, [], |row| row.get(0)).map_err(unavailable)
}

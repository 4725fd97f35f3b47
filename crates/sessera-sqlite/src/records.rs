//! Data of sessions, and the list of a subject's sessions, as rows.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use sessera::{Mark, SessionData, SessionId, SessionRecord};

use crate::marks::{from_sql, to_sql};

pub(crate) fn put_data(connection: &Connection, data: &SessionData) -> Result<()> {
    let SessionData { id, subject, started_at, expires_at, bytes } = data;
    let put = "INSERT OR REPLACE INTO data (id, subject, started_at, expires_at, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = params![id.to_bytes(), subject, to_sql(*started_at), to_sql(*expires_at), bytes];
    connection.prepare_cached(put)?.execute(row).map(drop)
}

pub(crate) fn data(connection: &Connection, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
    let find = "SELECT bytes FROM data WHERE id = ?1 AND expires_at > ?2";
    let row = params![id.to_bytes(), to_sql(now)];
    connection.prepare_cached(find)?.query_row(row, |row| row.get(0)).optional()
}

pub(crate) fn remove_data(connection: &Connection, id: SessionId) -> Result<()> {
    connection.prepare_cached("DELETE FROM data WHERE id = ?1")?.execute([id.to_bytes()]).map(drop)
}

pub(crate) fn put_record(connection: &Connection, record: &SessionRecord) -> Result<()> {
    let SessionRecord { id, subject, started_at, last_seen, expires_at, label, network } = record;
    let put = "INSERT OR REPLACE INTO sessions
               (id, subject, started_at, last_seen, expires_at, label, network)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let row = params![
        id.to_bytes(),
        subject,
        to_sql(*started_at),
        to_sql(*last_seen),
        to_sql(*expires_at),
        label,
        network
    ];
    connection.prepare_cached(put)?.execute(row).map(drop)
}

/// A subject's sessions, oldest first.
pub(crate) fn records(connection: &Connection, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
    let find = "SELECT id, subject, started_at, last_seen, expires_at, label, network FROM sessions
                WHERE subject = ?1 AND expires_at > ?2 ORDER BY started_at, id";
    let mut statement = connection.prepare_cached(find)?;
    statement.query_map(params![subject, to_sql(now)], read)?.collect()
}

/// Lets go of what is kept of the sessions that a mark ends.
pub(crate) fn end(connection: &Connection, mark: &Mark) -> Result<()> {
    for table in ["data", "sessions"] {
        match mark {
            Mark::Session { id, state, .. } if state.revoked => {
                let end = format!("DELETE FROM {table} WHERE id = ?1");
                connection.prepare_cached(&end)?.execute([id.to_bytes()])?;
            }
            Mark::Subject { subject, cut, .. } => {
                let end = format!("DELETE FROM {table} WHERE subject = ?1 AND started_at <= ?2");
                connection.prepare_cached(&end)?.execute(params![subject, to_sql(*cut)])?;
            }
            Mark::Everything { cut, .. } => {
                let end = format!("DELETE FROM {table} WHERE started_at <= ?1");
                connection.prepare_cached(&end)?.execute([to_sql(*cut)])?;
            }
            Mark::Session { .. } | Mark::Key { .. } => {}
        }
    }
    Ok(())
}

/// Lets go of what has expired by then, some of it at a time.
pub(crate) fn expire(connection: &Connection, before: u64) -> Result<()> {
    for table in ["data", "sessions"] {
        let expire = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE expires_at <= ?1 LIMIT 1000)"
        );
        connection.prepare_cached(&expire)?.execute([to_sql(before)])?;
    }
    Ok(())
}

fn read(row: &Row<'_>) -> Result<SessionRecord> {
    let time = |column| row.get(column).map(from_sql);
    Ok(SessionRecord {
        id: SessionId::from_bytes(row.get(0)?),
        subject: row.get(1)?,
        started_at: time(2)?,
        last_seen: time(3)?,
        expires_at: time(4)?,
        label: row.get(5)?,
        network: row.get(6)?,
    })
}

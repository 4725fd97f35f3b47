//! Marks as rows.

use std::borrow::Cow;
use std::cmp;
use std::iter;

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use sessera::{Mark, RevocationIndex, SessionId, SessionMark};

const SESSION: i64 = 0;
const SUBJECT: i64 = 1;
const EVERYTHING: i64 = 2;
const KEY: i64 = 3;

const ELEVATED: i64 = 1;
const REVOKED: i64 = 2;
const SHOWN: i64 = 4;

const COLUMNS: &str = "kind, name, generation, at, flags, keep_until";

/// Applies all marks that follow number `after`, and returns the number up to which all are applied then.
///
/// The numbers of a file that was restored from a copy go back; then all of its marks are applied.
pub(crate) fn tail(connection: &Connection, index: &RevocationIndex, after: u64) -> rusqlite::Result<u64> {
    let query = format!("SELECT {COLUMNS}, seq FROM marks WHERE seq > ?1 ORDER BY seq");
    let mut statement = connection.prepare_cached(&query)?;
    let mut apply = |after: u64| {
        let expected = if after == 0 { count(connection)? } else { 0 };
        let (mut applied, mut failed) = (None, Ok(()));
        let numbered = |row: &Row<'_>| Ok((read(row)?, from_sql(row.get(6)?)));
        let mut rows = statement.query_map([to_sql(after)], numbered)?;
        // What was read before a failure stays known; it is only not counted as read.
        let marks = iter::from_fn(|| match rows.next()? {
            Ok((mark, number)) => {
                applied = Some(number);
                Some(mark)
            }
            Err(error) => {
                failed = Err(error);
                None
            }
        });
        index.load_many(marks, expected);
        failed.map(|()| applied)
    };
    if let Some(applied) = apply(after)? {
        return Ok(applied);
    }
    // The last mark may have been forgotten, so that no row leads to its number. Another may have been written
    // since the rows were read, so they are read again.
    let last = last(connection)?;
    match last.cmp(&after) {
        cmp::Ordering::Equal => Ok(last),
        cmp::Ordering::Greater => Ok(apply(after)?.map_or(last, |applied| applied.max(last))),
        cmp::Ordering::Less => Ok(apply(0)?.map_or(last, |applied| applied.max(last))),
    }
}

/// How many marks there are. SQLite counts the entries of a page without reading them.
fn count(connection: &Connection) -> rusqlite::Result<usize> {
    let count: i64 =
        connection.prepare_cached("SELECT count(*) FROM marks")?.query_row([], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// The number of the last mark that was ever written.
pub(crate) fn last(connection: &Connection) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'marks'")?;
    let last: Option<i64> = statement.query_row([], |row| row.get(0)).optional()?;
    Ok(last.map_or(0, from_sql))
}

/// What is held of one session.
pub(crate) fn session(connection: &Connection, id: SessionId) -> rusqlite::Result<Option<SessionMark>> {
    let held = held(connection, SESSION, &id.to_bytes())?;
    Ok(match held {
        Some(Mark::Session { state, .. }) => Some(state),
        _ => None,
    })
}

/// Adds a mark to what is held of the same thing. Returns its number, and none when it says nothing new.
pub(crate) fn add(connection: &Connection, mark: &Mark) -> rusqlite::Result<Option<u64>> {
    let (kind, name) = key_of(mark);
    let held = held(connection, kind, &name)?;
    let joined = held.clone().map_or_else(|| mark.clone(), |held| join(held, mark));
    if held.as_ref() == Some(&joined) {
        return Ok(None);
    }
    let (generation, at, flags, keep_until) = match &joined {
        Mark::Session { state, keep_until, .. } => {
            let flags = i64::from(state.elevated) * ELEVATED
                + i64::from(state.revoked) * REVOKED
                + i64::from(state.shown) * SHOWN;
            (state.generation, state.rotated_at, flags, *keep_until)
        }
        Mark::Subject { cut, keep_until, .. } | Mark::Everything { cut, keep_until } => {
            (0, *cut, 0, *keep_until)
        }
        Mark::Key { .. } => (0, 0, 0, u64::MAX),
    };
    let add = format!("INSERT OR REPLACE INTO marks ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    connection.prepare_cached(&add)?.execute(params![
        kind,
        name,
        to_sql(generation),
        to_sql(at),
        flags,
        to_sql(keep_until)
    ])?;
    Ok(Some(from_sql(connection.last_insert_rowid())))
}

/// Forgets the marks whose term ended by `before`, among the next `count` behind number `cursor`. Returns the
/// number to go on from, and the latest term that was forgotten.
pub(crate) fn forget(
    connection: &Connection,
    cursor: u64,
    count: u32,
    before: u64,
) -> rusqlite::Result<(u64, u64)> {
    let next = "SELECT max(seq), count(*) FROM (SELECT seq FROM marks WHERE seq > ?1 ORDER BY seq LIMIT ?2)";
    let (end, found): (Option<i64>, u32) = connection
        .prepare_cached(next)?
        .query_row(params![to_sql(cursor), count], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some(end) = end else { return Ok((0, 0)) };
    let forget = "DELETE FROM marks WHERE seq > ?1 AND seq <= ?2 AND keep_until <= ?3 RETURNING keep_until";
    let mut latest = 0;
    let mut statement = connection.prepare_cached(forget)?;
    let mut terms = statement.query(params![to_sql(cursor), end, to_sql(before)])?;
    while let Some(row) = terms.next()? {
        latest = latest.max(from_sql(row.get(0)?));
    }
    Ok((if found < count { 0 } else { from_sql(end) }, latest))
}

fn held(connection: &Connection, kind: i64, name: &[u8]) -> rusqlite::Result<Option<Mark>> {
    let query = format!("SELECT {COLUMNS} FROM marks WHERE kind = ?1 AND name = ?2");
    connection.prepare_cached(&query)?.query_row(params![kind, name], read).optional()
}

/// The kind, and what a mark is about.
fn key_of(mark: &Mark) -> (i64, Cow<'_, [u8]>) {
    match mark {
        Mark::Session { id, .. } => (SESSION, Cow::Owned(id.to_bytes().to_vec())),
        Mark::Subject { subject, .. } => (SUBJECT, Cow::Borrowed(subject.as_bytes())),
        Mark::Everything { .. } => (EVERYTHING, Cow::Borrowed(&[])),
        Mark::Key { kid } => (KEY, Cow::Borrowed(kid.as_bytes())),
    }
}

/// What two marks about the same thing say together.
fn join(held: Mark, mark: &Mark) -> Mark {
    match (held, mark) {
        (Mark::Session { id, state, keep_until }, Mark::Session { state: other, keep_until: until, .. }) => {
            Mark::Session { id, state: state.join(*other), keep_until: keep_until.max(*until) }
        }
        (Mark::Subject { subject, cut, keep_until }, Mark::Subject { cut: other, keep_until: until, .. }) => {
            Mark::Subject { subject, cut: cut.max(*other), keep_until: keep_until.max(*until) }
        }
        (Mark::Everything { cut, keep_until }, Mark::Everything { cut: other, keep_until: until }) => {
            Mark::Everything { cut: cut.max(*other), keep_until: keep_until.max(*until) }
        }
        (_, mark) => mark.clone(),
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Mark> {
    let wrong = |column, what: &str| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Blob, format!("not {what} of a mark").into())
    };
    let name = row.get_ref(1)?.as_blob()?;
    let text = || String::from_utf8(name.to_vec()).map_err(|_| wrong(1, "a name"));
    let at = || row.get(3).map(from_sql);
    let keep_until = || row.get(5).map(from_sql);
    match row.get(0)? {
        SESSION => {
            let id = name.try_into().map_err(|_| wrong(1, "the session"))?;
            let flags: i64 = row.get(4)?;
            let state = SessionMark {
                generation: row.get(2).map(from_sql)?,
                rotated_at: at()?,
                elevated: flags & ELEVATED != 0,
                shown: flags & SHOWN != 0,
                revoked: flags & REVOKED != 0,
            };
            Ok(Mark::Session { id: SessionId::from_bytes(id), state, keep_until: keep_until()? })
        }
        SUBJECT => Ok(Mark::Subject { subject: text()?, cut: at()?, keep_until: keep_until()? }),
        EVERYTHING => Ok(Mark::Everything { cut: at()?, keep_until: keep_until()? }),
        KEY => Ok(Mark::Key { kid: text()? }),
        // Only a step that leaves older versions behind may add a kind.
        _ => Err(wrong(0, "a known kind")),
    }
}

/// SQLite's integers have a sign. What does not fit is further away than any clock.
pub(crate) fn to_sql(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The largest stands for "never", whatever the width.
pub(crate) fn from_sql(number: i64) -> u64 {
    if number == i64::MAX { u64::MAX } else { u64::try_from(number).unwrap_or(0) }
}

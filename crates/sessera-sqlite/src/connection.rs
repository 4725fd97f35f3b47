//! Connections to the database, and what a fork does to them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError, Weak};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use sessera::Result;

use crate::schema;
use crate::unavailable::{broken, unavailable};

/// One connection, which is opened when it is needed, and again after a fork.
///
/// SQLite must not be used on the other side of a fork: its record of the locks that the process holds would
/// be wrong there, because the child inherits the record but not the locks. So the first use in a child closes
/// every connection that came with the fork, which empties that record, before it opens one of its own. They
/// are idle then, unless another thread of the parent was using one at the moment of the fork. Such a connection
/// stays as it is, and its link fails in the child: its lock has an owner that does not exist there.
#[derive(Debug)]
pub(crate) struct Link {
    path: PathBuf,
    busy_timeout: Duration,
    slot: Arc<Slot>,
}

#[derive(Debug)]
struct Slot {
    /// The process that may use it.
    process: AtomicU32,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    opened: Option<Opened>,
    /// Of the file that it leads to.
    epoch: u16,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) connection: Connection,
    /// SQLite's number for what this connection has seen of the file. That of another means nothing.
    pub(crate) data_version: Option<i64>,
}

/// Every slot of this process, whichever store it is of: they share SQLite's record of locks.
static SLOTS: Mutex<Vec<Weak<Slot>>> = Mutex::new(Vec::new());

impl Link {
    pub(crate) fn new(path: &Path, busy_timeout: Duration) -> Self {
        let process = AtomicU32::new(std::process::id());
        let slot = Arc::new(Slot { process, held: Mutex::new(Held { opened: None, epoch: 0 }) });
        let mut slots = lock(&SLOTS);
        slots.retain(|slot| slot.strong_count() > 0);
        slots.push(Arc::downgrade(&slot));
        Self { path: path.to_owned(), busy_timeout, slot }
    }

    /// Makes the tables in an empty file, which no other call does: a file that was emptied under a running
    /// process has lost marks, and must not pass for a new one.
    pub(crate) fn create(&self) -> Result<()> {
        let mut held = lock(&self.slot.held);
        held.opened = Some(open(&self.path, self.busy_timeout, true)?);
        Ok(())
    }

    /// Calls `work` with a connection to the file of this epoch, alone.
    pub(crate) fn with<T>(&self, epoch: u16, work: impl FnOnce(&mut Opened) -> Result<T>) -> Result<T> {
        let process = std::process::id();
        if self.slot.process.load(Ordering::Acquire) != process {
            close_inherited(process);
            if self.slot.process.load(Ordering::Acquire) != process {
                return Err(broken(
                    "the process was forked while a thread was using the session database: open the store after the \
                     fork, or fork while nothing is written",
                ));
            }
        }
        let mut held = lock(&self.slot.held);
        if held.epoch != epoch {
            held.opened = None;
            held.epoch = epoch;
        }
        let opened = match held.opened.take() {
            Some(opened) => opened,
            None => open(&self.path, self.busy_timeout, false)?,
        };
        work(held.opened.insert(opened))
    }
}

fn close_inherited(process: u32) {
    for slot in lock(&SLOTS).iter().filter_map(Weak::upgrade) {
        if slot.process.load(Ordering::Acquire) == process {
            continue;
        }
        let mut held = match slot.held.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => continue,
        };
        held.opened = None;
        slot.process.store(process, Ordering::Release);
    }
}

fn open(path: &Path, busy_timeout: Duration, may_create: bool) -> Result<Opened> {
    // No `CREATE`: a file that is gone must not be replaced by an empty one.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(unavailable)?;
    connection.busy_timeout(busy_timeout).map_err(unavailable)?;
    // Closing does nothing but close, so that a child of a fork may do it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(unavailable)?;
    // A foreign database is refused before anything in it changes.
    if !schema::is_current(&mut connection)? && !may_create {
        return Err(broken("the session database has lost its tables"));
    }
    log_ahead(&connection, busy_timeout).map_err(unavailable)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(unavailable)?;
    // What was deleted is overwritten where that costs nothing.
    connection.pragma_update(None, "secure_delete", "FAST").map_err(unavailable)?;
    connection.pragma_update(None, "trusted_schema", false).map_err(unavailable)?;
    if may_create {
        schema::prepare(&mut connection)?;
    }
    Ok(Opened { connection, data_version: None })
}

/// Turns write-ahead logging on, which changes the file when it is new.
///
/// SQLite reads the file's header before it locks the file for that change, and gives up at once if another is
/// writing by then, whatever its busy timeout: a wait between the two could be a deadlock. Processes that start
/// on a new file together meet there. To wait for them, the file is locked in the way that does wait.
fn log_ahead(connection: &Connection, busy_timeout: Duration) -> rusqlite::Result<()> {
    let started = Instant::now();
    loop {
        // Where the file system has no shared memory the mode stays "delete"; slower, and as safe.
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match mode {
            Err(error) if is_busy(&error) && started.elapsed() < busy_timeout => {
                connection.execute_batch("BEGIN EXCLUSIVE; ROLLBACK")?;
            }
            mode => return mode.map(drop),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
}

/// Poisoning is ignored: SQLite keeps a connection in order by itself.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

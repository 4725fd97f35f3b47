//! The store.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use sessera::{
    Advance, Advanced, ErrorKind, Mark, Result, RevocationIndex, RevocationState, SessionData, SessionError,
    SessionId, SessionRecord, Store, StoreStatus, Wait,
};

use crate::options::{RedisOptions, Start};
use crate::record;
use crate::shared::{LATE, Shared, is_hopeless};

/// Marks, session data and lists of sessions in Redis or Valkey, for all machines of a fleet.
///
/// A process learns of a mark when it is read from the log, a millisecond or so after it was written; each process
/// knows how old its knowledge is. A verify asks the memory of its process, and Redis never.
///
/// Two threads of each process follow and tend Redis, and a third asks the sentinels where the URL names any; they end
/// when the store is dropped. A process that forks may
/// open it before or after: each child makes connections and threads of its own when it needs them.
pub struct RedisStore {
    pub(crate) shared: Arc<Shared>,
}

impl RedisStore {
    /// Connects to the server of this URL and loads its marks.
    ///
    /// | URL | |
    /// |---|---|
    /// | `redis://[user:password@]host[:port][/db]` | also `valkey://` |
    /// | `rediss://…` | the same with TLS; also `valkeys://` |
    /// | `redis+unix:///path?db=0&user=…&pass=…` | a Unix socket; also `unix://` |
    /// | `redis+sentinel://[user:password@]host[:port],host[:port]…/master-name[/db]` | the master, wherever the sentinels say; `?sentinel_user=…&sentinel_pass=…`; `rediss+sentinel://` with TLS to all of them |
    /// | `redis+cluster://[user:password@]host[:port],host[:port]…` | the node of a cluster that has the keys; `rediss+cluster://` with TLS |
    ///
    /// # Errors
    /// `invalid_config` when the URL, the login or a setting of the server can't work, such as a
    /// `maxmemory-policy` that lets it forget marks; `store_unavailable`.
    pub fn open(url: &str) -> Result<Self> {
        Self::open_with(url, RedisOptions::default())
    }

    /// As [`open`](Self::open), with settings.
    ///
    /// # Errors
    /// As [`open`](Self::open); `invalid_config` when one of them can't work, or is not that of the fleet.
    pub fn open_with(url: &str, options: RedisOptions) -> Result<Self> {
        let start = options.start;
        let shared = Arc::new(Shared::new(url, options)?);
        let opened = shared.connector.connect().and_then(|mut connection| {
            shared.resync(&mut connection)?;
            let head = shared.count_beat(&mut connection)?;
            Shared::preload_scripts(&mut connection);
            Ok((connection, head))
        });
        // From here on a failure ends the threads as well.
        let store = Self { shared };
        match opened {
            Ok((connection, head)) => {
                store.shared.ensure_threads(Some(connection));
                store.shared.wait_for(head, Instant::now() + store.shared.options.timeout)?;
            }
            Err(error) if start == Start::Require || is_hopeless(&error) => return Err(error),
            Err(error) => {
                store.shared.trouble(Some(&error));
                store.shared.ensure_threads(None);
            }
        }
        Ok(store)
    }

    /// Adds many marks, some hundred in each entry of the log: much faster than one by one. See [`Store::append`].
    ///
    /// # Errors
    /// `store_unavailable` when more marks are pending than the quota allows; some of these may be in force then.
    pub fn append_all(&self, marks: &[Mark], now: u64) -> Result<RevocationState> {
        self.write(marks, now, Wait::Stored)
    }

    /// How many marks are in force in this process and not in Redis yet.
    pub fn pending(&self) -> u64 {
        self.shared.pending()
    }

    /// Tries once to write what is pending, and returns how many marks still are. For the end of a process: what is
    /// left then is lost with it, and the application should log how many. Dropping the store does the same, and
    /// tells nobody. It takes about [`timeout`](RedisOptions::timeout) at most.
    pub fn flush_pending(&self) -> u64 {
        self.shared.flush_once()
    }

    /// What this verifier calls itself to others.
    pub fn name(&self) -> String {
        self.shared.name()
    }

    /// Call it right before `fork`, where other threads may be at work: it holds this store's own threads still, so
    /// that no lock of theirs is copied in a locked state. Waits for a second at most.
    pub fn before_fork(&self) {
        self.shared.gate.close();
    }

    /// Call it right after `fork`, in both processes.
    pub fn after_fork(&self) {
        if self.shared.is_own_process() {
            self.shared.gate.open();
        } else {
            self.shared.gate.renew();
        }
    }

    fn write(&self, marks: &[Mark], now: u64, wait: Wait) -> Result<RevocationState> {
        self.shared.ensure_threads(None);
        self.shared.see(now);
        let names = self.shared.sealing.names();
        let shared: Vec<_> =
            marks.iter().map(|mark| record::shared(&self.shared.extend(mark, now), names)).collect();
        self.shared.append(&shared, wait)
    }

    #[cold]
    fn look_late(&self) {
        self.shared.ensure_threads(None);
    }
}

impl Store for RedisStore {
    fn index(&self) -> &RevocationIndex {
        &self.shared.index
    }

    #[inline]
    fn refresh(&self, now: u64) -> u64 {
        self.shared.see(now);
        let age = self.shared.age();
        if age > LATE {
            self.look_late();
        }
        age
    }

    fn sync(&self, now: u64) -> Result<()> {
        self.shared.ensure_threads(None);
        self.shared.see(now);
        let deadline = Instant::now() + self.shared.options.timeout;
        let told = self.shared.run(|connection, _| self.shared.try_beat(connection))?;
        self.shared.wait_for(told.head, deadline)?;
        // What Redis has forgotten counts at this time, too.
        self.shared.see(now);
        Ok(())
    }

    fn status(&self, now: u64) -> StoreStatus {
        let age = self.refresh(now);
        let (epoch, applied) = self.shared.position().map_or((0, 0), |place| (place.epoch, place.seq));
        let remark = || self.shared.connector.remark().map(str::to_owned);
        let problem = self.shared.pending_problem(self.shared.problem()).or_else(remark);
        let pending = self.shared.pending();
        StoreStatus { age, epoch, applied, refused: self.shared.refused(), pending, problem }
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        self.shared.ensure_threads(None);
        self.shared.see(advance.now);
        self.shared.advance(advance)
    }

    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState> {
        self.write(std::slice::from_ref(mark), now, Wait::Stored)
    }

    fn append_later(&self, mark: &Mark, now: u64) {
        self.shared.ensure_threads(None);
        self.shared.see(now);
        let mark = self.shared.extend(mark, now);
        self.shared.note_later(record::shared(&mark, self.shared.sealing.names()));
    }

    fn append_and_wait(&self, mark: &Mark, now: u64, wait: Option<Wait>) -> Result<RevocationState> {
        self.write(std::slice::from_ref(mark), now, wait.unwrap_or(self.shared.options.wait))
    }

    fn spans_machines(&self) -> bool {
        true
    }

    fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        self.shared.see(now);
        if self.is_dead(data.id, &data.subject, data.started_at) {
            return Err(SessionError::new(ErrorKind::Revoked, "the session was revoked"));
        }
        self.shared.put_data(data, now)
    }

    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        self.shared.see(now);
        self.shared.data(id, now)
    }

    fn remove_data(&self, id: SessionId, now: u64) -> Result<()> {
        self.shared.see(now);
        self.shared.remove_data(id)
    }

    fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        self.shared.see(now);
        self.shared.record(record, now)
    }

    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        self.shared.see(now);
        self.lines(subject, now)
    }
}

impl Drop for RedisStore {
    fn drop(&mut self) {
        if self.shared.is_own_process() && self.shared.has_unwritten() {
            self.shared.flush_once();
        }
        self.shared.stop();
    }
}

/// Neither user nor password.
impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("place", self.shared.connector.place())
            .field("namespace", &self.shared.options.namespace)
            .field("position", &self.shared.position().map(|place| (place.epoch, place.seq)))
            .field("index", &self.shared.index)
            .finish_non_exhaustive()
    }
}

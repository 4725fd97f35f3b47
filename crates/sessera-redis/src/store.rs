//! The store.

use sessera::{
    Advance, Advanced, ErrorKind, Mark, Result, RevocationIndex, SessionData, SessionError, SessionId,
    SessionRecord, Store, StoreStatus, Wait,
};

use crate::options::RedisOptions;

/// Marks, session data and lists of sessions in Redis or Valkey.
#[derive(Debug)]
pub struct RedisStore {
    index: RevocationIndex,
}

impl RedisStore {
    /// Connects to the server of this URL and loads its marks.
    ///
    /// # Errors
    /// `invalid_config` when the URL or a setting of the server can't work, `store_unavailable`.
    pub fn open(url: &str) -> Result<Self> {
        Self::open_with(url, RedisOptions::default())
    }

    /// As [`open`](Self::open), with settings.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_with(_url: &str, options: RedisOptions) -> Result<Self> {
        drop(options);
        Err(unfinished())
    }

    /// Adds many marks, some hundred in each entry of the log. See [`Store::append`].
    ///
    /// # Errors
    /// `store_unavailable`; some of them may be stored then.
    pub fn append_all(&self, _marks: &[Mark], _now: u64) -> Result<()> {
        Err(unfinished())
    }

    /// What this verifier calls itself to others.
    pub fn name(&self) -> String {
        String::new()
    }

    /// Call it right before `fork`, where other threads may be at work: holds this store's own threads still.
    pub fn before_fork(&self) {}

    /// Call it right after `fork`, in both processes.
    pub fn after_fork(&self) {}
}

fn unfinished() -> SessionError {
    SessionError::new(ErrorKind::StoreUnavailable, "not here yet")
}

impl Store for RedisStore {
    fn index(&self) -> &RevocationIndex {
        &self.index
    }

    fn refresh(&self, _now: u64) -> u64 {
        u64::MAX
    }

    fn sync(&self, _now: u64) -> Result<()> {
        Err(unfinished())
    }

    fn status(&self, _now: u64) -> StoreStatus {
        StoreStatus::default()
    }

    fn advance(&self, _advance: &Advance) -> Result<Advanced> {
        Err(unfinished())
    }

    fn append(&self, _mark: &Mark, _now: u64) -> Result<()> {
        Err(unfinished())
    }

    fn append_and_wait(&self, _mark: &Mark, _now: u64, _wait: Option<Wait>) -> Result<()> {
        Err(unfinished())
    }

    fn put_data(&self, _data: &SessionData, _now: u64) -> Result<()> {
        Err(unfinished())
    }

    fn data(&self, _id: SessionId, _now: u64) -> Result<Option<Vec<u8>>> {
        Err(unfinished())
    }

    fn remove_data(&self, _id: SessionId, _now: u64) -> Result<()> {
        Err(unfinished())
    }

    fn record(&self, _record: &SessionRecord, _now: u64) -> Result<()> {
        Err(unfinished())
    }

    fn records(&self, _subject: &str, _now: u64) -> Result<Vec<SessionRecord>> {
        Err(unfinished())
    }
}

//! Marks in the memory of one process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Advance, Advanced, Retention, RevocationState, SessionData, SessionRecord, Store};
use crate::error::{ErrorKind, Result, SessionError};
use crate::revocation::{Mark, RevocationIndex};
use crate::session_id::SessionId;

/// A store in the memory of one process: for tests, and for servers of one process that may forget which
/// sessions were revoked when they restart.
///
/// ```
/// use sessera::{Client, ErrorKind, Keyring, MemoryStore, NewSession, Sessions};
/// # fn main() -> Result<(), sessera::SessionError> {
/// let sessions = Sessions::builder("https://app.example", "web")
///     .keyring(Keyring::generate(sessera::Algorithm::Hs256)?)
///     .store(MemoryStore::new())
///     .build()?;
/// let client = Client::new();
/// let issued = sessions.issue(NewSession::new("user-42"), &client)?;
/// sessions.revoke_session(&issued.session.id)?;
/// assert_eq!(sessions.verify(&issued.token, &client).unwrap_err().kind(), ErrorKind::Revoked);
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    index: RevocationIndex,
    /// Marks whose term ended by then may be gone.
    forgotten: AtomicU64,
    /// Held by writers, so that a compare and its set are one step.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    retention: Option<Retention>,
    writes: usize,
    data: HashMap<SessionId, SessionData>,
    records: HashMap<String, Vec<SessionRecord>>,
    /// Whose list a session is on.
    listed: HashMap<SessionId, String>,
}

impl MemoryStore {
    /// A store without marks.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store without marks, that will hold at most so many of sessions and subjects. Default
    /// [`RevocationIndex::DEFAULT_QUOTA`]; see [`RevocationIndex`] for what happens beyond it.
    pub fn with_quota(marks: usize) -> Self {
        Self { index: RevocationIndex::with_quota(marks), ..Self::default() }
    }

    fn write<T>(&self, now: u64, write: impl FnOnce(&mut Kept, Retention) -> T) -> T {
        let mut kept = self.kept();
        let retention = kept.retention.get_or_insert(Retention::new(now));
        retention.observe(now);
        let retention = *retention;
        kept.writes = kept.writes.wrapping_add(1);
        if kept.writes.is_multiple_of(Kept::SWEEP_EVERY) {
            let shard = kept.writes / Kept::SWEEP_EVERY;
            self.forgotten.fetch_max(retention.forget_before(), Ordering::AcqRel);
            self.index.sweep_shard(shard, retention.forget_before());
            if shard.is_multiple_of(RevocationIndex::SHARDS) {
                kept.forget(|_, _, _, expires_at| expires_at <= retention.certain());
            }
        }
        write(&mut kept, retention)
    }

    /// Applies a mark, and lets go of what is kept of the sessions that it ends.
    fn apply(&self, mark: &Mark, kept: &mut Kept) {
        self.index.apply(mark);
        match mark {
            Mark::Session { id, state, .. } => {
                if state.revoked {
                    kept.data.remove(id);
                    kept.unlist(*id);
                }
            }
            Mark::Subject { .. } | Mark::Everything { .. } => {
                kept.forget(|id, subject, started_at, _| self.is_dead(id, subject, started_at));
            }
            Mark::Key { .. } => {}
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// How many writes there are between two sweeps, each of one shard of the marks.
    const SWEEP_EVERY: usize = 64;

    /// Forgets the sessions of which `is_over` says so, by their id, subject, start and end.
    fn forget(&mut self, is_over: impl Fn(SessionId, &str, u64, u64) -> bool) {
        self.data.retain(|id, data| !is_over(*id, &data.subject, data.started_at, data.expires_at));
        let listed = &mut self.listed;
        self.records.retain(|subject, records| {
            records.retain(|record| {
                let over = is_over(record.id, subject, record.started_at, record.expires_at);
                if over {
                    listed.remove(&record.id);
                }
                !over
            });
            !records.is_empty()
        });
    }

    fn unlist(&mut self, id: SessionId) {
        let Some(subject) = self.listed.remove(&id) else { return };
        let Some(records) = self.records.get_mut(&subject) else { return };
        records.retain(|record| record.id != id);
        if records.is_empty() {
            self.records.remove(&subject);
        }
    }
}

impl Store for MemoryStore {
    fn index(&self) -> &RevocationIndex {
        &self.index
    }

    fn refresh(&self, now: u64) -> u64 {
        let forgotten = self.forgotten.load(Ordering::Acquire);
        if now < forgotten {
            // Tokens that had expired are accepted at this time, and the marks of some are gone.
            self.index.apply(&Mark::Everything { cut: forgotten, keep_until: u64::MAX });
        }
        0
    }

    fn sync(&self, now: u64) -> Result<()> {
        self.refresh(now);
        Ok(())
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        self.write(advance.now, |kept, retention| {
            let advanced = advance.against(self.index.session(advance.id));
            if advanced.won {
                self.apply(&retention.extend(&advanced.mark_of(advance), advance.now), kept);
            }
            Ok(advanced)
        })
    }

    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState> {
        self.write(now, |kept, retention| self.apply(&retention.extend(mark, now), kept));
        Ok(RevocationState::Stored)
    }

    fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        self.write(now, |kept, _| {
            if self.is_dead(data.id, &data.subject, data.started_at) {
                return Err(SessionError::new(ErrorKind::Revoked, "the session was revoked"));
            }
            kept.data.insert(data.id, data.clone());
            Ok(())
        })
    }

    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        let kept = self.kept();
        let data = kept.data.get(&id).filter(|data| data.expires_at > now);
        Ok(data.map(|data| data.bytes.clone()))
    }

    fn remove_data(&self, id: SessionId, now: u64) -> Result<()> {
        self.write(now, |kept, _| kept.data.remove(&id));
        Ok(())
    }

    fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        self.write(now, |kept, _| {
            kept.unlist(record.id);
            if !self.is_dead(record.id, &record.subject, record.started_at) {
                kept.listed.insert(record.id, record.subject.clone());
                kept.records.entry(record.subject.clone()).or_default().push(record.clone());
            }
        });
        Ok(())
    }

    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        let mut records = self.kept().records.get(subject).cloned().unwrap_or_default();
        records.retain(|record| record.expires_at > now);
        records.sort_by_key(|record| (record.started_at, record.id));
        Ok(records)
    }
}

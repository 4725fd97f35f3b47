//! Marks in the memory of one process.

use std::sync::{Mutex, PoisonError};

use super::{Advance, Advanced, Store};
use crate::error::Result;
use crate::revocation::{Mark, RevocationIndex};

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
    /// Held by writers, so that a compare and its set are one step.
    writing: Mutex<Writing>,
}

#[derive(Debug, Default)]
struct Writing {
    writes: usize,
}

impl Writing {
    /// How many writes there are between two sweeps, each of one shard.
    const SWEEP_EVERY: usize = 64;
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

    fn write<T>(&self, now: u64, write: impl FnOnce(&RevocationIndex) -> T) -> T {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        writing.writes = writing.writes.wrapping_add(1);
        if writing.writes.is_multiple_of(Writing::SWEEP_EVERY) {
            self.index.sweep_shard(writing.writes / Writing::SWEEP_EVERY, now);
        }
        write(&self.index)
    }
}

impl Store for MemoryStore {
    fn index(&self) -> &RevocationIndex {
        &self.index
    }

    fn refresh(&self, _now: u64) -> u64 {
        0
    }

    fn sync(&self, _now: u64) -> Result<()> {
        Ok(())
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        self.write(advance.now, |index| {
            let advanced = advance.against(index.session(advance.id));
            if advanced.won {
                let keep_until = advance.keep_until;
                index.apply(&Mark::Session { id: advance.id, state: advanced.mark, keep_until });
            }
            Ok(advanced)
        })
    }

    fn append(&self, mark: &Mark, now: u64) -> Result<()> {
        self.write(now, |index| index.apply(mark));
        Ok(())
    }
}

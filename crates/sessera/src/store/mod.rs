//! Where marks live, so that every verifier learns of them; and what else is kept of single sessions.

mod memory;
mod outbox;
mod records;
mod retention;
mod status;

use std::fmt;

pub use memory::MemoryStore;
pub use outbox::{MarkName, Outbox, Pendable};
pub use records::{SessionData, SessionRecord};
pub use retention::Retention;
pub use status::{RevocationState, StoreStatus, Wait};

use crate::error::{ErrorKind, Result, SessionError};
use crate::revocation::{Mark, RevocationIndex, SessionMark};
use crate::session_id::SessionId;

/// A place for marks that several verifiers share, for the data of sessions, and for the list of them.
///
/// A store keeps the [`RevocationIndex`] of its process up to date; a verify asks only the index. Every
/// implementation passes the conformance suite of `sessera-testkit`. All times are Unix milliseconds.
pub trait Store: Send + Sync + 'static {
    /// What this process knows of the store's marks.
    fn index(&self) -> &RevocationIndex;

    /// Takes over what is new in the store, as far as that costs next to nothing, and returns how old the
    /// knowledge of this process is then, in milliseconds: `0` when it is all there is, `u64::MAX` when
    /// nothing was loaded yet.
    ///
    /// Called by every verify. A store that can't be read does not fail here: its knowledge grows old.
    fn refresh(&self, now: u64) -> u64;

    /// Takes over all that is in the store, whatever it costs. For the calls that ask for a live check.
    ///
    /// # Errors
    /// `store_unavailable`.
    fn sync(&self, now: u64) -> Result<()>;

    /// Moves a session on by one generation: one atomic compare-and-set.
    ///
    /// When the session is not revoked and its generation is not past `advance.from`, it becomes
    /// `from + 1`, rotated at `advance.now`. In every case the result is what the store holds then. Both are
    /// durable, and in the index of this process, before this returns.
    ///
    /// # Errors
    /// `store_unavailable`; then nothing was changed, or it is not known whether something was.
    fn advance(&self, advance: &Advance) -> Result<Advanced>;

    /// Adds a mark. When this returns, the mark is in the index of this process. It is durable too when the
    /// result is [`Stored`](RevocationState::Stored). A store that can't be written, for whatever reason, keeps
    /// the mark [`Pending`](RevocationState::Pending) (an [`Outbox`] helps) and writes it as soon as it can.
    ///
    /// # Errors
    /// `store_unavailable` when the mark can't be kept pending either; then it is not in force.
    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState>;

    /// Adds a mark to the index of this process at once, and to the store in the background: the caller does not
    /// wait. For what may be lost with this process, such as that a generation was shown. Called on the path of a
    /// verify, at most once a session, rotation and process.
    ///
    /// The default calls [`append`](Self::append), which suits a store that never waits.
    fn append_later(&self, mark: &Mark, now: u64) {
        let _ = self.append(mark, now);
    }

    /// As [`append`](Self::append), and waits for more than that: what the caller says, or else what the store was
    /// opened with.
    ///
    /// As it is here, for a store whose verifiers all see a mark at their next [`refresh`](Self::refresh): to have
    /// it stored is to have it confirmed.
    ///
    /// # Errors
    /// `store_unavailable` when the wait was in vain, though the mark is in force here, and stored or pending;
    /// `invalid_config` for a wait that this store does not know, and then nothing is in force.
    fn append_and_wait(&self, mark: &Mark, now: u64, wait: Option<Wait>) -> Result<RevocationState> {
        match wait {
            None | Some(Wait::Stored) => self.append(mark, now),
            Some(Wait::Confirmed) => match self.append(mark, now)? {
                RevocationState::Pending => Err(SessionError::new(
                    ErrorKind::StoreUnavailable,
                    "the revocation is in force here and pending; other processes do not know it yet",
                )),
                RevocationState::Stored | RevocationState::Replicated | RevocationState::Confirmed => {
                    Ok(RevocationState::Confirmed)
                }
            },
            Some(Wait::Replicated(_)) => {
                Err(SessionError::new(ErrorKind::InvalidConfig, "this store has no replicas to wait for"))
            }
        }
    }

    /// Whether processes on several machines, with clocks of their own, write to this store. Default: no.
    fn spans_machines(&self) -> bool {
        false
    }

    /// What the store says of itself, for operators and metrics. It reads nothing that [`refresh`](Self::refresh)
    /// does not read.
    fn status(&self, now: u64) -> StoreStatus {
        StoreStatus { age: self.refresh(now), ..StoreStatus::default() }
    }

    /// Keeps data of a session in place of those that were there. Data and record of a session go when a mark
    /// ends it, or when they expire.
    ///
    /// # Errors
    /// `revoked` when the session is dead, so that a late write leaves nothing behind; `store_unavailable`.
    fn put_data(&self, data: &SessionData, now: u64) -> Result<()>;

    /// The data of a session that have not expired.
    ///
    /// # Errors
    /// `store_unavailable`.
    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>>;

    /// Removes the data of a session.
    ///
    /// # Errors
    /// `store_unavailable`.
    fn remove_data(&self, id: SessionId, now: u64) -> Result<()>;

    /// Puts a session on its subject's list, or brings its line up to date. A dead one is left off.
    ///
    /// # Errors
    /// `store_unavailable`.
    fn record(&self, record: &SessionRecord, now: u64) -> Result<()>;

    /// The sessions on a subject's list that live, oldest first.
    ///
    /// # Errors
    /// `store_unavailable`.
    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>>;

    /// Whether the marks that are known end this session.
    fn is_dead(&self, id: SessionId, subject: &str, started_at: u64) -> bool {
        let cut = self.index().cut(subject);
        (cut > 0 && started_at <= cut) || self.index().session(id).is_some_and(|mark| mark.revoked)
    }
}

impl fmt::Debug for dyn Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("index", self.index()).finish()
    }
}

/// A step to the next generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advance {
    /// The session.
    pub id: SessionId,
    /// The generation that the caller holds.
    pub from: u64,
    /// The time of the step.
    pub now: u64,
    /// Whether it is an elevation, which leaves the old generation no grace.
    pub elevated: bool,
    /// Until when the mark is needed.
    pub keep_until: u64,
}

/// What an [`Advance`] led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Advanced {
    /// Where the session stands now.
    pub mark: SessionMark,
    /// Whether this call moved it there.
    pub won: bool,
}

impl Advance {
    /// The outcome against what a store holds: the one rule that every store applies atomically.
    pub fn against(&self, held: Option<SessionMark>) -> Advanced {
        match held {
            Some(mark) if mark.revoked || mark.generation > self.from => Advanced { mark, won: false },
            _ => {
                let generation = self.from.saturating_add(1);
                let mark = SessionMark {
                    generation,
                    rotated_at: self.now,
                    elevated: self.elevated,
                    shown: false,
                    revoked: false,
                };
                Advanced { mark, won: true }
            }
        }
    }
}

impl Advanced {
    /// The mark that a won [`Advance`] leaves.
    pub fn mark_of(&self, advance: &Advance) -> Mark {
        Mark::Session { id: advance.id, state: self.mark, keep_until: advance.keep_until }
    }
}

impl<S: Store + ?Sized> Store for std::sync::Arc<S> {
    fn index(&self) -> &RevocationIndex {
        (**self).index()
    }

    fn refresh(&self, now: u64) -> u64 {
        (**self).refresh(now)
    }

    fn sync(&self, now: u64) -> Result<()> {
        (**self).sync(now)
    }

    fn advance(&self, advance: &Advance) -> Result<Advanced> {
        (**self).advance(advance)
    }

    fn append(&self, mark: &Mark, now: u64) -> Result<RevocationState> {
        (**self).append(mark, now)
    }

    fn append_later(&self, mark: &Mark, now: u64) {
        (**self).append_later(mark, now);
    }

    fn append_and_wait(&self, mark: &Mark, now: u64, wait: Option<Wait>) -> Result<RevocationState> {
        (**self).append_and_wait(mark, now, wait)
    }

    fn spans_machines(&self) -> bool {
        (**self).spans_machines()
    }

    fn status(&self, now: u64) -> StoreStatus {
        (**self).status(now)
    }

    fn put_data(&self, data: &SessionData, now: u64) -> Result<()> {
        (**self).put_data(data, now)
    }

    fn data(&self, id: SessionId, now: u64) -> Result<Option<Vec<u8>>> {
        (**self).data(id, now)
    }

    fn remove_data(&self, id: SessionId, now: u64) -> Result<()> {
        (**self).remove_data(id, now)
    }

    fn record(&self, record: &SessionRecord, now: u64) -> Result<()> {
        (**self).record(record, now)
    }

    fn records(&self, subject: &str, now: u64) -> Result<Vec<SessionRecord>> {
        (**self).records(subject, now)
    }
}

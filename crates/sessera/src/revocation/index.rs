//! What a process knows of revocations, in memory, for the verify path.

use std::collections::hash_map::{Entry, RandomState};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use super::mark::{Mark, SessionMark};
use crate::session_id::SessionId;

const SHARDS: usize = 64;

/// All marks that a process knows of.
///
/// A store fills it with [`apply`](Self::apply); every verify asks it. It is safe to share between threads.
pub struct RevocationIndex {
    sessions: [RwLock<HashMap<SessionId, Kept<SessionMark>, ByItself>>; SHARDS],
    subjects: RwLock<HashMap<String, Kept<u64>, RandomState>>,
    /// How many subjects have a cut, so that a verify need not look when none has.
    subject_count: AtomicU64,
    everything: AtomicU64,
    /// The latest cut of all, of any subject or of everything.
    latest_cut: AtomicU64,
    keys: RwLock<HashSet<String>>,
    key_count: AtomicU64,
}

/// An id is 128 random bits, so that any 64 of them are a hash.
type ByItself = BuildHasherDefault<IdBits>;

#[derive(Default)]
struct IdBits(u64);

impl Hasher for IdBits {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for (nth, byte) in bytes.iter().rev().take(8).enumerate() {
            self.0 |= u64::from(*byte) << (8 * nth);
        }
    }

    fn write_u128(&mut self, id: u128) {
        // The low half; the shard is chosen by the high one.
        #[expect(clippy::cast_possible_truncation)]
        let bits = id as u64;
        self.0 = bits;
    }
}

#[derive(Debug, Clone, Copy)]
struct Kept<T> {
    value: T,
    until: u64,
}

/// What a token asks of the index.
pub(crate) struct Query<'a> {
    pub(crate) session: SessionId,
    pub(crate) subject: &'a str,
    pub(crate) started_at: u64,
    pub(crate) kid: &'a str,
}

/// What the index knows of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// A cut or a dead key refuses it, whatever its session's own mark says.
    Cut,
    /// The mark of its session.
    Marked(SessionMark),
}

impl RevocationIndex {
    /// An index that knows of nothing.
    pub fn new() -> Self {
        Self {
            sessions: std::array::from_fn(|_| RwLock::default()),
            subjects: RwLock::default(),
            subject_count: AtomicU64::new(0),
            everything: AtomicU64::new(0),
            latest_cut: AtomicU64::new(0),
            keys: RwLock::default(),
            key_count: AtomicU64::new(0),
        }
    }

    /// Adds what a mark says to what is known. In any order, any number of times.
    pub fn apply(&self, mark: &Mark) {
        match mark {
            Mark::Session { id, state, keep_until } => {
                let mut shard = write(self.shard(*id));
                match shard.entry(*id) {
                    Entry::Occupied(mut known) => {
                        let known = known.get_mut();
                        known.value = known.value.join(*state);
                        known.until = known.until.max(*keep_until);
                    }
                    Entry::Vacant(place) => {
                        place.insert(Kept { value: *state, until: *keep_until });
                    }
                }
            }
            Mark::Subject { subject, cut, keep_until } => {
                self.latest_cut.fetch_max(*cut, Ordering::AcqRel);
                let mut subjects = write(&self.subjects);
                let known = subjects.entry(subject.clone()).or_insert(Kept { value: 0, until: 0 });
                known.value = known.value.max(*cut);
                known.until = known.until.max(*keep_until);
                self.subject_count.store(subjects.len() as u64, Ordering::Release);
            }
            Mark::Everything { cut, .. } => {
                self.latest_cut.fetch_max(*cut, Ordering::AcqRel);
                self.everything.fetch_max(*cut, Ordering::AcqRel);
            }
            Mark::Key { kid } => {
                let mut keys = write(&self.keys);
                keys.insert(kid.clone());
                self.key_count.store(keys.len() as u64, Ordering::Release);
            }
        }
    }

    /// Forgets the marks that nothing can need any more at `now`.
    pub fn sweep(&self, now: u64) {
        for shard in &self.sessions {
            write(shard).retain(|_, kept| kept.until > now);
        }
        let mut subjects = write(&self.subjects);
        subjects.retain(|_, kept| kept.until > now);
        self.subject_count.store(subjects.len() as u64, Ordering::Release);
    }

    /// How many marks are known.
    pub fn len(&self) -> usize {
        let sessions: usize = self.sessions.iter().map(|shard| read(shard).len()).sum();
        let everything = usize::from(self.everything.load(Ordering::Acquire) > 0);
        sessions + read(&self.subjects).len() + read(&self.keys).len() + everything
    }

    /// Whether no mark is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is known of one session.
    pub fn session(&self, id: SessionId) -> Option<SessionMark> {
        read(self.shard(id)).get(&id).map(|kept| kept.value)
    }

    /// The latest cut that a new session of this subject must start after.
    pub fn cut(&self, subject: &str) -> u64 {
        self.everything.load(Ordering::Acquire).max(self.subject_cut(subject))
    }

    /// The latest cut of all, which the start of a session may be just past.
    pub(crate) fn latest_cut(&self) -> u64 {
        self.latest_cut.load(Ordering::Acquire)
    }

    pub(crate) fn find(&self, query: &Query<'_>) -> Found {
        // A cut of 0 is none: no session starts at 0.
        let cut = self.cut(query.subject);
        let dead_key = self.key_count.load(Ordering::Acquire) > 0 && read(&self.keys).contains(query.kid);
        if dead_key || (cut > 0 && query.started_at <= cut) {
            return Found::Cut;
        }
        self.session(query.session).map_or(Found::Nothing, Found::Marked)
    }

    fn subject_cut(&self, subject: &str) -> u64 {
        if self.subject_count.load(Ordering::Acquire) == 0 {
            return 0;
        }
        read(&self.subjects).get(subject).map_or(0, |kept| kept.value)
    }

    fn shard(&self, id: SessionId) -> &RwLock<HashMap<SessionId, Kept<SessionMark>, ByItself>> {
        &self.sessions[usize::from(id.to_bytes()[0]) % SHARDS]
    }
}

impl Default for RevocationIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RevocationIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationIndex").field("marks", &self.len()).finish()
    }
}

/// A lock whose holder panicked still guards whole marks: each is written by one assignment.
fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

//! What these sessions know of revocations, and how old that is.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use super::Sessions;
use crate::event::EventKind;
use crate::policy::OnStale;
use crate::revocation::RevocationIndex;

/// What a [`Sessions`] knows of revocations: what [`Sessions::status`] returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// What the age means by the policy.
    pub freshness: Freshness,
    /// Whether requests should come here: marks are loaded, and not so old that the policy refuses tokens.
    pub ready: bool,
    /// How old the knowledge is. `None` when nothing was loaded yet.
    pub age: Option<Duration>,
    /// Of which life of the store's log the position is; 0 where a log has only one.
    pub epoch: u64,
    /// The number of the last mark or entry that is applied here; 0 where marks have no numbers.
    pub applied: u64,
    /// How many marks are known.
    pub marks: usize,
    /// How many marks of sessions and subjects may be known; beyond it the older half gives way to a cut.
    pub quota: usize,
    /// How many marks are in force here and not in the store yet.
    pub pending: u64,
    /// The memory that they take, in bytes.
    pub memory: usize,
    /// How often there were more marks than the index may hold; see
    /// [`RevocationIndex`](crate::RevocationIndex).
    pub overflows: u64,
    /// How many values in the store could not be read, and were ignored.
    pub refused: u64,
    /// What is in the way, in a sentence for an operator. `None` when nothing is.
    pub problem: Option<String>,
}

/// How good the knowledge of revocations is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// Nothing was loaded yet: not ready.
    Loading,
    /// At most [`fresh_for`](crate::Policy::fresh_for) old.
    Fresh,
    /// At most [`stale_after`](crate::Policy::stale_after) old: tokens are accepted, with an event.
    Stale,
    /// Older: what happens is up to [`on_stale`](crate::Policy::on_stale).
    Expired,
}

impl Freshness {
    /// The stable name, the same in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loading => "loading",
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Expired => "expired",
        }
    }
}

/// What was reported of the store's knowledge.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// 0 at first, else one more than the freshness.
    freshness: AtomicU8,
    refused: AtomicU64,
    pub(super) near_quota: AtomicBool,
    /// The latest cut that was reported as lying ahead.
    pub(super) cut_ahead: AtomicU64,
}

impl Sessions {
    /// What is known of revocations, and how old that is: for health checks and metrics. Without a store there is
    /// nothing to know, and that is fresh.
    ///
    /// ```
    /// # use sessera::{Algorithm, Freshness, Keyring, MemoryStore, Sessions};
    /// # fn main() -> Result<(), sessera::SessionError> {
    /// let sessions = Sessions::builder("https://app.example", "web")
    ///     .keyring(Keyring::generate(Algorithm::EdDsa)?)
    ///     .store(MemoryStore::new())
    ///     .build()?;
    /// let status = sessions.status();
    /// assert!(status.ready);
    /// assert_eq!((status.freshness, status.marks), (Freshness::Fresh, 0));
    /// # Ok(()) }
    /// ```
    pub fn status(&self) -> Status {
        let now = self.now();
        let mut known = self.store.as_ref().map(|store| store.status(now)).unwrap_or_default();
        let index = self.store.as_ref().map(|store| store.index());
        known.refused += index.map_or(0, RevocationIndex::refused);
        self.note_cut(index.map_or(0, RevocationIndex::latest_cut), now);
        self.report_quota(now);
        let freshness = self.freshness(known.age);
        self.note_age(known.age, now);
        if self.told.refused.fetch_max(known.refused, Ordering::AcqRel) < known.refused {
            self.report(EventKind::RevocationsRefused, None, None, now);
        }
        Status {
            freshness,
            ready: match freshness {
                Freshness::Fresh | Freshness::Stale => true,
                Freshness::Expired => self.policy.on_stale == OnStale::Accept,
                Freshness::Loading => false,
            },
            age: (freshness != Freshness::Loading).then_some(Duration::from_millis(known.age)),
            epoch: known.epoch,
            applied: known.applied,
            marks: index.map_or(0, RevocationIndex::len),
            quota: index.map_or(0, RevocationIndex::quota),
            pending: known.pending,
            memory: index.map_or(0, RevocationIndex::memory),
            overflows: index.map_or(0, RevocationIndex::overflows),
            refused: known.refused,
            problem: known.problem,
        }
    }

    fn freshness(&self, age: u64) -> Freshness {
        match age {
            u64::MAX => Freshness::Loading,
            age if age == 0 || age <= self.policy.fresh_ms() => Freshness::Fresh,
            age if age <= self.policy.stale_ms() => Freshness::Stale,
            _ => Freshness::Expired,
        }
    }

    /// Tells the observer where the freshness changed.
    #[inline]
    pub(super) fn note_age(&self, age: u64, now: u64) {
        let freshness = self.freshness(age);
        let told = self.told.freshness.load(Ordering::Relaxed);
        if told != freshness as u8 + 1 {
            self.tell_freshness(freshness, now);
        }
    }

    #[cold]
    fn tell_freshness(&self, freshness: Freshness, now: u64) {
        let told = self.told.freshness.swap(freshness as u8 + 1, Ordering::AcqRel);
        let kind = match freshness {
            // Another thread may have been here just before; and that all is well at the start is no news.
            _ if told == freshness as u8 + 1 => return,
            Freshness::Fresh if told == 0 => return,
            Freshness::Fresh => EventKind::RevocationsFresh,
            Freshness::Stale => EventKind::RevocationsStale,
            Freshness::Loading | Freshness::Expired => EventKind::RevocationsExpired,
        };
        self.report(kind, None, None, now);
    }
}

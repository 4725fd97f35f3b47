//! Cuts: all sessions of a subject, or of everyone, that started by a moment are dead.

use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip128::SipHasher13;

use super::packed::Packed;
use super::shards::Shards;

/// The cuts of subjects, and the one of everything. A cut of 0 is none: no session starts at 0.
pub(super) struct Cuts {
    everything: AtomicU64,
    /// The latest of all, of any subject or of everything.
    latest: AtomicU64,
    pub(super) subjects: Shards,
    /// Subjects are known by 128 bits of a keyed hash: with a key that nobody knows, nobody can make two
    /// subjects of one hash, nor fill one place of the table.
    hasher: SipHasher13,
}

impl Cuts {
    pub(super) fn new([key_0, key_1]: [u64; 2]) -> Self {
        Self {
            everything: AtomicU64::new(0),
            latest: AtomicU64::new(0),
            subjects: Shards::new(),
            hasher: SipHasher13::new_with_keys(key_0, key_1),
        }
    }

    pub(super) fn cut_subject(&self, key: u128, cut: u64, keep_until: u64) {
        self.latest.fetch_max(cut, Ordering::AcqRel);
        self.subjects.apply(key, Packed::subject(cut, keep_until), Packed::join_subjects);
    }

    pub(super) fn cut_everything(&self, cut: u64) {
        self.latest.fetch_max(cut, Ordering::AcqRel);
        self.everything.fetch_max(cut, Ordering::AcqRel);
    }

    /// The cut that a session of this subject must have started after.
    ///
    /// The one of everything is read last: where it takes the place of others, it is there before they go.
    #[inline]
    pub(super) fn of(&self, subject: &str) -> u64 {
        let own = if self.subjects.len() == 0 {
            0
        } else {
            self.subjects.get(self.key(subject)).map_or(0, Packed::cut)
        };
        own.max(self.everything())
    }

    #[inline]
    pub(super) fn everything(&self) -> u64 {
        self.everything.load(Ordering::Acquire)
    }

    pub(super) fn latest(&self) -> u64 {
        self.latest.load(Ordering::Acquire)
    }

    /// What the table knows a subject by.
    #[inline]
    pub(super) fn key(&self, subject: &str) -> u128 {
        self.hasher.hash(subject.as_bytes()).as_u128()
    }
}

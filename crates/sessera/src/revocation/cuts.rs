//! Cuts: all sessions of a subject, or of everyone, that started by a moment are dead.

use std::sync::atomic::{AtomicU64, Ordering};

use siphasher::sip::SipHasher13;

use super::packed::Packed;
use super::shards::Shards;
use super::table::Entry;

/// The cuts of subjects, and the one of everything. A cut of 0 is none: no session starts at 0.
pub(super) struct Cuts {
    everything: AtomicU64,
    /// The latest of all, of any subject or of everything.
    latest: AtomicU64,
    pub(super) subjects: Shards,
    /// Subjects are known by 128 bits of two keyed hashes: with keys that nobody knows, nobody can make two
    /// subjects of one hash, nor fill one place of the table. The first says which half the filter is asked
    /// for; the second is computed only where the filter does not settle it.
    hashers: [SipHasher13; 2],
}

impl Cuts {
    pub(super) fn new(secrets: [[u64; 2]; 2]) -> Self {
        Self {
            everything: AtomicU64::new(0),
            latest: AtomicU64::new(0),
            subjects: Shards::new(),
            hashers: secrets.map(|[first, second]| SipHasher13::new_with_keys(first, second)),
        }
    }

    pub(super) fn cut_subject(&self, key: u128, mark: Packed) {
        self.latest.fetch_max(mark.cut(), Ordering::AcqRel);
        self.subjects.apply(key, mark, Packed::join_subjects);
    }

    /// As [`cut_subject`](Self::cut_subject) of many, which must be in the order of their keys.
    pub(super) fn cut_subjects(&self, marks: &[Entry]) {
        let latest = marks.iter().map(|(_, mark)| mark.cut()).max().unwrap_or(0);
        self.latest.fetch_max(latest, Ordering::AcqRel);
        self.subjects.apply_sorted(marks, Packed::join_subjects);
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
        let own = if self.subjects.len() == 0 { 0 } else { self.of_subject(subject) };
        own.max(self.everything())
    }

    #[inline]
    fn of_subject(&self, subject: &str) -> u64 {
        let upper = self.hashers[0].hash(subject.as_bytes());
        if !self.subjects.may_hold(upper) {
            return 0;
        }
        self.subjects.get_exactly(self.key_under(upper, subject)).map_or(0, Packed::cut)
    }

    #[inline]
    pub(super) fn everything(&self) -> u64 {
        self.everything.load(Ordering::Acquire)
    }

    pub(super) fn latest(&self) -> u64 {
        self.latest.load(Ordering::Acquire)
    }

    /// What the table knows a subject by.
    pub(super) fn key(&self, subject: &str) -> u128 {
        self.key_under(self.hashers[0].hash(subject.as_bytes()), subject)
    }

    fn key_under(&self, upper: u64, subject: &str) -> u128 {
        u128::from(upper) << 64 | u128::from(self.hashers[1].hash(subject.as_bytes()))
    }
}

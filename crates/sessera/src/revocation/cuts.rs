//! Cuts: all sessions of a subject, or of everyone, that started by a moment are dead.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use siphasher::sip::SipHasher13;

use super::names::Subjects;
use super::packed::Packed;
use super::scramble::Scramble;
use super::shards::Shards;
use super::subjects::SubjectList;
use super::table::Entry;

/// The last time that a cut may have, in Unix milliseconds. What claims to be later is not the time of any
/// clock, and is ignored.
pub(super) const LAST_CUT: u64 = (1 << 52) - 1;

/// The cuts of subjects, and the one of everything. A cut of 0 is none: no session starts at 0.
pub(super) struct Cuts {
    everything: AtomicU64,
    /// The latest of all, of any subject or of everything.
    latest: AtomicU64,
    pub(super) subjects: Shards,
    names: Subjects,
    /// Whose cuts are held, where that is listed. Every subject of `subjects` is there, at times twice, and some
    /// that are not held any more.
    listed: Option<Mutex<SubjectList>>,
    /// How many cuts past [`LAST_CUT`] were ignored.
    refused: AtomicU64,
}

impl Cuts {
    pub(super) fn new(names: Subjects) -> Self {
        Self {
            everything: AtomicU64::new(0),
            latest: AtomicU64::new(0),
            subjects: Shards::new(),
            names,
            listed: None,
            refused: AtomicU64::new(0),
        }
    }

    /// As these, and the subjects are listed.
    pub(super) fn listing(self) -> Self {
        Self { listed: Some(Mutex::default()), ..self }
    }

    /// Whether a subject with this key must be [listed](Self::list) once its cut is there.
    pub(super) fn is_unlisted(&self, key: u128) -> bool {
        self.listed.is_some() && self.subjects.get(key).is_none()
    }

    /// Adds the subjects of cuts that are there to the list.
    pub(super) fn list(&self, subjects: &mut SubjectList) {
        if let Some(mut listed) = self.listed() {
            listed.append(subjects);
            listed.prune(|subject| self.own(subject).is_some());
        }
    }

    /// Calls `tell` with every subject that is listed and its mark.
    pub(super) fn for_each_listed(&self, mut tell: impl FnMut(&str, Packed)) {
        // A copy, so that `tell` may add to the list.
        let listed = self.listed().map(|listed| listed.clone());
        if let Some(listed) = listed {
            listed.iter().for_each(|subject| {
                if let Some(mark) = self.own(subject) {
                    tell(subject, mark);
                }
            });
        }
    }

    /// The mark of this subject, if there is one.
    pub(super) fn own(&self, subject: &str) -> Option<Packed> {
        self.subjects.get(self.key(subject))
    }

    /// Bytes of memory that the list takes.
    pub(super) fn listed_memory(&self) -> usize {
        self.listed().map_or(0, |listed| listed.memory())
    }

    /// Poisoning is ignored: a list that lacks the end of what was appended is a list.
    fn listed(&self) -> Option<MutexGuard<'_, SubjectList>> {
        Some(self.listed.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
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

    /// Whether a cut is one. One that is not is counted.
    pub(super) fn admits(&self, cut: u64) -> bool {
        let admitted = cut <= LAST_CUT;
        if !admitted {
            self.refused.fetch_add(1, Ordering::AcqRel);
        }
        admitted
    }

    /// How many cuts were ignored, as no clock can have made them.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Acquire)
    }

    pub(super) fn cut_everything(&self, cut: u64) {
        if !self.admits(cut) {
            return;
        }
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
        let mark = match &self.names {
            Subjects::Alone(hashers) => {
                let upper = hashers[0].hash(subject.as_bytes());
                if !self.subjects.may_hold(upper) {
                    return 0;
                }
                self.subjects.get_exactly(key_under(upper, hashers, subject))
            }
            Subjects::Shared(names, scramble) => {
                self.subjects.get(scramble.key(names.of(subject).to_bytes()))
            }
        };
        mark.map_or(0, Packed::cut)
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
        match &self.names {
            Subjects::Alone(hashers) => key_under(hashers[0].hash(subject.as_bytes()), hashers, subject),
            Subjects::Shared(names, scramble) => scramble.key(names.of(subject).to_bytes()),
        }
    }

    /// How names become keys of the table. `None` where subjects have no names.
    pub(super) fn scramble(&self) -> Option<&Scramble> {
        match &self.names {
            Subjects::Alone(_) => None,
            Subjects::Shared(_, scramble) => Some(scramble),
        }
    }
}

fn key_under(upper: u64, hashers: &[SipHasher13; 2], subject: &str) -> u128 {
    u128::from(upper) << 64 | u128::from(hashers[1].hash(subject.as_bytes()))
}

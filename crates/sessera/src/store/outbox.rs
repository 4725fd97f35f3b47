//! Marks that are in force in this process and not in the store yet.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{ErrorKind, Result, SessionError};
use crate::revocation::{Mark, SharedMark, SubjectName};
use crate::session_id::SessionId;

/// What a mark is about. Two marks of one name join into one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MarkName<Subject> {
    /// One session.
    Session(SessionId),
    /// All sessions of a subject.
    Subject(Subject),
    /// All sessions.
    Everything,
    /// All tokens of a key.
    Key(String),
}

/// A mark that an [`Outbox`] can hold.
pub trait Pendable: Sized {
    /// What tells marks apart that do not join.
    type Name: Eq + Hash + Clone;

    /// What this mark is about.
    fn name(&self) -> Self::Name;

    /// Combines two marks of one name. Marks of two names do not join: the result is the first.
    #[must_use]
    fn joined(self, other: Self) -> Self;
}

/// Marks that could not be written to the store, joined so that there is at most one a session, subject or key.
///
/// A store adds a mark when a write failed, [takes](Self::take) all of them when the store can be written again,
/// and [returns](Self::put_back) them where that failed. What is left when the process ends is lost.
#[derive(Debug)]
pub struct Outbox<M: Pendable> {
    marks: Mutex<HashMap<M::Name, M>>,
    /// Marks that are held, or taken and not acknowledged yet.
    pending: AtomicUsize,
    quota: usize,
}

impl<M: Pendable> Outbox<M> {
    /// An empty outbox that holds at most so many marks.
    pub fn new(quota: usize) -> Self {
        Self { marks: Mutex::default(), pending: AtomicUsize::new(0), quota }
    }

    /// Adds a mark.
    ///
    /// # Errors
    /// `store_unavailable` when the outbox is full.
    pub fn add(&self, mark: M) -> Result<()> {
        let mut marks = self.marks();
        if marks.len() >= self.quota && !marks.contains_key(&mark.name()) {
            return Err(SessionError::new(
                ErrorKind::StoreUnavailable,
                "the store can't be written, and no more revocations can be kept pending",
            ));
        }
        self.join(&mut marks, mark);
        Ok(())
    }

    /// Takes all marks out, to write them. They count as pending until [`written`](Self::written) or
    /// [`put_back`](Self::put_back) is called.
    #[must_use]
    pub fn take(&self) -> Vec<M> {
        self.marks().drain().map(|(_, mark)| mark).collect()
    }

    /// Acknowledges that so many marks that were taken are in the store.
    pub fn written(&self, marks: usize) {
        let _held = self.marks();
        self.pending.fetch_sub(marks, Ordering::AcqRel);
    }

    /// Returns marks that were taken and could not be written, whatever the quota.
    pub fn put_back(&self, taken: Vec<M>) {
        let mut marks = self.marks();
        self.pending.fetch_sub(taken.len(), Ordering::AcqRel);
        for mark in taken {
            self.join(&mut marks, mark);
        }
    }

    /// How many marks are pending.
    pub fn len(&self) -> usize {
        self.pending.load(Ordering::Acquire)
    }

    /// Whether no mark is pending. One atomic load.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn join(&self, marks: &mut HashMap<M::Name, M>, mark: M) {
        let name = mark.name();
        let joined = if let Some(held) = marks.remove(&name) {
            held.joined(mark)
        } else {
            self.pending.fetch_add(1, Ordering::AcqRel);
            mark
        };
        marks.insert(name, joined);
    }

    /// Poisoning is ignored: every critical section leaves valid state.
    fn marks(&self) -> MutexGuard<'_, HashMap<M::Name, M>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pendable for Mark {
    type Name = MarkName<String>;

    fn name(&self) -> Self::Name {
        match self {
            Self::Session { id, .. } => MarkName::Session(*id),
            Self::Subject { subject, .. } => MarkName::Subject(subject.clone()),
            Self::Everything { .. } => MarkName::Everything,
            Self::Key { kid } => MarkName::Key(kid.clone()),
        }
    }

    fn joined(mut self, other: Self) -> Self {
        match (&mut self, other) {
            (
                Self::Session { state, keep_until, .. },
                Self::Session { state: more, keep_until: until, .. },
            ) => {
                *state = state.join(more);
                *keep_until = until.max(*keep_until);
            }
            (Self::Subject { cut, keep_until, .. }, Self::Subject { cut: later, keep_until: until, .. })
            | (Self::Everything { cut, keep_until }, Self::Everything { cut: later, keep_until: until }) => {
                *cut = later.max(*cut);
                *keep_until = until.max(*keep_until);
            }
            _ => {}
        }
        self
    }
}

impl Pendable for SharedMark {
    type Name = MarkName<SubjectName>;

    fn name(&self) -> Self::Name {
        match self {
            Self::Session { id, .. } => MarkName::Session(*id),
            Self::Subject { name, .. } => MarkName::Subject(*name),
            Self::Everything { .. } => MarkName::Everything,
            Self::Key { kid } => MarkName::Key(kid.clone()),
        }
    }

    fn joined(mut self, other: Self) -> Self {
        match (&mut self, other) {
            (
                Self::Session { state, keep_until, .. },
                Self::Session { state: more, keep_until: until, .. },
            ) => {
                *state = state.join(more);
                *keep_until = until.max(*keep_until);
            }
            (Self::Subject { cut, keep_until, .. }, Self::Subject { cut: later, keep_until: until, .. }) => {
                *cut = later.max(*cut);
                *keep_until = until.max(*keep_until);
            }
            (Self::Everything { cut }, Self::Everything { cut: later }) => *cut = later.max(*cut),
            _ => {}
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::revocation::SessionMark;

    fn revoked(nth: u8, at: u64) -> Mark {
        let state = SessionMark::revoked_at(at);
        Mark::Session { id: SessionId::from_bytes([nth; 16]), state, keep_until: at }
    }

    #[test]
    fn one_session_has_at_most_one_pending_mark() {
        let outbox = Outbox::new(2);
        outbox.add(revoked(1, 10)).unwrap();
        outbox.add(revoked(1, 20)).unwrap();
        outbox.add(Mark::Key { kid: "leaked".to_owned() }).unwrap();
        assert_eq!(outbox.len(), 2);
        assert_eq!(outbox.add(revoked(2, 10)).unwrap_err().kind(), ErrorKind::StoreUnavailable);
        outbox.add(revoked(1, 30)).unwrap();
        assert!(outbox.take().contains(&revoked(1, 30)));
    }

    #[test]
    fn taken_marks_are_pending_until_they_are_written() {
        let outbox = Outbox::new(10);
        outbox.add(revoked(1, 10)).unwrap();
        let taken = outbox.take();
        outbox.add(revoked(1, 20)).unwrap();
        assert_eq!(outbox.len(), 2);
        outbox.put_back(taken);
        assert_eq!((outbox.len(), outbox.take()), (1, vec![revoked(1, 20)]));
        outbox.written(1);
        assert!(outbox.is_empty());
    }

    #[test]
    fn joining_keeps_the_later_cutoff() {
        let cut = |cut, keep_until| Mark::Everything { cut, keep_until };
        assert_eq!(cut(5, 9).joined(cut(7, 8)), cut(7, 9));
        let shared = |cut| SharedMark::Everything { cut };
        assert_eq!(shared(7).joined(shared(5)), shared(7));
    }
}

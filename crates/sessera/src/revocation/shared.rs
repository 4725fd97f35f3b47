//! Marks as the processes of a fleet pass them on, who know the names of subjects and not the subjects.

use super::index::RevocationIndex;
use super::mark::{Mark, SessionMark};
use super::names::SubjectName;
use super::packed::Packed;
use crate::session_id::SessionId;

/// A mark in which a subject goes by its name in the fleet. See [`Mark`](crate::Mark) for what each means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SharedMark {
    /// What is known of one session.
    Session {
        /// The session.
        id: SessionId,
        /// Its generation, or that it is dead.
        state: SessionMark,
        /// Until when the mark is needed; `u64::MAX` is for ever.
        keep_until: u64,
    },
    /// Every session of this subject that started at or before `cut` is dead.
    Subject {
        /// The subject's name.
        name: SubjectName,
        /// The sessions' latest start.
        cut: u64,
        /// Until when the mark is needed; `u64::MAX` is for ever.
        keep_until: u64,
    },
    /// Every session that started at or before `cut` is dead.
    Everything {
        /// The sessions' latest start.
        cut: u64,
    },
    /// Every token that was signed with this key is dead.
    Key {
        /// The key's `kid`.
        kid: String,
    },
}

impl RevocationIndex {
    /// As [`apply`](Self::apply). A subject is passed over where the index was not made with the fleet's
    /// [names](Self::shared).
    pub fn apply_shared(&self, mark: &SharedMark) {
        match mark {
            SharedMark::Session { id, state, keep_until } => {
                self.apply_session(self.key(*id), Packed::session(*state, *keep_until));
            }
            SharedMark::Subject { name, cut, keep_until } => {
                if let Some(scramble) = self.cuts.scramble() {
                    self.apply_subject(scramble.key(name.to_bytes()), Packed::subject(*cut, *keep_until));
                }
            }
            SharedMark::Everything { cut } => self.cuts.cut_everything(*cut),
            SharedMark::Key { kid } => self.keys.add(kid),
        }
    }

    /// As [`load`](Self::load).
    pub fn load_shared(&self, marks: impl IntoIterator<Item = SharedMark>) {
        let (mut sessions, mut subjects) = (Vec::new(), Vec::new());
        for mark in marks {
            match (mark, self.cuts.scramble()) {
                (SharedMark::Session { id, state, keep_until }, _) => {
                    sessions.push((self.key(id), Packed::session(state, keep_until)));
                    if sessions.len() >= Self::LOADED_AT_ONCE {
                        self.load_sessions(&mut sessions);
                    }
                }
                (SharedMark::Subject { name, cut, keep_until }, Some(scramble)) => {
                    subjects.push((scramble.key(name.to_bytes()), Packed::subject(cut, keep_until)));
                    if subjects.len() >= Self::LOADED_AT_ONCE {
                        self.load_subjects(&mut subjects);
                    }
                }
                (mark, _) => self.apply_shared(&mark),
            }
        }
        self.load_sessions(&mut sessions);
        self.load_subjects(&mut subjects);
    }

    /// Tells of every mark that is held. Those that are added meanwhile may be among them. Subjects are passed
    /// over where the index was not made with the fleet's [names](Self::shared).
    pub fn for_each(&self, mut tell: impl FnMut(SharedMark)) {
        self.sessions.for_each_entry(|(key, mark)| {
            let id = SessionId::from_bytes(self.scramble.bytes(key));
            tell(SharedMark::Session { id, state: mark.state(), keep_until: mark.keep_until() });
        });
        if let Some(scramble) = self.cuts.scramble() {
            self.cuts.subjects.for_each_entry(|(key, mark)| {
                let name = SubjectName::from_bytes(scramble.bytes(key));
                tell(SharedMark::Subject { name, cut: mark.cut(), keep_until: mark.keep_until() });
            });
        }
        if self.everything() > 0 {
            tell(SharedMark::Everything { cut: self.everything() });
        }
        self.keys.for_each(|kid| tell(SharedMark::Key { kid: kid.to_owned() }));
    }

    /// Calls `tell` with every mark that is held, those of subjects where the index is a [listing](Self::listing)
    /// one. Marks that are added meanwhile may be among them, and one may come twice. Nothing is locked while
    /// `tell` runs. Terms are in whole seconds, rounded up.
    pub fn for_each_mark(&self, mut tell: impl FnMut(Mark)) {
        self.sessions.for_each_entry(|(key, mark)| {
            let id = SessionId::from_bytes(self.scramble.bytes(key));
            tell(Mark::Session { id, state: mark.state(), keep_until: mark.keep_until() });
        });
        self.cuts.for_each_listed(|subject, mark| {
            tell(Mark::Subject {
                subject: subject.to_owned(),
                cut: mark.cut(),
                keep_until: mark.keep_until(),
            });
        });
        if self.everything() > 0 {
            tell(Mark::Everything { cut: self.everything(), keep_until: u64::MAX });
        }
        let mut kids = Vec::new();
        self.keys.for_each(|kid| kids.push(kid.to_owned()));
        for kid in kids {
            tell(Mark::Key { kid });
        }
    }

    /// Whether nothing would change if this mark were applied.
    pub fn knows_mark(&self, mark: &Mark) -> bool {
        match mark {
            Mark::Session { id, state, keep_until } => {
                self.knows(&SharedMark::Session { id: *id, state: *state, keep_until: *keep_until })
            }
            Mark::Subject { subject, cut, keep_until } => {
                let mark = Packed::subject(*cut, *keep_until);
                self.cuts.own(subject).is_some_and(|known| known.join_subjects(mark) == known)
            }
            Mark::Everything { cut, .. } => self.everything() >= *cut,
            Mark::Key { kid } => self.keys.contains(kid),
        }
    }

    /// The cut of the subject with this name: its own or that of everything, whichever is later.
    pub fn cut_of(&self, name: SubjectName) -> u64 {
        let own = self
            .cuts
            .scramble()
            .and_then(|scramble| self.cuts.subjects.get(scramble.key(name.to_bytes())).map(Packed::cut));
        own.unwrap_or(0).max(self.everything())
    }

    /// Whether nothing would change if this mark were applied.
    pub fn knows(&self, mark: &SharedMark) -> bool {
        match mark {
            SharedMark::Session { id, state, keep_until } => {
                let mark = Packed::session(*state, *keep_until);
                self.sessions.get(self.key(*id)).is_some_and(|known| known.join_sessions(mark) == known)
            }
            SharedMark::Subject { name, cut, keep_until } => {
                let mark = Packed::subject(*cut, *keep_until);
                let known = self.cuts.scramble().and_then(|s| self.cuts.subjects.get(s.key(name.to_bytes())));
                known.is_some_and(|known| known.join_subjects(mark) == known)
            }
            SharedMark::Everything { cut } => self.everything() >= *cut,
            SharedMark::Key { kid } => self.keys.contains(kid),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::SubjectNames;
    use super::*;

    fn any_mark() -> impl Strategy<Value = Mark> {
        let until = (0..100_u64).prop_map(|seconds| seconds * 1000);
        prop_oneof![
            (any::<u8>(), 0..5_u64, any::<bool>(), until.clone()).prop_map(
                |(nth, at, revoked, keep_until)| {
                    let state =
                        SessionMark { generation: at, rotated_at: at, revoked, ..SessionMark::default() };
                    Mark::Session { id: SessionId::from_bytes([nth; 16]), state, keep_until }
                }
            ),
            (0..9_u8, 1..100_u64, until).prop_map(|(nth, cut, keep_until)| Mark::Subject {
                subject: nth.to_string(),
                cut,
                keep_until,
            }),
            (1..100_u64).prop_map(|cut| Mark::Everything { cut, keep_until: 0 }),
            (0..9_u8).prop_map(|nth| Mark::Key { kid: nth.to_string() }),
        ]
    }

    fn shared() -> RevocationIndex {
        RevocationIndex::shared(1000, SubjectNames::new(&[7; 32]))
    }

    fn all(index: &RevocationIndex) -> Vec<SharedMark> {
        let mut all = Vec::new();
        index.for_each(|mark| all.push(mark));
        all
    }

    proptest! {
        #[test]
        fn what_one_index_lists_makes_another_that_knows_the_same(
            marks in proptest::collection::vec(any_mark(), 0..60), at_once in any::<bool>(),
        ) {
            let (one, other) = (shared(), shared());
            for mark in &marks {
                one.apply(mark);
            }
            let listed = all(&one);
            prop_assert_eq!(listed.len(), one.len());
            prop_assert!(listed.iter().all(|mark| one.knows(mark) && !other.knows(mark)));
            if at_once {
                other.load_shared(listed.clone());
            } else {
                for mark in &listed {
                    other.apply_shared(mark);
                }
            }
            prop_assert_eq!(other.len(), one.len());
            prop_assert!(listed.iter().all(|mark| other.knows(mark)));
            for subject in (0..10_u8).map(|nth| nth.to_string()) {
                prop_assert_eq!(other.cut(&subject), one.cut(&subject));
                prop_assert_eq!(other.cut_of(SubjectNames::new(&[7; 32]).of(&subject)), one.cut(&subject));
            }
        }
    }

    proptest! {
        #[test]
        fn a_listing_index_tells_every_mark_with_its_subject(
            marks in proptest::collection::vec(any_mark(), 0..60), at_once in any::<bool>(),
        ) {
            let (one, other) = (RevocationIndex::listing(1000), RevocationIndex::listing(1000));
            if at_once {
                one.load(marks.clone());
            } else {
                for mark in &marks {
                    one.apply(mark);
                }
            }
            let mut listed = Vec::new();
            one.for_each_mark(|mark| listed.push(mark));
            prop_assert!(listed.len() >= one.len());
            prop_assert!(listed.iter().all(|mark| one.knows_mark(mark) && !other.knows_mark(mark)));
            other.load(listed);
            prop_assert_eq!(other.len(), one.len());
            prop_assert!(marks.iter().all(|mark| other.knows_mark(mark)));
        }
    }

    #[test]
    fn an_index_knows_a_mark_that_says_no_more_than_its_own() {
        let index = shared();
        let mark = |generation, keep_until| SharedMark::Session {
            id: SessionId::from_bytes([1; 16]),
            state: SessionMark { generation, ..SessionMark::default() },
            keep_until,
        };
        index.apply_shared(&mark(5, 10_000));
        assert!(index.knows(&mark(4, 10_000)) && index.knows(&mark(5, 9000)));
        assert!(!index.knows(&mark(6, 1000)) && !index.knows(&mark(4, 11_000)));
    }
}

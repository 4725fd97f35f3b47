//! The index against a plain map, and at its quota.

mod threads;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::packed::Packed;
use super::*;
use crate::session_id::SessionId;

/// The same rules, written down without regard to speed.
#[derive(Debug, Default, Clone)]
struct Model {
    sessions: BTreeMap<SessionId, (SessionMark, u64)>,
    subjects: BTreeMap<String, (u64, u64)>,
    everything: u64,
    keys: BTreeSet<String>,
}

impl Model {
    fn apply(&mut self, mark: &Mark) {
        match mark.clone() {
            Mark::Session { id, state, keep_until } => {
                let (known, until) = self.sessions.entry(id).or_default();
                (*known, *until) = (known.join(state), keep_until.max(*until));
            }
            Mark::Subject { subject, cut, keep_until } => {
                let (known, until) = self.subjects.entry(subject).or_default();
                (*known, *until) = (cut.max(*known), keep_until.max(*until));
            }
            Mark::Everything { cut, .. } => self.everything = cut.max(self.everything),
            Mark::Key { kid } => drop(self.keys.insert(kid)),
        }
    }

    fn sweep(&mut self, now: u64) {
        self.sessions.retain(|_, (_, until)| *until > now);
        self.subjects.retain(|_, (_, until)| *until > now);
    }

    fn len(&self) -> usize {
        let marks = self.sessions.len() + self.subjects.len() + self.keys.len();
        marks + usize::from(self.everything > 0)
    }

    fn cut(&self, subject: &str) -> u64 {
        self.subjects.get(subject).map_or(0, |(cut, _)| *cut).max(self.everything)
    }

    fn find(&self, query: &Query<'_>) -> Found {
        let cut = self.cut(query.subject);
        if self.keys.contains(query.kid) || (cut > 0 && query.started_at <= cut) {
            return Found::Cut;
        }
        self.sessions.get(&query.session).map_or(Found::Nothing, |(mark, _)| Found::Marked(*mark))
    }
}

const SESSIONS: u64 = 60;
const SUBJECTS: u64 = 6;
const KEYS: u64 = 4;

fn id(nth: u64) -> SessionId {
    SessionId::from_bytes(u128::from(nth).to_be_bytes())
}

/// Retention in whole seconds, as the index keeps it.
fn any_mark() -> impl Strategy<Value = Mark> {
    let until = (0..100_u64).prop_map(|seconds| seconds * 1000);
    let state = (0..4_u64, 0..4_u64, any::<[bool; 2]>(), any::<bool>()).prop_map(
        |(generation, rotated_at, [elevated, shown], revoked)| SessionMark {
            generation,
            rotated_at,
            elevated,
            shown,
            revoked,
        },
    );
    prop_oneof![
        8 => (0..SESSIONS, state, until.clone())
            .prop_map(|(nth, state, keep_until)| Mark::Session { id: id(nth), state, keep_until }),
        3 => (0..SUBJECTS, 0..100_u64, until)
            .prop_map(|(nth, cut, keep_until)| Mark::Subject { subject: nth.to_string(), cut, keep_until }),
        1 => (0..50_u64).prop_map(|cut| Mark::Everything { cut, keep_until: 0 }),
        1 => (0..KEYS - 1).prop_map(|nth| Mark::Key { kid: nth.to_string() }),
    ]
}

fn assert_same(index: &RevocationIndex, model: &Model) {
    assert_eq!(index.len(), model.len());
    for subject in 0..=SUBJECTS {
        assert_eq!(index.cut(&subject.to_string()), model.cut(&subject.to_string()));
    }
    for nth in 0..=SESSIONS {
        assert_eq!(index.session(id(nth)), model.sessions.get(&id(nth)).map(|(mark, _)| *mark));
        let (subject, kid) = ((nth % SUBJECTS).to_string(), (nth % KEYS).to_string());
        for started_at in [1, 25, 50, 75, 100] {
            let query = Query { session: id(nth), subject: &subject, started_at, kid: &kid };
            assert_eq!(index.find(&query), model.find(&query), "session {nth}, started at {started_at}");
        }
    }
}

proptest! {
    #[test]
    fn the_index_knows_what_a_plain_map_knows(
        steps in proptest::collection::vec((any_mark(), proptest::option::weighted(0.1, 0..100_u64)), 0..150),
    ) {
        let (index, mut model) = (RevocationIndex::new(), Model::default());
        for (nth, (mark, sweep)) in steps.into_iter().enumerate() {
            index.apply(&mark);
            model.apply(&mark);
            if let Some(seconds) = sweep {
                index.sweep(seconds * 1000);
                model.sweep(seconds * 1000);
            }
            if nth % 16 == 0 {
                assert_same(&index, &model);
            }
        }
        assert_same(&index, &model);
    }

    #[test]
    fn marks_say_the_same_in_any_order_any_number_of_times(
        marks in proptest::collection::vec(any_mark(), 0..60).prop_shuffle(),
        replays in proptest::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let (index, mut model) = (RevocationIndex::new(), Model::default());
        for mark in &marks {
            model.apply(mark);
        }
        let replayed = replays.iter().filter(|_| !marks.is_empty()).map(|replay| replay.get(&marks));
        for mark in marks.iter().rev().chain(replayed) {
            index.apply(mark);
        }
        assert_same(&index, &model);
    }

    #[test]
    fn a_load_says_what_its_marks_say_one_by_one(
        before in proptest::collection::vec(any_mark(), 0..40),
        loads in proptest::collection::vec(proptest::collection::vec(any_mark(), 0..60), 1..4),
    ) {
        let (index, mut model) = (RevocationIndex::new(), Model::default());
        for mark in &before {
            index.apply(mark);
        }
        for mark in before.iter().chain(loads.iter().flatten()) {
            model.apply(mark);
        }
        for marks in loads {
            index.load(marks);
        }
        assert_same(&index, &model);
    }

    #[test]
    fn no_overflow_drops_a_refusal_and_a_login_after_it_lives(
        quota in 1..12_usize,
        marks in proptest::collection::vec((0..SESSIONS, 0..4_u8, 0..1_000_000_u64), 0..120),
    ) {
        let (index, mut model) = (RevocationIndex::with_quota(quota), Model::default());
        // Session n starts at second n, and belongs to one of the subjects.
        let started = |nth: u64| 1_000_000_000 + nth * 1000;
        for (nth, kind, later) in marks {
            let made = started(nth) + later;
            let keep_until = started(nth) + 100_000_000;
            let state = match kind {
                0 => SessionMark::revoked_at(made),
                1 => SessionMark::REVOKED,
                _ => SessionMark { generation: later, rotated_at: made, ..SessionMark::default() },
            };
            let mark = match kind {
                3 => Mark::Subject { subject: (nth % SUBJECTS).to_string(), cut: made, keep_until },
                _ => Mark::Session { id: id(nth), state, keep_until },
            };
            index.apply(&mark);
            model.apply(&mark);
            prop_assert!(index.len() <= quota + 1);
            for nth in 0..SESSIONS {
                let subject = (nth % SUBJECTS).to_string();
                let query =
                    Query { session: id(nth), subject: &subject, started_at: started(nth), kid: "" };
                let found = index.find(&query);
                prop_assert!(found == Found::Cut || found == model.find(&query), "session {nth}");
                let login = index.cut(&subject) + 1;
                let login = Query { session: id(SESSIONS), started_at: login, ..query };
                prop_assert_eq!(index.find(&login), Found::Nothing);
            }
        }
        prop_assert!(model.len() <= quota || index.overflows() > 0);
    }
}

fn revoked(nth: u64, now: u64, keep_until: u64) -> Mark {
    Mark::Session { id: random_id(nth), state: SessionMark::revoked_at(now), keep_until }
}

/// As good as random, and the same at every run.
fn random_id(nth: u64) -> SessionId {
    let wide = (u128::from(nth) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    SessionId::from_bytes(
        (wide ^ wide >> 61).wrapping_mul(0xD6E8_FEB8_6659_FD93_A076_1D64_78BD_642F).to_be_bytes(),
    )
}

#[test]
fn an_overflow_spares_the_sessions_that_started_since_the_older_half_of_the_marks() {
    let index = RevocationIndex::with_quota(1000);
    let minute = 60_000;
    for nth in 1..1002 {
        index.apply(&revoked(nth, nth * minute, u64::MAX));
    }
    assert_eq!(index.overflows(), 1);
    assert_eq!(index.everything(), 501 * minute + Packed::START_MARGIN_MS);
    assert_eq!(index.session(random_id(1)), None);
    assert_eq!(index.session(random_id(1000)), Some(SessionMark::revoked_at(1000 * minute)));
    let later = Query { session: random_id(2000), subject: "", started_at: 512 * minute, kid: "" };
    assert_eq!(index.find(&later), Found::Nothing);
}

#[test]
fn marks_that_a_cut_of_everything_covers_are_the_first_to_go() {
    let index = RevocationIndex::with_quota(100);
    for nth in 0..100 {
        index.apply(&revoked(nth, 1000 + nth, u64::MAX));
    }
    index.apply(&Mark::Everything { cut: 1_000_000, keep_until: u64::MAX });
    index.apply(&revoked(100, 2_000_000, u64::MAX));
    assert_eq!((index.everything(), index.len()), (1_000_001, 2));
}

#[test]
fn a_session_that_started_just_past_the_cut_of_an_overflow_stays_refused_in_the_next() {
    let index = RevocationIndex::with_quota(4);
    let (now, skew) = (1_000_000_000, 120_000);
    for nth in 0..5 {
        index.apply(&revoked(nth, now, u64::MAX));
    }
    // That cut lies ahead of the clock, and so does the start of a login.
    let started_at = index.cut("user") + 1;
    assert!(started_at > now);
    // It is revoked where the clock is behind, and so are others.
    for nth in 100..120 {
        index.apply(&revoked(nth, now - skew, u64::MAX));
        let query = Query { session: random_id(100), subject: "user", started_at, kid: "" };
        assert_ne!(index.find(&query), Found::Nothing, "after {nth}");
    }
    assert!(index.overflows() > 1);
}

#[test]
fn a_load_beyond_the_quota_overflows_as_its_marks_would_one_by_one() {
    let index = RevocationIndex::with_quota(1000);
    let marks = (1..2001).map(|nth| revoked(nth, nth * 60_000, u64::MAX));
    index.load(marks);
    assert!(index.overflows() > 0 && index.len() <= 1001);
    for nth in 1..2001 {
        let query = Query { session: random_id(nth), subject: "", started_at: nth * 60_000, kid: "" };
        assert_ne!(index.find(&query), Found::Nothing);
    }
}

#[test]
fn a_mark_that_is_known_never_overflows() {
    let index = RevocationIndex::with_quota(10);
    for nth in 0..50 {
        index.apply(&revoked(nth % 10, nth, u64::MAX));
    }
    assert_eq!((index.overflows(), index.len()), (0, 10));
}

#[test]
fn dead_keys_are_beyond_the_quota() {
    let index = RevocationIndex::with_quota(1);
    for nth in 0..20 {
        index.apply(&Mark::Key { kid: nth.to_string() });
    }
    index.apply(&revoked(0, 1, u64::MAX));
    index.apply(&revoked(1, 1, u64::MAX));
    let query = Query { session: id(9), subject: "", started_at: u64::MAX, kid: "7" };
    assert_eq!(index.find(&query), Found::Cut);
}

#[test]
fn sweeping_every_shard_in_turn_is_a_sweep() {
    let index = RevocationIndex::new();
    for nth in 0..10_000 {
        index.apply(&revoked(nth, 0, if nth % 3 == 0 { 5000 } else { 50_000 }));
    }
    let full = index.memory();
    // The count may go on for ever.
    (640..640 + RevocationIndex::SHARDS).for_each(|nth| index.sweep_shard(nth, 5000));
    for nth in 0..10_000 {
        assert_eq!(index.session(random_id(nth)).is_some(), nth % 3 != 0);
    }
    assert!(index.memory() < full);
    index.sweep(50_000);
    assert!(index.is_empty());
}

#[test]
fn marks_loaded_by_table_are_what_they_are_one_by_one() {
    const DIFFERENT: usize = 590_000;
    let marks = || (0..600_000).map(|nth| revoked(nth % DIFFERENT as u64, nth % 7, u64::MAX));
    let cut = || Mark::Subject { subject: "user-42".to_owned(), cut: 5, keep_until: u64::MAX };
    let everything = || Mark::Everything { cut: 3, keep_until: u64::MAX };
    let by_table = |quota| {
        let index = RevocationIndex::with_quota(quota);
        index.load_many(marks().chain([cut(), everything()]), 600_000);
        index
    };
    let (by_table, limited, plain) = (by_table(1_000_000), by_table(100_000), RevocationIndex::new());
    plain.load(marks());
    assert_eq!((by_table.len(), plain.len()), (DIFFERENT + 2, DIFFERENT));
    for nth in 0..DIFFERENT as u64 + 100 {
        assert_eq!(by_table.session(random_id(nth)), plain.session(random_id(nth)), "{nth}");
    }
    assert_eq!((by_table.cut("user-42"), by_table.cut("user-43"), by_table.overflows()), (5, 3, 0));
    assert!(by_table.memory() < 45 * DIFFERENT, "{}", by_table.memory());
    assert!(limited.overflows() > 0 && limited.len() <= 100_001, "the quota holds");
}

#[test]
fn a_million_marks_take_at_most_50_mb_however_they_came() {
    let index = RevocationIndex::new();
    index.load((0..900_000).map(|nth| revoked(nth, 0, u64::MAX)));
    let mut worst = index.memory() / 9 * 10;
    // Tables grow a step beyond what they hold, and are at their emptiest then.
    for nth in 900_000..1_000_000 {
        index.apply(&revoked(nth, 0, u64::MAX));
        if nth % 1000 == 0 {
            worst = worst.max(index.memory() / (index.len() / 1000) * 1000);
        }
    }
    assert_eq!(index.len(), 1_000_000);
    assert!(worst <= 50_000_000, "{worst} bytes for a million");
    assert!((0..1_000_000).step_by(997).all(|nth| index.session(random_id(nth)).is_some()));
}

//! What a process knows of revocations, in memory, for the verify path.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::cuts::{Cuts, LAST_CUT};
use super::keys::DeadKeys;
use super::mark::{Mark, SessionMark};
use super::names::{SubjectNames, Subjects};
use super::packed::Packed;
use super::scramble::Scramble;
use super::shards::Shards;
use super::subjects::SubjectList;
use super::table::Entry;
use crate::session_id::SessionId;
use siphasher::sip::SipHasher13;

/// All marks that a process knows of.
///
/// A store fills it with [`apply`](Self::apply); every verify asks it. It is safe to share between threads:
/// a mark that was applied before a verify starts is seen by it, and a reader waits for no writer. Where a
/// token's session and subject are not marked, which is the rule, no lock is taken.
///
/// A mark takes 32 bytes, about 45 with the slack of the tables and the filter that spares most look-ups.
/// Their number is bounded by a quota. When it is reached, the older half of them gives way to one cut of
/// everything that refuses at least what they refused: also the older sessions that were not revoked, whose
/// users must log in again. Nothing is ever dropped without such a cut; [`overflows`](Self::overflows) counts
/// them, and [`RevocationsOverflowed`](crate::EventKind::RevocationsOverflowed) tells of them. The cut relies on
/// marks that say when they were made, as all of our verbs' do, by clocks that differ by no more than any
/// policy's leeway. Dead keys have no part in this.
pub struct RevocationIndex {
    pub(super) sessions: Shards,
    pub(super) cuts: Cuts,
    pub(super) keys: DeadKeys,
    pub(super) scramble: Scramble,
    quota: usize,
    overflows: AtomicU64,
    overflowing: Mutex<()>,
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
    /// The marks of sessions and subjects that are held at most, by default.
    pub const DEFAULT_QUOTA: usize = 4_000_000;

    /// The last time that a cut may have, in Unix milliseconds. Later ones are [ignored](Self::refused).
    pub const LAST_CUT: u64 = LAST_CUT;

    /// Parts that can be [swept](Self::sweep_shard) one at a time.
    pub const SHARDS: usize = Shards::COUNT;

    /// Marks that are sorted and merged into the tables together.
    pub(super) const LOADED_AT_ONCE: usize = 512 * 1024;

    /// An index that knows of nothing, with the [default](Self::DEFAULT_QUOTA) quota.
    pub fn new() -> Self {
        Self::with_quota(Self::DEFAULT_QUOTA)
    }

    /// An index that knows of nothing, and will hold at most so many marks of sessions and subjects (and at
    /// least one). Writers on several threads may pass the bound by one mark each.
    pub fn with_quota(marks: usize) -> Self {
        let random = RandomState::new();
        let hasher = |nth| SipHasher13::new_with_keys(random.hash_one(2 * nth), random.hash_one(2 * nth + 1));
        Self::of(marks, Subjects::Alone([hasher(0), hasher(1)]))
    }

    /// As [`with_quota`](Self::with_quota), and remembers the subjects that it holds cuts of, so that all marks can be
    /// [listed](Self::for_each_mark). That takes the text of each such subject and 4 bytes, and no time of a verify.
    pub fn listing(marks: usize) -> Self {
        let index = Self::with_quota(marks);
        Self { cuts: index.cuts.listing(), ..index }
    }

    /// As [`with_quota`](Self::with_quota), with the names that subjects have in a fleet: so that marks can be
    /// applied, and [listed](Self::for_each), by who knows the name of a subject and not the subject.
    pub fn shared(marks: usize, names: SubjectNames) -> Self {
        Self::of(marks, Subjects::Shared(names, scramble()))
    }

    fn of(marks: usize, names: Subjects) -> Self {
        Self {
            sessions: Shards::new(),
            cuts: Cuts::new(names),
            keys: DeadKeys::default(),
            scramble: scramble(),
            quota: marks.max(1),
            overflows: AtomicU64::new(0),
            overflowing: Mutex::new(()),
        }
    }

    /// Adds what a mark says to what is known. In any order, any number of times.
    pub fn apply(&self, mark: &Mark) {
        match mark {
            Mark::Session { id, state, keep_until } => {
                self.apply_session(self.key(*id), Packed::session(*state, *keep_until));
            }
            Mark::Subject { subject, cut, keep_until } => {
                let key = self.cuts.key(subject);
                let is_unlisted = self.cuts.is_unlisted(key);
                self.apply_subject(key, Packed::subject(*cut, *keep_until));
                if is_unlisted {
                    let mut added = SubjectList::default();
                    added.push(subject);
                    self.cuts.list(&mut added);
                }
            }
            Mark::Everything { cut, .. } => self.cuts.cut_everything(*cut),
            Mark::Key { kid } => self.keys.add(kid),
        }
    }

    /// As [`apply`](Self::apply) of one after the other, and several times as fast when they are many: for a
    /// store that reads what it holds. Those of sessions and subjects are known when this returns, not before.
    pub fn load(&self, marks: impl IntoIterator<Item = Mark>) {
        let (mut sessions, mut subjects, mut unlisted) = (Vec::new(), Vec::new(), SubjectList::default());
        for mark in marks {
            match &mark {
                Mark::Session { id, state, keep_until } => {
                    sessions.push((self.key(*id), Packed::session(*state, *keep_until)));
                    if sessions.len() >= Self::LOADED_AT_ONCE {
                        self.load_sessions(&mut sessions);
                    }
                }
                Mark::Subject { subject, cut, keep_until } => {
                    let key = self.cuts.key(subject);
                    if self.cuts.is_unlisted(key) {
                        unlisted.push(subject);
                    }
                    subjects.push((key, Packed::subject(*cut, *keep_until)));
                    if subjects.len() >= Self::LOADED_AT_ONCE {
                        self.load_subjects(&mut subjects);
                        self.cuts.list(&mut unlisted);
                    }
                }
                Mark::Everything { .. } | Mark::Key { .. } => self.apply(&mark),
            }
        }
        self.load_sessions(&mut sessions);
        self.load_subjects(&mut subjects);
        self.cuts.list(&mut unlisted);
    }

    /// As [`load`](Self::load) of about so many marks. Where the index is empty, the marks of sessions are gathered by
    /// table, so that each table is made once and no larger memory is given back than one of them.
    pub fn load_many(&self, marks: impl IntoIterator<Item = Mark>, expected: usize) {
        if !self.sessions_are_empty() || expected <= Self::LOADED_AT_ONCE || expected > self.quota {
            return self.load(marks);
        }
        let mean = expected / Self::SHARDS;
        // Keys are as good as random: four times the deviation of a table's count from the mean.
        let room = mean + 4 * mean.isqrt();
        let mut tables: Vec<Vec<Entry>> = (0..Self::SHARDS).map(|_| Vec::with_capacity(room)).collect();
        self.load(marks.into_iter().filter(|mark| {
            let Mark::Session { id, state, keep_until } = mark else { return true };
            let key = self.key(*id);
            if let Some(table) = tables.get_mut(Shards::number_of(key)) {
                table.push((key, Packed::session(*state, *keep_until)));
            }
            false
        }));
        for mut table in tables {
            if self.held() + table.len() <= self.quota {
                table.sort_unstable_by_key(|(key, _)| *key);
                self.sessions.apply_sorted(&table, Packed::join_sessions);
            } else {
                self.load_sessions(&mut table);
            }
        }
    }

    fn sessions_are_empty(&self) -> bool {
        self.sessions.len() == 0
    }

    /// Forgets the marks that nothing can need any more at `now`.
    pub fn sweep(&self, now: u64) {
        (0..Self::SHARDS).for_each(|nth| self.sweep_shard(nth, now));
    }

    /// As [`sweep`](Self::sweep), for one part of the marks: `nth` counts up to [`SHARDS`](Self::SHARDS), and
    /// starts again after it. Called after every so many writes, this spreads the work over them.
    pub fn sweep_shard(&self, nth: usize, now: u64) {
        self.sessions.retain(nth % Self::SHARDS, |mark| !mark.is_over(now));
        self.cuts.subjects.retain(nth % Self::SHARDS, |mark| !mark.is_over(now));
    }

    /// How many marks are known.
    pub fn len(&self) -> usize {
        self.held() + self.keys.len() + usize::from(self.cuts.everything() > 0)
    }

    /// Whether no mark is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that all of it takes, in bytes.
    pub fn memory(&self) -> usize {
        let tables = self.sessions.memory() + self.cuts.subjects.memory();
        size_of::<Self>() + tables + self.cuts.listed_memory() + self.keys.memory()
    }

    /// How many marks of sessions and subjects are held at most.
    pub fn quota(&self) -> usize {
        self.quota
    }

    /// How many cuts were ignored because they lie in 2^52 ms or later, which no clock says.
    pub fn refused(&self) -> u64 {
        self.cuts.refused()
    }

    /// How often the quota was reached, and older marks gave way to a [cut](Self::everything).
    pub fn overflows(&self) -> u64 {
        self.overflows.load(Ordering::Acquire)
    }

    /// The cut of everything: every session that started at or before it is dead. 0 when there is none.
    pub fn everything(&self) -> u64 {
        self.cuts.everything()
    }

    /// What is known of one session.
    #[inline]
    pub fn session(&self, id: SessionId) -> Option<SessionMark> {
        self.sessions.get(self.key(id)).map(Packed::state)
    }

    /// The latest cut that a new session of this subject must start after.
    #[inline]
    pub fn cut(&self, subject: &str) -> u64 {
        self.cuts.of(subject)
    }

    /// The latest cut of all, which the start of a session may be just past.
    pub fn latest_cut(&self) -> u64 {
        self.cuts.latest()
    }

    #[inline]
    pub(crate) fn find(&self, query: &Query<'_>) -> Found {
        self.judge(query, self.session(query.session))
    }

    /// What the rest of the index says of a token, besides the mark of its session. That is read first: where
    /// a cut takes its place, it is there before the mark goes.
    #[inline]
    fn judge(&self, query: &Query<'_>, mark: Option<SessionMark>) -> Found {
        let cut = self.cut(query.subject);
        if (cut > 0 && query.started_at <= cut) || self.keys.contains(query.kid) {
            return Found::Cut;
        }
        mark.map_or(Found::Nothing, Found::Marked)
    }

    /// Whether this key was revoked.
    pub fn is_dead_key(&self, kid: &str) -> bool {
        self.keys.contains(kid)
    }

    pub(super) fn key(&self, id: SessionId) -> u128 {
        self.scramble.key(id.to_bytes())
    }

    /// Marks that count against the quota.
    pub(crate) fn held(&self) -> usize {
        self.sessions.len() + self.cuts.subjects.len()
    }

    pub(super) fn apply_session(&self, key: u128, mark: Packed) {
        self.make_room(&self.sessions, key);
        self.sessions.apply(key, mark, Packed::join_sessions);
    }

    pub(super) fn apply_subject(&self, key: u128, mark: Packed) {
        if !self.cuts.admits(mark.cut()) {
            return;
        }
        self.make_room(&self.cuts.subjects, key);
        self.cuts.cut_subject(key, mark);
    }

    pub(super) fn load_sessions(&self, marks: &mut Vec<Entry>) {
        if self.merges(marks.len()) {
            marks.sort_unstable_by_key(|(key, _)| *key);
            self.sessions.apply_sorted(marks, Packed::join_sessions);
            marks.clear();
        }
        marks.drain(..).for_each(|(key, mark)| self.apply_session(key, mark));
    }

    pub(super) fn load_subjects(&self, marks: &mut Vec<Entry>) {
        marks.retain(|(_, mark)| self.cuts.admits(mark.cut()));
        if self.merges(marks.len()) {
            marks.sort_unstable_by_key(|(key, _)| *key);
            self.cuts.cut_subjects(marks);
            marks.clear();
        }
        marks.drain(..).for_each(|(key, mark)| self.apply_subject(key, mark));
    }

    /// Whether so many marks are merged: it copies what is held, and so pays only for many.
    fn merges(&self, marks: usize) -> bool {
        let held = self.held();
        held + marks <= self.quota && held / 32 <= marks
    }

    fn make_room(&self, shards: &Shards, key: u128) {
        while self.held() >= self.quota && shards.get(key).is_none() {
            self.escalate();
        }
    }

    /// Lets the older half of the marks give way to the one cut that refuses all that they refuse.
    fn escalate(&self) {
        let _alone = self.overflowing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut starts = Vec::with_capacity(self.held());
        // No session that a cut could end has started later.
        let latest_start = |mark: Packed| mark.latest_start().min(LAST_CUT);
        self.sessions.for_each(|mark| starts.push(latest_start(mark)));
        self.cuts.subjects.for_each(|mark| starts.push(mark.cut()));
        // Another thread may have been here just before.
        if starts.len() < self.quota {
            return;
        }
        let middle = starts.len() / 2;
        let (_, median, _) = starts.select_nth_unstable(middle);
        // Past the earlier ones too, as a login right after such a cut starts just past it.
        let cut = self.cuts.everything().saturating_add(1).max(*median).min(LAST_CUT);
        self.cuts.cut_everything(cut);
        self.overflows.fetch_add(1, Ordering::AcqRel);
        for nth in 0..Self::SHARDS {
            self.sessions.retain(nth, |mark| latest_start(mark) > cut);
            self.cuts.subjects.retain(nth, |mark| mark.cut() > cut);
        }
    }
}

fn scramble() -> Scramble {
    let random = RandomState::new();
    let wide = |nth: u64| u128::from(random.hash_one(nth)) << 64 | u128::from(random.hash_one(nth + 1));
    Scramble::new([wide(0), wide(2)])
}

impl Default for RevocationIndex {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for RevocationIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationIndex").field("marks", &self.len()).finish_non_exhaustive()
    }
}

//! Marks: the only state that sessions leave behind.

use crate::session_id::SessionId;

/// One record of revocation.
///
/// Marks form a monotone set: applying one twice, late or in another order gives the same, and nothing is
/// ever un-revoked. All times are Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// What is known of one session.
    Session {
        /// The session.
        id: SessionId,
        /// Its generation, or that it is dead.
        state: SessionMark,
        /// Until when a token of the session could still be accepted without this mark.
        keep_until: u64,
    },
    /// Every session of this subject that started at or before `cut` is dead.
    Subject {
        /// The subject.
        subject: String,
        /// The sessions' latest start.
        cut: u64,
        /// Until when a session that it ends could still be accepted without this mark.
        keep_until: u64,
    },
    /// Every session that started at or before `cut` is dead.
    Everything {
        /// The sessions' latest start.
        cut: u64,
        /// Until when a session that it ends could still be accepted without this mark.
        keep_until: u64,
    },
    /// Every token that was signed with this key is dead.
    Key {
        /// The key's `kid`.
        kid: String,
    },
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SessionMark {
    /// The current generation.
    pub generation: u64,
    /// When that generation replaced the one before; of a session that was revoked in its first generation,
    /// when that was. 0 where it is not known.
    pub rotated_at: u64,
    /// Whether an elevation did so, which gives no grace.
    pub elevated: bool,
    /// Whether a client has shown a token of the current generation: then the answer that carried it arrived.
    pub shown: bool,
    /// Whether the session is revoked.
    pub revoked: bool,
}

impl SessionMark {
    /// A dead session, it is not known since when.
    pub const REVOKED: Self = Self::revoked_at(0);

    /// A session that is dead since `now`.
    pub const fn revoked_at(now: u64) -> Self {
        Self { generation: 0, rotated_at: now, elevated: false, shown: false, revoked: true }
    }

    /// Combines two marks of one session. The order does not matter.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let newer = if (other.generation, other.rotated_at, other.elevated)
            > (self.generation, self.rotated_at, self.elevated)
        {
            other
        } else {
            self
        };
        let shows = |mark: Self| mark.shown && mark.generation == newer.generation;
        Self { shown: shows(self) || shows(other), revoked: self.revoked || other.revoked, ..newer }
    }

    /// Where a token of `generation` stands against this mark, when its request arrived at `arrived`.
    ///
    /// A token one generation behind works for the grace. After it, the token still works until a token of the
    /// current generation was shown: the answer that carried that one may be lost. Two generations behind is
    /// always a reuse. An elevation gives no grace: older tokens are superseded for as long, and until the
    /// elevated token was shown.
    pub(crate) fn standing(self, generation: u64, arrived: u64, overlap: Overlap) -> Standing {
        if self.revoked {
            return Standing::Revoked;
        }
        if generation >= self.generation {
            return Standing::Current;
        }
        let grace_ends = self.rotated_at.saturating_add(overlap.grace_ms);
        let clocks_agree = grace_ends.saturating_add(overlap.skew_ms.saturating_mul(2));
        let is_previous = generation.saturating_add(1) == self.generation;
        if self.elevated {
            let answer_may_be_lost = is_previous && !self.shown;
            if arrived < clocks_agree || answer_may_be_lost { Standing::Superseded } else { Standing::Reused }
        } else if !is_previous {
            // A request that arrived before the latest rotation may have been one generation behind then.
            if arrived < self.rotated_at { Standing::Superseded } else { Standing::Reused }
        } else if arrived < grace_ends || !self.shown {
            Standing::InGrace
        } else if arrived < clocks_agree {
            Standing::Superseded
        } else {
            Standing::Reused
        }
    }
}

/// For how long a token and its successor may both be in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Overlap {
    /// How long a rotated token still works.
    pub(crate) grace_ms: u64,
    /// How far the clock of each server may be off.
    pub(crate) skew_ms: u64,
}

/// Where a token stands among the generations of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The newest that is known.
    Current,
    /// Rotated away, and still accepted: in the grace, or because its successor was never shown.
    InGrace,
    /// Replaced, and refused without a suspicion of theft.
    Superseded,
    /// Used after it was rotated away: a sign of theft.
    Reused,
    /// Its session is revoked.
    Revoked,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_mark() -> impl Strategy<Value = SessionMark> {
        (0..4_u64, 0..4_u64, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
            |(generation, rotated_at, elevated, shown, revoked)| SessionMark {
                generation,
                rotated_at,
                elevated,
                shown,
                revoked,
            },
        )
    }

    proptest! {
        #[test]
        fn repeated_and_reordered_marks_change_nothing(a in any_mark(), b in any_mark(), c in any_mark()) {
            prop_assert_eq!(a.join(a), a);
            prop_assert_eq!(a.join(b), b.join(a));
            prop_assert_eq!(a.join(b).join(c), a.join(b.join(c)));
            prop_assert!(a.join(b).revoked >= a.revoked);
        }
    }

    const OVERLAP: Overlap = Overlap { grace_ms: 10_000, skew_ms: 0 };

    fn rotated() -> SessionMark {
        SessionMark { generation: 5, rotated_at: 1000, shown: true, ..SessionMark::default() }
    }

    fn standings(mark: SessionMark, overlap: Overlap, expected: &[(u64, u64, Standing)]) {
        for &(generation, arrived, standing) in expected {
            let found = mark.standing(generation, arrived, overlap);
            assert_eq!(found, standing, "generation {generation}, arrived at {arrived}");
        }
    }

    #[test]
    fn a_shown_successor_ends_the_old_token_after_the_grace() {
        standings(
            rotated(),
            OVERLAP,
            &[
                (6, 1000, Standing::Current),
                (5, 99_000, Standing::Current),
                (4, 500, Standing::InGrace),
                (4, 10_999, Standing::InGrace),
                (4, 11_000, Standing::Reused),
                (3, 1000, Standing::Reused),
                (3, 999, Standing::Superseded),
                (0, 1000, Standing::Reused),
            ],
        );
        assert_eq!(SessionMark::REVOKED.join(rotated()).standing(6, 0, OVERLAP), Standing::Revoked);
    }

    #[test]
    fn a_successor_that_was_never_shown_leaves_the_old_token_working() {
        let lost = SessionMark { shown: false, ..rotated() };
        standings(
            lost,
            OVERLAP,
            &[
                (4, 11_000, Standing::InGrace),
                (4, u64::MAX, Standing::InGrace),
                (3, 11_000, Standing::Reused),
            ],
        );
    }

    #[test]
    fn an_elevation_supersedes_older_tokens_without_an_alarm() {
        let elevated = SessionMark { elevated: true, ..rotated() };
        standings(
            elevated,
            OVERLAP,
            &[
                (5, 1001, Standing::Current),
                (4, 1001, Standing::Superseded),
                (3, 1001, Standing::Superseded),
                (0, 10_999, Standing::Superseded),
                (4, 11_000, Standing::Reused),
                (3, 11_000, Standing::Reused),
            ],
        );
        let lost = SessionMark { shown: false, ..elevated };
        standings(lost, OVERLAP, &[(4, 11_000, Standing::Superseded), (3, 11_000, Standing::Reused)]);
    }

    #[test]
    fn clocks_that_differ_raise_no_alarm_within_twice_the_skew() {
        let skewed = Overlap { skew_ms: 30_000, ..OVERLAP };
        standings(
            rotated(),
            skewed,
            &[
                (4, 10_999, Standing::InGrace),
                (4, 11_000, Standing::Superseded),
                (4, 70_999, Standing::Superseded),
                (4, 71_000, Standing::Reused),
                (3, 11_000, Standing::Reused),
            ],
        );
    }
}

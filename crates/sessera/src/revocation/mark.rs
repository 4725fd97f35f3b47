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
    /// Whether the session is dead.
    pub revoked: bool,
}

impl SessionMark {
    /// A dead session, it is not known since when.
    pub const REVOKED: Self = Self::revoked_at(0);

    /// A session that is dead since `now`.
    pub const fn revoked_at(now: u64) -> Self {
        Self { generation: 0, rotated_at: now, elevated: false, revoked: true }
    }

    /// What both marks say together.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let newer = if (other.generation, other.rotated_at, other.elevated)
            > (self.generation, self.rotated_at, self.elevated)
        {
            other
        } else {
            self
        };
        Self { revoked: self.revoked || other.revoked, ..newer }
    }

    /// Where a token of `generation` stands against this mark at `now`.
    pub(crate) fn standing(self, generation: u64, now: u64, grace_ms: u64) -> Standing {
        if self.revoked {
            Standing::Revoked
        } else if generation >= self.generation {
            Standing::Current
        } else if generation + 1 < self.generation || now >= self.rotated_at.saturating_add(grace_ms) {
            Standing::Reused
        } else if self.elevated {
            Standing::Elevated
        } else {
            Standing::InGrace
        }
    }
}

/// Where a token stands among the generations of its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The newest that is known.
    Current,
    /// Just rotated away, and still good for a moment.
    InGrace,
    /// Just replaced by an elevation: refused, and no sign of theft.
    Elevated,
    /// Rotated away, and used all the same.
    Reused,
    /// Its session is dead.
    Revoked,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_mark() -> impl Strategy<Value = SessionMark> {
        (0..4_u64, 0..4_u64, any::<bool>(), any::<bool>()).prop_map(
            |(generation, rotated_at, elevated, revoked)| SessionMark {
                generation,
                rotated_at,
                elevated,
                revoked,
            },
        )
    }

    proptest! {
        #[test]
        fn replays_and_reorderings_of_marks_change_nothing(a in any_mark(), b in any_mark(), c in any_mark()) {
            prop_assert_eq!(a.join(a), a);
            prop_assert_eq!(a.join(b), b.join(a));
            prop_assert_eq!(a.join(b).join(c), a.join(b.join(c)));
            prop_assert!(a.join(b).revoked >= a.revoked);
        }
    }

    #[test]
    fn a_token_stands_by_its_generation_and_the_grace() {
        let mark = SessionMark { generation: 5, rotated_at: 1000, elevated: false, revoked: false };
        let grace = 10_000;
        for (generation, now, expected) in [
            (6, 1000, Standing::Current),
            (5, 99_000, Standing::Current),
            (4, 500, Standing::InGrace),
            (4, 10_999, Standing::InGrace),
            (4, 11_000, Standing::Reused),
            (3, 1000, Standing::Reused),
            (0, 1000, Standing::Reused),
        ] {
            assert_eq!(mark.standing(generation, now, grace), expected, "{generation} at {now}");
        }
        let elevated = SessionMark { elevated: true, ..mark };
        assert_eq!(elevated.standing(4, 1001, grace), Standing::Elevated);
        assert_eq!(elevated.standing(4, 11_000, grace), Standing::Reused);
        assert_eq!(SessionMark::REVOKED.join(mark).standing(6, 0, grace), Standing::Revoked);
    }
}

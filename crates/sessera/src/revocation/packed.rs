//! A mark in 128 bits.

use super::mark::SessionMark;

/// What is known under one key of a table, and until when it is needed.
///
/// The bits, from the lowest: 32 of the retention, 1 that is always set, and then either a session's
/// (1 revoked, 1 elevated, 1 shown, 47 of `rotated_at`, 45 of the generation) or, in the upper half, a subject's
/// cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packed(u128);

const PRESENT: u128 = 1 << 32;
const REVOKED: u128 = 1 << 33;
const ELEVATED: u128 = 1 << 34;
const SHOWN: u128 = 1 << 35;
const ROTATED_AT: u32 = 36;
const GENERATION: u32 = 83;
const CUT: u32 = 64;

/// What does not fit: a rotation past the year 6400, or one of a session that rotated 3 × 10¹³ times.
const LAST_ROTATED_AT: u64 = (1 << (GENERATION - ROTATED_AT)) - 1;
const LAST_GENERATION: u64 = (1 << (128 - GENERATION)) - 1;

/// A retention that has no end.
const FOR_EVER: u32 = u32::MAX;

impl Packed {
    /// No mark: no packed mark is 0.
    pub(super) const NONE: Self = Self(0);

    /// How far past the clock that made a mark its session may have started: clocks differ by up to 2
    /// minutes, and a login right after a cut starts after the cut, which is set up to twice that ahead. (The
    /// cut of an overflow may lie further ahead; the next overflow sees to that.)
    pub(super) const START_MARGIN_MS: u64 = 10 * 60 * 1000;

    /// What is known of a session. A mark beyond what fits is taken for a revocation, which refuses at least
    /// what the mark refused.
    pub(super) fn session(state: SessionMark, keep_until: u64) -> Self {
        let SessionMark { generation, rotated_at, elevated, shown, revoked } = fitting(state);
        let mut bits = u128::from(generation) << GENERATION | u128::from(rotated_at) << ROTATED_AT;
        if revoked {
            bits |= REVOKED;
        }
        if elevated {
            bits |= ELEVATED;
        }
        if shown {
            bits |= SHOWN;
        }
        Self(bits | PRESENT | u128::from(seconds(keep_until)))
    }

    /// A cut of a subject.
    pub(super) fn subject(cut: u64, keep_until: u64) -> Self {
        Self(u128::from(cut) << CUT | PRESENT | u128::from(seconds(keep_until)))
    }

    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) fn state(self) -> SessionMark {
        SessionMark {
            generation: self.high(GENERATION),
            rotated_at: self.high(ROTATED_AT) & LAST_ROTATED_AT,
            elevated: self.0 & ELEVATED != 0,
            shown: self.0 & SHOWN != 0,
            revoked: self.0 & REVOKED != 0,
        }
    }

    pub(super) fn cut(self) -> u64 {
        self.high(CUT)
    }

    /// What two marks of one session say together.
    pub(super) fn join_sessions(self, other: Self) -> Self {
        let joined = Self::session(self.state().join(other.state()), 0);
        joined.kept_as_long_as(self).kept_as_long_as(other)
    }

    /// What two cuts of one subject say together.
    pub(super) fn join_subjects(self, other: Self) -> Self {
        Self::subject(self.cut().max(other.cut()), 0).kept_as_long_as(self).kept_as_long_as(other)
    }

    /// Whether nothing needs the mark any more at `now`. Retention counts in seconds, rounded up.
    pub(super) fn is_over(self, now: u64) -> bool {
        self.until() != FOR_EVER && u64::from(self.until()) * 1000 <= now
    }

    /// The latest start of a session that this mark, of a session, can speak of.
    ///
    /// A session starts before it is marked. A mark that does not say when it was made leaves only the end of
    /// its retention.
    pub(super) fn latest_start(self) -> u64 {
        let until = self.keep_until();
        match self.state().rotated_at {
            0 => until,
            made_at => made_at.saturating_add(Self::START_MARGIN_MS).min(until),
        }
    }

    fn kept_as_long_as(self, other: Self) -> Self {
        let until = self.until().max(other.until());
        Self(self.0 & !u128::from(u32::MAX) | u128::from(until))
    }

    /// Until when it is needed, in milliseconds; `u64::MAX` is for ever.
    pub(super) fn keep_until(self) -> u64 {
        match self.until() {
            FOR_EVER => u64::MAX,
            seconds => u64::from(seconds) * 1000,
        }
    }

    /// In seconds.
    #[expect(clippy::cast_possible_truncation, reason = "the low 32 bits are what is asked for")]
    const fn until(self) -> u32 {
        self.0 as u32
    }

    /// The low 64 of the bits from `shift` up.
    #[expect(clippy::cast_possible_truncation, reason = "the caller masks what it does not want")]
    const fn high(self, shift: u32) -> u64 {
        (self.0 >> shift) as u64
    }
}

fn fitting(state: SessionMark) -> SessionMark {
    if state.generation <= LAST_GENERATION && state.rotated_at <= LAST_ROTATED_AT {
        return state;
    }
    SessionMark {
        generation: LAST_GENERATION,
        rotated_at: LAST_ROTATED_AT,
        elevated: true,
        shown: true,
        revoked: true,
    }
}

/// The first whole second at or after a time.
fn seconds(millis: u64) -> u32 {
    u32::try_from(millis.div_ceil(1000)).unwrap_or(FOR_EVER)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_state() -> impl Strategy<Value = SessionMark> {
        (0..=LAST_GENERATION, 0..=LAST_ROTATED_AT, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
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
        fn a_mark_comes_out_of_its_128_bits_as_it_went_in(
            state in any_state(), cut in any::<u64>(), keep_until in any::<u64>(),
        ) {
            prop_assert_eq!(Packed::session(state, keep_until).state(), state);
            prop_assert_eq!(Packed::subject(cut, keep_until).cut(), cut);
            prop_assert!(!Packed::session(state, keep_until).is_none());
        }

        #[test]
        fn retention_is_never_early_and_less_than_a_second_late(until in 0..u64::from(FOR_EVER) * 1000 - 1000) {
            let packed = Packed::subject(1, until);
            prop_assert!(until == 0 || !packed.is_over(until - 1));
            prop_assert!(packed.is_over(until + 999));
        }

        #[test]
        fn packed_marks_join_as_marks_do(a in any_state(), b in any_state(), ends in any::<(u32, u32)>()) {
            let ends = (u64::from(ends.0) * 1000, u64::from(ends.1) * 1000);
            let joined = Packed::session(a, ends.0).join_sessions(Packed::session(b, ends.1));
            prop_assert_eq!(joined, Packed::session(a.join(b), ends.0.max(ends.1)));
        }
    }

    #[test]
    fn a_mark_beyond_what_fits_refuses_instead_and_is_kept_for_ever() {
        for state in [
            SessionMark { generation: LAST_GENERATION + 1, ..SessionMark::default() },
            SessionMark { rotated_at: u64::MAX, ..SessionMark::default() },
        ] {
            let packed = Packed::session(state, u64::MAX);
            assert!(packed.state().revoked);
            assert!(packed.join_sessions(Packed::session(SessionMark::default(), 0)).state().revoked);
            assert!(!packed.is_over(u64::MAX));
        }
    }

    #[test]
    fn a_session_started_before_its_mark_was_made_and_before_its_retention_ends() {
        let made = SessionMark::revoked_at(1_000_000);
        let margin = Packed::START_MARGIN_MS;
        assert_eq!(Packed::session(made, 90_000_000).latest_start(), 1_000_000 + margin);
        assert_eq!(Packed::session(made, 1_200_000).latest_start(), 1_200_000);
        assert_eq!(Packed::session(SessionMark::REVOKED, 90_000_000).latest_start(), 90_000_000);
        assert_eq!(Packed::session(SessionMark::REVOKED, u64::MAX).latest_start(), u64::MAX);
    }
}

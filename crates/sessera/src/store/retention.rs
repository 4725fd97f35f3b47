//! How far a store may forget, when clocks can be wrong.

use crate::revocation::Mark;

/// What a store knows of the passing of time, so that no wrong clock makes it forget a mark that is needed.
///
/// A mark is needed until the last token that it refuses has expired, by the clock of those who verify. Clocks
/// are wrong at times, in both directions:
///
/// - A clock that is **ahead** makes marks look old. So time counts only as far as it was seen to pass: from one
///   observation to the next, at most [an hour](Self::LONGEST_STEP). A clock that jumps a year ahead moves that
///   by an hour and then only as fast as it runs, and marks are kept [for a day](Self::SPARE) beyond their need.
///   Of times without observations (the servers were off) more than an hour is not seen either; what is missing
///   is caught up at half the speed at which time passes.
/// - A clock that is set **back** makes tokens live that had expired, whose marks may be gone. Up to
///   [a day](Self::SPARE) they are still there; a store that has forgotten more than that ends every session
///   that started until then.
/// - A mark that is **written** while the clock is behind gets a term that ends too early; it is
///   [extended](Self::extend) by as much.
///
/// All times are Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    reached: u64,
    seen: u64,
}

impl Retention {
    /// The most that one observation counts for, whatever the clock says: an hour.
    pub const LONGEST_STEP: u64 = 3_600_000;

    /// How long a mark is kept beyond its need: a day, and one step that was wrong.
    pub const SPARE: u64 = 24 * 3_600_000 + Self::LONGEST_STEP;

    /// What a new store knows.
    pub const fn new(now: u64) -> Self {
        Self { reached: now, seen: now }
    }

    /// What a store knew: see [`reached`](Self::reached) and [`seen`](Self::seen).
    pub const fn restored(reached: u64, seen: u64) -> Self {
        Self { reached, seen }
    }

    /// The time that was seen to come.
    pub const fn reached(&self) -> u64 {
        self.reached
    }

    /// What the clock said last.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// Takes note of what the clock says. Call it with every write, or every minute.
    pub fn observe(&mut self, now: u64) {
        let step = now.saturating_sub(self.seen).min(Self::LONGEST_STEP);
        if now > self.reached {
            self.reached = self.reached.saturating_add(step + step / 2).min(now);
        }
        self.seen = now;
    }

    /// The time that has come for certain, whether the clock is right or wrong, but for one wrong step.
    pub fn certain(&self) -> u64 {
        self.reached.min(self.seen)
    }

    /// A mark whose term ended by then can be forgotten.
    pub fn forget_before(&self) -> u64 {
        self.certain().saturating_sub(Self::SPARE)
    }

    /// A mark as it is written at `now`: its term ends later by as much as the clock is behind.
    #[must_use]
    pub fn extend(&self, mark: &Mark, now: u64) -> Mark {
        let behind = self.reached.saturating_sub(now);
        let mut mark = mark.clone();
        match &mut mark {
            Mark::Session { keep_until, .. }
            | Mark::Subject { keep_until, .. }
            | Mark::Everything { keep_until, .. } => *keep_until = keep_until.saturating_add(behind),
            Mark::Key { .. } => {}
        }
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000;
    const HOUR: u64 = 3_600_000;
    const DAY: u64 = 24 * HOUR;
    const YEAR: u64 = 365 * DAY;

    fn hourly(retention: &mut Retention, from: u64, hours: u64) -> u64 {
        (1..=hours).for_each(|hour| retention.observe(from + hour * HOUR));
        from + hours * HOUR
    }

    #[test]
    fn what_was_needed_a_day_and_an_hour_ago_can_be_forgotten() {
        let mut retention = Retention::new(NOW);
        let now = hourly(&mut retention, NOW, 48);
        assert_eq!(retention.forget_before(), now - DAY - HOUR);
    }

    #[test]
    fn a_clock_a_year_ahead_forgets_nothing_that_is_needed() {
        let mut retention = Retention::new(NOW);
        retention.observe(NOW + YEAR);
        hourly(&mut retention, NOW + YEAR, 24);
        assert!(retention.forget_before() < NOW + DAY, "after a day at the wrong time");
        retention.observe(NOW + DAY);
        let now = hourly(&mut retention, NOW + DAY, 48);
        assert_eq!(retention.forget_before(), now - DAY - HOUR, "the right time counts again");
    }

    #[test]
    fn a_clock_that_is_set_back_forgets_nothing() {
        let mut retention = Retention::new(NOW);
        retention.observe(NOW - DAY);
        assert_eq!(retention.forget_before(), NOW - 2 * DAY - HOUR);
        let everything = |keep_until| Mark::Everything { cut: 1, keep_until };
        assert_eq!(retention.extend(&everything(NOW - DAY + HOUR), NOW - DAY), everything(NOW + HOUR));
        assert_eq!(retention.extend(&everything(NOW + HOUR), NOW), everything(NOW + HOUR));
    }

    #[test]
    fn nights_without_observations_do_not_add_up() {
        let mut retention = Retention::new(NOW);
        let mut now = NOW;
        for _ in 0..30 {
            now = hourly(&mut retention, now, 16) + 8 * HOUR;
        }
        retention.observe(now);
        assert!(now - retention.certain() <= 8 * HOUR, "{}", (now - retention.certain()) / HOUR);
    }

    #[test]
    fn no_clock_makes_it_overflow() {
        let mut retention = Retention::new(u64::MAX);
        retention.observe(0);
        assert_eq!(retention.forget_before(), 0);
        let forever = Mark::Everything { cut: 1, keep_until: u64::MAX };
        assert_eq!(retention.extend(&forever, 0), forever);
        retention.observe(u64::MAX);
    }
}

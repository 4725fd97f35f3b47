//! How long to wait before the next attempt.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::Duration;

/// Twice as long after each failure, up to a bound, and each time anywhere between half of it and all: so that the
/// processes of a fleet that lost the same server do not come back in step.
#[derive(Debug)]
pub(crate) struct Backoff {
    pause: Duration,
    random: RandomState,
    turns: u64,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(10);
    const LONGEST: Duration = Duration::from_secs(1);

    pub(crate) fn new() -> Self {
        Self { pause: Self::FIRST, random: RandomState::new(), turns: 0 }
    }

    /// The next pause.
    pub(crate) fn next(&mut self) -> Duration {
        self.turns += 1;
        let half = self.pause / 2;
        // Below 2³², so of a few seconds it is less than a day.
        let part = u32::try_from(self.random.hash_one(self.turns) >> 32).unwrap_or(0);
        let jitter = half.mul_f64(f64::from(part) / f64::from(u32::MAX));
        self.pause = (self.pause * 2).min(Self::LONGEST);
        half + jitter
    }

    /// All went well.
    pub(crate) fn reset(&mut self) {
        self.pause = Self::FIRST;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_no_two_processes_keep_step() {
        let (mut one, mut other) = (Backoff::new(), Backoff::new());
        let mut expected = Backoff::FIRST;
        let (mut all, mut others) = (Vec::new(), Vec::new());
        for _ in 0..20 {
            let pause = one.next();
            assert!(pause >= expected / 2 && pause <= expected, "{pause:?} of {expected:?}");
            expected = (expected * 2).min(Backoff::LONGEST);
            all.push(pause);
            others.push(other.next());
        }
        assert_ne!(all, others);
        one.reset();
        assert!(one.next() <= Backoff::FIRST);
    }
}

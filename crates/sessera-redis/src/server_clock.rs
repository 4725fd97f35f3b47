//! The server's clock, as far as this process knows it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// How far the server's clock is ahead of the monotonic clock of this process.
///
/// Every beat brings the server's time. It was read before the answer arrived, so a deadline that counts from the
/// arrival comes too early by as long as the answer took, and never too late.
#[derive(Debug)]
pub(crate) struct ServerClock {
    begun: Instant,
    /// In milliseconds; the least number where it is not known.
    ahead: AtomicI64,
}

impl ServerClock {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), ahead: AtomicI64::new(i64::MIN) }
    }

    /// Notes the time that an answer brought, which arrived at this moment.
    pub(crate) fn note(&self, time: u64, arrived: Instant) {
        let time = i64::try_from(time).unwrap_or(i64::MAX);
        self.ahead.store(time.saturating_sub(self.millis(arrived)), Ordering::Release);
    }

    /// The server's time, in milliseconds, when the caller stops waiting: so long after this moment. 0 where the
    /// server's time is not known, which is over for every server.
    pub(crate) fn deadline(&self, now: Instant, patience: Duration) -> u64 {
        let ahead = self.ahead.load(Ordering::Acquire);
        if ahead == i64::MIN {
            return 0;
        }
        let patience = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        // Both clocks are read to a millisecond, rounded down.
        let deadline = ahead.saturating_add(self.millis(now)).saturating_add(patience).saturating_sub(1);
        u64::try_from(deadline).unwrap_or(0)
    }

    fn millis(&self, then: Instant) -> i64 {
        i64::try_from(then.saturating_duration_since(self.begun).as_millis()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_never_later_than_the_caller_waits() {
        let clock = ServerClock::new();
        let at = |millis: u64| clock.begun + Duration::from_millis(millis);
        assert_eq!(clock.deadline(at(0), Duration::from_secs(2)), 0, "the server's time is not known");
        // Read by the server at 1,000, on its way for 30 ms.
        clock.note(1_700_000_001_000, at(1030));
        let deadline = clock.deadline(at(5000), Duration::from_millis(500));
        let caller_gives_up = 1_700_000_001_000 + 4000 + 500;
        assert_eq!(deadline, caller_gives_up - 30 - 1);
        // The server's clock was set back.
        clock.note(1_600_000_000_000, at(6000));
        assert_eq!(clock.deadline(at(6000), Duration::from_millis(500)), 1_600_000_000_499);
    }
}

//! Whether Redis answers: a circuit breaker in front of the calls of a store.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Fails calls at once while Redis does not answer.
///
/// The tail is the probe: it sends a beat twice a second, and tries to connect while it has no connection. The
/// breaker opens when a call or the tail had no answer for too long, or when the tail could not connect. The next
/// answer to anybody closes it.
#[derive(Debug)]
pub(crate) struct Breaker {
    begun: Instant,
    limit: Duration,
    /// When Redis was last heard, in milliseconds since `begun`.
    heard: AtomicU64,
    /// When the beat was sent whose answer the tail awaits, in milliseconds since `begun` and one more. 0 is none.
    awaited: AtomicU64,
    open: AtomicBool,
}

/// How much a call should expect of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Circuit {
    /// Redis answers: a call waits.
    Closed,
    /// A beat is overdue: a call waits a little, and finds out.
    Suspect,
    /// Redis does not answer: a call fails at once.
    Open,
}

impl Breaker {
    /// How long a call waits while a beat is overdue.
    pub(crate) const BRIEF: Duration = Duration::from_millis(150);
    /// A machine that is busy is no Redis that hangs.
    const LEAST: Duration = Duration::from_millis(500);

    /// A closed breaker for beats that are sent this often. No call waits for longer than `timeout`.
    pub(crate) fn new(beat_interval: Duration, timeout: Duration) -> Self {
        Self {
            begun: Instant::now(),
            limit: beat_interval.max(Self::LEAST).min(timeout),
            heard: AtomicU64::new(0),
            awaited: AtomicU64::new(0),
            open: AtomicBool::new(false),
        }
    }

    /// How long Redis may be silent while an answer is due.
    pub(crate) const fn limit(&self) -> Duration {
        self.limit
    }

    /// Notes that bytes of an answer came in.
    pub(crate) fn hear(&self) {
        self.heard.store(self.millis(Instant::now()), Ordering::Release);
    }

    /// Notes that the tail awaits the answer to a beat, or that it does not.
    pub(crate) fn await_beat(&self, sent: Option<Instant>) {
        self.awaited.store(sent.map_or(0, |sent| self.millis(sent) + 1), Ordering::Release);
    }

    /// Notes that Redis answered a command.
    pub(crate) fn close(&self) {
        if self.open.load(Ordering::Acquire) {
            self.open.store(false, Ordering::Release);
        }
    }

    /// Opens the breaker, unless Redis was heard since this moment.
    pub(crate) fn open_unless_heard_since(&self, since: Instant) {
        if self.heard.load(Ordering::Acquire) <= self.millis(since) {
            self.open.store(true, Ordering::Release);
        }
    }

    /// What a new call should do.
    pub(crate) fn circuit(&self) -> Circuit {
        if self.open.load(Ordering::Acquire) {
            return Circuit::Open;
        }
        match self.awaited.load(Ordering::Acquire) {
            0 => Circuit::Closed,
            sent if self.silent_from(sent - 1, self.limit) <= self.millis(Instant::now()) => Circuit::Suspect,
            _ => Circuit::Closed,
        }
    }

    /// When a wait that began at this moment has lasted too long, if nothing is heard until then.
    pub(crate) fn silence_ends(&self, began: Instant, limit: Duration) -> Instant {
        self.begun + Duration::from_millis(self.silent_from(self.millis(began), limit))
    }

    /// Closes the breaker in a process that was just forked: it has no connection yet.
    pub(crate) fn renew(&self) {
        self.await_beat(None);
        self.open.store(false, Ordering::Release);
    }

    fn silent_from(&self, since: u64, limit: Duration) -> u64 {
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        self.heard.load(Ordering::Acquire).max(since).saturating_add(limit)
    }

    fn millis(&self, then: Instant) -> u64 {
        u64::try_from(then.saturating_duration_since(self.begun).as_millis()).unwrap_or(u64::MAX - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> Breaker {
        Breaker::new(Duration::from_millis(500), Duration::from_secs(2))
    }

    /// A moment that many milliseconds after the breaker was made.
    fn at(breaker: &Breaker, millis: u64) -> Instant {
        breaker.begun + Duration::from_millis(millis)
    }

    #[test]
    fn an_answer_to_anybody_prolongs_every_wait() {
        let breaker = breaker();
        let limit = breaker.limit();
        assert_eq!(breaker.silence_ends(at(&breaker, 100), limit), at(&breaker, 600));
        breaker.heard.store(300, Ordering::Release);
        assert_eq!(breaker.silence_ends(at(&breaker, 100), limit), at(&breaker, 800));
        assert_eq!(breaker.silence_ends(at(&breaker, 400), limit), at(&breaker, 900));
    }

    #[test]
    fn a_beat_that_is_overdue_makes_calls_brief() {
        let mut breaker = breaker();
        breaker.await_beat(Some(breaker.begun));
        assert_eq!(breaker.circuit(), Circuit::Closed);
        breaker.begun = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        assert_eq!(breaker.circuit(), Circuit::Suspect);
        breaker.hear();
        assert_eq!(breaker.circuit(), Circuit::Closed);
        breaker.await_beat(None);
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn an_open_breaker_fails_calls_until_one_is_answered() {
        let mut breaker = breaker();
        breaker.begun = Instant::now().checked_sub(Duration::from_secs(1)).unwrap();
        let began = Instant::now().checked_sub(Duration::from_millis(500)).unwrap();
        breaker.hear();
        breaker.open_unless_heard_since(began);
        assert_eq!(breaker.circuit(), Circuit::Closed, "Redis was heard meanwhile");
        breaker.heard.store(0, Ordering::Release);
        breaker.open_unless_heard_since(began);
        assert_eq!(breaker.circuit(), Circuit::Open);
        breaker.close();
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn the_limit_lies_between_half_a_second_and_the_timeout() {
        let limit = |beat, timeout| {
            Breaker::new(Duration::from_millis(beat), Duration::from_millis(timeout)).limit().as_millis()
        };
        assert_eq!(
            [limit(10, 2000), limit(800, 2000), limit(5000, 2000), limit(10, 100)],
            [500, 800, 2000, 100]
        );
    }
}

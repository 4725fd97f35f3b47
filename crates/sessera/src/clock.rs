//! Where time comes from. The only place of the core that may read the system's clock.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// Tells the time to a [`Sessions`](crate::Sessions).
///
/// The default is [`SystemClock`]. Tests inject a [`ManualClock`], so that no test ever sleeps.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds since the Unix epoch, UTC. Any value is safe: arithmetic on it saturates.
    fn unix_millis(&self) -> u64;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
    fn unix_millis(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
    }
}

/// A clock that moves only when it is told to. Clones share the same time.
///
/// ```
/// use std::time::Duration;
/// use sessera::{Clock, ManualClock};
///
/// let clock = ManualClock::at_unix(1_700_000_000);
/// clock.advance(Duration::from_millis(1_500));
/// assert_eq!(clock.unix_millis(), 1_700_000_001_500);
/// ```
#[derive(Clone, Default)]
pub struct ManualClock(std::sync::Arc<AtomicU64>);

impl ManualClock {
    /// A clock that stands at `seconds` since the Unix epoch.
    pub fn at_unix(seconds: u64) -> Self {
        let clock = Self::default();
        clock.set_unix_millis(seconds.saturating_mul(1000));
        clock
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        // The closure always returns a value, so the update cannot fail.
        let _ = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |now| Some(now.saturating_add(millis(by))));
    }

    /// Sets the clock, forward or back.
    pub fn set_unix_millis(&self, unix_millis: u64) {
        self.0.store(unix_millis, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn unix_millis(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for ManualClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ManualClock").field(&self.unix_millis()).finish()
    }
}

/// A span in whole milliseconds; what does not fit is the largest span.
pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The instant of a clock. Past the year 9999, which is as far as dates go, it is that year's end.
pub(crate) fn instant(unix_millis: u64) -> OffsetDateTime {
    with_millis(instant_of_second(unix_millis / 1000), unix_millis)
}

/// The instant of a clock, given the one of its second.
pub(crate) fn with_millis(second: OffsetDateTime, unix_millis: u64) -> OffsetDateTime {
    // Below a thousand, so it fits.
    second.replace_millisecond((unix_millis % 1000) as u16).unwrap_or(second)
}

/// The instant of a claim that counts in seconds, within the years of [`instant`].
pub(crate) fn instant_of_second(unix_seconds: u64) -> OffsetDateTime {
    const LAST: OffsetDateTime = time::macros::datetime!(9999-12-31 23:59:59 UTC);
    let seconds = i64::try_from(unix_seconds).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(LAST)
}

/// Milliseconds since the Unix epoch; before it, 0.
pub(crate) fn unix_millis(instant: OffsetDateTime) -> u64 {
    u64::try_from(instant.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

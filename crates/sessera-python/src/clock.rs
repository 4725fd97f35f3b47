//! A clock for tests.

use pyo3::prelude::*;
use sessera::Clock as _;
use time::OffsetDateTime;

use crate::span::Span;

/// A clock that moves only when it is told to, so that no test ever sleeps.
///
/// It stands at `unix_seconds` since the Unix epoch, UTC.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct ManualClock(pub(crate) sessera::ManualClock);

#[pymethods]
impl ManualClock {
    #[new]
    fn new(unix_seconds: Span) -> Self {
        let clock = sessera::ManualClock::default();
        clock.advance(unix_seconds.0);
        Self(clock)
    }

    /// Moves the clock forward, by a timedelta or seconds.
    fn advance(&self, by: Span) {
        self.0.advance(by.0);
    }

    /// Sets the clock, forward or back, to seconds since the Unix epoch.
    fn set(&self, unix_seconds: Span) {
        self.0.set_unix_millis(u64::try_from(unix_seconds.0.as_millis()).unwrap_or(u64::MAX));
    }

    /// Milliseconds since the Unix epoch.
    #[getter]
    fn unix_millis(&self) -> u64 {
        self.0.unix_millis()
    }

    fn __repr__(&self) -> String {
        format!("<{:?}>", self.0)
    }
}

/// The system's time, for calls that have no clock of their own.
pub(crate) fn present() -> OffsetDateTime {
    let millis = i128::from(sessera::SystemClock.unix_millis());
    OffsetDateTime::from_unix_timestamp_nanos(millis * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

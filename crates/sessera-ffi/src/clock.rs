//! Where time comes from.

use std::sync::Arc;

/// Tells the time to a `Sessions`. For tests: a server leaves it to the system's clock.
#[uniffi::export(foreign)]
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch, UTC.
    fn unix_millis(&self) -> Result<u64, UnusableClock>;
}

/// A clock that threw instead of telling the time.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum UnusableClock {
    /// It told nothing.
    #[error("the clock told no time")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for UnusableClock {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// A clock of the other language. While it throws, it is so late that every token has ended: nothing is accepted
/// by a clock that nobody can read.
pub(crate) struct ForeignClock(pub(crate) Arc<dyn Clock>);

impl sessera::Clock for ForeignClock {
    fn unix_millis(&self) -> u64 {
        self.0.unix_millis().unwrap_or(u64::MAX)
    }
}

//! Instants and spans, in milliseconds.

use ::time::OffsetDateTime;

/// An instant: milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant(pub i64);

uniffi::custom_type!(Instant, i64, { lower: |instant| instant.0, try_lift: |millis| Ok(Instant(millis)) });

impl From<OffsetDateTime> for Instant {
    fn from(instant: OffsetDateTime) -> Self {
        Self(i64::try_from(instant.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
    }
}

impl From<Instant> for OffsetDateTime {
    /// What is beyond the years that the core can tell is the last or the first of them.
    fn from(instant: Instant) -> Self {
        let beyond =
            if instant.0 < 0 { Self::UNIX_EPOCH } else { ::time::macros::datetime!(9999-12-31 23:59:59 UTC) };
        Self::from_unix_timestamp_nanos(i128::from(instant.0) * 1_000_000).unwrap_or(beyond)
    }
}

/// A span of time: milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duration(pub u64);

uniffi::custom_type!(Duration, u64, { lower: |span| span.0, try_lift: |millis| Ok(Duration(millis)) });

impl From<std::time::Duration> for Duration {
    fn from(span: std::time::Duration) -> Self {
        Self(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
    }
}

impl From<Duration> for std::time::Duration {
    fn from(span: Duration) -> Self {
        Self::from_millis(span.0)
    }
}

/// The instant of this moment, for the calls that name none.
pub(crate) fn now(named: Option<Instant>) -> OffsetDateTime {
    use sessera::Clock;
    named
        .unwrap_or_else(|| Instant(i64::try_from(sessera::SystemClock.unix_millis()).unwrap_or(i64::MAX)))
        .into()
}

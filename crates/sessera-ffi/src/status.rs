//! What is known of revocations.

use sessera::Freshness;

use crate::Duration;

/// How good the knowledge of revocations is.
#[uniffi::remote(Enum)]
pub enum Freshness {
    /// Nothing was loaded yet: not ready.
    Loading,
    /// At most `fresh_for` old.
    Fresh,
    /// At most `stale_after` old: tokens are accepted, with an event.
    Stale,
    /// Older: what happens is up to `on_stale`.
    Expired,
}

/// What a `Sessions` knows of revocations.
#[derive(uniffi::Record)]
pub struct Status {
    /// What the age means by the policy.
    pub freshness: Freshness,
    /// Whether requests should come here: marks are loaded, and not so old that the policy refuses tokens.
    pub ready: bool,
    /// How old the knowledge is. None when nothing was loaded yet.
    pub age: Option<Duration>,
    /// Of which life of the store's log the position is; 0 where a log has only one.
    pub epoch: u64,
    /// The number of the last mark or entry that is applied here; 0 where marks have no numbers.
    pub applied: u64,
    /// How many marks are known.
    pub marks: u64,
    /// How many marks of sessions and subjects may be known; beyond it the older half gives way to a cutoff.
    pub quota: u64,
    /// How many revocations are in force here and not in the store yet.
    pub pending: u64,
    /// The memory that they take, in bytes.
    pub memory: u64,
    /// How often there were more marks than the index may hold.
    pub overflows: u64,
    /// How many values in the store could not be read, and were ignored.
    pub refused: u64,
    /// What is in the way, in a sentence for an operator. None when nothing is.
    pub problem: Option<String>,
}

impl From<sessera::Status> for Status {
    fn from(status: sessera::Status) -> Self {
        let sessera::Status {
            freshness,
            ready,
            age,
            epoch,
            applied,
            marks,
            quota,
            pending,
            memory,
            overflows,
            refused,
            problem,
        } = status;
        Self {
            freshness,
            ready,
            age: age.map(Into::into),
            epoch,
            applied,
            marks: marks as u64,
            quota: quota as u64,
            pending,
            memory: memory as u64,
            overflows,
            refused,
            problem,
        }
    }
}

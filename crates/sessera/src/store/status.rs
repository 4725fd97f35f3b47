//! What a store knows of its own knowledge, and what a revocation waits for.

/// What a store says of itself. All spans are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StoreStatus {
    /// How old the knowledge of this process is: `0` when it is all there is, `u64::MAX` when nothing was
    /// loaded yet.
    pub age: u64,
    /// Of which life of the store's log the position is; 0 where a log has only one.
    pub epoch: u64,
    /// The number of the last mark or entry that is applied here; 0 where marks have no numbers.
    pub applied: u64,
    /// How many values in the store could not be read, and were ignored.
    pub refused: u64,
    /// How many marks are in force here and not in the store yet; see [`RevocationState::Pending`].
    pub pending: u64,
    /// What is in the way, in a sentence for an operator. `None` when nothing is.
    pub problem: Option<String>,
}

/// How far a revocation has come when its call returns. In this process it is in force in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RevocationState {
    /// The store has it. Every verifier applies it as soon as it can.
    Stored,
    /// The store could not be written. It is written as soon as that is possible, and is lost if this process
    /// ends before. Other processes do not know it yet.
    Pending,
    /// The store has it, and so have as many of its replicas as [`Wait::Replicated`] asked for.
    Replicated,
    /// Every live verifier has applied it.
    Confirmed,
}

impl RevocationState {
    /// The stable name, the same in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Pending => "pending",
            Self::Replicated => "replicated",
            Self::Confirmed => "confirmed",
        }
    }
}

impl std::fmt::Display for RevocationState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What a revocation waits for before its call returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// The store has it. Every verifier learns of it, each as soon as it can.
    #[default]
    Stored,
    /// So many replicas of the store have it, too.
    Replicated(u32),
    /// Every live verifier has applied it: no token that it ends is accepted anywhere from now on.
    Confirmed,
}

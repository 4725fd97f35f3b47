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
    /// What is in the way, in a sentence for an operator. `None` when nothing is.
    pub problem: Option<String>,
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

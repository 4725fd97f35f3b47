//! What can happen.

/// One step of a world. The numbers are of verifiers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// The tail connects to a server.
    Connect(usize, usize),
    /// The tail reads the next part of the state.
    Load(usize),
    /// One of the marks that the store lacks is appended, by way of a server that may be a former primary.
    Repay { by: usize, to: usize },
    /// A beat and a read are sent.
    Send(usize),
    /// The server takes the beat.
    TakeBeat(usize),
    /// The server answers the read.
    TakeRead(usize),
    /// The replicas have the beat.
    Replicated(usize),
    /// The answers arrive.
    Deliver(usize),
    /// A mark is sent to a server, which may be a former primary.
    Write { by: usize, to: usize, replicated: bool },
    /// The server takes it.
    TakeWrite(usize),
    /// The replicas have it.
    WriteReplicated(usize),
    /// The caller is told.
    Acknowledge(usize),
    /// The caller is told that it failed. The mark is in force here all the same, and owed.
    Fail(usize),

    /// The replica copies what the primary has.
    Copy,
    /// The compactor moves what is recent to the packs.
    Fold,
    /// The compactor drops the oldest entry.
    Trim,

    /// The tail's connection ends.
    Disconnect(usize),
    /// A verifier is killed.
    Kill(usize),
    /// A verifier starts.
    Start(usize),
    /// A verifier forks, and the child takes a free place.
    Fork(usize, usize),
    /// The replica is promoted; the old primary dies, or lives on without knowing it.
    Failover { old_lives: bool },
    /// The former primary becomes the replica.
    Rejoin,
    /// `FLUSHALL`
    Flush,
    /// Somebody saves a dump.
    Save,
    /// The server is killed, and starts with that.
    Restore,
    /// Somebody deletes the head alone.
    DeleteHead,
    /// Somebody deletes a part of the state alone.
    DeleteRecent,
    /// Somebody deletes the other part of the state alone.
    DeletePacks,
    /// Somebody adds to the log what the scripts did not write.
    Tamper,
    /// The primary's clock jumps.
    Clock(u64),
}

impl Action {
    /// Whether it is a fault, which may make a server lose marks.
    pub(crate) fn is_fault(self) -> bool {
        use Action::{
            Clock, DeleteHead, DeletePacks, DeleteRecent, Failover, Flush, Fork, Kill, Rejoin, Restore,
            Tamper,
        };
        let server = matches!(self, Failover { .. } | Rejoin | Flush | Restore | Tamper | Clock(_));
        server || matches!(self, DeleteHead | DeleteRecent | DeletePacks | Kill(_) | Fork(..))
    }
}

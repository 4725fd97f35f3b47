//! The protocol, and what can be left out of it to see that the model notices.

use crate::follower::Lost;

/// How the verifiers of a world behave. The default is the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Rules {
    pub(crate) broken: Option<Broken>,
}

/// One thing that is done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Broken {
    /// A resync appends nothing.
    AppendsNothingAgain,
    /// A resync appends some of what is missing, and goes on.
    AppendsSomeAgain,
    /// One sign of a lost history is not heeded.
    Ignores(Lost),
    /// Own writes that were acknowledged are taken to be in the log.
    ForgetsItsOwnWrites,
    /// A read of a replica counts as a beat.
    CountsReads,
    /// A beat counts without the replica's word.
    CountsUnreplicatedBeats,
    /// A beat that was sent before the state was read counts.
    CountsBeatsFromBeforeTheLoad,
    /// A beat counts from its answer, not from its sending.
    CountsFromTheAnswer,
    /// The state is read in the other order.
    ReadsPacksFirst,
    /// Whoever starts takes the head after it has read the state.
    ReadsTheHeadLast,
    /// Who appends or folds does not look whether a part of the state is gone.
    CountsOverALoss,
    /// A write is acknowledged as replicated without the replica's word.
    AcknowledgesUnreplicated,
    /// Two lives of the log that begin at the same time begin with the same chain.
    BeginsEveryEpochAlike,
}

impl Rules {
    pub(crate) fn is(self, broken: Broken) -> bool {
        self.broken == Some(broken)
    }
}

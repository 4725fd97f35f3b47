//! A process that follows the log, verifies, and writes marks.

use crate::follower::{Follower, Head};
use crate::server::{Entry, Marks};

/// What must be known by who claims to know all of this moment, and what was held then.
///
/// Marks that the store loses later are struck from both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Moment {
    /// What the store held.
    pub(crate) stored: Marks,
    /// What the verifier held, and did not know itself to owe.
    pub(crate) held: Marks,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Verifier {
    pub(crate) lives: bool,
    pub(crate) index: Marks,
    /// What is held and was not in the store, or could not be written: it is appended beside all else.
    pub(crate) owed: Marks,
    pub(crate) follower: Follower<Moment>,
    /// The server that its tail is connected to.
    pub(crate) link: Option<usize>,
    pub(crate) doing: Doing,
    pub(crate) pipe: Pipe,
    pub(crate) write: Option<Write>,
}

/// Where a verifier's tail is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Doing {
    /// Not connected, or about to load.
    #[default]
    Nothing,
    /// The head is read, and some parts of the state.
    Loading { head: Head, parts: u8, read: Marks, moment: Moment },
    /// At the tail of the log.
    Following,
}

/// A beat and a read of the log, in one write.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) enum Pipe {
    #[default]
    Empty,
    Sent {
        after: Head,
    },
    Beaten {
        after: Head,
        beat: Beat,
    },
    Read {
        beat: Beat,
        entries: Vec<Entry>,
    },
}

/// A beat that the server has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Beat {
    pub(crate) head: Head,
    pub(crate) offset: u32,
    /// Whether the replicas have it.
    pub(crate) replicated: bool,
}

/// A mark on its way into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Write {
    pub(crate) mark: Marks,
    /// Whether the caller waits for a replica.
    pub(crate) replicated: bool,
    pub(crate) to: usize,
    /// What the server answered.
    pub(crate) done: Option<Beat>,
}

impl Verifier {
    /// The tail's connection ends.
    pub(crate) fn disconnect(&mut self) {
        self.link = None;
        self.pipe = Pipe::Empty;
        self.doing = Doing::Nothing;
        self.follower.disconnected();
    }

    /// Marks that the store lost are nobody's duty to know, until they are back in it.
    pub(crate) fn strike(&mut self, lost: Marks) {
        let follower = &mut self.follower;
        let moments = follower.asked.iter_mut().chain(follower.told.as_mut().map(|(moment, _)| moment));
        for moment in moments.chain(&mut follower.known) {
            moment.stored &= !lost;
            moment.held &= !lost;
        }
    }
}

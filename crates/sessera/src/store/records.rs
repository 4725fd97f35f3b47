//! What a store may keep of single sessions besides marks: their data, and the list of a subject's.

use std::fmt;

use crate::session_id::SessionId;

/// The data of one session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionData {
    /// The session.
    pub id: SessionId,
    /// Who it belongs to: with all of a subject's sessions their data go.
    pub subject: String,
    /// When it started, in Unix milliseconds.
    pub started_at: u64,
    /// When the data may go, in Unix milliseconds: with the last token of the session.
    pub expires_at: u64,
    /// The data.
    pub bytes: Vec<u8>,
}

/// One line of the list of a subject's sessions.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The session.
    pub id: SessionId,
    /// Who it belongs to.
    pub subject: String,
    /// When it started, in Unix milliseconds.
    pub started_at: u64,
    /// When it was last issued or renewed, in Unix milliseconds.
    pub last_seen: u64,
    /// When it expires unless it is renewed, in Unix milliseconds.
    pub expires_at: u64,
    /// The client's software, as far as it is known.
    pub label: Option<String>,
    /// The network that it was last seen in, where that is kept.
    pub network: Option<String>,
}

/// The data are the application's own.
impl fmt::Debug for SessionData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionData").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

/// Who is where is personal data.
impl fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecord").field("label", &self.label).finish_non_exhaustive()
    }
}

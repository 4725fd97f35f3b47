//! The types of tokens whose headers every key has ready.

/// What `typ` says of a token that carries claims of ours. None is accepted as another (RFC 8725 §3.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenType {
    /// Of a user who is logged in.
    Session,
    /// Of a visitor who is not, and has something in the session.
    Visitor,
}

impl TokenType {
    /// The value of `typ`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Session => "session+jwt",
            Self::Visitor => "visitor+jwt",
        }
    }
}

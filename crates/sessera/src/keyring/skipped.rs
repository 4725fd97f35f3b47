//! Keys of a public set that a ring leaves out.

/// A key of a public JWK Set that is not in the [`Keyring`](crate::Keyring): of another key type or algorithm, for
/// encryption, or without `alg` (RFC 7517 §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SkippedKey {
    /// The `kid` as the set has it, if the key has one. Another party chose it: escape it where it is shown.
    pub kid: Option<String>,
    /// Why the key can't be used here, as text for people.
    pub reason: String,
}

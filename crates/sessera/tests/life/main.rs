//! The life of a session through the public API: the verbs and their rules.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod bench;
mod end;
mod issue;
mod limits;
mod revocation;
mod rotation;
mod seen_before;
mod theft;
mod told;
mod visitors;

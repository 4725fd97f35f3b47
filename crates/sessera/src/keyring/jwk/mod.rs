//! JSON Web Keys (RFC 7517), with private members and with the times of a key's life.

mod members;
mod read;
mod write;

pub(super) use read::{KeySet, LONGEST, read};
pub(super) use write::{private, public};

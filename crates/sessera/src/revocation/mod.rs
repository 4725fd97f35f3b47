//! Revocation by exception: the marks, and the index that every verify asks.

mod cuts;
mod filter;
mod index;
mod keys;
mod mark;
mod names;
mod packed;
mod scramble;
mod shards;
mod shared;
mod subjects;
mod table;
#[cfg(test)]
mod tests;

pub use index::RevocationIndex;
pub(crate) use index::{Found, Query};
pub use mark::{Mark, SessionMark};
pub(crate) use mark::{Overlap, Standing};
pub use names::{SubjectName, SubjectNames};
pub use shared::SharedMark;

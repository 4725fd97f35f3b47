//! Revocation by exception: the marks, and the index that every verify asks.

mod index;
mod mark;

pub use index::RevocationIndex;
pub(crate) use index::{Found, Query};
pub(crate) use mark::Standing;
pub use mark::{Mark, SessionMark};

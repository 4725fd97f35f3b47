//! Sessions that are carried by a signature and revoked by exception.

mod clock;
mod codec;
pub mod cookie;
mod error;
mod random;
mod session_id;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{ErrorKind, Result, SessionError};
pub use session_id::SessionId;

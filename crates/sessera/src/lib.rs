//! Sessions that are carried by a signature and revoked by exception.

pub mod binding;
mod clock;
mod codec;
pub mod cookie;
pub mod csrf;
mod error;
mod origin;
mod random;
mod session_id;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{ErrorKind, Result, SessionError};
pub use origin::Origin;
pub use session_id::SessionId;

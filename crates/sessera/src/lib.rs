//! Sessions that are carried by a signature and revoked by exception.

mod clock;
mod codec;
mod error;
mod keyring;
mod random;
mod session_id;

pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{ErrorKind, Result, SessionError};
pub use keyring::{Algorithm, KeyInfo, KeyState, Keyring};
pub use session_id::SessionId;

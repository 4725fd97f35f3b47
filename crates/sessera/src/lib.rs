//! Sessions that are carried by a signature and revoked by exception.
//!
//! A server issues a signed token, a real JWT. Any server verifies it alone, in about a microsecond; and
//! still the session expires when it is idle, ends for good, rotates, is bound to its client, and can be
//! revoked at once.
//!
//! [`Sessions`] has the verbs: issue, verify, renew, rotate, elevate, revoke. It is put together from a
//! [`Keyring`], a [`Policy`] and a [`Store`]; everything else in this crate is what goes into the verbs or
//! comes out of them.

pub mod binding;
pub mod cookie;
pub mod csrf;
pub mod jose;

mod claims;
mod client;
mod clock;
mod codec;
mod error;
mod event;
mod keyring;
mod origin;
mod policy;
mod random;
mod revocation;
mod session;
mod session_id;
mod sessions;
mod step_up;
mod store;
mod token;

pub use binding::{Binding, BindingMode, BindingPolicy, Fact, Verdict};
pub use claims::Claims;
pub use client::{Client, new_device_secret};
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{ErrorKind, Result, SessionError};
pub use event::{Event, EventKind, Observer, Reuse};
pub use keyring::{
    Algorithm, KeyId, KeyInfo, KeyState, Keyring, KeyringFile, KeyringOptions, RotationSchedule, SkippedKey,
};
pub use origin::Origin;
pub use policy::{OnReuse, OnStale, Policy};
pub use revocation::{Mark, RevocationIndex, SessionMark, SharedMark, SubjectName, SubjectNames};
pub use session::{Elevation, Issued, NewSession, Session};
pub use session_id::SessionId;
pub use sessions::{Freshness, ListedSession, Revoke, Sessions, SessionsBuilder, Status};
pub use step_up::StepUp;
pub use store::{
    Advance, Advanced, MarkName, MemoryStore, Outbox, Pendable, Retention, RevocationState, SessionData,
    SessionRecord, Store, StoreStatus, Wait,
};

/// The examples of the README are tests too.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;

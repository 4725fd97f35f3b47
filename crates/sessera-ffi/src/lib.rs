//! Sessera for Kotlin and Swift: shapes are translated, and nothing is decided here.
//!
//! What an item means, its defaults and its errors are those of the crate `sessera`, whose names these are.
//! The settings of a rule are all optional, and one that is not given is the core's own default, so that no
//! default is written twice. Instants and spans cross as milliseconds, application claims as JSON text;
//! `uniffi.toml` says which type of each language they become.

#![expect(
    clippy::missing_errors_doc,
    reason = "the comments are those of Kotlin and Swift, and name codes of errors"
)]
#![expect(clippy::needless_pass_by_value, reason = "what crosses arrives as values")]

mod binding;
mod claims;
mod client;
mod clock;
mod cookie;
mod csrf;
mod dpop;
mod error;
mod event;
mod jose;
mod keyring;
mod keyring_file;
mod policy;
mod session;
mod sessions;
mod slate;
mod status;
mod store;
mod time;

pub use binding::*;
pub use claims::Claims;
pub use client::*;
pub use clock::{Clock, UnusableClock};
pub use cookie::*;
pub use csrf::*;
pub use dpop::*;
pub use error::{SessionError, http_status};
pub use event::{Event, Observer, ObserverFailed};
pub use jose::*;
pub use keyring::*;
pub use keyring_file::KeyringFile;
pub use policy::*;
pub use session::*;
pub use sessions::Sessions;
pub use slate::Slate;
pub use status::*;
pub use store::Store;
pub use time::{Duration, Instant};

use error::Result;

uniffi::setup_scaffolding!("sessera");

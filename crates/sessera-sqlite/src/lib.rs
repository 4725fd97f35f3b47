//! A store for [Sessera](sessera) in one SQLite file.
//!
//! The processes of a host share the file. Each holds all marks in memory; a small mapped file beside the
//! database, the doorbell, holds the number of the last mark. A verify loads that number and reads the database
//! only when it moved, so that a revocation in one process is seen by the very next verify in every other.
//!
//! ```
//! use sessera::{Algorithm, Client, Keyring, NewSession, Sessions};
//! use sessera_sqlite::SqliteStore;
//! # fn main() -> Result<(), sessera::SessionError> {
//! # let directory = tempfile::tempdir().unwrap();
//! # let path = directory.path().join("sessions.db");
//! let sessions = Sessions::builder("https://app.example", "web")
//!     .keyring(Keyring::generate(Algorithm::EdDsa)?)
//!     .store(SqliteStore::open(path)?)
//!     .build()?;
//! let client = Client::new();
//! let issued = sessions.issue(NewSession::new("user-42"), &client)?;
//! sessions.revoke_session(&issued.session.id)?;
//! assert_eq!(sessions.verify(&issued.token, &client).unwrap_err().code(), "revoked");
//! # Ok(()) }
//! ```

mod access;
mod anchor;
mod background;
mod connection;
mod doorbell;
mod file;
mod follow;
mod marks;
mod options;
mod progress;
mod records;
mod restore;
mod schema;
mod store;
mod unavailable;
mod upkeep;
mod write;

pub use doorbell::Doorbell;
pub use options::SqliteOptions;
pub use store::SqliteStore;

//! From an error of SQLite to the one of the library.

use rusqlite::ErrorCode;
use sessera::{ErrorKind, SessionError};

/// `store_unavailable`, with a sentence on what an operator can do something about.
pub(crate) fn unavailable(error: rusqlite::Error) -> SessionError {
    let message = match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => "the disk of the session database is full",
        Some(ErrorCode::ReadOnly) => "the session database, or its directory, can't be written",
        Some(ErrorCode::CannotOpen) => {
            "the session database can't be opened: is its directory there and writable?"
        }
        Some(ErrorCode::PermissionDenied) => "the session database may not be opened",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "the session database was locked by another process for too long"
        }
        Some(ErrorCode::DatabaseCorrupt) => "the session database is damaged",
        Some(ErrorCode::NotADatabase) => "the session database is not an SQLite file",
        _ => "the session database could not be read or written",
    };
    SessionError::new(ErrorKind::StoreUnavailable, message).caused_by(error)
}

/// `store_unavailable` for what is wrong with the file itself.
pub(crate) fn broken(message: &'static str) -> SessionError {
    SessionError::new(ErrorKind::StoreUnavailable, message)
}

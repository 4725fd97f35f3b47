//! From an error of Redis to the one of the library.

use std::io;

use redis::{RedisError, ServerErrorKind};
use sessera::{ErrorKind, SessionError};

/// `store_unavailable`, or `invalid_config` where no waiting would help; with a sentence on what an operator can
/// do something about. It holds no address, user or password; the cause, which may, is no more than Redis says.
pub(crate) fn unavailable(error: RedisError) -> SessionError {
    let (kind, message) = explain(&error);
    SessionError::new(kind, message).caused_by(error)
}

/// `store_unavailable` with a sentence of our own.
pub(crate) fn broken(message: impl Into<std::borrow::Cow<'static, str>>) -> SessionError {
    SessionError::new(ErrorKind::StoreUnavailable, message)
}

/// `invalid_config`.
pub(crate) fn wrong(message: impl Into<std::borrow::Cow<'static, str>>) -> SessionError {
    SessionError::new(ErrorKind::InvalidConfig, message)
}

/// `store_unavailable` in place of `invalid_config`: a setting of the server that was changed while this process runs
/// can be changed back, and nothing that this process was asked for is wrong.
pub(crate) fn at_run_time(error: SessionError) -> SessionError {
    match error.kind() {
        ErrorKind::InvalidConfig => broken(error.to_string()).caused_by(error),
        _ => error,
    }
}

fn explain(error: &RedisError) -> (ErrorKind, &'static str) {
    use ErrorKind::{InvalidConfig, StoreUnavailable};
    let code = error.code().unwrap_or_default();
    match error.kind() {
        redis::ErrorKind::AuthenticationFailed => (InvalidConfig, REFUSED),
        redis::ErrorKind::InvalidClientConfig => (InvalidConfig, "the URL or the TLS settings can't be used"),
        redis::ErrorKind::Server(kind) => match kind {
            ServerErrorKind::ReadOnly => (StoreUnavailable, "the server is a replica and takes no writes"),
            ServerErrorKind::BusyLoading => (StoreUnavailable, "the server is loading its data"),
            ServerErrorKind::ClusterDown => (StoreUnavailable, "the cluster is down"),
            ServerErrorKind::Moved | ServerErrorKind::Ask | ServerErrorKind::TryAgain => {
                (StoreUnavailable, "the cluster is moving the keys")
            }
            ServerErrorKind::MasterDown => (StoreUnavailable, "the server has lost its master"),
            ServerErrorKind::NoPerm => {
                (InvalidConfig, "the server's ACL does not let this user do what a store must")
            }
            _ => server(code),
        },
        redis::ErrorKind::Io if error.is_timeout() => (StoreUnavailable, "the server did not answer in time"),
        redis::ErrorKind::Io if error.is_connection_refusal() => {
            (StoreUnavailable, "the server can't be reached: is it running there?")
        }
        redis::ErrorKind::Io if is_tls(error) => (
            StoreUnavailable,
            "TLS failed: does the server speak it on this port, and is its certificate trusted?",
        ),
        redis::ErrorKind::Io => (StoreUnavailable, "the connection was lost"),
        redis::ErrorKind::Parse | redis::ErrorKind::UnexpectedReturnType => (
            StoreUnavailable,
            "the server answered what Redis would not: does it speak plain Redis on this port?",
        ),
        _ => server(code),
    }
}

const REFUSED: &str = "the server refuses the user or the password, or wants one";

fn server(code: &str) -> (ErrorKind, &'static str) {
    match code {
        "NOAUTH" | "WRONGPASS" => (ErrorKind::InvalidConfig, REFUSED),
        "NOPERM" => {
            (ErrorKind::InvalidConfig, "the server's ACL does not let this user do what a store must")
        }
        "LAYOUT" => (
            ErrorKind::InvalidConfig,
            "Redis holds a layout of another version, which this process must not write: update this process",
        ),
        "OOM" => (ErrorKind::StoreUnavailable, "the server is out of memory"),
        "NOREPLICAS" => (ErrorKind::StoreUnavailable, "the server has too few replicas to take writes"),
        "MISCONF" => (ErrorKind::StoreUnavailable, "the server can't write to its disk"),
        "WRONGTYPE" => (ErrorKind::StoreUnavailable, "a key of the store holds someone else's value"),
        "UNBLOCKED" => (ErrorKind::StoreUnavailable, "the server became a replica"),
        _ => (ErrorKind::StoreUnavailable, "the server refused a command"),
    }
}

fn is_tls(error: &RedisError) -> bool {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(cause) = source {
        if cause.is::<rustls::Error>() {
            return true;
        }
        if let Some(io) = cause.downcast_ref::<io::Error>()
            && (io.kind() == io::ErrorKind::InvalidData
                || io.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>))
        {
            return true;
        }
        source = cause.source();
    }
    false
}

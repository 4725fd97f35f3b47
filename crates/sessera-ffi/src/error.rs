//! The one error.

use sessera::ErrorKind;

/// What every call of this crate returns.
pub(crate) type Result<T, E = SessionError> = std::result::Result<T, E>;

/// Writes the error type, and how it comes of the core's.
macro_rules! session_error {
    ($($(#[$doc:meta])* $kind:ident,)*) => {
        /// Why a verb failed: which check, and a sentence for the developer's log, which never holds a token, a
        /// key or a claim's value.
        ///
        /// Its `code` is the same string in every language.
        #[derive(Debug, thiserror::Error, uniffi::Error)]
        #[uniffi(flat_error)]
        pub enum SessionError {
            $($(#[$doc])* #[error("{0}")] $kind(String),)*
        }

        impl From<sessera::SessionError> for SessionError {
            fn from(error: sessera::SessionError) -> Self {
                let message = told(&error);
                match error.kind() {
                    $(ErrorKind::$kind => Self::$kind(message),)*
                    // A kind that is newer than this crate refuses all the same; the test below names it.
                    _ => Self::InvalidConfig(message),
                }
            }
        }

        impl SessionError {
            /// What went wrong.
            pub fn kind(&self) -> ErrorKind {
                match self {
                    $(Self::$kind(_) => ErrorKind::$kind,)*
                }
            }
        }
    };
}

session_error! {
    /// The input is not a token: wrong characters, segments, encoding or JSON.
    Malformed,
    /// The input is over a limit; it was refused before it was decoded.
    TooLarge,
    /// The header names an algorithm that is not its key's, or that is not allowed.
    UnsupportedAlgorithm,
    /// The header's `kid` is ill-formed, or not in the keyring.
    UnknownKey,
    /// The signature or the authentication tag does not hold.
    BadSignature,
    /// The token is of another kind.
    WrongType,
    /// `iss` is not exactly the configured issuer.
    WrongIssuer,
    /// `aud` does not name the configured audience.
    WrongAudience,
    /// A claim is missing, of the wrong JSON type, out of range or over a limit.
    InvalidClaim,
    /// The token is from the future, beyond the leeway.
    NotYetValid,
    /// The session was idle for longer than the policy allows.
    Expired,
    /// The session reached its absolute end.
    Ended,
    /// The session was revoked: it alone, with all of its subject's, or with all sessions.
    Revoked,
    /// A token that was rotated away was used again: a sign of theft.
    Reused,
    /// The token was just replaced by an elevation; the client holds, or will soon hold, the newer one.
    Superseded,
    /// A fact about the client that the policy enforces is not the one the session is bound to.
    BindingMismatch,
    /// The user must authenticate again: too long ago, too weakly, or from a changed client.
    ReauthenticationRequired,
    /// What this process knows of revocations is older than the policy allows.
    RevocationsStale,
    /// The store could not be read or written.
    StoreUnavailable,
    /// The CSRF token is missing, forged or of another session, or the request came from another site.
    CsrfInvalid,
    /// A cookie header or a cookie's settings break the rules.
    CookieInvalid,
    /// A key, a key set or a key file can't be used.
    InvalidKey,
    /// A setting, or the combination of several, can't work.
    InvalidConfig,
    /// The system gave no random bytes.
    RandomnessUnavailable,
}

/// The message with its causes, which do not cross by themselves.
fn told(error: &sessera::SessionError) -> String {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
        cause = error.source();
    }
    message
}

/// The HTTP status for an end user of an error of this code: 401, 403 or 503, which say nothing of the reason.
/// 503 for a code that is none of ours.
#[uniffi::export]
pub fn http_status(code: &str) -> u16 {
    ErrorKind::ALL.iter().find(|kind| kind.code() == code).map_or(503, |kind| kind.http_status())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_core_crosses_as_itself_with_its_message_and_causes() {
        for kind in ErrorKind::ALL {
            let core = sessera::SessionError::new(kind, "the message").caused_by("the cause");
            let error = SessionError::from(core);
            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), "the message: the cause");
        }
    }
}

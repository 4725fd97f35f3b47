//! The one error of the library, and its stable codes.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

/// What went wrong, as a value without fields.
///
/// The string of [`code`](Self::code) is the same in Rust, Python, Kotlin, Swift, HTTP and on the command
/// line, and never changes once released.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input is not a token: wrong characters, segments, encoding or JSON (RFC 7515, RFC 7519).
    Malformed,
    /// The input is over a limit; it was refused before it was decoded.
    TooLarge,
    /// The header names an algorithm that is not its key's, or that is not allowed.
    UnsupportedAlgorithm,
    /// The header's `kid` is ill-formed, or not in the keyring.
    UnknownKey,
    /// The signature or the authentication tag does not hold.
    BadSignature,
    /// The token is of another kind: `typ` is not the one expected (RFC 8725 §3.11).
    WrongType,
    /// `iss` is not exactly the configured issuer.
    WrongIssuer,
    /// `aud` does not name the configured audience.
    WrongAudience,
    /// A claim is missing, of the wrong JSON type, out of range or over a limit.
    InvalidClaim,
    /// `nbf` or `iat` is in the future, beyond the leeway.
    NotYetValid,
    /// The session was idle for longer than the policy allows (`exp`).
    Expired,
    /// The session reached its absolute end (`sxp`).
    Ended,
    /// The session was revoked: it alone, with all of its subject's, or with all sessions.
    Revoked,
    /// A token that was rotated away was used again: a sign of theft (RFC 9700 §4.14).
    Reused,
    /// The token was just replaced by an elevation; the client holds, or will soon hold, the newer one.
    Superseded,
    /// A fact about the client that the policy enforces is not the one the session is bound to.
    BindingMismatch,
    /// The user must authenticate again: too long ago, too weakly, or from a changed client (RFC 9470).
    ReauthenticationRequired,
    /// What this process knows of revocations is older than the policy allows.
    RevocationsStale,
    /// The store could not be read or written.
    StoreUnavailable,
    /// The CSRF token is missing, forged or of another session, or the request came from another site.
    CsrfInvalid,
    /// A cookie header or a cookie's settings break the rules (RFC 6265bis).
    CookieInvalid,
    /// A key, a key set or a key file can't be used.
    InvalidKey,
    /// A setting, or the combination of several, can't work.
    InvalidConfig,
    /// The system gave no random bytes.
    RandomnessUnavailable,
}

impl ErrorKind {
    /// Every kind, for tables and for tests that must not forget one.
    pub const ALL: [Self; 24] = [
        Self::Malformed,
        Self::TooLarge,
        Self::UnsupportedAlgorithm,
        Self::UnknownKey,
        Self::BadSignature,
        Self::WrongType,
        Self::WrongIssuer,
        Self::WrongAudience,
        Self::InvalidClaim,
        Self::NotYetValid,
        Self::Expired,
        Self::Ended,
        Self::Revoked,
        Self::Reused,
        Self::Superseded,
        Self::BindingMismatch,
        Self::ReauthenticationRequired,
        Self::RevocationsStale,
        Self::StoreUnavailable,
        Self::CsrfInvalid,
        Self::CookieInvalid,
        Self::InvalidKey,
        Self::InvalidConfig,
        Self::RandomnessUnavailable,
    ];

    /// The stable name of this kind, in every language and on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::TooLarge => "too_large",
            Self::UnsupportedAlgorithm => "unsupported_algorithm",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::WrongType => "wrong_type",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::InvalidClaim => "invalid_claim",
            Self::NotYetValid => "not_yet_valid",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::Revoked => "revoked",
            Self::Reused => "reused",
            Self::Superseded => "superseded",
            Self::BindingMismatch => "binding_mismatch",
            Self::ReauthenticationRequired => "reauthentication_required",
            Self::RevocationsStale => "revocations_stale",
            Self::StoreUnavailable => "store_unavailable",
            Self::CsrfInvalid => "csrf_invalid",
            Self::CookieInvalid => "cookie_invalid",
            Self::InvalidKey => "invalid_key",
            Self::InvalidConfig => "invalid_config",
            Self::RandomnessUnavailable => "randomness_unavailable",
        }
    }

    /// The HTTP status for an end user: 401, 403 or 503, which say nothing of the reason.
    ///
    /// What the server's own state causes is 503 and never 401, so that no client signs its user out for it.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::CsrfInvalid => 403,
            Self::RevocationsStale
            | Self::StoreUnavailable
            | Self::InvalidKey
            | Self::InvalidConfig
            | Self::RandomnessUnavailable => 503,
            Self::Malformed
            | Self::TooLarge
            | Self::UnsupportedAlgorithm
            | Self::UnknownKey
            | Self::BadSignature
            | Self::WrongType
            | Self::WrongIssuer
            | Self::WrongAudience
            | Self::InvalidClaim
            | Self::NotYetValid
            | Self::Expired
            | Self::Ended
            | Self::Revoked
            | Self::Reused
            | Self::Superseded
            | Self::BindingMismatch
            | Self::ReauthenticationRequired
            | Self::CookieInvalid => 401,
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why a verb failed: a stable [`kind`](Self::kind), and a sentence for the developer's log.
///
/// The message says what was wrong; it never holds a token, a key or a claim's value.
///
/// ```
/// use sessera::{Client, ErrorKind, Keyring, Sessions};
/// # fn main() -> Result<(), sessera::SessionError> {
/// let sessions = Sessions::builder("https://app.example", "web")
///     .keyring(Keyring::generate(sessera::Algorithm::Hs256)?)
///     .build()?;
/// let error = sessions.verify("not.a.token", &Client::new()).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Malformed);
/// assert_eq!(error.code(), "malformed");
/// # Ok(()) }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct SessionError {
    kind: ErrorKind,
    message: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl SessionError {
    /// An error of `kind` with a message for the log. Keep secrets and user data out of the message.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds what caused it, for [`Error::source`].
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The stable string of [`kind`](Self::kind).
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }
}

/// What every verb of the library returns.
pub type Result<T, E = SessionError> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_a_code_of_its_own_and_one_of_three_statuses() {
        let codes: std::collections::HashSet<_> = ErrorKind::ALL.iter().map(|kind| kind.code()).collect();
        assert_eq!(codes.len(), ErrorKind::ALL.len());
        assert!(ErrorKind::ALL.iter().all(|kind| [401, 403, 503].contains(&kind.http_status())));
    }
}

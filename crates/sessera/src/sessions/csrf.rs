//! CSRF tokens of a session.

use super::Sessions;
use crate::csrf::{self, FetchMetadata};
use crate::error::{ErrorKind, Result, SessionError};
use crate::event::EventKind;
use crate::keyring::Keyring;
use crate::session::Session;
use crate::session_id::SessionId;

impl Sessions {
    /// A new CSRF token for this session, for a header or a form field: another text each time, good for as
    /// long as the session lives.
    ///
    /// # Errors
    /// `invalid_config` with a keyring that holds no secret, `store_unavailable` when the system gives no
    /// random bytes.
    pub fn csrf_token(&self, session: &Session) -> Result<String> {
        csrf::issue(key(&self.keys.load().keyring)?, SessionId::parse(&session.id)?)
    }

    /// Checks a request that may change something: where it came from, and the CSRF token that it brought in
    /// a header or a form field.
    ///
    /// A safe method passes without a token.
    ///
    /// # Errors
    /// `csrf_invalid`, `invalid_config` with a keyring that holds no secret.
    pub fn check_csrf(
        &self,
        session: &Session,
        request: &FetchMetadata<'_>,
        token: Option<&str>,
    ) -> Result<()> {
        let keys = self.keys.load();
        let key = key(&keys.keyring)?;
        let checked = csrf::check_fetch(request).and_then(|()| match token {
            _ if csrf::is_safe_method(request.method) => Ok(()),
            Some(token) => csrf::verify(key, SessionId::parse(&session.id)?, token),
            None => Err(SessionError::new(ErrorKind::CsrfInvalid, "the request brought no CSRF token")),
        });
        checked.inspect_err(|error| {
            self.report(EventKind::MaliciousCsrf, Some(session), Some(error.kind()), self.now());
        })
    }

    /// Tells the observer of a request that the application itself refused as forged: one that another site
    /// caused, by [`check_fetch`](crate::csrf::check_fetch) for instance, and that may belong to no session.
    pub fn csrf_refused(&self, session: Option<&Session>) {
        self.report(EventKind::MaliciousCsrf, session, Some(ErrorKind::CsrfInvalid), self.now());
    }
}

fn key(keyring: &Keyring) -> Result<&ring::hmac::Key> {
    keyring.purposes().map(|purposes| &purposes.csrf).ok_or_else(|| {
        SessionError::new(
            ErrorKind::InvalidConfig,
            "a keyring of public keys can neither make nor check CSRF tokens",
        )
    })
}

//! Asking for a stronger or a more recent authentication (RFC 9470).

use std::time::Duration;

use crate::error::{ErrorKind, Result, SessionError};
use crate::session::Session;

/// What a sensitive action asks of the session's authentication. (ASVS 7.5.1, 7.5.3)
///
/// ```
/// use std::time::Duration;
/// use sessera::StepUp;
///
/// let recent_and_strong = StepUp::new().max_age(Duration::from_secs(300)).acr(["aal2", "aal3"]);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StepUp {
    max_age: Option<Duration>,
    acr: Vec<String>,
    amr: Vec<String>,
}

impl StepUp {
    /// Asks for nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The user authenticated at most this long ago.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// `acr` is one of these.
    #[must_use]
    pub fn acr<S: Into<String>>(mut self, any_of: impl IntoIterator<Item = S>) -> Self {
        self.acr = any_of.into_iter().map(Into::into).collect();
        self
    }

    /// `amr` has all of these.
    #[must_use]
    pub fn amr<S: Into<String>>(mut self, all_of: impl IntoIterator<Item = S>) -> Self {
        self.amr = all_of.into_iter().map(Into::into).collect();
        self
    }

    /// # Errors
    /// `reauthentication_required`.
    pub(crate) fn check(&self, session: &Session, unix_millis: u64) -> Result<()> {
        let required = |message| Err(SessionError::new(ErrorKind::ReauthenticationRequired, message));
        if let Some(max_age) = self.max_age {
            let since = crate::clock::instant(unix_millis) - session.authenticated_at;
            if since > max_age {
                return required("the user authenticated too long ago");
            }
        }
        let acr_fits = |acr: &String| self.acr.contains(acr);
        if !self.acr.is_empty() && !session.acr.as_ref().is_some_and(acr_fits) {
            return required("acr is none of those that are asked for");
        }
        if !self.amr.iter().all(|method| session.amr.contains(method)) {
            return required("amr lacks a method that is asked for");
        }
        Ok(())
    }
}

//! What happened, for audit and metrics.

use std::sync::Arc;

use crate::Instant;

/// Told of what happens to sessions.
///
/// Called on the thread of the verb, after its outcome is certain: keep it short, and hand over what takes
/// longer. What it throws is dropped.
#[uniffi::export(foreign)]
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: Event) -> Result<(), ObserverFailed>;
}

/// What an observer threw.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ObserverFailed {
    /// It did not take the event.
    #[error("the observer failed")]
    Failed,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ObserverFailed {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Failed
    }
}

/// One thing that happened. It never holds a token, a key or a session id.
#[derive(Debug, uniffi::Record)]
pub struct Event {
    /// What happened, by the OWASP Logging Vocabulary where it has a name: `session_created`, `session_renewed`,
    /// `session_rotated`, `privilege_permissions_changed`, `session_use_after_expire`, `session_refused`,
    /// `session_binding_changed`, `session_accepted_stale`, `authn_token_revoked`, `authn_token_reuse`,
    /// `revocations_overflowed`, `revocations_fresh`, `revocations_stale`, `revocations_expired`,
    /// `revocations_refused`, `malicious_csrf`.
    pub kind: String,
    /// When, by the injected clock.
    pub at: Instant,
    /// Whose session it was, where that is known.
    pub subject: Option<String>,
    /// A name for the session that only this deployment can make: 128 bits of an HMAC of its id. None where no
    /// session is known, or the keyring has no secret.
    pub session: Option<String>,
    /// The code of the error with which a verb failed.
    pub reason: Option<String>,
}

impl From<&sessera::Event<'_>> for Event {
    fn from(event: &sessera::Event<'_>) -> Self {
        let sessera::Event { kind, at, subject, session, reason } = event;
        Self {
            kind: kind.name().to_owned(),
            at: (*at).into(),
            subject: subject.map(str::to_owned),
            session: session.clone(),
            reason: reason.map(|kind| kind.code().to_owned()),
        }
    }
}

/// An observer of the other language.
pub(crate) struct ForeignObserver(pub(crate) Arc<dyn Observer>);

impl sessera::Observer for ForeignObserver {
    fn event(&self, event: &sessera::Event<'_>) {
        // A verb's outcome does not hang on who listens.
        let _ = self.0.event(event.into());
    }
}

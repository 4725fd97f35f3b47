//! What happened, for audit and metrics.

use std::sync::Arc;

use crate::{Binding, Duration, Instant};

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
    /// `session_binding_changed`, `session_accepted_stale`, `authn_token_revoked`, `revocation_pending`,
    /// `authn_token_reuse`, `revocations_overflowed`, `revocations_near_quota`, `cutoff_ahead`, `revocations_fresh`,
    /// `revocations_stale`, `revocations_expired`, `revocations_refused`, `malicious_csrf`.
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
    /// Of `authn_token_reuse`: what is known of the token that was used again. None for every other event.
    pub reuse: Option<Reuse>,
}

/// A token that was used after it was rotated away. A thief is one explanation; a restored backup of a phone or of
/// a browser's cookies looks the same.
#[derive(Debug, uniffi::Record)]
pub struct Reuse {
    /// How long ago the current generation began, which is the latest that the token was replaced.
    pub replaced_ago: Duration,
    /// How many generations the token is behind the current one.
    pub generations: u64,
    /// Which facts about the client matched, differed or were absent.
    pub binding: Binding,
}

impl From<sessera::Reuse> for Reuse {
    fn from(reuse: sessera::Reuse) -> Self {
        let sessera::Reuse { replaced_ago, generations, binding } = reuse;
        Self { replaced_ago: replaced_ago.into(), generations, binding: binding.into() }
    }
}

impl From<&sessera::Event<'_>> for Event {
    fn from(event: &sessera::Event<'_>) -> Self {
        let sessera::Event { kind, at, subject, session, reason, reuse } = event;
        Self {
            kind: kind.name().to_owned(),
            at: (*at).into(),
            subject: subject.map(str::to_owned),
            session: session.clone(),
            reason: reason.map(|kind| kind.code().to_owned()),
            reuse: reuse.map(Into::into),
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

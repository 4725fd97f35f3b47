//! What happens to [Sessera](sessera)'s sessions, as events of [`tracing`].
//!
//! ```
//! use sessera::{Algorithm, Client, Keyring, NewSession, Sessions};
//! use sessera_tracing::TracingObserver;
//! # fn main() -> Result<(), sessera::SessionError> {
//! let sessions = Sessions::builder("https://app.example", "web")
//!     .keyring(Keyring::generate(Algorithm::EdDsa)?)
//!     .observer(TracingObserver::new())
//!     .build()?;
//! // INFO sessera: event="session_created" session="r3fPpRgVSoxl6t1mvTnfPQ"
//! sessions.issue(NewSession::new("user-42"), &Client::new())?;
//! // WARN sessera: event="session_refused" reason="malformed"
//! sessions.verify("not.a.token", &Client::new()).unwrap_err();
//! # Ok(()) }
//! ```

use sessera::{Event, EventKind, Observer};

/// Emits one `tracing` event for each [`Event`], with the target `sessera`.
///
/// | field | what |
/// |---|---|
/// | `event` | [`EventKind::name`] |
/// | `session` | the session's name in the log, from which nobody finds its id |
/// | `subject` | whose session it was; only [where that is asked for](Self::with_subject) |
/// | `reason` | the code of the error that a verb failed with |
///
/// A field without a value is left out. Nothing else of a request is told: no token, no id, no address.
///
/// What may be an attack, and each refusal, is at the level `WARN`; the rest, such as logins and sessions that
/// ran out, is at `INFO`.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracingObserver {
    subject: bool,
}

impl TracingObserver {
    /// An observer that leaves the subject out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the subject is told as it is. Default: no, for it is often personal data.
    ///
    /// It may hold any characters, line ends too: let it be written by a formatter that escapes them.
    #[must_use]
    pub fn with_subject(mut self, subject: bool) -> Self {
        self.subject = subject;
        self
    }
}

impl Observer for TracingObserver {
    fn event(&self, event: &Event<'_>) {
        let subject = event.subject.filter(|_| self.subject);
        let reason = event.reason.map(sessera::ErrorKind::code);
        // A level is fixed where it stands.
        macro_rules! emit {
            ($level:ident) => {
                tracing::event!(
                    target: "sessera",
                    tracing::Level::$level,
                    event = event.kind.name(),
                    session = event.session.as_deref(),
                    subject,
                    reason,
                )
            };
        }
        if is_ordinary(event.kind) { emit!(INFO) } else { emit!(WARN) }
    }
}

/// A kind that is not named here, such as one of a later version, is worth a warning.
fn is_ordinary(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::SessionCreated
            | EventKind::SessionRenewed
            | EventKind::SessionRotated
            | EventKind::SessionElevated
            | EventKind::SessionUseAfterExpire
            | EventKind::SessionAcceptedStale
            | EventKind::TokenRevoked
    )
}

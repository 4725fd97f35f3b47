//! What happened, for audit and metrics.

use std::time::Duration;

use time::OffsetDateTime;

use crate::binding::Binding;
use crate::error::ErrorKind;

/// Told of what happens to sessions.
///
/// Called on the thread of the verb, after its outcome is certain: keep it short, and hand over what takes
/// longer.
pub trait Observer: Send + Sync + 'static {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

impl<F: Fn(&Event<'_>) + Send + Sync + 'static> Observer for F {
    fn event(&self, event: &Event<'_>) {
        self(event);
    }
}

/// One thing that happened. It never holds a token, a key or a session id.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// What happened.
    pub kind: EventKind,
    /// When, by the injected clock.
    pub at: OffsetDateTime,
    /// Whose session it was, where that is known.
    pub subject: Option<&'a str>,
    /// A name for the session that only this deployment can make: 128 bits of an HMAC of its id. `None`
    /// where no session is known, or the keyring has no secret.
    pub session: Option<String>,
    /// Why a verb failed.
    pub reason: Option<ErrorKind>,
    /// Of [`TokenReuse`](EventKind::TokenReuse): what is known of the token that was used again.
    pub reuse: Option<Reuse>,
}

/// A token that was used after it was rotated away. A thief is one explanation; a restored backup of a phone or of
/// a browser's cookies looks the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reuse {
    /// How long ago the current generation began, which is the latest that the token was replaced.
    pub replaced_ago: Duration,
    /// How many generations the token is behind the current one.
    pub generations: u64,
    /// Which facts about the client matched, differed or were absent.
    pub binding: Binding,
}

/// The kinds of events, by the OWASP Logging Vocabulary where it has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// A login.
    SessionCreated,
    /// The idle limit was moved, or claims were replaced.
    SessionRenewed,
    /// The session has a new generation.
    SessionRotated,
    /// The session's privileges rose.
    SessionElevated,
    /// A token was shown after its session expired or ended.
    SessionUseAfterExpire,
    /// A token was refused for another reason, which the event names.
    SessionRefused,
    /// A bound fact differed or was absent; what that led to is the policy's.
    SessionBindingChanged,
    /// A token was accepted on revocations that were not fresh.
    SessionAcceptedStale,
    /// One session was revoked, all of a subject's, or all.
    TokenRevoked,
    /// A revocation is in force in this process and could not be stored yet. It is written when the store is back.
    RevocationPending,
    /// A token was used after it was rotated away.
    TokenReuse,
    /// There were more marks than the index may hold, and the older gave way to a cut of everything: sessions
    /// that were not revoked ended with them. The reason says why the store could not be told, if it could not.
    RevocationsOverflowed,
    /// The index holds half as many marks as it may. Beyond all of them, the older half gives way to a cut.
    RevocationsNearQuota,
    /// A cut lies further in the future than clocks may differ: a clock was far ahead, or somebody else wrote to the
    /// store. Logins start after it and live as usual.
    CutoffAhead,
    /// What this process knows of revocations is as fresh as the policy asks for, again.
    RevocationsFresh,
    /// What this process knows of revocations is older than [`fresh_for`](crate::Policy::fresh_for).
    RevocationsStale,
    /// What this process knows of revocations is older than [`stale_after`](crate::Policy::stale_after), or it
    /// knows of none yet: [`on_stale`](crate::Policy::on_stale) says what happens.
    RevocationsExpired,
    /// There are values in the store that nobody of ours has written; they were ignored.
    RevocationsRefused,
    /// A request failed its CSRF check.
    MaliciousCsrf,
}

impl EventKind {
    /// Every kind, for tables and for tests that must not forget one.
    pub const ALL: [Self; 19] = [
        Self::SessionCreated,
        Self::SessionRenewed,
        Self::SessionRotated,
        Self::SessionElevated,
        Self::SessionUseAfterExpire,
        Self::SessionRefused,
        Self::SessionBindingChanged,
        Self::SessionAcceptedStale,
        Self::TokenRevoked,
        Self::RevocationPending,
        Self::TokenReuse,
        Self::RevocationsOverflowed,
        Self::RevocationsNearQuota,
        Self::CutoffAhead,
        Self::RevocationsFresh,
        Self::RevocationsStale,
        Self::RevocationsExpired,
        Self::RevocationsRefused,
        Self::MaliciousCsrf,
    ];

    /// The stable name of the event, the same in every language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SessionCreated => "session_created",
            Self::SessionRenewed => "session_renewed",
            Self::SessionRotated => "session_rotated",
            Self::SessionElevated => "privilege_permissions_changed",
            Self::SessionUseAfterExpire => "session_use_after_expire",
            Self::SessionRefused => "session_refused",
            Self::SessionBindingChanged => "session_binding_changed",
            Self::SessionAcceptedStale => "session_accepted_stale",
            Self::TokenRevoked => "authn_token_revoked",
            Self::RevocationPending => "revocation_pending",
            Self::RevocationsNearQuota => "revocations_near_quota",
            Self::CutoffAhead => "cutoff_ahead",
            Self::TokenReuse => "authn_token_reuse",
            Self::RevocationsOverflowed => "revocations_overflowed",
            Self::RevocationsFresh => "revocations_fresh",
            Self::RevocationsStale => "revocations_stale",
            Self::RevocationsExpired => "revocations_expired",
            Self::RevocationsRefused => "revocations_refused",
            Self::MaliciousCsrf => "malicious_csrf",
        }
    }
}

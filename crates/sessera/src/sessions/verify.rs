//! The path of every request.

use std::cell::RefCell;

use zeroize::Zeroizing;

use super::seen::{Remember, Verified};
use super::{Keys, Sessions};
use crate::binding::{Binding, compare};
use crate::client::Client;
use crate::error::{ErrorKind, Result, SessionError};
use crate::event::EventKind;
use crate::jose::{jwe, jws};
use crate::keyring::{Key, KeyId, Keyring};
use crate::policy::{OnReuse, OnStale};
use crate::revocation::{Found, Mark, Query, SessionMark, Standing};
use crate::session::Session;
use crate::token::{self, SEALED_CONTENT, SESSION_TYPE, TokenClaims};

thread_local! {
    /// Where payloads are decoded. Nothing is called while it is borrowed that could come back here.
    static PAYLOAD: RefCell<[u8; jws::LONGEST_PAYLOAD]> = const { RefCell::new([0; jws::LONGEST_PAYLOAD]) };
}

/// A token that passed every check.
pub(super) struct Checked {
    pub(super) claims: Box<TokenClaims>,
    pub(super) signed_by: KeyId,
    /// Where its session stands, if there is a mark.
    pub(super) mark: Option<SessionMark>,
    pub(super) superseded: bool,
    pub(super) binding: Binding,
}

impl Sessions {
    /// Verifies a token: its signature, type, issuer, audience and times, then revocations, then binding.
    ///
    /// No store is read, no claim is visible before the signature held, and nothing is written, unless a
    /// reuse is found and revokes the session.
    ///
    /// # Errors
    /// The kind of the first check that fails; see [`ErrorKind`].
    pub fn verify(&self, token: &str, client: &Client) -> Result<Session> {
        let now = self.now();
        let checked = self.check(token, client, now)?;
        Ok(self.session(checked.claims, checked.signed_by, checked.superseded, checked.binding, now))
    }

    /// As [`verify`](Self::verify), on all that the store holds at this moment: for the few actions where
    /// even a second of staleness is too much.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and `store_unavailable`.
    pub fn verify_live(&self, token: &str, client: &Client) -> Result<Session> {
        self.store()?.sync(self.now())?;
        self.verify(token, client)
    }

    /// Whether the signature of this very token was checked before and is remembered, so that
    /// [`verify`](Self::verify) is over at once. It says nothing of whether the token is good, and is never so of a
    /// sealed one.
    ///
    /// For callers that would let other threads run while a signature is checked, and only then.
    pub fn remembers(&self, token: &str) -> bool {
        !self.sealed && self.seen.get(token, self.keys.load().serial).is_some()
    }

    pub(super) fn check(&self, token: &str, client: &Client, now: u64) -> Result<Checked> {
        let keys = self.keys.load();
        let read = if self.sealed {
            unseal(token, &keys.keyring).and_then(|token| self.read(&token, &keys, now))
        } else {
            self.read(token, &keys, now)
        };
        let (claims, key) = read.inspect_err(|error| self.report_refusal(error, None, now))?;
        let judged = self.check_times(&claims, now).and_then(|()| {
            let (mark, superseded) = self.check_revocation(&claims, key.kid(), now)?;
            let purposes = keys.keyring.purposes();
            let binding = compare(client, &claims, &self.policy.binding, purposes, claims.memo());
            if binding.changed() {
                self.report_claims(EventKind::SessionBindingChanged, &claims, None, now);
            }
            self.policy.binding.judge(&binding)?;
            Ok((mark, superseded, binding))
        });
        match judged {
            Ok((mark, superseded, binding)) => {
                let signed_by = key.id();
                Ok(Checked { claims: claims.into_claims(), signed_by, mark, superseded, binding })
            }
            Err(error) => {
                self.report_refusal(&error, Some(&claims), now);
                Err(error)
            }
        }
    }

    /// The claims of a signed token, and the key that had signed it.
    fn read<'k>(&self, token: &str, keys: &'k Keys, now: u64) -> Result<(Verified, &'k Key)> {
        if let Some(seen) = self.seen.get(token, keys.serial)
            && let Some(key) = keys.keyring.find(&seen.kid).filter(|key| key.verifies_at(now))
        {
            return Ok((Verified::Before(seen), key));
        }
        let (claims, key) = PAYLOAD.with_borrow_mut(|buffer| {
            let (key, payload) = jws::open(token, SESSION_TYPE, &keys.keyring, now, buffer)?;
            token::read(payload, &self.realm).map(|claims| (claims, key))
        })?;
        let when =
            if key.algorithm().is_symmetric() { Remember::AtSecondSight } else { Remember::AtFirstSight };
        self.seen.put(token, keys.serial, key.kid(), &claims, when);
        Ok((Verified::Now(claims), key))
    }

    fn check_times(&self, claims: &TokenClaims, now: u64) -> Result<()> {
        let leeway = self.policy.leeway_ms();
        let ahead = |seconds: u64| seconds.saturating_mul(1000) > now.saturating_add(leeway);
        if ahead(claims.not_before) || ahead(claims.issued_at) {
            return Err(SessionError::new(ErrorKind::NotYetValid, "the token is from the future"));
        }
        self.check_end(claims.expires_at, claims.ends_at, now)
    }

    /// Refuses what expired or ended by `now`; both times in seconds.
    pub(super) fn check_end(&self, expires_at: u64, ends_at: u64, now: u64) -> Result<()> {
        let refuse = |kind, message| Err(SessionError::new(kind, message));
        let leeway = self.policy.leeway_ms();
        let over = |seconds: u64| now >= seconds.saturating_mul(1000).saturating_add(leeway);
        if over(ends_at) {
            return refuse(ErrorKind::Ended, "the session reached its absolute end");
        }
        if over(expires_at) {
            return refuse(ErrorKind::Expired, "the session was idle for too long");
        }
        Ok(())
    }

    /// The mark of the session, if there is one, and whether the token is in its grace.
    fn check_revocation(
        &self,
        claims: &TokenClaims,
        kid: &str,
        now: u64,
    ) -> Result<(Option<SessionMark>, bool)> {
        let Some(store) = &self.store else { return Ok((None, false)) };
        self.check_age(claims.started_at_ms, now)?;
        let age = store.refresh(now);
        self.note_age(age, now);
        let query =
            Query { session: claims.id, subject: &claims.subject, started_at: claims.started_at_ms, kid };
        let mark = match store.index().find(&query) {
            Found::Nothing => None,
            Found::Cut => return Err(self.revoked_at(store.index().cut(&claims.subject), now)),
            Found::Marked(mark) => Some(mark),
        };
        let grace = self.policy.grace_ms();
        let superseded = match mark.map(|mark| (mark.standing(claims.generation, now, grace), mark)) {
            None | Some((Standing::Current, _)) => false,
            Some((Standing::InGrace, _)) => true,
            Some((Standing::Elevated, _)) => return Err(superseded()),
            Some((Standing::Revoked, mark)) => return Err(self.revoked_at(mark.rotated_at, now)),
            Some((Standing::Reused, _)) => return Err(self.reused(claims, now)),
        };
        if !self.check_freshness(claims.issued_at.saturating_mul(1000), age, now)? {
            self.report_claims(EventKind::SessionAcceptedStale, claims, None, now);
        }
        Ok((mark, superseded))
    }

    /// The error for a session that was revoked at that millisecond, if that is known. Within the grace it has
    /// `superseded` as its cause: what was given to the client in its place may not have arrived yet.
    fn revoked_at(&self, at: u64, now: u64) -> SessionError {
        if now >= at.saturating_add(self.policy.grace_ms()) {
            return revoked();
        }
        // Whether anything came in its place is not known here: a log-out gives nothing.
        let message = "it was a moment ago, and a newer one may have come in its place";
        revoked().caused_by(SessionError::new(ErrorKind::Superseded, message))
    }

    /// Refuses a session of which it is forgotten by `now` whether it was revoked, whatever the policy was that it
    /// was issued under; else, how much longer that is known, in milliseconds.
    pub(super) fn check_age(&self, started_at: u64, now: u64) -> Result<u64> {
        let longest = self.longest_session_ms.saturating_add(self.policy.leeway_ms());
        match started_at.saturating_add(longest).saturating_sub(now) {
            0 => Err(SessionError::new(ErrorKind::Ended, "the session is older than any may become")),
            left => Ok(left),
        }
    }

    /// Whether what is known of revocations is fresh; refuses a token that was issued at that millisecond where
    /// it is too old to be relied on.
    pub(super) fn check_freshness(&self, issued_at: u64, age: u64, now: u64) -> Result<bool> {
        if age <= self.policy.fresh_ms() {
            return Ok(true);
        }
        let young = issued_at.saturating_add(OnStale::YOUNG_MS) > now;
        // One that has never loaded knows nothing, of young tokens neither: it is not ready.
        let loaded = age != u64::MAX;
        let accepted = match self.policy.on_stale {
            OnStale::Accept => true,
            OnStale::YoungOnly => loaded && (young || age <= self.policy.stale_ms()),
            OnStale::Refuse => loaded && age <= self.policy.stale_ms(),
        };
        if accepted {
            Ok(false)
        } else {
            Err(SessionError::new(
                ErrorKind::RevocationsStale,
                "what is known of revocations is older than the policy allows",
            ))
        }
    }

    /// A token was used after it was rotated away: who holds it may be a thief.
    pub(super) fn reused(&self, claims: &TokenClaims, now: u64) -> SessionError {
        self.report_claims(EventKind::TokenReuse, claims, None, now);
        let reused =
            SessionError::new(ErrorKind::Reused, "the token was used after it had been rotated away");
        match (self.policy.on_reuse, &self.store) {
            (OnReuse::Revoke, Some(store)) => {
                let keep_until = self.keep_until(claims);
                let mark = Mark::Session { id: claims.id, state: SessionMark::revoked_at(now), keep_until };
                // The token is refused either way; that the session could not be ended is told as the cause.
                match store.append(&mark, now) {
                    Ok(()) => reused,
                    Err(cause) => reused.caused_by(cause),
                }
            }
            _ => reused,
        }
    }

    /// Until when a token of this session could be accepted.
    pub(super) fn keep_until(&self, claims: &TokenClaims) -> u64 {
        claims.ends_at.saturating_mul(1000).saturating_add(self.policy.leeway_ms())
    }
}

/// The signed token within a sealed one.
fn unseal(token: &str, keyring: &Keyring) -> Result<Zeroizing<String>> {
    let signed = jwe::open(token, SEALED_CONTENT, keyring)?;
    String::from_utf8(signed)
        .map(Zeroizing::new)
        .map_err(|_| SessionError::new(ErrorKind::Malformed, "the sealed token is not text"))
}

pub(super) fn revoked() -> SessionError {
    SessionError::new(ErrorKind::Revoked, "the session was revoked")
}

pub(super) fn superseded() -> SessionError {
    SessionError::new(ErrorKind::Superseded, "the token was just replaced; use the newer one")
}

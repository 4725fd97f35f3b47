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
use crate::keyring::{Key, KeyId, Keyring, Purposes, TokenType};
use crate::policy::{OnReuse, OnStale};
use crate::revocation::{Found, Mark, Overlap, Query, SessionMark, Standing};
use crate::session::Session;
use crate::store::Store;
use crate::token::{self, Realm, SEALED_CONTENT, TokenClaims};

thread_local! {
    /// Where payloads are decoded. Nothing is called while it is borrowed that could come back here.
    static PAYLOAD: RefCell<[u8; jws::LONGEST_PAYLOAD]> = const { RefCell::new([0; jws::LONGEST_PAYLOAD]) };
}

/// A token that passed every check.
pub(super) struct Checked {
    pub(super) claims: Box<TokenClaims>,
    pub(super) signed_by: KeyId,
    pub(super) judged: Judged,
}

/// What the checks behind the signature found.
pub(super) struct Judged {
    /// The mark of the session, if there is one.
    pub(super) mark: Option<SessionMark>,
    /// Whether the token was rotated away and is still accepted.
    pub(super) superseded: bool,
    /// Whether the known revocations are fresh.
    pub(super) fresh: bool,
    pub(super) binding: Binding,
}

impl Sessions {
    /// Verifies a token: its signature, type, issuer and audience, then the absolute end of its session, then
    /// revocations, then the idle limit and the other times, then freshness, then binding.
    ///
    /// No store is read, no claim is visible before the signature is verified, and nothing is written, unless a
    /// reuse is found and revokes the session. That a new generation was shown is written in the background.
    ///
    /// # Errors
    /// The kind of the first check that fails; see [`ErrorKind`].
    pub fn verify(&self, token: &str, client: &Client) -> Result<Session> {
        let now = self.now();
        let checked = self.check(token, client, now)?;
        if let Some(mark) = checked.judged.mark
            && !mark.shown
            && mark.generation == checked.claims.generation
        {
            self.note_shown(&checked.claims, mark, now);
        }
        Ok(self.session(checked, now))
    }

    /// As [`verify`](Self::verify), without a note that a client has shown the token: for tools that look at one.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn inspect(&self, token: &str, client: &Client) -> Result<Session> {
        let now = self.now();
        self.check(token, client, now).map(|checked| self.session(checked, now))
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
        !self.sealed && self.seen.get(token, TokenType::Session, self.keys.load().serial).is_some()
    }

    #[inline]
    pub(super) fn check(&self, token: &str, client: &Client, now: u64) -> Result<Checked> {
        let keys = self.keys.load();
        let (claims, key) = self.open(token, &self.realm, &keys, now)?;
        match self.judge(&claims, key.kid(), client, keys.keyring.purposes(), now) {
            Ok(judged) => Ok(Checked { claims: claims.into_claims(), signed_by: key.id(), judged }),
            Err(error) => {
                self.report_refusal(&error, Some(&claims), now);
                Err(error)
            }
        }
    }

    /// The claims of a token of this realm whose signature holds, and the key that signed it.
    #[inline]
    pub(super) fn open<'k>(
        &self,
        token: &str,
        realm: &Realm,
        keys: &'k Keys,
        now: u64,
    ) -> Result<(Verified, &'k Key)> {
        self.open_quietly(token, realm, keys, now).inspect_err(|error| self.report_refusal(error, None, now))
    }

    /// As [`open`](Self::open), of a token whose refusal is no event.
    #[inline]
    pub(super) fn open_quietly<'k>(
        &self,
        token: &str,
        realm: &Realm,
        keys: &'k Keys,
        now: u64,
    ) -> Result<(Verified, &'k Key)> {
        if self.sealed {
            unseal(token, &keys.keyring).and_then(|token| self.read(&token, realm, keys, now))
        } else {
            self.read(token, realm, keys, now)
        }
    }

    #[inline]
    fn judge(
        &self,
        claims: &Verified,
        kid: &str,
        client: &Client,
        purposes: Option<&Purposes>,
        now: u64,
    ) -> Result<Judged> {
        self.check_absolute_end(claims.ends_at, now)?;
        let compared = || compare(client, claims, &self.policy.binding, purposes, claims.memo());
        let (mut mark, mut superseded, mut age) = (None, false, 0);
        if let Some(store) = &self.store {
            self.check_age(claims.started_at_ms, now)?;
            age = store.refresh(now);
            self.note_age(age, now);
            mark = self.find_mark(&**store, claims, kid, now)?;
            if let Some(mark) = mark.filter(|mark| mark.revoked || claims.generation < mark.generation) {
                superseded = match mark.standing(claims.generation, client.arrived_at(now), self.overlap()) {
                    Standing::Current => false,
                    Standing::InGrace => true,
                    Standing::Superseded => return Err(superseded_error()),
                    Standing::Revoked => return Err(self.revoked_at(mark.rotated_at, now)),
                    Standing::Reused => return Err(self.reused(claims, mark, compared(), now)),
                };
            }
        }
        self.check_times(claims, now)?;
        let fresh = self.check_freshness(claims.not_before.saturating_mul(1000), age, now)?;
        if !fresh {
            self.report_claims(EventKind::SessionAcceptedStale, claims, None, now);
        }
        let binding = compared();
        if binding.changed() {
            self.report_claims(EventKind::SessionBindingChanged, claims, None, now);
        }
        self.policy.binding.judge(&binding)?;
        Ok(Judged { mark, superseded, fresh, binding })
    }

    /// The claims of a signed token, and the key that signed it.
    fn read<'k>(&self, token: &str, realm: &Realm, keys: &'k Keys, now: u64) -> Result<(Verified, &'k Key)> {
        if let Some(seen) = self.seen.get(token, realm.token_type, keys.serial)
            && let Some(key) = keys.keyring.find(&seen.kid).filter(|key| key.verifies_at(now))
        {
            return Ok((Verified::Before(seen), key));
        }
        let (claims, key) = PAYLOAD.with_borrow_mut(|buffer| {
            let (key, payload) = jws::open(token, realm.token_type.name(), &keys.keyring, now, buffer)?;
            token::read(payload, realm).map(|claims| (claims, key))
        })?;
        let when =
            if key.algorithm().is_symmetric() { Remember::AtSecondSight } else { Remember::AtFirstSight };
        self.seen.put(token, realm.token_type, keys.serial, key.kid(), &claims, when);
        Ok((Verified::Now(claims), key))
    }

    /// Refuses a token from the future, and one whose session was idle for too long.
    pub(super) fn check_times(&self, claims: &TokenClaims, now: u64) -> Result<()> {
        let leeway = self.leeway_ms;
        let ahead = |seconds: u64| seconds.saturating_mul(1000) > now.saturating_add(leeway);
        if ahead(claims.not_before) || ahead(claims.issued_at) {
            return Err(SessionError::new(ErrorKind::NotYetValid, "the token is from the future"));
        }
        self.check_idle(claims.expires_at, now)
    }

    /// Refuses a token that expired by `now`, at this second.
    pub(super) fn check_idle(&self, expires_at: u64, now: u64) -> Result<()> {
        if self.is_over(expires_at, now) {
            return Err(SessionError::new(ErrorKind::Expired, "the session was idle for too long"));
        }
        Ok(())
    }

    /// Refuses a session whose absolute end, at this second, is over by `now`.
    pub(super) fn check_absolute_end(&self, ends_at: u64, now: u64) -> Result<()> {
        if self.is_over(ends_at, now) {
            return Err(SessionError::new(ErrorKind::Ended, "the session reached its absolute end"));
        }
        Ok(())
    }

    /// Whether a time in seconds is over by `now`, beyond the leeway.
    pub(super) fn is_over(&self, seconds: u64, now: u64) -> bool {
        now >= seconds.saturating_mul(1000).saturating_add(self.leeway_ms)
    }

    /// The mark of the session, unless a cut or a dead key refuses the token.
    #[inline]
    fn find_mark(
        &self,
        store: &dyn Store,
        claims: &TokenClaims,
        kid: &str,
        now: u64,
    ) -> Result<Option<SessionMark>> {
        let query =
            Query { session: claims.id, subject: &claims.subject, started_at: claims.started_at_ms, kid };
        match store.index().find(&query) {
            Found::Nothing => Ok(None),
            Found::Cut => Err(self.revoked_at(store.index().cut(&claims.subject), now)),
            Found::Marked(mark) => Ok(Some(mark)),
        }
    }

    /// For how long a token and its successor may both be in use.
    #[cold]
    pub(super) fn overlap(&self) -> Overlap {
        Overlap { grace_ms: self.policy.grace_ms(), skew_ms: self.clock_skew_ms }
    }

    /// Whether a rotated token may still be exchanged for its successor.
    ///
    /// A request that asks after the grace of a token that was in its grace when it arrived is served, and gets
    /// none. Neither does a client that looks like another: whose device or key differs, or both whose user agent
    /// and whose network do. A network that changed alone is a phone between two cells.
    ///
    /// # Errors
    /// `superseded`.
    pub(super) fn check_successor(&self, claims: &TokenClaims, judged: &Judged, now: u64) -> Result<()> {
        if !judged.superseded {
            return Ok(());
        }
        let in_time = judged
            .mark
            .is_none_or(|mark| mark.standing(claims.generation, now, self.overlap()) == Standing::InGrace);
        if in_time && judged.binding.is_same_client() { Ok(()) } else { Err(superseded_error()) }
    }

    /// Notes that a client has shown a token of the current generation: the answer that carried it arrived.
    #[cold]
    fn note_shown(&self, claims: &TokenClaims, mark: SessionMark, now: u64) {
        if let Some(store) = &self.store {
            let state = SessionMark { shown: true, ..mark };
            store.append_later(
                &Mark::Session { id: claims.id, state, keep_until: self.keep_until(claims) },
                now,
            );
        }
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
        let longest = self.longest_session_ms.saturating_add(self.leeway_ms);
        match started_at.saturating_add(longest).saturating_sub(now) {
            0 => Err(SessionError::new(ErrorKind::Ended, "the session is older than any may become")),
            left => Ok(left),
        }
    }

    /// Whether what is known of revocations is fresh; refuses a token whose generation began at that millisecond
    /// where it is too old to be relied on.
    pub(super) fn check_freshness(&self, began_at: u64, age: u64, now: u64) -> Result<bool> {
        // Without a look at the policy where there is nothing newer to know.
        if age == 0 || age <= self.policy.fresh_ms() {
            return Ok(true);
        }
        let young = began_at.saturating_add(OnStale::YOUNG_MS) > now;
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

    /// The error for a token that was used after it was rotated away, and what the policy says follows from it.
    #[cold]
    pub(super) fn reused(
        &self,
        claims: &TokenClaims,
        mark: SessionMark,
        binding: Binding,
        now: u64,
    ) -> SessionError {
        self.report_reuse(claims, mark, binding, now);
        let reused = SessionError::new(ErrorKind::Reused, "the token was used after it was rotated away");
        match (self.policy.on_reuse, &self.store) {
            (OnReuse::Revoke, Some(store)) => {
                let keep_until = self.keep_until(claims);
                let mark = Mark::Session { id: claims.id, state: SessionMark::revoked_at(now), keep_until };
                // The token is refused either way. A session that could not be revoked is the error's cause.
                match store.append(&mark, now) {
                    Ok(state) => {
                        self.report_if_pending(&mark, state, now);
                        reused
                    }
                    Err(cause) => reused.caused_by(cause),
                }
            }
            _ => reused,
        }
    }

    /// Until when a token of this session could be accepted.
    pub(super) fn keep_until(&self, claims: &TokenClaims) -> u64 {
        claims.ends_at.saturating_mul(1000).saturating_add(self.leeway_ms)
    }
}

/// The signed token within a sealed one.
pub(super) fn unseal(token: &str, keyring: &Keyring) -> Result<Zeroizing<String>> {
    let signed = jwe::open(token, SEALED_CONTENT, keyring)?;
    String::from_utf8(signed)
        .map(Zeroizing::new)
        .map_err(|_| SessionError::new(ErrorKind::Malformed, "the sealed token is not text"))
}

pub(super) fn revoked() -> SessionError {
    SessionError::new(ErrorKind::Revoked, "the session was revoked")
}

pub(super) fn superseded_error() -> SessionError {
    SessionError::new(ErrorKind::Superseded, "the token was replaced; use the newer one")
}

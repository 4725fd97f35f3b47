//! Judging a session again that was verified before, for what outlives a request.

use std::time::Duration;

use super::Sessions;
use super::verify::{revoked, superseded_error};
use crate::clock::unix_millis;
use crate::error::Result;
use crate::revocation::{Found, Query};
use crate::session::Session;
use crate::session_id::SessionId;

impl Sessions {
    /// Judges a verified session again, without its token, and returns how long it will be accepted from now on
    /// unless something is heard of it: for a WebSocket, a stream, or work that takes long.
    ///
    /// Times, cuts, dead keys, marks and their freshness are asked as in [`verify`](Self::verify); signature and
    /// client are not. Nothing is written and no event is told, since nobody showed a token.
    ///
    /// It is the session that is judged: one that was rotated meanwhile lives on, for as long as its newest token
    /// that is known of, and that its older token was left behind is no reuse. An elevation ends it, as the rights
    /// that were verified are no longer the session's. A session that was renewed without a rotation leaves no
    /// mark: give the newer one, or it expires.
    ///
    /// # Errors
    /// `expired`, `ended`, `revoked`, `superseded` after an elevation, `revocations_stale`.
    pub fn recheck(&self, session: &Session) -> Result<Duration> {
        let now = self.now();
        let ends_at = unix_millis(session.ends_at) / 1000;
        let own_expiry = unix_millis(session.expires_at) / 1000;
        let Some(store) = &self.store else { return self.left(own_expiry, ends_at, now) };
        let started_at = unix_millis(session.started_at);
        let age = store.refresh(now);
        let found = store.index().find(&Query {
            session: SessionId::parse(&session.id)?,
            subject: &session.subject,
            started_at,
            kid: session.signed_by.as_str(),
        });
        let successor = match found {
            Found::Marked(mark) if mark.generation > session.generation => Some(mark),
            Found::Marked(_) | Found::Cut | Found::Nothing => None,
        };
        let newest_expiry = successor.map_or(own_expiry, |mark| {
            own_expiry.max(self.expiry_of_token_issued_at(mark.rotated_at, ends_at))
        });
        self.check_absolute_end(ends_at, now)?;
        let known_for = Duration::from_millis(self.check_age(started_at, now)?);
        match found {
            Found::Cut => return Err(revoked()),
            Found::Marked(mark) if mark.revoked => return Err(revoked()),
            Found::Marked(_) | Found::Nothing => {}
        }
        if successor.is_some_and(|mark| mark.elevated) {
            return Err(superseded_error());
        }
        let left = self.left(newest_expiry, ends_at, now)?;
        self.check_freshness(unix_millis(session.rotated_at), age, now)?;
        Ok(left.min(known_for))
    }

    /// As [`recheck`](Self::recheck), on all that the store holds at this moment.
    ///
    /// # Errors
    /// As [`recheck`](Self::recheck), and `store_unavailable`, `invalid_config` without a store.
    pub fn recheck_live(&self, session: &Session) -> Result<Duration> {
        self.store()?.sync(self.now())?;
        self.recheck(session)
    }

    /// How long a token of these times is accepted from now on.
    fn left(&self, expires_at: u64, ends_at: u64, now: u64) -> Result<Duration> {
        self.check_absolute_end(ends_at, now)?;
        self.check_idle(expires_at, now)?;
        let until = expires_at.min(ends_at).saturating_mul(1000).saturating_add(self.leeway_ms);
        Ok(Duration::from_millis(until.saturating_sub(now)))
    }
}

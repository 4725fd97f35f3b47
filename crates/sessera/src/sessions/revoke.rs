//! Ending sessions before their time.

use super::Sessions;
use crate::claims::NewClaims;
use crate::client::Client;
use crate::error::{ErrorKind, Result, SessionError};
use crate::event::EventKind;
use crate::revocation::{Mark, SessionMark};
use crate::session::Issued;
use crate::session_id::SessionId;

impl Sessions {
    /// Ends one session: none of its tokens is accepted from now on.
    ///
    /// # Errors
    /// `invalid_claim` when this is no session id, `store_unavailable`, `invalid_config` without a store.
    pub fn revoke_session(&self, id: &str) -> Result<()> {
        let id = SessionId::parse(id)?;
        let now = self.now();
        let (state, keep_until) = (SessionMark::revoked_at(now), self.longest_life_from(now));
        self.append(&Mark::Session { id, state, keep_until }, None)
    }

    /// Ends every session of a subject that has started until now; a login after this lives.
    ///
    /// # Errors
    /// `invalid_claim` when the subject is empty, `store_unavailable`, `invalid_config` without a store.
    pub fn revoke_subject(&self, subject: &str) -> Result<()> {
        if subject.is_empty() {
            return Err(SessionError::new(ErrorKind::InvalidClaim, "the subject is empty"));
        }
        let cut = self.cut_after(self.store()?.index().cut(subject));
        let keep_until = self.longest_life_from(cut);
        self.append(&Mark::Subject { subject: subject.to_owned(), cut, keep_until }, Some(subject))
    }

    /// Ends every session of the token's subject but its own, which goes on under a new id. (ASVS 7.4.3)
    ///
    /// Its claims, its `auth_time` and its absolute end stay as they are; the old token is dead.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), `store_unavailable`, `invalid_config` without a store.
    pub fn revoke_others(&self, token: &str, client: &Client) -> Result<Issued> {
        self.store()?;
        let now = self.now();
        let mut claims = self.check(token, client, now)?.claims;
        let members = NewClaims::from(&claims.application).members;
        self.revoke_subject(&claims.subject)?;
        claims.id = SessionId::generate()?;
        claims.id_text = claims.id.to_string();
        claims.generation = 0;
        claims.started_at_ms = now.max(self.store()?.index().cut(&claims.subject).saturating_add(1));
        claims.fingerprint = crate::binding::bind(
            client,
            claims.id,
            &self.policy.binding,
            self.keys.load().keyring.purposes(),
        );
        self.date(&mut claims, now);
        let issued = self.mint(claims, &members, now)?;
        self.list(&issued.session, client, now)?;
        self.report(EventKind::SessionCreated, Some(&issued.session), None, now);
        Ok(issued)
    }

    /// Ends every session that has started until now.
    ///
    /// # Errors
    /// `store_unavailable`, `invalid_config` without a store.
    pub fn revoke_all(&self) -> Result<()> {
        let cut = self.cut_after(self.store()?.index().latest_cut());
        self.append(&Mark::Everything { cut, keep_until: self.longest_life_from(cut) }, None)
    }

    /// Refuses every token that was signed with this key: for a key that leaked. Take it out of the keyring
    /// too.
    ///
    /// # Errors
    /// `store_unavailable`, `invalid_config` without a store.
    pub fn revoke_key(&self, kid: &str) -> Result<()> {
        self.append(&Mark::Key { kid: kid.to_owned() }, None)
    }

    /// A cut that ends every session until now: also one that a machine with a fast clock issued, or that
    /// started just past an earlier cut of the same moment.
    fn cut_after(&self, earlier: u64) -> u64 {
        let clocks = self.clock_skew_ms.saturating_mul(2);
        self.now().saturating_add(clocks).max(earlier.saturating_add(1))
    }

    fn append(&self, mark: &Mark, subject: Option<&str>) -> Result<()> {
        let now = self.now();
        self.store()?.append(mark, now)?;
        self.report_revocation(mark, subject, now);
        self.report_overflow(now);
        Ok(())
    }

    /// Until when a session that started by `now` could be accepted.
    pub(super) fn longest_life_from(&self, now: u64) -> u64 {
        let clocks = self.clock_skew_ms.saturating_mul(2).saturating_add(self.policy.leeway_ms());
        now.saturating_add(self.longest_session_ms).saturating_add(clocks)
    }
}

//! Ending sessions before their time.

use super::Sessions;
use crate::claims::NewClaims;
use crate::client::Client;
use crate::error::{ErrorKind, Result, SessionError};
use crate::event::EventKind;
use crate::revocation::{Mark, RevocationIndex, SessionMark};
use crate::session::Issued;
use crate::session_id::SessionId;
use crate::store::Wait;

/// What is revoked, for [`Sessions::revoke`].
#[derive(Clone, Copy)]
pub enum Revoke<'a> {
    /// One session, by its id.
    Session(&'a str),
    /// All of a subject's.
    Subject(&'a str),
    /// All.
    All,
    /// What was signed with this key.
    Key(&'a str),
}

impl Sessions {
    /// As the verb of this name: [`revoke_session`](Self::revoke_session), [`revoke_subject`](Self::revoke_subject),
    /// [`revoke_all`](Self::revoke_all) or [`revoke_key`](Self::revoke_key); and says what to wait for, where the
    /// others wait for what the store was opened with.
    ///
    /// # Errors
    /// As theirs; also `store_unavailable` when the wait was in vain, and the message says who was missing: it is
    /// revoked all the same. `invalid_config` where the store does not know this wait.
    pub fn revoke(&self, what: Revoke<'_>, wait: Wait) -> Result<()> {
        self.end(what, Some(wait))
    }

    /// Ends one session: none of its tokens is accepted from now on.
    ///
    /// # Errors
    /// `invalid_claim` when this is no session id, `store_unavailable`, `invalid_config` without a store.
    pub fn revoke_session(&self, id: &str) -> Result<()> {
        self.end(Revoke::Session(id), None)
    }

    /// Ends every session of a subject that has started until now; a login after this lives.
    ///
    /// # Errors
    /// `invalid_claim` when the subject is empty, `store_unavailable`, `invalid_config` without a store.
    pub fn revoke_subject(&self, subject: &str) -> Result<()> {
        self.end(Revoke::Subject(subject), None)
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
        self.end(Revoke::All, None)
    }

    /// Refuses every token that was signed with this key: for a key that leaked. Take it out of the keyring
    /// too.
    ///
    /// # Errors
    /// `store_unavailable`, `invalid_config` without a store.
    pub fn revoke_key(&self, kid: &str) -> Result<()> {
        self.end(Revoke::Key(kid), None)
    }

    /// A cut that ends every session until now: also one that a machine with a fast clock issued, or that
    /// started just past an earlier cut of the same moment.
    fn cut_after(&self, earlier: u64, now: u64) -> u64 {
        let clocks = self.clock_skew_ms.saturating_mul(2);
        now.saturating_add(clocks).max(earlier.saturating_add(1))
    }

    fn end(&self, what: Revoke<'_>, wait: Option<Wait>) -> Result<()> {
        let (store, now) = (self.store()?, self.now());
        let mark = self.mark_of(what, store.index(), now)?;
        store.append_and_wait(&mark, now, wait)?;
        let subject = if let Revoke::Subject(subject) = what { Some(subject) } else { None };
        self.report_revocation(&mark, subject, now);
        self.report_overflow(now);
        Ok(())
    }

    fn mark_of(&self, what: Revoke<'_>, index: &RevocationIndex, now: u64) -> Result<Mark> {
        Ok(match what {
            Revoke::Session(id) => {
                let id = SessionId::parse(id)?;
                // Of the generation that is known: the mark of an older one would leave the time of its rotation
                // as the time since when the session is dead.
                let generation = index.session(id).map_or(0, |mark| mark.generation);
                let state = SessionMark { generation, ..SessionMark::revoked_at(now) };
                Mark::Session { id, state, keep_until: self.longest_life_from(now) }
            }
            Revoke::Subject("") => {
                return Err(SessionError::new(ErrorKind::InvalidClaim, "the subject is empty"));
            }
            Revoke::Subject(subject) => {
                let cut = self.cut_after(index.cut(subject), now);
                Mark::Subject { subject: subject.to_owned(), cut, keep_until: self.longest_life_from(cut) }
            }
            Revoke::All => {
                let cut = self.cut_after(index.latest_cut(), now);
                Mark::Everything { cut, keep_until: self.longest_life_from(cut) }
            }
            Revoke::Key(kid) => Mark::Key { kid: kid.to_owned() },
        })
    }

    /// Until when a session that started by `now` could be accepted.
    pub(super) fn longest_life_from(&self, now: u64) -> u64 {
        let clocks = self.clock_skew_ms.saturating_mul(2).saturating_add(self.policy.leeway_ms());
        now.saturating_add(self.longest_session_ms).saturating_add(clocks)
    }
}

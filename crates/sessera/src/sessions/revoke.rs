//! Ending sessions before their time.

use super::Sessions;
use super::rotate::check_fresh;
use super::verify::{Checked, revoked, superseded_error};
use crate::claims::NewClaims;
use crate::client::Client;
use crate::error::{ErrorKind, Result, SessionError};
use crate::event::EventKind;
use crate::revocation::{Mark, RevocationIndex, SessionMark};
use crate::session::Issued;
use crate::session_id::SessionId;
use crate::store::{RevocationState, Wait};

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
    /// [`revoke_all`](Self::revoke_all) or [`revoke_key`](Self::revoke_key); with a wait of its own, where those
    /// wait for what the store was opened with.
    ///
    /// # Errors
    /// As theirs; also `store_unavailable` when the wait was in vain, and the message names what was missing: the
    /// revocation is in force here all the same. `invalid_config` where the store does not know this wait.
    pub fn revoke(&self, what: Revoke<'_>, wait: Wait) -> Result<RevocationState> {
        self.append_revocation(what, Some(wait))
    }

    /// Ends one session: none of its tokens is accepted from now on. The result says how far that has come:
    /// [`Pending`](RevocationState::Pending) while the store can't be written.
    ///
    /// To end the session of a token, [`end`](Self::end) is better: it knows how long the mark is needed.
    ///
    /// # Errors
    /// `invalid_claim` when this is no session id, `store_unavailable` when the mark can be neither stored nor kept
    /// pending, `invalid_config` without a store.
    pub fn revoke_session(&self, id: &str) -> Result<RevocationState> {
        self.append_revocation(Revoke::Session(id), None)
    }

    /// Ends every session of a subject that has started until now; a login after this lives.
    ///
    /// # Errors
    /// `invalid_claim` when the subject is empty; else as [`revoke_session`](Self::revoke_session).
    pub fn revoke_subject(&self, subject: &str) -> Result<RevocationState> {
        self.append_revocation(Revoke::Subject(subject), None)
    }

    /// Ends every session of the token's subject but its own, which goes on under a new id. (ASVS 7.4.3)
    ///
    /// Its claims, its `auth_time` and its absolute end stay as they are; the old token is refused. The store is
    /// asked first whether the session lives, so that a server that lags gives no new life to a revoked one.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); `superseded` where another request moved the session on at the same moment;
    /// `revocations_stale` while the known revocations are not fresh; `store_unavailable`; `invalid_config` without
    /// a store.
    pub fn revoke_others(&self, token: &str, client: &Client) -> Result<Issued> {
        self.store()?.sync(self.now())?;
        let now = self.now();
        let Checked { mut claims, judged, .. } = self.check(token, client, now)?;
        self.check_successor(&claims, &judged, now)?;
        check_fresh(&judged)?;
        let members = NewClaims::from(&claims.application).members;
        // A token in its grace speaks for the current generation.
        claims.generation =
            judged.mark.map_or(claims.generation, |mark| mark.generation.max(claims.generation));
        let advanced = self.advance(&claims, true, now)?;
        if !advanced.won {
            return Err(if advanced.mark.revoked { revoked() } else { superseded_error() });
        }
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
        self.begin_generation(&mut claims, now);
        let issued = self.mint(claims, &members, now)?;
        self.list(&issued.session, client, now)?;
        self.report(EventKind::SessionCreated, Some(&issued.session), None, now);
        Ok(issued)
    }

    /// Ends every session that has started until now.
    ///
    /// # Errors
    /// As [`revoke_session`](Self::revoke_session).
    pub fn revoke_all(&self) -> Result<RevocationState> {
        self.append_revocation(Revoke::All, None)
    }

    /// Refuses every token that was signed with this key: for a key that leaked. A revoked key signs nothing any
    /// more: rotate the keyring before, so that another key signs, and take this one out of it.
    ///
    /// A name that no key of this ring has is revoked too, since another server may hold it:
    /// [`Keyring::has`](crate::Keyring::has) tells whether it is a misspelling.
    ///
    /// # Errors
    /// As [`revoke_session`](Self::revoke_session).
    pub fn revoke_key(&self, kid: &str) -> Result<RevocationState> {
        self.append_revocation(Revoke::Key(kid), None)
    }

    /// A cut that ends every session until now: also one that a machine with a fast clock issued, or that
    /// started just past an earlier cut of the same moment.
    fn cut_after(&self, earlier: u64, now: u64) -> u64 {
        let clocks = self.clock_skew_ms.saturating_mul(2);
        now.saturating_add(clocks).max(earlier.saturating_add(1))
    }

    fn append_revocation(&self, what: Revoke<'_>, wait: Option<Wait>) -> Result<RevocationState> {
        let (store, now) = (self.store()?, self.now());
        let mark = self.mark_of(what, store.index(), now)?;
        let state = store.append_and_wait(&mark, now, wait)?;
        let subject = if let Revoke::Subject(subject) = what { Some(subject) } else { None };
        self.report_revocation(&mark, state, subject, now);
        Ok(state)
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
                check_cut(cut)?;
                Mark::Subject { subject: subject.to_owned(), cut, keep_until: self.longest_life_from(cut) }
            }
            Revoke::All => {
                let cut = self.cut_after(index.latest_cut(), now);
                check_cut(cut)?;
                Mark::Everything { cut, keep_until: self.longest_life_from(cut) }
            }
            Revoke::Key(kid) => Mark::Key { kid: kid.to_owned() },
        })
    }

    /// Until when a session that started by `now` could be accepted.
    pub(super) fn longest_life_from(&self, now: u64) -> u64 {
        let clocks = self.clock_skew_ms.saturating_mul(2).saturating_add(self.leeway_ms);
        now.saturating_add(self.longest_session_ms).saturating_add(clocks)
    }
}

/// Refuses a cut that every verifier would ignore.
fn check_cut(cut: u64) -> Result<()> {
    if cut <= RevocationIndex::LAST_CUT {
        return Ok(());
    }
    Err(SessionError::new(
        ErrorKind::StoreUnavailable,
        "an earlier cut lies so far ahead that no later one can be written: remove it from the store",
    ))
}

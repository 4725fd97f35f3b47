//! Login.

use super::Sessions;
use crate::binding::bind;
use crate::claims::Claims;
use crate::client::Client;
use crate::error::Result;
use crate::event::EventKind;
use crate::session::{Issued, NewSession};
use crate::session_id::SessionId;
use crate::token::TokenClaims;

impl Sessions {
    /// Starts a session: a new id, generation 0. Call it at every login.
    ///
    /// The id is always new; none that a client brought is ever adopted. The session that the login
    /// [replaces](NewSession::replaces) is ended.
    ///
    /// # Errors
    /// `invalid_claim` for a claim that no token may carry, `too_large` when the token would be,
    /// `invalid_key` when no key signs, `store_unavailable`, `randomness_unavailable`.
    pub fn issue(&self, login: NewSession, client: &Client) -> Result<Issued> {
        let now = self.now();
        let issued = self.start(login, client, now)?;
        self.report(EventKind::SessionCreated, Some(&issued.session), None, now);
        Ok(issued)
    }

    fn start(&self, login: NewSession, client: &Client, now: u64) -> Result<Issued> {
        let members = login.claims.validate()?;
        let started_at = self.start_after_cuts(&login.subject, now);
        let id = SessionId::generate()?;
        let mut claims = Box::new(TokenClaims {
            subject: login.subject,
            id,
            id_text: id.to_text().as_str().to_owned(),
            generation: 0,
            issued_at: 0,
            not_before: 0,
            expires_at: 0,
            authenticated_at: now / 1000,
            started_at_ms: started_at,
            // From now, whatever cuts lie ahead: no clock makes a session longer.
            ends_at: now.saturating_add(self.policy.absolute_ms()) / 1000,
            fingerprint: bind(client, id, &self.policy.binding, self.keys.load().keyring.purposes()),
            acr: login.acr,
            amr: login.amr,
            key_thumbprint: self.policy.binding.binds_key().then(|| client.key.clone()).flatten(),
            application: Claims::none(),
        });
        self.begin_generation(&mut claims, now);
        let issued = self.mint(claims, &members, now)?;
        if let Some(token) = &login.replaces {
            self.end_replaced(token)?;
        }
        self.list(&issued.session, client, now)?;
        Ok(issued)
    }

    /// When a session of this subject starts that is issued now: after every cut, so that a login after "log out
    /// everywhere" lives, even within the same millisecond. Where the known cuts are not fresh, the store is asked
    /// for them first; a store that does not answer fails no login.
    pub(super) fn start_after_cuts(&self, subject: &str, now: u64) -> u64 {
        let Some(store) = &self.store else { return now };
        if store.refresh(now) > self.policy.fresh_ms() {
            let _ = store.sync(now);
        }
        let cut = store.index().cut(subject);
        self.note_cut(cut, now);
        now.max(cut.saturating_add(1))
    }
}

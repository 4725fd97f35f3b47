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
    /// [replaces](NewSession::replaces) is revoked.
    ///
    /// # Errors
    /// `invalid_claim` for a claim that no token may carry, `too_large` when the token would be,
    /// `invalid_key` when no key signs, `store_unavailable`.
    pub fn issue(&self, login: NewSession, client: &Client) -> Result<Issued> {
        let now = self.now();
        let issued = self.start(login, client, now)?;
        self.report(EventKind::SessionCreated, Some(&issued.session), None, now);
        Ok(issued)
    }

    fn start(&self, login: NewSession, client: &Client, now: u64) -> Result<Issued> {
        let members = login.claims.validate()?;
        let id = SessionId::generate()?;
        let mut started_at = now;
        if let Some(store) = &self.store {
            store.refresh(now);
            // A login after "log out everywhere" lives, even within the same millisecond.
            started_at = now.max(store.index().cut(&login.subject).saturating_add(1));
        }
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
            ends_at: started_at.saturating_add(self.policy.absolute_ms()) / 1000,
            fingerprint: bind(client, id, &self.policy.binding, self.keys.load().keyring.purposes()),
            acr: login.acr,
            amr: login.amr,
            key_thumbprint: self.policy.binding.binds_key().then(|| client.key.clone()).flatten(),
            application: Claims::none(),
        });
        self.date(&mut claims, now);
        let issued = self.mint(claims, &members, now)?;
        self.list(&issued.session, client, now)?;
        if let Some(replaced) = &login.replaces {
            self.revoke_session(replaced)?;
        }
        Ok(issued)
    }
}

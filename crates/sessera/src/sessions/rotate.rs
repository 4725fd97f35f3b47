//! New generations: rotation and elevation.

use super::Sessions;
use super::verify::{Checked, revoked, superseded};
use crate::binding::bind;
use crate::claims::NewClaims;
use crate::client::Client;
use crate::error::Result;
use crate::event::EventKind;
use crate::revocation::{SessionMark, Standing};
use crate::session::{Elevation, Issued};
use crate::store::{Advance, Advanced};
use crate::token::TokenClaims;

impl Sessions {
    /// Replaces a token by its successor, one generation on. The old token works only for the grace.
    ///
    /// However many callers rotate one token at once, on however many servers, all of them get the same
    /// successor: with HS256 and EdDSA the same bytes, with ES256 the same claims.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); `reused` when the token was rotated away before, which also revokes the
    /// session; `store_unavailable`; `invalid_config` without a store.
    pub fn rotate(&self, token: &str, client: &Client) -> Result<Issued> {
        self.store()?;
        let now = self.now();
        let checked = self.check(token, client, now)?;
        let advanced = self.advance(&checked.claims, false, now)?;
        if advanced.won {
            return self.successor(checked, advanced, client, now);
        }
        match advanced.mark.standing(checked.claims.generation, now, self.policy.grace_ms()) {
            Standing::Current | Standing::InGrace => self.successor(checked, advanced, client, now),
            Standing::Elevated => Err(superseded()),
            Standing::Reused => Err(self.reused(&checked.claims, now)),
            Standing::Revoked => Err(revoked()),
        }
    }

    /// Rotates on a rise in privilege: new claims, `auth_time` now, no grace for the old token. (ASVS 7.2.4)
    ///
    /// Call it when the user has just authenticated again. The client is bound anew, as at a login.
    ///
    /// # Errors
    /// As [`rotate`](Self::rotate), `superseded` when the token was rotated or elevated at the same moment,
    /// and `invalid_claim` for a claim that no token may carry.
    pub fn elevate(&self, token: &str, client: &Client, elevation: Elevation) -> Result<Issued> {
        self.store()?;
        let now = self.now();
        let Checked { mut claims, superseded: in_grace, .. } = self.check(token, client, now)?;
        if in_grace {
            return Err(superseded());
        }
        let members = elevation.claims.over(&claims.application)?;
        let advanced = self.advance(&claims, true, now)?;
        if !advanced.won {
            let standing = advanced.mark.standing(claims.generation, now, self.policy.grace_ms());
            return Err(match standing {
                Standing::Revoked => revoked(),
                Standing::Reused => self.reused(&claims, now),
                Standing::Current | Standing::InGrace | Standing::Elevated => superseded(),
            });
        }
        claims.generation = advanced.mark.generation;
        claims.authenticated_at = now / 1000;
        claims.acr = elevation.acr.or(claims.acr);
        if !elevation.amr.is_empty() {
            claims.amr = elevation.amr;
        }
        claims.fingerprint =
            bind(client, claims.id, &self.policy.binding, self.keys.load().keyring.purposes());
        self.date(&mut claims, now);
        let issued = self.mint(claims, &members, now)?;
        self.relist(&issued.session, client, now);
        self.report(EventKind::SessionElevated, Some(&issued.session), None, now);
        Ok(issued)
    }

    fn advance(&self, claims: &TokenClaims, elevated: bool, now: u64) -> Result<Advanced> {
        let advanced = self.store()?.advance(&Advance {
            id: claims.id,
            from: claims.generation,
            now,
            elevated,
            keep_until: self.keep_until(claims),
        })?;
        self.report_overflow(now);
        Ok(advanced)
    }

    /// The one token that follows this one: everything in it comes from the old token and the mark.
    fn successor(&self, checked: Checked, advanced: Advanced, client: &Client, now: u64) -> Result<Issued> {
        let Checked { mut claims, binding, .. } = checked;
        let SessionMark { generation, rotated_at, .. } = advanced.mark;
        let members = NewClaims::from(&claims.application).members;
        claims.generation = generation;
        self.date(&mut claims, rotated_at);
        let mut issued = self.mint(claims, &members, now)?;
        issued.session.binding = binding;
        if advanced.won {
            self.relist(&issued.session, client, now);
            self.report(EventKind::SessionRotated, Some(&issued.session), None, now);
        }
        Ok(issued)
    }
}

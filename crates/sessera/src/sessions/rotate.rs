//! New generations: rotation and elevation.

use super::Sessions;
use super::verify::{Checked, Judged, revoked, superseded_error};
use crate::binding::bind;
use crate::claims::NewClaims;
use crate::client::Client;
use crate::error::{ErrorKind, Result, SessionError};
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
    /// session; `superseded` where a rotated token gives no successor any more; `revocations_stale` while the known
    /// revocations are not fresh; `store_unavailable`; `invalid_config` without a store.
    pub fn rotate(&self, token: &str, client: &Client) -> Result<Issued> {
        self.store()?;
        let now = self.now();
        let Checked { claims, judged, .. } = self.check(token, client, now)?;
        self.check_successor(&claims, &judged, now)?;
        check_fresh(&judged)?;
        let advanced = self.advance(&claims, false, now)?;
        if advanced.won {
            return self.successor(claims, &judged, advanced, client, now);
        }
        let judged = Judged { mark: Some(advanced.mark), ..judged };
        match advanced.mark.standing(claims.generation, client.arrived_at(now), self.overlap()) {
            Standing::Current => self.successor(claims, &judged, advanced, client, now),
            Standing::InGrace => {
                let judged = Judged { superseded: true, ..judged };
                self.check_successor(&claims, &judged, now)?;
                self.successor(claims, &judged, advanced, client, now)
            }
            Standing::Superseded => Err(superseded_error()),
            Standing::Reused => Err(self.reused(&claims, advanced.mark, judged.binding, now)),
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
        let Checked { mut claims, judged, .. } = self.check(token, client, now)?;
        if judged.superseded {
            return Err(superseded_error());
        }
        check_fresh(&judged)?;
        let members = elevation.claims.over(&claims.application)?;
        let advanced = self.advance(&claims, true, now)?;
        if !advanced.won {
            let standing = advanced.mark.standing(claims.generation, client.arrived_at(now), self.overlap());
            return Err(match standing {
                Standing::Revoked => revoked(),
                Standing::Reused => self.reused(&claims, advanced.mark, judged.binding, now),
                Standing::Current | Standing::InGrace | Standing::Superseded => superseded_error(),
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
        self.begin_generation(&mut claims, now);
        let issued = self.mint(claims, &members, now)?;
        self.relist(&issued.session, client, now);
        self.report(EventKind::SessionElevated, Some(&issued.session), None, now);
        Ok(issued)
    }

    pub(super) fn advance(&self, claims: &TokenClaims, elevated: bool, now: u64) -> Result<Advanced> {
        let advanced = self.store()?.advance(&Advance {
            id: claims.id,
            from: claims.generation,
            now,
            elevated,
            keep_until: self.keep_until(claims),
        })?;
        self.report_quota(now);
        Ok(advanced)
    }

    /// The one token that follows this one: everything in it comes from the old token and the mark.
    fn successor(
        &self,
        mut claims: Box<TokenClaims>,
        judged: &Judged,
        advanced: Advanced,
        client: &Client,
        now: u64,
    ) -> Result<Issued> {
        let SessionMark { generation, rotated_at, .. } = advanced.mark;
        let members = NewClaims::from(&claims.application).members;
        claims.generation = generation;
        self.begin_generation(&mut claims, rotated_at);
        let mut issued = self.mint(claims, &members, now)?;
        issued.session.binding = judged.binding;
        if advanced.won {
            self.relist(&issued.session, client, now);
            self.report(EventKind::SessionRotated, Some(&issued.session), None, now);
        }
        Ok(issued)
    }
}

/// Refuses to begin a generation on knowledge that is not fresh: the session may be revoked.
pub(super) fn check_fresh(judged: &Judged) -> Result<()> {
    if judged.fresh {
        return Ok(());
    }
    Err(SessionError::new(
        ErrorKind::RevocationsStale,
        "the known revocations are not fresh: no token is rotated or elevated until the store answers again",
    ))
}

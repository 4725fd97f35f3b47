//! Logout: ending the session of a token, also of one that is refused by now.

use super::Sessions;
use crate::error::{ErrorKind, Result};
use crate::revocation::{Found, Mark, Query, SessionMark};
use crate::store::RevocationState;

impl Sessions {
    /// Ends the session of a token, for a logout: none of its tokens is accepted from now on.
    ///
    /// The token itself may be refused by now: idle for too long, rotated away, or bound to another client. So the
    /// owner of an idle token still ends what a thief kept alive. Its signature, type, issuer and audience must
    /// hold. `None` is returned where nothing is left to end: the session reached its absolute end, or was revoked
    /// before.
    ///
    /// ```
    /// # use sessera::{Client, Keyring, MemoryStore, NewSession, RevocationState, Sessions};
    /// # fn main() -> Result<(), sessera::SessionError> {
    /// # let sessions = Sessions::builder("https://app.example", "web")
    /// #     .keyring(Keyring::generate(sessera::Algorithm::Hs256)?).store(MemoryStore::new()).build()?;
    /// # let client = Client::new();
    /// let old = sessions.issue(NewSession::new("user-42"), &client)?.token;
    /// let new = sessions.rotate(&old, &client)?.token;
    /// assert_eq!(sessions.end(&old)?, Some(RevocationState::Stored));
    /// assert_eq!(sessions.verify(&new, &client).unwrap_err().code(), "revoked");
    /// assert_eq!(sessions.end(&old)?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `malformed`, `too_large`, `unsupported_algorithm`, `unknown_key`, `bad_signature`, `wrong_type`,
    /// `wrong_issuer`, `wrong_audience` and `invalid_claim` as [`verify`](Self::verify); `store_unavailable` when
    /// the mark can be neither stored nor kept pending; `invalid_config` without a store.
    pub fn end(&self, token: &str) -> Result<Option<RevocationState>> {
        let (store, now) = (self.store()?, self.now());
        let keys = self.keys.load();
        let (claims, key) = self.open_quietly(token, &self.realm, &keys, now)?;
        if self.is_over(claims.ends_at, now) {
            return Ok(None);
        }
        store.refresh(now);
        let query = Query {
            session: claims.id,
            subject: &claims.subject,
            started_at: claims.started_at_ms,
            kid: key.kid(),
        };
        let known = match store.index().find(&query) {
            Found::Cut => return Ok(None),
            Found::Marked(mark) if mark.revoked => return Ok(None),
            Found::Marked(mark) => mark.generation,
            Found::Nothing => 0,
        };
        let state = SessionMark { generation: known.max(claims.generation), ..SessionMark::revoked_at(now) };
        let mark = Mark::Session { id: claims.id, state, keep_until: self.keep_until(&claims) };
        let state = store.append_and_wait(&mark, now, None)?;
        self.report_revocation(&mark, state, Some(&claims.subject), now);
        Ok(Some(state))
    }

    /// Ends the session that a login replaces. A token that is no session's, such as a visitor's or one that nobody
    /// signed, has nothing to end.
    ///
    /// # Errors
    /// Those that are not the token's fault: the session lives on.
    pub(super) fn end_replaced(&self, token: &str) -> Result<()> {
        if self.store.is_none() {
            return Ok(());
        }
        match self.end(token) {
            Ok(_) => Ok(()),
            Err(error) => match error.kind() {
                ErrorKind::StoreUnavailable | ErrorKind::InvalidConfig => Err(error),
                _ => Ok(()),
            },
        }
    }
}

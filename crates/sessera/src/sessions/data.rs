//! Data of a session that are kept in the store instead of the token.

use super::Sessions;
use crate::clock::unix_millis;
use crate::error::{ErrorKind, Result, SessionError};
use crate::session::Session;
use crate::session_id::SessionId;
use crate::store::SessionData;
use crate::token::VISITOR;

impl Sessions {
    /// Keeps data of a verified session in the store, in place of those that were there: what is too large for
    /// a token, or not for the client's eyes. They live as long as the session can, and go when it is revoked.
    ///
    /// A visitor's data live as long as the idle limit, and have a
    /// [limit of their own](crate::SessionsBuilder::max_visitor_data).
    ///
    /// # Errors
    /// `too_large` when they are over the [limit](crate::SessionsBuilder::max_data), `revoked` when the session was
    /// revoked meanwhile, `store_unavailable`, `invalid_config` without a store.
    pub fn put_data(&self, session: &Session, data: &[u8]) -> Result<()> {
        let (limit, last) = if session.subject == VISITOR {
            (self.max_visitor_data, session.expires_at)
        } else {
            (self.max_data, session.ends_at)
        };
        if data.len() > limit {
            let message = format!(
                "session data is {} bytes; the limit is {limit}. Store less, or raise the limit of data",
                data.len()
            );
            return Err(SessionError::new(ErrorKind::TooLarge, message));
        }
        let data = SessionData {
            id: SessionId::parse(&session.id)?,
            subject: session.subject.clone(),
            started_at: unix_millis(session.started_at),
            expires_at: unix_millis(last).saturating_add(self.leeway_ms),
            bytes: data.to_vec(),
        };
        self.store()?.put_data(&data, self.now())
    }

    /// The data that the store keeps of a verified session.
    ///
    /// # Errors
    /// `store_unavailable`, `invalid_config` without a store.
    pub fn data(&self, session: &Session) -> Result<Option<Vec<u8>>> {
        self.store()?.data(SessionId::parse(&session.id)?, self.now())
    }

    /// Removes what the store keeps of a session.
    ///
    /// # Errors
    /// `store_unavailable`, `invalid_config` without a store.
    pub fn remove_data(&self, session: &Session) -> Result<()> {
        self.store()?.remove_data(SessionId::parse(&session.id)?, self.now())
    }
}

//! Telling the observer.

use std::sync::atomic::Ordering;

use super::Sessions;
use crate::clock::instant;
use crate::codec::base64url;
use crate::error::{ErrorKind, SessionError};
use crate::event::{Event, EventKind};
use crate::revocation::Mark;
use crate::session::Session;
use crate::token::TokenClaims;

impl Sessions {
    pub(super) fn report(
        &self,
        kind: EventKind,
        session: Option<&Session>,
        reason: Option<ErrorKind>,
        now: u64,
    ) {
        let subject = session.map(|session| session.subject.as_str());
        self.tell(kind, subject, session.map(|session| session.id.as_str()), reason, now);
    }

    pub(super) fn report_claims(
        &self,
        kind: EventKind,
        claims: &TokenClaims,
        reason: Option<ErrorKind>,
        now: u64,
    ) {
        if self.observer.is_some() {
            self.tell(kind, Some(&claims.subject), Some(claims.id.to_text().as_str()), reason, now);
        }
    }

    /// A token was refused; its claims are told only when its signature held.
    pub(super) fn report_refusal(&self, error: &SessionError, claims: Option<&TokenClaims>, now: u64) {
        // Where marks come from other servers, a refusal is the first to notice.
        self.report_overflow(now);
        let kind = match error.kind() {
            ErrorKind::Expired | ErrorKind::Ended => EventKind::SessionUseAfterExpire,
            // Told where it was found.
            ErrorKind::Reused => return,
            _ => EventKind::SessionRefused,
        };
        match claims {
            Some(claims) => self.report_claims(kind, claims, Some(error.kind()), now),
            None => self.tell(kind, None, None, Some(error.kind()), now),
        }
    }

    pub(super) fn report_revocation(&self, mark: &Mark, subject: Option<&str>, now: u64) {
        match mark {
            Mark::Session { id, .. } => {
                self.tell(EventKind::TokenRevoked, subject, Some(id.to_text().as_str()), None, now);
            }
            Mark::Subject { .. } | Mark::Everything { .. } | Mark::Key { .. } => {
                self.tell(EventKind::TokenRevoked, subject, None, None, now);
            }
        }
    }

    /// Tells of an overflow of the index, and the store of the cut that came of it, so that every verifier
    /// refuses the same and a login anywhere starts after it.
    pub(super) fn report_overflow(&self, now: u64) {
        let Some(store) = &self.store else { return };
        let overflows = store.index().overflows();
        // Once for each, whoever comes first.
        if overflows == self.overflows.load(Ordering::Acquire)
            || self.overflows.fetch_max(overflows, Ordering::AcqRel) >= overflows
        {
            return;
        }
        let cut = store.index().everything();
        let told = store.append(&Mark::Everything { cut, keep_until: self.longest_life_from(cut) }, now);
        let reason = told.err().map(|error| error.kind());
        self.tell(EventKind::RevocationsOverflowed, None, None, reason, now);
    }

    fn tell(
        &self,
        kind: EventKind,
        subject: Option<&str>,
        id: Option<&str>,
        reason: Option<ErrorKind>,
        now: u64,
    ) {
        let Some(observer) = &self.observer else { return };
        let session = id.and_then(|id| self.pseudonym(id));
        observer.event(&Event { kind, at: instant(now), subject, session, reason });
    }

    /// What the log calls a session: it leads nobody back to the id.
    fn pseudonym(&self, id: &str) -> Option<String> {
        let keyring = &self.keys.load().keyring;
        let mac = ring::hmac::sign(&keyring.purposes()?.log, id.as_bytes());
        mac.as_ref().get(..16).map(base64url::encode)
    }
}

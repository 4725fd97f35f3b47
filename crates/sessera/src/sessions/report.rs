//! Telling the observer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Sessions;
use crate::binding::Binding;
use crate::clock::instant;
use crate::codec::base64url;
use crate::error::{ErrorKind, SessionError};
use crate::event::{Event, EventKind, Reuse};
use crate::revocation::{Mark, SessionMark};
use crate::session::Session;
use crate::store::RevocationState;
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

    /// A token was used after it was rotated away.
    pub(super) fn report_reuse(&self, claims: &TokenClaims, mark: SessionMark, binding: Binding, now: u64) {
        let reuse = Reuse {
            replaced_ago: Duration::from_millis(now.saturating_sub(mark.rotated_at)),
            generations: mark.generation.saturating_sub(claims.generation),
            binding,
        };
        let id = claims.id.to_text();
        let event = |session| Event {
            kind: EventKind::TokenReuse,
            at: instant(now),
            subject: Some(&claims.subject),
            session,
            reason: None,
            reuse: Some(reuse),
        };
        if let Some(observer) = &self.observer {
            observer.event(&event(self.pseudonym(id.as_str())));
        }
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
        self.report_quota(now);
        let kind = match error.kind() {
            ErrorKind::Expired | ErrorKind::Ended => EventKind::SessionUseAfterExpire,
            // Reported where it was found.
            ErrorKind::Reused => return,
            _ => EventKind::SessionRefused,
        };
        match claims {
            Some(claims) => self.report_claims(kind, claims, Some(error.kind()), now),
            None => self.tell(kind, None, None, Some(error.kind()), now),
        }
    }

    pub(super) fn report_revocation(
        &self,
        mark: &Mark,
        state: RevocationState,
        subject: Option<&str>,
        now: u64,
    ) {
        self.tell_of_mark(EventKind::TokenRevoked, mark, subject, now);
        if state == RevocationState::Pending {
            self.tell_of_mark(EventKind::RevocationPending, mark, subject, now);
        }
        self.report_quota(now);
    }

    /// Reports a mark that is in force here only.
    pub(super) fn report_if_pending(&self, mark: &Mark, state: RevocationState, now: u64) {
        if state == RevocationState::Pending {
            self.tell_of_mark(EventKind::RevocationPending, mark, None, now);
        }
    }

    fn tell_of_mark(&self, kind: EventKind, mark: &Mark, subject: Option<&str>, now: u64) {
        match mark {
            Mark::Session { id, .. } => self.tell(kind, subject, Some(id.to_text().as_str()), None, now),
            Mark::Subject { .. } | Mark::Everything { .. } | Mark::Key { .. } => {
                self.tell(kind, subject, None, None, now);
            }
        }
    }

    /// Reports a cut that lies further ahead than clocks may differ, once for each.
    pub(super) fn note_cut(&self, cut: u64, now: u64) {
        let clocks = self.clock_skew_ms.saturating_mul(2).saturating_add(self.leeway_ms);
        if cut > now.saturating_add(clocks) && self.told.cut_ahead.fetch_max(cut, Ordering::AcqRel) < cut {
            self.tell(EventKind::CutoffAhead, None, None, None, now);
        }
    }

    /// Reports that the index is half full, once until it has emptied again, and an overflow.
    pub(super) fn report_quota(&self, now: u64) {
        let Some(store) = &self.store else { return };
        let (held, quota) = (store.index().held(), store.index().quota());
        if held < quota / 2 {
            if held < quota / 4 {
                self.told.near_quota.store(false, Ordering::Release);
            }
        } else if !self.told.near_quota.swap(true, Ordering::AcqRel) {
            self.tell(EventKind::RevocationsNearQuota, None, None, None, now);
        }
        self.report_overflow(now);
    }

    /// Tells of an overflow of the index, and the store of the cut that came of it, so that every verifier
    /// refuses the same and a login anywhere starts after it.
    fn report_overflow(&self, now: u64) {
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
        observer.event(&Event { kind, at: instant(now), subject, session, reason, reuse: None });
    }

    /// What the log calls a session: it leads nobody back to the id.
    fn pseudonym(&self, id: &str) -> Option<String> {
        let keyring = &self.keys.load().keyring;
        let mac = ring::hmac::sign(&keyring.purposes()?.log, id.as_bytes());
        mac.as_ref().get(..16).map(base64url::encode)
    }
}

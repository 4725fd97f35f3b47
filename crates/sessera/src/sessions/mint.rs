//! From claims to a signed token and its session.

use time::OffsetDateTime;

use super::Sessions;
use super::verify::{Checked, Judged};
use crate::binding::Binding;
use crate::clock::{instant_of_second, with_millis};
use crate::error::{ErrorKind, Result, SessionError};
use crate::jose::{jwe, jws};
use crate::keyring::{KeyId, TokenType};
use crate::session::{Issued, Session};
use crate::token::{Realm, SEALED_CONTENT, TokenClaims, VISITOR};

/// Longest subject, issuer of an authentication or other text of ours, in bytes as written in JSON.
const LONGEST_TEXT: usize = 1024;
/// Most authentication methods of one session.
const MOST_METHODS: usize = 16;

impl Sessions {
    /// Sets `nbf`, `iat` and `exp` for the first token of a generation that began at `at`.
    pub(super) fn begin_generation(&self, claims: &mut TokenClaims, at: u64) {
        claims.not_before = at / 1000;
        self.date(claims, at);
    }

    /// Sets `iat` and `exp` for a token issued at `at`, of a generation that goes on.
    pub(super) fn date(&self, claims: &mut TokenClaims, at: u64) {
        let at = at.max(claims.not_before.saturating_mul(1000));
        claims.issued_at = at / 1000;
        claims.expires_at = self.expiry_of_token_issued_at(at, claims.ends_at);
    }

    /// `exp` of a token that is issued at `at`, of a session that ends at the second `ends_at`.
    pub(super) fn expiry_of_token_issued_at(&self, at: u64, ends_at: u64) -> u64 {
        (at.saturating_add(self.policy.idle_ms()) / 1000).min(ends_at)
    }

    /// Signs the claims of a session; see [`mint_as`](Self::mint_as).
    pub(super) fn mint(&self, claims: Box<TokenClaims>, members: &str, now: u64) -> Result<Issued> {
        self.mint_as(&self.realm, claims, members, now)
    }

    /// Signs the claims with the key that signs at their `iat`, so that every server picks the same. A key that was
    /// revoked signs nothing: its tokens would be refused at once.
    pub(super) fn mint_as(
        &self,
        realm: &Realm,
        mut claims: Box<TokenClaims>,
        members: &str,
        now: u64,
    ) -> Result<Issued> {
        check(&claims, realm)?;
        let payload = claims.write(realm, members);
        let keyring = &self.keys.load().keyring;
        let is_revoked = |kid: &str| self.store.as_ref().is_some_and(|store| store.index().is_dead_key(kid));
        let key = keyring.signing_key_unless(claims.issued_at.saturating_mul(1000), is_revoked)?;
        let mut token = jws::sign_with(key.header(realm.token_type), payload.as_bytes(), key)?;
        if self.sealed {
            token = jwe::seal(token.as_bytes(), SEALED_CONTENT, keyring)?;
        }
        let session = self.session_of(claims, key.id(), false, Binding::default(), now);
        Ok(Issued { token, session })
    }

    #[inline]
    pub(super) fn session(&self, checked: Checked, now: u64) -> Session {
        let Judged { superseded, binding, .. } = checked.judged;
        self.session_of(checked.claims, checked.signed_by, superseded, binding, now)
    }

    pub(super) fn session_of(
        &self,
        claims: Box<TokenClaims>,
        signed_by: KeyId,
        superseded: bool,
        binding: Binding,
        now: u64,
    ) -> Session {
        let is_due =
            |since: u64| superseded || now >= since.saturating_mul(1000).saturating_add(self.renew_ms);
        let rotation_due = self.store.is_some() && is_due(claims.not_before) && claims.subject != VISITOR;
        // Making a date of a number is a tenth of the path of a token that was seen before, and most sessions have
        // few different dates.
        let issued_at = instant_of_second(claims.issued_at);
        let date = |seconds: u64, known_seconds: u64, known: OffsetDateTime| {
            if seconds == known_seconds { known } else { instant_of_second(seconds) }
        };
        let rotated_at = date(claims.not_before, claims.issued_at, issued_at);
        let authenticated_at = date(claims.authenticated_at, claims.not_before, rotated_at);
        let started_second = date(claims.started_at_ms / 1000, claims.authenticated_at, authenticated_at);
        Session {
            subject: claims.subject,
            id: claims.id_text,
            generation: claims.generation,
            issued_at,
            rotated_at,
            started_at: with_millis(started_second, claims.started_at_ms),
            authenticated_at,
            expires_at: instant_of_second(claims.expires_at),
            ends_at: instant_of_second(claims.ends_at),
            acr: claims.acr,
            amr: claims.amr,
            claims: claims.application,
            superseded,
            renew_due: is_due(claims.issued_at),
            rotation_due,
            binding,
            signed_by,
        }
    }
}

/// Refuses claims that no verifier would accept.
fn check(claims: &TokenClaims, realm: &Realm) -> Result<()> {
    let wrong = |message| Err(SessionError::new(ErrorKind::InvalidClaim, message));
    if claims.subject.is_empty() {
        return wrong("the subject is empty");
    }
    if (claims.subject == VISITOR) != (realm.token_type == TokenType::Visitor) {
        return wrong("the subject ~anonymous belongs to visitors: issue a visitor's token instead");
    }
    let texts = [Some(&claims.subject), claims.acr.as_ref(), claims.key_thumbprint.as_ref()];
    let too_long = |text: &&String| {
        let mut written = String::new();
        text.len() > LONGEST_TEXT
            || (text.len() > LONGEST_TEXT / 6 && {
                crate::claims::write_string(text, &mut written);
                written.len() > LONGEST_TEXT + 2
            })
    };
    if texts.into_iter().flatten().chain(&claims.amr).any(|text| too_long(&text)) {
        return wrong("the subject, acr or a method of amr is over 1024 bytes");
    }
    if claims.amr.len() > MOST_METHODS {
        return wrong("amr has more than 16 methods");
    }
    if claims.started_at_ms >= 1 << 53 || claims.ends_at >= 1 << 53 || claims.generation >= 1 << 53 {
        return wrong("the clock or the generation is beyond what a token can carry");
    }
    Ok(())
}

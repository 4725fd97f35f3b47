//! From claims to a signed token and its session.

use super::Sessions;
use crate::binding::Binding;
use crate::clock::{instant, instant_of_second};
use crate::error::{ErrorKind, Result, SessionError};
use crate::jose::{jwe, jws};
use crate::keyring::KeyId;
use crate::session::{Issued, Session};
use crate::token::{SEALED_CONTENT, TokenClaims};

/// Longest subject, issuer of an authentication or other text of ours, in bytes as written in JSON.
const LONGEST_TEXT: usize = 1024;
/// Most authentication methods of one session.
const MOST_METHODS: usize = 16;

impl Sessions {
    /// Sets `iat`, `nbf` and `exp` for a token issued at `at`.
    pub(super) fn date(&self, claims: &mut TokenClaims, at: u64) {
        claims.issued_at = at / 1000;
        claims.not_before = claims.issued_at;
        claims.expires_at = self.expiry_of_token_issued_at(at, claims.ends_at);
    }

    /// `exp` of a token that is issued at `at`, of a session that ends at the second `ends_at`.
    pub(super) fn expiry_of_token_issued_at(&self, at: u64, ends_at: u64) -> u64 {
        (at.saturating_add(self.policy.idle_ms()) / 1000).min(ends_at)
    }

    /// Signs the claims with the key that signs at their `iat`, so that every server picks the same.
    pub(super) fn mint(&self, mut claims: Box<TokenClaims>, members: &str, now: u64) -> Result<Issued> {
        check(&claims)?;
        let payload = claims.write(&self.realm, members);
        let keyring = &self.keys.load().keyring;
        let key = keyring.signing_key(claims.issued_at.saturating_mul(1000))?;
        let mut token = jws::sign_with(key.header(), payload.as_bytes(), key)?;
        if self.sealed {
            token = jwe::seal(token.as_bytes(), SEALED_CONTENT, keyring)?;
        }
        let session = self.session(claims, key.id(), false, Binding::default(), now);
        Ok(Issued { token, session })
    }

    pub(super) fn session(
        &self,
        claims: Box<TokenClaims>,
        signed_by: KeyId,
        superseded: bool,
        binding: Binding,
        now: u64,
    ) -> Session {
        let renew_at = claims.issued_at.saturating_mul(1000).saturating_add(self.policy.renew_ms());
        Session {
            subject: claims.subject,
            id: claims.id_text,
            generation: claims.generation,
            issued_at: instant_of_second(claims.issued_at),
            started_at: instant(claims.started_at_ms),
            authenticated_at: instant_of_second(claims.authenticated_at),
            expires_at: instant_of_second(claims.expires_at),
            ends_at: instant_of_second(claims.ends_at),
            acr: claims.acr,
            amr: claims.amr,
            claims: claims.application,
            superseded,
            renew_due: superseded || now >= renew_at,
            binding,
            signed_by,
        }
    }
}

/// Refuses claims that no verifier would accept.
fn check(claims: &TokenClaims) -> Result<()> {
    let wrong = |message| Err(SessionError::new(ErrorKind::InvalidClaim, message));
    if claims.subject.is_empty() {
        return wrong("the subject is empty");
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

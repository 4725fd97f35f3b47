//! Visitors: people who are not logged in, and have something in the session.
//!
//! Their tokens have a type and an audience of their own, so that no verifier takes them for a session. They leave
//! no marks: what ends a visitor's token before its time is a cut of everything, or a revoked key.

use super::Sessions;
use super::verify::{revoked, unseal};
use crate::binding::{Binding, bind, compare};
use crate::claims::{Claims, NewClaims};
use crate::client::Client;
use crate::error::Result;
use crate::keyring::TokenType;
use crate::session::{Issued, Session};
use crate::session_id::SessionId;
use crate::token::{TokenClaims, VISITOR};

impl Sessions {
    /// Issues a token for a visitor who is not logged in, with these application claims: a JSON object, such as a
    /// basket. It carries no rights, and [`verify`](Self::verify) refuses it with `wrong_type`.
    ///
    /// The visitor has an id of its own, which is new each time. No mark and no line of a list is written.
    ///
    /// ```
    /// # use sessera::{Client, Keyring, Sessions};
    /// # fn main() -> Result<(), sessera::SessionError> {
    /// # let sessions = Sessions::builder("https://app.example", "web")
    /// #     .keyring(Keyring::generate(sessera::Algorithm::Hs256)?).build()?;
    /// let issued = sessions.issue_visitor(r#"{"basket":["tea"]}"#, &Client::new())?;
    /// let visitor = sessions.verify_visitor(&issued.token, &Client::new())?;
    /// assert_eq!(visitor.claims.to_json(), r#"{"basket":["tea"]}"#);
    /// assert_eq!(sessions.verify(&issued.token, &Client::new()).unwrap_err().code(), "wrong_type");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// `invalid_claim` for a claim that no token may carry, `too_large` when the token would be, `invalid_key` when
    /// no key signs, `randomness_unavailable`.
    pub fn issue_visitor(&self, claims: &str, client: &Client) -> Result<Issued> {
        let now = self.now();
        let members = members_of(claims)?;
        let id = SessionId::generate()?;
        let cut = self.store.as_ref().map_or(0, |store| {
            store.refresh(now);
            store.index().everything()
        });
        let mut claims = Box::new(TokenClaims {
            subject: VISITOR.to_owned(),
            id,
            id_text: id.to_string(),
            generation: 0,
            issued_at: 0,
            not_before: 0,
            expires_at: 0,
            authenticated_at: now / 1000,
            started_at_ms: now.max(cut.saturating_add(1)),
            ends_at: now.saturating_add(self.policy.absolute_ms()) / 1000,
            fingerprint: bind(client, id, &self.policy.binding, self.keys.load().keyring.purposes()),
            acr: None,
            amr: Vec::new(),
            key_thumbprint: None,
            application: Claims::none(),
        });
        self.begin_generation(&mut claims, now);
        self.mint_as(&self.visitors, claims, &members, now)
    }

    /// Verifies a visitor's token: its signature, type, issuer and audience, its times, cuts of everything and
    /// revoked keys, then binding.
    ///
    /// # Errors
    /// As [`verify`](Self::verify); `wrong_type` for a session's token.
    pub fn verify_visitor(&self, token: &str, client: &Client) -> Result<Session> {
        let now = self.now();
        let keys = self.keys.load();
        let (claims, key) = self.open(token, &self.visitors, &keys, now)?;
        let judged = self.judge_visitor(&claims, key.kid(), now).and_then(|()| {
            let purposes = keys.keyring.purposes();
            let binding = compare(client, &claims, &self.policy.binding, purposes, claims.memo());
            self.policy.binding.judge(&binding).map(|()| binding)
        });
        match judged {
            Ok(binding) => Ok(self.session_of(claims.into_claims(), key.id(), false, binding, now)),
            Err(error) => {
                self.report_refusal(&error, Some(&claims), now);
                Err(error)
            }
        }
    }

    /// Verifies a token that may be a session's or a visitor's: for a server that keeps something for visitors, too.
    /// Look at the subject before anything is done in a user's name: a visitor's is `~anonymous`, which no session
    /// has.
    ///
    /// # Errors
    /// As [`verify`](Self::verify), and as [`verify_visitor`](Self::verify_visitor) for a visitor's token.
    pub fn verify_with_visitors(&self, token: &str, client: &Client) -> Result<Session> {
        if self.is_visitors(token) { self.verify_visitor(token, client) } else { self.verify(token, client) }
    }

    /// Whether the header is that of a visitor's token. Nothing is verified yet.
    fn is_visitors(&self, token: &str) -> bool {
        let keys = self.keys.load();
        let of_visitor = |token: &str| {
            let header = token.find('.').and_then(|dot| token.get(..=dot));
            let found = header.and_then(|header| keys.keyring.find_by_header(header));
            found.is_some_and(|(_, token_type)| token_type == TokenType::Visitor)
        };
        if self.sealed {
            unseal(token, &keys.keyring).is_ok_and(|token| of_visitor(&token))
        } else {
            of_visitor(token)
        }
    }

    /// Issues a visitor's token again with its idle limit moved on, and with these application claims in place of
    /// the present ones where there are any. The id stays.
    ///
    /// # Errors
    /// As [`verify_visitor`](Self::verify_visitor) and [`issue_visitor`](Self::issue_visitor).
    pub fn renew_visitor(&self, token: &str, client: &Client, claims: Option<&str>) -> Result<Issued> {
        let now = self.now();
        let new = claims.map(members_of).transpose()?;
        let keys = self.keys.load();
        let (held, key) = self.open(token, &self.visitors, &keys, now)?;
        self.judge_visitor(&held, key.kid(), now).inspect_err(|error| {
            self.report_refusal(error, Some(&held), now);
        })?;
        let purposes = keys.keyring.purposes();
        let binding: Binding = compare(client, &held, &self.policy.binding, purposes, held.memo());
        self.policy.binding.judge(&binding)?;
        let mut claims = held.into_claims();
        let members = new.unwrap_or_else(|| NewClaims::from(&claims.application).members);
        self.date(&mut claims, now);
        let mut issued = self.mint_as(&self.visitors, claims, &members, now)?;
        issued.session.binding = binding;
        Ok(issued)
    }

    fn judge_visitor(&self, claims: &TokenClaims, kid: &str, now: u64) -> Result<()> {
        self.check_absolute_end(claims.ends_at, now)?;
        if let Some(store) = &self.store {
            store.refresh(now);
            let index = store.index();
            if index.everything() >= claims.started_at_ms || index.is_dead_key(kid) {
                return Err(revoked());
            }
        }
        self.check_times(claims, now)
    }
}

/// The members of a JSON object as they go into a token.
fn members_of(claims: &str) -> Result<String> {
    let mut new = NewClaims::default();
    new.add_object(claims);
    new.validate()
}

//! What a proof says of the request that it is for.

use std::borrow::Cow;

use super::target::same_target;
use super::{ProofRequest, access_token_hash};
use crate::codec::json::{self, Limits, Value};
use crate::error::{ErrorKind, Result, SessionError};

/// Most characters of a `jti`.
const MOST_ID: usize = 128;

pub(super) struct ProofClaims<'a> {
    pub(super) id: Cow<'a, str>,
    /// Seconds since the Unix epoch.
    pub(super) issued_at: u64,
    method: Cow<'a, str>,
    url: Cow<'a, str>,
    access_token_hash: Option<Cow<'a, str>>,
    nonce: Option<Cow<'a, str>>,
}

impl<'a> ProofClaims<'a> {
    /// Reads a payload whose signature held. Claims of other names are left alone.
    pub(super) fn read(payload: &'a [u8]) -> Result<Self> {
        let (mut id, mut issued_at, mut method, mut url) = (None, None, None, None);
        let (mut access_token_hash, mut nonce) = (None, None);
        let text = |value: Value<'a>| {
            value.text().map(Some).ok_or_else(|| invalid("a claim of the proof is not a string"))
        };
        json::read_object(payload, Limits::TOKEN, |name, value| {
            match &*name {
                "jti" => id = text(value)?,
                "iat" => issued_at = value.whole_seconds(),
                "htm" => method = text(value)?,
                "htu" => url = text(value)?,
                "ath" => access_token_hash = text(value)?,
                "nonce" => nonce = text(value)?,
                _ => {}
            }
            Ok(())
        })?;
        let id: Cow<'_, str> = id.ok_or_else(|| invalid("the proof has no jti"))?;
        if id.is_empty() || id.len() > MOST_ID {
            return Err(invalid("the proof's jti is not 1 to 128 bytes long"));
        }
        Ok(Self {
            id,
            issued_at: issued_at
                .ok_or_else(|| invalid("the proof's iat is not a time in seconds since the Unix epoch"))?,
            method: method.ok_or_else(|| invalid("the proof has no htm"))?,
            url: url.ok_or_else(|| invalid("the proof has no htu"))?,
            access_token_hash,
            nonce,
        })
    }

    pub(super) fn check_request(&self, request: &ProofRequest<'_>) -> Result<()> {
        if self.method != request.method {
            return Err(invalid("the proof is for another method"));
        }
        if !same_target(&self.url, request.url) {
            return Err(invalid("the proof is for another URL"));
        }
        if let Some(token) = request.access_token
            && self.access_token_hash.as_deref() != Some(&access_token_hash(token))
        {
            return Err(invalid("the proof is for another token, or for none"));
        }
        if request.nonce.is_some() && self.nonce.as_deref() != request.nonce {
            return Err(invalid("the proof has another nonce, or none"));
        }
        Ok(())
    }
}

fn invalid(message: &'static str) -> SessionError {
    SessionError::new(ErrorKind::InvalidClaim, message)
}

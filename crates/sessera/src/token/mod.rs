//! The session token: its claims, written and read (RFC 7519).

mod fast;
mod read;
mod write;

use crate::binding::Fingerprint;
use crate::claims::Claims;
use crate::session_id::SessionId;

pub(crate) use read::read;

/// `typ` of a session token. Every other kind of token has another (RFC 8725 §3.11).
pub(crate) const SESSION_TYPE: &str = "session+jwt";

/// `cty` of a sealed token: what is in it is a JWT (RFC 7519 §5.2).
pub(crate) const SEALED_CONTENT: &str = "JWT";

/// Most audiences that a token may name.
const MOST_AUDIENCES: usize = 8;

/// Who issues the tokens and for whom, and how that begins every payload that we write.
#[derive(Debug)]
pub(crate) struct Realm {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    /// `{"iss":"…","aud":"…","sub":`
    prefix: String,
}

impl Realm {
    pub(crate) fn new(issuer: String, audience: String) -> Self {
        let mut prefix = String::from("{\"iss\":");
        crate::claims::write_string(&issuer, &mut prefix);
        prefix.push_str(",\"aud\":");
        crate::claims::write_string(&audience, &mut prefix);
        prefix.push_str(",\"sub\":");
        Self { issuer, audience, prefix }
    }
}

/// The claims of a session token that are the session's own, and the application's behind them.
#[derive(Debug, Clone)]
pub(crate) struct TokenClaims {
    pub(crate) subject: String,
    pub(crate) id: SessionId,
    /// `id` as it is written.
    pub(crate) id_text: String,
    pub(crate) generation: u64,
    /// `iat`, in seconds like all claims but `sat`.
    pub(crate) issued_at: u64,
    pub(crate) not_before: u64,
    pub(crate) expires_at: u64,
    pub(crate) authenticated_at: u64,
    /// `sat`, in milliseconds.
    pub(crate) started_at_ms: u64,
    /// `sxp`
    pub(crate) ends_at: u64,
    /// `fpr`
    pub(crate) fingerprint: Option<Fingerprint>,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Vec<String>,
    /// `cnf.jkt`: thumbprint of the key that the client proves to hold (RFC 9449 §6.1).
    pub(crate) key_thumbprint: Option<String>,
    pub(crate) application: Claims,
}

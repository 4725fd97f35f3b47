//! The session token: its claims, written and read (RFC 7519).

mod fast;
mod read;
mod write;

use crate::binding::Fingerprint;
use crate::claims::Claims;
use crate::keyring::TokenType;
use crate::session_id::SessionId;

pub(crate) use read::read;

/// The subject of every visitor. No session may have it.
pub(crate) const VISITOR: &str = "~anonymous";

/// `cty` of a sealed token: what is in it is a JWT (RFC 7519 §5.2).
pub(crate) const SEALED_CONTENT: &str = "JWT";

/// Most audiences that a token may name.
const MOST_AUDIENCES: usize = 8;

/// Who issues the tokens and for whom, and how that begins every payload that we write.
#[derive(Debug)]
pub(crate) struct Realm {
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) token_type: TokenType,
    /// `{"iss":"…","aud":"…","sub":`
    prefix: String,
}

impl Realm {
    /// The realm of sessions.
    pub(crate) fn new(issuer: String, audience: String) -> Self {
        Self::of(TokenType::Session, issuer, audience)
    }

    /// The realm of visitors beside it. Its audience is another, since many libraries ignore `typ`.
    pub(crate) fn of_visitors(&self) -> Self {
        Self::of(TokenType::Visitor, self.issuer.clone(), format!("{}#visitor", self.audience))
    }

    fn of(token_type: TokenType, issuer: String, audience: String) -> Self {
        let mut prefix = String::from("{\"iss\":");
        crate::claims::write_string(&issuer, &mut prefix);
        prefix.push_str(",\"aud\":");
        crate::claims::write_string(&audience, &mut prefix);
        prefix.push_str(",\"sub\":");
        Self { issuer, audience, token_type, prefix }
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
    /// `nbf`: when this generation began.
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

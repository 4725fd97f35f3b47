//! What goes into the verbs and what comes out of them.

use serde::Serialize;
use time::OffsetDateTime;

use crate::binding::Binding;
use crate::claims::{Claims, NewClaims};
use crate::keyring::KeyId;

/// A verified session: its signature held, and nothing that is known speaks against it.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// Who the session belongs to (`sub`). Compared byte for byte, never normalised.
    pub subject: String,
    /// The session's id (`sid`): 128 random bits as 22 characters of base64url, new at every login.
    pub id: String,
    /// How many times it was rotated (`gen`).
    pub generation: u64,
    /// When this token was issued (`iat`): the login, or the latest renewal or rotation.
    pub issued_at: OffsetDateTime,
    /// When this generation began (`nbf`): the login, or the latest rotation. A renewal does not move it.
    pub rotated_at: OffsetDateTime,
    /// When the session started (`sat`): the login.
    pub started_at: OffsetDateTime,
    /// When the user last authenticated (`auth_time`): the login, or the latest elevation.
    pub authenticated_at: OffsetDateTime,
    /// When it expires unless it is renewed (`exp`).
    pub expires_at: OffsetDateTime,
    /// When it ends for good (`sxp`).
    pub ends_at: OffsetDateTime,
    /// How the user authenticated, as one name for the whole (`acr`).
    pub acr: Option<String>,
    /// How the user authenticated, method by method (`amr`, RFC 8176).
    pub amr: Vec<String>,
    /// The application's own claims.
    pub claims: Claims,
    /// Whether the token was rotated away and is still accepted: in the grace, or because no client has shown
    /// its successor yet.
    pub superseded: bool,
    /// Whether it is time to renew the token, by its `issued_at`.
    pub renew_due: bool,
    /// Whether it is time to rotate the token, by its `rotated_at`. Never so without a store, nor of a visitor.
    pub rotation_due: bool,
    /// Which facts about the client matched, differed or were absent.
    pub binding: Binding,
    /// The key that its token was signed with (`kid`).
    pub signed_by: KeyId,
}

/// A token, and the session that it carries.
#[derive(Clone, PartialEq)]
pub struct Issued {
    /// The token: a compact JWS, or a compact JWE where tokens are sealed.
    pub token: String,
    /// What it carries.
    pub session: Session,
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("token", &"…").field("session", &self.session).finish()
    }
}

/// A login: what [`Sessions::issue`](crate::Sessions::issue) makes a session of.
///
/// ```
/// use sessera::NewSession;
///
/// let login = NewSession::new("user-42").claim("roles", ["editor"]).acr("aal2").amr(["pwd", "otp"]);
/// ```
pub struct NewSession {
    pub(crate) subject: String,
    pub(crate) claims: NewClaims,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Vec<String>,
    /// A token.
    pub(crate) replaces: Option<String>,
}

impl std::fmt::Debug for NewSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSession")
            .field("subject", &self.subject)
            .field("claims", &self.claims)
            .field("acr", &self.acr)
            .field("amr", &self.amr)
            .field("replaces", &self.replaces.is_some())
            .finish()
    }
}

impl NewSession {
    /// A login of this subject, which must not be empty.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            claims: NewClaims::default(),
            acr: None,
            amr: Vec::new(),
            replaces: None,
        }
    }

    /// Adds an application claim. The names of the token's own claims are refused when it is issued.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Serialize) -> Self {
        self.claims.add(name, &value);
        self
    }

    /// Adds all members of a JSON object as application claims.
    #[must_use]
    pub fn claims_json(mut self, object: &str) -> Self {
        self.claims.add_object(object);
        self
    }

    /// How the user authenticated, as one name for the whole (`acr`).
    #[must_use]
    pub fn acr(mut self, acr: impl Into<String>) -> Self {
        self.acr = Some(acr.into());
        self
    }

    /// How the user authenticated, method by method (`amr`, RFC 8176: `pwd`, `otp`, `hwk` …).
    #[must_use]
    pub fn amr<S: Into<String>>(mut self, amr: impl IntoIterator<Item = S>) -> Self {
        self.amr = amr.into_iter().map(Into::into).collect();
        self
    }

    /// The token that the request came with, whose session this login replaces: it is ended as by
    /// [`Sessions::end`](crate::Sessions::end), so also one that is idle or was rotated away. A visitor's token,
    /// or one that nobody signed, ends nothing and fails no login.
    #[must_use]
    pub fn replaces(mut self, token: impl Into<String>) -> Self {
        self.replaces = Some(token.into());
        self
    }
}

/// A rise in privilege: what [`Sessions::elevate`](crate::Sessions::elevate) changes in a session.
#[derive(Debug, Default)]
pub struct Elevation {
    pub(crate) claims: NewClaims,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Vec<String>,
}

impl Elevation {
    /// An elevation that changes nothing but the generation and the time of authentication.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an application claim, or replaces the one of this name.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Serialize) -> Self {
        self.claims.add(name, &value);
        self
    }

    /// Adds or replaces all members of a JSON object.
    #[must_use]
    pub fn claims_json(mut self, object: &str) -> Self {
        self.claims.add_object(object);
        self
    }

    /// How the user authenticated this time, as one name for the whole (`acr`).
    #[must_use]
    pub fn acr(mut self, acr: impl Into<String>) -> Self {
        self.acr = Some(acr.into());
        self
    }

    /// How the user authenticated this time, method by method (`amr`, RFC 8176).
    #[must_use]
    pub fn amr<S: Into<String>>(mut self, amr: impl IntoIterator<Item = S>) -> Self {
        self.amr = amr.into_iter().map(Into::into).collect();
        self
    }
}

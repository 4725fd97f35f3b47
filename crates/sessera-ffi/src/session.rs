//! What goes into the verbs and what comes out of them.

use std::fmt;

use crate::{Binding, Claims, Duration, Instant};

/// A verified session: its signature held, and nothing that is known speaks against it.
#[derive(uniffi::Record)]
pub struct Session {
    /// Who the session belongs to. Compared byte for byte, never normalised.
    pub subject: String,
    /// The session's id: 128 random bits as 22 characters of base64url, new at every login.
    pub id: String,
    /// How many times it was rotated.
    pub generation: u64,
    /// When this token was issued: the login, or the latest renewal or rotation.
    pub issued_at: Instant,
    /// When this generation began: the login, or the latest rotation. A renewal does not move it.
    pub rotated_at: Instant,
    /// When the session started: the login.
    pub started_at: Instant,
    /// When the user last authenticated: the login, or the latest elevation.
    pub authenticated_at: Instant,
    /// When it expires unless it is renewed.
    pub expires_at: Instant,
    /// When it ends for good.
    pub ends_at: Instant,
    /// How the user authenticated, as one name for the whole.
    pub acr: Option<String>,
    /// How the user authenticated, method by method (RFC 8176).
    pub amr: Vec<String>,
    /// The application's own claims.
    pub claims: Claims,
    /// Whether the token was rotated away and is still accepted: in the grace, or because no client has shown its
    /// successor yet.
    pub superseded: bool,
    /// Whether it is time to renew the token, by `issued_at`.
    pub renew_due: bool,
    /// Whether it is time to rotate the token, by `rotated_at`. Always false without a store, and for a visitor.
    pub rotation_due: bool,
    /// Which facts about the client matched, differed or were absent.
    pub binding: Binding,
    /// The key that its token was signed with (`kid`).
    pub signed_by: String,
}

impl From<sessera::Session> for Session {
    fn from(session: sessera::Session) -> Self {
        let sessera::Session {
            subject,
            id,
            generation,
            issued_at,
            rotated_at,
            started_at,
            authenticated_at,
            expires_at,
            ends_at,
            acr,
            amr,
            claims,
            superseded,
            renew_due,
            rotation_due,
            binding,
            signed_by,
        } = session;
        Self {
            subject,
            id,
            generation,
            issued_at: issued_at.into(),
            rotated_at: rotated_at.into(),
            started_at: started_at.into(),
            authenticated_at: authenticated_at.into(),
            expires_at: expires_at.into(),
            ends_at: ends_at.into(),
            acr,
            amr,
            claims: Claims(claims.to_json()),
            superseded,
            renew_due,
            rotation_due,
            binding: binding.into(),
            signed_by: signed_by.as_str().to_owned(),
        }
    }
}

impl From<Session> for sessera::Session {
    /// A session on its way back, for a verb that asks whose it is and how it was authenticated. None asks for its
    /// claims.
    fn from(session: Session) -> Self {
        let Session {
            subject,
            id,
            generation,
            issued_at,
            rotated_at,
            started_at,
            authenticated_at,
            expires_at,
            ends_at,
            acr,
            amr,
            claims: _,
            superseded,
            renew_due,
            rotation_due,
            binding,
            signed_by,
        } = session;
        Self {
            subject,
            id,
            generation,
            issued_at: issued_at.into(),
            rotated_at: rotated_at.into(),
            started_at: started_at.into(),
            authenticated_at: authenticated_at.into(),
            expires_at: expires_at.into(),
            ends_at: ends_at.into(),
            acr,
            amr,
            claims: sessera::Claims::default(),
            superseded,
            renew_due,
            rotation_due,
            binding: binding.into(),
            signed_by: sessera::KeyId::of(&signed_by),
        }
    }
}

/// A token, and the session that it carries.
#[derive(uniffi::Record)]
#[uniffi::export(Display)]
pub struct Issued {
    /// The token: a compact JWS, or a compact JWE where tokens are sealed.
    pub token: String,
    /// What it carries.
    pub session: Session,
}

impl From<sessera::Issued> for Issued {
    fn from(issued: sessera::Issued) -> Self {
        let sessera::Issued { token, session } = issued;
        Self { token, session: session.into() }
    }
}

impl fmt::Display for Issued {
    /// Without the token: whoever holds it is its owner.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issued(session {}, generation {})", self.session.id, self.session.generation)
    }
}

/// A login: what `Sessions.issue` makes a session of.
#[derive(uniffi::Record)]
pub struct NewSession {
    /// Who logs in; not empty.
    pub subject: String,
    /// Application claims. The names of the token's own claims are refused.
    #[uniffi(default)]
    pub claims: Option<Claims>,
    /// How the user authenticated, as one name for the whole.
    #[uniffi(default)]
    pub acr: Option<String>,
    /// How the user authenticated, method by method (RFC 8176: `pwd`, `otp`, `hwk` …).
    #[uniffi(default)]
    pub amr: Vec<String>,
    /// The token that the request came with: its session is ended, as by `Sessions.end`. A visitor's token, or one
    /// with a wrong signature, ends nothing and fails no login.
    #[uniffi(default)]
    pub replaces: Option<String>,
}

impl From<NewSession> for sessera::NewSession {
    fn from(login: NewSession) -> Self {
        let NewSession { subject, claims, acr, amr, replaces } = login;
        let mut core = Self::new(subject).amr(amr);
        if let Some(claims) = claims {
            core = core.claims_json(&claims.0);
        }
        if let Some(acr) = acr {
            core = core.acr(acr);
        }
        match replaces {
            Some(token) => core.replaces(token),
            None => core,
        }
    }
}

/// A rise in privilege: what `Sessions.elevate` changes in a session.
#[derive(Default, uniffi::Record)]
pub struct Elevation {
    /// Claims that are added, or replace those of their name.
    #[uniffi(default)]
    pub claims: Option<Claims>,
    /// How the user authenticated this time, as one name for the whole.
    #[uniffi(default)]
    pub acr: Option<String>,
    /// How the user authenticated this time, method by method.
    #[uniffi(default)]
    pub amr: Vec<String>,
}

impl From<Elevation> for sessera::Elevation {
    fn from(elevation: Elevation) -> Self {
        let Elevation { claims, acr, amr } = elevation;
        let mut core = Self::new().amr(amr);
        if let Some(claims) = claims {
            core = core.claims_json(&claims.0);
        }
        match acr {
            Some(acr) => core.acr(acr),
            None => core,
        }
    }
}

/// What a sensitive action asks of the session's authentication.
#[derive(Default, uniffi::Record)]
pub struct StepUp {
    /// The user authenticated at most this long ago.
    #[uniffi(default)]
    pub max_age: Option<Duration>,
    /// `acr` is one of these, if any are given.
    #[uniffi(default)]
    pub acr: Vec<String>,
    /// `amr` has all of these.
    #[uniffi(default)]
    pub amr: Vec<String>,
}

impl From<StepUp> for sessera::StepUp {
    fn from(step_up: StepUp) -> Self {
        let StepUp { max_age, acr, amr } = step_up;
        let core = Self::new().acr(acr).amr(amr);
        match max_age {
            Some(span) => core.max_age(span.into()),
            None => core,
        }
    }
}

/// One of a subject's sessions, as its owner may see it.
#[derive(uniffi::Record)]
pub struct ListedSession {
    /// The session's id, for `Sessions.revoke_session`.
    pub id: String,
    /// When it started.
    pub started_at: Instant,
    /// When it was last issued, renewed or rotated; requests between two renewals are not counted.
    pub last_seen: Instant,
    /// When it expires unless it is renewed.
    pub expires_at: Instant,
    /// Family and platform of the client's software, such as `firefox/linux`, where it said.
    pub label: Option<String>,
    /// The network that it was last seen in, such as `203.0.113.0/24`, where networks are listed.
    pub network: Option<String>,
}

impl From<sessera::ListedSession> for ListedSession {
    fn from(listed: sessera::ListedSession) -> Self {
        let sessera::ListedSession { id, started_at, last_seen, expires_at, label, network } = listed;
        Self {
            id,
            started_at: started_at.into(),
            last_seen: last_seen.into(),
            expires_at: expires_at.into(),
            label,
            network,
        }
    }
}

//! From a payload whose signature held to claims.

use super::{MOST_AUDIENCES, Realm, TokenClaims, VISITOR, fast};
use crate::binding::Fingerprint;
use crate::claims::{Claims, is_reserved};
use crate::codec::json::{self, Kind, Limits, MOST_MEMBERS, Value};
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::TokenType;
use crate::session_id::SessionId;

/// Reads the claims of a session token of `realm`.
///
/// # Errors
/// `malformed` and `too_large` as the strict reader, `invalid_claim` for a claim that is missing or not what
/// it must be, then `wrong_issuer`, then `wrong_audience`.
pub(crate) fn read(payload: &[u8], realm: &Realm) -> Result<Box<TokenClaims>> {
    let payload = std::str::from_utf8(payload)
        .map_err(|_| SessionError::new(ErrorKind::Malformed, "the payload is not UTF-8"))?;
    let claims = if let Some((claims, rest_at)) = fast::begin(payload, realm) {
        rest(payload, rest_at, claims)?
    } else {
        let mut draft = Draft::default();
        json::read_object(payload.as_bytes(), Limits::TOKEN, |name, value| {
            draft.member(&name, value, realm)
        })?;
        Box::new(draft.into_claims(Claims::of(payload))?)
    };
    if (claims.subject == VISITOR) == (realm.token_type == TokenType::Visitor) {
        Ok(claims)
    } else {
        Err(missing("sub and typ do not fit: the subject of visitors belongs to visitors' tokens alone"))
    }
}

/// Adds what stands behind the claims of the fast path.
fn rest(payload: &str, at: usize, mut claims: Box<TokenClaims>) -> Result<Box<TokenClaims>> {
    let read = fast::MEMBERS + usize::from(claims.fingerprint.is_some());
    let limits = Limits { members: MOST_MEMBERS - read, ..Limits::TOKEN };
    json::read_rest_of_object(payload, at, limits, |name, value| {
        match &*name {
            "acr" => claims.acr = Some(text(value, NOT_ACR)?.into_owned()),
            "amr" => claims.amr = strings(value, NOT_AMR)?,
            "cnf" => claims.key_thumbprint = Some(thumbprint(value)?),
            "fpr" if claims.fingerprint.is_none() => {
                claims.fingerprint = Some(Fingerprint::parse(&text(value, NOT_FPR)?)?);
            }
            // The names of the first members were not shown to the reader, so a second one is ours to refuse.
            name if is_reserved(name) => {
                return Err(SessionError::new(ErrorKind::Malformed, "a claim stands twice in the payload"));
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(claims)
}

const NOT_ACR: &str = "acr is not a string";
const NOT_FPR: &str = "fpr is not a string";
const NOT_AMR: &str = "amr is not an array of strings";

/// Claims as far as they have been seen.
#[derive(Default)]
struct Draft<'a> {
    issuer: Option<bool>,
    audience: Option<bool>,
    subject: Option<std::borrow::Cow<'a, str>>,
    id: Option<SessionId>,
    id_text: &'a str,
    /// `jti`
    token_id: Option<std::borrow::Cow<'a, str>>,
    generation: Option<u64>,
    issued_at: Option<u64>,
    not_before: Option<u64>,
    expires_at: Option<u64>,
    authenticated_at: Option<u64>,
    started_at_ms: Option<u64>,
    ends_at: Option<u64>,
    fingerprint: Option<Fingerprint>,
    acr: Option<String>,
    amr: Option<Vec<String>>,
    confirmation: Option<String>,
}

impl Draft<'_> {
    fn into_claims(self, application: Claims) -> Result<TokenClaims> {
        let issuer = self.issuer.ok_or_else(|| missing("iss is missing"))?;
        let audience = self.audience.ok_or_else(|| missing("aud is missing"))?;
        let id = self.id.ok_or_else(|| missing("sid is missing"))?;
        let generation = self.generation.ok_or_else(|| missing("gen is missing"))?;
        let token_id = self.token_id.ok_or_else(|| missing("jti is missing"))?;
        let claims = TokenClaims {
            subject: self.subject.ok_or_else(|| missing("sub is missing"))?.into_owned(),
            id,
            id_text: self.id_text.to_owned(),
            generation,
            issued_at: self.issued_at.ok_or_else(|| missing("iat is missing"))?,
            not_before: self.not_before.ok_or_else(|| missing("nbf is missing"))?,
            expires_at: self.expires_at.ok_or_else(|| missing("exp is missing"))?,
            authenticated_at: self.authenticated_at.ok_or_else(|| missing("auth_time is missing"))?,
            started_at_ms: self.started_at_ms.ok_or_else(|| missing("sat is missing"))?,
            ends_at: self.ends_at.ok_or_else(|| missing("sxp is missing"))?,
            fingerprint: self.fingerprint,
            acr: self.acr,
            amr: self.amr.unwrap_or_default(),
            key_thumbprint: self.confirmation,
            application,
        };
        let expected = token_id.strip_prefix(self.id_text).and_then(|rest| rest.strip_prefix('.'));
        if expected != Some(itoa::Buffer::new().format(generation)) {
            return Err(missing("jti is not the session and the generation"));
        }
        if claims.expires_at > claims.ends_at {
            return Err(missing("exp is after sxp"));
        }
        if !issuer {
            return Err(SessionError::new(ErrorKind::WrongIssuer, "iss is not the configured issuer"));
        }
        if !audience {
            return Err(SessionError::new(
                ErrorKind::WrongAudience,
                "aud does not name the configured audience",
            ));
        }
        Ok(claims)
    }
}

impl<'a> Draft<'a> {
    fn member(&mut self, name: &str, value: Value<'a>, realm: &Realm) -> Result<()> {
        match name {
            "iss" => self.issuer = Some(text(value, "iss is not a string")? == realm.issuer),
            "aud" => self.audience = Some(audience_matches(value, &realm.audience)?),
            "sub" => {
                let subject = text(value, "sub is not a string")?;
                if subject.is_empty() {
                    return Err(missing("sub is empty"));
                }
                self.subject = Some(subject);
            }
            "iat" => self.issued_at = Some(time(value, "iat is not a time")?),
            "nbf" => self.not_before = Some(time(value, "nbf is not a time")?),
            "exp" => self.expires_at = Some(time(value, "exp is not a time")?),
            "auth_time" => self.authenticated_at = Some(time(value, "auth_time is not a time")?),
            "sat" => self.started_at_ms = Some(time(value, "sat is not a time")?),
            "sxp" => self.ends_at = Some(time(value, "sxp is not a time")?),
            "gen" => self.generation = Some(time(value, "gen is not a generation")?),
            "jti" => self.token_id = Some(text(value, "jti is not a string")?),
            "sid" => {
                let id = text(value, "sid is not a string")?;
                self.id = Some(SessionId::parse(&id)?);
                // An id has no character that JSON must escape; one that is escaped all the same is not ours.
                self.id_text = value.raw.trim_matches('"');
            }
            "fpr" => self.fingerprint = Some(Fingerprint::parse(&text(value, NOT_FPR)?)?),
            "acr" => self.acr = Some(text(value, NOT_ACR)?.into_owned()),
            "amr" => self.amr = Some(strings(value, NOT_AMR)?),
            "cnf" => self.confirmation = Some(thumbprint(value)?),
            _ => {}
        }
        Ok(())
    }
}

fn missing(message: &'static str) -> SessionError {
    SessionError::new(ErrorKind::InvalidClaim, message)
}

fn text<'a>(value: Value<'a>, wrong: &'static str) -> Result<std::borrow::Cow<'a, str>> {
    value.text().ok_or_else(|| missing(wrong))
}

fn time(value: Value<'_>, wrong: &'static str) -> Result<u64> {
    value.integer().ok_or_else(|| missing(wrong))
}

fn strings(value: Value<'_>, wrong: &'static str) -> Result<Vec<String>> {
    if value.kind != Kind::Array {
        return Err(missing(wrong));
    }
    let mut strings = Vec::new();
    json::read_array(value.raw, Limits::TOKEN, |element| {
        strings.push(text(element, wrong)?.into_owned());
        Ok(())
    })?;
    Ok(strings)
}

fn audience_matches(value: Value<'_>, expected: &str) -> Result<bool> {
    const WRONG: &str = "aud is neither a string nor an array of strings";
    if let Some(audience) = value.text() {
        return Ok(audience == expected);
    }
    let audiences = strings(value, WRONG)?;
    match audiences.len() {
        0 => Err(missing("aud is empty")),
        1..=MOST_AUDIENCES => Ok(audiences.iter().any(|audience| audience == expected)),
        _ => Err(SessionError::new(ErrorKind::TooLarge, "aud names more than 8 audiences")),
    }
}

/// `cnf` with `jkt`, the one confirmation method that we issue (RFC 7800 §3, RFC 9449 §6.1).
fn thumbprint(value: Value<'_>) -> Result<String> {
    const WRONG: &str = "cnf is not an object that holds only jkt";
    let mut thumbprint = None;
    if value.kind != Kind::Object {
        return Err(missing(WRONG));
    }
    json::read_object(value.raw.as_bytes(), Limits::TOKEN, |name, value| {
        if name != "jkt" {
            return Err(missing(WRONG));
        }
        thumbprint = Some(text(value, WRONG)?.into_owned());
        Ok(())
    })?;
    thumbprint.filter(|text| text.len() == 43).ok_or_else(|| missing(WRONG))
}

//! Application claims: what an application keeps in a token besides the session's own facts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::codec::json::{self, Limits, MOST_MEMBERS, Value};
use crate::error::{ErrorKind, Result, SessionError};

/// Most application claims of a token: what its own claims leave of the members that a payload may have.
const MOST_CLAIMS: usize = MOST_MEMBERS - RESERVED.len();

/// The names that belong to the token itself, so that no application claim may have them.
const RESERVED: [&str; 16] = [
    "iss",
    "aud",
    "sub",
    "iat",
    "nbf",
    "exp",
    "jti",
    "sid",
    "auth_time",
    "gen",
    "sat",
    "sxp",
    "fpr",
    "acr",
    "amr",
    "cnf",
];

/// Whether `name` belongs to the token itself, so that no application claim may have it.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// The application's claims of a verified token.
///
/// They are kept as the JSON they came in, and made into values only when asked for. Cloning is cheap.
///
/// ```
/// use sessera::{Client, Keyring, NewSession, Sessions};
/// # fn main() -> Result<(), sessera::SessionError> {
/// let sessions = Sessions::builder("https://app.example", "web")
///     .keyring(Keyring::generate(sessera::Algorithm::Hs256)?)
///     .build()?;
/// let login = NewSession::new("user-42").claim("roles", ["editor"]).claim("theme", "dark");
/// let issued = sessions.issue(login, &Client::new())?;
/// let claims = &issued.session.claims;
/// assert_eq!(claims.get::<Vec<String>>("roles")?, Some(vec!["editor".to_owned()]));
/// assert_eq!(claims.get::<bool>("missing")?, None);
/// assert_eq!(claims.to_json(), r#"{"roles":["editor"],"theme":"dark"}"#);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Claims {
    /// All claims of the token, as signed, or what stands behind its own of them: a comma and the rest of the
    /// object. None where that is nothing.
    json: Option<Arc<str>>,
}

impl Claims {
    /// The claims of a payload that [`read`](crate::token) accepted, or of what stands in it behind the token's
    /// own, from the comma or the closing brace on.
    pub(crate) fn of(json: &str) -> Self {
        Self { json: (json != "}").then(|| Arc::from(json)) }
    }

    /// No claims.
    pub(crate) const fn none() -> Self {
        Self { json: None }
    }

    /// The claim of this name as a `T`; `None` when there is no such claim.
    ///
    /// # Errors
    /// [`InvalidClaim`](ErrorKind::InvalidClaim) when the claim is there but is no `T`.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        serde_json::from_str(raw).map(Some).map_err(|_| {
            SessionError::new(ErrorKind::InvalidClaim, "the claim is not of the type that was asked for")
        })
    }

    /// The claim of this name as JSON text.
    pub fn raw(&self, name: &str) -> Option<&str> {
        let mut found = None;
        self.each(|other, value| {
            if other == name {
                found = Some(value.raw);
            }
        });
        found
    }

    /// The names, in the order of the token.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        self.each(|name, _| names.push(name.into_owned()));
        names
    }

    /// Whether there is no application claim.
    pub fn is_empty(&self) -> bool {
        let mut empty = true;
        self.each(|_, _| empty = false);
        empty
    }

    /// All of them as values.
    pub fn to_map(&self) -> BTreeMap<String, serde_json::Value> {
        let mut map = BTreeMap::new();
        self.each(|name, value| {
            // A value that the strict reader accepted is one for serde_json too.
            map.insert(name.into_owned(), serde_json::from_str(value.raw).unwrap_or_default());
        });
        map
    }

    /// All of them as one JSON object, in the order of the token.
    pub fn to_json(&self) -> String {
        let members = NewClaims::from(self).members;
        format!("{{{}}}", members.strip_prefix(',').unwrap_or_default())
    }

    fn each<'a>(&'a self, mut member: impl FnMut(Cow<'a, str>, Value<'a>)) {
        let show = |name: Cow<'a, str>, value| {
            if !is_reserved(&name) {
                member(name, value);
            }
            Ok(())
        };
        let read = match self.json.as_deref() {
            None => Ok(()),
            Some(rest) if rest.starts_with([',', '}']) => {
                json::read_rest_of_object(rest, 0, Limits::TOKEN, show)
            }
            Some(all) => json::read_object(all.as_bytes(), Limits::TOKEN, show),
        };
        debug_assert!(read.is_ok(), "the payload was read before");
    }
}

impl Default for Claims {
    /// No claims.
    fn default() -> Self {
        Self::none()
    }
}

impl fmt::Debug for Claims {
    /// The names only: values are user data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claims").field(&self.names()).finish()
    }
}

impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        self.to_map() == other.to_map()
    }
}

/// Application claims on their way into a token.
#[derive(Debug, Default)]
pub(crate) struct NewClaims {
    /// As JSON, with a comma before each, as they stand behind the token's own.
    pub(crate) members: String,
    /// The first claim that could not be written; told when the token is made, so that claims can be chained.
    error: Option<SessionError>,
}

impl NewClaims {
    pub(crate) fn add(&mut self, name: &str, value: &impl Serialize) {
        match serde_json::to_string(value) {
            Ok(raw) => self.add_raw(name, &raw),
            Err(cause) => self.refuse("a claim can't be written as JSON", cause),
        }
    }

    pub(crate) fn add_object(&mut self, object: &str) {
        let read = json::read_object(object.as_bytes(), Limits::TOKEN, |name, value| {
            self.add_raw(&name, value.raw);
            Ok(())
        });
        // What was added of an object that is none stays where it is: these claims lead to the error alone.
        if let Err(cause) = read {
            self.refuse("the claims are not a JSON object within the limits of a token", cause);
        }
    }

    /// These claims, and those of `present` that they don't replace, checked for a token.
    pub(crate) fn over(self, present: &Claims) -> Result<String> {
        let replaced = Claims::of(&(self.validate()? + "}"));
        let mut merged = Self::default();
        present.each(|name, value| {
            if replaced.raw(&name).is_none() {
                merged.add_raw(&name, value.raw);
            }
        });
        replaced.each(|name, value| merged.add_raw(&name, value.raw));
        merged.validate()
    }

    fn add_raw(&mut self, name: &str, raw: &str) {
        self.members.reserve(name.len() + raw.len() + 5);
        self.members.push(',');
        write_string(name, &mut self.members);
        self.members.push(':');
        self.members.push_str(raw);
    }

    fn refuse(&mut self, message: &'static str, cause: impl std::error::Error + Send + Sync + 'static) {
        let error = SessionError::new(ErrorKind::InvalidClaim, message).caused_by(cause);
        self.error.get_or_insert(error);
    }

    /// Checks that a verifier would accept these members after the token's own.
    pub(crate) fn validate(mut self) -> Result<String> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.members.is_empty() {
            return Ok(self.members);
        }
        // For a moment they are the rest of an object.
        self.members.push('}');
        let limits = Limits { members: MOST_CLAIMS, ..Limits::TOKEN };
        json::read_rest_of_object(&self.members, 0, limits, |name, value| {
            if is_reserved(&name) {
                return Err(SessionError::new(
                    ErrorKind::InvalidClaim,
                    "an application claim has a name that belongs to the token",
                ));
            }
            check_numbers(value)
        })
        .map_err(|cause| match cause.kind() {
            ErrorKind::InvalidClaim => cause,
            _ => SessionError::new(
                ErrorKind::InvalidClaim,
                "the claims break a limit of tokens, or one name stands twice",
            )
            .caused_by(cause),
        })?;
        self.members.pop();
        Ok(self.members)
    }
}

impl From<&Claims> for NewClaims {
    fn from(claims: &Claims) -> Self {
        let mut new = Self::default();
        claims.each(|name, value| new.add_raw(&name, value.raw));
        new
    }
}

/// A number that readers would round is not the number that was meant.
fn check_numbers(value: Value<'_>) -> Result<()> {
    // Digits of 2^63: with fewer, every integer fits.
    const FEWEST_DIGITS: usize = 19;
    match value.kind {
        _ if value.raw.len() < FEWEST_DIGITS => Ok(()),
        json::Kind::Object => {
            json::read_object(value.raw.as_bytes(), Limits::TOKEN, |_, member| check_numbers(member))
        }
        json::Kind::Array => json::read_array(value.raw, Limits::TOKEN, check_numbers),
        json::Kind::Number if value.raw.bytes().all(|b| b == b'-' || b.is_ascii_digit()) => {
            if value.raw.parse::<i64>().is_ok() || value.raw.parse::<u64>().is_ok() {
                Ok(())
            } else {
                Err(SessionError::new(ErrorKind::InvalidClaim, "an integer does not fit in 64 bits"))
            }
        }
        _ => Ok(()),
    }
}

/// Writes `text` as a JSON string.
pub(crate) fn write_string(text: &str, json: &mut String) {
    if json::plain_length(text.as_bytes()) == text.len() {
        json.push('"');
        json.push_str(text);
        json.push('"');
    } else {
        // Writing a string to memory as JSON has no way to fail.
        json.push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

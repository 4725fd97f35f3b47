//! What a file of vectors holds. `vectors/README.md` says the same to those who read it in another language.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One file: what all its cases share, and the cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The file's name without `.json`.
    #[serde(skip)]
    pub name: String,
    /// What the cases are about.
    pub about: String,
    /// The configured issuer.
    pub issuer: String,
    /// The configured audience.
    pub audience: String,
    /// The keyring: a JWK Set with private keys, as text.
    pub keys: String,
    /// The cases.
    pub cases: Vec<Case>,
}

impl File {
    /// Reads the text of the file at `path`.
    ///
    /// # Errors
    /// When it does not follow the format; the message names the file.
    pub fn parse(path: &Path, text: &str) -> io::Result<Self> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let file: Self = serde_json::from_str(text)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {error}")))?;
        Ok(Self { name: name.into_owned(), ..file })
    }

    /// The text of the file.
    ///
    /// # Errors
    /// None that this type can cause.
    pub fn text(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}

/// Steps that are taken one after the other with a store of their own, and what each must lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The rule that the case shows; unique in its file.
    pub name: String,
    /// What differs from the default policy.
    #[serde(default, skip_serializing_if = "Policy::is_default")]
    pub policy: Policy,
    /// Whether there is a store. Default true.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub store: bool,
    /// Whether tokens are sealed. Default false.
    #[serde(default, skip_serializing_if = "is_no")]
    pub sealed: bool,
    /// The steps.
    pub steps: Vec<Step>,
}

/// What differs from the default policy. Spans are in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// `idle_timeout`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout: Option<u64>,
    /// `absolute_timeout`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absolute_timeout: Option<u64>,
    /// `renew_after`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renew_after: Option<u64>,
    /// `grace`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace: Option<u64>,
    /// `leeway`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leeway: Option<u64>,
    /// `on_reuse`: `revoke` or `refuse`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_reuse: Option<String>,
    /// Modes by the fact's name: `off`, `report`, `step_up` or `enforce`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub binding: BTreeMap<String, String>,
}

impl Policy {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The facts that are known about the caller.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The `User-Agent` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
    /// The device secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// The thumbprint of the proven key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// How many milliseconds ago the request arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited: Option<u64>,
}

impl Client {
    fn is_unknown(&self) -> bool {
        *self == Self::default()
    }
}

/// One call, and what it must lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The call.
    #[serde(rename = "do")]
    pub verb: Verb,
    /// The time of the call, in Unix milliseconds. Calls that need none have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now: Option<u64>,
    /// The token that the call is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who calls.
    #[serde(default, skip_serializing_if = "Client::is_unknown")]
    pub client: Client,
    /// The rest of what the call takes.
    #[serde(default, skip_serializing_if = "Arguments::is_empty")]
    pub with: Arguments,
    /// What it must lead to.
    pub expect: Expect,
}

/// The calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// `Sessions::issue`, with `subject`, `claims`, `acr`, `amr`.
    Issue,
    /// `Sessions::verify`.
    Verify,
    /// `Sessions::renew`, or with `claims` in place of the present ones.
    Renew,
    /// `Sessions::rotate`.
    Rotate,
    /// `Sessions::elevate`, with `claims`, `acr`, `amr`.
    Elevate,
    /// `Sessions::end`; `text` of the outcome is how far that has come, or absent.
    End,
    /// `Sessions::issue_visitor`, with `claims`.
    IssueVisitor,
    /// `Sessions::verify_visitor`.
    VerifyVisitor,
    /// `Sessions::renew_visitor`, or with `claims` in place of the present ones.
    RenewVisitor,
    /// `Sessions::revoke_session`, with `id`.
    RevokeSession,
    /// `Sessions::revoke_subject`, with `subject`.
    RevokeSubject,
    /// `Sessions::revoke_all`.
    RevokeAll,
    /// `Sessions::revoke_key`, with `id`.
    RevokeKey,
    /// `Sessions::revoke_others`.
    RevokeOthers,
    /// `jose::jws::verify` with `typ`; `text` of the outcome is the payload.
    OpenJws,
    /// `jose::jwe::open` with `typ`, the content's type; `text` of the outcome is the payload.
    OpenJwe,
    /// `Sessions::verify`, then `Sessions::require` with `max_age`, `acrs`, `amr`.
    Require,
    /// `Sessions::verify`, then `Sessions::check_csrf` with `csrf`, `method`, `sec_fetch_site`, `origin`,
    /// `own_origins`, `trusted_origins`.
    CheckCsrf,
    /// `Cookie::read` of `text`, by the default settings.
    ReadCookie,
    /// `Cookie::set_cookie` of `text`, by the default settings.
    SetCookie,
    /// `binding::client_address` of `peer`, `forwarded_for` and `trusted_hops`.
    ClientAddress,
    /// `Keyring::from_jwks` of `text`; `skipped` of the outcome are its `skipped`.
    LoadKeys,
    /// `Keyring::from_public_jwks` of `text`; `skipped` of the outcome are its `skipped`.
    LoadPublicKeys,
    /// `Keyring::from_pem` of `text`; `text` of the outcome is the name of its key.
    LoadPem,
    /// `DpopVerifier::verify` of the proof `text` for `method` and `url`, with the access token `token`; `text` of the
    /// outcome is the key's thumbprint.
    VerifyProof,
}

/// What calls take besides a token and a client.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Arguments {
    /// Who logs in, or whose sessions end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// A session's id, or a key's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Application claims.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claims: Option<BTreeMap<String, Value>>,
    /// How the user authenticated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How the user authenticated, or must have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// How the user must have authenticated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub acrs: Vec<String>,
    /// How many seconds ago at the most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u64>,
    /// The CSRF token that the request brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csrf: Option<String>,
    /// The request's method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The request's URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The request's `Sec-Fetch-Site`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sec_fetch_site: Option<String>,
    /// The request's `Origin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The application's own origins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own_origins: Vec<String>,
    /// Other origins that are trusted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusted_origins: Vec<String>,
    /// The address of the peer, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The values of the `X-Forwarded-For` headers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forwarded_for: Vec<String>,
    /// How many proxies are trusted, the peer included.
    #[serde(skip_serializing_if = "is_zero")]
    pub trusted_hops: usize,
    /// The type that a token must be of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// What is read or written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Arguments {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a call must lead to: an error of that code, or else success with all that is named here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// The code of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The token that is issued, byte for byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session>,
    /// What is read or written. Without it, a cookie is not there, or an address is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The `kid` of each key that is skipped.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<String>,
}

/// All facts of a session. Instants are in Unix milliseconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of sessera::Session")]
pub struct Session {
    pub subject: String,
    /// Absent where it is random: a login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub generation: u64,
    pub issued_at: u64,
    pub rotated_at: u64,
    pub started_at: u64,
    pub authenticated_at: u64,
    pub expires_at: u64,
    pub ends_at: u64,
    pub acr: Option<String>,
    pub amr: Vec<String>,
    pub claims: BTreeMap<String, Value>,
    pub superseded: bool,
    pub renew_due: bool,
    pub rotation_due: bool,
    /// The verdict on each fact, by its name.
    pub binding: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

// Their signatures are serde's.
#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_zero(value: &usize) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_yes(value: &bool) -> bool {
    *value
}

#[expect(clippy::trivially_copy_pass_by_ref)]
fn is_no(value: &bool) -> bool {
    !*value
}

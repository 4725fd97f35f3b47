//! What goes into a token, and the session that must come out of it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{AUDIENCE, ISSUER, MINUTE_MS, NOW, NOW_MS};
use crate::format::Session;

/// The id of all sessions here.
pub(super) const ID: &str = "AAECAwQFBgcICQoLDA0ODw";

/// The default idle timeout, in milliseconds.
const IDLE_MS: u64 = 30 * MINUTE_MS;
/// A sixth of it.
const RENEW_MS: u64 = 5 * MINUTE_MS;

/// The claims of a session. Times are in seconds, but for `started_at_ms`.
#[derive(Clone)]
pub(super) struct Claims {
    pub(super) subject: String,
    pub(super) id: String,
    pub(super) generation: u64,
    pub(super) issued_at: u64,
    /// When the generation began, in seconds.
    pub(super) rotated_at: u64,
    pub(super) expires_at: u64,
    pub(super) authenticated_at: u64,
    pub(super) started_at_ms: u64,
    pub(super) ends_at: u64,
    pub(super) acr: Option<String>,
    pub(super) amr: Vec<String>,
    pub(super) application: BTreeMap<String, Value>,
}

impl Claims {
    /// A login of `user-42` at [`NOW`], by the default policy.
    pub(super) fn fresh() -> Self {
        Self {
            subject: "user-42".to_owned(),
            id: ID.to_owned(),
            generation: 0,
            issued_at: NOW,
            rotated_at: NOW,
            expires_at: NOW + IDLE_MS / 1000,
            authenticated_at: NOW,
            started_at_ms: NOW_MS,
            ends_at: NOW + 12 * 3600,
            acr: None,
            amr: Vec::new(),
            application: BTreeMap::new(),
        }
    }

    pub(super) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.application.insert(name.to_owned(), value.into());
        self
    }

    /// Issued again at that time, in its generation.
    pub(super) fn renewed(mut self, at_ms: u64) -> Self {
        self.issued_at = at_ms / 1000;
        self.expires_at = ((at_ms + IDLE_MS) / 1000).min(self.ends_at);
        self
    }

    /// One generation on, as of that time.
    pub(super) fn rotated(mut self, at_ms: u64) -> Self {
        self.generation += 1;
        self.rotated_at = at_ms / 1000;
        self.renewed(at_ms)
    }

    /// The payload in the layout that the library writes.
    pub(super) fn payload(&self) -> Payload {
        let mut members = vec![
            ("iss", text(ISSUER)),
            ("aud", text(AUDIENCE)),
            ("sub", text(&self.subject)),
            ("iat", self.issued_at.to_string()),
            ("nbf", self.rotated_at.to_string()),
            ("exp", self.expires_at.to_string()),
            ("jti", text(&format!("{}.{}", self.id, self.generation))),
            ("sid", text(&self.id)),
            ("auth_time", self.authenticated_at.to_string()),
            ("gen", self.generation.to_string()),
            ("sat", self.started_at_ms.to_string()),
            ("sxp", self.ends_at.to_string()),
        ];
        members.extend(self.acr.iter().map(|acr| ("acr", text(acr))));
        if !self.amr.is_empty() {
            members.push(("amr", Value::from(self.amr.clone()).to_string()));
        }
        let application = self.application.iter().map(|(name, value)| (name.as_str(), value.to_string()));
        Payload(members.into_iter().chain(application).map(|(name, raw)| (text(name), raw)).collect())
    }

    /// The session that a verify at that time must find, with nothing bound.
    pub(super) fn session(&self, now_ms: u64) -> Session {
        let facts = ["device", "ip", "key", "user_agent"];
        Session {
            subject: self.subject.clone(),
            id: Some(self.id.clone()),
            generation: self.generation,
            issued_at: self.issued_at * 1000,
            rotated_at: self.rotated_at * 1000,
            started_at: self.started_at_ms,
            authenticated_at: self.authenticated_at * 1000,
            expires_at: self.expires_at * 1000,
            ends_at: self.ends_at * 1000,
            acr: self.acr.clone(),
            amr: self.amr.clone(),
            claims: self.application.clone(),
            superseded: false,
            renew_due: now_ms >= self.issued_at * 1000 + RENEW_MS,
            rotation_due: now_ms >= self.rotated_at * 1000 + RENEW_MS,
            binding: facts.map(|fact| (fact.to_owned(), "unbound".to_owned())).into(),
        }
    }
}

/// Members as they are written, name and value.
#[derive(Clone)]
pub(super) struct Payload(Vec<(String, String)>);

impl Payload {
    /// Replaces a claim's raw value, or adds the claim at the end.
    pub(super) fn with(mut self, name: &str, raw: &str) -> Self {
        let name = text(name);
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some((_, value)) => raw.clone_into(value),
            None => self.0.push((name, raw.to_owned())),
        }
        self
    }

    /// Adds a member at the end, whose name is raw too.
    pub(super) fn and(mut self, raw_name: &str, raw: &str) -> Self {
        self.0.push((raw_name.to_owned(), raw.to_owned()));
        self
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        let name = text(name);
        self.0.retain(|(other, _)| *other != name);
        self
    }

    pub(super) fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    pub(super) fn text(&self) -> String {
        let members: Vec<_> = self.0.iter().map(|(name, raw)| format!("{name}:{raw}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// `text` as a JSON string.
fn text(text: &str) -> String {
    Value::from(text).to_string()
}

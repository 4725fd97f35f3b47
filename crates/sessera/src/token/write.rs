//! From claims to the payload that is signed.

use super::{Realm, TokenClaims};
use crate::claims::{Claims, write_string};

impl TokenClaims {
    /// The payload, in the one layout that [`fast`](super::fast) knows, with these application members.
    pub(crate) fn write(&mut self, realm: &Realm, members: &str) -> String {
        let mut json = String::with_capacity(512 + members.len());
        let mut digits = itoa::Buffer::new();
        let mut number = |json: &mut String, name: &str, value: u64| {
            json.push_str(name);
            json.push_str(digits.format(value));
        };
        json.push_str(&realm.prefix);
        write_string(&self.subject, &mut json);
        number(&mut json, ",\"iat\":", self.issued_at);
        number(&mut json, ",\"nbf\":", self.not_before);
        number(&mut json, ",\"exp\":", self.expires_at);
        json.push_str(",\"jti\":\"");
        json.push_str(&self.id_text);
        number(&mut json, ".", self.generation);
        json.push_str("\",\"sid\":\"");
        json.push_str(&self.id_text);
        number(&mut json, "\",\"auth_time\":", self.authenticated_at);
        number(&mut json, ",\"gen\":", self.generation);
        number(&mut json, ",\"sat\":", self.started_at_ms);
        number(&mut json, ",\"sxp\":", self.ends_at);
        if let Some(fingerprint) = &self.fingerprint {
            json.push_str(",\"fpr\":\"");
            json.push_str(fingerprint.as_str());
            json.push('"');
        }
        let rest_at = json.len();
        if let Some(acr) = &self.acr {
            json.push_str(",\"acr\":");
            write_string(acr, &mut json);
        }
        if !self.amr.is_empty() {
            json.push_str(",\"amr\":[");
            for (nth, method) in self.amr.iter().enumerate() {
                json.push_str(if nth == 0 { "" } else { "," });
                write_string(method, &mut json);
            }
            json.push(']');
        }
        if let Some(thumbprint) = &self.key_thumbprint {
            json.push_str(",\"cnf\":{\"jkt\":");
            write_string(thumbprint, &mut json);
            json.push('}');
        }
        json.push_str(members);
        json.push('}');
        self.application = Claims::of(&json[rest_at..]);
        json
    }
}

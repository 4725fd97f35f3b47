//! A payload as raw JSON members, so that it can be wrong in any way.

use crate::forge::{AUDIENCE, ISSUER, NOW};

pub(crate) const SID: &str = "AAECAwQFBgcICQoLDA0ODw";

/// Members in their order: name and value as they are written, quotes included.
#[derive(Clone)]
pub(crate) struct Payload(Vec<(String, String)>);

impl Payload {
    /// What the library itself would write, in its own order.
    pub(crate) fn good() -> Self {
        let text = |text: &str| format!("{text:?}");
        let members = [
            ("iss", text(ISSUER)),
            ("aud", text(AUDIENCE)),
            ("sub", text("user-42")),
            ("iat", NOW.to_string()),
            ("nbf", NOW.to_string()),
            ("exp", (NOW + 1800).to_string()),
            ("jti", format!("\"{SID}.0\"")),
            ("sid", text(SID)),
            ("auth_time", NOW.to_string()),
            ("gen", "0".to_owned()),
            ("sat", (NOW * 1000).to_string()),
            ("sxp", (NOW + 12 * 3600).to_string()),
        ];
        Self(members.into_iter().map(|(name, value)| (text(name), value)).collect())
    }

    /// Replaces a claim's raw value, or adds the claim at the end.
    pub(crate) fn with(mut self, name: &str, raw: impl Into<String>) -> Self {
        let name = format!("{name:?}");
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some((_, value)) => *value = raw.into(),
            None => self.0.push((name, raw.into())),
        }
        self
    }

    /// Adds a member at the end, its name raw too, whether or not it is there already.
    pub(crate) fn and(mut self, raw_name: &str, raw: impl Into<String>) -> Self {
        self.0.push((raw_name.to_owned(), raw.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        let name = format!("{name:?}");
        self.0.retain(|(other, _)| *other != name);
        self
    }

    /// The other way round: what a foreign issuer might write, and our fast reader does not know.
    pub(crate) fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    /// Both orders, because two readers read them.
    pub(crate) fn orders(&self) -> [String; 2] {
        [self.text(), self.clone().reversed().text()]
    }

    pub(crate) fn text(&self) -> String {
        let members: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}:{value}")).collect();
        format!("{{{}}}", members.join(","))
    }
}

/// Asserts that a payload ends with this code, in both orders.
#[track_caller]
pub(crate) fn refused_in_both_orders(payload: &Payload, code: &str) {
    for text in payload.orders() {
        crate::forge::refused(crate::forge::HS256, &crate::forge::HS256.carrying(&text), code);
    }
}

//! The payload layout that we write ourselves, read without a JSON reader.
//!
//! Nothing is accepted here that the reader would refuse: whatever does not look exactly like our own
//! writing is left to it, from the beginning.

use std::borrow::Cow;

use super::Realm;
use super::read::Draft;
use crate::binding::Fingerprint;
use crate::session_id::SessionId;

/// How many members [`begin`] reads at the most; the rest of the object may have only as many as remain.
pub(super) const MEMBERS: usize = 13;

/// The session's own claims and where the rest of the object begins; `None` when the layout is another.
pub(super) fn begin<'a>(payload: &'a str, realm: &Realm) -> Option<(Draft<'a>, usize)> {
    let mut cursor = Cursor { text: payload, at: 0 };
    cursor.literal(&realm.prefix)?;
    let subject = cursor.plain_string()?;
    let issued_at = cursor.member_number(",\"iat\":")?;
    let not_before = cursor.member_number(",\"nbf\":")?;
    let expires_at = cursor.member_number(",\"exp\":")?;
    cursor.literal(",\"jti\":")?;
    let token_id = cursor.plain_string()?;
    cursor.literal(",\"sid\":")?;
    let id_text = cursor.plain_string()?;
    let authenticated_at = cursor.member_number(",\"auth_time\":")?;
    let generation = cursor.member_number(",\"gen\":")?;
    let started_at_ms = cursor.member_number(",\"sat\":")?;
    let ends_at = cursor.member_number(",\"sxp\":")?;
    let fingerprint = match cursor.literal(",\"fpr\":") {
        Some(()) => Some(Fingerprint::parse(cursor.plain_string()?).ok()?),
        None => None,
    };
    let draft = Draft {
        issuer: Some(true),
        audience: Some(true),
        subject: Some(Cow::Borrowed(subject)).filter(|subject| !subject.is_empty()),
        id: Some(SessionId::parse(id_text).ok()?),
        id_text,
        token_id: Some(Cow::Borrowed(token_id)),
        generation: Some(generation),
        issued_at: Some(issued_at),
        not_before: Some(not_before),
        expires_at: Some(expires_at),
        authenticated_at: Some(authenticated_at),
        started_at_ms: Some(started_at_ms),
        ends_at: Some(ends_at),
        fingerprint,
        ..Draft::default()
    };
    Some((draft, cursor.at))
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    fn literal(&mut self, literal: &str) -> Option<()> {
        self.rest().starts_with(literal.as_bytes()).then(|| self.at += literal.len())
    }

    /// A string without escapes, of at most 1024 bytes.
    fn plain_string(&mut self) -> Option<&'a str> {
        self.literal("\"")?;
        let bytes = self.rest();
        let length = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
        if bytes[length] != b'"' || length > 1024 {
            return None;
        }
        let text = &self.text[self.at..self.at + length];
        self.at += length + 1;
        Some(text)
    }

    /// Plain digits without a leading zero, below 2^53.
    fn member_number(&mut self, name: &str) -> Option<u64> {
        self.literal(name)?;
        let bytes = self.rest();
        let mut value = 0_u64;
        let mut length = 0;
        while let Some(digit) = bytes.get(length).filter(|byte| byte.is_ascii_digit()) {
            // 16 digits are below 10^16, so the value cannot overflow before the length is refused.
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            length += 1;
        }
        if length == 0 || length > 16 || (length > 1 && bytes[0] == b'0') || value >= 1 << 53 {
            return None;
        }
        self.at += length;
        Some(value)
    }
}

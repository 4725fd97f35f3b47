//! The payload layout that we write ourselves, read without a JSON reader.
//!
//! Nothing is accepted here that the reader would refuse: whatever does not look exactly like our own
//! writing is left to it, from the beginning.

use super::{Realm, TokenClaims};
use crate::binding::Fingerprint;
use crate::claims::Claims;
use crate::codec::json;
use crate::session_id::SessionId;

/// How many members [`begin`] reads, besides `fpr`; the rest of the object may have as many as remain.
pub(super) const MEMBERS: usize = 12;

/// The session's own claims, and where the rest of the object begins, which nobody has looked at yet;
/// `None` when the layout is another, or something in it is wrong.
pub(super) fn begin(payload: &str, realm: &Realm) -> Option<(Box<TokenClaims>, usize)> {
    let mut cursor = Cursor { text: payload, at: 0 };
    cursor.literal(&realm.prefix)?;
    let subject = cursor.plain_string().filter(|subject| !subject.is_empty())?;
    let issued_at = cursor.number(",\"iat\":")?;
    let not_before = cursor.number(",\"nbf\":")?;
    let expires_at = cursor.number(",\"exp\":")?;
    cursor.literal(",\"jti\":\"")?;
    let id_text = cursor.id()?;
    let token_generation = cursor.number(".")?;
    cursor.literal("\",\"sid\":\"")?;
    cursor.literal(id_text)?;
    let authenticated_at = cursor.number("\",\"auth_time\":")?;
    let generation = cursor.number(",\"gen\":")?;
    let started_at_ms = cursor.number(",\"sat\":")?;
    let ends_at = cursor.number(",\"sxp\":")?;
    let fingerprint = match cursor.literal(",\"fpr\":") {
        Some(()) => Some(Fingerprint::parse(cursor.plain_string()?).ok()?),
        None => None,
    };
    let ends_here = matches!(cursor.rest().first(), Some(b',' | b'}'));
    if !ends_here || token_generation != generation || expires_at > ends_at {
        return None;
    }
    let claims = Box::new(TokenClaims {
        subject: subject.to_owned(),
        id: SessionId::parse(id_text).ok()?,
        id_text: id_text.to_owned(),
        generation,
        issued_at,
        not_before,
        expires_at,
        authenticated_at,
        started_at_ms,
        ends_at,
        fingerprint,
        acr: None,
        amr: Vec::new(),
        key_thumbprint: None,
        application: Claims::of(&payload[cursor.at..]),
    });
    Some((claims, cursor.at))
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn rest(&self) -> &'a [u8] {
        &self.text.as_bytes()[self.at..]
    }

    // Inlined, a comparison with a known text is one of a few words.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a tenth of the verify path, measured")]
    fn literal(&mut self, literal: &str) -> Option<()> {
        self.rest().starts_with(literal.as_bytes()).then(|| self.at += literal.len())
    }

    /// As many characters as an id has, whatever they are.
    fn id(&mut self) -> Option<&'a str> {
        let id = self.text.get(self.at..self.at + SessionId::TEXT_LENGTH)?;
        self.at += id.len();
        Some(id)
    }

    /// A string without escapes, within the limit of the reader.
    fn plain_string(&mut self) -> Option<&'a str> {
        self.literal("\"")?;
        let bytes = self.rest();
        let length = json::plain_length(bytes);
        if bytes.get(length) != Some(&b'"') || length > json::Limits::TOKEN.string {
            return None;
        }
        let text = self.text.get(self.at..self.at + length)?;
        self.at += length + 1;
        Some(text)
    }

    /// A member of that name whose value is plain digits, without a leading zero, below 2^53.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "a tenth of the verify path, measured")]
    fn number(&mut self, name: &str) -> Option<u64> {
        self.literal(name)?;
        self.digits()
    }

    fn digits(&mut self) -> Option<u64> {
        let bytes = self.rest();
        let (mut value, mut length) = (0, 0);
        while let Some(eight) = bytes.get(length..length + 8).and_then(eight_digits) {
            value = value * 100_000_000 + eight;
            length += 8;
            if length == 16 {
                break;
            }
        }
        while let Some(digit) = bytes.get(length).filter(|byte| byte.is_ascii_digit()) {
            value = value * 10 + u64::from(digit - b'0');
            length += 1;
            // So that the value can't overflow: 10^17 is far below 2^64.
            if length > 16 {
                return None;
            }
        }
        if length == 0 || (length > 1 && bytes[0] == b'0') || value >= 1 << 53 {
            return None;
        }
        self.at += length;
        Some(value)
    }
}

/// The value of eight bytes that are all digits, computed on all of them at once.
fn eight_digits(bytes: &[u8]) -> Option<u64> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const HIGH_HALVES: u64 = 0xF0F0_F0F0_F0F0_F0F0;
    let word = u64::from_le_bytes(bytes.try_into().ok()?);
    let digits = word ^ ZEROS;
    // A byte of at most 15 that is above 9 carries into its high half when 6 is added.
    if digits & HIGH_HALVES != 0 || (digits + 0x0606_0606_0606_0606) & HIGH_HALVES != 0 {
        return None;
    }
    // Each even byte becomes the number of two digits; then those are weighed, 10^6 and 100, 10^4 and 1, into
    // the high half.
    let pairs = digits * 10 + (digits >> 8);
    let outer = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(100 + (1_000_000 << 32));
    let inner = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(1 + (10_000 << 32));
    Some(outer.wrapping_add(inner) >> 32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Option<(u64, usize)> {
        let text = format!("n{text}");
        let mut cursor = Cursor { text: &text, at: 0 };
        cursor.number("n").map(|value| (value, cursor.at - 1))
    }

    proptest! {
        #[test]
        fn every_number_below_2_to_the_53_is_read_and_no_other(value in any::<u64>(), shift in 0..64_u32) {
            let value = value >> shift;
            let digits = value.to_string();
            let expected = (value < 1 << 53).then_some((value, digits.len()));
            prop_assert_eq!(number(&digits), expected);
            prop_assert_eq!(number(&format!("{digits},\"x\":12345678")), expected);
        }

        #[test]
        fn eight_bytes_are_digits_or_not(bytes in any::<[u8; 8]>(), digits in 0..100_000_000_u64) {
            let text = format!("{digits:08}");
            prop_assert_eq!(eight_digits(text.as_bytes()), Some(digits));
            let expected = std::str::from_utf8(&bytes).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
            prop_assert_eq!(eight_digits(&bytes).is_some(), expected.is_some());
            for at in 0..8 {
                let mut spoiled = text.clone().into_bytes();
                spoiled[at] = bytes[at];
                prop_assert_eq!(eight_digits(&spoiled).is_some(), bytes[at].is_ascii_digit());
            }
        }
    }

    #[test]
    fn a_number_is_plain_digits() {
        assert_eq!(number("0"), Some((0, 1)));
        assert_eq!(number("9007199254740991"), Some(((1 << 53) - 1, 16)));
        for text in ["", "01", "00000000", "9007199254740992", "99999999999999999999999999", "-1", "x"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}

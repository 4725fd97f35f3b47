//! What a token remembers of its client (`fpr`): keyed tags, from which nothing can be read.

use std::fmt;
use std::ops::BitOr;
use std::sync::OnceLock;

use ring::hmac;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{Fact, Facts};
use crate::codec::base64url;
use crate::error::{ErrorKind, Result, SessionError};
use crate::session_id::SessionId;

/// 96 bits of HMAC-SHA256 as base64url.
const TAG: usize = 16;
/// A dot, the fact's letter and its tag.
const FACT: usize = 2 + TAG;
const LONGEST: usize = TAG + Facts::KEYED.len() * FACT;
/// Room for the input of a tag: its kind, the session id and the facts, each with a length before it.
const INPUT: usize = 256;

/// The text of an `fpr` claim: `<tag of all facts>` and `.<letter><tag>` for each bound fact.
#[derive(Clone, Copy)]
pub(crate) struct Fingerprint {
    text: [u8; LONGEST],
    length: usize,
}

impl Fingerprint {
    /// Binds the facts that are present; `None` when none is.
    pub(super) fn of(facts: &Facts, id: SessionId, key: &hmac::Key) -> Option<Self> {
        let bound = Facts::KEYED.into_iter().filter(|fact| facts.value(*fact).is_some());
        bound.clone().next()?;
        let mut fingerprint = Self { text: [0; LONGEST], length: TAG };
        for fact in bound.clone() {
            let tag = fact_tag(facts, fact, id, key)?;
            let part = &mut fingerprint.text[fingerprint.length..fingerprint.length + FACT];
            part[..2].copy_from_slice(&[b'.', fact.letter()]);
            part[2..].copy_from_slice(&tag);
            fingerprint.length += FACT;
        }
        fingerprint.text[..TAG].copy_from_slice(&whole_input(facts, bound, id)?.tag(key));
        Some(fingerprint)
    }

    /// Reads the claim. What the tags are is for the comparison to find.
    ///
    /// # Errors
    /// `invalid_claim` for anything that is not as [`of`](Self::of) would have written it.
    pub(crate) fn parse(claim: &str) -> Result<Self> {
        let wrong = || SessionError::new(ErrorKind::InvalidClaim, "fpr is not a list of tags");
        let bytes = claim.as_bytes();
        let tagged = bytes.len() > TAG && bytes.len() <= LONGEST && (bytes.len() - TAG).is_multiple_of(FACT);
        if !tagged {
            return Err(wrong());
        }
        let mut order = Facts::KEYED.into_iter();
        for part in bytes[TAG..].chunks_exact(FACT) {
            if part[0] != b'.' || !order.any(|fact| fact.letter() == part[1]) {
                return Err(wrong());
            }
        }
        let mut text = [0; LONGEST];
        text[..bytes.len()].copy_from_slice(bytes);
        Ok(Self { text, length: bytes.len() })
    }

    pub(crate) fn as_str(&self) -> &str {
        // It was made of text: from a claim, or of base64url, dots and letters.
        std::str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }

    /// Whether this fact is bound.
    pub(super) fn binds(&self, fact: Fact) -> bool {
        self.tag(fact).is_some()
    }

    /// Whether every bound fact is the same as at the login: one HMAC, or none where the memo knows.
    pub(super) fn matches_wholly(
        &self,
        facts: &Facts<'_>,
        id: SessionId,
        key: &hmac::Key,
        memo: Option<&Memo>,
    ) -> bool {
        let bound = Facts::KEYED.into_iter().filter(|fact| self.binds(*fact));
        let Some(input) = whole_input(facts, bound, id) else { return false };
        if memo.is_some_and(|memo| memo.knows(&input)) {
            return true;
        }
        let matches = same(&input.tag(key), &self.text[..TAG]);
        if let (true, Some(memo)) = (matches, memo) {
            memo.learn(&input);
        }
        matches
    }

    /// Whether this one fact is the same as at the login.
    pub(super) fn matches(&self, fact: Fact, facts: &Facts, id: SessionId, key: &hmac::Key) -> bool {
        match (self.tag(fact), fact_tag(facts, fact, id, key)) {
            (Some(bound), Some(tag)) => same(&tag, bound),
            _ => false,
        }
    }

    fn tag(&self, fact: Fact) -> Option<&[u8]> {
        let parts = self.text[TAG..self.length].chunks_exact(FACT);
        parts.into_iter().find(|part| part[1] == fact.letter()).map(|part| &part[2..])
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = Facts::KEYED.into_iter().filter(|fact| self.binds(*fact));
        f.write_str("Fingerprint")?;
        f.debug_list().entries(bound).finish()
    }
}

fn fact_tag(facts: &Facts, fact: Fact, id: SessionId, key: &hmac::Key) -> Option<[u8; TAG]> {
    let mut input = Input::new(fact.name(), id);
    input.push(facts.value(fact)?)?;
    Some(input.tag(key))
}

/// What the tag over all of these facts is computed over; `None` when one of them is absent.
fn whole_input(facts: &Facts<'_>, bound: impl Iterator<Item = Fact>, id: SessionId) -> Option<Input> {
    let mut input = Input::new("all", id);
    for fact in bound {
        input.push(fact.name().as_bytes())?;
        input.push(facts.value(fact)?)?;
    }
    Some(input)
}

/// The facts that matched a remembered token, so that the same ones need no HMAC again.
#[derive(Default)]
pub(crate) struct Memo(OnceLock<Zeroizing<Vec<u8>>>);

impl Memo {
    fn knows(&self, input: &Input) -> bool {
        self.0.get().is_some_and(|known| same(known, input.written()))
    }

    fn learn(&self, input: &Input) {
        // The first client to match stays; another one costs an HMAC, as without a memo.
        let _ = self.0.set(Zeroizing::new(input.written().to_vec()));
    }
}

/// Compares in constant time for their length, eight bytes at a time.
fn same(one: &[u8], other: &[u8]) -> bool {
    let ((words, rest), (other_words, other_rest)) = (one.as_chunks(), other.as_chunks());
    let unlike = |(word, other): (&[u8; 8], &[u8; 8])| u64::from_ne_bytes(*word) ^ u64::from_ne_bytes(*other);
    let differing = words.iter().zip(other_words).map(unlike).fold(0, BitOr::bitor);
    (one.len() == other.len()) & bool::from(differing.ct_eq(&0) & rest.ct_eq(other_rest))
}

/// What a tag is computed over: parts with their lengths before them, so that no two lists of parts look
/// the same.
struct Input {
    bytes: [u8; INPUT],
    length: usize,
}

impl Input {
    fn new(kind: &str, id: SessionId) -> Self {
        let mut input = Self { bytes: [0; INPUT], length: 0 };
        // A kind and an id always fit.
        let _ = input.push(kind.as_bytes());
        let _ = input.push(&id.to_bytes());
        input
    }

    /// `None` when there is no room; the facts are limited so that there always is.
    fn push(&mut self, part: &[u8]) -> Option<()> {
        let length = u8::try_from(part.len()).ok()?;
        let room = self.bytes.get_mut(self.length..self.length + 1 + part.len())?;
        room[0] = length;
        room[1..].copy_from_slice(part);
        self.length += room.len();
        Some(())
    }

    fn written(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn tag(&self, key: &hmac::Key) -> [u8; TAG] {
        let mut tag = [0; TAG];
        let mac = hmac::sign(key, self.written());
        base64url::encode_slice(&mac.as_ref()[..TAG * 3 / 4], &mut tag);
        tag
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_texts_are_the_same_only_when_every_byte_is() {
        for length in 0..40 {
            let text: Vec<u8> = (0..length).collect();
            assert!(same(&text, &text));
            assert!(!same(&text, &[&text[..], &[0]].concat()));
            for at in 0..text.len() {
                assert!(!same(&text, &text[..at]));
                for bit in 0..8 {
                    let mut other = text.clone();
                    other[at] ^= 1 << bit;
                    assert!(!same(&text, &other), "{at} of {length}");
                }
            }
        }
    }
}

//! Against requests that another site makes in the user's name: a token bound to the session, and a look at
//! what the browser says of where the request came from (OWASP, CSRF Prevention).
//!
//! Both are for unsafe methods, and both must pass. Take the token from a header or a form field only: a
//! cookie or a URL would bring it along by itself, or leak it.

mod fetch;

pub use fetch::{FetchMetadata, check_fetch, is_safe_method};
use ring::hmac;

use crate::SessionId;
use crate::codec::base64url;
use crate::error::{ErrorKind, Result, SessionError};
use crate::random;

/// The name of the header that carries the token, in lower case.
pub const HEADER: &str = "x-csrf-token";

/// Mixed into each token, so that the key's other uses and later formats can't be taken for one.
const CONTEXT: &[u8] = b"csrf-v1";

const RANDOM: usize = 16;
const RANDOM_TEXT: usize = 22;
const TAG_TEXT: usize = 43;

/// Characters of a token: 22 for the random part, a point, 43 for the tag.
pub const TOKEN_LENGTH: usize = RANDOM_TEXT + 1 + TAG_TEXT;

/// A new token for the session `sid`: `r.HMAC-SHA256(key, "csrf-v1", sid, r)`, each part of the MAC's input
/// behind its length, in base64url.
///
/// Each call gives another text, so that compressed pages do not give the token away (BREACH). All of them
/// stay good as long as the session lives.
///
/// # Errors
/// [`StoreUnavailable`](ErrorKind::StoreUnavailable) if the system gives no random bytes.
pub(crate) fn issue(key: &hmac::Key, sid: SessionId) -> Result<String> {
    let random = random::array::<RANDOM>()?;
    let tag = hmac::sign(key, &tagged(sid, random));
    let mut token = String::with_capacity(TOKEN_LENGTH);
    base64url::encode_into(random, &mut token);
    token.push('.');
    base64url::encode_into(tag, &mut token);
    Ok(token)
}

/// Checks that `token` was issued with this key for the session `sid`, in constant time.
///
/// # Errors
/// [`CsrfInvalid`](ErrorKind::CsrfInvalid) for any other text: one answer, whatever was wrong.
pub(crate) fn verify(key: &hmac::Key, sid: SessionId, token: &str) -> Result<()> {
    let (random, tag) = split(token).ok_or_else(refused)?;
    hmac::verify(key, &tagged(sid, random), &tag).map_err(|_| refused())
}

fn split(token: &str) -> Option<([u8; RANDOM], [u8; 32])> {
    // The length first: nothing longer is decoded.
    if token.len() != TOKEN_LENGTH {
        return None;
    }
    let (random, tag) = token.split_once('.')?;
    Some((base64url::decode_array(random).ok()?, base64url::decode_array(tag).ok()?))
}

fn tagged(sid: SessionId, random: [u8; RANDOM]) -> [u8; 3 + CONTEXT.len() + 16 + RANDOM] {
    let mut input = [0; 3 + CONTEXT.len() + 16 + RANDOM];
    let mut at = 0;
    for part in [CONTEXT, &sid.to_bytes(), &random] {
        // Each part is shorter than 256 bytes, so that a byte holds its length.
        input[at] = part.len().to_le_bytes()[0];
        input[at + 1..][..part.len()].copy_from_slice(part);
        at += 1 + part.len();
    }
    input
}

fn refused() -> SessionError {
    SessionError::new(ErrorKind::CsrfInvalid, "the CSRF token is missing, or not one of this session")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32])
    }

    const SID: SessionId = SessionId::from_bytes([7; 16]);

    #[test]
    fn a_token_is_good_for_its_session_and_key_only() {
        let token = issue(&key(1), SID).unwrap();
        assert_eq!(token.len(), TOKEN_LENGTH);
        verify(&key(1), SID, &token).unwrap();
        for (key, sid) in [(key(2), SID), (key(1), SessionId::from_bytes([8; 16]))] {
            assert_eq!(verify(&key, sid, &token).unwrap_err().kind(), ErrorKind::CsrfInvalid);
        }
    }

    #[test]
    fn two_tokens_of_a_session_differ_and_both_hold() {
        let [first, second] = [issue(&key(1), SID).unwrap(), issue(&key(1), SID).unwrap()];
        assert_ne!(first, second);
        verify(&key(1), SID, &first).and_then(|()| verify(&key(1), SID, &second)).unwrap();
    }

    #[test]
    fn the_tag_covers_context_session_and_random_each_behind_its_length() {
        let input = [&[7], b"csrf-v1".as_slice(), &[16], &[7; 16], &[16], &[9; 16]].concat();
        assert_eq!(tagged(SID, [9; 16]).as_slice(), input);
        let token = [base64url::encode([9; 16]), base64url::encode(hmac::sign(&key(1), &input))].join(".");
        verify(&key(1), SID, &token).unwrap();
    }

    #[test]
    fn every_changed_cut_or_padded_token_is_refused() {
        let token = issue(&key(1), SID).unwrap();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verify(&key(1), SID, &changed).is_err(), "byte {at}");
            assert!(verify(&key(1), SID, &token[..at]).is_err(), "prefix {at}");
        }
        for other in [format!("{token}="), format!("{token}A"), format!(" {token}"), format!("{token}\n")] {
            assert!(verify(&key(1), SID, &other).is_err(), "{other:?}");
        }
        let (random, tag) = token.split_once('.').unwrap();
        for other in
            [format!("{tag}.{random}"), format!("{random}.{random}"), ".".repeat(TOKEN_LENGTH), String::new()]
        {
            assert!(verify(&key(1), SID, &other).is_err(), "{other:?}");
        }
        assert!(verify(&key(1), SID, &"A".repeat(1_000_000)).is_err());
    }

    #[test]
    fn the_error_does_not_hold_the_token() {
        let token = issue(&key(2), SID).unwrap();
        let error = verify(&key(1), SID, &token).unwrap_err();
        assert!(!format!("{error:?}").contains(&token[..22]));
    }

    proptest! {
        #[test]
        fn no_text_makes_verifying_panic(token in ".{0,80}") {
            prop_assert!(verify(&key(1), SID, &token).is_err());
        }
    }
}

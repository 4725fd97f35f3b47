//! Base64url without padding, canonical only (RFC 4648 §3.5 and §5, RFC 7515 §2).
//!
//! The engine refuses padding, white space, the other alphabet's `+` and `/`, and last characters whose
//! unused bits are not zero, so that a value has exactly one spelling.

use std::sync::LazyLock;

use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::NO_PAD;
use base64::engine::{Engine, GeneralPurpose};

/// For ids, tags and the like: too short for the vectors of [`LONG`] to pay.
const SHORT: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, NO_PAD);

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
static LONG: LazyLock<base64::engine::Simd> = LazyLock::new(|| base64::engine::Simd::url_safe(NO_PAD));
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
static LONG: LazyLock<GeneralPurpose> = LazyLock::new(|| SHORT);

/// The bytes were not canonical base64url. The caller knows which part it was and says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotCanonical;

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    LONG.encode(bytes)
}

pub(crate) fn encode_into(bytes: impl AsRef<[u8]>, text: &mut String) {
    LONG.encode_string(bytes, text);
}

/// As [`encode_into`], for text that is put together as bytes: in place, where the other takes two copies.
pub(crate) fn append(bytes: impl AsRef<[u8]>, text: &mut Vec<u8>) {
    let start = text.len();
    text.resize(start + (bytes.as_ref().len() * 4).div_ceil(3), 0);
    let _ = LONG.encode_slice(bytes, &mut text[start..]);
}

/// Encodes into a buffer of exactly the length that it takes; a buffer of another length is left as it is.
pub(crate) fn encode_slice(bytes: impl AsRef<[u8]>, text: &mut [u8]) {
    debug_assert_eq!(text.len(), (bytes.as_ref().len() * 4).div_ceil(3));
    let _ = SHORT.encode_slice(bytes, text);
}

pub(crate) fn decode(text: impl AsRef<[u8]>) -> Result<Vec<u8>, NotCanonical> {
    LONG.decode(text).map_err(|_| NotCanonical)
}

/// Decodes into the front of `buffer`, and returns the part that was written.
///
/// The buffer must hold three bytes for every four characters, or part of four; less is an error too.
pub(crate) fn decode_slice(text: impl AsRef<[u8]>, buffer: &mut [u8]) -> Result<&mut [u8], NotCanonical> {
    let length = LONG.decode_slice(text, buffer).map_err(|_| NotCanonical)?;
    Ok(&mut buffer[..length])
}

/// Decodes a value whose length is known, such as an id or a signature.
pub(crate) fn decode_array<const N: usize>(text: impl AsRef<[u8]>) -> Result<[u8; N], NotCanonical> {
    let mut bytes = [0; N];
    if text.as_ref().len() != (N * 4).div_ceil(3) {
        return Err(NotCanonical);
    }
    match SHORT.decode_slice(text, &mut bytes) {
        Ok(length) if length == N => Ok(bytes),
        _ => Err(NotCanonical),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_is_read() {
        assert_eq!(decode("AQ"), Ok(vec![1]));
        for other in ["AR", "AQ==", "AQ=", "A", "A Q", "AQ\n", "+/+/", "AQ.", "é"] {
            assert_eq!(decode(other), Err(NotCanonical), "{other:?}");
        }
        let long = "A".repeat(99);
        assert_eq!(decode(format!("{long}B")).map(|bytes| bytes.len()), Ok(75));
        assert_eq!(decode(format!("{long}+")), Err(NotCanonical));
        assert_eq!(decode(format!("{long}AB")), Err(NotCanonical), "unused bits that are not zero");
    }

    #[test]
    fn an_array_is_read_only_at_its_exact_length() {
        assert_eq!(decode_array::<2>("AQI"), Ok([1, 2]));
        assert_eq!(decode_array::<2>("AQ"), Err(NotCanonical));
        assert_eq!(decode_array::<2>("AQID"), Err(NotCanonical));
    }
}

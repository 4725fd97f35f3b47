//! Compact JWE (RFC 7516) with `alg: dir` and `enc: A256GCM`, under the sealing key of a [`Keyring`].
//!
//! The key is drawn from the keyring's root. Each seal takes a random 96-bit IV, so one root is good for
//! 2^32 seals (NIST SP 800-38D §8.3): at 100 a second, more than a year.

use ring::aead::{Aad, LessSafeKey, NONCE_LEN, Nonce};
use zeroize::Zeroize as _;

use crate::codec::base64url;
use crate::codec::json::{self, Limits};
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::Keyring;
use crate::random;

use super::jws::MOST_HEADER;

/// Most bytes of a sealed token.
pub const MOST_BYTES: usize = 8192;
/// Bytes of the authentication tag.
const TAG: usize = 16;

/// Seals `payload` under a header of exactly `alg`, `enc` and `cty`: `JWT` for a token (RFC 7519 §5.2).
///
/// ```
/// use sessera::{Algorithm, Keyring, jose::jwe};
/// # fn main() -> Result<(), sessera::SessionError> {
/// let keyring = Keyring::generate(Algorithm::Hs256)?;
/// let sealed = jwe::seal(b"for our eyes only", "note", &keyring)?;
/// assert_eq!(jwe::open(&sealed, "note", &keyring)?, b"for our eyes only");
/// # Ok(()) }
/// ```
///
/// # Errors
/// `invalid_key` with a keyring that holds no secret, `too_large` when the result would be over
/// [`MOST_BYTES`], `store_unavailable` when the system gives no random bytes.
pub fn seal(payload: &[u8], cty: &str, keyring: &Keyring) -> Result<String> {
    let key = sealing_key(keyring)?;
    let mut header = String::from("{\"alg\":\"dir\",\"enc\":\"A256GCM\",\"cty\":");
    crate::claims::write_string(cty, &mut header);
    header.push('}');
    let mut token = base64url::encode(header);
    let iv: [u8; NONCE_LEN] = random::array()?;
    // Three dots, the IV, the payload and the tag follow the header and its dot.
    let length = token.len() + 4 + 16 + (payload.len() * 4).div_ceil(3) + 22;
    if token.len() > MOST_HEADER || length > MOST_BYTES {
        return Err(SessionError::new(ErrorKind::TooLarge, "the sealed token would be over 8192 bytes"));
    }
    let mut sealed = payload.to_vec();
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(iv),
            Aad::from(token.as_bytes()),
            &mut sealed,
        )
        .map_err(|_| SessionError::new(ErrorKind::InvalidKey, "the sealing key can't seal this"))?;
    token.reserve_exact(length - token.len());
    token.push_str("..");
    for (part, end) in [(&iv[..], "."), (&sealed, "."), (tag.as_ref(), "")] {
        base64url::encode_into(part, &mut token);
        token.push_str(end);
    }
    Ok(token)
}

/// Opens what [`seal`] made with the same `cty`, and returns the payload.
///
/// # Errors
/// `too_large`, `malformed`, `unsupported_algorithm`, `bad_signature` when it was changed or sealed with
/// another key, `wrong_type`, and `invalid_key` with a keyring that holds no secret.
pub fn open(token: &str, cty: &str, keyring: &Keyring) -> Result<Vec<u8>> {
    let key = sealing_key(keyring)?;
    let parts = Parts::split(token)?;
    let header = Header::read(parts.header)?;
    let malformed = |message| move |_| SessionError::new(ErrorKind::Malformed, message);
    let iv = base64url::decode_array::<NONCE_LEN>(parts.iv)
        .map_err(malformed("the IV is not 96 bits of canonical base64url"))?;
    let tag = base64url::decode_array::<TAG>(parts.tag)
        .map_err(malformed("the tag is not 128 bits of canonical base64url"))?;
    let mut sealed =
        base64url::decode(parts.sealed).map_err(malformed("the ciphertext is not canonical base64url"))?;
    sealed.extend_from_slice(&tag);
    let length = key
        .open_in_place(Nonce::assume_unique_for_key(iv), Aad::from(parts.header.as_bytes()), &mut sealed)
        .map(|payload| payload.len())
        .map_err(|_| SessionError::new(ErrorKind::BadSignature, "the sealed token does not open"))?;
    sealed.truncate(length);
    if header.cty.as_deref() == Some(cty) {
        Ok(sealed)
    } else {
        sealed.zeroize();
        Err(SessionError::new(ErrorKind::WrongType, "cty is another"))
    }
}

fn sealing_key(keyring: &Keyring) -> Result<&LessSafeKey> {
    keyring.purposes().map(|purposes| &purposes.sealing).ok_or_else(|| {
        SessionError::new(ErrorKind::InvalidKey, "a keyring of public keys can neither seal nor open")
    })
}

struct Parts<'a> {
    header: &'a str,
    iv: &'a str,
    sealed: &'a str,
    tag: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self> {
        let malformed = |message| SessionError::new(ErrorKind::Malformed, message);
        if token.len() > MOST_BYTES {
            return Err(SessionError::new(ErrorKind::TooLarge, "the sealed token is over 8192 bytes"));
        }
        let mut parts = token.splitn(6, '.');
        let mut part = || parts.next().ok_or_else(|| malformed("a sealed token has five parts"));
        let (header, key, iv, sealed, tag) = (part()?, part()?, part()?, part()?, part()?);
        if parts.next().is_some() {
            return Err(malformed("a sealed token has five parts"));
        }
        if header.len() > MOST_HEADER {
            return Err(SessionError::new(ErrorKind::TooLarge, "the header is over 512 characters"));
        }
        if !key.is_empty() {
            return Err(malformed("the encrypted key is not empty, as alg dir demands"));
        }
        Ok(Self { header, iv, sealed, tag })
    }
}

/// A header of exactly `alg`, `enc` and `cty`: that ends `p2c`, `zip`, `epk`, `jku` and the rest at once.
struct Header {
    cty: Option<String>,
}

impl Header {
    fn read(encoded: &str) -> Result<Self> {
        let malformed = |message| SessionError::new(ErrorKind::Malformed, message);
        let mut buffer = [0; MOST_HEADER];
        let text = base64url::decode_slice(encoded, &mut buffer)
            .map_err(|_| malformed("the header is not canonical base64url"))?;
        let (mut cty, mut algorithm, mut encryption) = (None, None, None);
        json::read_object(text, Limits::TOKEN, |name, value| {
            match &*name {
                "alg" => algorithm = Some(value.text().is_some_and(|text| text == "dir")),
                "enc" => encryption = Some(value.text().is_some_and(|text| text == "A256GCM")),
                "cty" => cty = value.text().map(std::borrow::Cow::into_owned),
                _ => return Err(malformed("the header has a member besides alg, enc and cty")),
            }
            Ok(())
        })?;
        match (algorithm, encryption) {
            (Some(true), Some(true)) => Ok(Self { cty }),
            (Some(_), Some(_)) => {
                Err(SessionError::new(ErrorKind::UnsupportedAlgorithm, "alg and enc are not dir and A256GCM"))
            }
            _ => Err(malformed("alg or enc is missing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Algorithm;

    fn code(token: &str, keyring: &Keyring) -> &'static str {
        open(token, "JWT", keyring).map_or_else(|error| error.code(), |_| "ok")
    }

    fn with_header(header: &str) -> String {
        let parts = [base64url::encode(header), String::new(), base64url::encode([0; 12]), String::new()];
        format!("{}.{}", parts.join("."), base64url::encode([0; 16]))
    }

    #[test]
    fn what_is_sealed_opens_only_unchanged_and_with_its_key() {
        let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
        let sealed = seal(b"payload", "JWT", &keyring).unwrap();
        assert_eq!(open(&sealed, "JWT", &keyring).unwrap(), b"payload");
        assert_eq!(open(&sealed, "note", &keyring).unwrap_err().kind(), ErrorKind::WrongType);
        assert_eq!(code(&sealed, &Keyring::generate(Algorithm::Hs256).unwrap()), "bad_signature");
        for at in 0..sealed.len() {
            for other in ["A", "B", "-", ".", "=", "+"] {
                let mut changed = sealed.clone();
                changed.replace_range(at..=at, other);
                assert!(changed == sealed || open(&changed, "JWT", &keyring).is_err(), "{at}: {other}");
            }
            assert!(open(&sealed[..at], "JWT", &keyring).is_err());
        }
        assert_ne!(seal(b"payload", "JWT", &keyring).unwrap(), sealed, "a new IV each time");
    }

    #[test]
    fn a_header_is_dir_a256gcm_and_cty_alone() {
        let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
        let header = r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#;
        assert_eq!(code(&with_header(header), &keyring), "bad_signature");
        for (header, expected) in [
            (r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","cty":"JWT","p2c":2147483648}"#, "malformed"),
            (r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","cty":"JWT"}"#, "unsupported_algorithm"),
            (r#"{"alg":"dir","enc":"A128CBC-HS256","cty":"JWT"}"#, "unsupported_algorithm"),
            (r#"{"alg":"dir","enc":["A256GCM"],"cty":"JWT"}"#, "unsupported_algorithm"),
            (r#"{"alg":"dir","enc":"A256GCM","cty":"JWT","zip":"DEF"}"#, "malformed"),
            (r#"{"alg":"dir","enc":"A256GCM","cty":"JWT","crit":[]}"#, "malformed"),
            (r#"{"alg":"dir","cty":"JWT"}"#, "malformed"),
            (r#"{"alg":"dir","enc":"A256GCM","enc":"A256GCM"}"#, "malformed"),
            ("[]", "malformed"),
        ] {
            assert_eq!(code(&with_header(header), &keyring), expected, "{header}");
        }
        let long = format!(r#"{{"alg":"dir","enc":"A256GCM","cty":"{}"}}"#, "J".repeat(400));
        assert_eq!(code(&with_header(&long), &keyring), "too_large");
    }

    #[test]
    fn every_part_has_its_exact_length() {
        let keyring = Keyring::generate(Algorithm::Hs256).unwrap();
        let header = base64url::encode(r#"{"alg":"dir","enc":"A256GCM","cty":"JWT"}"#);
        let token = |key: &str, iv: usize, tag: usize| {
            format!("{header}.{key}.{}..{}", base64url::encode(vec![0; iv]), base64url::encode(vec![0; tag]))
        };
        assert_eq!(code(&token("", 12, 16), &keyring), "bad_signature");
        assert_eq!(code(&token("AAAA", 12, 16), &keyring), "malformed");
        for iv in [0, 8, 11, 13, 16] {
            assert_eq!(code(&token("", iv, 16), &keyring), "malformed", "IV of {iv}");
        }
        for tag in (0..16).chain([17]) {
            assert_eq!(code(&token("", 12, tag), &keyring), "malformed", "tag of {tag}");
        }
        for dots in [0, 1, 2, 3, 5, 6, 8192] {
            assert_eq!(code(&".".repeat(dots), &keyring), "malformed", "{dots} dots");
        }
        assert_eq!(code(&".".repeat(1_000_000), &keyring), "too_large");
        assert_eq!(seal(&[0; 7000], "JWT", &keyring).unwrap_err().kind(), ErrorKind::TooLarge);
    }
}

//! Compact JWS (RFC 7515): any payload, signed and verified with a [`Keyring`].

use std::borrow::Cow;

use time::OffsetDateTime;

use crate::clock::unix_millis;
use crate::codec::base64url;
use crate::codec::json::{self, Limits};
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::{Algorithm, Key, Keyring};

/// Most bytes of a signed token.
pub const MOST_BYTES: usize = 4096;
/// Most bytes of a payload, decoded.
pub(crate) const LONGEST_PAYLOAD: usize = MOST_BYTES * 3 / 4;
/// Most characters of a header, as encoded.
pub(crate) const MOST_HEADER: usize = 512;

/// Signs `payload` with the key that signs at `now`, under a header of exactly `alg`, `kid` and `typ`.
///
/// ```
/// use sessera::{Algorithm, Keyring, jose::jws};
/// use time::OffsetDateTime;
/// # fn main() -> Result<(), sessera::SessionError> {
/// let keyring = Keyring::generate(Algorithm::EdDsa)?;
/// let now = OffsetDateTime::now_utc();
/// let token = jws::sign(b"any bytes", "note", &keyring, now)?;
/// assert_eq!(jws::verify(&token, "note", &keyring, now)?, b"any bytes");
/// assert!(jws::verify(&token, "session+jwt", &keyring, now).is_err());
/// # Ok(()) }
/// ```
///
/// # Errors
/// `invalid_key` when no key may sign, `too_large` when the token would be over [`MOST_BYTES`].
pub fn sign(payload: &[u8], typ: &str, keyring: &Keyring, now: OffsetDateTime) -> Result<String> {
    let key = keyring.signing_key(unix_millis(now))?;
    let mut header = format!("{{\"alg\":\"{}\",\"kid\":\"{}\",\"typ\":", key.algorithm().name(), key.kid());
    crate::claims::write_string(typ, &mut header);
    header.push('}');
    sign_with(&(base64url::encode(header) + "."), payload, key)
}

/// Signs under a header that is already encoded and ends in its dot.
pub(crate) fn sign_with(header: &str, payload: &[u8], key: &Key) -> Result<String> {
    // The payload, a dot, and a signature of at most 64 bytes.
    let length = header.len() + (payload.len() * 4).div_ceil(3) + 1 + 86;
    if header.len() > MOST_HEADER + 1 || length > MOST_BYTES {
        return Err(SessionError::new(ErrorKind::TooLarge, "the token would be over 4096 bytes"));
    }
    let mut token = Vec::with_capacity(length);
    token.extend_from_slice(header.as_bytes());
    base64url::append(payload, &mut token);
    let signature = key.sign(&token)?;
    token.push(b'.');
    base64url::append(signature, &mut token);
    // Base64url and dots are ASCII.
    Ok(String::from_utf8(token).unwrap_or_default())
}

/// Verifies a token of type `typ` at `now`, and returns its payload.
///
/// # Errors
/// `too_large`, `malformed`, `unsupported_algorithm`, `unknown_key`, `bad_signature`, `wrong_type`.
pub fn verify(token: &str, typ: &str, keyring: &Keyring, now: OffsetDateTime) -> Result<Vec<u8>> {
    let mut buffer = [0; LONGEST_PAYLOAD];
    let (_, payload) = open(token, typ, keyring, unix_millis(now), &mut buffer)?;
    Ok(payload.to_vec())
}

/// Verifies a token, and returns the key that had signed it and the payload, decoded into `buffer`.
pub(crate) fn open<'k, 'b>(
    token: &str,
    typ: &str,
    keyring: &'k Keyring,
    now: u64,
    buffer: &'b mut [u8; LONGEST_PAYLOAD],
) -> Result<(&'k Key, &'b [u8])> {
    let parts = Compact::split(token)?;
    // The headers that we write for sessions and visitors are known beforehand.
    let (key, typ_matches) = if let Some((key, token_type)) = keyring.find_by_header(parts.header_and_dot) {
        (key, typ == token_type.name())
    } else {
        let header = Header::read(parts.header())?;
        (header.key(keyring)?, header.typ.as_deref() == Some(typ))
    };
    if !key.verifies_at(now) {
        return Err(SessionError::new(ErrorKind::UnknownKey, "the key is retired"));
    }
    let payload = parts.decode_payload(buffer)?;
    parts.check_signature(|message, signature| key.verify(message, signature))?;
    if typ_matches {
        Ok((key, payload))
    } else {
        Err(SessionError::new(ErrorKind::WrongType, "unexpected typ"))
    }
}

/// A compact JWS in its parts. Nothing is decoded yet.
pub(crate) struct Compact<'a> {
    /// Header, payload and the dot between them.
    message: &'a str,
    header_and_dot: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Compact<'a> {
    /// # Errors
    /// `too_large` over [`MOST_BYTES`] or with a header over its limit; `malformed` unless there are three
    /// parts.
    pub(crate) fn split(token: &'a str) -> Result<Self> {
        Self::split_within(token, MOST_HEADER)
    }

    /// As [`split`](Self::split), for headers of another limit in characters.
    pub(crate) fn split_within(token: &'a str, most_header: usize) -> Result<Self> {
        if token.len() > MOST_BYTES {
            return Err(SessionError::new(ErrorKind::TooLarge, "the token is over 4096 bytes"));
        }
        let wrong = || SessionError::new(ErrorKind::Malformed, "a signed token has three parts");
        let header_end = memchr::memchr(b'.', token.as_bytes()).ok_or_else(wrong)?;
        let payload_end = memchr::memrchr(b'.', token.as_bytes()).ok_or_else(wrong)?;
        let payload = token.get(header_end + 1..payload_end).ok_or_else(wrong)?;
        if memchr::memchr(b'.', payload.as_bytes()).is_some() {
            return Err(wrong());
        }
        if header_end > most_header {
            return Err(SessionError::new(ErrorKind::TooLarge, "the header is over its limit"));
        }
        Ok(Self {
            message: &token[..payload_end],
            header_and_dot: &token[..=header_end],
            payload,
            signature: &token[payload_end + 1..],
        })
    }

    pub(crate) fn header(&self) -> &'a str {
        &self.header_and_dot[..self.header_and_dot.len() - 1]
    }

    /// Decodes the payload, which nobody may look at before the signature held.
    pub(crate) fn decode_payload<'b>(&self, buffer: &'b mut [u8; LONGEST_PAYLOAD]) -> Result<&'b [u8]> {
        base64url::decode_slice(self.payload, buffer)
            .map(|payload| &*payload)
            .map_err(|_| SessionError::new(ErrorKind::Malformed, "the payload is not canonical base64url"))
    }

    /// Decodes the signature and checks it over the message.
    pub(crate) fn check_signature(&self, holds: impl FnOnce(&[u8], &[u8]) -> bool) -> Result<()> {
        // Most have 32 or 64 bytes; the longest is that of an RSA key of 8192 bits.
        let (mut usual, mut long);
        let buffer = if self.signature.len() <= 86 {
            usual = [0; 64];
            &mut usual[..]
        } else {
            long = [0; 1024];
            &mut long[..]
        };
        let signature = base64url::decode_slice(self.signature, buffer).map_err(|_| {
            SessionError::new(ErrorKind::Malformed, "the signature is not canonical base64url, or too long")
        })?;
        if holds(self.message.as_bytes(), signature) {
            Ok(())
        } else {
            Err(SessionError::new(ErrorKind::BadSignature, "the signature does not hold"))
        }
    }
}

/// A header of exactly `alg`, `kid` and `typ`: that ends `jwk`, `jku`, `x5*`, `crit`, `b64` and `zip` at once.
struct Header<'a> {
    algorithm: Option<Algorithm>,
    kid: Option<Cow<'a, str>>,
    typ: Option<Cow<'a, str>>,
}

impl Header<'static> {
    fn read(encoded: &str) -> Result<Self> {
        let malformed = |message| SessionError::new(ErrorKind::Malformed, message);
        let mut buffer = [0; MOST_HEADER];
        let text = base64url::decode_slice(encoded, &mut buffer)
            .map_err(|_| malformed("the header is not canonical base64url"))?;
        let mut header = Self { algorithm: None, kid: None, typ: None };
        let mut algorithm_seen = false;
        json::read_object(text, Limits::TOKEN, |name, value| {
            let text = || value.text().map(|text| Cow::Owned(text.into_owned()));
            match &*name {
                "alg" => {
                    let text = value.text().ok_or_else(|| malformed("alg is not a string"))?;
                    header.algorithm = Algorithm::parse(&text).ok();
                    algorithm_seen = true;
                }
                "kid" => header.kid = text(),
                "typ" => header.typ = text(),
                _ => return Err(malformed("the header has a member besides alg, kid and typ")),
            }
            Ok(())
        })?;
        if algorithm_seen { Ok(header) } else { Err(malformed("alg is missing")) }
    }
}

impl Header<'_> {
    fn key<'k>(&self, keyring: &'k Keyring) -> Result<&'k Key> {
        let unsupported = |message| SessionError::new(ErrorKind::UnsupportedAlgorithm, message);
        let algorithm = self.algorithm.ok_or_else(|| unsupported("alg is not one that is allowed"))?;
        let key = self.kid.as_deref().and_then(|kid| keyring.find(kid));
        let key = key.ok_or_else(|| {
            SessionError::new(ErrorKind::UnknownKey, "kid is missing, ill-formed or of no key in the keyring")
        })?;
        if key.algorithm() == algorithm { Ok(key) } else { Err(unsupported("alg is not its key's")) }
    }
}

//! JSON to keys, strictly: an error names the key that caused it.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::members::{Jwk, Unusable};
use crate::codec::base64url;
use crate::codec::json::{self, Kind, Limits, Value};
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::key::Key;
use crate::keyring::options::KeyringOptions;
use crate::keyring::purposes::{ROOT_LENGTH, Root};
use crate::keyring::skipped::SkippedKey;
use crate::keyring::{PRIVATE_REFUSED, invalid, thumbprint};

/// The longest key set, in bytes.
pub(in crate::keyring) const LONGEST: usize = 64 * 1024;

/// The most keys of a set, those that are skipped included. Of the others, a ring takes 32.
const MAX_KEYS_OF_SET: usize = 256;

/// The most reasons that an error lists.
const MAX_REASONS: usize = 4;

/// What a key set holds.
pub(in crate::keyring) struct KeySet {
    pub(in crate::keyring) keys: Vec<Key>,
    pub(in crate::keyring) root: Option<Root>,
    pub(in crate::keyring) skipped: Vec<SkippedKey>,
}

/// Reads a JWK Set (RFC 7517 §5), or a single JWK as a set of one.
///
/// A set without secrets may hold keys for other uses: those are skipped. A set with secrets is one of ours, and is
/// written again when it changes, so that a key which is skipped there would be lost.
pub(in crate::keyring) fn read(text: &str, options: KeyringOptions) -> Result<KeySet> {
    if text.len() > LONGEST {
        return Err(invalid("the key set is over 64 KiB"));
    }
    if text.starts_with('\u{feff}') {
        return Err(invalid("the key set begins with a byte order mark: save it as UTF-8 without one"));
    }
    if text.trim_ascii_start().starts_with("-----BEGIN ") {
        return Err(invalid("the text is PEM and not a JWK Set: read it with from_pem"));
    }
    let (mut set, mut root, mut single) = (None, None, false);
    json::read_object(text.as_bytes(), Limits::KEYS, |name, value| {
        match &*name {
            "keys" => set = Some(value),
            "root" => root = Some(value),
            "kty" => single = true,
            _ => {}
        }
        Ok(())
    })
    .map_err(unreadable)?;
    let raws = match set {
        Some(set) => split(set)?,
        None if single => vec![text],
        None => return Err(invalid(r#"not a JWK Set: the array "keys" is missing"#)),
    };
    let jwks = raws.into_iter().map(Jwk::read).collect::<Result<Vec<_>>>().map_err(unreadable)?;
    let (keys, skipped) = take_keys(jwks, root.is_some(), options)?;
    let root = root.map(|root| read_root(root, options)).transpose()?;
    Ok(KeySet { keys, root, skipped })
}

/// The texts of the keys of a set.
fn split(set: Value<'_>) -> Result<Vec<&str>> {
    if set.kind != Kind::Array {
        return Err(invalid(r#"not a JWK Set: "keys" is not an array"#));
    }
    let mut raws = Vec::new();
    json::read_array(set.raw, Limits::KEYS, |key| {
        if raws.len() == MAX_KEYS_OF_SET {
            return Err(invalid("a key set has at most 256 keys"));
        }
        raws.push(key.raw);
        Ok(())
    })
    .map_err(unreadable)?;
    Ok(raws)
}

fn read_root(value: Value<'_>, options: KeyringOptions) -> Result<Root> {
    if options.public_only {
        return Err(invalid("the key set has a root secret: only public keys are accepted here"));
    }
    let root = value.text().and_then(|text| base64url::decode(&*text).ok()).map(Zeroizing::new);
    root.filter(|root| root.len() >= ROOT_LENGTH)
        .ok_or_else(|| invalid("the root secret is not base64url of at least 32 bytes"))
}

fn take_keys(jwks: Vec<Jwk<'_>>, root: bool, options: KeyringOptions) -> Result<(Vec<Key>, Vec<SkippedKey>)> {
    let (count, secrets) = (jwks.len(), root || jwks.iter().any(Jwk::is_secret));
    let (mut keys, mut skipped, mut reasons) = (Vec::new(), Vec::new(), String::new());
    for (index, jwk) in jwks.into_iter().enumerate() {
        let (kid, which) = (jwk.kid().map(str::to_owned), which(&jwk, index + 1));
        if options.public_only && jwk.is_secret() {
            return Err(invalid(format!("{which}: {PRIVATE_REFUSED}")));
        }
        match jwk.into_key(options) {
            Ok(key) => keys.push(key),
            Err(Unusable::Broken(error)) => return Err(invalid(format!("{which}: {error}"))),
            Err(Unusable::Foreign(reason)) if secrets => {
                let rule = if count > 1 { " (every key of a set with secrets must be usable)" } else { "" };
                return Err(invalid(format!("{which}: {reason}{rule}")));
            }
            Err(Unusable::Foreign(reason)) => {
                if skipped.len() < MAX_REASONS {
                    // Writing to a string cannot fail.
                    let _ = write!(reasons, "; {which}: {reason}");
                }
                skipped.push(SkippedKey { kid, reason: reason.into_owned() });
            }
        }
    }
    if !keys.is_empty() {
        return Ok((keys, skipped));
    }
    let reasons = reasons.trim_start_matches("; ");
    Err(match skipped.len() {
        0 => invalid("the key set has no keys"),
        1 => invalid(reasons.to_owned()),
        2..=MAX_REASONS => invalid(format!("no key of the set can be used: {reasons}")),
        count => invalid(format!(
            "no key of the set can be used: {reasons}; and {} more",
            count.saturating_sub(MAX_REASONS)
        )),
    })
}

/// What a message calls the key: its name if that is well-formed, else its place in the set.
fn which(jwk: &Jwk<'_>, place: usize) -> String {
    match jwk.kid().filter(|kid| thumbprint::is_kid(kid)) {
        Some(kid) => format!(r#"key "{kid}""#),
        None => format!("key {place} of the set"),
    }
}

/// The reader's message names no input, so it can be passed on.
fn unreadable(error: SessionError) -> SessionError {
    match error.kind() {
        ErrorKind::InvalidKey => error,
        _ => invalid(format!("the key set is not strict JSON: {error}")),
    }
}

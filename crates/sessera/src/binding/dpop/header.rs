//! A proof's header, which brings its key along: the one place where a token may.

use std::borrow::Cow;

use super::{MOST_HEADER, TYP};
use crate::codec::base64url;
use crate::codec::json::{self, Kind, Limits, Value};
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::{Algorithm, Material};

/// Reads a header of exactly `typ`, `alg` and `jwk`, and returns the key.
pub(super) fn read(encoded: &str) -> Result<Material> {
    let mut buffer = [0; MOST_HEADER];
    let text = base64url::decode_slice(encoded, &mut buffer)
        .map_err(|_| malformed("the proof's header is not canonical base64url"))?;
    let (mut typ_holds, mut algorithm, mut jwk) = (false, None, None);
    json::read_object(text, Limits::TOKEN, |name, value| {
        match &*name {
            "typ" => typ_holds = value.text().is_some_and(|typ| typ == TYP),
            "alg" => algorithm = value.text(),
            "jwk" => jwk = Some(Jwk::read(value)?),
            _ => return Err(malformed("the proof's header has a member besides typ, alg and jwk")),
        }
        Ok(())
    })?;
    if !typ_holds {
        return Err(SessionError::new(ErrorKind::WrongType, "typ is not that of a proof"));
    }
    let algorithm = match algorithm.as_deref() {
        Some("EdDSA") => Algorithm::EdDsa,
        Some("ES256") => Algorithm::Es256,
        _ => {
            return Err(SessionError::new(
                ErrorKind::UnsupportedAlgorithm,
                "a proof is signed with EdDSA or ES256",
            ));
        }
    };
    jwk.ok_or_else(|| malformed("the proof has no key"))?.key(algorithm)
}

/// Reads a public key that stands alone: which algorithm it is for, its type says.
pub(super) fn read_jwk(text: &str) -> Result<Material> {
    let jwk = Jwk::read_text(text)?;
    let algorithm = match jwk.kind.as_deref() {
        Some("OKP") => Algorithm::EdDsa,
        _ => Algorithm::Es256,
    };
    match jwk.key(algorithm)? {
        Material::P256 { public, .. } => Material::p256_public(public),
        material => Ok(material),
    }
}

/// A public key as the header writes it (RFC 7517).
#[derive(Default)]
struct Jwk<'a> {
    kind: Option<Cow<'a, str>>,
    curve: Option<Cow<'a, str>>,
    algorithm: Option<Cow<'a, str>>,
    x: Option<[u8; 32]>,
    y: Option<[u8; 32]>,
}

impl<'a> Jwk<'a> {
    fn read(value: Value<'a>) -> Result<Self> {
        if value.kind != Kind::Object {
            return Err(malformed("the proof's key is not an object"));
        }
        Self::read_text(value.raw)
    }

    fn read_text(object: &'a str) -> Result<Self> {
        let mut jwk = Self::default();
        json::read_object(object.as_bytes(), Limits::TOKEN, |name, value| {
            let text =
                || value.text().ok_or_else(|| malformed("a member of the proof's key is not a string"));
            match &*name {
                "kty" => jwk.kind = Some(text()?),
                "crv" => jwk.curve = Some(text()?),
                "alg" => jwk.algorithm = Some(text()?),
                "x" => jwk.x = Some(coordinate(&text()?)?),
                "y" => jwk.y = Some(coordinate(&text()?)?),
                "d" | "k" | "p" | "q" | "dp" | "dq" | "qi" | "oth" => {
                    return Err(malformed("the proof's key has a private part"));
                }
                // What key stores and browsers write beside a key. It decides nothing here.
                "kid" | "use" | "key_ops" | "ext" => {}
                _ => return Err(malformed("the proof's key has a member that no public key has")),
            }
            Ok(())
        })?;
        Ok(jwk)
    }

    fn key(&self, algorithm: Algorithm) -> Result<Material> {
        if self.algorithm.as_deref().is_some_and(|named| named != algorithm.name()) {
            return Err(malformed("the proof's key is for another algorithm"));
        }
        let is = |kind, curve| self.kind.as_deref() == Some(kind) && self.curve.as_deref() == Some(curve);
        match (algorithm, self.x, self.y) {
            (Algorithm::EdDsa, Some(x), None) if is("OKP", "Ed25519") => {
                // A signature of a small-order key holds for many messages: it proves nothing.
                Material::ed25519_public(x).map_err(|_| malformed("the proof's key is weak or not a point"))
            }
            (Algorithm::Es256, Some(x), Some(y)) if is("EC", "P-256") => {
                let mut public = [4; 65];
                public[1..33].copy_from_slice(&x);
                public[33..].copy_from_slice(&y);
                // That the point is on the curve is checked with the signature.
                Ok(Material::P256 { public, private: None })
            }
            _ => Err(malformed("the proof's key is not of its algorithm, or is incomplete")),
        }
    }
}

fn coordinate(text: &str) -> Result<[u8; 32]> {
    base64url::decode_array(text)
        .map_err(|_| malformed("a coordinate of the proof's key is not 32 bytes of base64url"))
}

fn malformed(message: &'static str) -> SessionError {
    SessionError::new(ErrorKind::Malformed, message)
}

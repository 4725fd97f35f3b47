//! A proof's header, which brings its key along: the one place where a token may.

use std::borrow::Cow;

use super::{MOST_HEADER, TYP};
use crate::codec::base64url;
use crate::codec::json::{self, Kind, Limits, Value};
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::{Algorithm, Material};

/// For headers, whose length is limited before they are read. An RSA key, which is only told apart by its `alg`, has
/// one long string.
const LIMITS: Limits = Limits { string: MOST_HEADER, ..Limits::TOKEN };

/// Reads a header with `typ`, `alg` and `jwk`, and returns the key.
///
/// Other members are ignored, as RFC 7515 §4 says: clients name their key once more (`kid`, `x5t`). Members that change
/// what is signed, or bring a second key along, are refused.
pub(super) fn read(encoded: &str) -> Result<Material> {
    let mut buffer = [0; MOST_HEADER];
    let text = base64url::decode_slice(encoded, &mut buffer)
        .map_err(|_| malformed("the proof's header is not canonical base64url"))?;
    let (mut typ_holds, mut algorithm, mut jwk) = (false, None, None);
    json::read_object(text, LIMITS, |name, value| {
        match &*name {
            "typ" => typ_holds = value.text().is_some_and(|typ| typ == TYP),
            "alg" => algorithm = value.text(),
            "jwk" => jwk = Some(value),
            "crit" | "b64" | "zip" => {
                return Err(malformed("the proof's header has crit, b64 or zip, which are not supported"));
            }
            "jku" | "x5u" | "x5c" => {
                return Err(malformed("the proof's header has a key besides jwk: jku, x5u or x5c"));
            }
            _ => {}
        }
        Ok(())
    })?;
    if !typ_holds {
        return Err(SessionError::new(ErrorKind::WrongType, "unexpected typ: a proof has dpop+jwt"));
    }
    let algorithm = algorithm.as_deref().and_then(Algorithm::parse_foreign);
    let algorithm = algorithm.filter(|algorithm| matches!(algorithm, Algorithm::EdDsa | Algorithm::Es256));
    // Keys of other algorithms have members of their own, so the algorithm comes first.
    let algorithm = algorithm.ok_or_else(|| {
        SessionError::new(
            ErrorKind::UnsupportedAlgorithm,
            "unsupported algorithm of a proof: expected ES256 or EdDSA (Ed25519)",
        )
    })?;
    let jwk = jwk.ok_or_else(|| malformed("the proof's header has no jwk"))?;
    Jwk::read(jwk)?.key(algorithm)
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
        json::read_object(object.as_bytes(), LIMITS, |name, value| {
            let text =
                || value.text().ok_or_else(|| malformed("a member of the proof's key is not a string"));
            match &*name {
                "kty" => jwk.kind = Some(text()?),
                "crv" => jwk.curve = Some(text()?),
                "alg" => jwk.algorithm = Some(text()?),
                "x" => jwk.x = Some(coordinate(&text()?)?),
                "y" => jwk.y = Some(coordinate(&text()?)?),
                "d" | "k" | "p" | "q" | "dp" | "dq" | "qi" | "oth" | "priv" => {
                    return Err(malformed("the proof's key has a private member: send the public key only"));
                }
                // What clients keep beside a key, such as its times or the thumbprint of a certificate.
                _ => {}
            }
            Ok(())
        })?;
        Ok(jwk)
    }

    fn key(&self, algorithm: Algorithm) -> Result<Material> {
        let named = self.algorithm.as_deref().map(Algorithm::parse_foreign);
        if named.is_some_and(|named| named != Some(algorithm)) {
            return Err(malformed("the alg of the proof's key is not that of its header"));
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

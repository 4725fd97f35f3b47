//! The members of one JWK, and the key that they make.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::codec::base64url;
use crate::codec::json::{self, Limits, Value};
use crate::error::{Result, SessionError};
use crate::keyring::algorithm::Algorithm;
use crate::keyring::key::{Key, Life};
use crate::keyring::material::{Material, Point, Secret};
use crate::keyring::options::KeyringOptions;
use crate::keyring::{RS256_IS_OFF, invalid, thumbprint};

/// Why a JWK is no key of a ring.
pub(super) enum Unusable {
    /// It is for something else. A public set may hold such keys (RFC 7517 §5).
    Foreign(Cow<'static, str>),
    /// It is of a kind that is used here, and it is weak, broken or incomplete.
    Broken(SessionError),
}

impl From<SessionError> for Unusable {
    fn from(error: SessionError) -> Self {
        Self::Broken(error)
    }
}

/// The members that mean something here; RFC 7517 §4 has all others ignored.
#[derive(Default)]
pub(super) struct Jwk<'a> {
    kty: Option<Cow<'a, str>>,
    crv: Option<Cow<'a, str>>,
    alg: Option<Cow<'a, str>>,
    kid: Option<Cow<'a, str>>,
    used_for: Option<Cow<'a, str>>,
    key_ops: Option<Vec<Cow<'a, str>>>,
    x: Option<Cow<'a, str>>,
    y: Option<Cow<'a, str>>,
    n: Option<Cow<'a, str>>,
    e: Option<Cow<'a, str>>,
    d: Option<&'a str>,
    k: Option<&'a str>,
    iat: Option<u64>,
    nbf: Option<u64>,
    exp: Option<u64>,
    /// Whether any member is the private part of a key, of whatever type.
    secret: bool,
    /// Whether it has a private member that is neither `d` nor `k`.
    other_secret: bool,
    /// What is wrong with a member that has a value of the wrong type.
    wrong_type: Option<&'static str>,
}

impl<'a> Jwk<'a> {
    /// Reads the text of an object. The caller words what is no JSON.
    pub(super) fn read(raw: &'a str) -> Result<Self> {
        let mut jwk = Self::default();
        json::read_object(raw.as_bytes(), Limits::KEYS, |name, value| {
            jwk.take(&name, value);
            Ok(())
        })?;
        Ok(jwk)
    }

    fn take(&mut self, name: &str, value: Value<'a>) {
        let mut text = |message| {
            let text = value.text();
            if text.is_none() {
                self.wrong_type = Some(message);
            }
            text
        };
        match name {
            "kty" => self.kty = text(r#""kty" is not a string"#),
            "crv" => self.crv = text(r#""crv" is not a string"#),
            "alg" => self.alg = text(r#""alg" is not a string"#),
            "kid" => self.kid = text(r#""kid" is not a string"#),
            "use" => self.used_for = text(r#""use" is not a string"#),
            "x" => self.x = text(r#""x" is not a string"#),
            "y" => self.y = text(r#""y" is not a string"#),
            "n" => self.n = text(r#""n" is not a string"#),
            "e" => self.e = text(r#""e" is not a string"#),
            "d" => self.d = self.take_secret(value, r#""d" is not a string without escapes"#),
            "k" => self.k = self.take_secret(value, r#""k" is not a string without escapes"#),
            // Of RSA keys, and of AKP keys (ML-DSA).
            "p" | "q" | "dp" | "dq" | "qi" | "oth" | "priv" => {
                (self.secret, self.other_secret) = (true, true);
            }
            "key_ops" => {
                self.key_ops = operations(value);
                if self.key_ops.is_none() {
                    self.wrong_type = Some(r#""key_ops" is not an array of strings"#);
                }
            }
            "iat" => self.iat = self.take_time(value, r#""iat" is not in whole seconds"#),
            "nbf" => self.nbf = self.take_time(value, r#""nbf" is not in whole seconds"#),
            "exp" => self.exp = self.take_time(value, r#""exp" is not in whole seconds"#),
            _ => {}
        }
    }

    /// Takes a secret as it stands in the text: resolving an escape would make a copy that nobody wipes.
    fn take_secret(&mut self, value: Value<'a>, message: &'static str) -> Option<&'a str> {
        self.secret = true;
        if let Some(Cow::Borrowed(text)) = value.text() {
            return Some(text);
        }
        self.wrong_type = Some(message);
        None
    }

    fn take_time(&mut self, value: Value<'a>, message: &'static str) -> Option<u64> {
        let time = value.integer();
        if time.is_none() {
            self.wrong_type = Some(message);
        }
        time
    }

    /// The `kid` as the key has it.
    pub(super) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Whether it has the private part of a key, even of a type that is not used here.
    pub(super) fn is_secret(&self) -> bool {
        self.secret
    }

    pub(super) fn into_key(self, options: KeyringOptions) -> Result<Key, Unusable> {
        let algorithm = self.usable_algorithm(options)?;
        let material = self.material(algorithm)?;
        let kid = match self.kid {
            Some(kid) => kid.into_owned(),
            None if algorithm.is_symmetric() => return Err(invalid(r#"a MAC key needs a "kid""#).into()),
            None => thumbprint::default_kid(&material)?,
        };
        let life = Life { made: self.iat, signs_from: self.nbf.unwrap_or(0), verifies_until: self.exp };
        Ok(Key::new(&kid, life, material))
    }

    /// The algorithm, of a key that is for signatures here.
    fn usable_algorithm(&self, options: KeyringOptions) -> Result<Algorithm, Unusable> {
        let foreign = |reason| Unusable::Foreign(Cow::Borrowed(reason));
        if !matches!(self.kty.as_deref(), None | Some("OKP" | "EC" | "RSA" | "oct")) {
            return Err(foreign(r#"unsupported "kty": expected OKP, EC, RSA or oct"#));
        }
        if self.used_for.as_deref().is_some_and(|used_for| used_for != "sig") {
            return Err(foreign(r#""use" is not "sig", so the key is not for signatures"#));
        }
        let Some(name) = self.alg.as_deref() else {
            return Err(Unusable::Foreign(
                self.wrong_type.map_or_else(|| self.no_algorithm(), Cow::Borrowed),
            ));
        };
        let algorithm = Algorithm::parse_foreign(name).ok_or_else(|| {
            foreign(r#"unsupported "alg": expected EdDSA (or Ed25519), ES256, HS256 or RS256"#)
        })?;
        // The older name means both curves (RFC 8037 §3.1).
        if algorithm == Algorithm::EdDsa && self.crv.as_deref() == Some("Ed448") {
            return Err(foreign(r#"unsupported "crv": EdDSA needs Ed25519 here"#));
        }
        if algorithm == Algorithm::Rs256 && !self.secret && !options.rs256 {
            return Err(foreign(RS256_IS_OFF));
        }
        self.check_members(algorithm)?;
        if self.kid.as_deref().is_some_and(|kid| !thumbprint::is_kid(kid)) {
            return Err(foreign(r#""kid" is not 1 to 64 letters, digits, "_" or "-""#));
        }
        self.check_operations(algorithm).map_err(foreign)?;
        Ok(algorithm)
    }

    /// Refuses members of the wrong type, and those of another type of key than the algorithm's.
    fn check_members(&self, algorithm: Algorithm) -> Result<()> {
        if let Some(message) = self.wrong_type {
            return Err(invalid(message));
        }
        let (kty, crv) = match algorithm {
            Algorithm::EdDsa => ("OKP", Some("Ed25519")),
            Algorithm::Es256 => ("EC", Some("P-256")),
            Algorithm::Hs256 => ("oct", None),
            Algorithm::Rs256 => ("RSA", None),
        };
        if self.kty.as_deref() != Some(kty) || self.crv.as_deref() != crv {
            return Err(invalid(r#""alg" does not match "kty" and "crv""#));
        }
        let foreign_secret = match algorithm {
            Algorithm::Rs256 if self.secret => {
                return Err(invalid(
                    "RSA private key: RS256 only verifies here; put its public key in the set",
                ));
            }
            Algorithm::Rs256 => false,
            Algorithm::Hs256 => self.d.is_some() || self.other_secret,
            Algorithm::EdDsa | Algorithm::Es256 => self.k.is_some() || self.other_secret,
        };
        if foreign_secret { Err(invalid("it has the private member of another key type")) } else { Ok(()) }
    }

    fn no_algorithm(&self) -> Cow<'static, str> {
        let algorithm = match (self.kty.as_deref(), self.crv.as_deref()) {
            (Some("OKP"), Some("Ed25519")) => Algorithm::EdDsa,
            (Some("EC"), Some("P-256")) => Algorithm::Es256,
            (Some("oct"), None) => Algorithm::Hs256,
            (Some("RSA"), None) => Algorithm::Rs256,
            _ => return Cow::Borrowed(r#"no "alg""#),
        };
        Cow::Owned(format!(r#"no "alg"; for signatures of this key add "alg":"{algorithm}""#))
    }

    fn check_operations(&self, algorithm: Algorithm) -> Result<(), &'static str> {
        let Some(operations) = &self.key_ops else { return Ok(()) };
        let allows = |operation| operations.iter().any(|allowed| allowed == operation);
        let (fits, message) = match (algorithm.is_symmetric(), self.secret) {
            (true, _) => (allows("sign") && allows("verify"), r#""key_ops" lacks "sign" or "verify""#),
            (false, true) => (allows("sign"), r#""key_ops" lacks "sign""#),
            (false, false) => (allows("verify"), r#""key_ops" lacks "verify""#),
        };
        if fits { Ok(()) } else { Err(message) }
    }

    fn material(&self, algorithm: Algorithm) -> Result<Material> {
        match algorithm {
            Algorithm::EdDsa => {
                let public = *exactly("x", self.x.as_deref())?;
                match self.d {
                    Some(d) => Material::ed25519_pair(exactly("d", Some(d))?, &public),
                    None => Material::ed25519_public(public),
                }
            }
            Algorithm::Es256 => {
                let mut public: Point = [4; 65];
                public[1..33].copy_from_slice(&*exactly("x", self.x.as_deref())?);
                public[33..].copy_from_slice(&*exactly("y", self.y.as_deref())?);
                match self.d {
                    Some(d) => Material::p256_pair(exactly("d", Some(d))?, public),
                    None => Material::p256_public(public),
                }
            }
            Algorithm::Hs256 => Material::hmac(bytes("k", self.k)?),
            Algorithm::Rs256 => {
                let (n, e) = (bytes("n", self.n.as_deref())?, bytes("e", self.e.as_deref())?);
                Material::rsa_public(n.to_vec(), e.to_vec())
            }
        }
    }
}

fn operations(value: Value<'_>) -> Option<Vec<Cow<'_, str>>> {
    let mut operations = Vec::new();
    let read = json::read_array(value.raw, Limits::KEYS, |operation| {
        operations.push(operation.text().ok_or_else(|| invalid("not a string"))?);
        Ok(())
    });
    read.is_ok().then_some(operations)
}

fn bytes(name: &str, text: Option<&str>) -> Result<Zeroizing<Vec<u8>>> {
    let text = text.ok_or_else(|| invalid(format!(r#""{name}" is missing"#)))?;
    let wrong = |_| invalid(format!(r#""{name}" is not base64url without padding"#));
    base64url::decode(text).map(Zeroizing::new).map_err(wrong)
}

/// A part of 32 bytes, neither cut nor padded (RFC 7518 §6.2.1.2).
fn exactly(name: &str, text: Option<&str>) -> Result<Secret> {
    let bytes = bytes(name, text)?;
    let mut exact = Secret::default();
    if bytes.len() != exact.len() {
        return Err(invalid(format!(r#""{name}" is {} bytes long instead of 32"#, bytes.len())));
    }
    exact.copy_from_slice(&bytes);
    Ok(exact)
}

//! JSON to keys, strictly: what is doubtful is an error that names the key.

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::codec::base64url;
use crate::codec::json::{self, Kind, Limits, Value};
use crate::error::{ErrorKind, Result, SessionError};
use crate::keyring::algorithm::Algorithm;
use crate::keyring::key::{Key, Life};
use crate::keyring::material::{Material, Point, Secret};
use crate::keyring::options::KeyringOptions;
use crate::keyring::purposes::{ROOT_LENGTH, Root};
use crate::keyring::{MOST_KEYS, invalid, thumbprint};

/// The longest key set, in bytes.
pub(in crate::keyring) const LONGEST: usize = 64 * 1024;

/// Reads a JWK Set (RFC 7517 §5), or a single JWK as a set of one.
pub(in crate::keyring) fn read(text: &str, options: KeyringOptions) -> Result<(Vec<Key>, Option<Root>)> {
    if text.len() > LONGEST {
        return Err(invalid("a key set has at most 64 KiB"));
    }
    if text.trim_ascii_start().starts_with("-----BEGIN ") {
        return Err(invalid("it is PEM and not a key set: read it with Keyring::from_pem"));
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
    let keys = match set {
        Some(set) => read_set(set, options)?,
        None if single => vec![read_key(text, 1, options)?],
        None => return Err(invalid("a key set has an array named keys")),
    };
    let root = root.map(|root| read_root(root, options)).transpose()?;
    Ok((keys, root))
}

fn read_set(set: Value<'_>, options: KeyringOptions) -> Result<Vec<Key>> {
    if set.kind != Kind::Array {
        return Err(invalid("a key set has an array named keys"));
    }
    let mut raws = Vec::new();
    json::read_array(set.raw, Limits::KEYS, |key| {
        if raws.len() == MOST_KEYS {
            return Err(invalid("a keyring has at most 32 keys"));
        }
        raws.push(key.raw);
        Ok(())
    })
    .map_err(unreadable)?;
    raws.into_iter().enumerate().map(|(index, raw)| read_key(raw, index + 1, options)).collect()
}

fn read_root(value: Value<'_>, options: KeyringOptions) -> Result<Root> {
    if options.public_only {
        return Err(invalid("the key set has a root secret, and only public keys are expected here"));
    }
    let root = value.text().and_then(|text| base64url::decode(&*text).ok()).map(Zeroizing::new);
    root.filter(|root| root.len() >= ROOT_LENGTH)
        .ok_or_else(|| invalid("the root secret is not base64url of at least 32 bytes"))
}

/// Reads one key; an error says which: by its name if that is well-formed, else by its place in the set.
fn read_key(raw: &str, place: usize, options: KeyringOptions) -> Result<Key> {
    let jwk = Jwk::read(raw)?;
    let kid = jwk.kid.as_deref().filter(|kid| thumbprint::is_kid(kid));
    let which = kid.map_or_else(|| format!("key {place} of the set"), |kid| format!(r#"key "{kid}""#));
    jwk.into_key(options).map_err(|error| invalid(format!("{which}: {error}")))
}

/// The members that mean something here; RFC 7517 §4 has all others ignored.
#[derive(Default)]
struct Jwk<'a> {
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
    d: Option<Cow<'a, str>>,
    k: Option<Cow<'a, str>>,
    iat: Option<u64>,
    nbf: Option<u64>,
    exp: Option<u64>,
    /// A member that only an RSA private key has.
    rsa_private: bool,
    /// Whether a member has a value of the wrong type: told only once the key's name is known.
    wrong_type: bool,
}

impl<'a> Jwk<'a> {
    fn read(raw: &'a str) -> Result<Self> {
        let mut jwk = Self::default();
        json::read_object(raw.as_bytes(), Limits::KEYS, |name, value| {
            jwk.take(&name, value);
            Ok(())
        })
        .map_err(unreadable)?;
        Ok(jwk)
    }

    fn take(&mut self, name: &str, value: Value<'a>) {
        let text = match name {
            "kty" => &mut self.kty,
            "crv" => &mut self.crv,
            "alg" => &mut self.alg,
            "kid" => &mut self.kid,
            "use" => &mut self.used_for,
            "x" => &mut self.x,
            "y" => &mut self.y,
            "n" => &mut self.n,
            "e" => &mut self.e,
            "d" => &mut self.d,
            "k" => &mut self.k,
            "p" | "q" | "dp" | "dq" | "qi" | "oth" => {
                self.rsa_private = true;
                return;
            }
            "key_ops" => {
                self.key_ops = operations(value);
                self.wrong_type |= self.key_ops.is_none();
                return;
            }
            "iat" | "nbf" | "exp" => {
                let time = value.integer();
                self.wrong_type |= time.is_none();
                match name {
                    "iat" => self.iat = time,
                    "nbf" => self.nbf = time,
                    _ => self.exp = time,
                }
                return;
            }
            _ => return,
        };
        // Nothing that is read here needs an escape, so no copy is made of a secret.
        *text = value.text().filter(|text| matches!(text, Cow::Borrowed(_)));
        self.wrong_type |= text.is_none();
    }

    fn into_key(self, options: KeyringOptions) -> Result<Key> {
        if self.wrong_type {
            return Err(invalid("one of its members has a value of the wrong type"));
        }
        if self.kid.as_deref().is_some_and(|kid| !thumbprint::is_kid(kid)) {
            return Err(invalid("its kid is not 1 to 64 letters, digits, underscores or hyphens"));
        }
        if self.used_for.as_deref().is_some_and(|used_for| used_for != "sig") {
            return Err(invalid("its use is not sig"));
        }
        let name = self.alg.as_deref().ok_or_else(|| invalid("it has no alg"))?;
        let algorithm = Algorithm::parse(name).map_err(|error| invalid(error.to_string()))?;
        self.check_type(algorithm)?;
        if options.public_only && (self.d.is_some() || self.k.is_some()) {
            return Err(invalid("it is private, and only public keys are expected here"));
        }
        self.check_operations(algorithm)?;
        let material = self.material(algorithm, options)?;
        let kid = match self.kid {
            Some(kid) => kid.into_owned(),
            None if algorithm.is_symmetric() => return Err(invalid("a MAC key has a kid")),
            None => thumbprint::default_kid(&material)?,
        };
        let life = Life { made: self.iat, signs_from: self.nbf.unwrap_or(0), verifies_until: self.exp };
        Ok(Key::new(&kid, life, material))
    }

    /// Whether the members are those of a key for that algorithm, and of no other type of key.
    fn check_type(&self, algorithm: Algorithm) -> Result<()> {
        if self.rsa_private || (algorithm == Algorithm::Rs256 && self.d.is_some()) {
            return Err(invalid("it is an RSA private key, and RSA only verifies here"));
        }
        let (kty, crv) = match algorithm {
            Algorithm::EdDsa => ("OKP", Some("Ed25519")),
            Algorithm::Es256 => ("EC", Some("P-256")),
            Algorithm::Hs256 => ("oct", None),
            Algorithm::Rs256 => ("RSA", None),
        };
        if self.kty.as_deref() != Some(kty) || self.crv.as_deref() != crv {
            return Err(invalid("its alg does not fit its kty and crv"));
        }
        let foreign = if algorithm.is_symmetric() { self.d.is_some() } else { self.k.is_some() };
        if foreign {
            return Err(invalid("it has the secret of another type of key"));
        }
        Ok(())
    }

    fn check_operations(&self, algorithm: Algorithm) -> Result<()> {
        let Some(operations) = &self.key_ops else { return Ok(()) };
        let allows = |operation| operations.iter().any(|allowed| allowed == operation);
        let fits = match (algorithm.is_symmetric(), self.d.is_some()) {
            (true, _) => allows("sign") && allows("verify"),
            (false, true) => allows("sign"),
            (false, false) => allows("verify"),
        };
        if fits { Ok(()) } else { Err(invalid("its key_ops do not allow to sign, or to verify")) }
    }

    fn material(&self, algorithm: Algorithm, options: KeyringOptions) -> Result<Material> {
        match algorithm {
            Algorithm::EdDsa => {
                let public = *exactly(self.x.as_deref())?;
                match self.d.as_deref() {
                    Some(d) => Material::ed25519_pair(exactly(Some(d))?, &public),
                    None => Material::ed25519_public(public),
                }
            }
            Algorithm::Es256 => {
                let mut public: Point = [4; 65];
                public[1..33].copy_from_slice(&*exactly(self.x.as_deref())?);
                public[33..].copy_from_slice(&*exactly(self.y.as_deref())?);
                match self.d.as_deref() {
                    Some(d) => Material::p256_pair(exactly(Some(d))?, public),
                    None => Material::p256_public(public),
                }
            }
            Algorithm::Hs256 => Material::hmac(bytes(self.k.as_deref())?),
            Algorithm::Rs256 if !options.rs256 => {
                Err(invalid("RS256 keys are taken only where KeyringOptions::allow_rs256 says so"))
            }
            Algorithm::Rs256 => {
                Material::rsa_public(bytes(self.n.as_deref())?.to_vec(), bytes(self.e.as_deref())?.to_vec())
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

fn bytes(text: Option<&str>) -> Result<Zeroizing<Vec<u8>>> {
    let text = text.ok_or_else(|| invalid("one of its parts is missing"))?;
    base64url::decode(text).map(Zeroizing::new).map_err(|_| invalid("one of its parts is not base64url"))
}

/// A part of 32 bytes, neither cut nor padded (RFC 7518 §6.2.1.2).
fn exactly(text: Option<&str>) -> Result<Secret> {
    let bytes = bytes(text)?;
    let mut exact = Secret::default();
    if bytes.len() != exact.len() {
        return Err(invalid("one of its parts has not 32 bytes"));
    }
    exact.copy_from_slice(&bytes);
    Ok(exact)
}

/// The reader's message names no input, so it can be passed on.
fn unreadable(error: SessionError) -> SessionError {
    match error.kind() {
        ErrorKind::InvalidKey => error,
        _ => invalid(format!("the key set is not strict JSON: {error}")),
    }
}

//! One key: its name, its algorithm and its life, ready to sign and verify.

use std::fmt;
use std::sync::Arc;

use time::OffsetDateTime;

use super::algorithm::Algorithm;
use super::key_id::KeyId;
use super::material::Material;
use super::signature::Signature;
use super::thumbprint;
use super::token_type::TokenType;
use crate::codec::base64url;
use crate::error::Result;

/// A key of a ring.
#[derive(Clone)]
pub(crate) struct Key {
    kid: Box<str>,
    id: KeyId,
    header: Box<str>,
    visitor_header: Box<str>,
    life: Life,
    material: Arc<Material>,
}

/// When a key signs and verifies, in whole seconds since the Unix epoch. All processes that hold the key read
/// the same times, so they change over at the same moment without being told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Life {
    /// When the key was made (`iat`).
    pub(crate) made: Option<u64>,
    /// From when it signs (`nbf`).
    pub(crate) signs_from: u64,
    /// Until when it verifies (`exp`).
    pub(crate) verifies_until: Option<u64>,
}

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Known to all, so that they verify with it, but it does not sign yet.
    Published,
    /// The one key that signs.
    Signing,
    /// Does not sign, still verifies what it signed.
    Verifying,
    /// Neither signs nor verifies.
    Retired,
}

impl KeyState {
    /// The state in lower case, as lists show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What may be told about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    /// The name of the key, as in a token's header.
    pub kid: String,
    /// What the key signs and verifies with.
    pub algorithm: Algorithm,
    /// Where the key is in its life.
    pub state: KeyState,
    /// Whether this ring holds the private part, or the secret of a MAC.
    pub private: bool,
    /// When the key was made, if that is known.
    pub made_at: Option<OffsetDateTime>,
    /// From when the key signs, if that was set.
    pub signs_from: Option<OffsetDateTime>,
    /// Until when the key verifies; `None` is for ever.
    pub verifies_until: Option<OffsetDateTime>,
}

impl Key {
    /// The `kid` must be well-formed, so that it needs no escapes in the header.
    pub(crate) fn new(kid: &str, life: Life, material: Material) -> Self {
        let algorithm = material.algorithm().name();
        let header = |token_type: TokenType| {
            let typ = token_type.name();
            let header = format!(r#"{{"alg":"{algorithm}","kid":"{kid}","typ":"{typ}"}}"#);
            (base64url::encode(header) + ".").into()
        };
        Self {
            kid: kid.into(),
            id: KeyId::of(kid),
            header: header(TokenType::Session),
            visitor_header: header(TokenType::Visitor),
            life,
            material: Arc::new(material),
        }
    }

    /// A new key under its default name: the RFC 7638 thumbprint, or 128 random bits for a MAC, whose name
    /// must tell nothing about the secret.
    pub(crate) fn generate(algorithm: Algorithm, life: Life) -> Result<Self> {
        let material = Material::generate(algorithm)?;
        Ok(Self::new(&thumbprint::default_kid(&material)?, life, material))
    }

    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// The name by value.
    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.material.algorithm()
    }

    /// The encoded header of the tokens of this type that this key signs, with the dot that ends it.
    pub(crate) fn header(&self, token_type: TokenType) -> &str {
        match token_type {
            TokenType::Session => &self.header,
            TokenType::Visitor => &self.visitor_header,
        }
    }

    pub(crate) fn material(&self) -> &Material {
        &self.material
    }

    pub(crate) fn life(&self) -> Life {
        self.life
    }

    pub(crate) fn with_life(mut self, life: Life) -> Self {
        self.life = life;
        self
    }

    /// Whether the key can sign at all.
    pub(crate) fn is_private(&self) -> bool {
        self.material.secret().is_some()
    }

    /// Whether the key is not retired. One that does not sign yet does verify: another machine's clock may be
    /// ahead of ours.
    pub(crate) fn verifies_at(&self, unix_millis: u64) -> bool {
        self.life.verifies_until.is_none_or(|until| unix_millis < until.saturating_mul(1000))
    }

    /// Whether the key may sign: it is private, its time has come and is not over.
    pub(crate) fn may_sign_at(&self, unix_millis: u64) -> bool {
        self.life.signs_from.saturating_mul(1000) <= unix_millis
            && self.verifies_at(unix_millis)
            && self.is_private()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Signature> {
        self.material.sign(message)
    }

    /// Whether this key made the signature, whatever its life. Allocates nothing, but for RSA within ring.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.material.verify(message, signature)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm())
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

//! The signature algorithms, by their JOSE names.

use std::fmt;
use std::str::FromStr;

use crate::error::{ErrorKind, Result, SessionError};

/// What a key signs and verifies with (RFC 7518 §3.1, RFC 8037 §3.1). One key has one algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    /// Ed25519: the default.
    #[default]
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// HMAC with SHA-256: whoever verifies can also sign.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256: verifies only, and only where it is allowed explicitly.
    Rs256,
}

impl Algorithm {
    /// Every algorithm, for tables.
    pub const ALL: [Self; 4] = [Self::EdDsa, Self::Es256, Self::Hs256, Self::Rs256];

    /// The JOSE name, as in a header's `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
        }
    }

    /// Reads the JOSE name, byte for byte.
    ///
    /// # Errors
    /// [`UnsupportedAlgorithm`](ErrorKind::UnsupportedAlgorithm) for every other name, `none` among them.
    pub fn parse(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or_else(|| {
            SessionError::new(
                ErrorKind::UnsupportedAlgorithm,
                "unsupported algorithm: expected EdDSA (for Ed25519), ES256, HS256 or RS256",
            )
        })
    }

    /// Reads the name in a key or a proof that another library wrote: [`parse`](Self::parse), and `Ed25519`,
    /// the newer name of the same algorithm (RFC 9864 §2.2).
    pub(crate) fn parse_foreign(name: &str) -> Option<Self> {
        if name == "Ed25519" { Some(Self::EdDsa) } else { Self::parse(name).ok() }
    }

    /// Whether one and the same secret signs and verifies.
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs256)
    }
}

impl FromStr for Algorithm {
    type Err = SessionError;

    fn from_str(name: &str) -> Result<Self> {
        Self::parse(name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newer_name_of_eddsa_is_read_from_others_only() {
        assert_eq!(Algorithm::parse_foreign("Ed25519"), Some(Algorithm::EdDsa));
        assert_eq!(Algorithm::EdDsa.name(), "EdDSA");
        for name in ["ed25519", "ED25519", "Ed448", "ESP256", "Ed25519 "] {
            assert_eq!(Algorithm::parse_foreign(name), None, "{name:?}");
        }
    }

    #[test]
    fn only_the_exact_name_is_an_algorithm() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.name().parse::<Algorithm>().unwrap(), algorithm);
            assert!(Algorithm::parse(&algorithm.name().to_lowercase()).is_err());
        }
        for name in ["none", "None", "NONE", "", "HS512", "EdDSA ", "Ed25519", "ES256K"] {
            assert_eq!(
                Algorithm::parse(name).unwrap_err().kind(),
                ErrorKind::UnsupportedAlgorithm,
                "{name:?}"
            );
        }
    }
}

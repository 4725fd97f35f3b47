//! The keys. They stand here for all to read, so they guard nothing.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sessera::jose::jws;
use sessera::{Algorithm, Keyring};
use time::OffsetDateTime;

use super::stored::Stored;
use super::token::Payload;
use super::{NOW, Result};

/// A keyring of one key, and a root of its own.
pub(super) struct Ring {
    algorithm: Algorithm,
    jwks: String,
    keyring: Keyring,
}

impl Ring {
    pub(super) fn hs256() -> Result<Self> {
        let k = BASE64_URL_SAFE_NO_PAD.encode(b"sessera test vectors, not secret");
        Self::of(Algorithm::Hs256, &format!(r#"{{"kty":"oct","alg":"HS256","kid":"vectors","k":"{k}"}}"#))
    }

    /// The key of RFC 8032 §7.1, test 1; its name is the thumbprint of RFC 8037 §A.3.
    pub(super) fn eddsa() -> Result<Self> {
        Self::of(
            Algorithm::EdDsa,
            r#"{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}"#,
        )
    }

    /// The key of RFC 6979 §A.2.5, by its thumbprint.
    pub(super) fn es256() -> Result<Self> {
        Self::of(
            Algorithm::Es256,
            r#"{"kty":"EC","crv":"P-256","alg":"ES256","kid":"DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0","x":"YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y","y":"eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk","d":"ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE"}"#,
        )
    }

    fn of(algorithm: Algorithm, jwk: &str) -> Result<Self> {
        let root = BASE64_URL_SAFE_NO_PAD.encode(b"sessera test vectors, root value");
        let jwks = format!(r#"{{"keys":[{jwk}],"root":"{root}"}}"#);
        let keyring = Keyring::from_jwks(&jwks)?;
        Ok(Self { algorithm, jwks, keyring })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether the same claims always give the same token.
    pub(super) fn is_deterministic(&self) -> bool {
        self.algorithm != Algorithm::Es256
    }

    pub(super) fn jwks(&self) -> &str {
        &self.jwks
    }

    pub(super) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// A session token of this payload.
    pub(super) fn sign(&self, payload: &Payload) -> Result<String> {
        self.sign_text(&payload.text(), "session+jwt")
    }

    /// As [`sign`](Self::sign), but the token of old where signatures are random.
    pub(super) fn sign_once(&self, payload: &Payload, stored: &Stored) -> Result<String> {
        self.sign_text_once(&payload.text(), "session+jwt", stored)
    }

    /// As [`sign_text`](Self::sign_text), but the token of old where signatures are random.
    pub(super) fn sign_text_once(&self, text: &str, typ: &str, stored: &Stored) -> Result<String> {
        if self.is_deterministic() {
            return self.sign_text(text, typ);
        }
        let holds = |token: &str| {
            jws::verify(token, typ, &self.keyring, now()).is_ok_and(|old| old == text.as_bytes())
        };
        stored.keep_or(holds, || self.sign_text(text, typ))
    }

    /// A token of any text and type.
    pub(super) fn sign_text(&self, text: &str, typ: &str) -> Result<String> {
        Ok(jws::sign(text.as_bytes(), typ, &self.keyring, now())?)
    }
}

/// The keys never change, so any time will do.
fn now() -> OffsetDateTime {
    i64::try_from(NOW)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

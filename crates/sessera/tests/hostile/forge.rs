//! Signs any header and any payload with a real key.

use std::error::Error;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use sessera::{Algorithm, Client, Keyring, ManualClock, Session, SessionError, Sessions};

pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const ISSUER: &str = "https://app.example";
pub(crate) const AUDIENCE: &str = "web";

pub(crate) const HS256: Forge = Forge(Algorithm::Hs256);
/// The key of RFC 8032 §7.1, test 1.
pub(crate) const EDDSA: Forge = Forge(Algorithm::EdDsa);
/// The key of RFC 6979 §A.2.5.
pub(crate) const ES256: Forge = Forge(Algorithm::Es256);
pub(crate) const ALL: [Forge; 3] = [HS256, EDDSA, ES256];

const SECRET: &[u8; 32] = b"hostile input, not a real secret";
const ED25519: [&str; 2] =
    ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"];
const P256: [&str; 3] = [
    "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y",
    "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk",
    "ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE",
];

/// One algorithm and its one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forge(Algorithm);

impl Forge {
    pub(crate) fn algorithm(self) -> Algorithm {
        self.0
    }

    pub(crate) fn kid(self) -> &'static str {
        match self.0 {
            Algorithm::Hs256 => "mac",
            Algorithm::EdDsa => "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            _ => "DOvxvJiAdIqVWIkFt5hDtCunXLF0BV4-JGv4f-ALSm0",
        }
    }

    /// The private JWK.
    pub(crate) fn jwk(self) -> String {
        let kid = self.kid();
        match self.0 {
            Algorithm::Hs256 => {
                let k = encode(SECRET);
                format!(r#"{{"kty":"oct","alg":"HS256","kid":"{kid}","k":"{k}"}}"#)
            }
            Algorithm::EdDsa => {
                let [x, d] = ED25519;
                format!(r#"{{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"{kid}","x":"{x}","d":"{d}"}}"#)
            }
            _ => {
                let [x, y, d] = P256;
                format!(
                    r#"{{"kty":"EC","crv":"P-256","alg":"ES256","kid":"{kid}","x":"{x}","y":"{y}","d":"{d}"}}"#
                )
            }
        }
    }

    pub(crate) fn keyring(self) -> Keyring {
        Keyring::from_jwks(&self.jwk()).unwrap()
    }

    /// The public key's bytes: 32 of Ed25519, or the uncompressed point.
    pub(crate) fn public_key(self) -> Vec<u8> {
        match self.0 {
            Algorithm::EdDsa => decode(ED25519[0]),
            Algorithm::Es256 => [&[4], &decode(P256[0])[..], &decode(P256[1])].concat(),
            _ => panic!("a MAC key is not public"),
        }
    }

    /// The header that our own tokens have.
    pub(crate) fn header(self) -> String {
        format!(r#"{{"alg":"{}","kid":"{}","typ":"session+jwt"}}"#, self.0.name(), self.kid())
    }

    pub(crate) fn sign(self, message: &[u8]) -> Vec<u8> {
        match self.0 {
            Algorithm::Hs256 => hmac_sha256(SECRET, message),
            Algorithm::EdDsa => {
                let pair = Ed25519KeyPair::from_seed_unchecked(&decode(ED25519[1])).unwrap();
                assert_eq!(pair.public_key().as_ref(), self.public_key());
                pair.sign(message).as_ref().to_vec()
            }
            _ => {
                let random = SystemRandom::new();
                let pair = EcdsaKeyPair::from_private_key_and_public_key(
                    &ECDSA_P256_SHA256_FIXED_SIGNING,
                    &decode(P256[2]),
                    &self.public_key(),
                    &random,
                );
                pair.unwrap().sign(&random, message).unwrap().as_ref().to_vec()
            }
        }
    }

    /// A token of this header and payload, truly signed.
    pub(crate) fn token(self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.signed(&format!("{}.{}", encode(header), encode(payload)))
    }

    /// A token of our own header and this payload, truly signed.
    pub(crate) fn carrying(self, payload: impl AsRef<[u8]>) -> String {
        self.token(self.header(), payload)
    }

    /// A good token.
    pub(crate) fn good(self) -> String {
        self.carrying(crate::payload::Payload::good().text())
    }

    /// Signs what should be two encoded parts.
    pub(crate) fn signed(self, message: &str) -> String {
        format!("{message}.{}", encode(self.sign(message.as_bytes())))
    }

    /// Who verifies, at [`NOW`].
    pub(crate) fn sessions(self) -> Sessions {
        self.sessions_at(NOW * 1000)
    }

    pub(crate) fn sessions_at(self, unix_millis: u64) -> Sessions {
        let clock = ManualClock::default();
        clock.set_unix_millis(unix_millis);
        Sessions::builder(ISSUER, AUDIENCE).keyring(self.keyring()).clock(clock).build().unwrap()
    }

    /// The code that a verify ends with; `ok` for a token that is accepted.
    pub(crate) fn verdict(self, token: &str) -> &'static str {
        verdict(&self.sessions(), token)
    }
}

/// The code that a verify ends with; `ok` for a token that is accepted.
///
/// Checks by the way that the refusal repeats nothing of the token.
pub(crate) fn verdict(sessions: &Sessions, token: &str) -> &'static str {
    let verified = sessions.verify(token, &Client::new());
    verified.map_or_else(|error| told_nothing(&error, token), |_: Session| "ok")
}

fn told_nothing(error: &SessionError, token: &str) -> &'static str {
    let mut told = format!("{error} {error:?}");
    let mut source = error.source();
    while let Some(cause) = source {
        told.push_str(&cause.to_string());
        source = cause.source();
    }
    for part in token.split('.').filter(|part| part.len() >= 8) {
        let end = part.char_indices().nth(8).map_or(part.len(), |(at, _)| at);
        assert!(!told.contains(&part[..end]), "the error repeats the token");
    }
    error.code()
}

/// Asserts that the forge's own verifier ends with this code.
#[track_caller]
pub(crate) fn refused(forge: Forge, token: &str, code: &str) {
    let shown: String = token.chars().take(120).collect();
    assert_eq!(forge.verdict(token), code, "{} {shown}", forge.0);
}

pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn decode(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

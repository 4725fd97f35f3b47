//! What the targets share: the keys and tokens of the vectors, and a forge that signs anything.

use std::collections::HashSet;
use std::fs;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::Value;
use sessera::{Keyring, ManualClock, Sessions};

/// The time of the vectors, in seconds.
pub const NOW: u64 = 1_700_000_000;
/// The issuer of the vectors.
pub const ISSUER: &str = "https://app.example";
/// The audience of the vectors.
pub const AUDIENCE: &str = "web";

/// The header of the vectors' HS256 tokens.
pub const HEADER: &str = r#"{"alg":"HS256","kid":"vectors","typ":"session+jwt"}"#;
/// The secret of the vectors' HS256 key.
const SECRET: &[u8] = b"sessera test vectors, not secret";

/// The files with tokens of one algorithm each.
pub static FILES: LazyLock<[Value; 3]> = LazyLock::new(|| {
    [
        include_str!("../../tests/vectors/hs256.json"),
        include_str!("../../tests/vectors/eddsa.json"),
        include_str!("../../tests/vectors/es256.json"),
    ]
    .map(|text| serde_json::from_str(text).expect("the vectors are JSON"))
});

/// The keyring of such a file.
pub fn keyring(file: &Value) -> Keyring {
    Keyring::from_jwks(file["keys"].as_str().expect("keys are text")).expect("the vectors' keys are good")
}

/// Sessions that know nothing of revocations, at [`NOW`].
pub fn sessions(keyring: Keyring, sealed: bool) -> Sessions {
    Sessions::builder(ISSUER, AUDIENCE)
        .keyring(keyring)
        .sealed(sealed)
        .clock(ManualClock::at_unix(NOW))
        .build()
        .expect("these settings work")
}

/// The sessions of each file.
pub static SESSIONS: LazyLock<[Sessions; 3]> =
    LazyLock::new(|| std::array::from_fn(|nth| sessions(keyring(&FILES[nth]), false)));

/// Header and payload of all tokens of the vectors: nobody has signed any other.
pub static SIGNED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut signed = HashSet::new();
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors");
    for entry in fs::read_dir(vectors).expect("the vectors are there") {
        let path = entry.expect("they can be listed").path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = fs::read_to_string(path).expect("they can be read");
            // No token holds a character that JSON must escape.
            let tokens = text.split('"').filter_map(|token| token.rsplit_once('.'));
            signed.extend(tokens.map(|(message, _)| message.to_owned()));
        }
    }
    signed
});

/// A token of any header and payload, signed with the vectors' HS256 key.
pub fn forge(header: &[u8], payload: &[u8]) -> String {
    let mut token = BASE64_URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(payload, &mut token);
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, SECRET);
    let tag = ring::hmac::sign(&key, token.as_bytes());
    token.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(tag, &mut token);
    token
}

/// The input in two parts: what stands before the first line break, and what stands behind it.
pub fn halves(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (&[], data),
    }
}

//! Makes the vectors: the same ones every time.
//!
//! What is random in them (signatures of ES256, seals, CSRF tokens) is kept from the files as they are, as
//! long as it holds. What a verify must lead to is written down here or follows from the claims that went
//! into the token; it is never taken from what the library did.

mod algorithms;
mod binding;
mod claims;
mod cookie;
mod csrf;
mod ending;
mod forwarded;
mod jose;
mod key_sets;
mod login;
mod malformed;
mod proofs;
mod revocation;
mod rings;
mod rotation;
mod sealed;
mod step_up;
mod steps;
mod stored;
mod times;
mod token;

use std::error::Error;

use crate::format::{Case, File};
use rings::Ring;
use stored::Stored;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const ISSUER: &str = "https://app.example";
const AUDIENCE: &str = "web";
/// 2023-11-14 22:13:20 UTC, in seconds.
const NOW: u64 = 1_700_000_000;
/// The same in milliseconds.
const NOW_MS: u64 = NOW * 1000;
const MINUTE_MS: u64 = 60_000;
/// The default leeway.
const LEEWAY_MS: u64 = 30_000;

/// All files. What is random in `stored` and still holds is used again.
///
/// # Errors
/// When a key can't be read or can't sign: a mistake in here.
pub fn files(stored: &[File]) -> Result<Vec<File>> {
    let stored = Stored::new(stored);
    let mut files = Vec::new();
    for ring in [Ring::hs256()?, Ring::eddsa()?, Ring::es256()?] {
        let name = ring.algorithm().name().to_lowercase();
        let about = format!(
            "Tokens signed with {}: good ones, and those whose signature must not count.",
            ring.algorithm()
        );
        files.push(file(&name, &about, &ring, algorithms::cases(&ring, &stored)?));
    }
    let ring = Ring::hs256()?;
    for (name, about, cases) in [
        ("binding", "What a token remembers of its client, and what a change does.", binding::cases(&ring)?),
        (
            "claims",
            "Claims that are missing, of another type, out of range or not ours.",
            claims::cases(&ring)?,
        ),
        ("cookie", "Our cookie in a Cookie header, and the Set-Cookie that stores it.", cookie::cases()),
        (
            "csrf",
            "Requests that may change something: where they came from, and their token.",
            csrf::cases(&ring, &stored)?,
        ),
        ("ending", "Logout: which tokens end their session.", ending::cases(&ring)?),
        (
            "forwarded",
            "The client's address behind proxies, by the peer and X-Forwarded-For.",
            forwarded::cases(),
        ),
        ("jose", "Any payload in a JWS or a JWE, at the low level.", jose::cases(&ring, &stored)?),
        (
            "key_sets",
            "Key sets and keys in PEM: those that are read, with what is skipped in them, and those that are refused.",
            key_sets::cases()?,
        ),
        ("login", "Logins, and the claims that no token may carry.", login::cases()),
        ("malformed", "Input that is no token at all, or is over a limit.", malformed::cases(&ring)?),
        ("proofs", "DPoP proofs of other libraries.", proofs::cases()?),
        (
            "revocation",
            "Sessions that were ended, one by one, by subject, by key and all at once.",
            revocation::cases(&ring)?,
        ),
        ("rotation", "Generations: grace, reuse, elevation.", rotation::cases(&ring)?),
        ("sealed", "Tokens that only the ring can read.", sealed::cases(&ring, &stored)?),
        ("step_up", "Asking for a recent or a stronger authentication.", step_up::cases(&ring)?),
        ("visitors", "Tokens of people who are not logged in.", ending::visitors(&ring)?),
        ("times", "The edges of every time, to the millisecond.", times::cases(&ring)?),
    ] {
        files.push(file(name, about, &ring, cases));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn file(name: &str, about: &str, ring: &Ring, cases: Vec<Case>) -> File {
    File {
        name: name.to_owned(),
        about: about.to_owned(),
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
        keys: ring.jwks().to_owned(),
        cases,
    }
}

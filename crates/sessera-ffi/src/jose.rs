//! The low level: any payload in a compact JWS or JWE, read as strictly as a session token.

use std::sync::Arc;

use sessera::jose::{jwe, jws};

use crate::{Instant, Keyring, Result};

/// Signs `payload` as a compact JWS (RFC 7515) of this `typ`, with the key that signs now, or at `now`.
#[uniffi::export(default(now = None))]
pub fn jws_sign(payload: Vec<u8>, typ: &str, keyring: Arc<Keyring>, now: Option<Instant>) -> Result<String> {
    Ok(jws::sign(&payload, typ, &keyring.now(), crate::time::now(now))?)
}

/// Verifies a compact JWS of this `typ`, and returns its payload.
#[uniffi::export(default(now = None))]
pub fn jws_verify(token: &str, typ: &str, keyring: Arc<Keyring>, now: Option<Instant>) -> Result<Vec<u8>> {
    Ok(jws::verify(token, typ, &keyring.now(), crate::time::now(now))?)
}

/// Seals `payload` as a compact JWE (RFC 7516) of this `cty`.
#[uniffi::export]
pub fn jwe_seal(payload: Vec<u8>, cty: &str, keyring: Arc<Keyring>) -> Result<String> {
    Ok(jwe::seal(&payload, cty, &keyring.now())?)
}

/// Opens what `jwe_seal` made with the same `cty`, and returns the payload.
#[uniffi::export]
pub fn jwe_open(token: &str, cty: &str, keyring: Arc<Keyring>) -> Result<Vec<u8>> {
    Ok(jwe::open(token, cty, &keyring.now())?)
}

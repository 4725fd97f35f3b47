//! The low level: any payload in a compact JWS or JWE.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use sessera::jose::{jwe, jws};
use time::OffsetDateTime;

use crate::clock::present;
use crate::error::Result;
use crate::keyring::Keyring;
use crate::text::{Text, Token};

/// Signs `payload` under a header of exactly `alg`, `kid` and `typ`, and returns the compact JWS.
///
/// `now` says which key signs; by default it is the present.
#[pyfunction]
#[pyo3(signature = (payload, typ, keyring, now=None))]
pub(crate) fn jws_sign(
    py: Python<'_>,
    payload: &[u8],
    typ: &str,
    keyring: &Keyring,
    now: Option<OffsetDateTime>,
) -> Result<String> {
    let (keyring, now) = (keyring.now(), now.unwrap_or_else(present));
    Ok(py.detach(|| jws::sign(payload, typ, &keyring, now))?)
}

/// Verifies a compact JWS of type `typ`, and returns its payload.
///
/// `now` says which keys verify; by default it is the present.
#[pyfunction]
#[pyo3(signature = (token, typ, keyring, now=None))]
pub(crate) fn jws_verify<'py>(
    py: Python<'py>,
    token: Text<'_, Token>,
    typ: &str,
    keyring: &Keyring,
    now: Option<OffsetDateTime>,
) -> Result<Bound<'py, PyBytes>> {
    let (keyring, now) = (keyring.now(), now.unwrap_or_else(present));
    let payload = py.detach(|| jws::verify(&token, typ, &keyring, now))?;
    Ok(PyBytes::new(py, &payload))
}

/// Seals `payload` with the keyring's root, under a header of exactly `alg`, `enc` and `cty`, and returns the
/// compact JWE.
#[pyfunction]
// A payload of the longest is sealed in about the time that letting go and taking back takes.
pub(crate) fn jwe_seal(payload: &[u8], cty: &str, keyring: &Keyring) -> Result<String> {
    Ok(jwe::seal(payload, cty, &keyring.now())?)
}

/// Opens a compact JWE that was sealed with the same `cty`, and returns its payload.
#[pyfunction]
pub(crate) fn jwe_open<'py>(
    py: Python<'py>,
    token: Text<'_, Token>,
    cty: &str,
    keyring: &Keyring,
) -> Result<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &jwe::open(&token, cty, &keyring.now())?))
}

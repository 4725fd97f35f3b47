//! Where a request came from.

use pyo3::prelude::*;
use sessera::Origin;
use sessera::csrf::FetchMetadata;

use crate::error::Result;

/// Refuses an unsafe request that another site caused, by what the browser says of it.
///
/// `own_origins` are the application's own (`https://app.example`), asked only of browsers that send no
/// `Sec-Fetch-Site`; `trusted_origins` are others that may make unsafe requests. A request with neither
/// header passes unless `refuse_unknown` is set. Raises `CsrfInvalid`.
#[pyfunction]
#[pyo3(
    signature = (
        *, method, sec_fetch_site=None, origin=None, own_origins=Vec::new(), trusted_origins=Vec::new(),
        refuse_unknown=false
    ),
    text_signature = "(*, method, sec_fetch_site=None, origin=None, own_origins=(), trusted_origins=(), \
                      refuse_unknown=False)"
)]
#[expect(clippy::needless_pass_by_value, reason = "Python's sequences arrive as vectors")]
pub(crate) fn check_fetch(
    method: &str,
    sec_fetch_site: Option<&str>,
    origin: Option<&str>,
    own_origins: Vec<String>,
    trusted_origins: Vec<String>,
    refuse_unknown: bool,
) -> Result<()> {
    let (own_origins, trusted_origins) = (origins(&own_origins)?, origins(&trusted_origins)?);
    Ok(sessera::csrf::check_fetch(&FetchMetadata {
        method,
        sec_fetch_site,
        origin,
        own_origins: &own_origins,
        trusted_origins: &trusted_origins,
        refuse_unknown,
    })?)
}

/// Whether the method only reads (RFC 9110 §9.2.1). Methods are case-sensitive: `get` is not safe.
#[pyfunction]
pub(crate) fn is_safe_method(method: &str) -> bool {
    sessera::csrf::is_safe_method(method)
}

pub(crate) fn origins(texts: &[String]) -> Result<Vec<Origin>> {
    Ok(texts.iter().map(|text| Origin::parse(text)).collect::<sessera::Result<_>>()?)
}

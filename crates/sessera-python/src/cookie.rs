//! The cookie that carries a token.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};
use sessera::ErrorKind;
use sessera::cookie::{self, CookieSettings, SameSite};

use crate::error::{Error, Result};
use crate::span::Span;

/// The cookie that carries a token: writes, expires and reads it strictly (RFC 6265bis).
///
/// The defaults are the strictest that work for a site of its own. `domain` and `path` say where it is sent;
/// `same_site` is `Strict`, `Lax` or `None` as text; `partitioned` gives an embedded application a cookie for
/// each embedding site; `max_age` is a timedelta or seconds, and None for a cookie that goes with the
/// browser.
///
/// `dev` is for development over plain http: it drops the name's prefix and `Secure`.
///
/// Raises `InvalidConfig` for a combination that browsers would refuse or weaken.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct Cookie(cookie::Cookie);

#[pymethods]
impl Cookie {
    /// Header for each response whose content depends on the session, also where the cookie was absent.
    #[classattr]
    const VARY: (&'static str, &'static str) = cookie::VARY;
    /// Header for each response that sets or expires the cookie.
    #[classattr]
    const NO_STORE: (&'static str, &'static str) = cookie::NO_STORE;
    /// Header for the response of a logout.
    #[classattr]
    const CLEAR_SITE_DATA: (&'static str, &'static str) = cookie::CLEAR_SITE_DATA;

    #[new]
    #[pyo3(
        signature = (
            name="__Host-session", *, domain=None, path="/", same_site="Lax", http_only=true, secure=true,
            partitioned=false, max_age=None, dev=false
        )
    )]
    #[expect(clippy::too_many_arguments, clippy::fn_params_excessive_bools, reason = "keywords in Python")]
    fn new(
        name: &str,
        domain: Option<String>,
        path: &str,
        same_site: &str,
        http_only: bool,
        secure: bool,
        partitioned: bool,
        max_age: Option<Span>,
        dev: bool,
    ) -> Result<Self> {
        let settings = CookieSettings {
            name: name.to_owned(),
            domain,
            path: path.to_owned(),
            same_site: parse_same_site(same_site)?,
            http_only,
            secure,
            partitioned,
            max_age: max_age.map(|span| span.0),
            dev,
        };
        Ok(Self(cookie::Cookie::new(&settings)?))
    }

    /// The name on the wire: without the prefix in development.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// The value of a `Set-Cookie` header that stores `value`.
    ///
    /// Raises `CookieInvalid` when name and value are over 4096 bytes, or a byte is one that cookies can't
    /// hold.
    fn set_cookie(&self, value: &str) -> Result<String> {
        Ok(self.0.set_cookie(value)?)
    }

    /// The value of a `Set-Cookie` header that removes the cookie.
    fn expire_cookie(&self) -> String {
        self.0.expire_cookie()
    }

    /// The cookie's value in the `Cookie` headers of one request; None if it is absent or empty.
    ///
    /// Raises `CookieInvalid` when the cookie is there twice, since one of them was planted, and `TooLarge`
    /// when the headers are over 16 KiB.
    #[pyo3(signature = (*headers))]
    fn read(&self, headers: &Bound<'_, PyTuple>) -> Result<Option<String>> {
        let headers: Vec<Vec<u8>> = headers.iter().map(|header| bytes(&header)).collect::<Result<_>>()?;
        let value = self.0.read_all(headers.iter().map(Vec::as_slice))?;
        Ok(value.map(str::to_owned))
    }

    fn __repr__(&self) -> String {
        format!("<Cookie {}>", self.0.name())
    }
}

fn parse_same_site(text: &str) -> Result<SameSite> {
    [SameSite::Strict, SameSite::Lax, SameSite::None]
        .into_iter()
        .find(|same_site| same_site.as_str() == text)
        .ok_or_else(|| Error::new(ErrorKind::InvalidConfig, "same_site is none of Strict, Lax, None"))
}

fn bytes(header: &Bound<'_, PyAny>) -> Result<Vec<u8>> {
    if let Ok(header) = header.cast::<PyString>() {
        // What is no Unicode text can't be our cookie, whatever stands in its place.
        return Ok(header.to_string_lossy().into_owned().into_bytes());
    }
    match header.cast::<PyBytes>() {
        Ok(header) => Ok(header.as_bytes().to_vec()),
        Err(_) => Err(PyTypeError::new_err("a Cookie header is str or bytes").into()),
    }
}

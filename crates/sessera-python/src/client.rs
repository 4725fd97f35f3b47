//! What is known of the caller.

use std::net::IpAddr;

use pyo3::prelude::*;
use pyo3::types::PyString;
use sessera::binding::parse_address;

use crate::error::Result;
use crate::span::Span;

/// What is known about the client that shows a token.
///
/// Every fact is optional. Those that are known at the login are bound into the token, as the policy says.
///
/// `ip` is the address that the request came from, as text, with or without a port, or of the module `ipaddress`;
/// behind a proxy see `client_address`. `user_agent` is that header; only its family and platform count, so updates change
/// nothing. `device` is the device secret as the client showed it; see `new_device_secret`. `key` is the
/// RFC 7638 thumbprint of the key that the client has just proved to hold. `waited` is how long ago the request
/// arrived, a timedelta or seconds: a token is judged by what was known then.
///
/// Raises `ValueError` when `ip` is not an address.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct Client(pub(crate) sessera::Client);

impl Client {
    /// The client of a call that names none: nothing is known of it.
    pub(crate) fn or_unknown(client: Option<&Self>) -> std::borrow::Cow<'_, sessera::Client> {
        match client {
            Some(client) => std::borrow::Cow::Borrowed(&client.0),
            None => std::borrow::Cow::Owned(sessera::Client::new()),
        }
    }
}

#[pymethods]
impl Client {
    #[new]
    #[pyo3(
        signature = (*, ip=None, user_agent=None, device=None, key=None, waited=None),
        text_signature = "(*, ip=None, user_agent=None, device=None, key=None, waited=0)"
    )]
    fn new(
        ip: Option<Address>,
        user_agent: Option<&str>,
        device: Option<&str>,
        key: Option<&str>,
        waited: Option<Span>,
    ) -> Self {
        let mut client = sessera::Client::new();
        if let Some(ip) = ip {
            client = client.ip(ip.0);
        }
        if let Some(header) = user_agent {
            client = client.user_agent(header);
        }
        if let Some(secret) = device {
            client = client.device(secret);
        }
        if let Some(thumbprint) = key {
            client = client.key(thumbprint);
        }
        if let Some(waited) = waited {
            client = client.waited(waited.0);
        }
        Self(client)
    }

    /// The same client, whose request arrived so long ago: a timedelta or seconds.
    fn waiting(&self, waited: Span) -> Self {
        Self(self.0.clone().waited(waited.0))
    }

    fn __repr__(&self) -> String {
        format!("<{:?}>", self.0)
    }
}

/// An address, as text or of the module `ipaddress`.
pub(crate) struct Address(pub(crate) IpAddr);

impl<'py> FromPyObject<'_, 'py> for Address {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        // Text first: whether it is one of `ipaddress` takes an import and a look at its class.
        if let Ok(text) = value.cast::<PyString>()
            && let Some(address) = parse_address(&text.to_cow()?)
        {
            return Ok(Self(address));
        }
        // Which also raises what is to be raised for text that is no address.
        value.extract().map(Self)
    }
}

/// A new device secret: 256 random bits as base64url, for an `HttpOnly` cookie of its own or the platform's
/// key store.
#[pyfunction]
pub(crate) fn new_device_secret() -> Result<String> {
    Ok(sessera::new_device_secret()?)
}

//! Proof that the caller holds a key which never leaves its device (RFC 9449).

use pyo3::prelude::*;
use sessera::Algorithm;
use sessera::binding::{self, DpopSettings, ProofRequest};
use time::OffsetDateTime;

use crate::clock::present;
use crate::error::Result;
use crate::span::Span;

/// Checks `DPoP` proofs, and remembers them so that each is good only once.
///
/// A proof may be `max_age` old, 60 s by default, and `leeway` ahead, 5 s by default; `capacity` are
/// remembered at once, 262,144 by default. It remembers in this process: where several serve the same URL, a
/// stolen proof could be used once at each while it lasts.
///
/// Raises `InvalidConfig` for settings outside their ranges.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct DpopVerifier(binding::DpopVerifier);

#[pymethods]
impl DpopVerifier {
    #[new]
    #[pyo3(signature = (*, max_age=None, leeway=None, capacity=None))]
    fn new(max_age: Option<Span>, leeway: Option<Span>, capacity: Option<usize>) -> Result<Self> {
        let mut settings = DpopSettings::default();
        settings.max_age = max_age.map_or(settings.max_age, |span| span.0);
        settings.leeway = leeway.map_or(settings.leeway, |span| span.0);
        settings.capacity = capacity.unwrap_or(settings.capacity);
        Ok(Self(binding::DpopVerifier::new(settings)?))
    }

    /// Checks a proof by RFC 9449 §4.3, remembers it, and returns what is known of it; its `thumbprint` is
    /// for `Client(key=...)`.
    ///
    /// `proof` is the value of the `DPoP` header; a request with two of them is to be refused unseen. `url`
    /// is the request's as the client wrote it: behind a proxy, the public one. `access_token` is the token
    /// that came beside the proof, None only where none is due yet, as at a login. `thumbprint` is that of
    /// the key that the proof must be of, `nonce` the one that the server gave out last; `now` is a datetime
    /// with a time zone, by default the present.
    ///
    /// Raises the `SessionError` of the first check that fails; `Reused` when the proof was shown before.
    #[pyo3(signature = (proof, *, method, url, access_token=None, thumbprint=None, nonce=None, now=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn verify(
        &self,
        py: Python<'_>,
        proof: &str,
        method: &str,
        url: &str,
        access_token: Option<&str>,
        thumbprint: Option<&str>,
        nonce: Option<&str>,
        now: Option<OffsetDateTime>,
    ) -> Result<DpopProof> {
        let request = ProofRequest { proof, method, url, access_token, thumbprint, nonce };
        let now = now.unwrap_or_else(present);
        Ok(DpopProof(py.detach(|| self.0.verify(&request, now))?))
    }

    #[expect(clippy::unused_self, reason = "Python calls it on an object")]
    fn __repr__(&self) -> &'static str {
        "<DpopVerifier>"
    }
}

/// A proof that held.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct DpopProof(binding::DpopProof);

#[pymethods]
impl DpopProof {
    /// The RFC 7638 thumbprint of the key, for `Client(key=...)`.
    #[getter]
    fn thumbprint(&self) -> &str {
        &self.0.thumbprint
    }

    /// The proof's own id, as the client chose it.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    /// When the client made it, by the client's clock.
    #[getter]
    fn issued_at(&self) -> OffsetDateTime {
        self.0.issued_at
    }

    fn __repr__(&self) -> String {
        format!("<DpopProof of {}>", self.0.thumbprint)
    }
}

/// A key of a client that has no key store of its own, such as a service or a test. On a phone the platform
/// keeps the key.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct DpopKey(binding::DpopKey);

#[pymethods]
impl DpopKey {
    /// A new key: `ES256` or `EdDSA`.
    #[staticmethod]
    #[pyo3(signature = (algorithm="ES256"))]
    fn generate(py: Python<'_>, algorithm: &str) -> Result<Self> {
        let algorithm = Algorithm::parse(algorithm)?;
        Ok(Self(py.detach(|| binding::DpopKey::generate(algorithm))?))
    }

    /// The RFC 7638 thumbprint of the public key.
    #[getter]
    fn thumbprint(&self) -> &str {
        self.0.thumbprint()
    }

    /// The value of a `DPoP` header for one request.
    ///
    /// `access_token` is the token that goes with it, `nonce` the one that the server gave out last, if any;
    /// `now` is a datetime with a time zone, by default the present.
    #[pyo3(signature = (method, url, *, access_token=None, nonce=None, now=None))]
    fn proof(
        &self,
        py: Python<'_>,
        method: &str,
        url: &str,
        access_token: Option<&str>,
        nonce: Option<&str>,
        now: Option<OffsetDateTime>,
    ) -> Result<String> {
        let now = now.unwrap_or_else(present);
        Ok(py.detach(|| self.0.proof(method, url, access_token, nonce, now))?)
    }

    fn __repr__(&self) -> String {
        format!("<DpopKey {}>", self.0.thumbprint())
    }
}

//! What comes out of the verbs.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyMappingProxy, PyString};
use time::OffsetDateTime;

use crate::binding::Binding;
use crate::claims;
use crate::error::Result;

/// A verified session: its signature held, and nothing that is known speaks against it.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct Session {
    pub(crate) session: sessera::Session,
    claims: PyOnceLock<Py<PyMappingProxy>>,
}

impl From<sessera::Session> for Session {
    fn from(session: sessera::Session) -> Self {
        Self { session, claims: PyOnceLock::new() }
    }
}

#[pymethods]
impl Session {
    /// Who the session belongs to. Compared byte for byte, never normalised.
    #[getter]
    fn subject(&self) -> &str {
        &self.session.subject
    }

    /// The session's id: 128 random bits as 22 characters of base64url, new at every login.
    #[getter]
    fn id(&self) -> &str {
        &self.session.id
    }

    /// How many times it was rotated.
    #[getter]
    fn generation(&self) -> u64 {
        self.session.generation
    }

    /// When this token was issued.
    #[getter]
    fn issued_at(&self) -> OffsetDateTime {
        self.session.issued_at
    }

    /// When this generation began: the login, or the latest rotation. A renewal does not move it.
    #[getter]
    fn rotated_at(&self) -> OffsetDateTime {
        self.session.rotated_at
    }

    /// When the session started: the login.
    #[getter]
    fn started_at(&self) -> OffsetDateTime {
        self.session.started_at
    }

    /// When the user last authenticated: the login, or the latest elevation.
    #[getter]
    fn authenticated_at(&self) -> OffsetDateTime {
        self.session.authenticated_at
    }

    /// When it expires unless it is renewed.
    #[getter]
    fn expires_at(&self) -> OffsetDateTime {
        self.session.expires_at
    }

    /// When it ends for good.
    #[getter]
    fn ends_at(&self) -> OffsetDateTime {
        self.session.ends_at
    }

    /// How the user authenticated, as one name for the whole.
    #[getter]
    fn acr(&self) -> Option<&str> {
        self.session.acr.as_deref()
    }

    /// How the user authenticated, method by method (RFC 8176).
    #[getter]
    fn amr(&self) -> Vec<&str> {
        self.session.amr.iter().map(String::as_str).collect()
    }

    /// The application's own claims, read-only.
    #[getter]
    fn claims<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyMappingProxy>> {
        if let Some(claims) = self.claims.get(py) {
            return Ok(claims.bind(py).clone());
        }
        let claims = claims::to_python(py, &self.session.claims)?;
        Ok(self.claims.get_or_init(py, || claims.unbind()).bind(py).clone())
    }

    /// Whether the token was rotated away and is still accepted: in the grace, or because no client has shown its
    /// successor yet.
    #[getter]
    fn superseded(&self) -> bool {
        self.session.superseded
    }

    /// Whether it is time to renew the token, by `issued_at`.
    #[getter]
    fn renew_due(&self) -> bool {
        self.session.renew_due
    }

    /// Whether it is time to rotate the token, by `rotated_at`. Never so without a store, nor of a visitor.
    #[getter]
    fn rotation_due(&self) -> bool {
        self.session.rotation_due
    }

    /// Which facts about the client matched, differed or were absent.
    #[getter]
    fn binding(&self) -> Binding {
        Binding(self.session.binding)
    }

    fn __repr__(&self) -> String {
        format!("<Session {} of generation {}>", self.session.id, self.session.generation)
    }
}

/// A token, and the session that it carries.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct Issued {
    /// The token: a compact JWS, or a compact JWE where tokens are sealed.
    #[pyo3(get)]
    token: Py<PyString>,
    /// What it carries.
    #[pyo3(get)]
    session: Py<Session>,
}

impl Issued {
    pub(crate) fn of(py: Python<'_>, issued: sessera::Issued) -> PyResult<Self> {
        Ok(Self {
            token: PyString::new(py, &issued.token).unbind(),
            session: Py::new(py, Session::from(issued.session))?,
        })
    }
}

#[pymethods]
impl Issued {
    fn __repr__(&self) -> String {
        format!("<Issued {}>", self.session.get().__repr__())
    }
}

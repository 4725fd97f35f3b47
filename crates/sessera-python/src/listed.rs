//! A line of the list of a subject's sessions.

use pyo3::prelude::*;
use time::OffsetDateTime;

/// One of a subject's sessions, as its owner may see it.
#[pyclass(module = "sessera", frozen, eq)]
#[derive(PartialEq, Eq)]
pub(crate) struct ListedSession(pub(crate) sessera::ListedSession);

#[pymethods]
impl ListedSession {
    /// The session's id, for `revoke_session`.
    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    /// When it started.
    #[getter]
    fn started_at(&self) -> OffsetDateTime {
        self.0.started_at
    }

    /// When it was last issued, renewed or rotated; requests between two renewals are not counted.
    #[getter]
    fn last_seen(&self) -> OffsetDateTime {
        self.0.last_seen
    }

    /// When it expires unless it is renewed.
    #[getter]
    fn expires_at(&self) -> OffsetDateTime {
        self.0.expires_at
    }

    /// Family and platform of the client's software, such as `firefox/linux`, where it said.
    #[getter]
    fn label(&self) -> Option<&str> {
        self.0.label.as_deref()
    }

    /// The network that it was last seen in, such as `203.0.113.0/24`, where networks are listed.
    #[getter]
    fn network(&self) -> Option<&str> {
        self.0.network.as_deref()
    }

    /// Where it was seen is personal data, and not shown.
    fn __repr__(&self) -> String {
        format!("<ListedSession {}>", self.0.id)
    }
}

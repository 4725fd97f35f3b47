//! What happened, told to Python.

use std::time::Duration;

use pyo3::prelude::*;
use time::OffsetDateTime;

use crate::binding::Binding;

/// One thing that happened to a session. It never holds a token, a key or a session id.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct Event {
    /// What happened: a stable name, by the OWASP Logging Vocabulary where it has one.
    #[pyo3(get)]
    kind: &'static str,
    /// When, by the clock of the `Sessions`.
    #[pyo3(get)]
    at: OffsetDateTime,
    /// Whose session it was, where that is known.
    #[pyo3(get)]
    subject: Option<String>,
    /// A name for the session that only this deployment can make. None where no session is known, or the
    /// keyring has no secret.
    #[pyo3(get)]
    session: Option<String>,
    /// Why a verb failed: the code of its error.
    #[pyo3(get)]
    reason: Option<&'static str>,
    reuse: Option<sessera::Reuse>,
}

impl Event {
    fn of(event: &sessera::Event<'_>) -> Self {
        Self {
            kind: event.kind.name(),
            at: event.at,
            subject: event.subject.map(str::to_owned),
            session: event.session.clone(),
            reason: event.reason.map(sessera::ErrorKind::code),
            reuse: event.reuse,
        }
    }
}

#[pymethods]
impl Event {
    /// Of `authn_token_reuse`: how long ago the token was replaced. None for every other event.
    #[getter]
    fn replaced_ago(&self) -> Option<Duration> {
        self.reuse.map(|reuse| reuse.replaced_ago)
    }

    /// Of `authn_token_reuse`: how many generations the token is behind the current one.
    #[getter]
    fn generations(&self) -> Option<u64> {
        self.reuse.map(|reuse| reuse.generations)
    }

    /// Of `authn_token_reuse`: which facts about the client matched, differed or were absent.
    #[getter]
    fn binding(&self) -> Option<Binding> {
        self.reuse.map(|reuse| Binding(reuse.binding))
    }

    fn __repr__(&self) -> String {
        match self.reason {
            Some(reason) => format!("<Event {}: {reason}>", self.kind),
            None => format!("<Event {}>", self.kind),
        }
    }
}

/// An observer that calls Python. What it raises goes to `sys.unraisablehook`: the verb's outcome is certain
/// by then.
pub(crate) fn observer(callable: std::sync::Arc<Py<PyAny>>) -> impl sessera::Observer {
    move |event: &sessera::Event<'_>| {
        // None when the interpreter is shutting down.
        let _ = Python::try_attach(|py| {
            let callable = callable.bind(py);
            if let Err(error) = callable.call1((Event::of(event),)) {
                error.write_unraisable(py, Some(callable));
            }
        });
    }
}

//! What is known of revocations, and what a revocation waits for.

use std::time::Duration;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt};
use sessera::{ErrorKind, Wait};

use crate::error::{Error, Result};

/// What a `Sessions` knows of revocations, and how old that is.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct Status(sessera::Status);

impl From<sessera::Status> for Status {
    fn from(status: sessera::Status) -> Self {
        Self(status)
    }
}

#[pymethods]
impl Status {
    /// What the age means by the policy: `"loading"`, `"fresh"`, `"stale"` or `"expired"`.
    #[getter]
    fn freshness(&self) -> &'static str {
        self.0.freshness.name()
    }

    /// Whether requests should come here: marks are loaded, and not so old that the policy refuses tokens.
    #[getter]
    fn ready(&self) -> bool {
        self.0.ready
    }

    /// How old the knowledge is. None when nothing was loaded yet.
    #[getter]
    fn age(&self) -> Option<Duration> {
        self.0.age
    }

    /// Of which life of the store's log the position is; 0 where a log has only one.
    #[getter]
    fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// The number of the last mark or entry that is applied here; 0 where marks have no numbers.
    #[getter]
    fn applied(&self) -> u64 {
        self.0.applied
    }

    /// How many marks are known.
    #[getter]
    fn marks(&self) -> usize {
        self.0.marks
    }

    /// How many marks of sessions and subjects may be known; beyond it the older half gives way to a cutoff.
    #[getter]
    fn quota(&self) -> usize {
        self.0.quota
    }

    /// How many revocations are in force here and not in the store yet.
    #[getter]
    fn pending(&self) -> u64 {
        self.0.pending
    }

    /// The memory that they take, in bytes.
    #[getter]
    fn memory(&self) -> usize {
        self.0.memory
    }

    /// How often there were more marks than fit, and the older gave way to a cut of everything.
    #[getter]
    fn overflows(&self) -> u64 {
        self.0.overflows
    }

    /// How many values in the store could not be read, and were ignored.
    #[getter]
    fn refused(&self) -> u64 {
        self.0.refused
    }

    /// What is in the way, in a sentence for an operator. None when nothing is.
    #[getter]
    fn problem(&self) -> Option<&str> {
        self.0.problem.as_deref()
    }

    fn __repr__(&self) -> String {
        let ready = if self.0.ready { "ready" } else { "not ready" };
        format!("<Status {}, {ready}, {} marks>", self.0.freshness.name(), self.0.marks)
    }
}

/// What a revocation waits for, as Python says it: `"stored"`, `"confirmed"`, or a number of replicas.
#[derive(Clone, Copy)]
pub(crate) struct WaitFor(pub(crate) Wait);

impl<'py> FromPyObject<'_, 'py> for WaitFor {
    type Error = Error;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> Result<Self> {
        if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
            let replicas = value.extract().map_err(|_| Error::new(ErrorKind::InvalidConfig, UNKNOWN))?;
            return Ok(Self(Wait::Replicated(replicas)));
        }
        match value.extract::<&str>() {
            Ok("stored") => Ok(Self(Wait::Stored)),
            Ok("confirmed") => Ok(Self(Wait::Confirmed)),
            Ok(_) => Err(Error::new(ErrorKind::InvalidConfig, UNKNOWN)),
            Err(_) => Err(PyTypeError::new_err(UNKNOWN).into()),
        }
    }
}

const UNKNOWN: &str = "wait is \"stored\", \"confirmed\" or a number of replicas";

//! The keys.

use pyo3::prelude::*;
use sessera::Algorithm;

use crate::error::Result;

/// The keys of a deployment: exactly one signs, several verify.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct Keyring {
    pub(crate) keys: sessera::Keyring,
    /// Whether its keys are secrets that sign and verify, which takes well under a microsecond.
    pub(crate) symmetric: bool,
}

#[pymethods]
impl Keyring {
    /// A ring of one new key, which signs at once, and a new root secret.
    ///
    /// `algorithm` is `EdDSA`, `ES256` or `HS256`.
    #[staticmethod]
    #[pyo3(signature = (algorithm="EdDSA"))]
    fn generate(algorithm: &str) -> Result<Self> {
        let algorithm = Algorithm::parse(algorithm)?;
        Ok(Self { keys: sessera::Keyring::generate(algorithm)?, symmetric: algorithm.is_symmetric() })
    }

    fn __repr__(&self) -> String {
        format!("<{:?}>", self.keys)
    }
}

//! The stores that Python can name.

use std::sync::Arc;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use sessera::Store;

use crate::error::Result;

/// A store in the memory of one process: for tests, and for servers of one process that may forget which
/// sessions were revoked when they restart.
///
/// Several `Sessions` may share one.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct MemoryStore(Arc<sessera::MemoryStore>);

#[pymethods]
impl MemoryStore {
    #[new]
    fn new() -> Self {
        Self(Arc::default())
    }

    #[expect(clippy::unused_self, reason = "Python calls it on an object")]
    fn __repr__(&self) -> &'static str {
        "<MemoryStore>"
    }
}

/// The store behind a Python object.
pub(crate) fn of(store: &Bound<'_, PyAny>) -> Result<Arc<dyn Store>> {
    if let Ok(store) = store.cast::<MemoryStore>() {
        return Ok(store.get().0.clone());
    }
    Err(PyTypeError::new_err("the store is none of those that sessera has: MemoryStore").into())
}

//! One interpreter a process.

use std::sync::OnceLock;

use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

/// The place of the builtins of the interpreter that loaded this module: each has its own.
static BUILTINS: OnceLock<usize> = OnceLock::new();

/// Refuses every interpreter but the first that loads the module.
///
/// `PyO3` keeps classes and interned objects once a process, and checks this only for modules within modules. Used
/// from a second interpreter, they would be shared between two that each believe to own them.
pub(crate) fn only_the_first(py: Python<'_>) -> PyResult<()> {
    let own = py.import("builtins")?.as_ptr() as usize;
    if *BUILTINS.get_or_init(|| own) == own {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "sessera is loaded in another interpreter of this process, and does not support subinterpreters",
    ))
}

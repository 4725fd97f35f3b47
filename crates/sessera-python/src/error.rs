//! One Python class for each error code, all below `SessionError`.

use std::error::Error as _;
use std::ffi::CString;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString, PyType};
use sessera::{ErrorKind, SessionError};

/// What the translated calls return.
pub(crate) type Result<T> = std::result::Result<T, Error>;

/// An error on its way to Python.
pub(crate) enum Error {
    /// Raised as the class of its code.
    Session(SessionError),
    /// Raised as it is: a `TypeError` for an argument, for instance.
    Python(PyErr),
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: &'static str) -> Self {
        Self::Session(SessionError::new(kind, message))
    }
}

impl From<SessionError> for Error {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<PyErr> for Error {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<pyo3::CastError<'_, '_>> for Error {
    fn from(error: pyo3::CastError<'_, '_>) -> Self {
        Self::Python(error.into())
    }
}

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Session(error) => Python::attach(|py| raised(py, &error)),
            Error::Python(error) => error,
        }
    }
}

/// The classes, in the order of `ErrorKind::ALL`.
static CLASSES: PyOnceLock<Vec<Py<PyType>>> = PyOnceLock::new();

/// Makes the classes and adds them to the module.
pub(crate) fn add_classes(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let members = PyDict::new(py);
    // The message is what `str()` gives.
    let property = py.import("builtins")?.getattr("property")?;
    members.set_item("message", property.call1((py.get_type::<PyString>(),))?)?;
    // Every instance that is raised here is of a subclass, which has its own.
    members.set_item("code", "session_error")?;
    members.set_item("http_status", 401)?;
    let base = add_class(
        module,
        "SessionError",
        "Why a call failed. Each `code` has a subclass of its own, which is what is raised.\n\n\
         `message` is for the developer's log: it says what was wrong, and never holds a token, a key or a \
         claim's value. `http_status` is for the end user: 401, 403 or 503, and nothing more.",
        None,
        &members,
    )?;
    let mut classes = Vec::new();
    for kind in ErrorKind::ALL {
        let members = PyDict::new(py);
        members.set_item("code", kind.code())?;
        members.set_item("http_status", kind.http_status())?;
        let doc =
            format!("The error of code `{}`; for an end user, HTTP {}.", kind.code(), kind.http_status());
        classes.push(add_class(module, &class_name(kind), &doc, Some(&base), &members)?.unbind());
    }
    // The module may be loaded a second time, in a process that has the classes.
    let _ = CLASSES.set(py, classes);
    Ok(())
}

fn add_class<'py>(
    module: &Bound<'py, PyModule>,
    name: &str,
    doc: &str,
    base: Option<&Bound<'py, PyType>>,
    members: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyType>> {
    let py = module.py();
    let path = CString::new(format!("sessera.{name}"))?;
    let doc = CString::new(doc)?;
    // `new_type` lets go of its reference before Python has taken one: ours, which outlives the call, keeps
    // the members alive.
    let class = PyErr::new_type(py, &path, Some(&doc), base, Some(members.clone().into_any().unbind()))?;
    module.add(name, &class)?;
    Ok(class.into_bound(py))
}

/// `wrong_issuer` becomes `WrongIssuer`.
fn class_name(kind: ErrorKind) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    kind.code().split('_').map(word).collect()
}

fn raised(py: Python<'_>, error: &SessionError) -> PyErr {
    let place = ErrorKind::ALL.iter().position(|kind| *kind == error.kind());
    let class = place.zip(CLASSES.get(py)).and_then(|(place, classes)| classes.get(place));
    let Some(class) = class else {
        return PyRuntimeError::new_err(error.to_string());
    };
    let raised = PyErr::from_type(class.bind(py).clone(), error.to_string());
    if let Some(cause) = error.source().and_then(|source| source.downcast_ref::<SessionError>()) {
        raised.set_cause(py, Some(self::raised(py, cause)));
    }
    raised
}

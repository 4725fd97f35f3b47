//! Spans of time: `timedelta`, or seconds as a number.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDelta, PyDict, PyFloat, PyInt};
use sessera::ErrorKind;

use crate::error::{Error, Result};

/// A span of time as Python gives it, in whole microseconds.
#[derive(Clone, Copy)]
pub(crate) struct Span(pub(crate) Duration);

impl<'py> FromPyObject<'_, 'py> for Span {
    type Error = Error;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> Result<Self> {
        let py = value.py();
        let is_number = value.is_instance_of::<PyInt>() || value.is_instance_of::<PyFloat>();
        if value.is_instance_of::<PyDelta>() {
            return value.extract().map(Self).map_err(|_| out_of_range());
        }
        if !is_number || value.is_instance_of::<PyBool>() {
            let message = "a span of time is a timedelta, or a number of seconds";
            return Err(pyo3::exceptions::PyTypeError::new_err(message).into());
        }
        // Python itself rounds the number, so that `1.5` and `timedelta(seconds=1.5)` are the same span.
        let seconds = PyDict::new(py);
        seconds.set_item("seconds", value)?;
        let delta = py.get_type::<PyDelta>().call((), Some(&seconds)).map_err(|_| out_of_range())?;
        delta.extract().map(Self).map_err(|_| out_of_range())
    }
}

fn out_of_range() -> Error {
    Error::new(ErrorKind::InvalidConfig, "a span of time is negative, or too long to be one")
}

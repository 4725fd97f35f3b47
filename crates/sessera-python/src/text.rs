//! Texts that may come from a stranger.

use std::marker::PhantomData;
use std::ops::Deref;

use pyo3::exceptions::PyUnicodeError;
use pyo3::prelude::*;
use sessera::ErrorKind;

use crate::error::Error;

/// What a text is, and what it is refused as.
pub(crate) trait Meaning {
    const KIND: ErrorKind;
    const MESSAGE: &'static str;
}

/// A `str` of Python's, which may hold lone surrogates, as JSON and file names can bring them. Those are no
/// Unicode text, and are refused with a code of ours, as everything is that a stranger sends.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a, M>(&'a str, PhantomData<fn() -> M>);

/// A token of any kind.
#[derive(Clone, Copy)]
pub(crate) enum Token {}

/// Whom a session belongs to.
#[derive(Clone, Copy)]
pub(crate) enum Subject {}

/// The id of a session.
#[derive(Clone, Copy)]
pub(crate) enum Id {}

/// A CSRF token.
#[derive(Clone, Copy)]
pub(crate) enum Csrf {}

impl Meaning for Token {
    const KIND: ErrorKind = ErrorKind::Malformed;
    const MESSAGE: &'static str = "the token is not Unicode text";
}

impl Meaning for Subject {
    const KIND: ErrorKind = ErrorKind::InvalidClaim;
    const MESSAGE: &'static str = "the subject is not Unicode text";
}

impl Meaning for Id {
    const KIND: ErrorKind = ErrorKind::InvalidClaim;
    const MESSAGE: &'static str = "the session id is not Unicode text";
}

impl Meaning for Csrf {
    const KIND: ErrorKind = ErrorKind::CsrfInvalid;
    const MESSAGE: &'static str = "the CSRF token is not Unicode text";
}

impl<M> Deref for Text<'_, M> {
    type Target = str;

    fn deref(&self) -> &str {
        self.0
    }
}

impl<'a, 'py, M: Meaning> FromPyObject<'a, 'py> for Text<'a, M> {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        match value.extract::<&'a str>() {
            Ok(text) => Ok(Self(text, PhantomData)),
            Err(error) if error.is_instance_of::<PyUnicodeError>(value.py()) => {
                Err(Error::new(M::KIND, M::MESSAGE).into())
            }
            Err(error) => Err(error),
        }
    }
}

//! Application claims: Python objects to JSON, and back.

use std::borrow::Cow;
use std::fmt;

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyMappingProxy, PyString, PyTuple};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use sessera::{Claims, ErrorKind, SessionError};

use crate::error::{Error, Result};

/// Deepest nesting that a token may have. The core checks it; here it ends the walk through a list that
/// holds itself.
const DEEPEST: usize = 8;

/// Claims as one JSON object.
///
/// Only what JSON has is taken, so that what comes back is what was put in, but for a tuple, which comes back
/// as a list.
///
/// # Errors
/// `InvalidClaim`, which names the claim that no token can carry, and never its value.
pub(crate) fn to_json(claims: &Bound<'_, PyMapping>) -> Result<String> {
    let mut json = Vec::with_capacity(128);
    let written = if let Ok(claims) = claims.cast::<PyDict>() {
        write_members(claims.iter(), DEEPEST, &mut json)
    } else {
        let members = claims.items()?;
        let members: PyResult<Vec<_>> = members.iter().map(|member| member.extract()).collect();
        write_members(members?, DEEPEST, &mut json)
    };
    written.map_err(|refused| SessionError::new(ErrorKind::InvalidClaim, refused.message()))?;
    String::from_utf8(json).map_err(|_| invalid("the claims are not Unicode text"))
}

/// A value that no token can carry.
struct Refused {
    /// Where it is, from the innermost name outwards: `.name` or `[index]`.
    path: Vec<String>,
    /// What is wrong with it.
    what: Cow<'static, str>,
}

impl Refused {
    fn message(&self) -> String {
        let path: String = self.path.iter().rev().map(String::as_str).collect();
        match path.strip_prefix('.') {
            Some(path) => format!("the claim `{path}` {}", self.what),
            None => format!("the set of claims {}", self.what),
        }
    }

    fn within(mut self, part: String) -> Self {
        self.path.push(part);
        self
    }
}

fn refused<T>(what: impl Into<Cow<'static, str>>) -> std::result::Result<T, Refused> {
    Err(Refused { path: Vec::new(), what: what.into() })
}

type Written = std::result::Result<(), Refused>;

fn write_members<'py>(
    members: impl IntoIterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    depth: usize,
    json: &mut Vec<u8>,
) -> Written {
    let Some(depth) = depth.checked_sub(1) else { return refused("is nested too deeply") };
    json.push(b'{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        let Ok(name) = name.cast::<PyString>() else {
            return refused(format!("has a name of type {}: names are str", type_of(&name)));
        };
        if at > 0 {
            json.push(b',');
        }
        write_string(name, json)?;
        json.push(b':');
        write_value(&value, depth, json)
            .map_err(|refused| refused.within(format!(".{}", name.to_string_lossy())))?;
    }
    json.push(b'}');
    Ok(())
}

fn write_elements<'py>(
    elements: impl IntoIterator<Item = Bound<'py, PyAny>>,
    depth: usize,
    json: &mut Vec<u8>,
) -> Written {
    let Some(depth) = depth.checked_sub(1) else { return refused("is nested too deeply") };
    json.push(b'[');
    for (at, value) in elements.into_iter().enumerate() {
        if at > 0 {
            json.push(b',');
        }
        write_value(&value, depth, json).map_err(|refused| refused.within(format!("[{at}]")))?;
    }
    json.push(b']');
    Ok(())
}

fn write_value(value: &Bound<'_, PyAny>, depth: usize, json: &mut Vec<u8>) -> Written {
    if let Ok(text) = value.cast::<PyString>() {
        write_string(text, json)
    } else if value.is_none() {
        write(&(), json)
    } else if let Ok(truth) = value.cast::<PyBool>() {
        write(&truth.is_true(), json)
    } else if value.is_instance_of::<PyInt>() {
        write_integer(value, json)
    } else if let Ok(number) = value.cast::<PyFloat>() {
        write_float(number.value(), json)
    } else if let Ok(object) = value.cast::<PyDict>() {
        write_members(object.iter(), depth, json)
    } else if let Ok(list) = value.cast::<PyList>() {
        write_elements(list.iter(), depth, json)
    } else if let Ok(tuple) = value.cast::<PyTuple>() {
        write_elements(tuple.iter(), depth, json)
    } else {
        refused(format!(
            "is of type {}: a token carries str, int, float, bool, None, and lists, tuples and dicts of them. Convert \
             it first",
            type_of(value)
        ))
    }
}

fn type_of(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "value of another type".to_owned(), |name| name.to_string())
}

fn write_string(text: &Bound<'_, PyString>, json: &mut Vec<u8>) -> Written {
    match text.to_str() {
        Ok(text) => write(text, json),
        Err(_) => refused("is no Unicode text: it holds a lone surrogate"),
    }
}

fn write_integer(value: &Bound<'_, PyAny>, json: &mut Vec<u8>) -> Written {
    if let Ok(number) = value.extract::<i64>() {
        write(&number, json)
    } else if let Ok(number) = value.extract::<u64>() {
        write(&number, json)
    } else {
        refused("is an integer that does not fit in 64 bits: write it as text")
    }
}

fn write_float(number: f64, json: &mut Vec<u8>) -> Written {
    if number.is_finite() { write(&number, json) } else { refused("is a number that is not finite") }
}

fn write(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) -> Written {
    serde_json::to_writer(json, value).or_else(|_| refused("is no JSON"))
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidClaim, message)
}

/// Claims as a read-only mapping.
pub(crate) fn to_python<'py>(py: Python<'py>, claims: &Claims) -> Result<Bound<'py, PyMappingProxy>> {
    let json = claims.to_json();
    let mut reader = serde_json::Deserializer::from_str(&json);
    let claims = Reader(py).deserialize(&mut reader).map_err(|_| invalid("the claims are out of range"))?;
    Ok(PyMappingProxy::new(py, claims.cast::<PyMapping>()?))
}

/// Makes Python objects while it reads.
#[derive(Clone, Copy)]
struct Reader<'py>(Python<'py>);

impl<'py> Reader<'py> {
    fn value<E: serde::de::Error>(
        self,
        value: impl pyo3::IntoPyObject<'py>,
    ) -> std::result::Result<Bound<'py, PyAny>, E> {
        value.into_bound_py_any(self.0).map_err(E::custom)
    }
}

impl<'de, 'py> DeserializeSeed<'de> for Reader<'py> {
    type Value = Bound<'py, PyAny>;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> std::result::Result<Self::Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de, 'py> Visitor<'de> for Reader<'py> {
    type Value = Bound<'py, PyAny>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> std::result::Result<Self::Value, E> {
        Ok(self.0.None().into_bound(self.0))
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> std::result::Result<Self::Value, E> {
        self.value(value)
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> std::result::Result<Self::Value, E> {
        self.value(value)
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> std::result::Result<Self::Value, E> {
        self.value(value)
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> std::result::Result<Self::Value, E> {
        self.value(value)
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> std::result::Result<Self::Value, E> {
        self.value(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> std::result::Result<Self::Value, A::Error> {
        let list = PyList::empty(self.0);
        while let Some(element) = elements.next_element_seed(self)? {
            list.append(element).map_err(serde::de::Error::custom)?;
        }
        Ok(list.into_any())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Self::Value, A::Error> {
        let dict = PyDict::new(self.0);
        while let Some((name, value)) = members.next_entry_seed(self, self)? {
            dict.set_item(name, value).map_err(serde::de::Error::custom)?;
        }
        Ok(dict.into_any())
    }
}

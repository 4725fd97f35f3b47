//! Application claims: Python objects to JSON, and back.

use std::fmt;

use pyo3::IntoPyObjectExt as _;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyMapping, PyMappingProxy, PyString, PyTuple};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use sessera::{Claims, ErrorKind};

use crate::error::{Error, Result};

/// Deepest nesting that a token may have. The core checks it; here it ends the walk through a list that
/// holds itself.
const DEEPEST: usize = 8;

/// Claims as one JSON object.
///
/// Only what JSON has is taken, so that what comes back is what was put in, but for a tuple, which comes back
/// as a list.
pub(crate) fn to_json(claims: &Bound<'_, PyMapping>) -> Result<String> {
    let mut json = Vec::with_capacity(128);
    if let Ok(claims) = claims.cast::<PyDict>() {
        write_members(claims.iter(), DEEPEST, &mut json)?;
    } else {
        let members = claims.items()?;
        let members: PyResult<Vec<_>> = members.iter().map(|member| member.extract()).collect();
        write_members(members?, DEEPEST, &mut json)?;
    }
    String::from_utf8(json).map_err(|_| invalid("the claims are not Unicode text"))
}

fn write_members<'py>(
    members: impl IntoIterator<Item = (Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    depth: usize,
    json: &mut Vec<u8>,
) -> Result<()> {
    let depth = depth.checked_sub(1).ok_or_else(|| invalid("the claims are nested too deeply"))?;
    json.push(b'{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        let Ok(name) = name.cast::<PyString>() else {
            return Err(invalid("a name in the claims is not a string"));
        };
        if at > 0 {
            json.push(b',');
        }
        write_string(name, json)?;
        json.push(b':');
        write_value(&value, depth, json)?;
    }
    json.push(b'}');
    Ok(())
}

fn write_elements<'py>(
    elements: impl IntoIterator<Item = Bound<'py, PyAny>>,
    depth: usize,
    json: &mut Vec<u8>,
) -> Result<()> {
    let depth = depth.checked_sub(1).ok_or_else(|| invalid("the claims are nested too deeply"))?;
    json.push(b'[');
    for (at, value) in elements.into_iter().enumerate() {
        if at > 0 {
            json.push(b',');
        }
        write_value(&value, depth, json)?;
    }
    json.push(b']');
    Ok(())
}

fn write_value(value: &Bound<'_, PyAny>, depth: usize, json: &mut Vec<u8>) -> Result<()> {
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
        Err(invalid("a claim holds something else than dict, list, tuple, str, int, float, bool and None"))
    }
}

fn write_string(text: &Bound<'_, PyString>, json: &mut Vec<u8>) -> Result<()> {
    write(text.to_str().map_err(|_| invalid("a string in the claims is not Unicode text"))?, json)
}

fn write_integer(value: &Bound<'_, PyAny>, json: &mut Vec<u8>) -> Result<()> {
    if let Ok(number) = value.extract::<i64>() {
        write(&number, json)
    } else if let Ok(number) = value.extract::<u64>() {
        write(&number, json)
    } else {
        Err(invalid("an integer in the claims does not fit in 64 bits"))
    }
}

fn write_float(number: f64, json: &mut Vec<u8>) -> Result<()> {
    if number.is_finite() {
        write(&number, json)
    } else {
        Err(invalid("a number in the claims is not finite"))
    }
}

fn write(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) -> Result<()> {
    serde_json::to_writer(json, value).map_err(|_| invalid("a value in the claims is no JSON"))
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

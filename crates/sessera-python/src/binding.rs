//! Which facts about its client a session is tied to.

use std::net::{IpAddr, Ipv4Addr};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sessera::{BindingMode, ErrorKind};

use crate::client::Address;
use crate::error::{Error, Result};

/// The verdicts on all facts about the client, as a verify found them.
///
/// Each is `unbound`, `matched`, `differed`, `absent` (bound, and the client did not show it) or `unchecked`
/// (the keyring has no secret to check it with).
#[pyclass(module = "sessera", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Binding(pub(crate) sessera::Binding);

#[pymethods]
impl Binding {
    /// The device secret.
    #[getter]
    fn device(&self) -> &'static str {
        self.0.device.name()
    }

    /// The user agent's family and platform.
    #[getter]
    fn user_agent(&self) -> &'static str {
        self.0.user_agent.name()
    }

    /// The address's network.
    #[getter]
    fn ip(&self) -> &'static str {
        self.0.ip.name()
    }

    /// The proof key.
    #[getter]
    fn key(&self) -> &'static str {
        self.0.key.name()
    }

    /// Whether some bound fact differed, or was not shown.
    #[getter]
    fn changed(&self) -> bool {
        self.0.changed()
    }

    fn __repr__(&self) -> String {
        let verdicts = self.0.verdicts().map(|(fact, verdict)| [fact.name(), "=", verdict.name()].concat());
        format!("<Binding {}>", verdicts.join(" "))
    }
}

/// Which facts are bound into tokens, and what a mismatch of each does: `off`, `report`, `step_up` (fails
/// with `ReauthenticationRequired`) or `enforce` (fails with `BindingMismatch`).
///
/// A fact is bound where the client showed it at the login. The prefixes are the bits of an address that make
/// its network: 8 to 32 of IPv4, 16 to 128 of IPv6.
#[pyclass(module = "sessera", frozen, eq)]
pub(crate) struct BindingPolicy(pub(crate) sessera::BindingPolicy, pub(crate) NamedFacts);

/// The facts that somebody named, as opposed to those that have their default mode. Two policies of the same modes
/// are equal whatever was named.
#[derive(Clone, Default)]
pub(crate) struct NamedFacts(Vec<&'static str>);

impl NamedFacts {
    fn add(&mut self, name: &str) {
        let known = ["device", "user_agent", "ip", "key"].into_iter().find(|known| *known == name);
        self.0.extend(known.filter(|known| !self.0.contains(known)));
    }
}

impl PartialEq for BindingPolicy {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

#[pymethods]
impl BindingPolicy {
    #[new]
    #[pyo3(
        signature = (**settings),
        text_signature = "(*, device='enforce', user_agent='report', ip='report', key='enforce', \
                          ipv4_prefix=24, ipv6_prefix=64)"
    )]
    pub(crate) fn new(settings: Option<&Bound<'_, PyDict>>) -> Result<Self> {
        let mut policy = sessera::BindingPolicy::default();
        let mut named = NamedFacts::default();
        for (name, value) in settings.into_iter().flatten() {
            named.add(name.extract::<&str>()?);
            match name.extract::<&str>()? {
                "device" => policy.device = mode(&value)?,
                "user_agent" => policy.user_agent = mode(&value)?,
                "ip" => policy.ip = mode(&value)?,
                "key" => policy.key = mode(&value)?,
                "ipv4_prefix" => policy.ipv4_prefix = value.extract()?,
                "ipv6_prefix" => policy.ipv6_prefix = value.extract()?,
                other => return Err(unexpected("BindingPolicy", other)),
            }
        }
        Ok(Self(policy, named))
    }

    /// Binds nothing and looks at nothing.
    #[staticmethod]
    fn off() -> Self {
        Self(sessera::BindingPolicy::off(), NamedFacts::default())
    }

    /// The facts whose mode was given, as opposed to those that have their default.
    #[getter]
    fn named(&self) -> Vec<&'static str> {
        self.1.0.clone()
    }

    /// What is done about the device secret.
    #[getter]
    fn device(&self) -> &'static str {
        mode_name(self.0.device)
    }

    /// What is done about the user agent's family and platform.
    #[getter]
    fn user_agent(&self) -> &'static str {
        mode_name(self.0.user_agent)
    }

    /// What is done about the address's network.
    #[getter]
    fn ip(&self) -> &'static str {
        mode_name(self.0.ip)
    }

    /// What is done about the proof key.
    #[getter]
    fn key(&self) -> &'static str {
        mode_name(self.0.key)
    }

    /// Bits of an IPv4 address that make its network.
    #[getter]
    fn ipv4_prefix(&self) -> u8 {
        self.0.ipv4_prefix
    }

    /// Bits of an IPv6 address that make its network.
    #[getter]
    fn ipv6_prefix(&self) -> u8 {
        self.0.ipv6_prefix
    }

    pub(crate) fn __repr__(&self) -> String {
        let sessera::BindingPolicy { device, user_agent, ip, key, ipv4_prefix, ipv6_prefix } = self.0;
        let [device, user_agent, ip, key] = [device, user_agent, ip, key].map(mode_name);
        format!(
            "BindingPolicy(device='{device}', user_agent='{user_agent}', ip='{ip}', key='{key}', \
             ipv4_prefix={ipv4_prefix}, ipv6_prefix={ipv6_prefix})"
        )
    }
}

/// A keyword that a constructor does not have.
pub(crate) fn unexpected(class: &str, name: &str) -> Error {
    PyTypeError::new_err(format!("{class}() got an unexpected keyword argument '{name}'")).into()
}

const MODES: [BindingMode; 4] =
    [BindingMode::Off, BindingMode::Report, BindingMode::StepUp, BindingMode::Enforce];

const fn mode_name(mode: BindingMode) -> &'static str {
    match mode {
        BindingMode::Off => "off",
        BindingMode::Report => "report",
        BindingMode::StepUp => "step_up",
        BindingMode::Enforce => "enforce",
    }
}

fn mode(value: &Bound<'_, PyAny>) -> Result<BindingMode> {
    let name: &str = value.extract()?;
    let message = "a binding is none of off, report, step_up, enforce";
    MODES
        .into_iter()
        .find(|mode| mode_name(*mode) == name)
        .ok_or_else(|| Error::new(ErrorKind::InvalidConfig, message))
}

/// The client's address, or None where it is not known for certain.
///
/// With no trusted hop it is the peer's. With `k` trusted hops (our own proxies, the peer included) it is the
/// `k`-th entry from the right of `X-Forwarded-For`, whose header values `forwarded_for` holds in their
/// order. Empty entries do not count, and ports are taken off: `203.0.113.7:50123`, `[2001:db8::1]:443`. Fewer
/// entries, or one that is no address: None. An IPv4-mapped address is given as IPv4.
///
/// A `peer` that is no address, such as that of a Unix socket, is unknown.
#[pyfunction]
#[expect(clippy::needless_pass_by_value, reason = "Python's sequences arrive as vectors")]
pub(crate) fn client_address(
    peer: Option<&Bound<'_, PyAny>>,
    forwarded_for: Vec<String>,
    trusted_hops: usize,
) -> Option<String> {
    let peer = peer.and_then(|peer| peer.extract::<Address>().ok()).map(|address| address.0);
    if peer.is_none() && trusted_hops == 0 {
        return None;
    }
    // Behind a trusted hop the peer's own address is not looked at.
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let forwarded_for: Vec<&str> = forwarded_for.iter().map(String::as_str).collect();
    sessera::binding::client_address(peer, &forwarded_for, trusted_hops).map(|address| address.to_string())
}

//! How long sessions live.

use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sessera::{ErrorKind, OnReuse, OnStale};

use crate::binding::{BindingPolicy, NamedFacts, unexpected};
use crate::error::{Error, Result};
use crate::span::Span;

/// The rules that a `Sessions` holds to. Spans are timedelta or seconds; they count in whole milliseconds.
///
/// `idle_timeout`: a session that is not used for this long expires; 30 minutes.
/// `absolute_timeout`: a session ends this long after the login, however much it is used; 12 hours.
/// `renew_after`: how long after its issue a token is due to be renewed; None is a sixth of `idle_timeout`. At least
/// twice `grace`.
/// `remember_limit`: the longest that the session of a user who asked to be remembered may last, which then keeps the
/// idle timeout; None is as long as the application says, without an idle timeout. `aal2()` and `aal3()` set it.
/// `grace`: how long a rotated token still works; 10 s, 0 to 120 s.
/// `leeway`: how far the clocks of a deployment may differ; 30 s, at most 120 s.
/// `on_reuse`: `revoke` the session when a token that was rotated away is used, or only `refuse` the token.
/// `fresh_for`: age of the known revocations up to which they count as fresh; 2 s.
/// `stale_after`: age up to which tokens are accepted, with an event; 30 s.
/// `on_stale`: what happens beyond it: `young_only` accepts tokens whose generation began in the last 5 minutes, `refuse`
/// none, `accept` all.
/// `binding`: a `BindingPolicy`, or a dict of its keywords.
///
/// A rule that can't work is told by `Sessions`, which raises `InvalidConfig`.
#[pyclass(module = "sessera", frozen, eq)]
pub(crate) struct Policy(pub(crate) sessera::Policy, pub(crate) NamedFacts);

impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(
        signature = (**settings),
        text_signature = "(*, idle_timeout=1800, absolute_timeout=43200, renew_after=None, remember_limit=None, grace=10, \
                          leeway=30, on_reuse='revoke', fresh_for=2, stale_after=30, on_stale='young_only', \
                          binding=None)"
    )]
    fn new(settings: Option<&Bound<'_, PyDict>>) -> Result<Self> {
        changed(sessera::Policy::default(), NamedFacts::default(), settings)
    }

    /// These rules, with some of them changed; the keywords are those of the constructor.
    #[pyo3(signature = (**changes))]
    fn replace(&self, changes: Option<&Bound<'_, PyDict>>) -> Result<Self> {
        changed(self.0.clone(), self.1.clone(), changes)
    }

    /// NIST SP 800-63B-4 authentication assurance level 1: a login lasts at most 30 days.
    #[staticmethod]
    fn aal1() -> Self {
        Self(sessera::Policy::aal1(), NamedFacts::default())
    }

    /// NIST SP 800-63B-4 authentication assurance level 2: at most 24 hours, and 1 hour without use.
    #[staticmethod]
    fn aal2() -> Self {
        Self(sessera::Policy::aal2(), NamedFacts::default())
    }

    /// NIST SP 800-63B-4 authentication assurance level 3: at most 12 hours, and 15 minutes without use.
    #[staticmethod]
    fn aal3() -> Self {
        Self(sessera::Policy::aal3(), NamedFacts::default())
    }

    /// A session that is not used for this long expires.
    #[getter]
    fn idle_timeout(&self) -> Duration {
        self.0.idle_timeout
    }

    /// A session ends this long after the login, however much it is used.
    #[getter]
    fn absolute_timeout(&self) -> Duration {
        self.0.absolute_timeout
    }

    /// How long after its issue a token is due to be renewed, if that was set.
    #[getter]
    fn renew_after(&self) -> Option<Duration> {
        self.0.renew_after
    }

    /// How long after its issue a token is due to be renewed.
    #[getter]
    fn renew_interval(&self) -> Duration {
        self.0.renew_interval()
    }

    /// The longest that the session of a remembered user may last, if there is a limit.
    #[getter]
    fn remember_limit(&self) -> Option<Duration> {
        self.0.remember_limit
    }

    /// These rules for users who asked to be remembered for so long: without an idle timeout, unless there is a
    /// `remember_limit`.
    fn remembered_for(&self, remember_for: Span) -> Self {
        Self(self.0.remembered_for(remember_for.0), self.1.clone())
    }

    /// How long a rotated token still works.
    #[getter]
    fn grace(&self) -> Duration {
        self.0.grace
    }

    /// How far the clocks of a deployment may differ.
    #[getter]
    fn leeway(&self) -> Duration {
        self.0.leeway
    }

    /// What the use of a token that was rotated away leads to: `revoke` or `refuse`.
    #[getter]
    fn on_reuse(&self) -> &'static str {
        on_reuse_name(self.0.on_reuse)
    }

    /// Age of the known revocations up to which they count as fresh.
    #[getter]
    fn fresh_for(&self) -> Duration {
        self.0.fresh_for
    }

    /// Age of the known revocations up to which tokens are accepted, with an event.
    #[getter]
    fn stale_after(&self) -> Duration {
        self.0.stale_after
    }

    /// What happens beyond `stale_after`: `young_only`, `refuse` or `accept`.
    #[getter]
    fn on_stale(&self) -> &'static str {
        on_stale_name(self.0.on_stale)
    }

    /// Which facts about the client are bound into a token, and what a mismatch does.
    #[getter]
    fn binding(&self) -> BindingPolicy {
        BindingPolicy(self.0.binding, self.1.clone())
    }

    fn __repr__(&self) -> String {
        let sessera::Policy {
            idle_timeout,
            absolute_timeout,
            renew_after,
            remember_limit,
            grace,
            leeway,
            on_reuse,
            fresh_for,
            stale_after,
            on_stale,
            binding,
        } = &self.0;
        let seconds = |span: &Duration| span.as_secs_f64().to_string();
        let optional = |span: &Option<Duration>| span.as_ref().map_or_else(|| "None".to_owned(), seconds);
        format!(
            "Policy(idle_timeout={}, absolute_timeout={}, renew_after={}, remember_limit={}, grace={}, leeway={}, \
             on_reuse='{}', fresh_for={}, stale_after={}, on_stale='{}', binding={})",
            seconds(idle_timeout),
            seconds(absolute_timeout),
            optional(renew_after),
            optional(remember_limit),
            seconds(grace),
            seconds(leeway),
            on_reuse_name(*on_reuse),
            seconds(fresh_for),
            seconds(stale_after),
            on_stale_name(*on_stale),
            BindingPolicy(*binding, NamedFacts::default()).__repr__(),
        )
    }
}

fn changed(
    mut policy: sessera::Policy,
    mut named: NamedFacts,
    changes: Option<&Bound<'_, PyDict>>,
) -> Result<Policy> {
    for (name, value) in changes.into_iter().flatten() {
        let span = || value.extract::<Span>().map(|span| span.0);
        match name.extract::<&str>()? {
            "idle_timeout" => policy.idle_timeout = span()?,
            "absolute_timeout" => policy.absolute_timeout = span()?,
            "renew_after" => policy.renew_after = if value.is_none() { None } else { Some(span()?) },
            "remember_limit" => policy.remember_limit = if value.is_none() { None } else { Some(span()?) },
            "grace" => policy.grace = span()?,
            "leeway" => policy.leeway = span()?,
            "on_reuse" => policy.on_reuse = on_reuse(value.extract()?)?,
            "fresh_for" => policy.fresh_for = span()?,
            "stale_after" => policy.stale_after = span()?,
            "on_stale" => policy.on_stale = on_stale(value.extract()?)?,
            "binding" => (policy.binding, named) = binding(&value)?,
            other => return Err(unexpected("Policy", other)),
        }
    }
    Ok(Policy(policy, named))
}

fn binding(value: &Bound<'_, PyAny>) -> Result<(sessera::BindingPolicy, NamedFacts)> {
    if value.is_none() {
        return Ok(Default::default());
    }
    if let Ok(settings) = value.cast::<PyDict>() {
        let BindingPolicy(policy, named) = BindingPolicy::new(Some(settings))?;
        return Ok((policy, named));
    }
    let BindingPolicy(policy, named) = value.cast::<BindingPolicy>()?.get();
    Ok((*policy, named.clone()))
}

const fn on_reuse_name(on_reuse: OnReuse) -> &'static str {
    match on_reuse {
        OnReuse::Revoke => "revoke",
        OnReuse::Refuse => "refuse",
    }
}

fn on_reuse(name: &str) -> Result<OnReuse> {
    [OnReuse::Revoke, OnReuse::Refuse]
        .into_iter()
        .find(|on_reuse| on_reuse_name(*on_reuse) == name)
        .ok_or_else(|| Error::new(ErrorKind::InvalidConfig, "on_reuse is neither revoke nor refuse"))
}

const fn on_stale_name(on_stale: OnStale) -> &'static str {
    match on_stale {
        OnStale::YoungOnly => "young_only",
        OnStale::Refuse => "refuse",
        OnStale::Accept => "accept",
    }
}

fn on_stale(name: &str) -> Result<OnStale> {
    [OnStale::YoungOnly, OnStale::Refuse, OnStale::Accept]
        .into_iter()
        .find(|on_stale| on_stale_name(*on_stale) == name)
        .ok_or_else(|| Error::new(ErrorKind::InvalidConfig, "on_stale is none of young_only, refuse, accept"))
}

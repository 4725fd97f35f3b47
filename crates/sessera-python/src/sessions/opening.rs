//! What `Sessions(…)` is told.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::Sessions;
use crate::clock::ManualClock;
use crate::error::Result;
use crate::event;
use crate::keyring::{self, Keyring};
use crate::policy::Policy;
use crate::span::Span;
use crate::store;

/// The keywords of the constructor, whose documentation says what they are.
pub(super) struct Opening<'a, 'py> {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) keyring: &'a Keyring,
    pub(super) policy: Option<&'a Policy>,
    pub(super) store: Option<&'a Bound<'py, PyAny>>,
    pub(super) clock: Option<&'a ManualClock>,
    pub(super) observer: Option<Bound<'py, PyAny>>,
    pub(super) sealed: bool,
    pub(super) list_sessions: Option<bool>,
    pub(super) list_networks: bool,
    pub(super) max_sessions: Option<usize>,
    pub(super) clock_skew: Option<Span>,
    pub(super) longest_session: Option<Span>,
    pub(super) remembered_tokens: Option<usize>,
    pub(super) max_data: Option<usize>,
    pub(super) max_visitor_data: Option<usize>,
}

impl Opening<'_, '_> {
    pub(super) fn open(self) -> Result<Sessions> {
        let keyring = self.keyring.now();
        let signs_at_once = AtomicBool::new(keyring::signs_at_once(&keyring));
        let mut builder =
            sessera::Sessions::builder(self.issuer, self.audience).keyring(keyring).sealed(self.sealed);
        if let Some(policy) = self.policy {
            builder = builder.policy(policy.0.clone());
        }
        if let Some(store) = self.store {
            builder = builder.store(store::of(store)?);
        }
        if let Some(longest) = self.longest_session {
            builder = builder.longest_session(longest.0);
        }
        if let Some(clock) = self.clock {
            builder = builder.clock(clock.0.clone());
        }
        if let Some(list) = self.list_sessions {
            builder = builder.list_sessions(list);
        }
        if self.list_networks {
            builder = builder.list_networks(true);
        }
        if let Some(most) = self.max_sessions {
            builder = builder.max_sessions(most);
        }
        if let Some(skew) = self.clock_skew {
            builder = builder.clock_skew(skew.0);
        }
        if let Some(tokens) = self.remembered_tokens {
            builder = builder.remembered_tokens(tokens);
        }
        if let Some(bytes) = self.max_data {
            builder = builder.max_data(bytes);
        }
        if let Some(bytes) = self.max_visitor_data {
            builder = builder.max_visitor_data(bytes);
        }
        if self.observer.as_ref().is_some_and(|observer| !observer.is_callable()) {
            return Err(PyTypeError::new_err("the observer is not callable").into());
        }
        let observer = self.observer.map(|observer| Arc::new(observer.unbind()));
        if let Some(observer) = &observer {
            builder = builder.observer(event::observer(Arc::clone(observer)));
        }
        Ok(Sessions { core: builder.build()?, signs_at_once, sealed: self.sealed, observer })
    }
}

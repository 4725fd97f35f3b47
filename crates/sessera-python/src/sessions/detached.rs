//! When other threads run: whatever is longer than the way to another thread, or touches a store, lets go of the
//! interpreter.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;
use sessera::Revoke;

use super::Sessions;
use crate::error::Result;
use crate::status::WaitFor;

impl Sessions {
    /// Runs what writes to a store: other threads run meanwhile.
    pub(super) fn detached<T: Send>(
        py: Python<'_>,
        work: impl FnOnce() -> sessera::Result<T> + Send,
    ) -> Result<T> {
        Ok(py.detach(work)?)
    }

    /// Runs what signs and touches no store: other threads run meanwhile, unless it is a MAC.
    pub(super) fn signing<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce() -> sessera::Result<T> + Send,
    ) -> Result<T> {
        if self.signs_at_once.load(Ordering::Relaxed) { Ok(work()?) } else { Self::detached(py, work) }
    }

    /// Whether a token is verified in less time than another thread needs to take over: all but the new ones of
    /// public keys. A thread that lets go for less may wait for 5 ms until it is its turn again.
    pub(super) fn verifies_at_once(&self, token: &str) -> bool {
        self.signs_at_once.load(Ordering::Relaxed) || self.sealed || self.core.remembers(token)
    }

    /// Revokes, and waits for what the call says, or else for what the store was opened with.
    pub(super) fn revoke(
        &self,
        py: Python<'_>,
        what: Revoke<'_>,
        wait: Option<WaitFor>,
    ) -> Result<&'static str> {
        let state = Self::detached(py, || match (what, wait) {
            (_, Some(WaitFor(wait))) => self.core.revoke(what, wait),
            (Revoke::Session(id), None) => self.core.revoke_session(id),
            (Revoke::Subject(subject), None) => self.core.revoke_subject(subject),
            (Revoke::All, None) => self.core.revoke_all(),
            (Revoke::Key(kid), None) => self.core.revoke_key(kid),
        })?;
        Ok(state.name())
    }
}

//! The native half of the Python package `sessera`: shapes and types are translated here, and nothing else
//! happens. What the verbs do is decided, documented and tested in the core.
//!
//! The doc comments of the classes and functions are written for Python, where `help()` shows them.

mod binding;
mod claims;
mod client;
mod clock;
mod cookie;
mod csrf;
mod dpop;
mod error;
mod event;
mod interpreter;
mod jose;
mod keyring;
mod listed;
mod policy;
mod redis_store;
mod session;
mod sessions;
mod span;
mod status;
mod store;
mod text;

/// The native half of `sessera`. Import from `sessera` instead.
///
/// It needs no GIL: what is shared is frozen, and what changes in it is behind a lock or atomic.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::binding::{Binding, BindingPolicy, client_address};
    #[pymodule_export]
    use crate::client::{Client, new_device_secret};
    #[pymodule_export]
    use crate::clock::ManualClock;
    #[pymodule_export]
    use crate::cookie::Cookie;
    #[pymodule_export]
    use crate::csrf::{check_fetch, is_safe_method};
    #[pymodule_export]
    use crate::dpop::{DpopKey, DpopProof, DpopVerifier};
    #[pymodule_export]
    use crate::event::Event;
    #[pymodule_export]
    use crate::jose::{jwe_open, jwe_seal, jws_sign, jws_verify};
    #[pymodule_export]
    use crate::keyring::{KeyInfo, Keyring, KeyringFile, SkippedKey};
    #[pymodule_export]
    use crate::listed::ListedSession;
    #[pymodule_export]
    use crate::policy::Policy;
    #[pymodule_export]
    use crate::redis_store::RedisStore;
    #[pymodule_export]
    use crate::session::{Issued, Session};
    #[pymodule_export]
    use crate::sessions::Sessions;
    #[pymodule_export]
    use crate::status::Status;
    #[pymodule_export]
    use crate::store::{MemoryStore, SqliteStore};

    /// The name of the header that carries a CSRF token, in lower case.
    #[pymodule_export]
    const CSRF_HEADER: &str = sessera::csrf::HEADER;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::interpreter::only_the_first(module.py())?;
        crate::error::add_classes(module)
    }
}

//! The store for fleets.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use sessera::ErrorKind;
use sessera_redis::{RedisOptions, Secret, Start, Wait};

use crate::error::{Error, Result};
use crate::span::Span;

/// A store in Redis or Valkey, for the machines of a fleet: every process learns of a revocation about a
/// millisecond later, and knows how old its knowledge is. A verify asks the memory of its process, and Redis
/// never.
///
/// `url` is `redis://[user:password@]host[:port][/db]`, `rediss://…` with TLS, `redis+unix:///path`,
/// `redis+sentinel://host[:port],…/master-name` or `redis+cluster://host[:port],…`.
///
/// `namespace` is what all keys begin with. `secret`, the same in the whole fleet and at least 32 random bytes
/// long, keeps those who can read Redis from trying subjects and from reading session data. `start` is
/// `"require"`, or `"stale"` to start also where Redis is away; then nothing is ready until it is there. `wait` is
/// what a revocation waits for: `"stored"`, a number of replicas, or `"confirmed"` by every live process; at most
/// `wait_timeout`. `timeout` is for everything else. A process beats every `beat_interval`, and counts that only
/// when `min_replicas` have it, so that a primary that was cut off makes its processes stale. `name` is what others
/// see of this process. `root_certificates` are those to trust, in PEM, in place of the system's. Times are
/// timedeltas or seconds.
///
/// Several `Sessions` may share one, and it may be opened before or after `os.fork()`.
///
/// Raises `InvalidConfig` when the URL, the login or a setting of the server can't work, such as a
/// `maxmemory-policy` other than `noeviction`; and `StoreUnavailable`.
#[pyclass(module = "sessera", frozen)]
pub(crate) struct RedisStore {
    pub(crate) store: Arc<sessera_redis::RedisStore>,
    place: String,
}

#[pymethods]
impl RedisStore {
    #[new]
    #[pyo3(
        signature = (
            url, *, namespace=None, name=None, secret=None, start="require", wait=None, wait_timeout=None,
            timeout=None, beat_interval=None, min_replicas=0, connections=None, quota=None,
            root_certificates=None,
        ),
        text_signature = "(url, *, namespace='sessera', name='verifier', secret=None, start='require', \
                          wait='stored', wait_timeout=2, timeout=2, beat_interval=0.5, min_replicas=0, \
                          connections=4, quota=4000000, root_certificates=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "they are keywords")]
    fn new(
        py: Python<'_>,
        url: &str,
        namespace: Option<String>,
        name: Option<String>,
        secret: Option<Vec<u8>>,
        start: &str,
        wait: Option<Bound<'_, PyAny>>,
        wait_timeout: Option<Span>,
        timeout: Option<Span>,
        beat_interval: Option<Span>,
        min_replicas: u32,
        connections: Option<usize>,
        quota: Option<usize>,
        root_certificates: Option<Vec<u8>>,
    ) -> Result<Self> {
        let plain = RedisOptions::default();
        let options = RedisOptions {
            namespace: namespace.unwrap_or(plain.namespace),
            name: name.unwrap_or(plain.name),
            secret: secret.map(Secret::from),
            start: start_of(start)?,
            wait: wait.map_or(Ok(plain.wait), |wait| wait_of(&wait))?,
            wait_timeout: wait_timeout.map_or(plain.wait_timeout, |span| span.0),
            timeout: timeout.map_or(plain.timeout, |span| span.0),
            beat_interval: beat_interval.map_or(plain.beat_interval, |span| span.0),
            min_replicas,
            connections: connections.unwrap_or(plain.connections),
            quota: quota.unwrap_or(plain.quota),
            root_certificates,
            ..plain
        };
        let store = Arc::new(py.detach(|| sessera_redis::RedisStore::open_with(url, options))?);
        watch_forks(py, &store)?;
        Ok(Self { store, place: without_login(url) })
    }

    /// What this process calls itself to the others.
    #[getter]
    fn name(&self) -> String {
        self.store.name()
    }

    fn __repr__(&self) -> String {
        format!("<RedisStore {}>", self.place)
    }
}

fn start_of(start: &str) -> Result<Start> {
    match start {
        "require" => Ok(Start::Require),
        "stale" => Ok(Start::Stale),
        _ => Err(Error::new(ErrorKind::InvalidConfig, "start is \"require\" or \"stale\"")),
    }
}

fn wait_of(wait: &Bound<'_, PyAny>) -> Result<Wait> {
    if let Ok(replicas) = wait.extract::<u32>() {
        return Ok(Wait::Replicated(replicas));
    }
    match wait.extract::<&str>() {
        Ok("stored") => Ok(Wait::Stored),
        Ok("confirmed") => Ok(Wait::Confirmed),
        Ok(_) => Err(Error::new(
            ErrorKind::InvalidConfig,
            "wait is \"stored\", \"confirmed\", or a number of replicas",
        )),
        Err(_) => Err(PyTypeError::new_err("wait is a text or a number of replicas").into()),
    }
}

/// A URL as it may be shown: without user, password, and what follows the path.
fn without_login(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("redis", ""));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{scheme}://{}", rest.split('?').next().unwrap_or_default())
}

/// The stores that a fork must find still. Python calls in from every fork, and a store may be gone by then.
static STORES: Mutex<Vec<Weak<sessera_redis::RedisStore>>> = Mutex::new(Vec::new());

fn watch_forks(py: Python<'_>, store: &Arc<sessera_redis::RedisStore>) -> PyResult<()> {
    static WATCHED: PyOnceLock<()> = PyOnceLock::new();
    WATCHED.get_or_try_init(py, || {
        let hooks = PyDict::new(py);
        let before = pyo3::wrap_pyfunction!(before_fork, py)?;
        let after = pyo3::wrap_pyfunction!(after_fork, py)?;
        hooks.set_item("before", before)?;
        hooks.set_item("after_in_parent", &after)?;
        hooks.set_item("after_in_child", &after)?;
        let os = py.import("os")?;
        // There is no fork on Windows.
        if os.hasattr("register_at_fork")? {
            os.call_method("register_at_fork", (), Some(&hooks))?;
        }
        PyResult::Ok(())
    })?;
    let mut stores = STORES.lock().unwrap_or_else(PoisonError::into_inner);
    stores.retain(|store| store.strong_count() > 0);
    stores.push(Arc::downgrade(store));
    Ok(())
}

fn each(act: impl Fn(&sessera_redis::RedisStore)) {
    // Not held while a store acts: its threads may need the interpreter to end.
    let stores = STORES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    stores.iter().filter_map(Weak::upgrade).for_each(|store| act(&store));
}

#[pyfunction]
fn before_fork() {
    each(sessera_redis::RedisStore::before_fork);
}

#[pyfunction]
fn after_fork() {
    each(sessera_redis::RedisStore::after_fork);
}

//! A few connections for everything but the tail.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::RedisError;
use sessera::{Result, SessionError};

use crate::breaker::Circuit;
use crate::connect::Connector;
use crate::connection::Connection;
use crate::unavailable::{broken, unavailable};

/// Connections that wait for work, of this process only.
#[derive(Default)]
pub(crate) struct Pool {
    state: Mutex<State>,
    returned: Condvar,
}

#[derive(Default)]
struct State {
    process: u32,
    idle: Vec<Connection>,
    lent: usize,
}

/// How long work may take, and how much of it may be under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How many connections there may be.
    pub(crate) most: usize,
    /// When there is no further attempt.
    pub(crate) deadline: Instant,
    /// How long Redis may be silent while an answer is due.
    pub(crate) silence: Duration,
    /// Whether to try although Redis is known not to answer.
    pub(crate) probes: bool,
}

/// What came of one attempt.
#[derive(Debug)]
pub(crate) enum Failed {
    /// Redis said so, or the connection broke.
    Redis(RedisError),
    /// Something else.
    Session(SessionError),
}

impl From<RedisError> for Failed {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

impl From<SessionError> for Failed {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl Pool {
    /// Calls `work` with a connection; again with another one where the first was lost or the server is another one
    /// now, until the deadline or until Redis is known not to answer. The second argument is how often it was called
    /// before.
    pub(crate) fn run<T>(
        &self,
        connector: &Connector,
        patience: Patience,
        mut work: impl FnMut(&mut Connection, u32) -> Result<T, Failed>,
    ) -> Result<T> {
        let breaker = connector.breaker();
        let mut pause = Duration::from_millis(5);
        for attempt in 0.. {
            let began = Instant::now();
            let error = match self.take(connector, patience) {
                Ok(mut connection) => match work(&mut connection, attempt) {
                    Ok(done) => {
                        breaker.close();
                        self.put(Some(connection));
                        return Ok(done);
                    }
                    Err(Failed::Session(error)) => {
                        self.put(connection.is_whole().then_some(connection));
                        return Err(error);
                    }
                    Err(Failed::Redis(error)) => {
                        if error.is_timeout() {
                            breaker.open_unless_heard_since(began);
                        }
                        let keep = connection.is_whole() && !is_passing(&error);
                        self.put(keep.then_some(connection));
                        if !error.is_io_error() && !is_passing(&error) {
                            return Err(unavailable(error));
                        }
                        unavailable(error)
                    }
                },
                Err(error) if error.kind() == sessera::ErrorKind::InvalidConfig => return Err(error),
                Err(error) => error,
            };
            let given_up = !patience.probes && breaker.circuit() == Circuit::Open;
            if given_up || Instant::now() + pause >= patience.deadline {
                return Err(error);
            }
            std::thread::park_timeout(pause);
            pause = (pause * 2).min(Duration::from_millis(200));
        }
        Err(broken("the server can't be reached"))
    }

    fn take(&self, connector: &Connector, patience: Patience) -> Result<Connection> {
        let breaker = connector.breaker();
        let mut state = self.state();
        loop {
            // A server that the sentinels call the primary no more is left.
            state.idle.retain(|connection| connector.sentinels().may_be_primary(connection.server()));
            if let Some(mut connection) = state.idle.pop() {
                state.lent += 1;
                connection.allow_silence(Some(patience.silence));
                return Ok(connection);
            }
            if state.lent < patience.most.max(1) {
                state.lent += 1;
                break;
            }
            let left = patience.deadline.saturating_duration_since(Instant::now());
            if !patience.probes && breaker.circuit() == Circuit::Open {
                return Err(broken("the server does not answer"));
            }
            if left.is_zero() {
                return Err(broken("all connections to the server are in use"));
            }
            state = self.returned.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        drop(state);
        let mut connection = connector.connect_within(patience.silence).inspect_err(|_| self.put(None))?;
        connection.allow_silence(Some(patience.silence));
        Ok(connection)
    }

    /// Takes a connection back, or notes that one ended.
    fn put(&self, connection: Option<Connection>) {
        let mut state = self.state();
        state.lent = state.lent.saturating_sub(1);
        state.idle.extend(connection);
        drop(state);
        // All of them: where Redis does not answer, none of them should go on waiting.
        self.returned.notify_all();
    }

    /// What a fork brought along is closed: it is the parent's.
    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let process = std::process::id();
        if state.process != process {
            *state = State { process, ..State::default() };
        }
        state
    }
}

/// Whether it is a matter of time, or of another server.
pub(crate) fn is_passing(error: &RedisError) -> bool {
    use redis::ServerErrorKind::{Ask, BusyLoading, ClusterDown, MasterDown, Moved, ReadOnly, TryAgain};
    match error.kind() {
        redis::ErrorKind::Server(kind) => {
            matches!(kind, Ask | BusyLoading | ClusterDown | MasterDown | Moved | ReadOnly | TryAgain)
        }
        _ => matches!(error.code(), Some("UNBLOCKED" | "NOREPLICAS")),
    }
}

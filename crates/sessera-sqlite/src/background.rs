//! What is still to be written, and the thread that writes it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use sessera::{Mark, Outbox, Result, SessionError};

use crate::store::Shared;

/// How long marks are gathered, and how long the first retry waits.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// How long a retry waits at most.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How many marks may wait that get lost with the process anyway.
const MAX_LATER: usize = 100_000;

/// Marks that are in force in this process and not in the file yet.
///
/// A thread writes them. It exists only while there are any, or while the file may lack what this process knows. A
/// thread does not outlive a fork: in a child there are no marks and no thread at first, as what was pending in the
/// parent is for the parent to write.
#[derive(Debug)]
pub(crate) struct Background {
    /// Marks that could not be written.
    pub(crate) pending: Outbox<Mark>,
    /// Marks that no caller waits for, and that get lost with the process.
    pub(crate) later: Outbox<Mark>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The process that the marks and the thread are of.
    process: u32,
    is_running: bool,
    is_closing: bool,
    /// Whether the file may have lost marks that this process knows.
    is_restored: bool,
    /// Why the last attempt failed.
    problem: Option<String>,
}

/// Marks that a transaction writes besides its own.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) pending: Vec<Mark>,
    pub(crate) later: Vec<Mark>,
}

impl Background {
    pub(crate) fn new(quota: usize) -> Self {
        Self {
            pending: Outbox::new(quota),
            later: Outbox::new(MAX_LATER),
            state: Mutex::new(State { process: std::process::id(), ..State::default() }),
            changed: Condvar::new(),
        }
    }

    /// Takes all marks, for a transaction that will write them.
    pub(crate) fn take(&self) -> Taken {
        self.adopt();
        let take = |outbox: &Outbox<Mark>| if outbox.is_empty() { Vec::new() } else { outbox.take() };
        Taken { pending: take(&self.pending), later: take(&self.later) }
    }

    pub(crate) fn written(&self, taken: &Taken) {
        self.pending.written(taken.pending.len());
        self.later.written(taken.later.len());
    }

    pub(crate) fn put_back(&self, taken: Taken) {
        self.pending.put_back(taken.pending);
        self.later.put_back(taken.later);
    }

    /// Whether nothing is to be written.
    pub(crate) fn is_flushed(&self) -> bool {
        self.pending.is_empty() && self.later.is_empty()
    }

    /// How many revocations are pending in this process.
    pub(crate) fn pending_marks(&self) -> u64 {
        self.adopt();
        self.pending.len() as u64
    }

    /// What is in the way of writing, in a sentence for an operator.
    pub(crate) fn problem(&self) -> Option<String> {
        let state = self.state();
        state.problem.clone().or_else(|| {
            let message = "the session database was replaced by an older copy; what this process knows is being \
                           written to it again";
            state.is_restored.then(|| message.to_owned())
        })
    }

    /// Takes note of why marks are pending.
    pub(crate) fn set_problem(&self, error: &SessionError) {
        self.state().problem = Some(error.to_string());
    }

    /// Whether the store is being closed.
    pub(crate) fn is_closing(&self) -> bool {
        self.state().is_closing
    }

    /// Ends the thread, and waits for that. Whether the marks that are left are this process's own.
    fn close(&self) -> bool {
        let process = std::process::id();
        let mut state = self.state();
        if state.process != process {
            return false;
        }
        state.is_closing = true;
        self.changed.notify_all();
        while state.is_running {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    /// Lets go of what came with a fork.
    fn adopt(&self) {
        drop(self.in_process(std::process::id()));
    }

    /// As [`adopt`](Self::adopt), for what is known of the thread.
    fn in_process(&self, process: u32) -> MutexGuard<'_, State> {
        let mut state = self.state();
        if state.process != process {
            for outbox in [&self.pending, &self.later] {
                drop(outbox.take());
                outbox.written(outbox.len());
            }
            *state = State { process, ..State::default() };
        }
        state
    }

    fn is_done(&self, state: &State) -> bool {
        self.is_flushed() && !state.is_restored
    }

    /// Poisoning is ignored: every critical section leaves valid state.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Keeps a mark that could not be written for that reason: in force here, and pending.
    ///
    /// # Errors
    /// `store_unavailable` when too many are pending. Then the mark is not in force.
    pub(crate) fn keep_pending(&self, mark: &Mark, reason: &SessionError) -> Result<()> {
        self.background.adopt();
        self.background.pending.add(mark.clone())?;
        self.index.apply(mark);
        self.background.set_problem(reason);
        self.wake();
        Ok(())
    }

    /// Puts a mark in force here, and writes it soon. The caller waits for no write.
    pub(crate) fn keep_for_later(&self, mark: &Mark) {
        self.background.adopt();
        self.index.apply(mark);
        if self.background.later.add(mark.clone()).is_ok() {
            self.wake();
        }
    }

    /// Has everything that this process knows compared with the file, which may have lost some of it.
    pub(crate) fn expect_lost_marks(&self) {
        self.background.in_process(std::process::id()).is_restored = true;
        self.wake();
    }

    /// Starts the thread where none runs. Where none can be started, the next write does its work.
    fn wake(&self) {
        let mut state = self.background.in_process(std::process::id());
        let Some(shared) = self.me.upgrade().filter(|_| !state.is_running && !state.is_closing) else {
            return;
        };
        let named = thread::Builder::new().name("sessera-sqlite".to_owned());
        state.is_running = named.spawn(move || shared.write_in_background()).is_ok();
    }

    fn write_in_background(&self) {
        let _stopped = Stopped(&self.background);
        let mut wait = FIRST_WAIT;
        loop {
            let state = self.background.state();
            let waited = self.background.changed.wait_timeout_while(state, wait, |state| !state.is_closing);
            let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if state.is_closing {
                return;
            }
            let is_restored = state.is_restored;
            drop(state);
            let result = self.flush().and_then(|()| if is_restored { self.write_back() } else { Ok(()) });
            let mut state = self.background.state();
            match result {
                Ok(()) => {
                    state.problem = None;
                    state.is_restored &= !is_restored;
                    wait = FIRST_WAIT;
                    if self.background.is_done(&state) {
                        state.is_running = false;
                        return;
                    }
                }
                Err(error) => {
                    state.problem = Some(error.to_string());
                    wait = (wait * 2).min(LONGEST_WAIT);
                }
            }
        }
    }

    /// Writes what is pending a last time.
    pub(crate) fn close(&self) {
        if self.background.close() {
            let _ = self.flush();
        }
    }
}

/// Says that the thread has ended, however it did.
struct Stopped<'a>(&'a Background);

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.0.state().is_running = false;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use sessera::{SessionId, SessionMark};

    use super::*;

    fn revoked(nth: u8) -> Mark {
        let id = SessionId::from_bytes([nth; 16]);
        Mark::Session { id, state: SessionMark::REVOKED, keep_until: 1 }
    }

    #[test]
    fn marks_pending_at_a_fork_belong_to_the_parent() {
        let background = Background::new(10);
        background.pending.add(revoked(1)).unwrap();
        background.pending.add(revoked(2)).unwrap();
        background.later.add(revoked(3)).unwrap();
        // A thread of the parent was about to write some of them.
        let _writing = background.pending.take();
        background.pending.add(revoked(4)).unwrap();
        background.state().is_running = true;
        drop(background.in_process(std::process::id()));
        assert_eq!(background.pending.len(), 3, "the same process");
        drop(background.in_process(std::process::id() ^ 1));
        assert!(background.pending.is_empty() && background.later.is_empty());
        assert!(background.pending.take().is_empty());
        assert!(!background.state().is_running, "a thread does not outlive a fork");
        assert!(!background.close(), "and there is none to wait for");
    }
}

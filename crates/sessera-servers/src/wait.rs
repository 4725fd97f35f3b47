//! Waiting for a condition of another process.

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up: far beyond what it takes, for machines that are busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `condition` holds, and panics with `what` when it never does.
#[track_caller]
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    eventually(what, || condition().then_some(()));
}

/// Waits until `attempt` gives something.
#[track_caller]
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not come about within {PATIENCE:?}");
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "another process gives no sign to wait for")]
fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}

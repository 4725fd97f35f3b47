//! Holding threads still while a process forks.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

/// What the threads of a store pass through before they touch what its users touch too.
///
/// A fork copies every lock as it is, and no thread but its own: a lock that another thread holds at that moment
/// is never released in the child. So who forks closes the gate first, and waits until nobody is inside.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    closed: AtomicBool,
    inside: AtomicUsize,
}

/// One thread is inside for as long as this lives.
pub(crate) struct Inside<'a>(&'a Gate);

impl Gate {
    const PAUSE: Duration = Duration::from_micros(200);
    /// A fork is not kept waiting for longer.
    const PATIENCE: Duration = Duration::from_secs(1);

    /// Passes through, as soon as it is open.
    pub(crate) fn enter(&self) -> Inside<'_> {
        loop {
            self.inside.fetch_add(1, SeqCst);
            if !self.closed.load(SeqCst) {
                return Inside(self);
            }
            self.inside.fetch_sub(1, SeqCst);
            park_timeout(Self::PAUSE);
        }
    }

    /// Closes it, and waits until nobody is inside.
    pub(crate) fn close(&self) {
        self.closed.store(true, SeqCst);
        let deadline = Instant::now() + Self::PATIENCE;
        while self.inside.load(SeqCst) > 0 && Instant::now() < deadline {
            park_timeout(Self::PAUSE);
        }
    }

    /// Opens it.
    pub(crate) fn open(&self) {
        self.closed.store(false, SeqCst);
    }

    /// Opens it in a process that came of a fork: nobody is inside there.
    pub(crate) fn renew(&self) {
        self.inside.store(0, SeqCst);
        self.open();
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.inside.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn nobody_is_inside_while_it_is_closed() {
        let (gate, work) = (Arc::new(Gate::default()), Arc::new(AtomicU64::new(0)));
        let stop = Arc::new(AtomicBool::new(false));
        let workers: Vec<_> = (0..3)
            .map(|_| {
                let (gate, work, stop) = (Arc::clone(&gate), Arc::clone(&work), Arc::clone(&stop));
                std::thread::spawn(move || {
                    while !stop.load(SeqCst) {
                        let _inside = gate.enter();
                        work.fetch_add(1, SeqCst);
                        std::thread::yield_now();
                    }
                })
            })
            .collect();
        for _ in 0..50 {
            gate.close();
            let before = work.load(SeqCst);
            (0..200).for_each(|_| std::thread::yield_now());
            assert_eq!(work.load(SeqCst), before);
            gate.open();
            while work.load(SeqCst) == before {
                std::thread::yield_now();
            }
        }
        stop.store(true, SeqCst);
        for worker in workers {
            worker.join().unwrap();
        }
    }
}

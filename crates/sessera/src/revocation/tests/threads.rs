//! The index under many threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::*;

/// Runs `read` on two threads with the number of marks that are already applied, while one thread applies
/// them and one sweeps, so that tables grow and filters are rebuilt all the time.
fn while_written(
    index: &RevocationIndex,
    marks: u64,
    mark: impl Fn(u64) -> Mark + Sync,
    read: impl Fn(u64) + Sync,
) {
    let (applied, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let read_on = || {
        while !over.load(Ordering::Acquire) {
            match applied.load(Ordering::Acquire) {
                0 => thread::yield_now(),
                applied => read(applied),
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            for nth in 0..marks {
                // One that is over at once, so that there is always something to sweep.
                index.apply(&Mark::Subject { subject: nth.to_string(), cut: 1, keep_until: 1 });
                index.apply(&revoked(nth + marks, 0, 1));
                match nth % 50 {
                    // So many that they are merged.
                    0 => index.load(std::iter::repeat_n(mark(nth), 1000)),
                    _ => index.apply(&mark(nth)),
                }
                applied.store(nth + 1, Ordering::Release);
            }
            over.store(true, Ordering::Release);
        });
        scope.spawn(|| {
            let mut nth = 0;
            while !over.load(Ordering::Acquire) {
                index.sweep_shard(nth, 5000);
                nth += 1;
            }
        });
        scope.spawn(read_on);
        read_on();
    });
}

#[test]
fn a_mark_that_was_applied_before_a_read_is_seen_while_others_are_written_and_swept() {
    let index = RevocationIndex::new();
    let draws = AtomicU64::new(0);
    while_written(
        &index,
        5_000,
        |nth| revoked(nth, 7, u64::MAX),
        |applied| {
            let nth = draws.fetch_add(0x9E37_79B9, Ordering::Relaxed) % applied;
            for nth in [nth, applied - 1] {
                let query = Query { session: random_id(nth), subject: "user", started_at: 7, kid: "" };
                assert_eq!(index.find(&query), Found::Marked(SessionMark::revoked_at(7)), "session {nth}");
            }
        },
    );
}

#[test]
fn a_cut_that_was_applied_before_a_read_is_seen_while_others_are_written_and_swept() {
    let index = RevocationIndex::new();
    while_written(
        &index,
        5_000,
        |nth| Mark::Subject { subject: format!("user-{nth}"), cut: 7, keep_until: u64::MAX },
        |applied| {
            for nth in [applied / 2, applied - 1] {
                let subject = format!("user-{nth}");
                let query = Query { session: id(0), subject: &subject, started_at: 7, kid: "" };
                assert_eq!(index.find(&query), Found::Cut, "{subject}");
            }
        },
    );
}

#[test]
fn a_revoked_session_is_refused_at_every_moment_of_an_overflow() {
    let index = RevocationIndex::with_quota(500);
    while_written(
        &index,
        5_000,
        |nth| revoked(nth, nth * 1000, u64::MAX),
        |applied| {
            for nth in [applied / 2, applied.saturating_sub(250), applied - 1] {
                let query =
                    Query { session: random_id(nth), subject: "user", started_at: nth * 1000, kid: "" };
                assert_ne!(index.find(&query), Found::Nothing, "session {nth}");
            }
        },
    );
    assert!(index.overflows() > 0);
}

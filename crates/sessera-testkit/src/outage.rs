//! The rules that every store keeps while it can't be written, each as one function.

use sessera::{ErrorKind, Mark, RevocationState, SessionMark, Wait};

use crate::Breakable;
use crate::rules::{
    LATER, NOW, advance, id, is_revoked, knows_one_of_each, one_of_each, refresh_until, revoked,
};

/// Whatever the mark is of. Nothing else of the process changes.
pub fn a_revocation_in_an_outage_is_in_force_and_pending(store: &Breakable) {
    let one = (store.open)();
    (store.break_it)();
    for mark in &one_of_each() {
        assert_eq!(one.append(mark, NOW).unwrap(), RevocationState::Pending);
    }
    assert!(knows_one_of_each(&*one));
    let status = one.status(NOW);
    assert_eq!(status.pending, 4);
    assert!(status.problem.is_some(), "an operator is told why");
    let waited = one.append_and_wait(&revoked(1), NOW, Some(Wait::Confirmed));
    assert_eq!(waited.unwrap_err().kind(), ErrorKind::StoreUnavailable, "a wait in vain");
    (store.mend)();
}

/// So that an outage takes no more memory than the marks do.
pub fn a_session_has_one_pending_mark(store: &Breakable) {
    let one = (store.open)();
    (store.break_it)();
    for _ in 0..10 {
        one.append(&revoked(1), NOW).unwrap();
    }
    one.append(&revoked(2), NOW).unwrap();
    assert_eq!(one.status(NOW).pending, 2);
    (store.mend)();
}

/// A successor that may be lost is given to nobody.
pub fn an_advance_in_an_outage_fails(store: &Breakable) {
    let one = (store.open)();
    let first = one.advance(&advance(1, 0, NOW)).unwrap();
    (store.break_it)();
    assert_eq!(one.advance(&advance(1, 1, NOW)).unwrap_err().kind(), ErrorKind::StoreUnavailable);
    assert_eq!(one.index().session(id(1)), Some(first.mark));
    (store.mend)();
}

/// Not in the outage, nor when the store is back and does not know yet.
pub fn a_session_revoked_in_an_outage_does_not_advance(store: &Breakable) {
    let one = (store.open)();
    (store.break_it)();
    one.append(&revoked(1), NOW).unwrap();
    let won = |advanced: sessera::Result<sessera::Advanced>| advanced.is_ok_and(|advanced| advanced.won);
    assert!(!won(one.advance(&advance(1, 0, NOW))));
    (store.mend)();
    refresh_until(&*one, "an answer of the store", || one.advance(&advance(2, 0, NOW)).is_ok());
    assert!(!won(one.advance(&advance(1, 0, NOW))));
}

/// Without any further call of the process that holds them.
pub fn pending_marks_are_written_when_the_store_is_back(store: &Breakable) {
    let (one, other) = ((store.open)(), (store.open)());
    (store.break_it)();
    for mark in &one_of_each() {
        one.append(mark, NOW).unwrap();
    }
    assert!(!is_revoked(&*other, 1), "this test would show nothing");
    (store.mend)();
    refresh_until(&*other, "another handle knows the marks", || knows_one_of_each(&*other));
    refresh_until(&*one, "nothing is pending", || one.status(NOW).pending == 0);
    let new = (store.open)();
    new.sync(NOW).unwrap();
    assert!(knows_one_of_each(&*new));
    assert_eq!(one.append(&revoked(9), NOW).unwrap(), RevocationState::Stored);
}

/// Its caller waits for no store, and it gets there.
pub fn an_outage_does_not_delay_a_mark_appended_later(store: &Breakable) {
    let (one, other) = ((store.open)(), (store.open)());
    let rotated = one.advance(&advance(1, 0, NOW)).unwrap().mark;
    (store.break_it)();
    let state = SessionMark { shown: true, ..rotated };
    one.append_later(&Mark::Session { id: id(1), state, keep_until: LATER }, NOW);
    assert_eq!(one.index().session(id(1)), Some(state));
    assert_eq!(one.status(NOW).pending, 0, "it is no revocation that waits");
    (store.mend)();
    refresh_until(&*other, "another handle knows it", || other.index().session(id(1)) == Some(state));
}

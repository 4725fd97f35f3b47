//! What every Sessera store and binding is tested with.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]
#![allow(clippy::missing_panics_doc, reason = "that is what rules are for")]

pub mod outage;
pub mod rules;

use std::sync::Arc;

use sessera::Store;

/// Opens one more handle of the same store: another process's view of it, as far as that can be had within one.
pub type Open<'a> = &'a dyn Fn() -> Arc<dyn Store>;

/// A store that a test can break and mend, as an outage would.
pub struct Breakable {
    /// Opens one more handle, while the store is whole.
    pub open: Box<dyn Fn() -> Arc<dyn Store>>,
    /// Makes every write through every handle fail.
    pub break_it: Box<dyn Fn()>,
    /// Makes them succeed again.
    pub mend: Box<dyn Fn()>,
}

/// Makes a test of every rule that a store keeps.
///
/// The argument makes a new, empty store each time it is evaluated, and gives what opens handles of it.
///
/// ```
/// mod memory {
///     use std::sync::Arc;
///     use sessera::{MemoryStore, Store};
///
///     sessera_testkit::conformance!({
///         let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
///         move || Arc::clone(&store)
///     });
/// }
/// ```
#[macro_export]
macro_rules! conformance {
    ($new:expr) => {
        $crate::conformance!(@rules $new;
            a_mark_is_known_when_its_write_returns
            every_handle_knows_a_mark_at_its_next_refresh
            a_new_handle_knows_every_mark
            the_tail_skips_nothing
            nothing_is_ever_taken_back
            replays_and_reorderings_change_nothing
            an_advance_moves_a_session_by_one_generation
            an_advance_is_one_compare_and_set
            a_revoked_session_does_not_advance
            a_mark_is_kept_as_long_as_it_is_needed
            a_clock_a_year_ahead_loses_no_mark
            a_clock_set_back_a_day_loses_no_mark
            a_mark_written_by_a_late_clock_is_kept_as_long_as_it_is_needed
            a_clock_set_back_for_longer_ends_what_cannot_be_judged
            a_shown_generation_is_known_to_every_handle
            a_shown_generation_says_nothing_of_the_next
            a_mark_appended_later_reaches_every_handle
            data_are_what_was_put_last
            data_expire
            data_go_with_their_session
            data_of_the_dead_are_refused
            a_list_shows_a_subjects_sessions_oldest_first
            a_line_is_brought_up_to_date
            what_has_expired_or_ended_is_on_no_list
        );
    };
    (@rules $new:expr; $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                let open = $new;
                $crate::rules::$rule(&open);
            }
        )*
    };
}

/// Makes a test of every rule that a store keeps while it can't be written.
///
/// The argument makes a new, empty [`Breakable`] store each time it is evaluated.
#[macro_export]
macro_rules! outage_conformance {
    ($new:expr) => {
        $crate::outage_conformance!(@rules $new;
            a_revocation_in_an_outage_is_in_force_and_pending
            a_session_has_one_pending_mark
            an_advance_in_an_outage_fails
            a_session_revoked_in_an_outage_does_not_advance
            pending_marks_are_written_when_the_store_is_back
            an_outage_does_not_delay_a_mark_appended_later
        );
    };
    (@rules $new:expr; $($rule:ident)*) => {
        $(
            #[test]
            fn $rule() {
                $crate::outage::$rule(&$new);
            }
        )*
    };
}

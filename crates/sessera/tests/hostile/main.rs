//! Hostile input: what must be refused, each by its rule and with its code.
//!
//! The tokens here are made by a [`forge`] that holds the real key and signs whatever it is given, so that a
//! refusal comes from the rule under test and not from a signature that does not hold.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test's helpers are test code too"
)]

mod algorithms;
mod claims;
mod clock;
mod confusion;
mod cookie_csrf;
mod dpop;
mod encoding;
mod forge;
mod headers;
mod json;
mod jwe_verbs;
mod keys;
mod kinds;
mod names;
mod order;
mod payload;
mod properties;
mod sealed;
mod signatures;
mod sizes;
mod times;

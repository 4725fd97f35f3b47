//! The embedded store: how soon a revocation is seen, what it costs, and what verifying feels of it.
//!
//! `cargo run --release -p sessera-bench --bin store [DIRECTORY [PART…]]`: the files are made in the directory;
//! the default is the system's for temporary files, which may be no disk. The parts are `revoke`, `seen`, `load`
//! and `start`; the default is all.

mod latency;
mod load;
mod start;

use std::path::PathBuf;
use std::time::Duration;

use sessera::{Mark, SessionId, SessionMark};

/// Far behind any clock.
const FOREVER: u64 = 1 << 52;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some("watch") => return latency::watch(&arguments[1]),
        Some("write") => return load::write(&arguments[1]),
        _ => {}
    }
    let directory = arguments.first().map_or_else(std::env::temp_dir, PathBuf::from);
    let directory = tempfile::tempdir_in(directory).unwrap();
    let path = |name: &str| directory.path().join(name);
    let wanted = |part: &str| arguments.len() < 2 || arguments[1..].iter().any(|wanted| wanted == part);
    if wanted("revoke") {
        latency::durable_revoke(&path("revoke.db"), &path("plain.db"));
    }
    if wanted("seen") {
        latency::revoke_to_seen(&path("seen.db"));
    }
    if wanted("load") {
        load::verify_while_marks_arrive(&path("load.db"));
    }
    if wanted("start") {
        start::warm_start(&path("start.db"), 1_000_000);
        start::warm_start(&path("full.db"), 4_000_000);
    }
}

fn id(number: u64) -> SessionId {
    // Spread as random ids are.
    let spread = u128::from(number.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    SessionId::from_bytes(spread.to_be_bytes())
}

fn revoked(number: u64) -> Mark {
    Mark::Session { id: id(number), state: SessionMark::REVOKED, keep_until: FOREVER }
}

/// Prints p50, p99 and the fastest of some times, and returns the median.
fn show(name: &str, mut nanos: Vec<f64>) -> f64 {
    nanos.sort_by(f64::total_cmp);
    let at = |part: usize| nanos[(nanos.len() * part / 100).min(nanos.len() - 1)] / 1000.0;
    println!("  {name:<52} p50 {:>9.3} µs   p99 {:>9.3} µs   fastest {:>9.3} µs", at(50), at(99), at(0));
    at(50)
}

/// What the clock of the machine says, the same in all processes.
#[expect(clippy::disallowed_methods, reason = "benches measure across processes")]
fn wall() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap()
}

fn millis() -> u64 {
    u64::try_from(wall().as_millis()).unwrap()
}

//! The store of a fleet: how soon a revocation is refused everywhere, what it costs, and how it starts.
//!
//! `cargo run --release -p sessera-bench --bin fleet [PART…]`, with `redis-server` on the path. The parts are
//! `seen`, `replicated`, `pipelined`, `load` and `verify`; the default is all. The verifiers of `seen` are processes;
//! those of `replicated` are handles of one process, each with its own index, connection and threads.

mod load;
mod processes;
mod seen;

use std::time::{Duration, Instant};

use sessera::{Mark, SessionId, SessionMark};
use sessera_servers::{Disk, Redis, RedisOptions};

const NOW: u64 = 1_790_000_000_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<_> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [processes::VERIFIER, url, marks, verifiers] => {
            return processes::verifier(url, marks.parse().unwrap(), verifiers.parse().unwrap());
        }
        [processes::READER, url, marks, _] => return processes::reader(url, marks.parse().unwrap()),
        _ => {}
    }
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|wanted| wanted == part);
    if wanted("seen") {
        seen::everywhere(8, 3000);
        seen::everywhere(32, 1000);
    }
    if wanted("replicated") {
        seen::replicated(3000);
    }
    if wanted("pipelined") {
        load::pipelined(300_000);
    }
    if wanted("load") {
        load::cold(1_000_000);
    }
    if wanted("verify") {
        seen::verify(Duration::from_secs(2));
    }
}

fn server(disk: Disk) -> Redis {
    Redis::start_with(RedisOptions { disk, ..RedisOptions::default() })
}

fn revoked(number: u64) -> Mark {
    // Spread as random ids are.
    let spread = u128::from(number.wrapping_add(1)).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let spread = (spread ^ spread >> 61).wrapping_mul(0xD6E8_FEB8_6659_FD93_A076_1D64_78BD_642F);
    let id = SessionId::from_bytes(spread.to_be_bytes());
    Mark::Session { id, state: SessionMark::revoked_at(NOW + number % 1000), keep_until: NOW + 43_200_000 }
}

fn is_revoked(index: &sessera::RevocationIndex, mark: &Mark) -> bool {
    let Mark::Session { id, .. } = mark else { return false };
    index.session(*id).is_some_and(|mark| mark.revoked)
}

/// Prints p50, p99 and the slowest of some times.
fn show(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e6;
    println!("  {name:<52} p50 {:>9.1} µs   p99 {:>9.1} µs   slowest {:>9.1} µs", at(50), at(99), at(100));
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    let _ = work();
    began.elapsed()
}

/// How long this thread has been on a processor: what work costs on a machine that does other things too.
fn on_processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).unwrap_or(0))
}

/// How long a server has been on a processor.
fn server_on_processor(redis: &Redis) -> Duration {
    let seconds = |name: &str| {
        let info = redis.info("cpu");
        let line =
            info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':').map(str::to_owned));
        line.and_then(|seconds| seconds.trim().parse::<f64>().ok()).unwrap_or(0.0)
    };
    Duration::from_secs_f64(seconds("used_cpu_user") + seconds("used_cpu_sys"))
}

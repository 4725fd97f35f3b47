//! Six processes verify sessions while their Redis is killed, partitioned and flushed, and a table shows what each
//! of them knows of revocations and how old that is.
//!
//! `make fleet`, or with `JSON=1 make fleet` one line of JSON for each change. It ends with status 1 when a process
//! accepts a session at the end that was revoked, or ever accepts one again that it had refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a demonstration ends where it can't go on"
)]
#![allow(clippy::print_stdout, reason = "that is what it is for")]

mod app;
mod fleet;
mod story;
mod table;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["app", url, keys, name] => {
            app::run(url, keys, name);
            ExitCode::SUCCESS
        }
        [] => story::tell(false),
        ["--json"] => story::tell(true),
        _ => {
            println!("Usage: sessera-fleet [--json]");
            ExitCode::from(2)
        }
    }
}

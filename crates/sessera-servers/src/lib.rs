//! Real Redis servers for tests, benches and demonstrations.
//!
//! Everything listens on a free port of loopback, keeps its files in a folder of its own, and ends by its
//! process id when its value is dropped, also when a test panics. `redis-server` must be on the path.
//!
//! ```
//! use sessera_servers::Redis;
//!
//! let mut redis = Redis::start();
//! redis.command::<()>(&["SET", "greeting", "hello"]);
//! assert_eq!(redis.command::<String>(&["GET", "greeting"]), "hello");
//! redis.kill();
//! redis.restart();
//! assert_eq!(redis.command::<Option<String>>(&["GET", "greeting"]), None, "nothing was written to the disk");
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by a panic")]
#![allow(clippy::missing_panics_doc, reason = "all of it panics when a server does not do what it should")]

mod clock;
mod cluster;
mod ports;
mod process;
mod proxy;
mod redis;
mod sentinel;
mod tls;
mod wait;

pub use clock::WallClock;
pub use cluster::{Cluster, Migration};
pub use ports::free_port;
pub use process::Process;
pub use proxy::{Link, Proxy};
pub use redis::{Disk, Redis, RedisOptions};
pub use sentinel::Sentinels;
pub use tls::Certificates;
pub use wait::{eventually, until};

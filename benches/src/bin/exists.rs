//! What asking a Redis at every request costs, as a blocklist does, beside asking the index.
//!
//! `cargo run --release -p sessera-bench --bin exists`, with `redis-server` on the path.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

#[path = "../compare.rs"]
mod compare;

use compare::{Contender, compare};
use sessera::{Mark, RevocationIndex, SessionId, SessionMark};

/// A server on a free port of loopback, ended with this value.
struct Redis(Child, u16);

impl Redis {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server is on the path");
        Self(server, port)
    }

    fn connect(&self) -> TcpStream {
        let began = Instant::now();
        loop {
            match TcpStream::connect(("127.0.0.1", self.1)) {
                Ok(stream) => return stream,
                Err(error) => assert!(began.elapsed() < Duration::from_secs(10), "{error}"),
            }
            std::thread::yield_now();
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let redis = Redis::start();
    let mut stream = redis.connect();
    stream.set_nodelay(true).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    let mut exists = move || {
        stream.write_all(b"*2\r\n$6\r\nEXISTS\r\n$22\r\nAAAAAAAAAAAAAAAAAAAAAA\r\n").unwrap();
        line.clear();
        replies.read_line(&mut line).unwrap();
        assert_eq!(line, ":0\r\n");
    };
    exists();
    let index = RevocationIndex::new();
    let id = |n: u128| {
        SessionId::from_bytes(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes())
    };
    index.load((1..=1_000_000).map(|n| Mark::Session {
        id: id(n),
        state: SessionMark::REVOKED,
        keep_until: u64::MAX,
    }));
    let (absent, marked) = (id(2_000_000), id(500_000));
    compare(
        "is this session revoked?",
        300,
        vec![
            Contender::new("index of 1,000,000 marks: absent", || index.session(absent)),
            Contender::new("index of 1,000,000 marks: marked", || index.session(marked)),
            Contender::new("Redis EXISTS over loopback", exists),
        ],
    );
}

//! What asking a Redis at every request costs, as a blocklist does, beside asking the index.
//!
//! `cargo run --release -p sessera-bench --bin exists`, with `redis-server` on the path.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

#[path = "../compare.rs"]
mod compare;

use compare::{Contender, compare};
use sessera::{Mark, RevocationIndex, SessionId, SessionMark};
use sessera_servers::Redis;

fn main() {
    let redis = Redis::start();
    // By hand: what a client library takes is not in the figure.
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port())).unwrap();
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

//! A verify as the bindings call it, without the crossing: what `make bench-swift` sets beside Swift's.
//!
//! Prints the name of each case and the nanoseconds of its median round.

use std::hint::black_box;
use std::time::Instant;

use sessera::{Algorithm, Client, Keyring, MemoryStore, NewSession, Sessions};

const ROUNDS: usize = 300;

fn main() {
    let client = Client::new()
        .ip("203.0.113.7".parse().unwrap())
        .user_agent("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        .device("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    for (name, algorithm, remembered, client) in [
        ("EdDSA_seen_no_client", Algorithm::EdDsa, 2048, &Client::new()),
        ("EdDSA_seen_three_facts", Algorithm::EdDsa, 2048, &client),
        ("HS256_first_sight_three_facts", Algorithm::Hs256, 0, &client),
    ] {
        let sessions = Sessions::builder("https://app.example", "web")
            .keyring(Keyring::generate(algorithm).unwrap())
            .store(MemoryStore::new())
            .remembered_tokens(remembered)
            .build()
            .unwrap();
        let login = NewSession::new("user-42").claim("roles", ["editor"]);
        let token = sessions.issue(login, client).unwrap().token;
        println!(
            "{name} {:.0}",
            nanos(|| drop(black_box(sessions.verify(black_box(&token), client).unwrap())))
        );
    }
}

/// The median of rounds of a millisecond or so.
fn nanos(mut work: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            (0..500).for_each(|_| work());
            began.elapsed().as_nanos() as f64 / 500.0
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

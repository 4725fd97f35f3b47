//! A verify as the bindings call it, without the crossing: what `make bench-swift` sets beside Swift's.
//!
//! Prints the name of each case and the nanoseconds of its fastest round: on a shared machine most rounds wait for
//! others.

use std::hint::black_box;
use std::time::Instant;

use sessera::{Algorithm, Client, Keyring, MemoryStore, NewSession, Sessions};

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

/// The fastest of many rounds of a fraction of a millisecond.
fn nanos(mut work: impl FnMut()) -> f64 {
    (0..500)
        .map(|_| {
            let began = Instant::now();
            (0..200).for_each(|_| work());
            began.elapsed().as_nanos() as f64 / 200.0
        })
        .fold(f64::INFINITY, f64::min)
}

//! One process of the fleet.

use std::io::stdin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sessera::{Client, Keyring, Sessions};
use sessera_redis::{RedisOptions, RedisStore, Start};

/// How often it says how it is.
const EVERY: Duration = Duration::from_millis(100);

/// What a process says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) name: String,
    pub(crate) freshness: String,
    /// In milliseconds; none before the first load.
    pub(crate) age: Option<u64>,
    pub(crate) epoch: u64,
    pub(crate) applied: u64,
    pub(crate) marks: usize,
    /// Of the tokens that it was shown, those that it refuses.
    pub(crate) refuses: usize,
    pub(crate) tokens: usize,
    /// Of these, those that it accepted after it had refused them.
    pub(crate) taken_back: usize,
    pub(crate) problem: Option<String>,
}

/// Verifies the tokens that its input names, and revokes the sessions that it names.
pub(crate) fn run(url: &str, keys: &str, name: &str) {
    let options = RedisOptions {
        name: name.to_owned(),
        start: Start::Stale,
        timeout: Duration::from_millis(300),
        ..RedisOptions::default()
    };
    let sessions = Sessions::builder("https://fleet.example", "web")
        .keyring(Keyring::load(keys).unwrap())
        .store(RedisStore::open_with(url, options).unwrap())
        .build()
        .unwrap();
    let (send, lines) = mpsc::channel();
    thread::spawn(move || stdin().lines().map_while(Result::ok).all(|line| send.send(line).is_ok()));
    let mut tokens: Vec<(String, bool)> = Vec::new();
    let mut taken_back = 0;
    loop {
        match lines.recv_timeout(EVERY) {
            Ok(line) => match line.split_once(' ') {
                Some(("token", token)) => tokens.push((token.to_owned(), false)),
                // Where Redis is away it is in force here, and written later.
                Some(("revoke", id)) => drop(sessions.revoke_session(id)),
                _ => {}
            },
            Err(RecvTimeoutError::Timeout) => {
                for (token, refused) in &mut tokens {
                    let now = sessions.verify(token, &Client::new()).is_err();
                    taken_back += usize::from(*refused && !now);
                    *refused |= now;
                }
                let status = sessions.status();
                let report = Report {
                    name: name.to_owned(),
                    freshness: status.freshness.name().to_owned(),
                    age: status.age.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
                    epoch: status.epoch,
                    applied: status.applied,
                    marks: status.marks,
                    refuses: tokens.iter().filter(|(_, refused)| *refused).count(),
                    tokens: tokens.len(),
                    taken_back,
                    problem: status.problem,
                };
                println!("{}", serde_json::to_string(&report).unwrap());
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

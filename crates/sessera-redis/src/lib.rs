//! A store for [Sessera](sessera) in Redis or Valkey, for fleets of many machines.
//!
//! Each process holds all marks in memory and follows a log of them over a connection of its own; a verify asks
//! the memory alone. How old that knowledge can be is measured, never assumed, and a failover that loses what
//! Redis had acknowledged loses no revocation: who holds it puts it back. `PROTOCOL.md` beside this crate says
//! how.
//!
//! ```no_run
//! use sessera::{Algorithm, Client, Freshness, Keyring, NewSession, Revoke, Sessions, Wait};
//! use sessera_redis::{RedisOptions, RedisStore};
//! # fn main() -> Result<(), sessera::SessionError> {
//! let options = RedisOptions { name: "shop-7".to_owned(), ..RedisOptions::default() };
//! let sessions = Sessions::builder("https://app.example", "web")
//!     .keyring(Keyring::generate(Algorithm::EdDsa)?)
//!     .store(RedisStore::open_with("rediss://app:secret@redis.example", options)?)
//!     .build()?;
//! let issued = sessions.issue(NewSession::new("user-42"), &Client::new())?;
//! // Returns when no verifier of the fleet accepts it any more.
//! sessions.revoke(Revoke::Session(&issued.session.id), Wait::Confirmed)?;
//! assert_eq!(sessions.status().freshness, Freshness::Fresh);
//! # Ok(()) }
//! ```

mod backoff;
mod breaker;
mod confirm;
mod connect;
mod connection;
mod data;
mod entry;
mod follower;
mod gate;
mod head;
mod keys;
mod options;
mod pending;
mod pool;
mod record;
mod resolve;
mod scripts;
mod seal;
mod sentinels;
mod server_clock;
mod shared;
mod snapshot;
mod socket;
mod state;
mod store;
mod tail;
mod tls;
mod unavailable;
mod upkeep;
mod url;
mod write;

/// The readers of what others may have written, for the fuzz targets.
#[doc(hidden)]
pub mod fuzzing {
    /// Reads records; gives how many there were, and whether all could be read.
    pub fn records(bytes: &[u8]) -> (usize, bool) {
        crate::record::Records::of(bytes)
            .fold((0, true), |(count, all), mark| (count + 1, all && mark.is_some()))
    }

    /// Reads records and writes them again. What could be read is written as it was read, and read again as it was.
    pub fn rewrite(bytes: &[u8]) -> Vec<u8> {
        let mut written = Vec::new();
        crate::record::Records::of(bytes)
            .flatten()
            .for_each(|mark| crate::record::write(&mark, &mut written));
        written
    }

    /// Reads an entry; gives whether it is one of ours.
    pub fn entry(id: &[u8], fields: &[(&[u8], &[u8])]) -> bool {
        crate::entry::Entry::read(id, fields.iter().copied()).is_some()
    }

    /// Reads a field of the cuts; gives whether it is one.
    pub fn cut(field: &[u8], value: &[u8]) -> bool {
        crate::snapshot::cut(field, value).is_some()
    }

    /// Reads a URL; gives what is shown of it.
    pub fn url(url: &str) -> Option<String> {
        crate::url::Place::parse(url).ok().map(|place| format!("{place:?}"))
    }
}

pub use options::{RedisOptions, Secret, Start};
pub use sessera::Wait;
pub use store::RedisStore;

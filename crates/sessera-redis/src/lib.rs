//! A store for [Sessera](sessera) in Redis or Valkey, for fleets of many machines.
//!
//! Each process holds all marks in memory and follows a log of them over a connection of its own; a verify asks
//! the memory alone. How old that knowledge can be is measured, never assumed, and a failover that loses what
//! Redis had acknowledged loses no revocation: who holds it puts it back. `PROTOCOL.md` beside this crate says
//! how.

mod backoff;
mod confirm;
mod connect;
mod data;
mod entry;
mod follower;
mod gate;
mod head;
mod keys;
mod options;
mod pool;
mod record;
mod scripts;
mod seal;
mod shared;
mod snapshot;
mod state;
mod store;
mod tail;
mod unavailable;
mod upkeep;
mod url;
mod write;

pub use options::{RedisOptions, Secret, Start};
pub use sessera::Wait;
pub use store::RedisStore;

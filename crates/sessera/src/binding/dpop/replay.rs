//! Remembers the proofs of the last minute, so that each is good only once.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use ring::digest::{Context, SHA256};

use crate::error::{ErrorKind, Result, SessionError};

/// A key always falls into the same shard, so that whoever floods the memory with one key's proofs fills a
/// sixteenth of it.
const SHARDS: usize = 16;

/// A bounded memory of proofs. When it is full of proofs that are still good, it takes no more.
pub(super) struct ReplayCache {
    shards: [Mutex<Shard>; SHARDS],
    shard_capacity: usize,
}

#[derive(Default)]
struct Shard {
    seen: HashSet<u128>,
    /// The same proofs, in the order they came in, with the last second in which each is good. One from ahead
    /// may hold up those behind it, for no longer than a proof lasts.
    order: VecDeque<(u64, u128)>,
    /// The latest time that this shard was told.
    now: u64,
}

impl ReplayCache {
    pub(super) fn new(capacity: usize) -> Self {
        Self { shards: Default::default(), shard_capacity: capacity.div_ceil(SHARDS) }
    }

    /// Remembers a proof that is good up to and including the second `good_until`.
    ///
    /// # Errors
    /// `reused` when it was seen before; `expired` when the clock went back, and it may have been forgotten;
    /// `store_unavailable` when there is no room.
    pub(super) fn remember(&self, thumbprint: &str, id: &str, good_until: u64, now: u64) -> Result<()> {
        let (shard, name) = name(thumbprint, id);
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        shard.forget_until(now);
        if shard.seen.contains(&name) {
            return Err(SessionError::new(ErrorKind::Reused, "the proof was shown before"));
        }
        if good_until < shard.now {
            return Err(SessionError::new(ErrorKind::Expired, "the proof was made too long ago"));
        }
        if shard.order.len() >= self.shard_capacity {
            return Err(SessionError::new(
                ErrorKind::StoreUnavailable,
                "too many proofs are still good to remember another",
            ));
        }
        shard.seen.insert(name);
        shard.order.push_back((good_until, name));
        Ok(())
    }
}

impl Shard {
    fn forget_until(&mut self, now: u64) {
        self.now = self.now.max(now);
        while let Some((good_until, name)) = self.order.front().copied()
            && good_until < self.now
        {
            self.order.pop_front();
            self.seen.remove(&name);
        }
    }
}

/// The shard of a key, and the name of one of its proofs: ids of different keys never meet.
fn name(thumbprint: &str, id: &str) -> (usize, u128) {
    let mut hash = Context::new(&SHA256);
    // A thumbprint always has the same length, so that the two parts can't run into each other.
    hash.update(thumbprint.as_bytes());
    let shard = hash.clone().finish();
    hash.update(id.as_bytes());
    let mut name = [0; 16];
    name.copy_from_slice(&hash.finish().as_ref()[..16]);
    (usize::from(shard.as_ref()[0]) % SHARDS, u128::from_le_bytes(name))
}

impl fmt::Debug for ReplayCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayCache").field("shard_capacity", &self.shard_capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(result: Result<()>) -> ErrorKind {
        result.unwrap_err().kind()
    }

    #[test]
    fn a_proof_is_good_once_for_as_long_as_it_lasts() {
        let cache = ReplayCache::new(100);
        cache.remember("key", "a", 160, 100).unwrap();
        assert_eq!(kind(cache.remember("key", "a", 160, 100)), ErrorKind::Reused);
        assert_eq!(kind(cache.remember("key", "a", 160, 160)), ErrorKind::Reused);
        cache.remember("key", "b", 160, 100).unwrap();
        cache.remember("other", "a", 160, 100).unwrap();
    }

    #[test]
    fn what_no_longer_passes_is_forgotten() {
        let cache = ReplayCache::new(1);
        for second in 0..1000 {
            cache.remember("key", &second.to_string(), second, second).unwrap();
        }
        let kept: usize = cache.shards.iter().map(|shard| shard.lock().unwrap().seen.len()).sum();
        assert_eq!(kept, 1);
    }

    #[test]
    fn a_full_memory_takes_no_more_and_forgets_nothing_that_is_still_good() {
        let cache = ReplayCache::new(2 * SHARDS);
        cache.remember("key", "a", 160, 100).unwrap();
        cache.remember("key", "b", 160, 100).unwrap();
        assert_eq!(kind(cache.remember("key", "c", 160, 100)), ErrorKind::StoreUnavailable);
        assert_eq!(kind(cache.remember("key", "a", 160, 100)), ErrorKind::Reused);
        cache.remember("key", "c", 161, 161).unwrap();
    }

    #[test]
    fn one_keys_flood_leaves_room_for_the_keys_of_other_shards() {
        let cache = ReplayCache::new(SHARDS);
        cache.remember("key", "a", 160, 100).unwrap();
        assert_eq!(kind(cache.remember("key", "b", 160, 100)), ErrorKind::StoreUnavailable);
        let others =
            (0..100).filter(|other| cache.remember(&other.to_string(), "a", 160, 100).is_ok()).count();
        assert_eq!(others, SHARDS - 1);
    }

    #[test]
    fn a_clock_that_goes_back_revives_no_proof() {
        let cache = ReplayCache::new(100);
        cache.remember("key", "a", 160, 100).unwrap();
        cache.remember("key", "b", 300, 200).unwrap();
        assert_eq!(kind(cache.remember("key", "a", 160, 100)), ErrorKind::Expired);
    }

    #[test]
    fn a_proof_from_ahead_does_not_keep_others_from_being_forgotten_for_long() {
        let cache = ReplayCache::new(2 * SHARDS);
        cache.remember("key", "ahead", 165, 100).unwrap();
        cache.remember("key", "a", 100, 100).unwrap();
        assert_eq!(kind(cache.remember("key", "b", 161, 161)), ErrorKind::StoreUnavailable);
        cache.remember("key", "b", 166, 166).unwrap();
    }

    #[test]
    fn of_many_threads_with_one_proof_exactly_one_passes() {
        let cache = ReplayCache::new(1000);
        let passed: usize = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| cache.remember("key", "a", 160, 100).is_ok())).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(passed, 1);
    }
}
